// SPDX-License-Identifier: Apache-2.0
// Names of what Go values point to, types and functions, and what has such a name.
#include "base/near.h"
#include "target/internal.h"

// Instructions of a wrapper that are looked at.
#define WRAPPER_MAX 400

struct err *target_go_type_name(struct target *t, uint64_t vaddr, struct str *out)
{
	struct go *go = target_go(t);
	*out = STR("");
	if (!go || !go_type_text(go, vaddr, out))
		return err_new(ERR_NOTFOUND, "%s has no Go type at 0x%llx", target_name(t),
			       (unsigned long long)vaddr);
	return NULL;
}

bool target_go_type_name_of(struct target *t, const struct type *type, struct str *out)
{
	struct go *go = target_go(t);
	return go && go_type_text_of(go, type, out);
}

// What was inlined directly into a function, if it is one function.
struct only_inline {
	struct str name;
	bool is_several;
};

static bool see_inline(void *ctx, const struct go_inline *in)
{
	struct only_inline *o = ctx;
	if (in->depth != 1)
		return false;
	o->is_several |= o->name.len && !str_eq(o->name, in->func);
	o->name = in->func;
	return o->is_several;
}

static const struct target_func *func_from(struct target *t, uint64_t vaddr)
{
	const struct target_func *f;
	struct err *e = target_func_at(t, vaddr, &f);
	if (e) {
		target_note_damage(t, e);
		return NULL;
	}
	return f && f->vaddr == vaddr ? f : NULL;
}

// Calls of the runtime that wrappers make besides that of what they wrap.
static bool is_helper(struct str name)
{
	return str_starts(name, STR("runtime.morestack")) ||
	       str_starts(name, STR("runtime.deferreturn")) ||
	       str_starts(name, STR("runtime.racefunc")) || str_starts(name, STR("runtime.duff")) ||
	       str_starts(name, STR("runtime.gcWriteBarrier")) ||
	       str_starts(name, STR("runtime.memmove")) ||
	       str_starts(name, STR("runtime.panicwrap")) ||
	       str_starts(name, STR("runtime.gopanic"));
}

// The only function that f calls, inlined or not; empty if it is not one.
static struct str only_callee(struct target *t, const struct target_func *f, struct go_func *go)
{
	struct only_inline inlined = { .name = STR("") };
	go_each_inline(t->go, go, see_inline, &inlined);
	if (inlined.name.len)
		return inlined.is_several ? STR("") : inlined.name;
	struct bytes code = target_code(t, f);
	struct str found = STR("");
	uint64_t off = 0;
	for (int i = 0; i < WRAPPER_MAX && off < code.len; i++) {
		struct insn in;
		struct bytes rest = { code.p + off, code.len - (size_t)off };
		insn_decode(target_arch(t), rest, f->vaddr + off, &in);
		off += in.len;
		if (in.kind == INSN_CALL_INDIRECT || in.kind == INSN_JMP_INDIRECT)
			return STR("");
		bool leaves = in.kind == INSN_CALL ||
			      (in.kind == INSN_JMP && in.target - f->vaddr >= code.len);
		const struct target_func *callee = leaves ? func_from(t, in.target) : NULL;
		if (!leaves || (callee && is_helper(callee->name)))
			continue;
		if (!callee || (found.len && !str_eq(found, callee->name)))
			return STR("");
		found = callee->name;
	}
	return found;
}

// "main.main.gowrap1", until Go 1.21 "main.main.func1": made for a go statement with arguments.
static bool is_go_wrapper(const struct go_func *go)
{
	struct str last = go_last_name(go->name);
	return go->is_wrapper && (str_starts(last, STR("gowrap")) || str_starts(last, STR("func")));
}

struct str target_go_func_name(struct target *t, uint64_t vaddr)
{
	struct go_func go;
	const struct target_func *f = target_go(t) ? func_from(t, vaddr) : NULL;
	if (!f || !target_go_func(t, f, &go))
		return STR("");
	struct str wrapped = is_go_wrapper(&go) ? only_callee(t, f, &go) : STR("");
	return wrapped.len ? wrapped : f->name;
}

// --- what has a name ---

struct wanted {
	struct go *go;
	struct arena *arena;
	struct str name;
	struct target_vaddrs *out;
	struct near *near;
};

// "net/url.Error" is "url.Error": what is behind the package is the same.
static bool has_full_name(const struct wanted *w, uint64_t vaddr, struct str text)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct str last = str_from_off(text, (size_t)(str_rfind_byte(text, '.') + 1));
	struct type *type;
	if (str_rfind_byte(w->name, '/') < 0 || !str_ends(w->name, last))
		return false;
	struct err *e = go_rtype(w->go, vaddr, &type);
	if (!e)
		return str_eq(type_spell(scratch, type), w->name);
	err_free(e);
	return false;
}

static bool take_type(void *ctx, uint64_t vaddr, struct str text)
{
	struct wanted *w = ctx;
	near_offer(w->near, text);
	if (str_eq(text, w->name) || has_full_name(w, vaddr, text))
		VEC_PUSH(w->arena, w->out, vaddr);
	return false;
}

void target_go_types_named(struct target *t, struct str name, struct arena *a,
			   struct target_vaddrs *out, struct near *near)
{
	struct wanted w = { target_go(t), a, name, out, near };
	if (w.go)
		go_each_type(w.go, take_type, &w);
}

void target_go_funcs_named(struct target *t, struct str name, struct arena *a,
			   struct target_vaddrs *out, struct near *near)
{
	const struct target_func *v = NULL;
	size_t n = 0;
	struct err *e = target_go(t) ? target_funcs(t, &v, &n) : NULL;
	if (e)
		target_note_damage(t, e);
	for (size_t i = 0; i < n; i++) {
		struct str last = go_last_name(v[i].name);
		bool may_wrap = str_starts(last, STR("gowrap")) || str_starts(last, STR("func"));
		bool is_named = str_eq(v[i].name, name);
		near_offer(near, v[i].name);
		if ((is_named || may_wrap) && str_eq(target_go_func_name(t, v[i].vaddr), name))
			VEC_PUSH(a, out, v[i].vaddr);
	}
}
