// SPDX-License-Identifier: Apache-2.0
// Builtin values and functions.
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "code/gen.h"

const struct builtin_use *expr_builtin(const struct expr *e)
{
	return e->kind == EXPR_NAME ? e->meaning : NULL;
}

// --- clocks ---

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t = { 0 };
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// The kernel tells this clock since 6.1, as far as we know of its features since 6.4; before, it is
// as far from the boot clock as it was when the script was compiled.
static void tai_clock(struct gen *g)
{
	if (gen_has(g, BPF_FEATURE_ITER_NUM)) {
		bpf_call(g->b, BPF_FUNC_ktime_get_tai_ns);
		return;
	}
	bpf_call(g->b, BPF_FUNC_ktime_get_boot_ns);
	bpf_const(g->b, R1, clock_ns(CLOCK_TAI) - clock_ns(CLOCK_BOOTTIME));
	bpf_alu(g->b, BPF_ADD, R0, R1);
}

void gen_clock(struct gen *g, enum out_clock clock)
{
	if (clock == OUT_CLOCK_MONOTONIC || !gen_has(g, BPF_FEATURE_BOOT_NS))
		bpf_call(g->b, BPF_FUNC_ktime_get_ns);
	else if (clock == OUT_CLOCK_TAI)
		tai_clock(g);
	else
		bpf_call(g->b, BPF_FUNC_ktime_get_boot_ns);
}

static void elapsed(struct gen *g)
{
	gen_clock(g, OUT_CLOCK_BOOT);
	bpf_map_value_ref(g->b, R1, g->u->c->globals, offsetof(struct code_globals, start_ns));
	bpf_load(g->b, 8, R1, R1, 0);
	bpf_alu(g->b, BPF_SUB, R0, R1);
}

// --- the task ---

void gen_task_member(struct gen *g, const char *path, unsigned bytes, struct span span)
{
	struct unit *u = g->u;
	uint32_t off = 0;
	if (!u->btf) {
		u->btf_arena = u->btf_arena ? u->btf_arena : arena_new();
		err_free(btf_open(u->btf_arena, BTF_KERNEL, &u->btf));
	}
	if (!u->btf || !btf_member(u->btf, "task_struct", path, &off)) {
		diag_error(g->p->diag, span, "this kernel does not tell where task_struct.%s is",
			   path);
		diag_hint(g->p->diag, "it must have type information: " BTF_KERNEL);
	}
	struct frame before = g->f;
	struct spot slot = frame_alloc(g, 8);
	bpf_mov(g->b, R3, R0);
	bpf_alu_imm(g->b, BPF_ADD, R3, off);
	gen_read(g, SPACE_KERNEL, slot, bytes, span);
	spot_load(g, bytes, R0, slot);
	g->f = before;
}

static void parent_pid(struct gen *g, struct span span)
{
	bpf_call(g->b, BPF_FUNC_get_current_task);
	gen_task_member(g, "real_parent", 8, span);
	gen_task_member(g, "tgid", 4, span);
}

static void half(struct gen *g, int helper, bool is_upper)
{
	bpf_call(g->b, helper);
	if (is_upper)
		bpf_alu_imm(g->b, BPF_RSH, R0, 32);
	else
		bpf_mov32(g->b, R0, R0);
}

static void pid_of(struct gen *g, const struct builtin_use *u, bool is_thread)
{
	if (u->index)
		half(g, BPF_FUNC_get_current_pid_tgid, !is_thread);
	else
		gen_pid(g, is_thread);
}

static void user_mode(struct gen *g)
{
	struct bpf_label done = bpf_label_new(g->b);
	gen_reg(g, R1, PROGRAM_REG_CS);
	bpf_const(g->b, R0, 0);
	bpf_alu_imm(g->b, BPF_AND, R1, 3);
	bpf_jump_if_imm(g->b, BPF_JEQ, R1, 0, done);
	bpf_const(g->b, R0, 1);
	bpf_bind(g->b, done);
}

static void stack_word(struct gen *g, const struct builtin_use *u, struct span span)
{
	gen_reg(g, R0, 7);
	gen_user_word(g, 8 * ((int64_t)u->index + 1), 8, span);
}

static uint64_t n_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (uint64_t)n : 1;
}

// What the probe gives, and the call or goroutine that it is in.
static void probe_num(struct gen *g, struct expr *e, const struct builtin_use *u)
{
	struct bpf_asm *b = g->b;
	switch ((int)u->id) {
	case BUILTIN_ARG:
		gen_arg(g, e, u->index);
		break;
	case BUILTIN_SARG:
		stack_word(g, u, e->span);
		break;
	case BUILTIN_RETVAL:
		gen_reg(g, R0, 0);
		break;
	case BUILTIN_REG:
		gen_reg(g, R0, (uint16_t)u->index);
		break;
	case BUILTIN_CTX:
		bpf_mov(b, R0, R_CTX);
		break;
	case BUILTIN_PROBE:
		gen_site_word(g, 0, e->span);
		break;
	case BUILTIN_FUNC:
		gen_site_word(g, 8, e->span);
		break;
	case BUILTIN_GOID:
	case BUILTIN_PARENT_GOID:
		gen_g_word(g, u->id == BUILTIN_GOID ? g->part->g->goid : g->part->g->parent_goid,
			   e->span);
		break;
	case BUILTIN_DURATION:
		spot_load(g, 8, R0, g->duration);
		break;
	case BUILTIN_CALL_START:
		spot_load(g, 8, R0, spot_at(g->duration, 8));
		break;
	case BUILTIN_CURG_GOID:
		gen_curg_goid(g, e->span);
		break;
	case BUILTIN_CALL_DEPTH:
		gen_call_depth(g, e->span);
		break;
	default:
		bpf_const(b, R0, 0); // no number
		break;
	}
}

void gen_builtin_num(struct gen *g, struct expr *e, const struct builtin_use *u)
{
	struct bpf_asm *b = g->b;
	switch ((int)u->id) {
	case BUILTIN_PID:
		pid_of(g, u, false);
		break;
	case BUILTIN_TID:
		pid_of(g, u, true);
		break;
	case BUILTIN_PPID:
		parent_pid(g, e->span);
		break;
	case BUILTIN_UID:
	case BUILTIN_USERNAME:
		half(g, BPF_FUNC_get_current_uid_gid, false);
		break;
	case BUILTIN_GID:
		half(g, BPF_FUNC_get_current_uid_gid, true);
		break;
	case BUILTIN_CPU:
		bpf_call(b, BPF_FUNC_get_smp_processor_id);
		break;
	case BUILTIN_NCPUS:
		bpf_const(b, R0, n_cpus());
		break;
	case BUILTIN_NSECS:
		gen_clock(g, u->clock);
		break;
	case BUILTIN_ELAPSED:
		elapsed(g);
		break;
	case BUILTIN_RAND:
		half(g, BPF_FUNC_get_prandom_u32, false);
		break;
	case BUILTIN_CGROUP:
		bpf_call(b, BPF_FUNC_get_current_cgroup_id);
		break;
	case BUILTIN_CURTASK:
		bpf_call(b, BPF_FUNC_get_current_task);
		break;
	case BUILTIN_CPID:
		bpf_const(b, R0, (uint64_t)g->p->pid);
		break;
	case BUILTIN_JIFFIES:
		bpf_call(b, BPF_FUNC_jiffies64);
		break;
	case BUILTIN_NUMAID:
		half(g, BPF_FUNC_get_numa_node_id, false);
		break;
	case BUILTIN_USERMODE:
		user_mode(g);
		break;
	default:
		probe_num(g, e, u);
		break;
	}
}

void gen_builtin_into(struct gen *g, struct expr *e, const struct builtin_use *u, struct spot to)
{
	if (u->id == BUILTIN_COMM) {
		uint64_t size = type_strip(e->type)->size;
		spot_ref(g, R1, to);
		bpf_const(g->b, R2, MIN(size, 16u));
		bpf_call(g->b, BPF_FUNC_get_current_comm);
		if (size > 16)
			spot_zero(g, spot_at(to, 16), size - 16);
	} else if (u->id == BUILTIN_USTACK || u->id == BUILTIN_KSTACK) {
		gen_stack_into(g, e, u, to);
	} else if (u->id == BUILTIN_GOFUNC) {
		gen_gofunc(g, e, to);
	} else if (u->id == BUILTIN_GOSITE) {
		gen_gosite(g, e, to);
	} else {
		gen_builtin_num(g, e, u);
		spot_store(g, 8, to, R0);
	}
}

// --- functions ---

static struct expr *arg(const struct expr *e, size_t i)
{
	return e->call.args.v[i];
}

static void swap_bytes(struct gen *g, struct expr *e)
{
	uint64_t size = type_strip(arg(e, 0)->type)->size;
	gen_num(g, arg(e, 0));
	if (size == 2 || size == 4 || size == 8)
		bpf_to_be(g->b, R0, (unsigned)size * 8);
	gen_extend(g, R0, e->type);
}

static void send_signal(struct gen *g, struct expr *e)
{
	if (!gen_has(g, BPF_FEATURE_SEND_SIGNAL))
		gen_refuse(g, e->span, "a program that sends signals", "5.3");
	gen_num(g, arg(e, 0));
	bpf_mov(g->b, R1, R0);
	bpf_call(g->b, BPF_FUNC_send_signal);
	gen_check(g, e->span, "cannot send the signal");
}

// Where n bytes of an argument are.
static struct spot bytes_of(struct gen *g, struct expr *e, uint64_t n)
{
	struct type *t = type_strip(e->type);
	if (type_is_memory(t)) {
		struct spot s = gen_spot(g, e);
		return t->kind == TYPE_BUFFER ? spot_at(s, 4) : s;
	}
	struct spot s = frame_alloc(g, (int)n);
	gen_num(g, e);
	bpf_mov(g->b, R3, R0);
	gen_read(g, t->kind == TYPE_PTR && t->is_kernel ? SPACE_KERNEL : SPACE_USER, s, n, e->span);
	return s;
}

// What of an argument can be compared.
static uint64_t bytes_at_most(const struct expr *e, uint64_t n)
{
	struct type *t = type_strip(e->type);
	if (!type_is_memory(t))
		return n;
	return MIN(n, t->kind == TYPE_BUFFER ? t->size - 4 : t->size);
}

// r0 = 0 if they are the same, else 1.
static void compare(struct gen *g, struct expr *e, uint64_t n, bool is_text)
{
	struct bpf_label differ = bpf_label_new(g->b), done = bpf_label_new(g->b);
	struct frame before = g->f;
	if (is_text) {
		gen_text_jump(g, arg(e, 0), arg(e, 1), n, false, differ);
	} else {
		n = bytes_at_most(arg(e, 0), bytes_at_most(arg(e, 1), n));
		struct spot x = bytes_of(g, arg(e, 0), n), y = bytes_of(g, arg(e, 1), n);
		spot_differ(g, x, y, n, differ);
	}
	bpf_const(g->b, R0, 0);
	bpf_jump(g->b, done);
	bpf_bind(g->b, differ);
	bpf_const(g->b, R0, 1);
	bpf_bind(g->b, done);
	g->f = before;
}

static void length(struct gen *g, struct expr *e)
{
	if (arg(e, 0)->kind == EXPR_MAP)
		gen_map_len(g, arg(e, 0));
	else
		gen_stack_len(g, arg(e, 0));
}

static void call_num(struct gen *g, struct expr *e, const struct call_use *u)
{
	switch ((int)u->id) {
	case FUNCTION_ACTION:
		gen_action(g, e, u->action);
		break;
	case FUNCTION_DELETE:
		gen_map_delete(g, arg(e, 0));
		break;
	case FUNCTION_HAS_KEY:
		gen_map_has(g, arg(e, 0));
		break;
	case FUNCTION_FIND:
		gen_map_find(g, arg(e, 0), arg(e, 1));
		break;
	case FUNCTION_LEN:
		length(g, e);
		break;
	case FUNCTION_STRNCMP:
		compare(g, e, u->n, true);
		break;
	case FUNCTION_MEMCMP:
		compare(g, e, u->n, false);
		break;
	case FUNCTION_STRCONTAINS:
	case FUNCTION_STRSTR:
		gen_strcontains(g, e, u->id == FUNCTION_STRSTR);
		break;
	case FUNCTION_STRLEN:
		gen_strlen(g, arg(e, 0));
		break;
	case FUNCTION_BSWAP:
		swap_bytes(g, e);
		break;
	case FUNCTION_SIGNAL:
		send_signal(g, e);
		break;
	default:
		bpf_const(g->b, R0, 0);
		break;
	}
}

void gen_call_num(struct gen *g, struct expr *e)
{
	const struct call_use *u = e->meaning;
	if (e->kind == EXPR_CALL && u)
		call_num(g, e, u);
	else
		bpf_const(g->b, R0, 0);
}

static void address_into(struct gen *g, struct expr *e, struct spot to)
{
	struct expr *a = arg(e, 0);
	uint64_t size = type_strip(e->type)->size;
	spot_zero(g, to, size);
	if (type_is_memory(a->type)) {
		uint64_t n = MIN(a->type->size, size - 4);
		spot_store_imm(g, 4, to, a->type->size > 4 ? AF_INET6 : AF_INET);
		struct spot from = gen_spot(g, a);
		spot_copy(g, spot_at(to, 4), from, n);
		return;
	}
	gen_num(g, a);
	spot_store(g, 4, spot_at(to, 4), R0);
	spot_store_imm(g, 4, to, AF_INET);
}

static void symbol_into(struct gen *g, struct expr *e, bool is_user, struct spot to)
{
	gen_num(g, arg(e, 0));
	spot_store(g, 8, to, R0);
	if (is_user) {
		gen_process(g, e->span);
		spot_store(g, 4, spot_at(to, 8), R0);
		spot_store_imm(g, 4, spot_at(to, 12), 0);
	} else {
		spot_store_imm(g, 8, spot_at(to, 8), 0);
	}
}

void gen_call_into(struct gen *g, struct expr *e, struct spot to)
{
	const struct call_use *u = e->meaning;
	uint64_t size = type_strip(e->type)->size;
	switch ((int)u->id) {
	case FUNCTION_STR:
		gen_str(g, e, to);
		break;
	case FUNCTION_BUF:
		gen_buf(g, e, to);
		break;
	case FUNCTION_USYM:
	case FUNCTION_KSYM:
		symbol_into(g, e, u->id == FUNCTION_USYM, to);
		break;
	case FUNCTION_NTOP:
		address_into(g, e, to);
		break;
	case FUNCTION_MACADDR:
		gen_into(g, arg(e, 0), to);
		break;
	case FUNCTION_TYPENAME:
		gen_typename(g, e, to);
		break;
	case FUNCTION_STRFTIME:
	case FUNCTION_CGROUP_PATH:
	case FUNCTION_STRERROR:
	case FUNCTION_SIGNAL_NAME:
	case FUNCTION_SYSCALL_NAME:
		gen_num(g, arg(e, 0));
		spot_store(g, 8, to, R0);
		break;
	default:
		spot_zero(g, to, size);
		break;
	}
}
