// SPDX-License-Identifier: Apache-2.0
// BPF without libbpf: an assembler, and the kernel's maps, programs, links and ring buffers. Hides
// bpf(2), perf_event_open(2), the encoding of instructions and what old kernel headers lack.
#ifndef BPF_BPF_H
#define BPF_BPF_H

#include <linux/bpf.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

// --- assembler ---

// Emits one program. The first mistake (a jump too far, a number that does not fit) is kept, what
// follows is ignored, and bpf_asm_finish returns it. Operations are the kernel's own BPF_ADD,
// BPF_JEQ and so on; registers BPF_REG_0 to BPF_REG_10; sizes are bytes: 1, 2, 4 or 8.
struct bpf_asm;

// A place in the program, to be bound once.
struct bpf_label {
	uint32_t id;
};

#define BPF_SPAN_NONE UINT32_MAX

// Lives in the arena, with all that it makes.
struct bpf_asm *bpf_asm_new(struct arena *a);

// What is emitted from here on comes from that place of the script (any number that the caller can
// look up, or BPF_SPAN_NONE).
void bpf_span(struct bpf_asm *b, uint32_t span);
// Stands beside the next instruction in a listing.
void bpf_comment(struct bpf_asm *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Makes the whole program fail, unless it has already.
void bpf_fail(struct bpf_asm *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct bpf_label bpf_label_new(struct bpf_asm *b);
// The next instruction is there.
void bpf_bind(struct bpf_asm *b, struct bpf_label l);
// The same, and a function of that name starts there. The program's first function needs none.
void bpf_func(struct bpf_asm *b, struct bpf_label l, const char *name);
// The index of the next instruction.
uint32_t bpf_here(const struct bpf_asm *b);

// dst = dst op src: BPF_ADD SUB MUL DIV MOD OR AND XOR LSH RSH ARSH. The 32-bit forms clear the
// upper half. DIV and MOD are unsigned.
void bpf_alu(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src);
void bpf_alu_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm);
void bpf_alu32(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src);
void bpf_alu32_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm);
void bpf_neg(struct bpf_asm *b, uint8_t dst);
void bpf_neg32(struct bpf_asm *b, uint8_t dst);
void bpf_mov(struct bpf_asm *b, uint8_t dst, uint8_t src);
void bpf_mov32(struct bpf_asm *b, uint8_t dst, uint8_t src);
// Any constant, in the shortest form.
void bpf_const(struct bpf_asm *b, uint8_t dst, uint64_t value);
// The value's low bits (16, 32 or 64) from or to big-endian order; to little-endian order it cuts.
void bpf_to_be(struct bpf_asm *b, uint8_t dst, unsigned bits);
void bpf_to_le(struct bpf_asm *b, uint8_t dst, unsigned bits);

// dst = *(src + off), zero-extended; *(dst + off) = src or imm.
void bpf_load(struct bpf_asm *b, unsigned bytes, uint8_t dst, uint8_t src, int off);
void bpf_store(struct bpf_asm *b, unsigned bytes, uint8_t dst, int off, uint8_t src);
void bpf_store_imm(struct bpf_asm *b, unsigned bytes, uint8_t dst, int off, int64_t imm);
// On 4 or 8 bytes. op: BPF_ADD OR AND XOR, with | BPF_FETCH src gets the old value; BPF_XCHG;
// BPF_CMPXCHG compares with r0 and leaves the old value there. Only BPF_ADD alone is older than
// Linux 5.12.
void bpf_atomic(struct bpf_asm *b, unsigned bytes, int op, uint8_t dst, int off, uint8_t src);

// op: BPF_JEQ JNE JGT JGE JLT JLE JSGT JSGE JSLT JSLE JSET. The 32-bit forms compare the low
// halves.
void bpf_jump(struct bpf_asm *b, struct bpf_label to);
void bpf_jump_if(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src, struct bpf_label to);
void bpf_jump_if_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm, struct bpf_label to);
void bpf_jump32_if(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src, struct bpf_label to);
void bpf_jump32_if_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm,
		       struct bpf_label to);
// Jumps when the kernel has lost patience with a loop (BPF_FEATURE_MAY_GOTO).
void bpf_may_goto(struct bpf_asm *b, struct bpf_label to);

struct bpf_map;
// dst = the map, for helpers; the address of an array's first value plus off. The map may be
// created any time before the program is loaded; it must outlive the program's code.
void bpf_map_ref(struct bpf_asm *b, uint8_t dst, const struct bpf_map *m);
void bpf_map_value_ref(struct bpf_asm *b, uint8_t dst, const struct bpf_map *m, uint32_t off);
// dst = the function, for helpers that take a callback.
void bpf_func_ref(struct bpf_asm *b, uint8_t dst, struct bpf_label func);
void bpf_call(struct bpf_asm *b, int helper);
void bpf_call_func(struct bpf_asm *b, struct bpf_label func);
// A function of the kernel, by its number in the kernel's type information (btf_func).
void bpf_call_kernel(struct bpf_asm *b, uint32_t btf_id);
void bpf_exit(struct bpf_asm *b);

// A finished program.
struct bpf_code {
	struct bpf_insn *insns; // map references hold an index into maps until they are loaded
	uint32_t n;
	const uint32_t *spans;      // for each instruction
	const struct str *comments; // likewise; empty where there is none
	const struct bpf_map **maps;
	uint32_t n_maps;
	const struct bpf_code_func *funcs; // by start; the first one starts at 0
	uint32_t n_funcs;
};

struct bpf_code_func {
	uint32_t start;
	const char *name;
};

// Leaves out instructions that are never reached, which the kernel would refuse. To be called once,
// before bpf_asm_finish.
void bpf_asm_drop_unreached(struct bpf_asm *b);
// Everything in it is the arena's.
MUST_USE struct err *bpf_asm_finish(struct bpf_asm *b, struct bpf_code *out);

// A listing: index, instruction as the kernel's verifier writes it, comment.
void bpf_code_print(const struct bpf_code *c, FILE *out);
// One instruction's text.
struct str bpf_code_text(const struct bpf_code *c, uint32_t index, struct arena *a);
// "bpf_map_lookup_elem", or NULL.
const char *bpf_helper_name(int helper);

// --- maps ---

struct bpf_map {
	const char *name; // any text; the kernel gets the part of it that it accepts
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries; // of a ring buffer: bytes, a power of two and whole pages
	uint32_t flags;       // BPF_F_NO_PREALLOC, BPF_F_MMAPABLE, ...
	int fd;               // bpf_map_create sets it
};

MUST_USE struct err *bpf_map_create(struct bpf_map *m);
void bpf_map_close(struct bpf_map *m);

// CPUs that the kernel could ever bring up: a per-CPU map has so many values for a key.
unsigned bpf_possible_cpus(void);
// Bytes of what lookup and update exchange: of a per-CPU map all CPUs' values, each rounded up to
// eight bytes.
size_t bpf_map_value_bytes(const struct bpf_map *m);

MUST_USE struct err *bpf_map_lookup(const struct bpf_map *m, const void *key, void *value,
				    bool *found);
// flags: BPF_ANY, BPF_NOEXIST, BPF_EXIST.
MUST_USE struct err *bpf_map_update(const struct bpf_map *m, const void *key, const void *value,
				    uint64_t flags);
MUST_USE struct err *bpf_map_delete(const struct bpf_map *m, const void *key, bool *found);
// The key after key, or the first one for NULL.
MUST_USE struct err *bpf_map_next(const struct bpf_map *m, const void *key, void *next,
				  bool *found);

// Calls fn for every entry, in many entries a system call where the kernel can. An error of fn ends
// it. Entries that change meanwhile may be seen or not; none is seen twice unless it is replaced.
// Key and value are not aligned, and gone when fn returns.
MUST_USE struct err *bpf_map_each(const struct bpf_map *m,
				  struct err *(*fn)(void *ctx, const void *key, const void *value),
				  void *ctx);

// The values of an array with BPF_F_MMAPABLE: max_entries of them, each rounded up to eight bytes.
// Unmapped by bpf_map_unmap.
MUST_USE struct err *bpf_map_mmap(const struct bpf_map *m, void **out);
void bpf_map_unmap(const struct bpf_map *m, void *p);

// --- ring buffer ---

struct bpf_ring;

// A record as the program submitted it, aligned to eight bytes; gone when fn returns. False ends
// the reading after this record.
typedef bool (*bpf_record_fn)(void *ctx, const void *data, size_t len);

// The caller closes it before the map.
MUST_USE struct err *bpf_ring_open(const struct bpf_map *m, bpf_record_fn fn, void *ctx,
				   struct bpf_ring **out);
void bpf_ring_close(struct bpf_ring *r);
// For the caller's own epoll: readable while there are records.
int bpf_ring_fd(const struct bpf_ring *r);
// Reads what is there, two buffers full at most; how many records fn has got.
size_t bpf_ring_read(struct bpf_ring *r);
// Waits for records at most so long (-1: for ever, 0: not at all), then reads. A signal ends the
// waiting early, with 0 records.
MUST_USE struct err *bpf_ring_poll(struct bpf_ring *r, int timeout_ms, size_t *n_records);

// --- programs ---

struct bpf_prog {
	const char *name; // any text
	enum bpf_prog_type type;
	uint32_t attach_type; // BPF_ATTACH_UPROBE_MULTI, ..._SESSION, or 0
	const char *license;  // NULL: GPL, which most helpers ask for
	bool is_sleepable;    // may wait for a page of the traced program
	bool wants_log;       // what the verifier says even when it accepts
	int fd;               // bpf_prog_load sets it
};

// Numbers of enum bpf_attach_type that the kernel headers may not have yet.
enum {
	BPF_ATTACH_UPROBE_MULTI = 48,   // Linux 6.6
	BPF_ATTACH_UPROBE_SESSION = 57, // Linux 6.13
};

// What the kernel's verifier says of a program.
struct bpf_verdict {
	struct str log;    // empty when it was not asked for
	struct str reason; // of a rejection: the line that says why
	bool is_rejected;  // by the verifier, and not for want of privileges and the like
	bool has_insn;
	uint32_t insn; // where it gave up
	uint32_t span; // and the place of the script that this comes from, or BPF_SPAN_NONE
};

// A rejected program is an error that says why in one line; the verdict (may be NULL), in the
// arena's memory, has the rest.
MUST_USE struct err *bpf_prog_load(struct bpf_prog *p, const struct bpf_code *code, struct arena *a,
				   struct bpf_verdict *verdict);
void bpf_prog_close(struct bpf_prog *p);
// Runs it once, here and now, as a part of this process: a raw tracepoint's program need not be
// attached for that.
MUST_USE struct err *bpf_prog_run(const struct bpf_prog *p);

// Finds in a verifier's log the instruction that it is about.
bool bpf_log_insn(struct str log, uint32_t *insn);
// The line of the log that says why, without what the verifier counts at the end.
struct str bpf_log_reason(struct str log);

// What the kernel accepts as a name: at most 15 letters, digits, '_' and '.'; the rest becomes '_'.
void bpf_name(const char *text, char out[BPF_OBJ_NAME_LEN]);

// --- attaching ---

// Sites of one file for one program. Offsets are file offsets.
struct bpf_uprobes {
	const char *path;
	const uint64_t *offsets;
	const uint64_t *cookies;     // NULL, or one for each
	const uint64_t *ref_offsets; // likewise: USDT semaphores
	uint32_t n;
	pid_t pid; // 0: every process
	bool is_return;
};

// One link for all of them; the program's attach_type says whether it is a session. The file
// descriptor is the link: closing it detaches.
MUST_USE struct err *bpf_attach_uprobes(const struct bpf_prog *p, const struct bpf_uprobes *u,
					int *fd);
// One site as a perf event: of u the path, the first offset and reference, pid and is_return.
MUST_USE struct err *bpf_uprobe_event(const struct bpf_uprobes *u, int *fd);
// What a perf event is about. CPU -1 (with a pid) means all of them, pid 0 (with a CPU) every
// process; a pid is one thread's.
struct bpf_event {
	enum {
		BPF_EVENT_TRACEPOINT, // config: its number; any CPU stands for all
		BPF_EVENT_CLOCK,      // period: nanoseconds
		BPF_EVENT_SOFTWARE,   // config: PERF_COUNT_SW_*, period: events from hit to hit
		BPF_EVENT_HARDWARE,   // config: PERF_COUNT_HW_*, likewise
		BPF_EVENT_WATCHPOINT, // vaddr to on_execute
	} kind;
	uint64_t config;
	uint64_t period;
	uint64_t vaddr;
	uint32_t len;
	bool on_read, on_write, on_execute;
	int cpu;
	pid_t pid;
};
MUST_USE struct err *bpf_event_open(const struct bpf_event *e, int *fd);
// Runs the program at that perf event. The returned link takes over the event, which is closed (or
// is the event itself where the kernel has no such links, before 5.15; programs there have no way
// to ask for the cookie).
MUST_USE struct err *bpf_attach_event(const struct bpf_prog *p, int event_fd, uint64_t cookie,
				      int *fd);

// Closing a link waits until every CPU has left the program: some 10 to 100 ms for a uprobe. This
// lets the kernel do it in the background where it can, else it closes them. A program may still
// run for that long afterwards.
void bpf_close_later(const int *fds, size_t n);

// --- what probes cost ---

// While the descriptor is open, the kernel measures all programs.
MUST_USE struct err *bpf_stats_open(int *fd);
// How often the program ran meanwhile, and how long in all.
MUST_USE struct err *bpf_prog_time(const struct bpf_prog *p, uint64_t *ns, uint64_t *n);

// What a hit adds to the traced program beside the program's own time: on an instruction that the
// kernel emulates, on one that it executes apart, and on a RET that the program executes.
struct bpf_hit_cost {
	uint64_t emulated_ns, stepped_ns, returned_ns;
};
// Measured on functions of our own, within some milliseconds. can_return:
// BPF_FEATURE_WRITE_REGS is there; returned_ns is 0 without.
MUST_USE struct err *bpf_hit_cost(bool has_multi, bool can_return, struct bpf_hit_cost *out);
// Where code of our own is in /proc/self/exe; false if that cannot be told.
bool bpf_own_offset(uintptr_t pc, uint64_t *off);

// --- what the machine has ---

// A folder file descriptor of tracefs: where it is mounted, or else a mount of our own that nobody
// else sees and that ends with the descriptor.
MUST_USE struct err *bpf_tracefs_open(int *fd);
// Where it is mounted, or empty.
struct str bpf_tracefs_path(struct arena *a);
// The number of a tracepoint ("sched", "sched_switch").
MUST_USE struct err *bpf_tracepoint_id(int tracefs, const char *group, const char *name,
				       uint64_t *id);

// Kernels before 5.11 count BPF memory as locked memory: lifts the limit.
void bpf_lift_memlock(void);

struct bpf_system {
	struct str release, machine;
	unsigned cpus_online, cpus_possible;
	bool is_root;
	struct str capabilities; // those that tracing needs and that we have: "CAP_BPF CAP_PERFMON"
	bool may_bpf;            // they are enough to load tracing programs
	bool may_perf;
	bool has_seccomp;      // a filter on system calls is in force
	bool in_user_ns;       // our capabilities may not count outside a user namespace
	struct str preemption; // "none", "full", "dynamic", ...
	struct str lockdown;   // "none", "integrity", "confidentiality"; empty: not known
	struct str tracefs;    // where it is mounted, or empty
	bool has_btf;
	// -1: not known
	int perf_event_paranoid, unprivileged_bpf_disabled, perf_max_stack;
	uint64_t memlock; // the limit in bytes; UINT64_MAX: none
};

void bpf_system_read(struct arena *a, struct bpf_system *out);
// Only is_root and what follows it up to has_seccomp: our privileges.
void bpf_privileges_read(struct arena *a, struct bpf_system *out);

// KEEP IN ORDER: FEATURE
enum bpf_feature_id {
	BPF_FEATURE_BPF,
	BPF_FEATURE_PROG_UPROBE,
	BPF_FEATURE_PROG_TRACEPOINT,
	BPF_FEATURE_PROG_PERF_EVENT,
	BPF_FEATURE_UPROBE_MULTI,
	BPF_FEATURE_UPROBE_PID,
	BPF_FEATURE_UPROBE_SESSION,
	BPF_FEATURE_UPROBE_EVENT,
	BPF_FEATURE_COOKIE,
	BPF_FEATURE_WRITE_REGS,
	BPF_FEATURE_TRACEFS,
	BPF_FEATURE_TRACEPOINT,
	BPF_FEATURE_SYSCALL_TRACEPOINT,
	BPF_FEATURE_SOFTWARE_EVENT,
	BPF_FEATURE_HARDWARE_EVENT,
	BPF_FEATURE_WATCHPOINT,
	BPF_FEATURE_RINGBUF,
	BPF_FEATURE_MMAP,
	BPF_FEATURE_BATCH,
	BPF_FEATURE_ATOMICS,
	BPF_FEATURE_LOOP,
	BPF_FEATURE_ITER_NUM,
	BPF_FEATURE_MAY_GOTO,
	BPF_FEATURE_READ_USER_STR,
	BPF_FEATURE_SLEEPABLE,
	BPF_FEATURE_GET_STACKID,
	BPF_FEATURE_GET_STACK,
	BPF_FEATURE_BTF,
	BPF_FEATURE_TASK_BTF,
	BPF_FEATURE_BOOT_NS,
	BPF_FEATURE_SEND_SIGNAL,
	BPF_FEATURE_MEMCG,
	BPF_N_FEATURES,
};

struct bpf_feature {
	const char *key;     // in JSON
	const char *name;    // for people
	const char *without; // what stoat does without it
};

extern const struct bpf_feature bpf_features[BPF_N_FEATURES];

enum bpf_support {
	BPF_UNPROBED, // for want of privileges, or because what it builds on is not there
	BPF_ABSENT,
	BPF_PRESENT,
};

struct bpf_finding {
	enum bpf_support support;
	struct str why; // of what is not there: what the kernel said
};

// Tries features on the running kernel when they are asked for, each of them once; what it builds
// on comes first. Kernel versions play no part.
struct bpf_trials;
struct bpf_trials *bpf_trials_new(void);
// Leaves nothing behind.
void bpf_trials_free(struct bpf_trials *t);
// The text lives as long as t.
struct bpf_finding bpf_trials_try(struct bpf_trials *t, enum bpf_feature_id f);

#endif
