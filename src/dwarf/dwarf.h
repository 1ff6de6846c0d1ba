// SPDX-License-Identifier: Apache-2.0
// DWARF 2 to 5 of Go, C, C++ and Rust: functions, parameters, locals, types, lines, inlined copies,
// and where values are. A reader of our own: nothing is decoded before it is asked for, and
// malformed input ends in an error, never in a crash or an endless loop. Everything returned lives
// until dwarf_close.
#ifndef DWARF_DWARF_H
#define DWARF_DWARF_H

#include "base/arena.h"
#include "base/err.h"
#include "elf/elf.h"
#include "type/type.h"

struct dwarf;

// The debug information in debug (the program itself or its separate debug file). program gives
// .eh_frame and addresses; it may be the same. ERR_NOTFOUND if there is none. Only headers are read
// here.
MUST_USE struct err *dwarf_open(struct elf *program, struct elf *debug, struct dwarf **out);
void dwarf_close(struct dwarf *dw);

enum dwarf_lang {
	DWARF_LANG_OTHER,
	DWARF_LANG_C,
	DWARF_LANG_CPP,
	DWARF_LANG_GO,
	DWARF_LANG_RUST,
	DWARF_LANG_ASM
};

struct dwarf_range {
	uint64_t low, high; // [low, high)
};

// A function that has code of its own.
struct dwarf_func {
	struct str name;    // source name, qualified for C++ ("ns::Class::f") and Rust
	struct str linkage; // linkage (mangled) name; empty if it has none
	enum dwarf_lang lang;
	uint64_t low, high;               // the piece that holds the entry
	const struct dwarf_range *pieces; // all its code when it is in several places (C's .cold
					  // parts), else none
	size_t n_pieces;
	struct str file; // of its declaration; empty if unknown (Go does not say it of functions
			 // that were also inlined: dwarf_line_at(low) knows)
	uint32_t line;
	struct str producer; // of its unit
	bool is_external;
	bool is_trampoline; // Go: compiler-made wrapper
	uint64_t die;       // offset of its DIE
	uint64_t origin; // offset of its abstract DIE, or of itself if it was not inlined anywhere
};

// The function whose code covers pc. ERR_NOTFOUND if none does. Fast: only that unit is looked at.
MUST_USE struct err *dwarf_func_at(struct dwarf *dw, uint64_t pc, struct dwarf_func *out);
// Every function that has code, unit by unit; fn returns true to stop. Reads all units once.
MUST_USE struct err *dwarf_each_func(struct dwarf *dw,
				     bool (*fn)(void *ctx, const struct dwarf_func *f), void *ctx);

// --- variables ---

enum dwarf_var_kind { DWARF_PARAM, DWARF_RESULT, DWARF_LOCAL, DWARF_CAPTURED };

// Where a variable is for pc in [low, high).
struct dwarf_loc {
	uint64_t low, high;
	struct places places;
};

struct dwarf_var {
	struct str name; // "" if it has none; Go's "~r0", "&x", ".dict" are given as they are
	struct type *type;
	enum dwarf_var_kind kind;
	bool is_artificial;        // C++ this
	uint32_t line;             // of its declaration; 0: unknown
	struct str file;           // of its declaration
	struct dwarf_range *scope; // where the block that declares it has code
	size_t n_scope;
	size_t depth;            // how many blocks inside the function it is in
	size_t n_inlined_around; // how many of them are inlined functions
	struct dwarf_loc *locs;  // sorted by low; empty: optimised away everywhere
	size_t n_locs;
	bool is_fixed; // one place for all its scope, also before it is set and where it is dead
	// inlined code: the inlined function it belongs to, "" for the function's own variables
	struct str inlined_func;
	struct str inlined_call_file;
	uint32_t inlined_call_line;
	uint64_t inlined_die; // tells two copies apart; 0 for own variables
	uint64_t closure_off; // CAPTURED (Go >= 1.23): offset in the closure struct
};

struct dwarf_vars {
	struct dwarf_var *v;
	size_t n;
	// Code of other functions that stands in this one, in order of address (DWARF_VARS_ALL).
	struct dwarf_range *inlined;
	size_t n_inlined;
};

enum dwarf_vars_of {
	DWARF_VARS_PARAMS, // parameters and results
	DWARF_VARS_ALL,    // and locals, those of code inlined into it too
};

// In the caller's arena: parameters in the order of declaration, results after them (Go), then
// locals as their blocks come. Locations are clipped to the function. Places relative to the frame
// base are given as PLACE_CFA (frame base = CFA) or PLACE_MEM (a register).
MUST_USE struct err *dwarf_func_vars(struct dwarf *dw, const struct dwarf_func *f,
				     enum dwarf_vars_of which, struct arena *arena,
				     struct dwarf_vars *out);
// The return type (C, C++, Rust); NULL type for void.
MUST_USE struct err *dwarf_func_return_type(struct dwarf *dw, const struct dwarf_func *f,
					    struct type **out);

// --- inlining ---

// One copy of a function inside another one.
struct dwarf_inline {
	struct str func;   // the function that was inlined
	struct str caller; // the function with code that it is in
	struct str parent; // the function whose text calls it: the caller, or another inlined one
	uint64_t caller_low;
	struct str call_file;
	uint32_t call_line;
	struct dwarf_range *ranges; // where the copy's code is, in order of address; none when
				    // nothing of it is left
	size_t n_ranges;
	uint64_t entry; // where it begins, as far as the compiler says; 0: unknown
	uint64_t die;
	uint64_t origin;
};
struct dwarf_inlines {
	struct dwarf_inline *v;
	size_t n;
};
// Copies of the function with that origin (dwarf_func.origin); in C and C++ also those of the same
// inline function in other units. Scans all units the first time.
MUST_USE struct err *dwarf_inlines_of(struct dwarf *dw, uint64_t origin, struct dwarf_inlines *out);
// Functions by exact source name that have no code of their own (only inlined copies): their
// origin. ERR_NOTFOUND if there is none.
MUST_USE struct err *dwarf_find_abstract(struct dwarf *dw, struct str name, struct dwarf_func *out);
// How many copies dwarf_inlines_of would give.
MUST_USE struct err *dwarf_count_inlines(struct dwarf *dw, uint64_t origin, size_t *out);
// Every function that was inlined somewhere, with the number of its copies; has_code: it also
// exists by itself. fn returns true to stop. For listings.
MUST_USE struct err *dwarf_each_inlined(struct dwarf *dw,
					bool (*fn)(void *ctx, struct str name, uint64_t origin,
						   size_t copies, bool has_code),
					void *ctx);

// A function that stands at an address.
struct dwarf_frame {
	struct str name;    // as in dwarf_func
	struct str linkage; // empty if it has none
	uint64_t low;       // where its code begins; of the function itself, the last one
	struct str file;    // where execution stands in it; empty: unknown
	uint32_t line, column;
	bool is_inlined;
};
// The functions at pc, innermost first, the last one has code of its own. ERR_NOTFOUND if there is
// none. Only the unit of pc is looked at. At most max, which is 1 at least: then the outermost
// inlined ones are left out.
MUST_USE struct err *dwarf_frames_at(struct dwarf *dw, uint64_t pc, struct dwarf_frame *out,
				     size_t max, size_t *n);

// --- types ---

// A type by its name as the language writes it ("main.Point", "struct foo", "foo"). ERR_NOTFOUND if
// there is none.
MUST_USE struct err *dwarf_find_type(struct dwarf *dw, struct str name, struct type **out);

// --- lines ---

struct dwarf_row {
	uint64_t vaddr;
	struct str file;
	uint32_t line;
	uint32_t column;
	bool is_stmt;
	bool is_end; // first address after a sequence; has no line
	bool is_prologue_end;
};
// Source position of pc. ERR_NOTFOUND if the table does not cover it.
MUST_USE struct err *dwarf_line_at(struct dwarf *dw, uint64_t pc, struct dwarf_row *out);
// All rows with low <= vaddr < high, plus the row that covers low, in order of address.
MUST_USE struct err *dwarf_rows(struct dwarf *dw, uint64_t low, uint64_t high,
				struct dwarf_row **out, size_t *n);
// Lines of a file on either side of one, as near as there are any with code; 0: none is there.
struct dwarf_line_near {
	uint32_t before, after;
};
// Addresses where a source line begins: file is a whole path or its last components ("main.go",
// "pkg/main.go").
MUST_USE struct err *dwarf_line_pcs(struct dwarf *dw, struct str file, uint32_t line,
				    uint64_t **out, size_t *n, struct dwarf_line_near *near);

// --- frames ---

// CFA at pc from .debug_frame or .eh_frame, as a register plus offset (PLACE_VALUE) or
// PLACE_COMPLEX. ERR_NOTFOUND if no entry covers pc.
MUST_USE struct err *dwarf_cfa_at(struct dwarf *dw, uint64_t pc, struct place *out);
// The same without any DWARF: from the program's .eh_frame alone.
struct cfi;
MUST_USE struct err *cfi_open(struct elf *program, struct cfi **out);
void cfi_close(struct cfi *cfi);
MUST_USE struct err *cfi_cfa_at(struct cfi *cfi, uint64_t pc, struct place *out);

#endif
