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

struct count {
	struct str name;
	size_t n;
};

static bool count_name(void *ctx, const struct elf_sym *s)
{
	struct count *c = ctx;
	c->n += str_eq(s->name, c->name);
	return c->n > 1;
}

// bpftrace 0.27 takes a '*' for a wildcard inside of quotes too, and then forgets the offset; other
// marks have had a meaning of their own in one version or another. And a name that two functions
// have is no name.
bool sites_may_use_name(struct gen *g, struct str symbol)
{
	struct count c = { .name = symbol };
	struct target_matches m;
	const char *pattern = arena_strdup(g->arena, symbol).p;
	if (!is_plain(symbol) || (symbol.p[0] >= '0' && symbol.p[0] <= '9') ||
	    !elf_has_symtab(target_elf(g->r->target)))
		return false;
	struct err *e = elf_each_symbol(target_elf(g->r->target), false, count_name, &c);
	bool is_one = !e && c.n == 1;
	err_free(e);
	// stoat itself takes "f" for "f.abi0" too.
	e = is_one ? target_match(g->r->target, &pattern, 1, &m) : NULL;
	is_one = is_one && !e && m.n == 1;
	err_free(e);
	return is_one;
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
