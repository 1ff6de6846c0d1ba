// SPDX-License-Identifier: Apache-2.0
// Attach points, so that the bpftrace they are for probes just these instructions.
#include <inttypes.h>

#include "gen/internal.h"

// Flags of x86-64, and of arm64 as the kernel keeps them.
enum {
	FLAG_CARRY = 1,
	FLAG_ZERO = 0x40,
	FLAG_SIGN = 0x80,
	ARM_ZERO = 0x40000000,
	ARM_CARRY = 0x20000000,
	ARM_LOWER_SAME = 9, // condition
};

// --- names ---

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '.' && c != '/' && c != '-')
			return false;
	}
	return s.len > 0;
}

static void learn(struct gen *g, struct str name)
{
	uint64_t key = str_hash(name) | 1;
	map_put(map_get(&g->once, key) ? &g->several : &g->once, key, g);
}

static bool learn_symbol(void *ctx, const struct elf_sym *s)
{
	learn(ctx, s->name);
	return false;
}

// Of symbols as bpftrace finds them, and of functions as stoat does: to it "f" is "f.abi0", too.
static void learn_names(struct gen *g)
{
	const struct target_func *v = NULL;
	size_t n = 0;
	g->knows_names = true;
	g->once = map_init(g->arena);
	g->several = map_init(g->arena);
	err_free(elf_each_symbol(target_elf(g->r->target), false, learn_symbol, g));
	err_free(target_funcs(g->r->target, &v, &n));
	for (size_t i = 0; i < n; i++) {
		struct str name = v[i].name, abi0 = STR(".abi0");
		if (str_ends(name, abi0))
			name.len -= abi0.len;
		if (!str_eq(name, v[i].symbol))
			learn(g, name);
	}
}

// bpftrace 0.27 takes a '*' for a wildcard inside of quotes too, and then forgets the offset; other
// marks have had a meaning of their own in one version or another. And a name that two functions
// have is no name.
bool sites_may_use_name(struct gen *g, struct str symbol)
{
	uint64_t key = str_hash(symbol) | 1;
	if (!is_plain(symbol) || (symbol.p[0] >= '0' && symbol.p[0] <= '9') ||
	    !elf_has_symtab(target_elf(g->r->target)))
		return false;
	if (!g->knows_names)
		learn_names(g);
	return map_get(&g->once, key) && !map_get(&g->several, key);
}

const char *sites_path_refusal(struct str path)
{
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.p[i];
		if (c < 0x20 || c == 0x7f)
			return "a control character";
		if (strchr("\"\\*?[]{}", c))
			return "a mark that means something else to it";
	}
	return NULL;
}

static void put_path(struct gen *g)
{
	if (is_plain(g->r->path))
		out_buf_printf(g->out, "uprobe:%.*s:", STR_ARG(g->r->path));
	else
		out_buf_printf(g->out, "uprobe:\"%.*s\":", STR_ARG(g->r->path));
}

// In a program without symbols bpftrace takes an address for an offset in the file, and wants
// --unsafe; stoat does the same then.
static uint64_t address(struct gen *g, uint64_t vaddr)
{
	struct elf *elf = target_elf(g->r->target);
	uint64_t foff;
	return !elf_has_symtab(elf) && elf_vaddr_to_foff(elf, vaddr, &foff) ? foff : vaddr;
}

static void put_site(struct gen *g, const struct func *f, const struct target_site *s)
{
	put_path(g);
	if (f->has_name) {
		// Without an offset stoat would probe inlined copies, too.
		out_buf_printf(g->out, "\"%.*s\"+%" PRIu64, STR_ARG(f->f->symbol), s->off);
	} else {
		out_buf_printf(g->out, "0x%" PRIx64, address(g, s->vaddr));
		g->has_addresses = true;
	}
	g->has_offsets |= s->off != 0;
	g->n_probes++;
}

// --- the entry ---

// A test that holds when the conditional jump is not taken; empty: bpftrace has none for it.
static struct str not_taken(struct gen *g, uint8_t cc)
{
	static const uint8_t x86[] = {
		[2] = FLAG_CARRY, [4] = FLAG_ZERO, [6] = FLAG_CARRY | FLAG_ZERO, [8] = FLAG_SIGN
	};
	// "Lower or same" is not taken when carry is set and zero is not.
	if (target_arch(g->r->target) == INSN_ARM64)
		return cc == ARM_LOWER_SAME
			       ? arena_printf(g->arena, "(reg(\"pstate\") & 0x%x) == 0x%x",
					      ARM_CARRY | ARM_ZERO, ARM_CARRY)
			       : STR("");
	// Conditions come in pairs: an odd one is true when the one before it is not.
	if (cc / 2 * 2u >= ARRAY_LEN(x86) || !x86[cc / 2 * 2])
		return STR("");
	return arena_printf(g->arena, "(reg(\"flags\") & 0x%x) %s 0", x86[cc / 2 * 2],
			    cc % 2 ? "!=" : "==");
}

void sites_entry(struct gen *g, const struct func *f, struct span at)
{
	const struct target_site *s = &f->info->entry;
	put_site(g, f, s);
	if (s->condition != SITE_NOT_TAKEN)
		return;
	struct str test = not_taken(g, s->insn.cc);
	if (!test.len) {
		gen_error(g, at,
			  "the stack check of %.*s has a condition that bpftrace cannot test",
			  STR_ARG(f->name));
		return;
	}
	out_buf_printf(g->out, " /%.*s/", STR_ARG(test));
	gen_note(g,
		 STR("/.../ behind an entry: the jump there leads to where the stack grows, after "
		     "which the function starts again; a call is counted when it is not taken"));
}

// --- the exits ---

void sites_exits(struct gen *g, const struct func *f, struct span at)
{
	if (!f->info->n_exits) {
		gen_error(g, at, "%.*s has no exits: it does not return", STR_ARG(f->name));
		return;
	}
	for (size_t i = 0; i < f->info->n_exits; i++) {
		out_buf_str(g->out, i ? STR(",\n") : STR(""));
		put_site(g, f, &f->info->exits[i]);
	}
}
