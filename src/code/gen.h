// SPDX-License-Identifier: Apache-2.0
// What the files of code/ share: one BPF program while it is being made. Private to the folder.
//
// A walk over the tree. Numbers, booleans and pointers are computed into r0, always extended to 64
// bits by their type; everything else is computed into a place in memory. r6 is the context, r9
// the scratch memory, r7 and r8 keep what must survive calls; what does not fit there lives in the
// frame. r0 to r5 belong to whoever is at work.
//
// Each program is made twice: the first time tells how much scratch memory it needs and where.
#ifndef CODE_GEN_H
#define CODE_GEN_H

#include "btf/btf.h"
#include "code/code.h"

enum {
	R0 = BPF_REG_0,
	R1 = BPF_REG_1,
	R2 = BPF_REG_2,
	R3 = BPF_REG_3,
	R4 = BPF_REG_4,
	R5 = BPF_REG_5,
	R_CTX = BPF_REG_6,
	R7 = BPF_REG_7,
	R8 = BPF_REG_8,
	R_SCRATCH = BPF_REG_9,
	R_FRAME = BPF_REG_10,
};

// --- memory of our own (frame.c, memory.c) ---

// A place in the frame or in scratch memory.
struct spot {
	uint8_t reg; // R_FRAME, R_SCRATCH; others for as long as they hold
	int off;
};

// What is handed out. Copied to remember a state and copied back to return to it.
struct frame {
	int stack_used; // bytes below r10
	int scratch_used;
	bool has_r7, has_r8; // taken
};

// A number that survives calls.
struct temp {
	uint8_t reg; // R7, R8; else in memory
	struct spot at;
};

// How the start of a slot of scratch memory is used.
enum {
	SCRATCH_BUSY = 0,   // not 0: a program has it
	SCRATCH_LEAVES = 8, // not 0: a loop's body wants the whole clause to end
	SCRATCH_START = 16,
};

// Bytes that every function's frame starts with where callbacks are: what they need of it.
enum { LINK_CTX = -8, LINK_SCRATCH = -16, LINK_BYTES = 16 };

// --- functions and loops (loops.c, control.c) ---

struct gen;

struct loop {
	struct bpf_label on_break, on_continue;
};

// A callback whose code follows later.
struct pending {
	struct bpf_label start;
	void (*emit)(struct gen *g, const struct pending *p);
	const struct stmt *stmt;
	struct expr *call;
	struct spot at; // what its helper needs to know
	const struct program_map *map;
	const struct whole *whole;
	const struct level_search *search;
	int scratch_used;
	bool is_in_map_loop;
};

// What follows when memory cannot be read, beside that it is counted. In C nothing does: what was
// wanted is 0, as in bpftrace. In Go no value is invented.
enum fail_kind {
	FAIL_GOES_ON,
	FAIL_LEAVES, // to a place where nothing is done with the value
	FAIL_MARKS,  // the value gets a mark
};

struct on_fail {
	enum fail_kind kind;
	struct bpf_label to; // LEAVES
	struct spot mark;    // MARKS: a uint32_t, and which bits of it
	uint32_t bits;
	unsigned items_bit; // 1 + that of a tuple's first item: each has one of its own; 0: no
	bool is_hushed;     // what is being read tells by itself that it could not be read
	bool is_decided;    // no value would do that: a number or a decision is made of it
	bool *is_used;      // set when code is made that may fail, not NULL
};

// Code that is reached when something failed, out of the way of what is usual.
enum cold_kind { COLD_FAILURE, COLD_UPDATE, COLD_LOST, COLD_FETCH, COLD_UNREAD };

struct cold {
	enum cold_kind kind;
	struct bpf_label start, back;
	uint32_t failure, other_failure;
	const struct fetch *fetch; // FETCH
	struct on_fail on_fail;    // FETCH, FAILURE, UNREAD
	uint32_t span;
};

// --- all of it ---

// What the programs of a script share.
struct unit {
	struct arena *a;
	const struct program *p;
	const struct code_options *o;
	struct code *c;
	VEC(struct code_failure) failures;
	VEC(struct bpf_map *) maps;
	VEC(struct span) spans;
	struct bpf_map *scratch, *processes;
	uint32_t call_bytes;   // of map calls' values
	struct bpf_map *zeros; // its value is nothing but zeros
	VEC(struct code_table) written;
	struct bpf_map **tables; // by program: what its types refer to; NULL until it is needed
	uint32_t n_slots;        // of scratch memory
	uint32_t scratch_bytes;
	uint64_t *callers; // by site, see gen_caller; NULL until a stack is wanted
	struct site_value *site_values;
	struct btf *btf;         // NULL until it is needed; the checker's if it has one
	struct arena *btf_arena; // of our own one
};

struct gen {
	struct unit *u;
	struct arena *a;
	const struct program *p;
	struct bpf_asm *b;
	const struct program_part *part;
	enum bpf_prog_type type;

	struct frame f;
	int stack_limit;
	int counter_off; // from r10, of a word for loops: the verifier must see its value
	int stack_depth; // of callbacks in callbacks, at most
	// Found in the first round.
	int scratch_max;
	bool uses_scratch;
	bool sleeps; // until a page of the traced program is there
	bool conditions_use_scratch;
	// Decided for the second one.
	bool has_scratch;
	bool has_callbacks;

	bool has_ret; // see gen_has_ret

	bool is_go; // what cannot be read is no 0
	struct on_fail on_fail;
	// Variables whose value may be something that could not be read, by program_var.index:
	bool *may_be_unread; // known from the last round
	bool *found_unread;  // found in this one
	struct spot unread;  // a bit for each variable: it is so now

	struct spot kept;     // what the call's entry has left for a return probe
	struct spot duration; // likewise

	bool is_in_callback;
	bool is_in_map_loop; // where the kernel may not sleep
	struct loop *loop;
	struct bpf_label leave; // of the program: gives back what it has and ends
	struct spot *vars;      // by program_var.index
	VEC(struct pending) pending;
	VEC(struct cold) cold;
	uint32_t span;
	uint32_t cold_since; // where the first of cold was asked for
};

// --- code.c ---

uint32_t gen_failure(struct gen *g, struct span span, const char *what,
		     const struct program_map *m);
// Goes there when r0, a helper's answer, is negative: counted, then on with r0 still set. r1 and
// r2 are lost.
void gen_check(struct gen *g, struct span span, const char *what);
void gen_count_failure(struct gen *g, struct span span, const char *what,
		       const struct program_map *m);
struct bpf_label gen_cold(struct gen *g, struct cold c);
void gen_cold_flush(struct gen *g);
// What is emitted from here on comes from there; returns what held before.
uint32_t gen_at(struct gen *g, struct span span);
void gen_at_again(struct gen *g, uint32_t before);
bool gen_has(const struct gen *g, enum bpf_feature_id f);
// Tells once that the kernel cannot do it.
void gen_refuse(struct gen *g, struct span span, const char *what, const char *since);
struct bpf_map *unit_map(struct unit *u, struct bpf_map m);
void gen_later(struct gen *g, struct pending p);

// What callbacks need of the frame, put there where scratch memory is found late.
void gen_link(struct gen *g);

// --- frame.c ---

struct spot frame_alloc(struct gen *g, int bytes);
struct spot frame_alloc_scratch(struct gen *g, int bytes);
struct temp temp_new(struct gen *g);
struct temp temp_keep(struct gen *g, uint8_t reg);
void temp_set(struct gen *g, struct temp t, uint8_t reg);
void temp_get(struct gen *g, uint8_t reg, struct temp t);

// --- memory.c ---

static inline struct spot spot_at(struct spot s, int64_t off)
{
	return (struct spot) { s.reg, s.off + (int)off };
}

// reg = address of s.
void spot_ref(struct gen *g, uint8_t reg, struct spot s);
void spot_load(struct gen *g, unsigned bytes, uint8_t reg, struct spot s);
void spot_store(struct gen *g, unsigned bytes, struct spot s, uint8_t reg);
void spot_store_imm(struct gen *g, unsigned bytes, struct spot s, uint64_t v);
// r0 to r5 are lost in these.
void spot_zero(struct gen *g, struct spot s, uint64_t bytes);
void spot_copy(struct gen *g, struct spot to, struct spot from, uint64_t bytes);
void spot_const(struct gen *g, struct spot s, struct bytes data, uint64_t bytes);
// Jumps if bytes of a and b are not the same.
void spot_differ(struct gen *g, struct spot a, struct spot b, uint64_t bytes,
		 struct bpf_label differ);
// Jumps if they are not data and zeros behind it.
void spot_differ_const(struct gen *g, struct spot s, struct bytes data, uint64_t bytes,
		       struct bpf_label differ);
// Jumps if one of the bytes is not 0.
void spot_not_zero(struct gen *g, struct spot a, uint64_t bytes, struct bpf_label to);
// Cuts reg's value to the type and extends it to 64 bits again.
void gen_extend(struct gen *g, uint8_t reg, const struct type *t);
void gen_sign_extend(struct gen *g, uint8_t reg, unsigned bits);
// r0 = *(t *)(reg + off), extended.
void gen_load_typed(struct gen *g, const struct type *t, uint8_t reg, int off);

// --- types ---

// Computed into memory, not into r0.
bool type_is_memory(struct type *t);
bool type_is_unsigned(struct type *t);
bool type_is_text(struct type *t);

// --- expressions (scalar.c, value.c) ---

// r0 = the number.
void gen_num(struct gen *g, struct expr *e);
// Goes there if e is true (or false: when).
void gen_jump(struct gen *g, struct expr *e, bool when, struct bpf_label to);
// All of e's value, type->size bytes.
void gen_into(struct gen *g, struct expr *e, struct spot to);
// As t, which e's type may be smaller than.
void gen_into_typed(struct gen *g, struct expr *e, struct type *t, struct spot to);
// A place where the value is, which may be a variable's own.
struct spot gen_spot(struct gen *g, struct expr *e);
void gen_effect(struct gen *g, struct expr *e);
// The jump that is taken when left op right is what is said, both being numbers in registers.
uint8_t gen_jump_of(enum expr_op op, bool when, bool is_unsigned);
void gen_op(struct gen *g, enum expr_op op, const struct expr *e, bool is_unsigned);
// r0 = r0 op constant; false if there is no such instruction.
bool gen_op_imm(struct gen *g, enum expr_op op, bool is_unsigned, uint64_t v);
void gen_call_num(struct gen *g, struct expr *e);
void gen_call_into(struct gen *g, struct expr *e, struct spot to);
void gen_builtin_num(struct gen *g, struct expr *e, const struct builtin_use *u);
void gen_clock(struct gen *g, enum out_clock clock);
void gen_builtin_into(struct gen *g, struct expr *e, const struct builtin_use *u, struct spot to);
bool expr_is_const(const struct expr *e, uint64_t *out);
// If e is a builtin: its use. NULL otherwise.
const struct builtin_use *expr_builtin(const struct expr *e);
bool expr_mentions(struct expr *e, const struct program_var *v);

// --- places in memory that is not ours (lvalue.c) ---

enum space { SPACE_OWN, SPACE_USER, SPACE_KERNEL, SPACE_CTX };

// OWN: at spot. CTX: at r6 + off. USER, KERNEL: at r0 + off; what is ours but at a place that is
// computed is like the kernel's.
struct loc {
	enum space space;
	struct spot spot;
	int64_t off;
	bool can_fail; // USER: code may go to fail instead, where what is there reads as zeros
	struct bpf_label fail;
};

bool expr_is_place(const struct expr *e);
bool expr_is_kept(const struct expr *e);
struct loc gen_loc(struct gen *g, struct expr *e);
// r0 = a number that decides what is read.
void gen_index(struct gen *g, struct expr *e);
// r0 = the number there.
void gen_loc_num(struct gen *g, struct loc l, struct type *t, struct span span);
// r0 = negative if it could not be read (of what is not ours).
void gen_loc_into(struct gen *g, struct loc l, uint64_t bytes, struct spot to, struct span span);
// r0 = the word of the traced program at r0 + off.
void gen_user_word(struct gen *g, int64_t off, unsigned bytes, struct span span);
void gen_member_num(struct gen *g, struct expr *e);
// Reads into to; the address is in r3.
void gen_read(struct gen *g, enum space space, struct spot to, uint64_t bytes, struct span span);

// --- registers and sites (context.c) ---

int ctx_reg_off(uint16_t dwarf_reg);
void gen_reg(struct gen *g, uint8_t to, uint16_t dwarf_reg);
// r0 = bytes from addresses in the file to addresses now.
void gen_bias(struct gen *g, struct span span);
void gen_places_into(struct gen *g, const struct member_use *m, struct expr *e, struct spot to);
void gen_places_num(struct gen *g, const struct member_use *m, struct expr *e);
// r0 = the address of all of the value; false if it is not in one piece of memory.
bool gen_places_address(struct gen *g, const struct member_use *m, struct expr *e);
void gen_arg(struct gen *g, struct expr *e, uint32_t index);
// r0 = 64 bits of the site's value in map sites.
void gen_site_word(struct gen *g, unsigned off, struct span span);
// r0 = where the direct caller is, when the walk by frame pointers misses it: bytes from SP to the
// return address, plus 1; with a flag where the kernel may know. 0: the walk is complete.
#define GEN_CALLER_MAY_BE_THERE (1ULL << 32)
void gen_caller(struct gen *g, struct span span);
// r0 = the cookie.
void gen_cookie(struct gen *g, struct span span);
// r0 = number of the process (or thread), as the user's namespace has it.
void gen_pid(struct gen *g, bool is_thread);

// --- calls and goroutines (calls.c) ---

// r0 = a word of struct g, 0 without one.
void gen_g_word(struct gen *g, int64_t off, struct span span);
// r0 = the number of the goroutine for which the system stack works, 0 if there is none.
void gen_curg_goid(struct gen *g, struct span span);
// r0 = how far from the stack's end the stack pointer was at the function's entry; in C, where
// nothing tells the end, a number that grows alike.
void gen_call_depth(struct gen *g, struct span span);
// At the entry: the call becomes the last one of its goroutine. r9 is its record then, in which
// temporary values have their place, too. Goes to out if it cannot be kept.
void gen_call_begin(struct gen *g, struct bpf_label out);
// At the return: what was kept is put where members and duration find it. Goes to out if nothing is
// known of the call.
void gen_call_end(struct gen *g, struct bpf_label out);
void calls_map(struct unit *u);
// What the programs need is known.
void calls_map_finish(struct unit *u);
// r0 = a member of r0, a task_struct: bytes of the kernel's memory.
void gen_task_member(struct gen *g, const char *path, unsigned bytes, struct span span);

// --- levels of open calls (levels.c) ---

struct level_search {
	struct spot key;        // struct code_call_key of the goroutine
	struct spot slot;       // 8 bytes; the upper half is the level then
	struct temp head;       // struct code_call_head *; it has calls
	struct temp depth;      // of the call at hand
	struct spot depth_spot; // the same in a callback, else without a register
	bool beyond;
};

// Searches the first call that is as deep as the one at hand, or deeper (beyond: deeper). There is
// one.
void gen_level_search(struct gen *g, const struct level_search *s);
// The level in reg becomes a part of the key; r1 is lost.
void gen_level_key(struct gen *g, struct spot key, uint8_t reg);
// r0 = what is there, or NULL.
void gen_level_look_up(struct gen *g, struct spot key);

// --- maps (maps.c, agg.c) ---

struct bpf_map *map_create(struct unit *u, const struct program_map *m, bool has_perf_event);
bool map_is_array(const struct bpf_map *m);
struct bpf_map *gen_map(const struct gen *g, const struct program_map *m);
struct spot gen_key(struct gen *g, struct expr *e);
// r0 = the value's address or NULL.
void gen_lookup(struct gen *g, const struct program_map *m, struct spot key);
// The same; an entry that is not there is added, with zeros. Goes to none if that is not possible.
void gen_lookup_or_add(struct gen *g, const struct program_map *m, struct spot key,
		       struct span span, struct bpf_label none);
// A map with a value of so many zeros.
struct bpf_map *zeros_map(struct unit *u, uint32_t bytes);
void gen_map_num(struct gen *g, struct expr *e);
void gen_map_into(struct gen *g, struct expr *e, struct spot to);
void gen_map_assign(struct gen *g, struct expr *target, struct expr *value);
// @m += n: old or new value in r0.
void gen_map_change(struct gen *g, struct expr *target, enum expr_op op, struct expr *value,
		    bool wants_old, bool is_used);
void gen_map_delete(struct gen *g, struct expr *e);
void gen_map_has(struct gen *g, struct expr *e);
void gen_map_find(struct gen *g, struct expr *e, struct expr *var);
void gen_map_len(struct gen *g, struct expr *e);
void gen_agg(struct gen *g, struct expr *target, struct expr *call);
// r0 = the aggregation as one number.
void gen_agg_num(struct gen *g, const struct program_map *m, struct spot key, struct span span);

// --- text (string.c) ---

// What str() and buf() read.
struct source {
	enum space space;
	struct temp address;
	bool has_n; // the script says how much
	struct temp n;
};

struct tail;

// Where it goes: a place, or the end of an event's tail.
struct dest {
	struct spot spot;
	const struct tail *tail;
};

// reg = its address; r5 is lost.
void dest_ref(struct gen *g, uint8_t reg, struct dest d, int64_t off);
// The same place, for code that is emitted later.
struct dest dest_kept(struct gen *g, struct dest d);

// --- memory of the traced program (fetch.c, fail.c) ---

// What is read, kept so that it can be read again.
struct fetch {
	struct source from;
	struct dest to;
	bool is_text;
	uint64_t max; // bytes, of text with its NUL
	struct spot touched;
};

// Whether the program can wait for a page of the traced program here.
bool gen_may_sleep(const struct gen *g);
// r2 = how many bytes are wanted.
void fetch_wanted(struct gen *g, const struct fetch *f);
// r0 = what the helper answers; what cannot be read is counted.
void gen_fetch(struct gen *g, struct fetch f, struct span span);
// The same when the first try has failed.
void fetch_again(struct gen *g, const struct fetch *f);

// These say what follows from here on when memory cannot be read; g->on_fail is to be set back.
void fail_leaves(struct gen *g, struct bpf_label to);
void fail_marks(struct gen *g, struct spot mark, uint32_t bits);
void fail_hush(struct gen *g);
// The same for an item of a tuple, which may be marked alone.
void fail_marks_item(struct gen *g, const struct on_fail *tuple, size_t i);
// Bit i of marks, of which those at the end share one.
static inline uint32_t mark_bit(size_t i)
{
	return 1u << MIN(i, VALUE_MARK_MAX);
}
// Of a value that is to be kept until a call returns; does nothing for others.
void fail_keeps(struct gen *g, const struct expr *e);
// What follows here, for code that is about to be made.
struct on_fail fail_here(struct gen *g);
// A variable, or something kept, is about to be used: perhaps it could not be read. r1 is lost.
void gen_use_var(struct gen *g, const struct program_var *v);
void gen_use_kept(struct gen *g, const struct member_use *m);
// Now the variable has a value, or one that could not be read. r1 and r2 are lost.
void gen_var_is_read(struct gen *g, const struct program_var *v, bool is_read);
// Something could not be read: goes to where that leads, or comes back. r1 and r2 are lost.
void gen_failed(struct gen *g, const struct on_fail *f);
void gen_failed_here(struct gen *g);

struct source source_of(struct gen *g, struct expr *call);
// r0 = how many bytes are there (of text: with its NUL), or negative.
void source_read_text(struct gen *g, const struct source *s, struct dest to, uint64_t size,
		      struct span span);
void source_read_bytes(struct gen *g, const struct source *s, struct dest to, uint64_t max,
		       struct span span);
void gen_str(struct gen *g, struct expr *call, struct spot to);
void gen_buf(struct gen *g, struct expr *call, struct spot to);
void gen_text_jump(struct gen *g, struct expr *a, struct expr *b, uint64_t n, bool when_equal,
		   struct bpf_label to);
void gen_strcontains(struct gen *g, struct expr *call, bool wants_place);
void gen_strlen(struct gen *g, struct expr *e);

// --- floating point numbers (real.c) ---

// Compares FLOATs or COMPLEXes.
void gen_real_jump(struct gen *g, struct expr *e, bool when, struct bpf_label to);
// r0 = a FLOAT as an integer, as near as there is one.
void gen_real_whole(struct gen *g, struct expr *cast);

// --- names in Go programs (go_names.c) ---

// Of an IFACE or a FUNC.
void gen_go_name(struct gen *g, struct expr *cast, struct spot to);
// The same of one that is ours.
void gen_go_name_at(struct gen *g, struct type *t, struct spot from, struct spot to);
// Of the address of a function's code.
void gen_go_code(struct gen *g, struct expr *e, struct spot to);
// The function that the goroutine began with, likewise.
void gen_gofunc(struct gen *g, struct expr *e, struct spot to);
void gen_gosite(struct gen *g, struct expr *e, struct spot to);
void gen_typename(struct gen *g, struct expr *call, struct spot to);

// --- Go's strings and slices (go_bytes.c) ---

bool type_is_go_bytes(struct type *t);
// How many bytes of text there can be in a TEXT.
uint64_t text_room(const struct type *t);
// limit: a number of bytes, or NULL.
struct source gen_go_source(struct gen *g, struct expr *e, struct expr *limit);
void gen_go_text(struct gen *g, struct expr *e, struct expr *limit, uint64_t size, struct spot to);
// The same of a string whose header is ours.
void gen_go_text_at(struct gen *g, struct spot from, uint64_t size, struct spot to);
// As an OUT_TEXT of max bytes: r0 = how many bytes are there.
void gen_go_sized(struct gen *g, struct expr *e, struct dest to, uint64_t max);
void gen_go_jump(struct gen *g, struct expr *a, struct expr *b, bool when_equal,
		 struct bpf_label to);
// TEXT to TEXT, one of them or both from Go.
void gen_go_text_convert(struct gen *g, struct type *from_type, struct spot from,
			 struct type *to_type, struct spot to);
void gen_go_text_const(struct gen *g, struct str text, struct type *t, struct spot to);
// r0 = how many bytes were put at to, of a text in s: the bytes and how many they are.
void gen_go_text_send(struct gen *g, struct spot s, struct type *t, struct dest to,
		      struct bpf_label impossible);
// r0 = how many bytes it has.
void gen_go_text_len(struct gen *g, struct spot s, struct type *t);
void gen_go_text_differ(struct gen *g, struct spot s, struct type *t, struct str text,
			struct bpf_label differ);
// base[index] of e.
struct loc gen_go_item(struct gen *g, struct expr *e, uint64_t size);

// --- events (event.c) ---

void gen_action(struct gen *g, struct expr *call, const struct program_action *action);
// Sends bytes from there.
void gen_send(struct gen *g, struct spot from, uint64_t bytes, bool wakes);
// The same of a map's value, which is in r0: before it is looked up, whether the reader is to be
// woken up goes to flags.
void gen_wakeup(struct gen *g, struct spot flags);
void gen_send_value(struct gen *g, struct spot flags, uint64_t bytes);

// --- stacks and symbols (stack.c) ---

void gen_stack_into(struct gen *g, struct expr *e, const struct builtin_use *u, struct spot to);
void gen_stack_len(struct gen *g, struct expr *e);
// The pid is sent when it is new; r0 = the pid.
void gen_process(struct gen *g, struct span span);

// --- whole values (walk.c) ---

// Where in an event a whole value goes: at the end of its tail.
struct whole_event {
	struct spot state; // see whole_state
	struct spot spot;
	uint64_t size;  // all of it
	uint64_t start; // of the tail
	uint64_t room;  // that it may take
	bool has_pos;   // something is in the tail
	struct temp pos;
	struct bpf_label impossible;
};

// NULL: t is something else.
const struct program_whole *type_whole(const struct type *t);
// Bytes that each of n takes at most, and how many more must be there behind those of all others.
uint64_t whole_size(const struct gen *g, const struct program_whole *w, size_t n);
uint64_t whole_slack(const struct gen *g, const struct program_whole *w);
// Memory for the walk: to be had before the event is, so that it is near.
struct spot whole_state(struct gen *g);
// r0 = how many bytes were put there; e is the cast.
void gen_whole(struct gen *g, struct expr *e, const struct program_whole *type,
	       const struct whole_event *event);
// Into memory of a call's record: how many bytes there are, and these.
void gen_whole_kept(struct gen *g, struct expr *value, const struct program_whole *type,
		    struct spot to);

// --- ret.c ---

// Whether sites of the part are RETs that its program may execute.
bool gen_has_ret(const struct gen *g);
// The start of a program: another one that was at the RET before has returned already. That is
// undone, so that this one sees the registers as they are there.
void gen_ret_undo(struct gen *g);
// The end: executes the RET that the probe is on. r6 is the context; r0 to r5 are lost.
void gen_ret(struct gen *g);

// --- budget.c ---

// Goes there if it is one hit too many of the program in this second. r7 and r8 are lost.
void gen_budget(struct gen *g, struct bpf_label over);

// --- statements (control.c, loops.c) ---

void gen_block(struct gen *g, const struct block *b);
void gen_stmt(struct gen *g, const struct stmt *s);
void gen_leave(struct gen *g);
void gen_loop_while(struct gen *g, const struct stmt *s);
void gen_loop_range(struct gen *g, const struct stmt *s);
void gen_loop_map(struct gen *g, const struct stmt *s);
void gen_unroll(struct gen *g, const struct stmt *s);
int loops_depth(const struct program_part *part, bool *has_callbacks);
struct spot var_spot(const struct gen *g, const struct expr *var);
// The start of a callback: the context and scratch memory come from the frame that reg points into.
void gen_callback_enter(struct gen *g, uint8_t reg);
// reg = what a callback is to be given.
void gen_callback_link(struct gen *g, uint8_t reg);
// r1: how many rounds.
void gen_callback_loop(struct gen *g, struct bpf_label start);

// --- scratch.c ---

// Goes to out if all of it is in use.
void gen_claim(struct gen *g, struct bpf_label out);
void gen_release(struct gen *g);
void scratch_maps(struct unit *u);

#endif
