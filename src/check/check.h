// SPDX-License-Identifier: Apache-2.0
// From a tree and a plan to a program: what every name means, what type every expression has, which
// maps there are, what is done outside when an event arrives. Hides the language's rules.
//
//     script + plan -> program -> parts (one BPF program each), maps, actions
//
// A program that came through without errors can be compiled: code/ decides nothing about the
// language and reports no mistakes of the script.
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "btf/btf.h"
#include "out/out.h"
#include "probe/probe.h"
#include "value/value.h"

#define KEPT_VALUE_MAX (16u << 10) // bytes of a whole value until its function returns

// --- settings ---

enum stack_mode { STACK_BPFTRACE, STACK_PERF, STACK_RAW, STACK_BUILD_ID };

#define CONFIG_RATE_MAX 1000000u
#define CONFIG_CPU_MAX  10000u

// What the script's config block and the environment (BPFTRACE_*, STOAT_*) set; the environment
// wins, and of it STOAT_*. Sizes are checked against what the engine can do.
struct config {
	uint32_t max_strlen; // bytes of a string with its NUL
	uint32_t max_map_keys;
	uint32_t max_probes;
	enum plan_missing missing_probes;
	enum stack_mode stack_mode;
	struct str trailer;    // put after a string that was cut
	struct str go_trailer; // after one of Go
	uint32_t max_calls; // that are open at a time and return probes wait for; 0: what is usual
	uint32_t max_kept_strlen; // bytes of a string that is kept from a call's entry
	uint32_t ring_bytes;      // of the ring buffer: a power of two; 0: what the script needs
	uint32_t log_size;        // bytes of a verifier's log
	uint32_t max_cat_bytes;
	bool prints_maps_on_exit;
	bool demangles_cpp;
	bool shows_lines;          // file:line in stacks
	struct value_limits whole; // of whole values
	uint32_t max_kept_value;   // bytes of one that is kept from a call's entry
	enum out_calls_view call_view;
	// Budgets: hits a second of a clause's probes in a function or group of them, and percent
	// of a CPU that all probes may take; 0: any.
	uint32_t max_rate;
	uint32_t max_cpu;
	bool tells_ended_calls;  // and those that end without a return
	bool tells_open_calls;   // call() also tells those that have not returned at the end
	bool shows_zeros;        // in them: fields that are zero, too
	bool ret_in_bpf;         // programs at RETs of Go functions execute them, where they can
	bool has_kernel_returns; // as in struct plan_options
};

// Never NULL: what is wrong goes to diag. The arena must outlive it.
struct config *config_make(struct arena *a, const struct script *s, struct diag *diag);
// Sets one that was given elsewhere: option is what messages call that place.
void config_set(struct arena *a, struct config *config, const char *option, struct str name,
		struct str value, struct diag *diag);

// --- maps ---

// KEEP IN ORDER: the aggregations of enum out_kind (OUT_COUNT ...) correspond.
enum agg_kind {
	AGG_NONE,
	AGG_COUNT,
	AGG_SUM,
	AGG_MIN,
	AGG_MAX,
	AGG_AVG,
	AGG_STATS,
	AGG_HIST,
	AGG_LHIST,
	AGG_TSERIES,
	AGG_TIMES,
};

enum map_storage { MAP_HASH, MAP_LRU_HASH };

struct program_map {
	uint32_t index;   // in program.maps
	struct str name;  // "@reads"
	struct span span; // where it is first used
	// NULL: without keys. Several keys are a TUPLE. Keys have no padding that is not zero.
	struct type *key;
	struct type *value; // of an aggregation: the type of what goes in (INT or UINT, 8 bytes)
	enum agg_kind agg;
	bool is_signed; // aggregations: how the numbers read
	uint32_t max_entries;
	enum map_storage storage;
	bool is_per_cpu;                  // aggregations; and as declared with let
	const struct out_type *out_key;   // NULL without keys
	const struct out_type *out_value; // of an aggregation: one CPU's part, see out_agg_merge
};

// Loops inside of each other; what searches in texts counts as one.
#define PROGRAM_LOOPS_MAX 7

// --- variables ---

struct program_var {
	struct str name;   // without the $
	struct type *type; // the same wherever it stands
	uint32_t index;    // in program_part.vars
	void *code;        // code/ keeps here where it is
};

// --- what is done outside ---

// What BPF sends when it comes there. KEEP IN ORDER: see action_run in run/.
enum action_kind {
	ACTION_PRINTF,      // format, args
	ACTION_PRINT,       // args[0]: print(x)
	ACTION_PRINT_MAP,   // map, top, div: print(@m)
	ACTION_PRINT_ENTRY, // map, args: the key: print(@m[k]) of an aggregation
	ACTION_CLEAR,       // map
	ACTION_ZERO,        // map
	ACTION_EXIT,        // args[0]: the exit status
	ACTION_TIME,        // text: the format
	ACTION_CAT,         // format, args: the path
	ACTION_JOIN,        // text: the separator; args: JOIN_MAX texts (see join)
	ACTION_SYSTEM,      // format, args: the command
	ACTION_ERRORF,      // format, args
	ACTION_WARNF,
	ACTION_TABLE,  // map; text: what the keys are called
	ACTION_STACKS, // map: of numbers, by stack
	ACTION_FOLDED, // likewise
	ACTION_FLAME,  // likewise; text: the title
	ACTION_CALL,   // line
	ACTION_WATCH,  // line; text: the place; is_changed, top: how many lines
};

struct program_arg {
	struct expr *value; // its type says how it is computed
	const struct out_type *shown;
};

// What a call() tells: places in the action's args, -1 for what is not known.
// when: CLOCK_BOOTTIME; where it returns, when it began, CLOCK_MONOTONIC: times of calls in each
// other have to be in each other, too.
struct program_call_line {
	int when, pid, tid, func, goid, gofunc, parent, duration, args, results, stack;
	int site;  // of the go statement, with the stack
	int child; // started(): the new goroutine; func is what it begins with
	int depth; // trees and traces: see BUILTIN_CALL_DEPTH
	const struct program_call *call; // what is kept of the call; NULL: nothing
	bool is_return;
	bool is_untold;   // returned()
	bool has_no_args; // they are not asked for
	bool is_unknown;  // whether there are any
	bool is_cut;      // there may be more of them
};

struct program_action {
	enum action_kind kind;
	uint32_t index; // in program.actions: what an event carries
	struct span span;
	struct out_format format;
	struct program_arg *args;
	size_t n_args;
	struct program_map *map;
	uint64_t top, div;
	struct str text;
	struct program_call_line line;
	bool is_changed; // only what differs from the goroutine's last one
};

// --- the tree of a part ---
//
// After program_make, every expression that has a value has a type, and:
//
// - Types are never NAMED, CHAR or (but for fields and casts) FUNC: what a NAMED stands for is
// there,
//   numbers are INT, UINT, BOOL, ENUM or PTR of 1, 2, 4 or 8 bytes. FLOATs are bits that can only
//   be kept, shown, compared and cast; a constant one is an EXPR_INT. Actions are VOID.
// - Both operands of + - * / % & | ^ have the result's type, INT or UINT of 8 bytes. Those of
//   comparisons have one type: such a number, a PTR, a BOOL, TEXTs of any two sizes, TUPLEs or
//   ARRAYs. The left one of << and >> has the result's type, the right one is UINT. PTR + INT and
//   PTR - INT are in bytes, the PTR is on the left.
// - Conditions (if, while, !, &&, ||, ?:, predicates) are any of these numbers, true if not 0; what
//   comparisons, !, && and || make is a BOOL.
// - Conversions are EXPR_CASTs without cast.to: to the expression's type, from that of cast.value.
//   Between numbers; TEXT to TEXT of another size; TUPLE (or record) to TUPLE, field by field;
//   ARRAY of bytes to TEXT that is one longer; ARRAY to number of its size and back; OPAQUE to
//   number (its first 8 bytes); FLOAT to INT or UINT, as far as they reach; IFACE and Go's FUNC,
//   and an address of code, to OPAQUE, a struct code_go_name. Casts that the script has are of the
//   same kinds.
// - A MAP has no keys, or one key expression of the map's key type: a TUPLE when there are several.
// - $x op= e is $x = $x op e. @m op= e has e of the map's value type.
// - A map of an aggregation that is read is the number that its parts make together.
// - INDEX: the index has 8 bytes; the base is an ARRAY, a PTR, a SLICE or a STRING. A tuple's [0]
// is
//   a MEMBER.
// - INC of a PTR moves by its elem's size.
// - A MEMBER's base is a STRUCT, UNION or TUPLE, or a PTR to a STRUCT or UNION; or a STRING, SLICE
// or
//   IFACE, of which it is a word.
// - A STRING is 16 bytes and stands where its bytes are sent, compared with a literal or another
//   STRING, read by str() and buf(), or where items or words of it are. Everywhere else it is cast
//   to a TEXT that has a go_kind: the bytes, then how many there are (OUT_END_CUT). MAP and CHAN
//   are words. A struct or array that is used as a whole is cast to one with TEXTs in place of
//   STRINGs.
// - STRUCT stands for C structs and for records; `args` alone is made a record of all there is.
// - NULL stmts do not occur. A block's value is there only where it is asked for.

// --- what names and calls mean ---

// KEEP IN ORDER: builtins.c
enum builtin {
	BUILTIN_PID,
	BUILTIN_TID,
	BUILTIN_PPID,
	BUILTIN_UID,
	BUILTIN_GID,
	BUILTIN_CPU,
	BUILTIN_NCPUS,
	BUILTIN_COMM,     // TEXT[16]
	BUILTIN_USERNAME, // OPAQUE: OUT_NAME of the uid (uint64_t)
	BUILTIN_NSECS,    // mode: see struct name_use
	BUILTIN_ELAPSED,
	BUILTIN_RAND,
	BUILTIN_CGROUP,
	BUILTIN_CURTASK,
	BUILTIN_CPID,
	BUILTIN_JIFFIES,
	BUILTIN_ARG,    // index: the C ABI's integer argument, or the note's of a usdt probe
	BUILTIN_SARG,   // index: the word above the return address
	BUILTIN_RETVAL, // raw word
	BUILTIN_REG,    // index: DWARF number, or one of PROGRAM_REG_*
	BUILTIN_CTX,
	BUILTIN_PROBE,     // OPAQUE: OUT_NAME, the number of a text (uint64_t, program.names)
	BUILTIN_FUNC,      // likewise
	BUILTIN_PROBETYPE, // a literal: never reaches code/
	BUILTIN_USTACK,    // OPAQUE: OUT_STACK, see struct code_stack in code/code.h
	BUILTIN_KSTACK,
	BUILTIN_NUMAID,
	BUILTIN_USERMODE,
	BUILTIN_ARGS, // the tracepoint's record: a STRUCT in the context
	BUILTIN_GOID,
	BUILTIN_PARENT_GOID,
	BUILTIN_GOFUNC, // OPAQUE: see OUT_NAME, NAME_GO_FUNC
	BUILTIN_GOSITE, // OPAQUE: OUT_SYMBOL, see struct code_symbol in code/code.h
	BUILTIN_DURATION,
	BUILTIN_CALL_START, // CLOCK_MONOTONIC, as it was read for the duration
	BUILTIN_CURG_GOID,  // of the goroutine for which the system stack works
	BUILTIN_CALL_DEPTH, // bytes from the stack's end to SP at the function's entry
};

// Registers that DWARF has no number for.
enum { PROGRAM_REG_FLAGS = 0x100, PROGRAM_REG_CS, PROGRAM_REG_SS, PROGRAM_REG_ORIG_AX };

// expr->meaning of an EXPR_NAME that stands for a builtin; pid() and ustack(3) become NAMEs, too.
struct builtin_use {
	enum builtin id;
	uint32_t index;       // ARG, SARG, REG; PID, TID: 1 of the initial namespace
	enum out_clock clock; // NSECS
	enum stack_mode mode; // USTACK, KSTACK
	uint32_t limit;       // USTACK, KSTACK: frames
};

// What the uint64_t of an OUT_NAME counts: out_type.meaning points to one of these.
enum name_of {
	NAME_TEXT,    // program.names: probe, func
	NAME_USER,    // username
	NAME_ERROR,   // strerror
	NAME_SIGNAL,  // signal_name
	NAME_SYSCALL, // syscall_name
	NAME_CGROUP,  // cgroup_path
	// Both are a struct code_go_name.
	NAME_GO_TYPE, // the type that is in an interface
	NAME_GO_FUNC, // the function that a func is
};
// out_type.meaning of an OUT_GO: a whole value, which is a cast of what is in the program.
struct program_whole {
	uint32_t program; // in program.programs and program.books
	uint32_t root;    // its type's number there
	struct type *type;
	// Of an EXPR_CAST 0: it goes into an event. Else it is made at a call's entry, and so many
	// bytes are kept: a uint64_t, how many there are, and these.
	uint32_t kept_bytes;
};
// out_type.meaning of an OUT_STACK points to its struct builtin_use (mode); of an OUT_SYMBOL it is
// NULL.

// KEEP IN ORDER: functions.c
enum function {
	FUNCTION_ACTION, // all that is done outside: call_use.action
	FUNCTION_STR,    // args: address, [characters]; size: the type's
	FUNCTION_BUF,    // likewise
	FUNCTION_COUNT,  // the aggregations stand only as the value of an assignment to a map
	FUNCTION_SUM,
	FUNCTION_MIN,
	FUNCTION_MAX,
	FUNCTION_AVG,
	FUNCTION_STATS,
	FUNCTION_HIST,
	FUNCTION_LHIST,
	FUNCTION_TSERIES,
	FUNCTION_TIMES,   // args: nanoseconds, [whether it failed]
	FUNCTION_DELETE,  // args[0]: a MAP, with keys if map has some; whether it was there
	FUNCTION_HAS_KEY, // likewise
	FUNCTION_FIND,    // args: a MAP with keys, a VAR
	FUNCTION_LEN,     // args[0]: a MAP (how many entries: map, no keys there), or a stack
	FUNCTION_USYM,
	FUNCTION_KSYM,
	FUNCTION_STRNCMP,
	FUNCTION_STRCONTAINS,
	FUNCTION_STRLEN,
	FUNCTION_STRSTR,
	FUNCTION_MEMCMP,
	FUNCTION_STRFTIME, // args[0]: nanoseconds; OPAQUE: OUT_TIMESTAMP
	FUNCTION_NTOP,     // args[0]: a UINT of 4 bytes, or an ARRAY of 4 or 16; OPAQUE: OUT_INET
	FUNCTION_MACADDR,  // args[0]: an ARRAY of 6 bytes; OPAQUE: OUT_MAC
	FUNCTION_BSWAP,
	FUNCTION_CGROUP_PATH,
	FUNCTION_SIGNAL,
	FUNCTION_STRERROR, // OPAQUE: OUT_NAME
	FUNCTION_SIGNAL_NAME,
	FUNCTION_SYSCALL_NAME,
	FUNCTION_TYPENAME, // args: a generic function's dictionary; n: which type of it
	FUNCTION_FAIL,     // stops at compile time: never reaches code/
};

// expr->meaning of an EXPR_CALL of a function.
struct call_use {
	enum function id;
	struct program_action *action; // ACTION
	struct program_map *map;       // DELETE, HAS_KEY, FIND, LEN
	uint32_t n;                    // STRNCMP, MEMCMP: how many bytes; TYPENAME: see there
};

// expr->meaning of an EXPR_MEMBER (and EXPR_NAME, EXPR_INDEX never need one: types say it all).
enum member_kind {
	// Of a struct, union, tuple or record: field of the base's type; through the pointer if the
	// base is one.
	MEMBER_FIELD,
	// args.x of a uprobe: a value that is where places say, type is expr->type.
	MEMBER_PLACES,
	// args.x of a return probe, and all that is reached from there: it was kept at the entry.
	MEMBER_KEPT,
};

struct member_use {
	enum member_kind kind;
	const struct type_field *field; // off, type, bit_size, bit_off
	bool is_data_loc;               // of a tracepoint: what stands at field->off is where it is
	bool is_rel_loc;
	struct places places; // MEMBER_PLACES: by word, see words
	struct type_words words;
	const char *why;   // MEMBER_PLACES: not all of a struct is there, only some of its fields
	bool is_word;      // argN: stands there since an earlier pass
	uint32_t kept_off; // MEMBER_KEPT: from the start of what is kept
};

// --- calls ---

// A value of a call's entry that is kept until the call returns.
struct program_kept {
	struct str text;    // as it is spelled: the same is kept once
	struct expr *value; // computed at the entry
	uint32_t off;
};

// The calls that a return probe waits for: at their entries another program keeps the time, and the
// values that the script asks for.
struct program_call {
	uint32_t index;             // its calls are apart from those of other return probes
	struct program_part *entry; // of the program at the entries
	VEC(struct program_kept) kept;
	uint32_t size; // bytes of all that is kept; at their end 8 for marks of what is none of it
	bool has_time; // duration is asked for
};

// --- parts ---

// One BPF program: a clause, for those of its probes for which it means the same.
struct program_part {
	uint32_t index; // in program.parts
	const struct plan_clause *clause;
	enum probe_kind kind; // of all its probes
	const struct plan_probe **probes;
	size_t n_probes;
	// Sites of its probes to attach to: program.sites[first_site] and on. Uprobes have one for
	// each of the plan's sites that belong to this part, others one for each probe.
	uint32_t first_site;
	uint32_t n_sites;
	// A site's function is entered only when the jump there is not taken: the jump's condition
	// (insn.cc), else INSN_CC_NONE. The program must test the flags and leave.
	uint8_t entry_cc;
	struct expr *predicate; // may be NULL; a BOOL, or any number that is tested against 0
	struct block *body;
	struct program_var **vars;
	size_t n_vars;
	// Only this process: the program must look, because what it is attached to cannot.
	bool checks_pid;
	uint32_t program; // where it says something about one: program.programs[program]
	// A return probe that asks for something of the entry, and the part at the entry itself,
	// which has no body of its own.
	struct program_call *call;
	bool is_call_entry;
	bool knows_failed;        // `failed` looks at an error that its functions return
	bool may_repeat;          // its sites may be hit again while a call goes on
	bool notes_starts;        // it is about go statements, not about calls
	const struct target_g *g; // where its code has the goroutine; NULL: nobody asks, or no Go
};

// Where a hit came from: its number is the cookie.
struct program_site {
	const struct plan_probe *probe;
	const struct plan_site *site; // NULL: of a probe without sites
	uint64_t probe_name;          // numbers in program.names
	uint64_t func_name;
};

struct program {
	const struct config *config;
	struct diag *diag;           // the sources that spans are about
	struct program_part **parts; // in the order of the script; BEGINs and ENDs too
	size_t n_parts;
	struct program_map **maps; // in order of name
	size_t n_maps;
	struct program_action **actions;
	size_t n_actions;
	struct program_site *sites;
	size_t n_sites;
	struct str *names; // texts of `probe` and `func`
	size_t n_names;
	const struct plan_program **programs; // that probes are in
	size_t n_programs;
	struct value_book **books; // for each of them, NULL if nobody asks for a whole value
	uint32_t n_calls;
	struct btf *btf; // the kernel's types; NULL if nobody has asked for one, or there are none
	int pid;         // -p, or the child of -c; 0: all
};

struct check_options {
	const struct str *params; // $1 ...
	size_t n_params;
	struct str *named_params; // "name=value" or "name", after "--"
	size_t n_named_params;
	int pid;
	bool has_child;                      // -c
	bool has_multi_link;                 // as in struct plan_options
	bool is_unsafe;                      // --unsafe: system() and the like
	const struct value_secrets *secrets; // --redact
	const char *kernel_types;            // the file (BTF_KERNEL); NULL: there is none
};

// Never NULL; without errors in diag it is complete. The script's tree is annotated and changed:
// constants are folded, conversions are EXPR_CASTs without a type_spec, strings have their size.
struct program *program_make(struct arena *a, const struct script *s, struct plan *plan,
			     const struct config *config, const struct check_options *options,
			     struct diag *diag);
// -d types: maps, variables and every expression with its type.
void program_dump(const struct program *p, FILE *out);

// How values of that type are printed; the arena's.
const struct out_type *check_shown(struct arena *a, struct type *t,
				   const struct value_secrets *secrets);

#endif
