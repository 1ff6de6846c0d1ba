// SPDX-License-Identifier: Apache-2.0
// The command of -c: how its words are read, that it waits, and what it finds when it runs.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "run/run.h"
#include "bpf_kernel.h"
#include "unit.h"

TEST(run_child_words_and_files)
{
	struct child *c;
	CHECK_ERR(child_start("", &c), ERR_USAGE);
	CHECK_ERR(child_start("  \t ", &c), ERR_USAGE);
	CHECK_ERR(child_start("echo 'a b", &c), ERR_USAGE);
	CHECK_ERR(child_start("no-such-command-anywhere", &c), ERR_NOTFOUND);
	CHECK_ERR(child_start("/no/such/file", &c), ERR_SYS);
	CHECK_ERR(child_start("/etc/passwd", &c), ERR_NOTFOUND);
	CHECK_ERR(child_start("/", &c), ERR_NOTFOUND);
}

TEST(run_child_that_never_runs_ends)
{
	struct child *c;
	CHECK_OK(child_start("sleep 100", &c));
	pid_t pid = child_pid(c);
	CHECK(kill(pid, 0) == 0);
	CHECK(strstr(child_path(c), "/sleep"));
	child_free(c);
	CHECK(kill(pid, 0) < 0 && errno == ESRCH);
}

// --- sessions, of programs that are made by hand ---

struct hand {
	struct arena *a;
	struct config config;
	struct program p;
	struct code c;
	struct bpf_map globals, ring, counts;
	struct bpf_map *maps[3];
	struct bpf_map *map_of[1];
	struct run_options o;
	char *text;
	size_t len;
};

static const struct out_type count_type = { .kind = OUT_COUNT, .size = 8 };

static struct hand *hand_new(const char *script)
{
	struct arena *a = bpf_kernel_need();
	struct hand *h = ARENA_NEW(a, struct hand);
	h->a = a;
	h->config = (struct config) { .ring_bytes = 4096, .prints_maps_on_exit = true };
	struct diag *diag = diag_new(a);
	struct script *s =
		script_parse(a, diag_add_source(diag, STR("test"), str_from(script)), diag);
	const struct plan_options o = { .open_tracefs = bpf_tracefs_open };
	struct plan *plan = plan_make(s, &o, diag);
	CHECK_VIEW(diag_render(diag, a), "");
	h->globals = (struct bpf_map) { .name = "globals",
					.type = BPF_MAP_TYPE_ARRAY,
					.key_size = 4,
					.value_size = sizeof(struct code_globals) + 64,
					.max_entries = 1,
					.flags = BPF_F_MMAPABLE };
	h->ring = (struct bpf_map) { .name = "ring",
				     .type = BPF_MAP_TYPE_RINGBUF,
				     .max_entries = 4096 };
	h->counts = (struct bpf_map) { .name = "@",
				       .type = BPF_MAP_TYPE_PERCPU_HASH,
				       .key_size = 8,
				       .value_size = 8,
				       .max_entries = 1 };
	h->maps[0] = &h->globals;
	h->maps[1] = &h->ring;
	h->maps[2] = &h->counts;
	h->map_of[0] = &h->counts;
	h->p = (struct program) { .config = &h->config, .diag = diag };
	h->p.parts = ARENA_ARRAY(a, struct program_part *, plan->n_clauses);
	h->p.sites = ARENA_ARRAY(a, struct program_site, plan->n_sites + plan->n_probes);
	h->c.progs = ARENA_ARRAY(a, struct code_prog, plan->n_clauses);
	for (size_t i = 0; i < plan->n_clauses; i++) {
		const struct plan_probe *probe = plan->clauses[i].probes.v;
		struct program_part *part = ARENA_NEW(a, struct program_part);
		*part = (struct program_part) { .index = (uint32_t)i,
						.clause = &plan->clauses[i],
						.kind = probe->kind,
						.probes = ARENA_NEW(a, const struct plan_probe *),
						.n_probes = 1,
						.first_site = (uint32_t)h->p.n_sites,
						.n_sites = (uint32_t)MAX(probe->n_sites, 1u) };
		part->probes[0] = probe;
		for (size_t k = 0; k < part->n_sites; k++)
			h->p.sites[h->p.n_sites++] = (struct program_site) {
				probe, probe->n_sites ? &probe->sites[k] : NULL, 0, 0
			};
		h->p.parts[h->p.n_parts++] = part;
	}
	h->c.n_progs = h->p.n_parts;
	h->c.maps = h->maps;
	h->c.n_maps = 3;
	h->c.map_of = h->map_of;
	h->c.globals = &h->globals;
	h->c.ring = &h->ring;
	h->o.trials = bpf_trials_new();
	h->o.out = open_memstream(&h->text, &h->len);
	h->o.is_quiet = true;
	return h;
}

static void hand_count_map(struct hand *h)
{
	static struct program_map count = { .name = { "@", 1 },
					    .agg = AGG_COUNT,
					    .out_value = &count_type };
	static struct program_map *list[] = { &count };
	h->p.maps = list;
	h->p.n_maps = 1;
}

static void hand_action(struct hand *h, enum action_kind kind, const char *text)
{
	struct program_action *action = ARENA_NEW(h->a, struct program_action);
	*action = (struct program_action) { .kind = kind,
					    .index = (uint32_t)h->p.n_actions,
					    .format.tail = str_from(text) };
	if (!h->p.actions)
		h->p.actions = ARENA_ARRAY(h->a, struct program_action *, 8);
	h->p.actions[h->p.n_actions++] = action;
}

// Sends the action's event.
static void emit_event(struct hand *h, struct bpf_asm *b, int action)
{
	bpf_store_imm(b, 8, BPF_REG_10, -8, action);
	bpf_map_ref(b, BPF_REG_1, &h->ring);
	bpf_mov(b, BPF_REG_2, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_2, -8);
	bpf_const(b, BPF_REG_3, 8);
	bpf_const(b, BPF_REG_4, 0);
	bpf_call(b, BPF_FUNC_ringbuf_output);
}

// Adds one to the count.
static void emit_count(struct hand *h, struct bpf_asm *b)
{
	struct bpf_label known = bpf_label_new(b);
	for (int round = 0; round < 2; round++) {
		bpf_store_imm(b, 8, BPF_REG_10, -8, 0);
		bpf_store_imm(b, 8, BPF_REG_10, -16, 0);
		bpf_map_ref(b, BPF_REG_1, &h->counts);
		bpf_mov(b, BPF_REG_2, BPF_REG_10);
		bpf_alu_imm(b, BPF_ADD, BPF_REG_2, -8);
		bpf_mov(b, BPF_REG_3, BPF_REG_10);
		bpf_alu_imm(b, BPF_ADD, BPF_REG_3, -16);
		bpf_const(b, BPF_REG_4, BPF_NOEXIST);
		bpf_call(b, round ? BPF_FUNC_map_lookup_elem : BPF_FUNC_map_update_elem);
	}
	bpf_jump_if_imm(b, BPF_JEQ, BPF_REG_0, 0, known);
	bpf_const(b, BPF_REG_1, 1);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_0, 0, BPF_REG_1);
	bpf_bind(b, known);
}

// Nothing is counted or said while the session is not active, as code/ does it.
static struct bpf_asm *prog_begin(struct hand *h, struct bpf_label out, struct bpf_asm *b)
{
	bpf_map_value_ref(b, BPF_REG_1, &h->globals, offsetof(struct code_globals, is_active));
	bpf_load(b, 8, BPF_REG_1, BPF_REG_1, 0);
	bpf_jump_if_imm(b, BPF_JEQ, BPF_REG_1, 0, out);
	return b;
}

static void prog_end(struct hand *h, size_t i, enum bpf_prog_type type, struct bpf_asm *b)
{
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	h->c.progs[i] = (struct code_prog) { .part = h->p.parts[i], .type = type };
	CHECK_OK(bpf_asm_finish(b, &h->c.progs[i].code));
}

static void prog_event(struct hand *h, size_t i, enum bpf_prog_type type, int action)
{
	struct bpf_asm *b = bpf_asm_new(h->a);
	struct bpf_label out = bpf_label_new(b);
	if (type != BPF_PROG_TYPE_RAW_TRACEPOINT)
		prog_begin(h, out, b);
	emit_event(h, b, action);
	if (h->p.actions[action]->kind == ACTION_EXIT) {
		bpf_map_value_ref(b, BPF_REG_1, &h->globals,
				  offsetof(struct code_globals, is_active));
		bpf_store_imm(b, 8, BPF_REG_1, 0, 0);
	}
	bpf_bind(b, out);
	prog_end(h, i, type, b);
}

static const char *hand_run(struct hand *h, int want)
{
	int status = -1;
	struct err *e = run_program(&h->p, &h->c, &h->o, &status);
	fclose(h->o.out);
	if (e)
		printf("%s\n", err_text(e));
	CHECK_OK(e);
	CHECK_INT(status, want);
	child_free(h->o.child);
	bpf_trials_free(h->o.trials);
	return h->text;
}

TEST(run_begin_and_end_alone_end_by_themselves)
{
	struct hand *h = hand_new("BEGIN {} END {}");
	hand_action(h, ACTION_PRINTF, "hello\n");
	hand_action(h, ACTION_PRINTF, "bye\n");
	prog_event(h, 0, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	prog_event(h, 1, BPF_PROG_TYPE_RAW_TRACEPOINT, 1);
	CHECK_STR(hand_run(h, 0), "hello\nbye\n");
}

TEST(run_exit_in_begin_attaches_nothing)
{
	// A site that no kernel takes: attaching it would be an error.
	struct hand *h = hand_new("BEGIN {} tracepoint:sched:sched_switch {} END {}");
	hand_action(h, ACTION_EXIT, "");
	hand_action(h, ACTION_PRINTF, "bye\n");
	prog_event(h, 0, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	prog_event(h, 1, BPF_PROG_TYPE_TRACEPOINT, 1);
	prog_event(h, 2, BPF_PROG_TYPE_RAW_TRACEPOINT, 1);
	struct tracepoint *t = ARENA_NEW(h->a, struct tracepoint);
	*t = (struct tracepoint) { .id = 0xffffff };
	struct plan_probe probe = *h->p.parts[1]->probes[0];
	probe.tracepoint = t;
	h->p.parts[1]->probes[0] = &probe;
	CHECK_STR(hand_run(h, 0), "bye\n");
}

TEST(run_interval_ends_a_session)
{
	struct hand *h = hand_new("interval:ms:20 {} END {}");
	hand_action(h, ACTION_EXIT, "");
	hand_action(h, ACTION_PRINTF, "bye\n");
	prog_event(h, 0, BPF_PROG_TYPE_PERF_EVENT, 0);
	prog_event(h, 1, BPF_PROG_TYPE_RAW_TRACEPOINT, 1);
	CHECK_STR(hand_run(h, 0), "bye\n");
}

TEST(run_child_is_probed_from_its_first_instruction)
{
	// The C library calls it once, before main.
	struct hand *h = hand_new("uprobe:libc:__libc_start_main {}");
	hand_count_map(h);
	struct bpf_asm *b = bpf_asm_new(h->a);
	struct bpf_label out = bpf_label_new(b);
	prog_begin(h, out, b);
	emit_count(h, b);
	bpf_bind(b, out);
	prog_end(h, 0, BPF_PROG_TYPE_KPROBE, b);
	// Processes that it starts are others: the count stays 1.
	CHECK_OK(child_start("sh -c '/bin/true; exit 7'", &h->o.child));
	h->p.pid = child_pid(h->o.child);
	CHECK_STR(hand_run(h, 7), "\n\n@: 1\n");
}

TEST(run_child_ended_by_a_signal)
{
	struct hand *h = hand_new("END {}");
	hand_action(h, ACTION_PRINTF, "bye\n");
	prog_event(h, 0, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	CHECK_OK(child_start("sh -c 'kill -9 $$'", &h->o.child));
	h->p.pid = child_pid(h->o.child);
	CHECK_STR(hand_run(h, 128 + 9), "bye\n");
}

TEST(run_child_inherits_nothing_of_ours)
{
	struct hand *h = hand_new("END {}");
	hand_action(h, ACTION_PRINTF, "bye\n");
	prog_event(h, 0, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	// What came ignored to us stays so (make leaves two, a shell's background others); what we
	// ignore does not: SIGPIPE is the lowest bit of the fourth digit.
	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(child_start(
		"sh -c '! ls -l /proc/self/fd | grep -q -e anon_inode -e bpf || exit 1; "
		"grep -q SigBlk:.*0000000000000000 /proc/self/status || exit 2; "
		"grep -q SigIgn:.*[02468ace]...$ /proc/self/status || exit 3'",
		&h->o.child));
	h->p.pid = child_pid(h->o.child);
	CHECK_STR(hand_run(h, 0), "bye\n");
}
