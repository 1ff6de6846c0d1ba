// SPDX-License-Identifier: Apache-2.0
// The table of functions, and finding functions in it by name or address.
#include <elf.h>
#include <stdlib.h>

#include "base/near.h"
#include "target/internal.h"

// Functions that are named when a word means several.
#define CANDIDATES_SHOWN 20u

static int by_vaddr(const void *a, const void *b)
{
	const struct target_func *x = a, *y = b;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return str_cmp(x->symbol, y->symbol);
}

static int by_name(const void *a, const void *b)
{
	const struct target_func *x = *(const struct target_func *const *)a;
	const struct target_func *y = *(const struct target_func *const *)b;
	int d = str_cmp(x->name, y->name);
	if (d)
		return d;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

// The Go linker's marks for the start and end of its text; they look like functions without code.
static bool is_text_mark(struct str name)
{
	return str_starts(name, STR("runtime.text")) || str_starts(name, STR("runtime.etext"));
}

static int by_section_vaddr(const void *a, const void *b)
{
	const struct elf_section *x = *(const struct elf_section *const *)a;
	const struct elf_section *y = *(const struct elf_section *const *)b;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

static void sort_sections(struct target *t)
{
	size_t n = elf_n_sections(t->elf);
	t->sections = ARENA_ARRAY(t->arena, const struct elf_section *, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct elf_section *s = elf_section(t->elf, i);
		if ((s->flags & SHF_ALLOC) && s->size > 0 && !(s->flags & SHF_TLS))
			t->sections[t->n_sections++] = s;
	}
	qsort(t->sections, t->n_sections, sizeof(t->sections[0]), by_section_vaddr);
}

const struct elf_section *section_at(struct target *t, uint64_t vaddr)
{
	if (!t->sections)
		sort_sections(t);
	size_t lo = 0, hi = t->n_sections; // the first one that begins after vaddr
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->sections[mid]->vaddr <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	const struct elf_section *s = lo ? t->sections[lo - 1] : NULL;
	return s && vaddr - s->vaddr < s->size ? s : NULL;
}

struct func_list {
	VEC(struct target_func) v;
	bool is_sorted;
};

static void add(struct target *t, struct func_list *l, struct target_func f)
{
	if (l->v.n)
		l->is_sorted = l->is_sorted && by_vaddr(&l->v.v[l->v.n - 1], &f) <= 0;
	f.name = demangle(t->arena, f.symbol);
	VEC_PUSH(t->arena, &l->v, f);
}

bool is_function_symbol(struct target *t, const struct elf_sym *s)
{
	// The Go linker makes such marks, and "net(.text)" of a C object's whole section.
	if ((s->size == 0 && is_text_mark(s->name)) || str_ends(s->name, STR("(.text)")))
		return false;
	if (s->shndx == SHN_UNDEF || s->shndx == SHN_ABS)
		return false;
	if (s->type == STT_FUNC || s->type == STT_GNU_IFUNC)
		return true;
	// Assembly often leaves its symbols without a type.
	if (s->type != STT_NOTYPE || s->bind != STB_GLOBAL)
		return false;
	const struct elf_section *sec = section_at(t, s->vaddr);
	return sec && (sec->flags & SHF_EXECINSTR);
}

static void add_symbols(struct target *t, struct func_list *l, const struct elf_sym *syms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct elf_sym *s = &syms[i];
		if (is_function_symbol(t, s))
			add(t, l,
			    (struct target_func) {
				    .symbol = s->name, .vaddr = s->vaddr, .size = s->size });
	}
}

static struct err *add_pclntab(struct target *t, struct func_list *l, struct go *go)
{
	size_t n = go_n_funcs(go);
	for (size_t i = 0; i < n; i++) {
		struct str name;
		uint64_t entry;
		if (!go_func_name(go, i, &name, &entry))
			return err_new(ERR_BADDATA, "%s: function %zu of pclntab is malformed",
				       target_name(t), i);
		add(t, l, (struct target_func) { .symbol = name, .vaddr = entry });
	}
	return NULL;
}

uint64_t room_at(struct target *t, uint64_t vaddr)
{
	const struct elf_section *s = section_at(t, vaddr);
	return s ? s->vaddr + s->size - vaddr : elf_at(t->elf, vaddr).len;
}

// Sorts, drops doubles, and gives functions without a size the room up to the next one.
static void finish(struct target *t, struct func_list *l)
{
	struct target_func *v = l->v.v;
	if (!l->is_sorted)
		qsort(v, l->v.n, sizeof(*v), by_vaddr);
	size_t n = 0;
	for (size_t i = 0; i < l->v.n; i++)
		if (n == 0 || by_vaddr(&v[n - 1], &v[i]) != 0)
			v[n++] = v[i];
	uint64_t next = UINT64_MAX;
	for (size_t i = n; i > 0; i--) {
		struct target_func *f = &v[i - 1];
		if (i < n && v[i].vaddr > f->vaddr)
			next = v[i].vaddr;
		uint64_t room = room_at(t, f->vaddr);
		f->size = MIN(f->size, room);
		if (f->size == 0) {
			f->size = next > f->vaddr ? MIN(room, next - f->vaddr) : room;
		}
	}
	t->funcs = v;
	t->n_funcs = n;
}

static struct err *read_funcs(struct target *t)
{
	struct func_list l = { .is_sorted = true };
	const struct elf_sym *syms = NULL;
	size_t n = 0;
	struct elf *debug = t->elf;
	if (!elf_has_symtab(t->elf))
		TRY(target_debug_elf(t, &debug));
	struct err *e = elf_has_symtab(debug) ? elf_symbols(debug, &syms, &n) : NULL;
	if (e && !target_go(t))
		return e;
	target_note_damage(t, e);
	if (n > 0) {
		add_symbols(t, &l, syms, n);
	} else if (target_go(t)) {
		TRY(add_pclntab(t, &l, t->go));
		t->sizes_are_rough = true;
	} else {
		TRY(elf_dynamic_symbols(t->elf, &syms, &n));
		add_symbols(t, &l, syms, n);
	}
	finish(t, &l);
	return NULL;
}

struct err *target_funcs(struct target *t, const struct target_func **out, size_t *n)
{
	if (!t->funcs_are_read) {
		TRY(read_funcs(t));
		t->funcs_are_read = true;
	}
	*out = t->funcs;
	*n = t->n_funcs;
	return NULL;
}

uint64_t target_func_size(struct target *t, const struct target_func *f)
{
	struct go_func go;
	if (t->sizes_are_rough && target_go_func(t, f, &go))
		return go.end - go.entry;
	return f->size;
}

struct err *target_func_at(struct target *t, uint64_t vaddr, const struct target_func **out)
{
	const struct target_func *v;
	size_t n;
	*out = NULL;
	TRY(target_funcs(t, &v, &n));
	size_t lo = 0, hi = n; // the first function that begins after vaddr
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid].vaddr <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	// Of several names for one address the first is taken; an outer function may hold an inner
	// one.
	for (size_t i = lo; i > 0 && lo - i < 64; i--) {
		if (vaddr - v[i - 1].vaddr >= v[i - 1].size)
			continue;
		while (i > 1 && v[i - 2].vaddr == v[i - 1].vaddr)
			i--;
		*out = &v[i - 1];
		return NULL;
	}
	return NULL;
}

// "gopkg.in/yaml%2ev2.Marshal": Go writes dots in the last element of a package path this way.
static bool matches_unescaped(bool (*match)(struct str, struct str), struct str pattern,
			      struct str name)
{
	char plain[1024];
	size_t n = 0;
	if (name.len > sizeof(plain) || !memchr(name.p, '%', name.len))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		bool is_dot = str_starts(str_from_off(name, i), STR("%2e"));
		plain[n++] = is_dot ? '.' : name.p[i];
		i += is_dot ? 2 : 0;
	}
	return match(pattern, (struct str) { plain, n });
}

// Assembly goes by its name in the source too.
static bool is_exactly(const struct target_func *f, struct str pattern)
{
	struct str bare = f->symbol;
	if (str_ends(bare, STR(".abi0")))
		bare.len -= 5;
	return str_eq(f->name, pattern) || str_eq(f->symbol, pattern) || str_eq(bare, pattern) ||
	       matches_unescaped(str_eq, pattern, f->symbol);
}

static bool is_mangled(const struct target_func *f)
{
	return f->name.p != f->symbol.p;
}

static bool glob_matches(const struct target_func *f, struct str pattern)
{
	if (str_glob(pattern, f->symbol) || matches_unescaped(str_glob, pattern, f->symbol))
		return true;
	return is_mangled(f) &&
	       (str_glob(pattern, f->name) || str_glob(pattern, demangled_without_params(f->name)));
}

// Marks what one pattern means: the function of exactly that name, else all that it matches as a
// glob.
static void mark_matches(const struct target_func *v, size_t n, struct str pattern, bool *marked)
{
	bool is_name = false;
	for (size_t i = 0; i < n; i++) {
		if (is_exactly(&v[i], pattern))
			marked[i] = is_name = true;
	}
	for (size_t i = 0; i < n && !is_name; i++)
		marked[i] = marked[i] || glob_matches(&v[i], pattern);
}

struct err *target_match(struct target *t, const char *const *patterns, size_t n_patterns,
			 struct target_matches *out)
{
	const struct target_func *v;
	size_t n, hits = 0;
	TRY(target_funcs(t, &v, &n));
	bool *marked = ARENA_ARRAY(t->arena, bool, n);
	for (size_t i = 0; i < n_patterns; i++)
		mark_matches(v, n, str_from(patterns[i]), marked);
	if (n_patterns == 0)
		memset(marked, true, n);
	for (size_t i = 0; i < n; i++)
		hits += marked[i];
	out->v = ARENA_ARRAY(t->arena, const struct target_func *, hits);
	out->n = 0;
	for (size_t i = 0; i < n; i++)
		if (marked[i])
			out->v[out->n++] = &v[i];
	qsort(out->v, out->n, sizeof(out->v[0]), by_name);
	return NULL;
}

static struct str last_name(const struct target_func *f)
{
	if (!is_mangled(f))
		return go_last_name(f->name);
	struct str name = demangled_without_params(f->name);
	ptrdiff_t colon = str_rfind_byte(name, ':');
	return str_from_off(name, (size_t)(colon + 1));
}

// How well a name of several parts, "Store.Get", stands for a function: 2 as it is written there,
// 1 but for the (*T) of its receiver, 0 not at all. Types of generic functions do not count.
static int ends_in(struct arena *a, const struct target_func *f, struct str word)
{
	if (is_mangled(f)) {
		struct str name = demangled_without_params(f->name);
		return str_ends(name, word) && (name.len == word.len ||
						name.p[name.len - word.len - 1] == ':')
			       ? 2
			       : 0;
	}
	for (int has_stars = 1; has_stars >= 0; has_stars--) {
		struct str name = go_plain_name(a, f->name, has_stars);
		struct str want = go_plain_name(a, word, has_stars);
		char before = name.len > want.len ? name.p[name.len - want.len - 1] : '.';
		if (want.len && str_ends(name, want) && (before == '.' || before == '/'))
			return 1 + has_stars;
	}
	return 0;
}

static bool has_parts(struct str word)
{
	return str_find(word, STR(".")) > 0 || str_find(word, STR("::")) > 0 ||
	       str_find(word, STR("[")) > 0;
}

struct err *target_match_last(struct target *t, const char *word, struct target_matches *out)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct str want = str_from(word);
	bool by_parts = has_parts(want) && (target_is_go(t) || str_find(want, STR("::")) > 0);
	size_t kept = 0;
	int best = 1;
	TRY(target_match(t, NULL, 0, out));
	for (size_t i = 0; i < out->n; i++) {
		const struct target_func *f = out->v[i];
		int fit = str_eq(last_name(f), want) ? 1 : by_parts ? ends_in(scratch, f, want) : 0;
		arena_clear(scratch);
		if (fit > best)
			kept = 0;
		best = MAX(best, fit);
		if (fit == best)
			out->v[kept++] = f;
	}
	out->n = kept;
	return NULL;
}

bool target_is_one_generic(struct target *t, const struct target_matches *m)
{
	if (m->n < 2 || str_find(m->v[0]->name, STR("[")) < 0)
		return false;
	struct str first = go_plain_name(t->arena, m->v[0]->name, true);
	for (size_t i = 1; i < m->n; i++)
		if (!str_eq(first, go_plain_name(t->arena, m->v[i]->name, true)))
			return false;
	return true;
}

// Go's generic functions have their types in their names.
static size_t count_instances(const struct target_func *v, size_t n, struct str name)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		found += str_starts(v[i].name, name) && v[i].name.len > name.len &&
			 v[i].name.p[name.len] == '[';
	return found;
}

struct err *target_no_match(struct target *t, const char *pattern)
{
	const struct target_func *v;
	size_t n;
	TRY(target_funcs(t, &v, &n));
	if (n == 0)
		return err_new(ERR_NOTFOUND,
			       "no function '%s' in %s: it has no symbols (stripped), and it is no "
			       "Go program",
			       pattern, target_name(t));
	struct str version = target_go_version(t);
	struct near near = near_init(str_from(pattern));
	for (size_t i = 0; i < n; i++)
		near_offer(&near, v[i].name);
	const char *verb = str_is_glob(str_from(pattern)) ? " matches" : "";
	struct err *e =
		err_new(ERR_NOTFOUND, "no function%s '%s' in %s (%.*s%s%zu functions)", verb,
			pattern, target_name(t), STR_ARG(version), version.len ? ", " : "", n);
	struct str line = STR("");
	struct str name = str_from(pattern);
	ptrdiff_t bracket = str_find(name, STR("["));
	name = bracket > 0 ? str_first(name, (size_t)bracket) : name;
	size_t n_instances = target_is_go(t) ? count_instances(v, n, name) : 0;
	if (n_instances)
		return err_note(e, "it is generic: '%.*s[*' matches its %zu instance%s",
				STR_ARG(name), n_instances, n_instances == 1 ? "" : "s");
	for (size_t i = 0; i < near.n; i++)
		line = arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(line),
				    i ? ", " : "near: ", STR_ARG(near.best[i]));
	return line.len ? err_note(e, "%.*s", STR_ARG(line)) : e;
}

struct err *target_many_match(struct target *t, const char *word, const struct target_matches *m)
{
	struct err *e = err_new(ERR_NOTFOUND, "'%s' names %zu functions in %s; say which one", word,
				m->n, target_name(t));
	size_t shown = MIN(m->n, (size_t)CANDIDATES_SHOWN);
	for (size_t i = 0; i < shown; i++)
		e = err_note(e, "  %.*s", STR_ARG(m->v[i]->name));
	return m->n > shown ? err_note(e, "  and %zu more", m->n - shown) : e;
}
