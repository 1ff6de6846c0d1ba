// SPDX-License-Identifier: Apache-2.0
// Where the facts about a goroutine are: offsets in the runtime's struct g, confirmed by the
// runtime's own code, and where each thread keeps its g.
#include "target/internal.h"

// Fields of struct g that tell versions apart are behind this offset, those of other structs that
// the same functions read are before it.
#define G_OFFSET_MIN 128
// Longer than any of the functions looked at.
#define RUNTIME_FUNC_MAX (64u << 10)
#define ACCESSES_MAX     1024

// --- by DWARF ---

static bool field_offset(struct type *t, struct str name, int64_t *out)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, name)) {
			*out = (int64_t)t->fields[i].off;
			return true;
		}
	return false;
}

static struct err *find_struct(struct target *t, const char *name, struct type **out)
{
	TRY(target_find_type(t, str_from(name), out));
	*out = type_strip(*out);
	return type_complete(*out);
}

// False if DWARF does not describe it.
static struct err *g_by_dwarf(struct target *t, struct target_g *g, bool *is_known)
{
	struct type *type_g, *type_m;
	*is_known = false;
	struct err *e = find_struct(t, "runtime.g", &type_g);
	if (!e)
		e = find_struct(t, "runtime.m", &type_m);
	if (err_catch(&e, ERR_NOTFOUND))
		return NULL;
	TRY(e);
	int64_t stack = 0;
	g->parent_goid = -1;
	*is_known = field_offset(type_g, STR("goid"), &g->goid) &&
		    field_offset(type_g, STR("startpc"), &g->startpc) &&
		    field_offset(type_g, STR("gopc"), &g->gopc) &&
		    field_offset(type_g, STR("atomicstatus"), &g->atomicstatus) &&
		    field_offset(type_g, STR("m"), &g->m) &&
		    field_offset(type_g, STR("stack"), &stack) &&
		    field_offset(type_m, STR("curg"), &g->m_curg);
	field_offset(type_g, STR("parentGoid"), &g->parent_goid);
	g->stack_hi = stack + 8;
	return NULL;
}

// --- by version ---

struct access {
	int64_t off;
	uint8_t size;
	bool is_write;
};

// What a function of the runtime does with memory behind pointers.
struct accesses {
	struct access v[ACCESSES_MAX];
	size_t n;
	bool is_complete;
};

// The runtime's function of that name: compiled, or assembly.
static bool runtime_func(struct target *t, const char *name, bool is_asm, struct go_func *out)
{
	struct str wanted = str_from(name), found;
	uint64_t entry;
	size_t n = go_n_funcs(t->go);
	for (size_t i = 0; i < n; i++)
		if (go_func_name(t->go, i, &found, &entry) && str_eq(found, wanted) &&
		    go_func_get(t->go, i, out) && out->is_asm == is_asm && !out->is_c)
			return true;
	return false;
}

static struct bytes runtime_code(struct target *t, const struct go_func *f)
{
	struct bytes b = elf_at(t->elf, f->entry);
	b.len = (size_t)MIN(MIN((uint64_t)b.len, f->end - f->entry), (uint64_t)RUNTIME_FUNC_MAX);
	return b;
}

static struct bytes bytes_behind(struct bytes b, size_t n)
{
	return (struct bytes) { b.p + MIN(n, b.len), b.len - MIN(n, b.len) };
}

static void read_accesses(struct target *t, const char *name, struct accesses *out)
{
	struct go_func f;
	*out = (struct accesses) { 0 };
	if (!runtime_func(t, name, false, &f))
		return;
	struct insn in;
	enum insn_arch arch = target_arch(t);
	for (struct bytes b = runtime_code(t, &f); b.len; b = bytes_behind(b, in.len)) {
		struct insn_mem m;
		if (!insn_decode(arch, b, 0, &in))
			return;
		if (!insn_memory(arch, b, &m) || !m.has_base || m.is_tls ||
		    m.base == insn_reg_sp(arch))
			continue;
		if (out->n == ACCESSES_MAX)
			return;
		out->v[out->n++] = (struct access) { m.disp, m.size, m.is_write };
	}
	out->is_complete = true;
}

static bool has_access(const struct accesses *x, int64_t off, uint8_t size, bool is_write)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].off == off && x->v[i].size == size && x->v[i].is_write == is_write)
			return true;
	return false;
}

struct runtime_uses {
	struct accesses newproc1, printcreatedby, casgstatus, execute;
};

// printcreatedby reads goid, parentGoid and gopc, and no other word so far behind.
static bool prints_these(const struct accesses *x, const struct target_g *g)
{
	for (size_t i = 0; i < x->n; i++) {
		int64_t off = x->v[i].off;
		if (off >= G_OFFSET_MIN && x->v[i].size == 8 && off != g->goid && off != g->gopc &&
		    off != g->parent_goid)
			return false;
	}
	return x->is_complete && has_access(x, g->goid, 8, false) &&
	       has_access(x, g->gopc, 8, false) &&
	       (g->parent_goid < 0 || has_access(x, g->parent_goid, 8, false));
}

// newproc1 fills in a new g; execute tells m which one runs.
static bool is_confirmed(const struct runtime_uses *u, const struct target_g *g)
{
	const struct accesses *n = &u->newproc1;
	return prints_these(&u->printcreatedby, g) && has_access(n, g->goid, 8, true) &&
	       has_access(n, g->gopc, 8, true) && has_access(n, g->startpc, 8, true) &&
	       (g->parent_goid < 0 || has_access(n, g->parent_goid, 8, true)) &&
	       (has_access(&u->casgstatus, g->atomicstatus, 4, true) ||
		has_access(&u->casgstatus, g->atomicstatus, 4, false)) &&
	       has_access(&u->execute, g->m, 8, false) &&
	       has_access(&u->execute, g->m_curg, 8, true);
}

static struct target_g g_of_version(int minor)
{
	return (struct target_g) {
		.stack_hi = go_g_offset_in(minor, STR("stack.hi")),
		.goid = go_g_offset_in(minor, STR("goid")),
		.parent_goid = go_g_offset_in(minor, STR("parentGoid")),
		.startpc = go_g_offset_in(minor, STR("startpc")),
		.gopc = go_g_offset_in(minor, STR("gopc")),
		.atomicstatus = go_g_offset_in(minor, STR("atomicstatus")),
		.m = go_g_offset_in(minor, STR("m")),
		.m_curg = go_g_offset_in(minor, STR("m.curg")),
	};
}

// Of a version whose layout is not in the table, the neighbours' are tried: the code decides.
static bool g_by_version(struct target *t, struct target_g *out)
{
	int minors[2];
	size_t n = go_g_versions(t->go, minors);
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct runtime_uses *u = ARENA_NEW(scratch, struct runtime_uses);
	read_accesses(t, "runtime.newproc1", &u->newproc1);
	read_accesses(t, "runtime.printcreatedby", &u->printcreatedby);
	read_accesses(t, "runtime.casgstatus", &u->casgstatus);
	read_accesses(t, "runtime.execute", &u->execute);
	for (size_t i = 0; i < n; i++) {
		*out = g_of_version(minors[i]);
		if (is_confirmed(u, out))
			return true;
	}
	return false;
}

// --- where a thread keeps its g ---

// By the first access to thread-local memory in a function of the runtime: "fs:disp", or "fs:[reg]"
// with a constant in reg. Code that may be loaded at run time (plugins, shared libraries) takes the
// constant from memory, and only the dynamic linker knows it.
static bool tls_of(struct target *t, const char *name, int64_t *out)
{
	struct go_func f;
	struct insn in;
	enum insn_arch arch = target_arch(t);
	uint16_t reg = 0;
	int64_t value = 0;
	bool has_constant = false;
	if (!runtime_func(t, name, true, &f))
		return false;
	for (struct bytes b = runtime_code(t, &f); b.len; b = bytes_behind(b, in.len)) {
		struct insn_mem m;
		if (!insn_decode(arch, b, 0, &in))
			return false;
		if (insn_memory(arch, b, &m) && m.is_tls) {
			*out = m.disp + (m.has_base ? value : 0);
			return m.size == 8 && (!m.has_base || (has_constant && m.base == reg));
		}
		has_constant = insn_constant(arch, b, &reg, &value);
	}
	return false;
}

static void find_tls(struct target *t, struct target_g *g)
{
	int64_t a, b;
	g->has_tls =
		tls_of(t, "runtime.systemstack", &a) && tls_of(t, "runtime.mcall", &b) && a == b;
	g->tls_off = g->has_tls ? a : 0;
}

// --- both ---

static struct err *find_g(struct target *t, struct target_g *g)
{
	bool is_known = false;
	if (target_dwarf(t))
		TRY(g_by_dwarf(t, g, &is_known));
	if (!is_known && !g_by_version(t, g)) {
		struct str version = target_go_version(t);
		t->no_g = arena_printf(t->arena,
				       "%s: where %.*s keeps the id of a goroutine is not known, "
				       "and it has no debug information that tells",
				       target_name(t), STR_ARG(version));
		return NULL;
	}
	find_tls(t, g);
	return NULL;
}

struct err *target_g(struct target *t, const struct target_func *f, struct target_g *out)
{
	struct go_func go;
	*out = (struct target_g) { 0 };
	if (!target_go(t))
		return err_new(ERR_UNSUPPORTED, "%s is no Go program: it has no goroutines",
			       target_name(t));
	if (!t->g) {
		struct target_g g = { 0 };
		TRY(find_g(t, &g));
		t->g = ARENA_NEW(t->arena, struct target_g);
		*t->g = g;
	}
	if (t->no_g.len)
		return err_new(ERR_UNSUPPORTED, "%.*s", STR_ARG(t->no_g));
	*out = *t->g;
	// On arm64 assembly and the stack ABI have it there, too.
	bool is_arm = target_arch(t) == INSN_ARM64;
	if (target_go_func(t, f, &go) && (is_arm || go_abi_of(t, f, &go) == ABI_GO_INTERNAL)) {
		out->in_register = true;
		out->reg = (uint16_t)go_abi_g_reg(elf_arch(t->elf));
	}
	return NULL;
}
