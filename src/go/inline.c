// SPDX-License-Identifier: Apache-2.0
// Inlined code: which function's source stands at an address, and through which calls it came
// there. PCDATA 2 numbers the nodes of a tree; a node names the function and the place of the call
// in its parent.
#include "go/tables.h"

// Deeper than the compiler's budget allows; a longer chain of parents is malformed.
#define DEPTH_MAX 64
// On average one stretch ends with each range; many times that is malformed.
#define STRETCHES_PER_RANGE 4

struct tree {
	struct go *go;
	const struct go_func *f;
	struct bytes nodes;
	uint32_t index_off; // of the PCDATA table
};

struct node {
	uint32_t name;     // of the inlined function: offset in the names
	uint64_t call_pc;  // an instruction at the position of the call
	bool has_call_pos; // Go <= 1.19: the fields below
	int32_t parent;    // -1: the function itself
	int32_t call_file;
	int32_t call_line;
};

// False if nothing was inlined into f.
static bool tree_of(struct go *go, const struct go_func *f, struct tree *out)
{
	uint64_t vaddr = func_funcdata(go, f, funcdata_inline_tree(go));
	*out = (struct tree) { .go = go, .f = f };
	out->index_off = func_pcdata(go, f, PCDATA_INLINE_INDEX);
	if (!vaddr || !out->index_off)
		return false;
	out->nodes = elf_at(go->elf, vaddr);
	return out->nodes.len > 0;
}

bool go_has_inlines(struct go *go, const struct go_func *f)
{
	struct tree t;
	return tree_of(go, f, &t);
}

// The parent of a node of Go >= 1.20 is the one that covers its call; left to the caller.
static bool node_at(const struct tree *t, int32_t index, struct node *out)
{
	bool is_old = t->go->tab.generation < GEN_20;
	size_t size = is_old ? 20 : 16;
	struct bytes b = bytes_part(t->nodes, (uint64_t)index * size, size);
	uint32_t call_off;
	*out = (struct node) { .has_call_pos = is_old, .parent = -1 };
	if (index < 0 || !bytes_u32(b, is_old ? 12 : 4, &out->name) ||
	    !bytes_u32(b, is_old ? 16 : 8, &call_off) || call_off >= t->f->next - t->f->entry)
		return false;
	out->call_pc = t->f->entry + call_off;
	if (is_old) {
		int16_t parent;
		memcpy(&parent, b.p, sizeof(parent));
		out->parent = parent;
		memcpy(&out->call_file, b.p + 4, 4);
		memcpy(&out->call_line, b.p + 8, 4);
	}
	return true;
}

static struct str node_name(const struct tree *t, const struct node *n)
{
	struct str name = STR("");
	bytes_cstr(t->go->tab.names, n->name, &name);
	return name;
}

// --- one address ---

static int32_t index_at(const struct tree *t, uint64_t pc)
{
	int32_t index;
	return pc_value_at(t->go, t->f, t->index_off, pc, &index) ? index : -1;
}

static void call_pos(const struct tree *t, const struct node *n, struct go_pos *out)
{
	if (n->has_call_pos)
		*out = (struct go_pos) { func_file(t->go, t->f, n->call_file), n->call_line };
	else
		go_pos_at(t->go, t->f, n->call_pc, out);
}

size_t go_frames_at(struct go *go, const struct go_func *f, uint64_t pc, struct go_frame *out,
		    size_t max)
{
	struct go_pos pos;
	struct tree t;
	size_t n = 0;
	go_pos_at(go, f, pc, &pos);
	if (tree_of(go, f, &t)) {
		int32_t index = index_at(&t, pc);
		struct node node;
		for (int depth = 0; depth < DEPTH_MAX && node_at(&t, index, &node); depth++) {
			if (n + 1 < max)
				out[n++] = (struct go_frame) { node_name(&t, &node), pos, true };
			call_pos(&t, &node, &pos);
			index = node.has_call_pos ? node.parent : index_at(&t, node.call_pc);
		}
	}
	if (n < max)
		out[n++] = (struct go_frame) { f->name, pos, false };
	return n;
}

bool inline_outermost_pos(struct go *go, const struct go_func *f, uint64_t pc, struct go_pos *out)
{
	struct go_frame frames[DEPTH_MAX + 1];
	size_t n = go_frames_at(go, f, pc, frames, ARRAY_LEN(frames));
	*out = frames[n - 1].pos;
	return out->file.len > 0;
}

// --- whole functions ---

static void decode(struct go *go, const struct go_func *f, uint32_t off, struct pc_ranges *out)
{
	struct pc_iter it = pc_iter_init(go, f, off);
	out->n = 0;
	while (pc_iter_next(&it))
		VEC_PUSH(go->arena, out, (struct pc_range) { it.low, it.high, it.value });
}

static int32_t ranges_value(const struct pc_ranges *r, uint64_t pc)
{
	size_t low = 0, high = r->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (r->v[mid].high <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n ? r->v[low].value : -1;
}

struct walk {
	struct tree tree;
	struct inline_tables tables;
	// The chain of nodes that the current address is in, outermost first, and where each began.
	int32_t open[DEPTH_MAX];
	uint64_t since[DEPTH_MAX];
	size_t n_open;
	size_t left; // stretches that a function of so many ranges may still have
	bool (*fn)(void *ctx, const struct go_inline *in);
	void *ctx;
};

static struct go_pos walk_call_pos(const struct walk *w, const struct node *n)
{
	int32_t file = n->call_file, line = n->call_line;
	if (!n->has_call_pos) {
		file = ranges_value(&w->tables.files, n->call_pc);
		line = ranges_value(&w->tables.lines, n->call_pc);
	}
	return (struct go_pos) { func_file(w->tree.go, w->tree.f, file), MAX(line, 0) };
}

// The nodes from the outermost to index; false if the tree is malformed.
static bool chain_of(const struct walk *w, int32_t index, int32_t *chain, size_t *n)
{
	int32_t up[DEPTH_MAX];
	struct node node;
	*n = 0;
	while (index >= 0) {
		if (*n == DEPTH_MAX || !node_at(&w->tree, index, &node))
			return false;
		up[(*n)++] = index;
		index = node.has_call_pos ? node.parent
					  : ranges_value(&w->tables.index, node.call_pc);
	}
	for (size_t i = 0; i < *n; i++)
		chain[i] = up[*n - 1 - i];
	return true;
}

// Ends the open stretches from the innermost one down to depth keep; true to stop.
static bool close_down_to(struct walk *w, size_t keep, uint64_t pc)
{
	while (w->n_open > keep) {
		struct node node, parent;
		size_t i = --w->n_open;
		if (w->left-- == 0 || !node_at(&w->tree, w->open[i], &node))
			return true;
		struct go_inline in = {
			.func = node_name(&w->tree, &node),
			.node = (uint32_t)w->open[i],
			.low = w->since[i],
			.high = pc,
			.call = walk_call_pos(w, &node),
			.caller = w->tree.f->name,
			.depth = (uint32_t)i + 1,
		};
		if (i > 0 && node_at(&w->tree, w->open[i - 1], &parent))
			in.caller = node_name(&w->tree, &parent);
		if (w->fn(w->ctx, &in))
			return true;
	}
	return false;
}

static void walk_ranges(struct walk *w)
{
	struct pc_ranges *r = &w->tables.index;
	// The filling behind the code is nobody's.
	while (r->n && r->v[r->n - 1].low >= w->tree.f->end)
		r->n--;
	w->left = DEPTH_MAX + STRETCHES_PER_RANGE * r->n;
	for (size_t k = 0; k < r->n; k++) {
		int32_t chain[DEPTH_MAX];
		size_t n, same = 0;
		if (!chain_of(w, r->v[k].value, chain, &n))
			n = 0;
		while (same < n && same < w->n_open && chain[same] == w->open[same])
			same++;
		if (close_down_to(w, same, r->v[k].low))
			return;
		for (; w->n_open < n; w->n_open++) {
			w->open[w->n_open] = chain[w->n_open];
			w->since[w->n_open] = r->v[k].low;
		}
	}
	if (r->n)
		close_down_to(w, 0, MIN(r->v[r->n - 1].high, w->tree.f->end));
}

void go_each_inline(struct go *go, const struct go_func *f,
		    bool (*fn)(void *ctx, const struct go_inline *in), void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx };
	if (!tree_of(go, f, &w.tree))
		return;
	// Taken out while in use: fn may ask for another function's inlined code.
	w.tables = go->spare;
	go->spare = (struct inline_tables) { 0 };
	decode(go, f, w.tree.index_off, &w.tables.index);
	decode(go, f, func_pcfile(go, f), &w.tables.files);
	decode(go, f, func_pcln(go, f), &w.tables.lines);
	walk_ranges(&w);
	go->spare = w.tables;
}
