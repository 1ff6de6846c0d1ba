// SPDX-License-Identifier: Apache-2.0
// How a book is made: what the files share that find out where a type's references are. Private to
// the folder; rendering needs internal.h only.
#ifndef VALUE_BOOK_H
#define VALUE_BOOK_H

#include "base/map.h"
#include "value/internal.h"

// The references of one type, while they are collected.
struct sketch {
	struct value_book *book;
	uint64_t size;  // of the type, as the table has it
	unsigned depth; // of its values, at least
	uint8_t keep;   // of pointers that cost nothing: see struct value_ref
	uint32_t steps; // that are left: a file can describe types of any size
	// Of the references that are added next:
	bool is_free;   // they cost nothing
	bool is_secret; // they are left out, and plain data is erased
	bool is_end;    // they are left out: of an array's items enough are followed
	enum value_guard guard;
	uint16_t guard_off;
	struct type *trie; // the inner node of a hash trie that we are in
	VEC(struct value_ref) refs;
	VEC(struct value_ref) erased;
};

// What costs nothing, like the nodes of a tree, leaves so many sixteenths of a snapshot to what it
// leads to; what is at the end of such a way needs less.
#define KEEP_OF_NODES 8
#define KEEP_OF_LAST  5

// Bytes of a table at most. What a map of the kernel has to hold, and its verifier to know the size
// of.
#define TABLE_MAX (3u << 20)

// A type by its number.
struct entry {
	struct type *type; // NULL: the inside of something
	void (*describe)(struct sketch *s, const struct entry *e);
	const void *inside; // for describe
	uint64_t size;
	uint32_t first_ref;
	uint16_t n_refs;
	uint16_t depth; // what the shortest way from a root costs
	bool is_reached;
	bool is_described;
};

struct entries {
	struct entry *v;
	size_t n;
	size_t cap;
};
struct numbers {
	uint32_t *v;
	size_t n;
	size_t cap;
};
struct value_refs {
	struct value_ref *v;
	size_t n;
	size_t cap;
};

struct value_book {
	struct arena *arena;
	struct target *target;
	struct value_limits limits;
	const struct value_secrets *secrets;
	struct entries entries; // by number
	struct map *numbers;    // canonical type -> struct number
	struct map *canon;      // type -> canonical type
	struct map *maps;       // canonical map type -> struct map_layout
	struct map *tries;      // inner node's type -> struct trie
	struct map *names;      // type -> struct str
	struct map *alike;      // hash of references -> number of the first type that has them
	struct map *shapes;     // see book_shapes
	struct value_refs refs;
	uint32_t channel; // the number of the head of a Go channel
	uint32_t any;     // of an interface{} that only an unsafe pointer leads to; 0: none yet
	struct numbers now, next; // reached and not yet described: at this depth, one deeper
	unsigned depth;           // of now
	bool wants_dynamic;       // there is an interface
	bool has_dynamic;
	uint64_t ip4;   // address of the variable net/netip.z4, up to Go 1.22; 0: not known
	bool has_ip4;   // it has been sought
	uint64_t steps; // that may be done for all types together
	struct sketch sketch;
	struct value_table table;
};

// --- book.c ---

// A number for what is no type of the program. size is checked by whoever describes it.
uint32_t book_add_inside(struct value_book *b, uint64_t size,
			 void (*describe)(struct sketch *, const struct entry *),
			 const void *inside);
// As book_canon, which only remembers.
struct type *book_canon_of(const struct value_book *b, struct type *t);
// The number of a canonical type, a new one if it has none.
uint32_t book_add(struct value_book *b, struct type *canon);
// Whether the table would be larger than it may be.
bool book_is_too_large(const struct value_book *b);
// Something at that depth leads to it.
void book_reach(struct value_book *b, uint32_t number, unsigned depth);

// --- refs.c ---

void describe_type(struct sketch *s, const struct entry *e);
// A value of t at off: all that it refers to.
void sketch_value(struct sketch *s, struct type *t, uint64_t off, unsigned level);
// One reference. cost is what it costs unless is_free.
void sketch_ref(struct sketch *s, enum value_how how, uint64_t off, uint32_t number, unsigned cost);
// The same to values of a type, which needs no number yet.
void sketch_to(struct sketch *s, enum value_how how, uint64_t off, struct type *t, unsigned cost);
void sketch_interface(struct sketch *s, const struct type *t, uint64_t off);
// A word that is compared with a variable of the program (VALUE_SAME).
void sketch_same(struct sketch *s, uint64_t off, uint64_t vaddr);
// Whether one more step may be done.
bool sketch_step(struct sketch *s);
// Whether references at the present depth with that cost are followed.
bool sketch_reaches(const struct sketch *s, unsigned cost);

// --- erase.c ---

// A value of t at off must not be seen, but for what is public of a private key.
void erase_value(struct sketch *s, struct type *t, uint64_t off, unsigned level);
// A value of t at off that must not be seen at all.
void erase_secret(struct sketch *s, struct type *t, uint64_t off, unsigned level);

// --- known.c ---

enum field_rule {
	FIELD_PLAIN,
	FIELD_SKIP,    // leads to nothing that people want to see
	FIELD_FREE,    // part of the value, for whoever looks at it
	FIELD_POINTEE, // unsafe.Pointer to what the struct's type argument says
	FIELD_ANY,     // unsafe.Pointer to an interface
};
// What is known of a field of a struct of Go's own packages.
enum field_rule field_rule(const struct type *holder, struct str field);
// What is compared with variables of Go's own packages: a field at off.
void sketch_known(struct sketch *s, const struct type *holder, const struct type_field *f,
		  uint64_t off);
// Whether pointers to that type lead into the runtime's insides.
bool is_runtime_inside(const struct type *t);
// The same of what C++'s compiler and library add.
bool is_library_inside(const struct type *t);
// Whether pointers to that type are a part of the value that has them.
bool is_part(const struct type *t);
// A FIELD_POINTEE or FIELD_ANY at off of a struct that is at base.
void sketch_unsafe(struct sketch *s, const struct type *holder, enum field_rule rule, uint64_t off);
// Libraries of C++ and Rust: true if t is one of their strings, which is then done.
bool sketch_string(struct sketch *s, const struct type *t, uint64_t off);

// --- special.c ---

// Whether it is an error that is nothing but its text.
bool is_plain_error(const struct type *t);

// --- maps.c ---

void sketch_map(struct sketch *s, struct type *map, uint64_t off);

// --- trie.c ---

// Go's hash trie has inner nodes and leaves, which are told apart by their first byte.
bool is_trie_inner(const struct type *t);
// What both begin with, which is all that the type of a pointer to one says.
bool is_trie_head(const struct type *t);
// The pointer at off in an inner node, which s->trie is the type of, to a node of either kind.
void sketch_trie(struct sketch *s, uint64_t off);

// --- dynamic.c ---

// All types that a value in an interface can have are reached at that depth.
void dynamic_reach(struct value_book *b, unsigned depth);
// The slots, when all numbers are given. NULL: too many.
struct value_dynamic *dynamic_slots(struct value_book *b, struct arena *a, uint32_t *n);

#endif
