// SPDX-License-Identifier: Apache-2.0
// What the files that show whole values share. Private to the folder.
//
//     snapshot -> items   (snapshot.c)
//     types    -> shapes  (shape.c)
//     both     -> one walk (render.c, entries.c, special.c and what it names)
//              -> a sink: text (text.c, wrap.c) or JSON (json.c)
//
// The walk knows Go and C: what is nil, what belongs to a map and in which order, what was cut. A
// sink knows how that is written. All bytes are those of another program, taken while it ran: any
// length and any address in them may be wrong.
#ifndef VALUE_RENDER_H
#define VALUE_RENDER_H

#include "base/map.h"
#include "value/internal.h"

// --- bytes that may be too few ---

// n bytes from off on, fewer if there are not so many.
static inline struct bytes bytes_at(struct bytes v, uint64_t off, uint64_t n)
{
	if (off >= v.len)
		return (struct bytes) { v.p, 0 };
	return (struct bytes) { v.p + off, (size_t)MIN(n, v.len - off) };
}

// An unsigned number of size bytes, 8 at most; what is missing reads as 0.
static inline uint64_t uint_at(struct bytes v, uint64_t off, uint64_t size)
{
	struct bytes b = bytes_at(v, off, MIN(size, 8u));
	uint64_t n = 0;
	if (b.len)
		memcpy(&n, b.p, b.len);
	return n;
}

static inline uint64_t word_at(struct bytes v, uint64_t off)
{
	return uint_at(v, off, 8);
}

static inline bool is_whole(struct bytes v, uint64_t size)
{
	return v.len >= size;
}

bool bytes_are_zero(struct bytes v);

// --- the snapshot (snapshot.c) ---

struct item {
	uint64_t addr;
	uint32_t type;
	uint32_t want;
	struct bytes v;
	bool is_unreadable;
	uint32_t seen; // entries.c: the last round in which it was visited
};

#define SNAPSHOT_SMALL 10 // up to here items are sought one by one

struct snapshot {
	struct item *v;
	size_t n;
	uint32_t *slots; // by hash: index + 1
	size_t n_slots;  // a power of two; 0: sought one by one
	struct item small[SNAPSHOT_SMALL];
};

// The items lie in b and live as long.
void snapshot_init(struct snapshot *s, struct bytes b);
void snapshot_free(struct snapshot *s);
// NULL if there is none; of several the largest.
struct item *snapshot_find(const struct snapshot *s, uint64_t addr, uint32_t type);
// Of any type; the first one that has as many bytes.
struct item *snapshot_find_any(const struct snapshot *s, uint64_t addr, size_t size);

// --- types (shape.c) ---

struct shape_field {
	struct str name;
	struct type *type;
	struct shape *shape; // when it was needed once: see field_shape
	uint64_t off;
	uint16_t bit_size, bit_off;
	bool is_blank;  // never shown
	bool is_secret; // its value is not shown
};

// What rendering knows of a type. Made once, kept with the book.
struct shape {
	struct type *type;  // canonical
	struct type *under; // behind its name
	enum type_kind kind;
	uint64_t size;
	bool is_go;
	bool is_byte;   // Go's uint8 itself
	bool is_direct; // in an interface the word is the value
	bool is_secret; // whatever its name is
	bool has_number;
	uint32_t number;
	struct str name;            // see shape_name
	struct shape *elem;         // see shape_elem
	struct shape_field *fields; // STRUCT, UNION
	size_t n_fields;
	bool is_opaque;                // the fields cannot be read
	bool knows_secret, has_secret; // render.c: a field, or one in a field, that is not shown
	const struct special *special; // NULL: none
};

struct render;
struct shape *shape_of(struct render *r, struct type *t); // NULL if t is NULL
struct shape *shape_elem(struct render *r, struct shape *s);
struct shape *field_shape(struct render *r, struct shape_field *f);
// As Go prints it; of C types as they are spelled.
struct str shape_name(struct render *r, struct shape *s);
// Of interface{} and bool.
struct shape *shape_any(struct render *r);
struct shape *shape_bool(struct render *r);
// A slice or array of bytes without a name of its own, and what it is called: []byte, [4]byte.
bool shape_is_byte_list(struct render *r, struct shape *s);
void shape_put_byte_list(const struct shape *s, struct out_buf *out);
// A struct without a name of its own.
bool shape_is_unnamed(const struct shape *s);
// NULL if s has no such field.
struct shape_field *shape_field(const struct shape *s, struct str name);

// --- the walk (render.c) ---

// A value: its type, its bytes (fewer than its size: cut), its address in the program (0: unknown).
struct val {
	struct shape *s;
	struct bytes v;
	uint64_t addr;
};

// Where a value stands, which decides how much of its type is written.
enum where {
	WHERE_TYPED, // its type follows from the place, but a struct still says what it is
	WHERE_ELEM,  // of a list whose type says it all
	WHERE_ANY,   // in an interface
};

// What is written in place of a value.
enum mark { MARK_CUT, MARK_UNREADABLE, MARK_REDACTED };

enum group { GROUP_STRUCT, GROUP_LIST, GROUP_MAP, GROUP_ARGS, GROUP_TUPLE };

// Why a reference is not followed.
enum far { FAR_CUT, FAR_CYCLE, FAR_UNREADABLE };

// A special type's text.
enum text_form {
	TEXT_BARE,   // 2026-11-28 17:24:23 +0000 UTC, 1.5s
	TEXT_CALL,   // net.IP(1.2.3.4)
	TEXT_QUOTED, // url.URL("/x")
	TEXT_ERROR,  // error "x"
};

struct special_text {
	enum text_form form;
	struct str label; // ERROR: what stands before it
	struct str text;
	bool is_cut;        // more would follow
	bool is_unreadable; // there is no text
	const char *number; // JSON: what the number is called; NULL: there is none
	int64_t n;
};

struct chan_facts {
	uint64_t len, cap;
	bool is_closed;
};

struct sink {
	void (*nil)(struct render *r, struct shape *s, enum where w);
	void (*mark)(struct render *r, enum mark m);
	// BOOL, INT, UINT, CHAR, FLOAT, COMPLEX, ENUM, and PTR that refer to nothing known.
	void (*scalar)(struct render *r, struct val v, enum where w);
	// have: the first bytes of len.
	void (*string)(struct render *r, struct shape *s, struct str have, uint64_t len,
		       enum where w);
	// Of a slice or an array; never empty but cut.
	void (*bytes)(struct render *r, struct shape *s, struct str have, uint64_t len);
	// name: empty if the code has none.
	void (*func)(struct render *r, struct shape *s, struct str name, uint64_t code);
	void (*chan)(struct render *r, struct shape *s, const struct chan_facts *c);
	void (*text)(struct render *r, struct shape *s, const struct special_text *t, enum where w);
	// A pointer to an error: its text, and what it points to.
	void (*error)(struct render *r, struct val ptr, struct val target,
		      const struct special_text *t);
	// A pointer, slice, map or chan whose address is all that is told.
	void (*far)(struct render *r, struct shape *s, uint64_t addr, enum far why, enum where w);
	// What is in an interface, if it is not there. s NULL: the descriptor's address is all that
	// is known.
	void (*absent)(struct render *r, struct shape *s, uint64_t rtype);
	// The target follows, as one value.
	void (*ptr_begin)(struct render *r, struct shape *s, uint64_t addr, struct shape *target);
	void (*ptr_end)(struct render *r);
	// One value follows, which is shown as T(value).
	void (*call_begin)(struct render *r, struct shape *s);
	void (*call_end)(struct render *r);
	// len: of lists and maps. has_text_keys: all keys of a map come by key_text.
	void (*open)(struct render *r, struct shape *s, enum group g, uint64_t len, enum where w,
		     bool has_text_keys);
	void (*close)(struct render *r, enum group g, bool has_text_keys);
	// Before the value of a field, an item of a list.
	void (*field)(struct render *r, struct shape *s, struct str name);
	void (*item)(struct render *r);
	// Before the value of a map's entry; the key's value stands between key_begin and key_end.
	void (*key_text)(struct render *r, struct str key);
	void (*key_begin)(struct render *r);
	void (*key_end)(struct render *r);
	void (*entry_end)(struct render *r, bool has_text_key);
	// At the end of a group: n items or entries are not shown; UINT64_MAX: nobody knows.
	void (*more)(struct render *r, uint64_t n);
	// In place of the items of a list or the entries of a map.
	void (*unreadable)(struct render *r);
};

extern const struct sink text_sink, json_sink;

// A reference that is being followed.
struct frame {
	uint64_t addr;
	uint32_t type;
	const struct frame *outer;
};

// Where lines of text may be broken (wrap.c).
struct break_mark {
	uint32_t off;   // in the text on one line
	uint32_t match; // OPEN: index of its CLOSE
	char kind;      // '{', ',' or '}'
};
struct breaks {
	struct break_mark *v;
	size_t n, cap;
	uint32_t open[OUT_DEPTH_MAX + 2]; // OPENs without a CLOSE, innermost last
	unsigned depth;
};
// Breaks the text in out from start on, if it does not fit.
void breaks_apply(struct breaks *b, const struct value_style *style, struct out_buf *out,
		  size_t start);
void breaks_free(struct breaks *b);
void breaks_add(struct breaks *b, char kind, size_t off);

struct render {
	struct value_book *book;
	const struct sink *sink;
	struct snapshot snapshot;
	uint64_t unread; // of several values, those that could not be read: see struct value_item
	const struct value_limits *limits;
	bool shows_zeros;
	bool colours; // errors are red
	bool is_call; // arguments stand as in a call
	bool is_bare; // without its brackets and commas
	unsigned depth;
	const struct frame *frames;
	// Steps that are left: a bound of time and of output, as values may refer to each other in
	// any way.
	uint64_t steps;
	size_t output_max; // bytes of out at which no more is written
	uint32_t round;    // of struct item's seen
	unsigned n_groups; // that are open

	// text
	struct out_buf *out;
	struct breaks *breaks;           // NULL: lines are never broken
	bool is_first;                   // of a group
	char closers[OUT_DEPTH_MAX + 2]; // by group

	// JSON
	struct json *json;
	bool has_names;          // the first group is a tuple whose items have names
	bool is_pointer;         // a pointer's object is open, and its target comes next
	uint64_t n_more;         // of the group that is closed next; UINT64_MAX: nobody knows
	bool is_list_unreadable; // the same
	bool has_object[OUT_DEPTH_MAX + 2]; // by group: whether it has an object of its own
};

// One value, with all that it refers to.
void render_value(struct render *r, struct val v, enum where w);
// The fields of a struct, between open and close.
void render_fields(struct render *r, struct val v);
// A value as text, in a buffer of its own.
void render_to_text(struct render *r, struct val v, enum where w, struct out_buf *out);
// No more is to be written: the caller ends its group.
bool render_is_full(const struct render *r);
// Takes n steps; false if there are none left.
bool render_step(struct render *r, uint64_t n);
bool value_is_zero(struct render *r, struct val v);

// --- parts of values, for special types ---

// The field of that name, which may be cut. False if there is none.
bool val_field(struct render *r, struct val v, struct str name, struct val *out);
// The unsigned number in the field of that name: of a struct with one such field too, down to the
// number itself (atomic.Int32, whose field is v). False if there is none.
bool val_uint(struct render *r, struct val v, struct str name, uint64_t *out);
bool val_int(struct render *r, struct val v, struct str name, int64_t *out);
// What a PTR refers to, if it was captured.
bool val_target(struct render *r, struct val ptr, struct val *out);
// What is in an interface. False if it is nil or not there.
bool val_inside(struct render *r, struct val iface, struct val *out);
// The bytes of a STRING or of a slice of bytes: as many as there are, and how many there should be.
// False if it is none or not readable.
bool val_text(struct render *r, struct val v, struct str *have, uint64_t *len);
bool val_text_field(struct render *r, struct val v, struct str name, struct str *have,
		    uint64_t *len);
// The pointer in an atomic.Pointer, with its type.
bool val_atomic_pointer(struct render *r, struct val v, struct val *out);
// Whether what a PTR, IFACE or SLICE refers to was sought and could not be read.
bool val_is_unreadable(struct render *r, struct val v);
// Whether nothing of a STRING, or of what an IFACE holds, was captured for want of room.
bool val_is_cut(struct render *r, struct val v);
// The items of a slice that are there.
bool val_slice(struct render *r, struct val v, struct val *items, uint64_t *len);

// Text that stands without quotes: nothing in it moves the terminal's cursor.
void put_plain(struct str s, struct out_buf *out);

// --- maps (entries.c) ---

struct map_entry {
	struct val key, elem;
};
enum map_state { MAP_READ, MAP_ABSENT, MAP_UNREADABLE };
struct map_entries {
	struct map_entry *v;
	size_t n, cap;
	enum map_state state;
	uint64_t count; // that the header tells; UINT64_MAX: more than there are
};
// Those of a MAP, in no order. To be freed.
void map_entries_read(struct render *r, struct val map, struct map_entries *out);
void map_entries_add(struct map_entries *e, struct val key, struct val elem);
void map_entries_free(struct map_entries *e);
// Shows them in order of their keys, each key once.
void render_entries(struct render *r, struct shape *map, struct map_entries *e, enum where w);
void render_map(struct render *r, struct val v, enum where w);

// The order of keys, as fmt has it, but that interfaces are in order of their types' names
// (order.c). *has_nan: set if they are not equal to themselves.
int order_keys(struct render *r, struct val a, struct val b, bool *has_nan);

// --- C (cvalue.c) ---

// True if it has shown v.
bool render_c(struct render *r, struct val v, enum where w);

// --- special types (special.c) ---

// Shows v; false, without having written anything, if v is not as expected.
typedef bool special_fn(struct render *r, struct val v, enum where w);
// Adds what Error() returns; false if something is missing, which ends it.
typedef bool error_fn(struct render *r, struct val v, struct out_buf *out);

struct special {
	struct str name; // of generic types without their arguments
	special_fn *show;
	error_fn *error; // with show: of the type itself, else of pointers to it
	bool is_plain;   // an error that stands as error "text", without its type
	bool is_generic;
};

const struct special *special_find(struct str name);
// A pointer to an error of known text; false if it is none.
bool special_error(struct render *r, struct val ptr, struct val target);

special_fn show_time, show_duration;
special_fn show_ip, show_netip_addr, show_netip_addrport, show_netip_prefix, show_url;
special_fn show_big_int, show_bytes_buffer, show_strings_builder;
special_fn show_mutex, show_rwmutex, show_once, show_waitgroup, show_sync_map;
special_fn show_atomic, show_atomic_bool, show_atomic_pointer, show_atomic_value;
special_fn show_errno, show_deadline;
error_fn error_string, error_wrap, error_join, error_path, error_link, error_syscall, error_num;
error_fn error_deadline;
error_fn error_url, error_exec, error_op, error_dns, error_errno;

// Text of net's addresses (net.c): adds it, false if v is none.
bool net_addr_text(struct render *r, struct val v, struct out_buf *out);
// Go's name and text of an error number (errno.c); false if it has none. is_old: up to Go 1.24.
bool errno_text(uint64_t n, bool is_old, struct str *name, struct str *text);

#endif
