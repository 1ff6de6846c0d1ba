// SPDX-License-Identifier: Apache-2.0
// Functions: their names, where they are declared, which one covers an address.
#include "dwarf/line.h"
#include "dwarf/scan.h"

// Namespaces and classes around a name; more are left out.
#define SCOPES_MAX 32
// Many names that are longer would fill the memory: they stand without what is around them.
#define NAME_LEN_MAX 16384
#define ORIGIN_MAX   8

#define SECS_FUNC (SECS_RANGES | SEC_BIT(SEC_ARANGES) | SEC_BIT(SEC_LINE))

uint64_t canonical_origin(struct dwarf *dw, uint64_t off)
{
	struct die d;
	for (int i = 0; i < ORIGIN_MAX && die_at(dw, off, &d); i++) {
		uint64_t next = die_ref(dw, &d, DW_AT_abstract_origin);
		if (next == NO_DIE)
			break;
		off = next;
	}
	return off;
}

static struct str scope_name(const struct die *d)
{
	switch (d->ab->tag) {
	case DW_TAG_namespace:
		return STR("(anonymous namespace)");
	case DW_TAG_class_type:
		return STR("{unnamed class}");
	case DW_TAG_structure_type:
		return STR("{unnamed struct}");
	case DW_TAG_union_type:
		return STR("{unnamed union}");
	default:
		return STR("{unnamed}");
	}
}

static struct str join_reversed(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++)
		len += parts[i].len + 2;
	if (len > NAME_LEN_MAX)
		return parts[0];
	char *text = arena_alloc(a, len + 1, 1);
	size_t at = 0;
	for (size_t i = n; i-- > 0;) {
		if (parts[i].len)
			memcpy(text + at, parts[i].p, parts[i].len);
		at += parts[i].len;
		if (i > 0) {
			memcpy(text + at, "::", 2);
			at += 2;
		}
	}
	return (struct str) { text, at };
}

struct str die_qualified_name(struct dwarf *dw, const struct die *d)
{
	struct str parts[SCOPES_MAX];
	size_t n = 0;
	struct die at = *d;
	while (n < SCOPES_MAX) {
		struct attr a;
		struct die from;
		struct str name = STR("");
		if (die_attr_deep(dw, &at, DW_AT_name, &a, &from))
			name = attr_str(dw, from.unit, &a);
		// The name may also stand in a file that is not read (dwz).
		if (name.len == 0 && n == 0)
			return die_linkage_name(dw, d);
		parts[n++] = name.len ? name : scope_name(&at);
		if (!scope_of(dw, &from, &at))
			break;
	}
	return n == 1 ? parts[0] : join_reversed(dw->arena, parts, n);
}

struct str die_linkage_name(struct dwarf *dw, const struct die *d)
{
	struct attr a;
	struct die from;
	if (d->unit->lang == DWARF_LANG_GO)
		return STR("");
	if (die_attr_deep(dw, d, DW_AT_linkage_name, &a, &from) ||
	    die_attr_deep(dw, d, DW_AT_MIPS_linkage_name, &a, &from))
		return attr_str(dw, from.unit, &a);
	return STR("");
}

void die_decl(struct dwarf *dw, const struct die *d, struct str *file, uint32_t *line)
{
	struct attr a;
	struct die from;
	*file = STR("");
	*line = 0;
	if (die_attr_deep(dw, d, DW_AT_decl_line, &a, &from) && a.u <= UINT32_MAX)
		*line = (uint32_t)a.u;
	if (die_attr_deep(dw, d, DW_AT_decl_file, &a, &from))
		*file = line_file_name(dw, from.unit, a.u);
}

// A DIE that completes a declaration in its class or the abstract copy has neither name.
static void fill_names(struct dwarf *dw, const struct die *d, struct dwarf_func *out)
{
	out->linkage = die_linkage_name(dw, d);
	out->name = die_qualified_name(dw, d);
	if (out->name.len == 0)
		out->name = out->linkage;
}

static void fill_from_die(struct dwarf *dw, const struct die *d, struct dwarf_func *out)
{
	struct attr a;
	struct die from;
	fill_names(dw, d, out);
	die_decl(dw, d, &out->file, &out->line);
	out->lang = d->unit->lang;
	out->producer = d->unit->producer;
	out->is_external = die_attr_deep(dw, d, DW_AT_external, &a, &from) && a.u != 0;
	out->is_trampoline = die_attr(d, DW_AT_trampoline, &a) && (attr_is_block(&a) || a.u != 0);
}

void func_fill(struct dwarf *dw, const struct unit *u, const struct scan_func *f,
	       struct dwarf_func *out)
{
	*out = (struct dwarf_func) { .low = f->low, .high = f->high, .die = f->die };
	struct die d;
	out->origin = f->origin == NO_DIE ? f->die : canonical_origin(dw, f->origin);
	if (die_at(dw, f->die, &d))
		fill_from_die(dw, &d, out);
	if (f->n_pieces > 1) {
		out->pieces = u->scan->ranges.v + f->pieces;
		out->n_pieces = f->n_pieces;
	}
}

void func_fill_abstract(struct dwarf *dw, uint64_t die, struct dwarf_func *out)
{
	*out = (struct dwarf_func) { .die = die, .origin = die };
	struct die d;
	if (die_at(dw, die, &d))
		fill_from_die(dw, &d, out);
}

struct find {
	uint64_t pc;
	const struct unit *unit;
	const struct scan_func *func;
};

static bool find_in_unit(struct dwarf *dw, struct unit *u, void *ctx)
{
	struct find *f = ctx;
	f->unit = u;
	f->func = scan_find(unit_scan(dw, u), f->pc);
	return f->func != NULL;
}

struct err *dwarf_func_at(struct dwarf *dw, uint64_t pc, struct dwarf_func *out)
{
	TRY(dw_load(dw, SECS_FUNC));
	struct find f = { .pc = pc };
	if (!pc_each_unit(dw, pc, pc, find_in_unit, &f))
		return err_new(ERR_NOTFOUND, "%s: no function at 0x%llx in its debug information",
			       elf_path(dw->debug), (unsigned long long)pc);
	func_fill(dw, f.unit, f.func, out);
	return NULL;
}

struct err *dwarf_each_func(struct dwarf *dw, bool (*fn)(void *ctx, const struct dwarf_func *f),
			    void *ctx)
{
	TRY(dw_load(dw, SECS_FUNC));
	for (size_t i = 0; i < dw->n_units; i++) {
		struct unit *u = &dw->units[i];
		if (u->type == DW_UT_type || !unit_read_root(dw, u))
			continue;
		const struct scan *s = unit_scan(dw, u);
		for (size_t k = 0; k < s->funcs.n; k++) {
			struct dwarf_func f;
			func_fill(dw, u, &s->funcs.v[k], &f);
			if (fn(ctx, &f))
				return NULL;
		}
	}
	return NULL;
}
