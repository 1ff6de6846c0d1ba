// SPDX-License-Identifier: Apache-2.0
// Builtin values: pid, comm, arg0, reg("ax"), ... One table says what each one is and where it is.
#include "check/checker.h"

#define FRAMES_MAX 127

#define IN(kind) (1u << (kind))
#define IN_ALL   0xffffffffu
#define IN_FUNCS (IN(PROBE_UPROBE) | IN(PROBE_URETPROBE) | IN(PROBE_USDT))
#define IN_CODE  (IN(PROBE_UPROBE) | IN(PROBE_URETPROBE))
#define IN_REGS                                                                   \
	(IN_FUNCS | IN(PROBE_PROFILE) | IN(PROBE_SOFTWARE) | IN(PROBE_HARDWARE) | \
	 IN(PROBE_WATCHPOINT))
// Where the task that is running is the one that the hit is about.
#define IN_TASKS (IN_REGS | IN(PROBE_TRACEPOINT))

// What stoat runs by itself.
#define IN_OURS (IN(PROBE_BEGIN) | IN(PROBE_END) | IN(PROBE_SIGNAL))

enum builtin_type {
	IS_U8,
	IS_U32,
	IS_U64,
	IS_WORD,
	IS_COMM,
	IS_KERNEL_PTR,
	IS_TASK,
	IS_NAME,
	IS_OTHER
};

struct builtin_info;
typedef void (*builtin_check)(struct checker *c, struct expr *e, const struct builtin_info *b,
			      struct expr_list *args);

struct builtin_info {
	const char *name;
	enum builtin id;
	uint32_t kinds;
	enum builtin_type type;
	enum name_of name_of;
	builtin_check check; // NULL: takes no arguments
	const char *help;
};

static void check_clock(struct checker *c, struct expr *e, const struct builtin_info *b,
			struct expr_list *args);
static void check_stack(struct checker *c, struct expr *e, const struct builtin_info *b,
			struct expr_list *args);
static void check_reg(struct checker *c, struct expr *e, const struct builtin_info *b,
		      struct expr_list *args);
static void check_namespace(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args);
static void check_probetype(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args);
static void check_has_cpid(struct checker *c, struct expr *e, const struct builtin_info *b,
			   struct expr_list *args);
static void check_args(struct checker *c, struct expr *e, const struct builtin_info *b,
		       struct expr_list *args);
static void check_usermode(struct checker *c, struct expr *e, const struct builtin_info *b,
			   struct expr_list *args);
static void check_retval(struct checker *c, struct expr *e, const struct builtin_info *b,
			 struct expr_list *args);
static void check_failed(struct checker *c, struct expr *e, const struct builtin_info *b,
			 struct expr_list *args);
static void check_vars(struct checker *c, struct expr *e, const struct builtin_info *b,
		       struct expr_list *args);
static void check_goroutine(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args);

// KEEP IN ORDER: enum builtin says what code/ makes of each.
static const struct builtin_info builtins[] = {
	{ "pid", BUILTIN_PID, IN_ALL, IS_U32, 0, check_namespace, "the process" },
	{ "tid", BUILTIN_TID, IN_ALL, IS_U32, 0, check_namespace, "the thread" },
	{ "ppid", BUILTIN_PPID, IN_ALL, IS_U32, 0, NULL, "the process's parent" },
	{ "uid", BUILTIN_UID, IN_ALL, IS_U32, 0, NULL, "the user" },
	{ "gid", BUILTIN_GID, IN_ALL, IS_U32, 0, NULL, "the group" },
	{ "cpu", BUILTIN_CPU, IN_ALL, IS_U32, 0, NULL, "the CPU" },
	{ "ncpus", BUILTIN_NCPUS, IN_ALL, IS_U32, 0, NULL, "how many CPUs there are" },
	{ "comm", BUILTIN_COMM, IN_ALL, IS_COMM, 0, NULL, "the thread's name" },
	{ "username", BUILTIN_USERNAME, IN_ALL, IS_NAME, NAME_USER, NULL, "the user's name" },
	{ "nsecs", BUILTIN_NSECS, IN_ALL, IS_U64, 0, check_clock, "nanoseconds since boot" },
	{ "elapsed", BUILTIN_ELAPSED, IN_ALL, IS_U64, 0, NULL, "nanoseconds since the start" },
	{ "rand", BUILTIN_RAND, IN_ALL, IS_U32, 0, NULL, "a random number" },
	{ "cgroup", BUILTIN_CGROUP, IN_ALL, IS_U64, 0, NULL, "the control group's id" },
	{ "curtask", BUILTIN_CURTASK, IN_ALL, IS_TASK, 0, NULL, "the kernel's task_struct" },
	{ "cpid", BUILTIN_CPID, IN_ALL, IS_U32, 0, NULL, "the process that -c started" },
	{ "has_cpid", BUILTIN_CPID, IN_ALL, IS_OTHER, 0, check_has_cpid, "whether there is one" },
	{ "jiffies", BUILTIN_JIFFIES, IN_ALL, IS_U64, 0, NULL, "the kernel's clock ticks" },
	{ "retval", BUILTIN_RETVAL, IN(PROBE_URETPROBE), IS_OTHER, 0, check_retval,
	  "what it returns" },
	{ "reg", BUILTIN_REG, IN_REGS, IS_WORD, 0, check_reg, "a register: reg(\"ax\")" },
	{ "ctx", BUILTIN_CTX, IN_TASKS, IS_KERNEL_PTR, 0, NULL, "what the kernel gives programs" },
	{ "probe", BUILTIN_PROBE, IN_ALL, IS_NAME, NAME_TEXT, NULL, "the probe, as it is written" },
	{ "func", BUILTIN_FUNC, IN_FUNCS, IS_NAME, NAME_TEXT, NULL, "the function" },
	{ "probetype", BUILTIN_PROBETYPE, IN_ALL, IS_OTHER, 0, check_probetype, "its kind" },
	{ "ustack", BUILTIN_USTACK, IN_TASKS, IS_OTHER, 0, check_stack, "the program's stack" },
	{ "kstack", BUILTIN_KSTACK, IN_TASKS, IS_OTHER, 0, check_stack, "the kernel's stack" },
	{ "numaid", BUILTIN_NUMAID, IN_ALL, IS_U32, 0, NULL, "the memory node" },
	{ "usermode", BUILTIN_USERMODE, IN_REGS | IN_OURS, IS_U8, 0, check_usermode,
	  "1 if not in the kernel" },
	{ "args", BUILTIN_ARGS, IN_FUNCS | IN(PROBE_TRACEPOINT), IS_OTHER, 0, check_args,
	  "the arguments" },
	{ "vars", BUILTIN_ARGS, IN_FUNCS, IS_OTHER, 0, check_vars, "the local variables" },
	{ "duration", BUILTIN_DURATION, IN(PROBE_URETPROBE), IS_U64, 0, NULL,
	  "nanoseconds since the function was entered" },
	{ "failed", BUILTIN_RETVAL, IN(PROBE_URETPROBE), IS_OTHER, 0, check_failed,
	  "whether it returns an error that is not nil" },
	{ "goid", BUILTIN_GOID, IN_CODE, IS_OTHER, 0, check_goroutine, "the goroutine's number" },
	{ "parent_goid", BUILTIN_PARENT_GOID, IN_CODE, IS_OTHER, 0, check_goroutine,
	  "the number of the goroutine that started it" },
	{ "gofunc", BUILTIN_GOFUNC, IN_CODE, IS_OTHER, 0, check_goroutine,
	  "the function that the goroutine started with" },
	{ "call_start", BUILTIN_CALL_START, IN(PROBE_URETPROBE), IS_U64, 0, NULL,
	  "when the function was entered, by the monotonic clock" },
	{ "curg_goid", BUILTIN_CURG_GOID, IN_CODE, IS_OTHER, 0, check_goroutine,
	  "on the system stack: the goroutine for which the runtime works" },
	{ "call_depth", BUILTIN_CALL_DEPTH, IN(PROBE_UPROBE) | IN(PROBE_URETPROBE), IS_U64, 0, NULL,
	  "how deep in its stack the call is, in bytes" },
	{ "gosite", BUILTIN_GOSITE, IN_CODE, IS_OTHER, 0, check_goroutine,
	  "the place of the go statement that started the goroutine" },
};

bool is_builtin(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (str_eq(name, str_from(builtins[i].name)))
			return true;
	return false;
}

void builtins_offer(struct near *near)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		near_offer(near, str_from(builtins[i].name));
	near_offer(near, STR("arg0"));
	near_offer(near, STR("sarg0"));
}

static struct builtin_use *use_new(struct checker *c, struct expr *e, enum builtin id)
{
	struct builtin_use *use = ARENA_NEW(c->arena, struct builtin_use);
	use->id = id;
	e->meaning = use;
	return use;
}

static const struct out_type *shown_name(struct checker *c, enum name_of of)
{
	struct out_type *t = ARENA_NEW(c->arena, struct out_type);
	enum name_of *meaning = ARENA_NEW(c->arena, enum name_of);
	*meaning = of;
	t->kind = OUT_NAME;
	t->size = 8;
	t->meaning = meaning;
	return t;
}

struct type *type_name(struct checker *c, enum name_of of)
{
	static const char *const names[] = { "name",   "username", "error",
					     "signal", "syscall",  "cgroup" };
	struct type **known = &c->name_types[of];
	if (!*known)
		*known = type_opaque(c, shown_name(c, of), names[of]);
	return *known;
}

// --- those with arguments ---

static bool word_of(const struct expr *e, struct str *out)
{
	if (e->kind == EXPR_NAME)
		*out = e->str;
	return e->kind == EXPR_NAME;
}

static const struct {
	const char *name;
	enum out_clock clock;
} clocks[] = {
	{ "boot", OUT_CLOCK_BOOT },
	{ "monotonic", OUT_CLOCK_MONOTONIC },
	{ "tai", OUT_CLOCK_TAI },
	{ "sw_tai", OUT_CLOCK_TAI },
};

static void check_clock(struct checker *c, struct expr *e, const struct builtin_info *b,
			struct expr_list *args)
{
	struct str word = STR("boot");
	bool is_known = args->n == 0 || (args->n == 1 && word_of(args->v[0], &word));
	struct builtin_use *use = use_new(c, e, b->id);
	e->type = type_int(c, false, 8);
	for (size_t i = 0; is_known && i < ARRAY_LEN(clocks); i++) {
		if (!str_eq(word, str_from(clocks[i].name)))
			continue;
		use->clock = clocks[i].clock;
		return;
	}
	tell_error(c, args->n ? args->v[0]->span : e->span, "nsecs takes the name of a clock");
	tell_hint(c, "there are: boot, monotonic, tai, sw_tai");
	e->type = NULL;
}

static void check_namespace(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args)
{
	struct str word = STR("curr_ns");
	bool is_known = args->n == 0 || (args->n == 1 && word_of(args->v[0], &word));
	struct builtin_use *use = use_new(c, e, b->id);
	use->index = str_eq(word, STR("init"));
	e->type = type_int(c, false, 4);
	if (is_known && (use->index || str_eq(word, STR("curr_ns"))))
		return;
	tell_error(c, args->v[0]->span, "%s takes curr_ns or init: the namespace", b->name);
	e->type = NULL;
}

static const char *const modes[] = { "bpftrace", "perf", "raw", "build_id" };

static bool stack_mode_of(struct str word, enum stack_mode *out)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (!str_eq(word, str_from(modes[i])))
			continue;
		*out = (enum stack_mode)i;
		return true;
	}
	return false;
}

static bool stack_arg(struct checker *c, struct expr *arg, const struct builtin_info *b,
		      struct builtin_use *use)
{
	struct str word;
	int64_t n;
	if (word_of(arg, &word) && !enumerator_find(c, word)) {
		if (stack_mode_of(word, &use->mode))
			return true;
		tell_error(c, arg->span, "unknown mode of a stack '%.*s'", STR_ARG(word));
		tell_hint(c, "there are: bpftrace, perf, raw, build_id");
		return false;
	}
	if (!constant_of(c, arg, "the number of frames", &n))
		return false;
	use->limit = (uint32_t)MIN(MAX(n, 0), FRAMES_MAX);
	if (n >= 0 && n <= FRAMES_MAX)
		return true;
	tell_error(c, arg->span, "%s has at most %d frames", b->name, FRAMES_MAX);
	return false;
}

static void check_stack(struct checker *c, struct expr *e, const struct builtin_info *b,
			struct expr_list *args)
{
	struct builtin_use *use = use_new(c, e, b->id);
	use->mode = c->config->stack_mode;
	use->limit = FRAMES_MAX;
	e->type = NULL;
	if (args->n > 2) {
		tell_error(c, e->span, "%s takes a mode and a number of frames: %s(perf, 5)",
			   b->name, b->name);
		return;
	}
	for (size_t i = 0; i < args->n; i++)
		if (!stack_arg(c, args->v[i], b, use))
			return;
	struct out_type *shown = ARENA_NEW(c->arena, struct out_type);
	shown->kind = OUT_STACK;
	shown->size = 16;
	shown->meaning = use;
	e->type = type_opaque(c, shown, b->id == BUILTIN_USTACK ? "ustack_t" : "kstack_t");
}

// --- registers ---

static const struct {
	const char *name;
	uint32_t index;
} registers[] = {
	{ "ax", 0 },
	{ "dx", 1 },
	{ "cx", 2 },
	{ "bx", 3 },
	{ "si", 4 },
	{ "di", 5 },
	{ "bp", 6 },
	{ "sp", 7 },
	{ "r8", 8 },
	{ "r9", 9 },
	{ "r10", 10 },
	{ "r11", 11 },
	{ "r12", 12 },
	{ "r13", 13 },
	{ "r14", 14 },
	{ "r15", 15 },
	{ "ip", 16 },
	{ "pc", 16 },
	{ "flags", PROGRAM_REG_FLAGS },
	{ "cs", PROGRAM_REG_CS },
	{ "ss", PROGRAM_REG_SS },
	{ "orig_ax", PROGRAM_REG_ORIG_AX },
};

// "rax" and "orig_rax" are "ax" and "orig_ax".
static bool is_register(struct str want, const char *name)
{
	struct str s = str_from(name);
	if (str_eq(want, s))
		return true;
	if (str_eq(s, STR("orig_ax")))
		return str_eq(want, STR("orig_rax"));
	if (s.len < 2 || s.p[0] == 'r' || str_eq(s, STR("cs")) || str_eq(s, STR("ss")))
		return false;
	return want.len == s.len + 1 && want.p[0] == 'r' && str_eq(str_from_off(want, 1), s);
}

static void check_reg(struct checker *c, struct expr *e, const struct builtin_info *b,
		      struct expr_list *args)
{
	struct str name;
	e->type = NULL;
	if (args->n != 1) {
		tell_error(c, e->span, "reg() takes a register's name: reg(\"ax\")");
		return;
	}
	if (!constant_text_of(c, args->v[0], "a register", &name))
		return;
	struct near near = near_init(name);
	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		near_offer(&near, str_from(registers[i].name));
		if (!is_register(name, registers[i].name))
			continue;
		use_new(c, e, b->id)->index = registers[i].index;
		e->type = c->basic.word;
		return;
	}
	tell_error(c, args->v[0]->span, "there is no register \"%.*s\"", STR_ARG(name));
	if (near.n)
		tell_near(c, &near);
	else
		tell_hint(c, "there are: ax bx cx dx si di bp sp r8 to r15 ip flags cs ss orig_ax");
}

// --- the others ---

static bool takes_nothing(struct checker *c, struct expr *e, const struct builtin_info *b,
			  struct expr_list *args)
{
	if (args->n && b->id == BUILTIN_COMM)
		tell_error(c, e->span, "comm is the name of the current thread only");
	else if (args->n)
		tell_error(c, e->span, "%s takes no arguments", b->name);
	return !args->n;
}

static void check_probetype(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		set_text(c, e, str_from(probe_kind_name(c->part->kind)));
}

static void check_has_cpid(struct checker *c, struct expr *e, const struct builtin_info *b,
			   struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		set_bool(c, e, c->options->has_child);
}

static void check_args(struct checker *c, struct expr *e, const struct builtin_info *b,
		       struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		check_args_all(c, e);
}

static void check_usermode(struct checker *c, struct expr *e, const struct builtin_info *b,
			   struct expr_list *args)
{
	struct type *t = type_int(c, false, 1);
	if (!takes_nothing(c, e, b, args))
		return;
	if (IN_OURS >> c->part->kind & 1) {
		set_int(c, e, t, 1);
		return;
	}
	use_new(c, e, b->id);
	e->type = t;
}

// --- Go ---

static void check_retval(struct checker *c, struct expr *e, const struct builtin_info *b,
			 struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		check_results(c, e);
}

static void check_failed(struct checker *c, struct expr *e, const struct builtin_info *b,
			 struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		check_error_result(c, e);
}

static void check_vars(struct checker *c, struct expr *e, const struct builtin_info *b,
		       struct expr_list *args)
{
	if (takes_nothing(c, e, b, args))
		check_vars_all(c, e);
}

static void check_goroutine(struct checker *c, struct expr *e, const struct builtin_info *b,
			    struct expr_list *args)
{
	struct str why;
	const struct program_part *part = c->part;
	if (!takes_nothing(c, e, b, args))
		return;
	const struct target_g *g = function_g(c, part->n_probes ? part->probes[0] : NULL, &why);
	if (!g) {
		tell_error(c, e->span, "%s: the goroutine is not known here: %.*s", b->name,
			   STR_ARG(why));
		return;
	}
	if (b->id == BUILTIN_PARENT_GOID && g->parent_goid < 0) {
		tell_error(c, e->span, "goroutines do not know who started them before Go 1.21");
		tell_hint(c, "this program was built with %.*s",
			  STR_ARG(target_go_version(part->probes[0]->program->target)));
		return;
	}
	use_new(c, e, b->id);
	e->type = b->id == BUILTIN_GOFUNC   ? type_go_func(c)
		  : b->id == BUILTIN_GOSITE ? c->basic.symbol
					    : type_int(c, false, 8);
}

static struct type *simple_type(struct checker *c, const struct builtin_info *b)
{
	switch (b->type) {
	case IS_U8:
		return type_int(c, false, 1);
	case IS_U32:
		return type_int(c, false, 4);
	case IS_U64:
		return type_int(c, false, 8);
	case IS_WORD:
		return c->basic.word;
	case IS_COMM:
		return type_text(c, 16);
	case IS_KERNEL_PTR:
		return type_pointer(c, NULL, true);
	case IS_TASK:
		return type_pointer(c, kernel_task(c), true);
	case IS_NAME:
		return type_name(c, b->name_of);
	case IS_OTHER:
		break;
	}
	return NULL;
}

static bool is_there(struct checker *c, struct expr *e, const struct builtin_info *b)
{
	if (b->kinds >> c->part->kind & 1)
		return true;
	tell_error(c, e->span, "%s is not there in %s probes", b->name,
		   c->part->kind == PROBE_BEGIN ? "BEGIN"
		   : c->part->kind == PROBE_END ? "END"
						: probe_kind_name(c->part->kind));
	if ((b->id == BUILTIN_RETVAL || b->id == BUILTIN_DURATION) && c->part->kind == PROBE_UPROBE)
		tell_hint(c, "it is there in a uretprobe of the same function");
	return false;
}

bool check_builtin(struct checker *c, struct expr *e, struct str name, struct expr_list *args)
{
	uint32_t index;
	bool is_stack;
	if (!c->part)
		return false;
	if (is_arg_word(name, &index, &is_stack)) {
		e->type = NULL;
		if (args->n)
			tell_error(c, e->span, "%.*s takes no arguments", STR_ARG(name));
		else
			check_arg(c, e, index, is_stack);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		const struct builtin_info *b = &builtins[i];
		if (!str_eq(name, str_from(b->name)))
			continue;
		e->type = NULL;
		if (!is_there(c, e, b))
			return true;
		if (b->check) {
			b->check(c, e, b, args);
		} else if (takes_nothing(c, e, b, args)) {
			use_new(c, e, b->id);
			e->type = simple_type(c, b);
		}
		return true;
	}
	return false;
}
