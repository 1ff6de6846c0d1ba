// SPDX-License-Identifier: Apache-2.0
// Trying what programs may contain: types, maps, instructions, helpers.
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpf/features.h"
#include "bpf/uapi.h"

// Fills a program of a uprobe's type with something to be tried; r6 is its context.
typedef void (*emit_fn)(struct probe *p, struct bpf_asm *b);

static struct bpf_finding try_prog(struct probe *p, struct bpf_prog prog, emit_fn emit)
{
	struct bpf_asm *b = bpf_asm_new(p->arena);
	bpf_mov(b, BPF_REG_6, BPF_REG_1);
	if (emit)
		emit(p, b);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	prog.name = "stoat_info";
	struct bpf_finding f = probe_load(p, b, &prog);
	bpf_prog_close(&prog);
	return f;
}

static struct bpf_finding try_type(struct probe *p, enum bpf_prog_type type, emit_fn emit)
{
	return try_prog(p, (struct bpf_prog) { .type = type }, emit);
}

static struct bpf_finding try_code(struct probe *p, emit_fn emit)
{
	return try_type(p, BPF_PROG_TYPE_KPROBE, emit);
}

// What the kernel may hold against us.
static const char *why_denied(const struct bpf_system *sys)
{
	if (!sys->may_bpf)
		return "needs root, or CAP_BPF and CAP_PERFMON";
	if (sys->in_user_ns)
		return "privileges inside a user namespace (a rootless container) do not count";
	if (sys->has_seccomp)
		return "a seccomp filter forbids it (a container's default: run it privileged)";
	return "not permitted, privileges or not (a security module?)";
}

struct bpf_finding probe_bpf(struct probe *p)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1;
	int fd = uapi_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd == -EPERM || fd == -EACCES)
		return probe_absent(p, "%s", why_denied(p->sys));
	if (fd < 0)
		return probe_rc(p, fd);
	close(fd);
	// Kernels that let everybody make maps and socket filters do not let them trace.
	if (!p->sys->may_bpf && try_code(p, NULL).support != BPF_PRESENT)
		return probe_absent(p, "%s", why_denied(p->sys));
	return probe_present();
}

struct bpf_finding probe_prog_uprobe(struct probe *p)
{
	return try_type(p, BPF_PROG_TYPE_KPROBE, NULL);
}

struct bpf_finding probe_prog_tracepoint(struct probe *p)
{
	return try_type(p, BPF_PROG_TYPE_TRACEPOINT, NULL);
}

struct bpf_finding probe_prog_perf_event(struct probe *p)
{
	return try_type(p, BPF_PROG_TYPE_PERF_EVENT, NULL);
}

// --- maps ---

static bool ignore_record(void *ctx, const void *data, size_t len)
{
	(void)ctx, (void)data, (void)len;
	return true;
}

struct bpf_finding probe_ringbuf(struct probe *p)
{
	struct bpf_map m = { .name = "stoat_info",
			     .type = BPF_MAP_TYPE_RINGBUF,
			     .max_entries = (uint32_t)sysconf(_SC_PAGESIZE),
			     .fd = -1 };
	struct bpf_ring *ring = NULL;
	struct err *e = bpf_map_create(&m);
	if (!e)
		e = bpf_ring_open(&m, ignore_record, NULL, &ring);
	bpf_ring_close(ring);
	bpf_map_close(&m);
	return probe_err(p, e);
}

struct bpf_finding probe_mmap(struct probe *p)
{
	// features.c has tried it, for all who count.
	return p->words ? probe_present() : probe_absent(p, "not in this kernel");
}

struct bpf_finding probe_batch(struct probe *p)
{
	struct bpf_map m = { .name = "stoat_info",
			     .type = BPF_MAP_TYPE_HASH,
			     .key_size = 8,
			     .value_size = 8,
			     .max_entries = 1,
			     .fd = -1 };
	struct err *e = bpf_map_create(&m);
	if (e)
		return probe_err(p, e);
	uint64_t key, value, mark;
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.batch.out_batch = uapi_ptr(&mark);
	attr.batch.keys = uapi_ptr(&key);
	attr.batch.values = uapi_ptr(&value);
	attr.batch.count = 1;
	attr.batch.map_fd = (uint32_t)m.fd;
	int rc = uapi_bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
	bpf_map_close(&m);
	// The map is empty: its end is reached at once.
	return rc == -ENOENT ? probe_present() : probe_absent(p, "not in this kernel");
}

// Before memory control groups counted BPF memory, the limit on locked memory did.
struct bpf_finding probe_memcg(struct probe *p)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return probe_unprobed(p, "the limit cannot be read");
	const struct rlimit none = { 0, limit.rlim_max };
	setrlimit(RLIMIT_MEMLOCK, &none);
	struct bpf_map m = { .name = "stoat_info",
			     .type = BPF_MAP_TYPE_ARRAY,
			     .key_size = 4,
			     .value_size = 8,
			     .max_entries = 1,
			     .fd = -1 };
	struct err *e = bpf_map_create(&m);
	setrlimit(RLIMIT_MEMLOCK, &limit);
	bpf_map_close(&m);
	bool is_counted = e;
	err_free(e);
	return is_counted ? probe_absent(p, "counted as locked memory") : probe_present();
}

// --- instructions ---

static void emit_atomics(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	bpf_store_imm(b, 8, BPF_REG_10, -8, 0);
	bpf_const(b, BPF_REG_1, 1);
	bpf_atomic(b, 8, BPF_ADD | BPF_FETCH, BPF_REG_10, -8, BPF_REG_1);
	bpf_const(b, BPF_REG_0, 1);
	bpf_atomic(b, 8, BPF_CMPXCHG, BPF_REG_10, -8, BPF_REG_1);
	bpf_atomic(b, 8, BPF_XCHG, BPF_REG_10, -8, BPF_REG_1);
}

struct bpf_finding probe_atomics(struct probe *p)
{
	return try_code(p, emit_atomics);
}

struct bpf_finding probe_loop(struct probe *p)
{
	struct bpf_asm *b = bpf_asm_new(p->arena);
	struct bpf_label body = bpf_label_new(b);
	bpf_const(b, BPF_REG_1, 10);
	bpf_func_ref(b, BPF_REG_2, body);
	bpf_const(b, BPF_REG_3, 0);
	bpf_const(b, BPF_REG_4, 0);
	bpf_call(b, BPF_FUNC_loop);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	bpf_func(b, body, "body");
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog prog = { .name = "stoat_info", .type = BPF_PROG_TYPE_KPROBE };
	struct bpf_finding f = probe_load(p, b, &prog);
	bpf_prog_close(&prog);
	return f;
}

static void emit_may_goto(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	struct bpf_label again = bpf_label_new(b), out = bpf_label_new(b);
	bpf_call(b, BPF_FUNC_ktime_get_ns);
	bpf_bind(b, again);
	bpf_may_goto(b, out);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_0, 1);
	bpf_jump_if_imm(b, BPF_JNE, BPF_REG_0, 0, again);
	bpf_bind(b, out);
}

struct bpf_finding probe_may_goto(struct probe *p)
{
	return try_code(p, emit_may_goto);
}

static void emit_iter_num(struct probe *p, struct bpf_asm *b)
{
	uint32_t start = 0, next = 0, stop = 0;
	if (!btf_func(p->btf, "bpf_iter_num_new", &start) ||
	    !btf_func(p->btf, "bpf_iter_num_next", &next) ||
	    !btf_func(p->btf, "bpf_iter_num_destroy", &stop))
		bpf_fail(b, "not in this kernel");
	struct bpf_label again = bpf_label_new(b), out = bpf_label_new(b);
	bpf_mov(b, BPF_REG_7, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_7, -8);
	bpf_mov(b, BPF_REG_1, BPF_REG_7);
	bpf_const(b, BPF_REG_2, 0);
	bpf_const(b, BPF_REG_3, 10);
	bpf_call_kernel(b, start);
	bpf_bind(b, again);
	bpf_mov(b, BPF_REG_1, BPF_REG_7);
	bpf_call_kernel(b, next);
	bpf_jump_if_imm(b, BPF_JEQ, BPF_REG_0, 0, out);
	bpf_jump(b, again);
	bpf_bind(b, out);
	bpf_mov(b, BPF_REG_1, BPF_REG_7);
	bpf_call_kernel(b, stop);
}

// --- the kernel's types ---

// Opens them once; NULL for success.
static struct err *need_btf(struct probe *p)
{
	return p->btf ? NULL : btf_open(p->arena, BTF_KERNEL, &p->btf);
}

struct bpf_finding probe_iter_num(struct probe *p)
{
	struct err *e = need_btf(p);
	return e ? probe_err(p, e) : try_code(p, emit_iter_num);
}

struct bpf_finding probe_btf(struct probe *p)
{
	return probe_err(p, need_btf(p));
}

#if defined(__x86_64__)
#define THREAD_POINTER "thread.fsbase"
#else
#define THREAD_POINTER "thread.uw.tp_value"
#endif

static void emit_task_btf(struct probe *p, struct bpf_asm *b)
{
	uint32_t off = 0;
	if (!btf_member(p->btf, "task_struct", THREAD_POINTER, &off))
		bpf_fail(b, "task_struct has no " THREAD_POINTER);
	bpf_call(b, BPF_FUNC_get_current_task_btf);
	bpf_load(b, 8, BPF_REG_1, BPF_REG_0, (int)off);
}

struct bpf_finding probe_task_btf(struct probe *p)
{
	struct err *e = need_btf(p);
	return e ? probe_err(p, e) : try_code(p, emit_task_btf);
}

// --- helpers ---

// dst = the address of the bytes at the end of the stack, which are zeroed.
static void emit_buffer(struct bpf_asm *b, uint8_t dst, int bytes)
{
	for (int off = -bytes; off < 0; off += 8)
		bpf_store_imm(b, 8, BPF_REG_10, off, 0);
	bpf_mov(b, dst, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, dst, -bytes);
}

static void emit_read_user_str(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	emit_buffer(b, BPF_REG_1, 16);
	bpf_const(b, BPF_REG_2, 16);
	bpf_const(b, BPF_REG_3, 0);
	bpf_call(b, BPF_FUNC_probe_read_user_str);
}

struct bpf_finding probe_read_user_str(struct probe *p)
{
	return try_code(p, emit_read_user_str);
}

static void emit_copy_from_user(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	emit_buffer(b, BPF_REG_1, 16);
	bpf_const(b, BPF_REG_2, 16);
	bpf_const(b, BPF_REG_3, 0);
	bpf_call(b, BPF_FUNC_copy_from_user);
}

struct bpf_finding probe_sleepable(struct probe *p)
{
	const struct bpf_prog prog = { .type = BPF_PROG_TYPE_KPROBE, .is_sleepable = true };
	return try_prog(p, prog, emit_copy_from_user);
}

struct bpf_finding probe_get_stackid(struct probe *p)
{
	struct bpf_map stacks = { .name = "stoat_info",
				  .type = BPF_MAP_TYPE_STACK_TRACE,
				  .key_size = 4,
				  .value_size = 127 * 8,
				  .max_entries = 1,
				  .fd = -1 };
	struct err *e = bpf_map_create(&stacks);
	if (e)
		return probe_err(p, e);
	struct bpf_asm *b = bpf_asm_new(p->arena);
	bpf_map_ref(b, BPF_REG_2, &stacks);
	bpf_const(b, BPF_REG_3, BPF_F_USER_STACK);
	bpf_call(b, BPF_FUNC_get_stackid);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog prog = { .name = "stoat_info", .type = BPF_PROG_TYPE_KPROBE };
	struct bpf_finding f = probe_load(p, b, &prog);
	bpf_prog_close(&prog);
	bpf_map_close(&stacks);
	return f;
}

static void emit_get_stack(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	emit_buffer(b, BPF_REG_2, 64);
	bpf_mov(b, BPF_REG_1, BPF_REG_6);
	bpf_const(b, BPF_REG_3, 64);
	bpf_const(b, BPF_REG_4, BPF_F_USER_STACK);
	bpf_call(b, BPF_FUNC_get_stack);
}

struct bpf_finding probe_get_stack(struct probe *p)
{
	return try_code(p, emit_get_stack);
}

static void emit_boot_ns(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	bpf_call(b, BPF_FUNC_ktime_get_boot_ns);
}

struct bpf_finding probe_boot_ns(struct probe *p)
{
	return try_code(p, emit_boot_ns);
}

static void emit_send_signal(struct probe *p, struct bpf_asm *b)
{
	(void)p;
	bpf_const(b, BPF_REG_1, 0);
	bpf_call(b, BPF_FUNC_send_signal);
}

struct bpf_finding probe_send_signal(struct probe *p)
{
	return try_code(p, emit_send_signal);
}
