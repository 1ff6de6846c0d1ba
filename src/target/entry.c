// SPDX-License-Identifier: Apache-2.0
// The entry site of a function and nothing else.
#include "target/internal.h"

// Instructions of a stack check, and of the way out of it.
#define CHECK_MAX 32u
#define WAY_MAX   64u

// Decodes from off on into v, up to n_max instructions or one that stop() holds of.
static size_t decode_some(struct target *t, const struct code *c, uint64_t off, struct insn *v,
			  size_t n_max, bool (*stop)(const struct insn *in, uint64_t arg),
			  uint64_t arg)
{
	size_t n = 0;
	while (n < n_max && off < c->bytes.len) {
		struct insn *in = &v[n++];
		insn_decode(target_arch(t),
			    (struct bytes) { c->bytes.p + off, c->bytes.len - (size_t)off },
			    c->low + off, in);
		off += in->len;
		if (stop(in, arg))
			break;
	}
	return n;
}

static bool is_at(const struct insn *in, uint64_t vaddr)
{
	return in->vaddr >= vaddr;
}

static bool is_jump(const struct insn *in, uint64_t vaddr)
{
	(void)vaddr;
	return in->kind == INSN_JMP;
}

// Most Go functions begin with a stack check: its code and the code that it jumps to are all that
// find_entry looks at then. False if the function is not like that.
static bool find_behind_check(struct target_about *a)
{
	struct code *c = &a->code;
	struct insn v[CHECK_MAX + WAY_MAX];
	*c = (struct code) { .v = v, .bytes = target_code(a->t, a->f), .low = a->f->vaddr };
	c->high = c->low + c->bytes.len;
	c->n = decode_some(a->t, c, 0, v, CHECK_MAX, is_at, go_sp_first_change(a->t->go, &a->go));
	const struct insn *jcc = NULL;
	for (size_t i = 0; i < c->n && !jcc; i++)
		if (v[i].kind == INSN_JCC)
			jcc = &v[i];
	if (c->n == CHECK_MAX || !jcc || jcc->target >= c->high || jcc->target <= v[c->n - 1].vaddr)
		return false;
	c->n += decode_some(a->t, c, jcc->target - c->low, v + c->n, WAY_MAX, is_jump, 0);
	find_entry(a);
	*c = (struct code) { 0 };
	return a->restarts;
}

void target_entry(struct target *t, const struct target_func *f, struct target_site *out)
{
	struct target_info info = { .func = f };
	struct target_about a = { .t = t, .f = f, .info = &info };
	a.is_go = target_go_func(t, f, &a.go);
	if (!a.is_go || !find_behind_check(&a)) {
		AUTO(arena_autofree) struct arena *scratch = arena_new();
		a.arena = scratch;
		code_decode(t, f, scratch, &a.code);
		find_entry(&a);
		*out = info.entry;
		return;
	}
	*out = info.entry;
}

bool target_func_is_go(struct target *t, const struct target_func *f)
{
	struct go_func go;
	return target_go_func(t, f, &go);
}

bool target_func_is_runtime_asm(struct target *t, const struct target_func *f)
{
	struct go_func go;
	return target_go_func(t, f, &go) && go.is_asm &&
	       (str_starts(go.name, STR("runtime.")) ||
		memchr(go.name.p, '.', go.name.len) == NULL);
}
