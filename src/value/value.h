// SPDX-License-Identifier: Apache-2.0
// Whole values: which memory belongs to a value, and how all of it looks.
//
//     struct type -> book -> table -> (BPF follows it) -> snapshot -> text, JSON
//
// A book has a number for every type that a value can lead to, and for each of them says where in
// its bytes references are and what they refer to. BPF programs get that as a table of numbers
// (code/walk.c follows it) and make a snapshot: the value's bytes, then those of what it refers to,
// then of what these refer to. Rendering needs the book and the snapshot, and never the traced
// program. Hides how Go (of every version), C and C++ lay out what is behind a value: maps,
// channels, interfaces, locks, times.
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "out/out.h"
#include "target/target.h"

// --- limits ---

struct value_limits {
	uint32_t depth; // references that are followed one behind the other; strings do not count
	uint32_t items; // of a slice, of a map
	uint32_t text;  // bytes of a string, and of a slice of bytes
	uint32_t bytes; // of a snapshot
};

#define VALUE_DEPTH_MAX 32
#define VALUE_ITEMS_MAX 4096
#define VALUE_TEXT_MAX  4096
#define VALUE_BYTES_MAX (64u << 10)
#define VALUE_BYTES_OLD (8u << 10) // where a program's memory is small
// Bytes of one item at most, whatever its type says.
#define VALUE_ITEM_MAX (8u << 10)
// Buckets or groups of a map's table at most: they are half full, or a little less.
#define VALUE_TABLE_ITEMS(items) ((items) / 2 + 4)

// --- names whose values are not shown ---

struct value_secrets;
// patterns: globs or words, in any case, '_' and '-' ignored; a word matches inside of a name, too.
// The default list (password, secret, ...) is always there, unless has_defaults is false.
struct value_secrets *value_secrets_new(struct arena *a, const struct str *patterns, size_t n,
					bool has_defaults);
bool value_is_secret(const struct value_secrets *s, struct str name);

// --- the book ---

struct value_book; // of one program

// t: NULL is a program about which nothing is known but the types that are given. secrets may be
// NULL. Everything is the arena's, which must not outlive the target.
struct value_book *value_book_new(struct arena *a, struct target *t,
				  const struct value_limits *limits,
				  const struct value_secrets *secrets);
// The number of a type whose values can be the first of a snapshot. To be called before
// value_book_finish.
uint32_t value_book_root(struct value_book *b, struct type *t);
// Finds all that the roots lead to, and makes the table. ERR_UNSUPPORTED if it becomes too large.
MUST_USE struct err *value_book_finish(struct value_book *b);
const struct value_limits *value_book_limits(const struct value_book *b);

// --- the table: what BPF reads ---
//
// bytes hold, one behind the other, struct value_type[n_types], struct value_ref[n_refs] (at
// refs_off) and struct value_dynamic[n_slots] (at dynamic_off).

// A type by its number. Number 0 is bytes: size 1, without references.
struct value_type {
	uint32_t size; // of one, at least 1
	uint32_t first_ref;
	uint16_t n_refs;
	uint16_t flags; // VALUE_TYPE_*
	uint32_t zero;
};

// In an interface the second word is the value itself (a pointer, a map, ...), not its address.
#define VALUE_TYPE_DIRECT 1

// What a reference at off says. word(n) is the 64-bit word n bytes behind it.
enum value_how {
	VALUE_POINTER, // word(0): the address of one
	VALUE_STRING,  // word(0): the address, word(8): how many bytes; limited as text
	VALUE_SLICE,   // word(0): the address, word(8): how many; limited as items
	VALUE_CSTRING, // word(0): the address of text up to a NUL; limited as text
	// word(0): a type descriptor's address, word(8): the data. In the snapshot the descriptor's
	// address is that in the file; of one that is not among the file's types it stays as it
	// was, if there is something. What the data is, map dynamic tells.
	VALUE_EFACE,
	// word(0): an itab's address, of which the word at 8 is the type descriptor's; in the
	// snapshot that one's stands here, as with EFACE.
	VALUE_IFACE,
	// word(0): the address of an address of code. In the snapshot the latter, in the file.
	VALUE_FUNC,
	// These count by what stands at fixed places of Go's map headers:
	VALUE_BUCKETS, // word(0): the address, 1 << (byte(-7) & 63): how many (hmap: buckets, B)
	// word(0): the address, 1 << (B - 1), or 1 << B if byte(-16) & 8: how many (hmap:
	// oldbuckets)
	VALUE_OLD_BUCKETS,
	VALUE_GROUPS, // word(0): the address, word(8) + 1: how many (table: groups)
	VALUE_ERASE,  // no reference: in the snapshot type bytes, 256 at most, become 0
	// No reference: if word(0) is the word that is at address type in the file, and not 0, it
	// becomes 1 in the snapshot.
	VALUE_SAME,
};

// A reference is followed only if that holds. The byte is guard_off bytes from the type's start.
enum value_guard {
	VALUE_ALWAYS,
	VALUE_IF_ZERO,      // byte == 0
	VALUE_IF_NOT_ZERO,  // byte != 0
	VALUE_IF_TOPHASH,   // byte >= 5: a slot of an hmap's bucket is in use
	VALUE_IF_CTRL,      // byte < 128: a slot of a Swiss group is in use
	VALUE_IF_WORD_ZERO, // the 64-bit word there == 0: a Swiss map of one group
	VALUE_IF_WORD_NOT_ZERO,
};

struct value_ref {
	uint32_t off;  // from the type's start
	uint32_t type; // of what is there; ERASE: how many bytes; SAME: an address
	uint8_t how;
	uint8_t guard;
	uint16_t guard_off;
	uint8_t cost; // 1: it makes the snapshot deeper, 0: it does not
	uint8_t keep; // sixteenths of the room that must be left for what it leads to
	uint8_t zero[2];
};

// From a type descriptor's address in the file to the type's number. A slot without a type has
// number 0. A descriptor is in one of the VALUE_PROBES slots from value_hash() on, which are taken
// modulo n_slots, a power of two.
struct value_dynamic {
	uint32_t rtype; // its address, less types_base
	uint32_t type;
};
#define VALUE_PROBES 8
#define VALUE_HASH   0x9e3779b1u
// (rtype >> 3) * VALUE_HASH >> 8, in 32 bits
static inline uint32_t value_hash(uint32_t rtype)
{
	return (uint32_t)((rtype >> 3) * VALUE_HASH) >> 8;
}

struct value_table {
	struct bytes bytes;
	uint32_t n_types;
	uint32_t n_refs;
	uint32_t refs_off;
	uint32_t n_slots; // 0: no reference is to an interface whose data is followed
	uint32_t dynamic_off;
	uint64_t types_base;
	uint64_t types_size;
};
// After value_book_finish.
const struct value_table *value_book_table(const struct value_book *b);

// --- the snapshot ---
//
// One item behind the other, each a struct value_item and then size bytes, filled up to a multiple
// of 8. The first one is the value itself. BPF appends an item for every reference that it follows,
// in the order in which it finds them, unless an item with the same address, type and size is
// there.

struct value_item {
	// In the traced program. Of the first one, if it is several values: bit i is set if number
	// i could not be read; those from VALUE_MARK_MAX on share one.
	uint64_t addr;
	uint32_t type; // its number
	uint32_t size; // bytes that follow: size of the type, times count, or cut
	uint32_t want; // bytes that there are in the program; more than size: cut. UINT32_MAX: more
	uint16_t depth;
	uint16_t flags; // VALUE_ITEM_*
};

#define VALUE_ITEM_UNREADABLE 1 // size is 0
#define VALUE_MARK_MAX        31u

// In place of an interface's type descriptor or a function's code that could not be read.
#define VALUE_UNREADABLE UINT64_MAX

// --- how it looks ---

struct value_style {
	unsigned width;   // lines that are longer are broken and indented; 0: never
	unsigned indent;  // blanks before lines that follow
	bool shows_zeros; // fields that are zero, too
	bool colours;     // errors are red
	bool is_call;     // arguments as in a call: (a=1, b="x"), binary bytes in short
	bool is_bare;     // and without that frame: a=1 b="x"
};

// As Go (or C) would write it: &main.T{Name: "x", Tags: []string{"a"}}. A string that is the value
// itself is in quotes.
void value_text(const struct value_book *b, uint32_t root, struct bytes snapshot,
		const struct value_style *style, struct out_buf *out);
// As one JSON value: {"type": "*main.T", "addr": "0xc000012340", "fields": {"Name": "x", ...}}.
void value_json(const struct value_book *b, uint32_t root, struct bytes snapshot, struct json *j);

#endif
