// SPDX-License-Identifier: Apache-2.0
// What the files of target/ share: the opened program and the steps that make up target_info.
#ifndef TARGET_INTERNAL_H
#define TARGET_INTERNAL_H

#include "base/map.h"
#include "dwarf/dwarf.h"
#include "go/go.h"
#include "target/target.h"

struct target {
	struct arena *arena;
	struct str name;
	struct elf *elf;
	const char *debug_dirs[4]; // where separate debug files are sought; ends with NULL

	struct go *go; // NULL: not a Go program, or its tables are unusable
	struct str go_version;
	bool go_was_tried;

	struct dwarf *dwarf; // NULL: none
	bool dwarf_was_tried;
	struct elf *debug; // where symbols and DWARF are: elf itself or its debug file; NULL until
			   // asked

	struct cfi *cfi;
	bool cfi_was_tried;

	struct str damage; // why a part of the debug information is unusable; empty: all is well

	struct target_func *funcs; // by address
	size_t n_funcs;
	bool funcs_are_read;
	struct map range_bodies; // by hash of the name: functions that are one (see info.c)
	bool range_bodies_are_read;
	struct map inlines; // by hash of the name: its copies, without DWARF
	bool inlines_are_read;
	const struct elf_section **sections; // loaded ones, by address; NULL until asked
	size_t n_sections;
	bool sizes_are_rough; // of funcs: they go up to the next function

	struct view *view; // of the function that was asked about last (vars.h)
	struct arena *view_arena;

	struct target_g *g; // of the runtime, no function's; NULL until asked
	struct str no_g;    // why it cannot be told; empty: it can

	struct code_index *code_index; // of target_frames; NULL until asked

	bool unwinding_is_known;
	bool has_unwinding; // exceptions or Rust panics may pass through its functions
};

// Lazily opened parts; NULL if there is none or it is unusable (then t->damage says why).
struct go *target_go(struct target *t);
struct dwarf *target_dwarf(struct target *t);
// The file with the symbols and DWARF: the separate debug file if the program itself was stripped.
MUST_USE struct err *target_debug_elf(struct target *t, struct elf **out);
// Takes over e: remembers that a part of the program's description is unusable.
void target_note_damage(struct target *t, struct err *e);

// Go's own record of a function; false for C code and programs that are not Go.
bool target_go_func(struct target *t, const struct target_func *f, struct go_func *out);
// DWARF's; false if there is none.
bool target_dwarf_func(struct target *t, const struct target_func *f, struct dwarf_func *out);

// The readable name of a mangled one; the symbol itself if it is not mangled.
struct str demangle(struct arena *a, struct str symbol);
// "ns::f(int) const" -> "ns::f".
struct str demangled_without_params(struct str name);

// The loaded section that holds vaddr; NULL if none does.
const struct elf_section *section_at(struct target *t, uint64_t vaddr);

// Whether a symbol is that of a function.
bool is_function_symbol(struct target *t, const struct elf_sym *s);
// Bytes from vaddr to the end of its section, or of its segment where there are no sections.
uint64_t room_at(struct target *t, uint64_t vaddr);

// A function's instructions, decoded once.
struct code {
	struct insn *v;
	size_t n;
	struct bytes bytes;
	uint64_t low, high;
};
void code_decode(struct target *t, const struct target_func *f, struct arena *arena,
		 struct code *out);
// The instruction at exactly that address; NULL if none begins there.
const struct insn *code_at(const struct code *c, uint64_t vaddr);
bool code_has(const struct code *c, uint64_t vaddr);
struct target_site code_site(const struct code *c, const struct insn *in);
// The function that a jump or call leads to, by name: also through a stub that jumps to where the
// dynamic linker has put an address. Empty if it cannot be told.
struct str name_of_callee(struct target *t, uint64_t vaddr);

// CFA is reg + off, when an instruction is about to run.
struct frame {
	bool is_known;
	uint16_t reg;
	int64_t off;
};

// Stack pointer to CFA at a function's first instruction and at a RET: the return address on
// x86-64.
int64_t cfa_above_sp(struct target *t);

struct target_about { // what the steps of target_info work on
	struct target *t;
	struct arena *arena; // for what is made for this function
	const struct target_func *f;
	struct go_func go;
	bool is_go;
	struct dwarf_func dwarf;
	bool has_dwarf;
	struct dwarf_vars vars;
	struct code code;
	struct code elsewhere; // a part of it that is not in code, the one looked at last
	struct frame *frames;  // by instruction of code: where CFA is
	bool restarts;         // it has a stack check; then only these registers keep their values:
	struct insn_regs saved_on_restart;
	bool are_words_typed; // of Go without DWARF: the words of its parameters
	struct target_info *info;
};

// Go 1.21 to 1.24 describe a result a second time in functions that defer: true for the second one.
bool is_repeated(const struct dwarf_vars *vars, size_t i);

enum target_lang lang_of_dwarf(enum dwarf_lang lang);
enum target_abi go_abi_of(struct target *t, const struct target_func *f, const struct go_func *go);
void find_entry(struct target_about *a);
// GCC moves unlikely code of a function to a part of its own, and jumps there and back.
bool is_cold_part(const struct target_func *f);
// RETs and tail jumps out; needs no info.
MUST_USE struct err *find_exits(struct target_about *a, struct target_site **out, size_t *n);
void find_panics(struct target_about *a);
MUST_USE struct err *go_find_values(struct target_about *a);
MUST_USE struct err *c_find_values(struct target_about *a);
// Places a value's words, given where the whole value is: known only if every word is there.
void place_words(struct arena *a, struct target_value *v, const struct places *whole);
// Fills in places by the platform's calling convention for C and C++: of the parameters in their
// order and of the result among them. Those that it does not tell stay unknown.
void c_abi_assign(struct arena *a, enum elf_arch arch, struct target_value *values, size_t n);
// C++'s type of nullptr, which DWARF gives no size.
bool is_nullptr_type(struct type *t);
// Its debug information, code, entry site and values: a and info are filled in, the rest of info is
// not looked for.
MUST_USE struct err *about_function(struct target_about *a, struct target *t,
				    const struct target_func *f, struct arena *arena,
				    struct target_info *info);
// Where CFA is when the instruction at pc is about to run.
struct frame frame_at(struct target_about *a, uint64_t pc);
bool same_frame(const struct frame *a, const struct frame *b);
MUST_USE struct err *find_locals(struct target_about *a);
MUST_USE struct err *find_copies(struct target_about *a);

struct copy_list {
	VEC(struct target_copy) v;
};
// The copies of a Go function by pclntab alone. t is a Go program.
const struct copy_list *copies_by_pclntab(struct target *t, struct str name);

// Whether a Go name is that of a function literal or of a piece of code that the compiler made one
// from.
bool is_go_literal(struct str name);
// The last component of a name, without type arguments and ABI suffix.
struct str go_last_name(struct str name);
// "main.(*Stack).Push" of "main.(*Stack[go.shape.int]).Push"; "main.Stack.Push" without stars.
struct str go_plain_name(struct arena *a, struct str name, bool has_stars);

// "func (s *main.Store) Get(key string) error", "int sum(int a, int b)"; empty if types are not
// known.
struct str target_signature(struct arena *a, enum target_lang lang, struct str name,
			    const struct target_value *values, size_t n);

#endif
