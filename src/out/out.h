// SPDX-License-Identifier: Apache-2.0
// The shapes of what people and tools read: JSON lines, aligned columns, and everything that a
// script prints, as bpftrace prints it. Hides quoting, escaping and layout.
//
// Sections: text buffers, JSON, text, times, Go's forms, values, printf, aggregations, maps,
// events.
#ifndef OUT_OUT_H
#define OUT_OUT_H

#include <stdio.h>

#include "base/arena.h"

// --- text buffers ---

// Text that grows as it is written. A zeroed one is empty; out_buf_free gives its memory back, and
// setting n to 0 empties it for the next use. Lack of memory stops the program.
struct out_buf {
	char *p;
	size_t n;
	size_t cap;
};

void out_buf_free(struct out_buf *b);
void out_buf_add(struct out_buf *b, const void *p, size_t n);
void out_buf_fill(struct out_buf *b, char c, size_t n);
void out_buf_printf(struct out_buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline void out_buf_str(struct out_buf *b, struct str s)
{
	out_buf_add(b, s.p, s.len);
}

// Good until the buffer is written to or freed.
static inline struct str out_buf_view(const struct out_buf *b)
{
	return (struct str) { b->p, b->n };
}

// --- JSON ---

// Writes one JSON value; commas are put by itself. Text that is not UTF-8 has its bad bytes
// replaced by U+FFFD.
struct json {
	FILE *f;
	bool needs_comma;
	bool is_spaced; // {"a": 1, "b": [1,2]}, as bpftrace writes it
};

static inline struct json json_init(FILE *f)
{
	return (struct json) { .f = f };
}

void json_key(struct json *j, const char *key);
void json_key_str(struct json *j, struct str key);
void json_open(struct json *j, char bracket);  // '{' or '['
void json_close(struct json *j, char bracket); // '}' or ']'
void json_str(struct json *j, struct str s);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
// As a string where a reader that keeps numbers as doubles would change the number.
void json_exact_u64(struct json *j, uint64_t v);
void json_exact_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
void json_redacted(struct json *j); // {"redacted": true}: a secret
// Text that is a number in JSON.
void json_number(struct json *j, struct str text);
// A number as a string "0x..": addresses do not fit in a JSON number everywhere.
void json_hex(struct json *j, uint64_t v);
// Ends the line.
void json_end(struct json *j);

// "key": value, for the common cases.
void json_kstr(struct json *j, const char *key, struct str s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_khex(struct json *j, const char *key, uint64_t v);
void json_kbool(struct json *j, const char *key, bool v);

// --- text ---

// Untrusted text for a terminal or a line of text: control bytes are written as \xNN. No quotes.
void out_text(FILE *f, struct str s);

// Rows of cells that become aligned columns when printed; the last cell of a row is never padded.
struct table;
struct table *table_new(void);
void table_free(struct table *t);
void table_cell(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void table_row(struct table *t); // ends a row
// Prints each row after indent spaces, columns two spaces apart.
void table_print(const struct table *t, FILE *f, int indent);

// --- times ---

enum out_clock {
	OUT_CLOCK_BOOT, // what nsecs is
	OUT_CLOCK_MONOTONIC,
	OUT_CLOCK_TAI,
	OUT_CLOCK_WALL, // nanoseconds since 1970
	OUT_N_CLOCKS,
};

// What to add to each clock's nanoseconds to get wall time; wraps around.
struct out_clocks {
	uint64_t to_wall[OUT_N_CLOCKS];
};

// As the system's clocks stand now.
struct out_clocks out_clocks_now(void);

// strftime of local time, with %f: six digits of microseconds.
void out_strftime(struct out_buf *b, struct str format, uint64_t wall_ns);

// "412ns", "88.1us", "1.21ms", "3.02s": three digits and a unit; from 1,000 seconds on "16m40s",
// "2h46m".
void out_duration(struct out_buf *b, uint64_t ns);
// "18,201"
void out_amount(struct out_buf *b, uint64_t n);

// --- Go's own forms ---

// The number of 4 or 8 bytes there; bytes that are missing are 0.
double out_float_at(struct bytes v, size_t off, size_t size);
// Of 4 or 8 bytes, as %v has it: 1e+06, 0.1, NaN, +Inf.
void out_go_float(struct bytes v, struct out_buf *b);
// A number, or a string if JSON has no number for it.
void out_go_float_json(struct bytes v, struct json *j);
// Two of them: (1+2i).
void out_go_complex(struct bytes v, struct out_buf *b);
// time.Duration, as its String() has it: 1.5s.
void out_go_duration(int64_t ns, struct out_buf *b);
// As strconv.Quote does.
void out_go_quote(struct str s, struct out_buf *b);
// UTF-8 that can be printed, line ends and tabs among it. is_cut: a character that is not all there
// may stand at its end, and is then taken off.
bool out_go_is_text(struct str *s, bool is_cut);

// --- values ---
//
// struct out_type says what the bytes of a value mean; the checker makes one for all that a script
// prints. All numbers are little-endian and need no alignment.

enum out_kind {
	OUT_NONE,      // no value
	OUT_INT,       // 1, 2, 4 or 8 bytes
	OUT_UINT,      // the same
	OUT_BOOL,      // 1 byte
	OUT_POINTER,   // 8 bytes
	OUT_ENUM,      // 1, 2, 4 or 8 bytes; is_signed, names
	OUT_FLOAT,     // 4 or 8 bytes
	OUT_COMPLEX,   // two FLOATs of half the size
	OUT_STRING,    // text up to a NUL; without one it was cut, unless is_exact
	OUT_TEXT,      // Go's: uint64_t length of the original (OUT_UNREADABLE), its start
	OUT_SLICE,     // Go's: uint64_t address, length, capacity
	OUT_BUFFER,    // uint32_t length, then that many bytes
	OUT_ARRAY,     // count items of elem
	OUT_TUPLE,     // fields, whose names do not matter
	OUT_RECORD,    // fields: structs, unions, records
	OUT_TIMESTAMP, // uint64_t nanoseconds of clock, shown by format
	OUT_DURATION,  // uint64_t nanoseconds; a string in JSON too
	OUT_MAC,       // 6 bytes
	OUT_INET,      // uint32_t AF_INET or AF_INET6, then 4 or 16 bytes

	// What only the caller can put into words: env->resolve gets all of the bytes, which
	// begin with a uint64_t that is shown when there is no env->resolve.
	OUT_SYMBOL, // usym, ksym, func
	OUT_STACK,  // an empty line, then "        symbol+off" for each frame
	OUT_NAME,   // cgroup_path, username, ...
	OUT_GO,     // a Go value: its text, or JSON by resolve_json

	// Only as values of maps, after out_agg_merge. is_signed tells how to read the numbers.
	OUT_COUNT,   // uint64_t
	OUT_SUM,     // uint64_t
	OUT_MIN,     // struct out_extreme
	OUT_MAX,     // struct out_extreme
	OUT_AVG,     // struct out_total
	OUT_STATS,   // struct out_total
	OUT_HIST,    // uint64_t for each bucket: OUT_HIST_BUCKETS(bits)
	OUT_LHIST,   // uint64_t for each bucket: out_lhist_buckets()
	OUT_TSERIES, // struct out_tslot for each interval: n_intervals
	OUT_TIMES,   // struct out_times, then the buckets of a HIST of OUT_TIMES_BITS
};

// In place of a length or an address that could not be read: shown as <unreadable>, null in JSON.
#define OUT_UNREADABLE UINT64_MAX
// A Go text in a STRING: what is in the last 8 bytes of its value, beside how many bytes it has.
#define OUT_END_CUT        (1ULL << 32)
#define OUT_END_UNREADABLE (2ULL << 32)

struct out_type;

// A function that stands in a stack.
struct out_frame {
	struct str func; // "main.f"; what is not known is called by its file: "[libc.so.6]"
	struct str text; // with the place in it: "main.f+12"
	struct str file; // that its code is in; empty: not known
};

// From the innermost on; all of them are the arena's.
struct out_frames {
	struct arena *arena;
	VEC(struct out_frame) v;
};

struct out_field {
	struct str name;
	const struct out_type *type;
	uint32_t off;
	uint8_t bit_size; // 0: not a bit-field
	uint8_t bit_off;  // from the least significant bit of the bytes at off
	bool is_secret;   // shown as <redacted>
};

struct out_enumerator {
	struct str name;
	int64_t value;
};

struct out_type {
	enum out_kind kind;
	uint32_t size;               // bytes
	bool is_signed;              // ENUM and aggregations
	bool is_exact;               // STRING: may fill its bytes, like a C array of char
	bool is_word;                // INT, UINT: a register that may hold a C int (see printf)
	bool is_go;                  // STRING: see OUT_END_CUT; POINTER, NAME: 0 is nil
	bool is_duration;            // INT: Go's time.Duration
	const struct out_type *elem; // ARRAY
	uint32_t count;              // ARRAY
	const struct out_field *fields;
	uint32_t n_fields;
	const struct out_enumerator *names; // ENUM
	uint32_t n_names;
	struct str format;    // TIMESTAMP; NAME: what messages call it
	enum out_clock clock; // TIMESTAMP, and the clock that TSERIES counts intervals by
	uint8_t bits;         // HIST: k
	struct {
		int64_t min;
		int64_t max;
		uint64_t step;
	} lhist;
	struct {
		uint64_t interval_ns;
		uint32_t n_intervals;
		enum out_kind agg; // NONE (the last value), SUM, MIN, MAX or AVG
	} tseries;
	void *meaning; // the resolver's own
};

// Types nested deeper than this are cut.
#define OUT_DEPTH_MAX 64

// What rendering needs to know. A zeroed one works: symbols are addresses, cut strings have no
// mark.
struct out_env {
	struct str trailer;    // put after a string that was cut: ".."
	struct str go_trailer; // after one of Go: "..."
	struct out_clocks clocks;
	void *ctx;
	// Writes the text of a SYMBOL, STACK, NAME or GO. indent: blanks before each frame.
	void (*resolve)(void *ctx, const struct out_type *t, struct bytes v, unsigned indent,
			struct out_buf *b);
	// Adds the functions of a STACK, or of a SYMBOL that is a place in a stack. NULL: none.
	void (*frames)(void *ctx, const struct out_type *t, struct bytes v, struct out_frames *out);
	// Writes one JSON value for a GO; NULL: its text as a string.
	void (*resolve_json)(void *ctx, const struct out_type *t, struct bytes v, struct json *j);
};

struct out_value {
	const struct out_type *type;
	struct bytes bytes; // what is missing at their end reads as 0
	// A TUPLE's or RECORD's fields that could not be read: bit 0 is the first; all from the
	// 32nd on share the last.
	uint32_t unreadable;
};

// As print() and %s show it, without the newline: a string bare, also inside others; (1, a),
// { .a = 1, .b = x }, [1,2], 0x1f, true. What is Go's as Go prints it: 1e+06, (1+2i), 1.5s, nil; a
// slice is [3/4]0xc000012340, its length, its capacity and where it is.
void out_value_text(const struct out_env *env, struct out_value v, struct out_buf *b);
void out_value_json(const struct out_env *env, struct out_value v, struct json *j);
// False if the value is no number. INT, UINT, BOOL, POINTER, ENUM and aggregations of one number.
bool out_value_number(struct out_value v, uint64_t *out, bool *is_signed);
// An order for any two values of one type, as rows of a map are sorted: numbers by value, text by
// bytes, tuples by their first field, then the next.
int out_value_compare(const struct out_type *t, struct bytes a, struct bytes b);

// --- printf ---
//
// %d %i %u %x %X %o %c %p take numbers, %f %F %e %E %g %G floating point numbers, %s and %v
// anything, %q text (as Go quotes it), %t booleans, %r %rx %rh buffers; flags - 0 + # and
// blank, a width, a precision, and hh h l ll j z t mean what they mean in C. Without a length, a
// number keeps its own size, but at least C's 32 bits: bpftrace takes the lower 32 bits of all, and
// so loses the upper half of every nsecs. Of a raw word (is_word), which may well hold a C int, %d
// shows the int when the upper half is zero. Without a precision %g takes as many digits as tell
// the number, as in Go.

// What is wrong with a format: in bytes off to off + len of it, or about all of it (len 0).
struct out_format_error {
	size_t off;
	size_t len;
	int arg; // index of the argument that it is about, -1: none
	struct str text;
};

struct out_format {
	struct out_spec *specs;
	size_t n_specs; // as many as arguments
	struct str tail;
};

// False with *err filled in when the format is wrong or does not fit the arguments. Everything is
// the arena's.
bool out_format_parse(struct arena *a, struct str format, const struct out_type *const *args,
		      size_t n_args, struct out_format *out, struct out_format_error *err);
// Arguments beyond n_args render as nothing.
void out_format_render(const struct out_env *env, const struct out_format *f,
		       const struct out_value *args, size_t n_args, struct out_buf *b);

// --- aggregations ---

// An unset one reads as 0. As a part, before out_agg_merge, value is value ^ out_extreme_mask():
// of such words the larger one wins and 0 always loses, so that programs that interrupt each other
// can exchange them one against the other.
struct out_extreme {
	uint64_t value;
	uint64_t is_set;
};
uint64_t out_extreme_mask(const struct out_type *t);

struct out_total {
	uint64_t total;
	uint64_t count;
};

// Interval number epoch, which is the time divided by the interval, is in slot epoch % n_intervals.
struct out_tslot {
	uint64_t epoch; // 0: empty
	uint64_t value; // of AVG: the total
	uint64_t extra; // of AVG the count; without aggregation, when value was set
};

// How long calls took, in nanoseconds.
struct out_times {
	uint64_t total;
	uint64_t errors;        // calls that failed
	struct out_extreme max; // never signed
};
#define OUT_TIMES_BITS 5

// Bytes of one merged value; 0 when the type is no aggregation.
size_t out_agg_size(const struct out_type *t);
// Makes one value of n parts (one a CPU), each out_agg_size bytes, stride apart. merged: room for
// out_agg_size bytes. parts must have n * stride bytes.
void out_agg_merge(const struct out_type *t, const void *parts, size_t n, size_t stride,
		   void *merged);

// hist(x, k): which bucket x is in. The BPF code must compute the same numbers.
//
//     x < 0       0
//     x < 2^k     x + 1
//     else        ((m - k + 1) << k) + ((x >> (m - k)) & (2^k - 1)) + 1     m: x's highest bit
//
// All integers are read as int64_t, unsigned ones too: a C function's -1 is in the first bucket.
#define OUT_HIST_BITS_MAX   5
#define OUT_HIST_BUCKETS(k) ((size_t)(64 - (k)) << (k) | 1)
size_t out_hist_index(int64_t x, unsigned k);
// The smallest value of bucket i; i is at least 1.
uint64_t out_hist_low(size_t i, unsigned k);

// lhist(x, min, max, step), with min < max and step > 0; likewise the BPF code's definition too.
//
//     x < min     0
//     else        MIN((uint64_t)(x - min) / step, (uint64_t)(max - min) / step) + 1
#define OUT_LHIST_BUCKETS_MAX 1002
size_t out_lhist_index(int64_t x, int64_t min, int64_t max, uint64_t step);
size_t out_lhist_buckets(int64_t min, int64_t max, uint64_t step);

// --- maps ---

struct out_row {
	struct bytes key; // empty in a map without keys
	struct bytes value;
	// Of TIMES in a table: no call of it can fail as far as is known; calls that the table
	// before this one had.
	bool cannot_fail;
	uint64_t n_before;
};

struct out_map {
	struct str name;            // "@", "@reads"
	const struct out_type *key; // NULL: without keys; a TUPLE is shown without parentheses
	const struct out_type *value;
	struct out_row *rows; // printing puts them in order
	size_t n_rows;
};

// As at the end of a script and by print(@m, top, div): ordered by value, equal ones by key; maps
// of text, tuples and other things without a size by key. Only the biggest top rows (0: all),
// numbers divided by div (0: 1). A map without rows prints nothing.
void out_map_text(const struct out_env *env, const struct out_map *m, size_t top, uint64_t div,
		  FILE *f);
void out_map_json(const struct out_env *env, const struct out_map *m, size_t top, uint64_t div,
		  FILE *f);

// Puts the rows in that order.
void out_map_sort(const struct out_map *m);

// table(@m): a line a row, the largest first: the value, then the key.
//
//       CALLS  FUNCTION
//       18201  main.(*Store).Get
//           0  3 other functions
//
// Of TIMES the keys stand in front, a column for each that the title has ("function, goid"):
//
//    FUNCTION            CALLS    /s  ERRORS    MEAN     P50     P90     P99     MAX
//    main.(*Store).Get  18,201  9.1k      12  1.20us  1.02us  2.11us  9.82us  1.41ms
struct out_table {
	const struct out_map *map; // its name heads the values
	struct str title;          // heads the keys: "function"
	bool has_others;
	uint64_t n_others; // keys that could be there and are not
	size_t max_lines;  // of a screen that it must fit on; 0: any number
	size_t max_width;  // likewise
	uint64_t ns;       // since the table before this one; 0: not known
	bool has_commas;   // 18,201
};
void out_table_text(const struct out_env *env, const struct out_table *t, FILE *f);
// {"type": "table", "data": [{"function": "main.Get", "calls": 3}], "others": 3}
void out_table_json(const struct out_env *env, const struct out_table *t, FILE *f);
// Calls of one value of TIMES.
uint64_t out_times_calls(struct bytes v);

// Maps of numbers by stack. A key that has more than a stack goes on with the rest of it below the
// stack: a place in a stack is called its creator, anything else is shown as it is.
//
//     stacks    a block a stack, in order of value: the value, its share, then the functions
//     folded    a line a stack of functions, "main;f;g 12", in order of name
//
// As JSON: {"type": "stacks", "data": [{"stack": ["g+1", "f+2"], "created_by": "main+3",
// "calls": 12}]}, {"type": "folded", "data": [{"stack": ["main", "f", "g"], "calls": 12}]}
void out_stacks_text(const struct out_env *env, const struct out_map *m, FILE *f);
void out_stacks_json(const struct out_env *env, const struct out_map *m, FILE *f);
void out_folded_text(const struct out_env *env, const struct out_map *m, FILE *f);
void out_folded_json(const struct out_env *env, const struct out_map *m, FILE *f);
// A picture of the folded stacks that is a file of its own and can be zoomed and searched: SVG.
void out_flame(const struct out_env *env, const struct out_map *m, struct str title, FILE *f);

// --- calls ---

enum out_call_end {
	OUT_END_RETURN,  // or none
	OUT_END_PANIC,   // from which somebody has recovered
	OUT_END_UNKNOWN, // without a return: Goexit, a C++ exception, longjmp
};
// What such a call is said to have done.
const char *out_call_end_text(enum out_call_end end);
// When it began until it ended: "88.1us", "<88.1us" if it may have ended before; empty if nobody
// knows.
struct out_call;
void out_call_time(struct out_buf *b, const struct out_call *c);

// A call that begins (start and end are the same) or returns.
struct out_call {
	uint64_t start_ns, end_ns; // wall time
	uint32_t pid, tid;
	bool has_goid, has_parent;
	uint64_t goid, parent; // the goroutine's and that of the one that started it
	uint64_t child;        // it starts that one, which begins with func; 0: a call
	struct str func;
	struct str gofunc; // that the goroutine began with
	struct str args;   // "(a=1, b="x")"
	struct str results;
	struct str args_json, results_json; // for traces; empty: none
	bool is_return;
	bool is_untold; // it has returned, and is told only if others in it are
	bool is_open;   // it has not returned when the trace ends
	bool is_record; // it is told by the record of the call, not by the script
	enum out_call_end end;
	bool is_end_late;    // ended without a return some time before end_ns
	bool is_end_unknown; // nobody knows when
	bool is_gone;        // nor will it: its process has ended
	bool has_results;
	uint64_t depth; // of two calls of a goroutine the inner one is deeper; 0: unknown
};

// Shortens the text of a value, or of arguments, to so many columns: what is in brackets is left
// out, the innermost first, then long strings are cut, at last what is still too long at its end.
// Colours take no columns.
void out_fit(struct out_buf *b, size_t columns);
// The same for both together.
void out_fit_call(struct out_buf *args, struct out_buf *results, size_t columns);
// Columns that it takes.
size_t out_columns(struct str s);

enum out_calls_view { OUT_CALLS_LINE, OUT_CALLS_TREE, OUT_CALLS_CHROME };
// Calls, when they begin and when they return, as trees or as trace events for a browser.
struct out_calls;
struct out_calls_options {
	enum out_calls_view view;
	FILE *f;
	unsigned width;   // of lines, 0: any
	bool tells_open;  // calls that do not return, too; else only those in which others are told
	bool tells_ended; // those that have ended without a return, too
	bool has_pids;    // of several processes
	uint64_t base_ns; // OUT_CALLS_CHROME: before all of them, wall time
};
struct out_calls *out_calls_new(const struct out_calls_options *o);
void out_calls_add(struct out_calls *v, const struct out_call *c);
// What the arguments are of a call that is open at the end.
void out_calls_open(struct out_calls *v, const struct out_call *c);
// From now on some calls may be missing, so that others' own time may be that of these.
void out_calls_miss(struct out_calls *v);
// What has not returned is told, too. NULL is fine.
void out_calls_end(struct out_calls *v);
// So many goroutines have calls open at a time, and so many calls are open in each other, at most;
// what is beyond that is counted. NULL is fine.
#define OUT_CALLS_LANES_MAX 16384u
#define OUT_CALLS_OPEN_MAX  4096u
struct out_calls_missing {
	uint64_t n_cut;    // calls that were open when their goroutine was forgotten
	uint64_t n_deep;   // that no tree has
	uint64_t n_arrows; // from go statements in calls that were forgotten
};
struct out_calls_missing out_calls_missing(const struct out_calls *v);

// "2026-11-20T12:01:02.123417Z"
void out_wall_time(struct out_buf *b, uint64_t wall_ns);

// --- events ---
//
// One line of JSON for each thing that happens, in bpftrace's shapes.

// print(): {"type": "value", "data": ...}
void out_event_value(const struct out_env *env, struct out_value v, FILE *f);
// {"type": TYPE, "data": "text"}: printf, time, cat, join, syscall (the output of a command).
void out_event_text(const char *type, struct str text, FILE *f);
void out_event_attached(uint64_t n_probes, FILE *f);
void out_event_lost(uint64_t n_events, FILE *f);

// {"type": "calls", "data": {"open": N, "no_return": N, "no_entry": N}}: of return probes.
void out_event_calls(uint64_t n_open, uint64_t n_no_return, uint64_t n_no_entry, FILE *f);

struct out_where {
	struct str file;
	uint32_t line;
	uint32_t col;
};

// type: errorf, warnf, runtime_error, print_error.
void out_event_message(const char *type, struct str text, struct out_where where, FILE *f);
// A BPF helper failed: {"type": "helper_error", "msg": ..., "helper": ..., "retcode": ...}.
void out_event_helper(struct str text, struct str helper, int64_t retcode, struct out_where where,
		      FILE *f);

#endif
