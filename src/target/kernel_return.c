// SPDX-License-Identifier: Apache-2.0
// On which functions the kernel's return probe may be. It puts an address of its own in place of
// the return address, so there must be one, and nobody else may look at it.
#include "target/internal.h"

static bool is_in(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, str_from(list[i])))
			return true;
	return false;
}

// What they keep of the stack is used again after the return address was put back.
static bool returns_twice(struct str name)
{
	static const char *const names[] = {
		"setjmp",      "_setjmp",         "__setjmp",        "sigsetjmp",
		"__sigsetjmp", "___sigsetjmp",    "_longjmp",        "longjmp",
		"siglongjmp",  "__longjmp",       "____longjmp_chk", "vfork",
		"__vfork",     "__libc_vfork",    "getcontext",      "__getcontext",
		"swapcontext", "__swapcontext",   "setcontext",      "__setcontext",
		"makecontext", "__start_context",
	};
	return is_in(name, names, ARRAY_LEN(names));
}

// Whatever may be wrong with Go's tables: signs that the linker was Go's.
static bool looks_like_go(struct target *t)
{
	static const char *const sections[] = { ".go.buildinfo", ".gopclntab",
						".data.rel.ro.gopclntab", ".note.go.buildid" };
	static const char *const symbols[] = { "runtime.gopanic", "runtime.newstack",
					       "runtime.pclntab" };
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (elf_find_section(t->elf, str_from(sections[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (elf_find_symbol(t->elf, str_from(symbols[i])))
			return true;
	return false;
}

// Go's linker puts its code into one stretch, C's before and behind it; the few C functions that it
// links itself are marked in the table.
static bool is_surely_c(struct go *go, uint64_t vaddr)
{
	struct go_func f, first, last;
	size_t n = go_n_funcs(go);
	const struct go_module *m = go_module(go);
	if (go_func_at(go, vaddr, &f) && f.entry == vaddr)
		return f.is_c;
	if (!n || !go_func_get(go, 0, &first) || !go_func_get(go, n - 1, &last))
		return false;
	uint64_t low = m->is_known ? MIN(m->text, first.entry) : first.entry;
	uint64_t high = m->is_known ? MAX(m->etext, last.next) : last.next;
	return vaddr < low || vaddr >= high;
}

// Signs that code is run which throws, or which cleans up behind what is thrown. Rust's programs
// have the first two of them, too, but for those without a symbol of their own.
static bool find_unwinding(struct target *t)
{
	static const char *const symbols[] = { "_Unwind_RaiseException", "_Unwind_Resume",
					       "__gxx_personality_v0", "__cxa_throw",
					       "rust_eh_personality" };
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (elf_find_symbol(t->elf, str_from(symbols[i])))
			return true;
	return false;
}

// Functions of C libraries that call what they are given, in which the program may throw.
static bool calls_back(struct str name)
{
	static const char *const names[] = {
		"bsearch", "call_once", "dl_iterate_phdr", "ftw",     "lfind",
		"lsearch", "nftw",      "qsort",           "qsort_r", "pthread_once",
		"twalk",   "scandir",   "__pthread_once",
	};
	return is_in(name, names, ARRAY_LEN(names));
}

bool target_may_unwind(struct target *t, const struct target_func *f)
{
	bool is_mangled = f->name.p != f->symbol.p;
	if (is_mangled || calls_back(f->symbol))
		return true;
	if (!t->unwinding_is_known) {
		t->has_unwinding = find_unwinding(t);
		t->unwinding_is_known = true;
	}
	return t->has_unwinding;
}

const char *target_no_kernel_return(struct target *t, const struct target_func *f)
{
	if (is_cold_part(f))
		return "it is a part of a function, which jumps there: it has no return address";
	if (f->vaddr == elf_entry(t->elf))
		return "the program begins there: it has no return address";
	if (returns_twice(f->symbol))
		return "it saves or changes the stack itself: a return probe would break that";
	if (!looks_like_go(t))
		return NULL;
	if (!target_go(t))
		return "this is a Go program whose function table cannot be read, and the kernel's "
		       "return probe would crash it";
	if (!is_surely_c(t->go, f->vaddr))
		return "Go's function table does not have it, and if it is Go, the kernel's return "
		       "probe would crash the program";
	return NULL;
}
