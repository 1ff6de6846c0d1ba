// SPDX-License-Identifier: Apache-2.0
// Who called: where the return address is while the chain of frame pointers does not lead to it.
#include "target/internal.h"

// As DWARF numbers it.
#define DWARF_RSP 7

static bool has_bytes(struct bytes b, const char *code, size_t len)
{
	return b.len >= len && memcmp(b.p, code, len) == 0;
}

// "mov rbp, rsp", "lea rbp, [rsp+n]", "mov [rsp+n], rbp": Go's compiler writes them only where it
// makes a frame.
static bool makes_frame(struct bytes code)
{
	return has_bytes(code, "\x48\x89\xe5", 3) || has_bytes(code, "\x48\x8d\x6c\x24", 4) ||
	       has_bytes(code, "\x48\x8d\xac\x24", 4) || has_bytes(code, "\x48\x89\x6c\x24", 4) ||
	       has_bytes(code, "\x48\x89\xac\x24", 4);
}

// Whether the instruction in front of vaddr is "mov rbp, [rsp+n]": Go up to 1.20 takes its frame
// down with it.
static bool follows_unmaking(struct target *t, uint64_t low, uint64_t vaddr)
{
	return (vaddr - low >= 5 && has_bytes(elf_at(t->elf, vaddr - 5), "\x48\x8b\x6c\x24", 4)) ||
	       (vaddr - low >= 8 && has_bytes(elf_at(t->elf, vaddr - 8), "\x48\x8b\xac\x24", 4));
}

static bool go_hidden_caller(struct target *t, const struct go_func *f, uint64_t vaddr,
			     int64_t *off)
{
	int32_t delta;
	if (!go_sp_delta(t->go, f, vaddr, &delta))
		return false;
	*off = delta;
	return delta == 0 || makes_frame(elf_at(t->elf, vaddr)) ||
	       follows_unmaking(t, f->entry, vaddr);
}

static struct cfi *target_cfi(struct target *t)
{
	if (!t->cfi_was_tried) {
		t->cfi_was_tried = true;
		struct err *e = cfi_open(t->elf, &t->cfi);
		if (!err_catch(&e, ERR_NOTFOUND))
			target_note_damage(t, e);
	}
	return t->cfi;
}

// False if nothing tells where CFA is.
static bool cfa_at(struct target *t, uint64_t vaddr, struct place *out)
{
	struct cfi *cfi = target_cfi(t);
	struct dwarf *dw = cfi ? NULL : target_dwarf(t);
	struct err *e = NULL;
	if (!cfi && !dw)
		return false;
	e = cfi ? cfi_cfa_at(cfi, vaddr, out) : dwarf_cfa_at(dw, vaddr, out);
	bool is_known = !e && out->kind == PLACE_VALUE;
	err_free(e);
	return is_known;
}

bool target_hidden_caller(struct target *t, uint64_t vaddr, int64_t *off)
{
	struct go *go = target_go(t);
	struct go_func f;
	struct place cfa;
	struct insn in;
	*off = 0;
	if (target_arch(t) != INSN_X86_64)
		return false;
	if (go && go_func_at(go, vaddr, &f) && !f.is_c)
		return go_hidden_caller(t, &f, vaddr, off);
	if (cfa_at(t, vaddr, &cfa)) {
		*off = cfa.off - 8;
		return cfa.reg == DWARF_RSP && *off >= 0;
	}
	const struct target_func *func = NULL;
	err_free(target_func_at(t, vaddr, &func));
	insn_decode(INSN_X86_64, elf_at(t->elf, vaddr), vaddr, &in);
	return in.kind == INSN_RET || (func && func->vaddr == vaddr);
}
