// SPDX-License-Identifier: Apache-2.0
// One opened program: joins what ELF, DWARF, the Go tables and the decoder know, and answers a
// tracer's questions. Everything that is looked up later (probe sites, values, names) goes through
// here. Nothing is read before it is asked for; everything returned lives until target_close.
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include "base/arena.h"
#include "base/err.h"
#include "elf/elf.h"
#include "insn/insn.h"
#include "type/type.h"

struct target;

// what: a path, the name of a command on PATH, or a process id (its executable, through /proc).
// debug_dir: a folder where separate debug files are sought first; may be NULL.
MUST_USE struct err *target_open(const char *what, const char *debug_dir, struct target **out);
// The same over bytes in memory, which the caller keeps: the vDSO. No debug file is sought.
MUST_USE struct err *target_open_mem(struct bytes data, const char *name, struct target **out);
void target_close(struct target *t);

// As the user named it, for messages.
const char *target_name(const struct target *t);
// The file that was opened.
const char *target_path(const struct target *t);
struct elf *target_elf(struct target *t);
enum insn_arch target_arch(const struct target *t);
bool target_is_go(struct target *t);
// "go1.24.4", or "" for other programs.
struct str target_go_version(struct target *t);
// What tells this build of the program from all others: empty if nothing does.
struct target_build_id {
	struct str text;
	bool is_go; // Go's own, and no GNU one
};
struct target_build_id target_build_id(struct target *t, struct arena *a);
// One line of what is missing and what that costs ("no DWARF: ..."); empty when all is there.
struct str target_missing(struct target *t);
// One line of why debug information that is there could not be used; empty when all is well.
struct str target_damage(const struct target *t);

enum target_lang { LANG_UNKNOWN, LANG_GO, LANG_ASM, LANG_C, LANG_CPP, LANG_RUST };
const char *target_lang_name(enum target_lang lang);

enum target_abi { ABI_NONE, ABI_GO0, ABI_GO_INTERNAL, ABI_C };
const char *target_abi_name(enum target_abi abi);

// --- functions ---

struct target_func {
	struct str name;   // as people know it: demangled for C++ and Rust
	struct str symbol; // as the file has it
	uint64_t vaddr;
	uint64_t size;
};

// All functions, in order of address.
MUST_USE struct err *target_funcs(struct target *t, const struct target_func **out, size_t *n);
// Its size without padding behind it.
uint64_t target_func_size(struct target *t, const struct target_func *f);
// The function whose code covers vaddr; NULL if none does.
MUST_USE struct err *target_func_at(struct target *t, uint64_t vaddr,
				    const struct target_func **out);

struct target_matches {
	const struct target_func **v; // in order of name
	size_t n;
};

// Functions that a pattern means. A pattern that is exactly a name means that function even if it
// holds a '*' (Go's pointer methods do); else it is a glob over names: Go's as they are, C++ ones
// demangled (with or without their parameters) or raw. No match is no error. several patterns:
// their union.
MUST_USE struct err *target_match(struct target *t, const char *const *patterns, size_t n_patterns,
				  struct target_matches *out);
// Functions whose last component is that word: "Get" for "main.(*Store).Get" and
// "ns::Store::Get(int)"; or whose last ones are: "Store.Get", "(*Store).Get", "Store::Get". The
// types of generic functions may be left out, or be "[...]".
MUST_USE struct err *target_match_last(struct target *t, const char *word,
				       struct target_matches *out);
// Whether all are instances of one generic function.
bool target_is_one_generic(struct target *t, const struct target_matches *m);
// ERR_NOTFOUND that says so, with near names, for a pattern that matched nothing.
MUST_USE struct err *target_no_match(struct target *t, const char *pattern);
// ERR_NOTFOUND that names them, for a word that was to mean one function.
MUST_USE struct err *target_many_match(struct target *t, const char *word,
				       const struct target_matches *m);

// --- what is known of one function ---

struct target_pos {
	struct str file; // empty: unknown
	uint32_t line;
};

// Cheap facts, for a listing. What is told of one function lives in the arena that is given for it.
struct target_brief {
	enum target_lang lang;
	enum target_abi abi;
	struct target_pos pos; // of its declaration
	struct str signature;  // empty: unknown
};
MUST_USE struct err *target_brief(struct target *t, const struct target_func *f,
				  struct arena *arena, struct target_brief *out);

// How many copies of it stand inside other functions. Reads the whole program's debug information
// the first time.
MUST_USE struct err *target_count_copies(struct target *t, const struct target_func *f,
					 size_t *out);

enum target_condition {
	SITE_ALWAYS,
	SITE_NOT_TAKEN, // counts only when the conditional jump there is not taken
};

struct target_site {
	uint64_t vaddr;
	uint64_t off; // from the function's start
	struct insn insn;
	enum target_condition condition;
	bool is_tail_jump;
	bool may_repeat; // entry: a loop leads back to it
	// Bytes from SP, when the instruction is about to run, to SP as it was at the function's
	// first instruction. 0 at the entry and at RETs; not told (0) of tail jumps of C.
	int64_t sp_to_entry;
	struct str note; // entry: why here; tail jump: where to
};

struct target_value {
	struct str name;   // "" if it has none
	struct type *type; // NULL: not known
	struct type_words words;
	struct places *word_places; // where each word is, by index of words; at the entry site or
				    // at the exits
	bool is_result;
	bool is_receiver;
	bool is_lost_on_restart; // the function does not use it: gone when its stack had to grow
	bool is_hidden; // passed by the compiler: a generic function's dictionary, a result's
			// address
	bool is_known;  // false: no place can be told (word_places is NULL)
};

// Where a local variable is readable.
struct target_stretch {
	uint64_t low, high;
	uint32_t first_line, last_line; // 0: unknown
	struct places places;           // relative to CFA where it is on the stack
	// For addresses from frame_low to frame_high, when the frame is made, CFA is at a fixed
	// distance from a register. Only where a piece is relative to CFA.
	bool has_frame;
	struct place cfa;
	uint64_t frame_low, frame_high;
};

struct target_local {
	struct str name;
	struct type *type;
	struct type_words words; // what its pieces are called
	struct target_pos pos;
	bool is_param;           // a parameter or result, after entry
	struct str inlined_func; // empty: of the function itself
	struct target_pos inlined_at;
	struct target_stretch *v;
	size_t n;
};

// A variable where it is readable as a whole.
struct target_var {
	struct str name; // without the "&" of Go's variables on the heap
	struct type *type;
	struct type_words words;
	struct places places; // from registers that a uprobe sees, or fixed: neither PLACE_CFA nor
			      // is_cfa, PLACE_NONE, PLACE_COMPLEX or PLACE_TLS
	bool is_param, is_result;
	bool is_hidden; // at that line the name means a nearer variable, which is not readable here
	bool is_callers;         // of a function around the inlined one that stands at the address
	struct str inlined_func; // empty: of the function itself
	struct target_pos inlined_at;
	struct target_pos pos;
};

struct target_copy {
	struct str caller; // the function with code that it is in
	struct str via;    // the inlined function that calls it there; empty if caller itself does
	struct target_pos pos;
	uint64_t low;
	uint64_t size; // bytes of code, in all its pieces
	size_t n_pieces;
};

struct target_panic {
	uint64_t off;
	struct str callee;
};

struct target_info {
	const struct target_func *func;
	struct target_brief brief;
	struct target_site entry;
	struct target_site *exits; // RETs and tail jumps out, in order of address
	size_t n_exits;
	struct target_panic *panics; // calls that do not come back
	size_t n_panics;
	struct target_value *values; // parameters, then results
	size_t n_values;
	struct target_local *locals;
	size_t n_locals;
	struct target_copy *copies;
	size_t n_copies;
	// It may have results that the debug information does not tell: Go >= 1.22 leaves unnamed
	// ones out where a function returns from inside of a range over a function.
	bool may_have_results;
	// Without debug information: it may have parameters that nothing tells of, behind those
	// among the values.
	bool may_have_params;
	VEC(struct str) notes; // what is missing or doubtful, a line each
};

MUST_USE struct err *target_info(struct target *t, const struct target_func *f, struct arena *arena,
				 struct target_info **out);
// The same for parameters (receiver first) and then results that the caller says the Go function f
// has: name, type and is_result are given, words and places are filled in by the calling
// convention. ERR_UNSUPPORTED if what the program itself keeps of f's arguments does not agree.
MUST_USE struct err *target_place_values(struct target *t, const struct target_func *f,
					 struct arena *arena, struct target_value *values,
					 size_t n);

// The variables that are readable when f's instruction at vaddr is about to run: its parameters,
// results and locals, captured ones, and those of the inlined functions that stand there. What is
// doubtful is left out. Innermost first: of several with one name the first is meant at that line.
// Parameters at the entry site are where the calling convention has them. None without DWARF.
MUST_USE struct err *target_vars_at(struct target *t, const struct target_func *f, uint64_t vaddr,
				    struct arena *arena, struct target_var **out, size_t *n);
// For a message, why f's variable of that name is not among them, and where it is: "it is at lines
// 45-47 (try store.go:45)". Empty if f has no such variable.
struct str target_var_elsewhere(struct target *t, const struct target_func *f, uint64_t vaddr,
				struct str name, struct arena *arena);

// Whether a variable of that name is f's, or that of the inlined function, whose line stands at
// vaddr: none of a function around that, which source code there cannot mean.
bool target_has_var_at_line(struct target *t, const struct target_func *f, uint64_t vaddr,
			    struct str name);

// A type by its name ("struct foo", "foo", "main.Point"). ERR_NOTFOUND if there is none.
MUST_USE struct err *target_find_type(struct target *t, struct str name, struct type **out);

// Only its entry site, the same as in target_info, without debug information and without keeping
// anything: for many functions at once. No code in the file: insn.len is 0.
void target_entry(struct target *t, const struct target_func *f, struct target_site *out);
// Only its exits, the same as in target_info, as cheaply.
MUST_USE struct err *target_exits(struct target *t, const struct target_func *f,
				  struct arena *arena, struct target_site **out, size_t *n);
// Whether it is Go code (assembly of Go's included): its stack may be moved and is walked, so that
// no return address on it may be changed.
bool target_func_is_go(struct target *t, const struct target_func *f);
// Why the kernel's return probe may not be on f, which is no Go function as far as is known: it
// would break the program. NULL: it may.
const char *target_no_kernel_return(struct target *t, const struct target_func *f);
// Whether a C++ exception or a Rust panic may pass through f, which is no Go function. It ends the
// program if the kernel's return probe is there: unwinders do not find their way past the address
// that it has put on the stack.
bool target_may_unwind(struct target *t, const struct target_func *f);
// The part of f, which is no Go function, that the compiler has put elsewhere because it is
// unlikely to run; it may return, too. NULL: there is none.
MUST_USE struct err *target_cold_part(struct target *t, const struct target_func *f,
				      const struct target_func **out);
// Whether it is assembly of Go's runtime: some of that changes stacks or goroutines on its way, or
// is entered in the middle.
bool target_func_is_runtime_asm(struct target *t, const struct target_func *f);

// Where the facts about the goroutine that runs a function are: offsets in the runtime's struct g,
// and two ways to the g of the moment.
struct target_g {
	bool in_register; // compiled code that has g in reg (DWARF number) at every instruction
	uint16_t reg;
	bool has_tls;    // x86-64: every thread has its g in the word at FS base + tls_off
	int64_t tls_off; // (on the system stack that is g0, whose goid is 0: see m)
	int64_t stack_hi, goid, startpc, gopc, atomicstatus, m;
	int64_t parent_goid; // -1: Go < 1.21 does not keep it
	int64_t m_curg;      // in struct m: the goroutine for which g0 works
};
// f: a function of a Go program. From DWARF, else by Go's version if the runtime's own code agrees;
// ERR_UNSUPPORTED if not.
MUST_USE struct err *target_g(struct target *t, const struct target_func *f, struct target_g *out);

// Where a copy of an inlined function can be probed.
struct target_copy_site {
	uint64_t vaddr; // its first instruction, as far as is known; none of the caller's stack
			// check, which may run twice
	const struct target_func *caller;
	uint64_t off; // from the caller's start
	struct insn insn;
	enum target_condition condition;
	struct str inlined_func; // what target_vars_at(caller, vaddr) calls the function
	struct str via;          // as in target_copy
	struct target_pos pos;   // of the call
};
// Every copy of the functions of that name, whether it has code of its own too or not; several at
// one address are one. In order of address. None is no error.
MUST_USE struct err *target_copy_sites(struct target *t, struct str name, struct arena *arena,
				       struct target_copy_site **out, size_t *n);

// A function that has no code of its own because every call of it was inlined: its copies.
// ERR_NOTFOUND otherwise.
MUST_USE struct err *target_find_inlined(struct target *t, struct str name, struct arena *arena,
					 struct target_info **out);

// The name of the runtime type whose descriptor is at vaddr, as Go's %T prints it ("*fs.PathError",
// "map[string]int"). ERR_NOTFOUND if there is none. Lives as long as t.
MUST_USE struct err *target_go_type_name(struct target *t, uint64_t vaddr, struct str *out);
// The same of a type that debug information describes; false if that cannot be told.
bool target_go_type_name_of(struct target *t, const struct type *type, struct str *out);
// The Go function that begins at vaddr: of a func value, or what a goroutine was started with,
// where the wrapper that the compiler makes for "go f(x)" stands for f. Empty if none does.
struct str target_go_func_name(struct target *t, uint64_t vaddr);

// The type whose runtime descriptor is at vaddr, as the program itself describes it. NULL if there
// is none. The same address gives the same struct type.
struct type *target_go_type_at(struct target *t, uint64_t vaddr);
// The same of a type that debug information describes; NULL if the program has none that agrees.
struct type *target_go_type_of(struct target *t, const struct type *type);
// The struct that holds the slots of maps of that type: with "topbits" or "tophash" it is a bucket
// of the maps of Go <= 1.23, with "ctrl" a group of Swiss ones. NULL if it is not known.
struct type *target_go_map_inside(struct target *t, struct type *map);
// The descriptors of all types that a value in an interface can have; fn returns true to stop.
void target_go_each_type(struct target *t, bool (*fn)(void *ctx, uint64_t vaddr), void *ctx);
// Where descriptors are in the file; false if that is not known.
bool target_go_types(struct target *t, uint64_t *vaddr, uint64_t *size);

struct near;
struct target_vaddrs {
	uint64_t *v;
	size_t n;
	size_t cap;
};
// The addresses for which the two above give that name; types also those whose full name, with the
// package's import path, it is. None is no error: near is offered the names that there are.
void target_go_types_named(struct target *t, struct str name, struct arena *a,
			   struct target_vaddrs *out, struct near *near);
void target_go_funcs_named(struct target *t, struct str name, struct arena *a,
			   struct target_vaddrs *out, struct near *near);

// --- what an address stands for ---

struct target_frame {
	struct str func; // empty: not known
	uint64_t vaddr;  // where the function with code begins; 0 for an inlined one
	struct target_pos pos;
	bool is_inlined;
	bool is_wrapper; // made by Go's compiler between a caller and what it calls
};
enum target_frames_want {
	TARGET_FRAMES_LINES = 1,   // source positions
	TARGET_FRAMES_INLINED = 2, // inlined functions of C, C++ and Rust, which only DWARF knows
	TARGET_FRAMES_RAW = 4,     // C++ and Rust names as symbols have them
};
// The functions that stand at vaddr, innermost first; the last one has code of its own. Go's
// inlined ones are always among them, by Go's own tables: a name is the same with and without a
// symbol table. Returns how many, at most max; 0: no function is there. Made for millions of
// questions: reads less than target_funcs and keeps less in memory. Texts live as long as t.
size_t target_frames(struct target *t, uint64_t vaddr, unsigned want, struct target_frame *out,
		     size_t max);

// When the instruction at vaddr is about to run, the chain of frame pointers does not lead to the
// function that called this one: its frame is not made yet, no more, or never is. off: where the
// return address is, from SP. False: the chain is complete, or it is not known.
bool target_hidden_caller(struct target *t, uint64_t vaddr, int64_t *off);

// The code of a function, as the file has it.
struct bytes target_code(struct target *t, const struct target_func *f);
// One address where a source line begins.
struct target_line_site {
	uint64_t vaddr;
	const struct target_func *func; // whose code holds it; NULL: not known
	uint64_t off;                   // from func's start
	struct str file;
	uint32_t line, column; // column 0: not known
	enum target_condition condition;
	bool is_entry; // the line is the function's own: moved to where a call is counted once
};
// Where the line begins as a statement: in every function and inlined copy that has it one address,
// the lowest, as debuggers do (what follows is the same line going on, or a loop's). In order of
// address. file is a path or its last components; column 0: any. ERR_NOTFOUND, with the nearest
// lines that have code, if there are none.
MUST_USE struct err *target_line_sites(struct target *t, struct str file, uint32_t line,
				       uint32_t column, struct target_line_site **out, size_t *n);

// "rax", "[sp+0x18]", "ptr rax, len rbx": places as people read them. words: of the value's type,
// or NULL.
struct str target_place_text(struct target *t, struct arena *a, const struct places *p,
			     const struct type_words *words);
// The places of a stretch relative to a register, valid from frame_low to frame_high.
struct places target_frame_places(struct arena *a, const struct target_stretch *s);

#endif
