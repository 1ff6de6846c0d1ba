// SPDX-License-Identifier: Apache-2.0
// What a Go binary says about itself without DWARF: version, functions, lines, inlining (pclntab),
// argument words (ArgInfo), the calling conventions, runtime types. Hides every difference between
// Go 1.15 and 1.27 in its data layouts. The file is untrusted.
#ifndef GO_GO_H
#define GO_GO_H

#include "base/arena.h"
#include "base/err.h"
#include "elf/elf.h"
#include "type/type.h"

// --- build information ---

struct go_version {
	struct str text;        // "go1.24.4", "devel ..."
	int minor;              // 24; -1 when the text does not say
	struct str experiments; // after "X:", comma separated; may be empty
};

struct go_buildinfo {
	struct go_version version;
	struct str modinfo; // without its sentinels: lines "path\t..", "mod\t..", "build\tK=V"
};

// ERR_NOTFOUND if this is no Go binary.
MUST_USE struct err *go_buildinfo_read(struct elf *elf, struct go_buildinfo *out);
// Value of a "build\tKEY=VALUE" line; false if there is none.
bool go_buildinfo_setting(const struct go_buildinfo *info, struct str key, struct str *value);
bool go_has_experiment(const struct go_version *v, struct str name);

// --- the function table ---

struct go; // one Go binary's tables

// Finds pclntab (by section, else by structure) and moduledata, and cross-checks them.
// ERR_NOTFOUND: no Go binary. ERR_BADDATA with what was wrong otherwise. Cheap: nothing is decoded
// yet. Closed before elf is.
MUST_USE struct err *go_open(struct elf *elf, struct go **out);
void go_close(struct go *go);

const struct go_buildinfo *go_buildinfo(const struct go *go);
// Minor version to use for layouts: from the text, else the newest one that the tables allow.
int go_minor(const struct go *go);

struct go_func {
	size_t index;
	struct str name; // as pclntab has it
	uint64_t entry;
	// End of the code as symbols and DWARF have it, without the filling behind it. (arm64: the
	// assembler counts filling up to 16 bytes as code. C code: recognised by the usual NOPs.)
	uint64_t end;
	uint64_t next;        // entry of the next function
	int32_t args;         // bytes; see GO_ARGS_UNKNOWN
	uint32_t deferreturn; // offset in the function, 0: none
	int32_t start_line;   // Go >= 1.20, else 0
	uint8_t func_id;
	bool is_wrapper; // compiler-made method or ABI wrapper
	bool is_asm;
	bool is_c; // C code that the linker put into the table (cgo, internal linking)
	bool is_top_frame;
	uint64_t raw; // for this folder: where its _func record is
};
#define GO_ARGS_UNKNOWN INT32_MIN

size_t go_n_funcs(const struct go *go);
// False if the record is malformed. i < go_n_funcs.
bool go_func_get(struct go *go, size_t i, struct go_func *out);
// Only the name and entry, as fast as can be; for listing.
bool go_func_name(struct go *go, size_t i, struct str *name, uint64_t *entry);
// The function whose code covers pc. Filling between functions is nobody's.
bool go_func_at(struct go *go, uint64_t pc, struct go_func *out);

// --- pc tables ---

// Source position of pc; line is 0 and file empty if unknown.
struct go_pos {
	struct str file;
	int32_t line;
};
bool go_pos_at(struct go *go, const struct go_func *f, uint64_t pc, struct go_pos *out);
// Where the function is declared: start_line if the table has it, else the line of its first
// instruction (outermost frame).
bool go_func_pos(struct go *go, const struct go_func *f, struct go_pos *out);

// Distance from SP to where SP was at entry: CFA = SP + this + 8 on x86-64, SP + this on arm64.
// False if the table does not say (C code).
bool go_sp_delta(struct go *go, const struct go_func *f, uint64_t pc, int32_t *out);
// First pc at which that distance is no longer 0: f->end if it never changes.
uint64_t go_sp_first_change(struct go *go, const struct go_func *f);

// The frames that stand at pc, innermost first; the last one is f itself. Returns how many (at most
// max).
struct go_frame {
	struct str func;
	struct go_pos pos; // where execution stands in that frame
	bool is_inlined;
};
size_t go_frames_at(struct go *go, const struct go_func *f, uint64_t pc, struct go_frame *out,
		    size_t max);

// A stretch of code that was inlined into f. One copy can have several; they share node.
struct go_inline {
	struct str func; // the inlined function
	uint32_t node;   // which copy in f
	uint64_t low, high;
	struct go_pos call; // position of the call in its immediate caller
	struct str caller;  // the immediate caller (f itself or another inlined function)
	uint32_t depth;     // 1: directly in f
};
// All of them, in order of their ends, inner before outer. fn returns true to stop.
void go_each_inline(struct go *go, const struct go_func *f,
		    bool (*fn)(void *ctx, const struct go_inline *in), void *ctx);
// Whether anything was inlined into f; a cheap question before go_each_inline.
bool go_has_inlines(struct go *go, const struct go_func *f);

// --- arguments ---

// The argument words as the runtime's tracebacks know them (FUNCDATA_ArgInfo), all parameters
// including blank ones. The compiler leaves out the first parameter of every function with a '[' in
// its name, meaning the dictionary: right for generic functions, but it is the receiver that is
// missing (and the dictionary that is there) in generic methods of Go >= 1.21, and the receiver or
// first parameter of their wrappers and closures, which have no dictionary.
enum go_argword_kind {
	GO_ARG_WORD,
	GO_ARG_OPEN,
	GO_ARG_CLOSE,
	GO_ARG_DOTDOTDOT,
	GO_ARG_OFFSET_TOO_LARGE
};
struct go_argword {
	enum go_argword_kind kind;
	uint32_t off; // from the start of the argument area (CFA + go_abi_args_off); a register
		      // argument has its spill slot there
	uint32_t size;
};
#define GO_ARGWORDS_MAX 172 // the compiler ends its lists after 171 bytes
struct go_arginfo {
	struct go_argword v[GO_ARGWORDS_MAX];
	size_t n;
};
// False if the function has none (Go <= 1.16, C code, assembly without a declaration in Go).
bool go_arginfo(struct go *go, const struct go_func *f, struct go_arginfo *out);

// --- the calling conventions ---

enum go_abi { GO_ABI0, GO_ABI_INTERNAL };

// One value to be placed: its words, size and alignment as the type says.
struct go_abi_value {
	struct type_words words;
	uint64_t size;
	uint32_t align;
	bool is_result;
	// filled in by go_abi_assign:
	// One piece a word (in registers), or one piece for the whole (on the stack: PLACE_CFA, in
	// the CFA of DWARF: SP before the call on x86-64, SP at entry on arm64). No piece: not
	// known, because of a value before it or itself whose type is not described.
	struct places places;
	bool in_registers;
	uint64_t spill_off; // in_registers: its spill slot, from CFA
};

// Places parameters (receiver first) and then results. Values of a function in order; is_result
// ones must come last. A Go binary that has no register ABI uses GO_ABI0 for all functions.
void go_abi_assign(struct arena *a, enum elf_arch arch, enum go_abi abi,
		   struct go_abi_value *values, size_t n);
// The DWARF number of the register that holds the closure pointer, and the one that holds g
// (ABIInternal).
unsigned go_abi_closure_reg(enum elf_arch arch);
unsigned go_abi_g_reg(enum elf_arch arch);
// Where the argument area starts, from CFA: 0 on x86-64, 8 on arm64 (the slot of the saved link
// register).
unsigned go_abi_args_off(enum elf_arch arch);
// Whether this binary's Go-compiled code passes arguments in registers.
bool go_has_register_abi(const struct go *go);

// --- runtime types (without DWARF) ---

// Signatures of methods that reflection keeps, by entry address: "func (s *main.Store) Get(string)
// (string, error)". Slow (walks all type descriptors once); empty when there is none. The view
// lives as long as go.
struct str go_method_signature(struct go *go, uint64_t entry);
// The same as types; false if there is none.
struct go_method {
	struct type *recv;
	bool by_ptr;       // the code takes a pointer to recv
	struct type *func; // without the receiver, complete
};
bool go_method_types(struct go *go, uint64_t entry, struct go_method *out);
// The type whose runtime descriptor is at vaddr, ERR_BADDATA if there is none. Lives as long as go.
// Names have import paths, as in DWARF. The same address gives the same struct type.
MUST_USE struct err *go_rtype(struct go *go, uint64_t vaddr, struct type **out);

// The type whose runtime descriptor is at vaddr as Go prints it ("*fs.PathError": with the
// package's name, not its path). False if no descriptor is there.
bool go_type_text(struct go *go, uint64_t vaddr, struct str *out);
// The same of a type that DWARF describes, if it tells which one it is at run time.
bool go_type_text_of(struct go *go, const struct type *t, struct str *out);
// What may be the descriptor of a type, with its text as go_type_text has it: all types that there
// are, and possibly some that are none. fn returns true to stop.
void go_each_type(struct go *go, bool (*fn)(void *ctx, uint64_t vaddr, struct str text), void *ctx);

// The descriptors of all types that a value in an interface can have, each once. Quick, unlike
// go_each_type. fn returns true to stop.
void go_each_rtype(struct go *go, bool (*fn)(void *ctx, uint64_t vaddr), void *ctx);
// What the map whose descriptor is at vaddr keeps its slots in: a struct with "topbits" (buckets)
// or "ctrl" (the groups of Swiss maps). ERR_BADDATA if there is none.
MUST_USE struct err *go_map_inside(struct go *go, uint64_t vaddr, struct type **out);

// --- moduledata ---

struct go_module {
	bool is_known;  // false: not found, or of unknown layout; only pclntab's own facts hold
	uint64_t vaddr; // of the moduledata
	uint64_t text, etext;
	uint64_t types, etypes;
	uint64_t gofunc; // base of funcdata offsets, 0 before 1.18
};
const struct go_module *go_module(const struct go *go);
uint64_t go_pclntab_vaddr(const struct go *go);

// Offset of a field of struct g ("goid", "parentGoid", ...) for this binary's Go version when there
// is no DWARF; -1 if not known.
int64_t go_g_offset(const struct go *go, struct str field);
// The same for a minor version, one of those that go_g_versions gives: this binary's own, or, if
// its layout has not been looked at, the ones before and behind it. None if it is newer or older
// than all that are known.
int64_t go_g_offset_in(int minor, struct str field);
size_t go_g_versions(const struct go *go, int out[2]);

#endif
