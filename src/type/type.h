// SPDX-License-Identifier: Apache-2.0
// What a value is (struct type) and where it is (struct place): the one model that DWARF, Go's
// runtime types, the ABI rules and the script language share. Everything here lives in the arena of
// whoever made it.
#ifndef TYPE_TYPE_H
#define TYPE_TYPE_H

#include "base/arena.h"
#include "base/err.h"

enum type_kind {
	TYPE_VOID,
	TYPE_BOOL,
	TYPE_INT,  // signed integer
	TYPE_UINT, // unsigned integer, Go's uintptr too
	TYPE_CHAR, // C's character types; is_signed tells which
	TYPE_FLOAT,
	TYPE_COMPLEX,
	TYPE_PTR,    // elem: target, NULL for void * and unsafe.Pointer; C++ references too
		     // (is_reference)
	TYPE_ARRAY,  // elem, count
	TYPE_STRUCT, // fields; C++ classes too
	TYPE_UNION,  // fields
	TYPE_ENUM,   // enumerators, size, is_signed
	TYPE_FUNC,   // params, results
	TYPE_NAMED,  // elem: what it is a name for (C typedef, C++ alias, const/volatile, Go type
		     // parameter); a Go named type is its structure and its name in one
	// Go only
	TYPE_STRING,  // ptr, len
	TYPE_SLICE,   // ptr, len, cap of elem
	TYPE_IFACE,   // tab|type, data; is_empty_iface tells which
	TYPE_MAP,     // one word: pointer to the header; key, elem
	TYPE_CHAN,    // one word; elem
	TYPE_UNKNOWN, // something that we cannot describe; size may still be known. C++ pointers
		      // to members too: elem in the class key
	// The script language only
	TYPE_TEXT,   // size bytes: text up to a NUL, zeros behind it
	TYPE_BUFFER, // uint32_t length, then size - 4 bytes, of which length count
	TYPE_TUPLE,  // fields without names
	TYPE_OPAQUE, // bytes that only the output takes apart: shown says how (stacks, symbols,
		     // timestamps, network addresses)
};

struct type;
struct out_type; // out/out.h, which this folder does not know

struct type_field {
	struct str name; // "" for an anonymous C member; "_" for a blank Go field
	struct type *type;
	uint64_t off;
	bool is_embedded;  // Go embedded field, C++ base class (without a name)
	uint16_t bit_size; // 0: not a bit-field
	uint16_t bit_off;  // from the least significant bit of the bytes at off
};

struct type_enumerator {
	struct str name;
	int64_t value;
};

struct type_param {
	struct str name; // may be empty
	struct type *type;
	bool is_result; // Go only
};

// Who fills in fields, params and enumerators the first time they are asked for.
struct type_source {
	struct err *(*complete)(struct type_source *src, struct type *t);
};

struct type {
	enum type_kind kind;
	struct str name; // as the language writes it ("main.T", "struct foo", "ns::Class"); "" for
			 // types that are spelled from others (C pointers, arrays)
	uint64_t size;   // bytes
	uint32_t align;  // 0: not known (type_align computes it)
	bool is_signed;  // CHAR, ENUM
	bool is_reference;
	bool is_passed_by_reference; // C++ class that cannot be copied bit by bit: through
				     // type_complete
	bool is_rvalue; // a reference of C++'s second kind (&&)
	bool is_empty_iface;
	bool is_declaration; // named but not described in this file
	bool is_variadic;    // FUNC: C's "..."
	bool has_variants;   // STRUCT: its bytes mean one thing or another (Rust's enums); the
			     // fields are not all
	uint8_t go_kind;     // reflect.Kind; 0 when this is no Go type
	bool go_is_direct;   // as its runtime type says: in an interface the word is the value
	struct str
		qualifier; // TYPE_NAMED without a name: "const", "volatile", "restrict", "_Atomic"
	struct type *elem;
	struct type *key;
	struct type *header; // MAP, CHAN: the runtime's struct that the word points to, NULL if it
			     // is not known
	uint64_t count;      // ARRAY
	bool has_no_count;   // ARRAY: C's "[]"
	bool is_word;        // INT, UINT: a register, which may well hold a C int
	bool is_kernel;      // PTR: into the kernel's memory; else the traced program's. ARRAY,
			     // STRUCT, UNION: so are the pointers in it
	const struct out_type *shown; // OPAQUE

	struct type_field *fields; // STRUCT, UNION: through type_complete
	size_t n_fields;
	struct type_enumerator *enumerators;
	size_t n_enumerators;
	struct type_param *params; // FUNC: parameters, then results
	size_t n_params;
	struct type *ret; // FUNC, C: NULL is void

	uint64_t id;        // where it came from: offset of its DIE, or address of its runtime type
	uint64_t go_rtype;  // offset of its runtime type from moduledata.types; 0: none
	int64_t dict_index; // Go type parameter: its index in the dictionary; -1: none
	struct type_source *source;
	bool is_complete;
};

// Fills in fields, enumerators or params. Safe to call again.
MUST_USE struct err *type_complete(struct type *t);

// Behind typedefs, aliases and qualifiers; never NULL (a chain that is too long gives its last
// link).
struct type *type_strip(struct type *t);

// Alignment in bytes, at least 1.
uint32_t type_align(struct type *t);

// The type as a programmer of its language writes it ("[]*main.Entry", "const char *", "struct foo
// [4]"). A NULL type is "void". Spelling stops at a sane depth.
struct str type_spell(struct arena *a, struct type *t);
// A C declaration of a name: "char *argv[4]".
struct str type_spell_decl(struct arena *a, struct type *t, struct str name);

// --- words ---

// One scalar that a value is made of. ABI rules place values word by word.
enum word_class { WORD_INT, WORD_FLOAT };

struct type_word {
	struct str path;   // how to say it: "" for a scalar itself, ".ptr" ".len" ".cap" ".type"
			   // ".data" ".tab", ".Field.ptr", "[0]", ".real"
	struct type *type; // of this word (uint8 pointer, int, ...); may be NULL for a header word
			   // such as an itab
	uint64_t off;      // from the start of the value
	uint32_t size;
	enum word_class cls;
};

struct type_words {
	struct type_word *v;
	size_t n;
	size_t cap;
	bool is_cut;         // there were more than TYPE_WORDS_MAX
	bool has_long_array; // an array of two or more items is inside: Go never passes that in
			     // registers
};

#define TYPE_WORDS_MAX 256

// Takes a value apart into scalars, in memory order. C types too.
MUST_USE struct err *type_flatten(struct arena *a, struct type *t, struct type_words *out);

// --- places ---

enum place_kind {
	PLACE_NONE,  // not available here (optimised away)
	PLACE_REG,   // in register reg, from its byte off on
	PLACE_MEM,   // in memory at register reg + off (reg is SP when it is relative to the stack
		     // pointer)
	PLACE_CFA,   // in memory at CFA + off (CFA: the stack pointer before the call pushed the
		     // return address)
	PLACE_ADDR,  // in memory at the fixed address off (a virtual address of the file)
	PLACE_TLS,   // thread local, at off
	PLACE_CONST, // the value itself is off
	PLACE_IMPLICIT, // the value's bytes are data
	PLACE_VALUE,    // the value is reg + off (computed, lives nowhere); with is_cfa, CFA + off
	PLACE_VADDR,    // the value is the virtual address off of the file (a pointer to something
			// fixed)
	PLACE_DEREF, // in memory at (the word at reg + off) + off2; with is_cfa, the word at CFA +
		     // off
	PLACE_COMPLEX, // readable in principle, by a computation that this model has no words for
};

// Where one piece of a value is. Registers are DWARF's numbers for the machine.
struct place {
	enum place_kind kind;
	bool is_cfa;
	uint16_t reg;
	uint64_t off_in_value; // which bytes of the value
	uint64_t size;         // 0: all of it
	int64_t off;
	int64_t off2;
	struct bytes data;
};

// A whole value: its pieces in order. No piece at all: not available.
struct places {
	struct place *v;
	size_t n;
};

// True if every word of the value can be read directly: none is missing or complex. words: of the
// value's type; NULL when they are not known (then only what the places say counts).
bool places_are_whole(const struct places *p, const struct type_words *words);

#endif
