// SPDX-License-Identifier: Apache-2.0
// Into the kernel: maps, what programs find in them, programs.
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "run/internal.h"

// Threads that load programs, and from how many programs on it pays to have one more.
#define LOADERS_MAX    8u
#define PROGS_A_LOADER 8u

static uint64_t boot_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct err *create_maps(struct session *s)
{
	struct code *c = s->c;
	for (size_t i = 0; i < c->n_maps; i++)
		c->maps[i]->fd = -1;
	for (size_t i = 0; i < c->n_maps; i++)
		TRY(bpf_map_create(c->maps[i]));
	void *globals;
	TRY(bpf_map_mmap(c->globals, &globals));
	s->globals = globals;
	s->globals->start_ns = boot_ns();
	if (c->stacks)
		s->frames = arena_alloc(s->arena, 1, bpf_map_value_bytes(c->stacks));
	return c->ring ? bpf_ring_open(c->ring, event_take, s, &s->ring) : NULL;
}

static struct err *write_sites(const struct code *c)
{
	if (!c->sites)
		return NULL;
	const uint8_t *value = c->site_values;
	for (uint32_t i = 0; i < c->sites->max_entries; i++, value += c->sites->value_size)
		TRY(bpf_map_update(c->sites, &i, value, BPF_ANY));
	return NULL;
}

static struct err *write_tables(const struct code *c)
{
	const uint32_t first = 0;
	for (size_t i = 0; i < c->n_tables; i++)
		TRY(bpf_map_update(c->tables[i].map, &first, c->tables[i].bytes.p, BPF_ANY));
	return NULL;
}

// --- programs ---

bool kind_is_uprobe(enum probe_kind kind)
{
	return kind == PROBE_UPROBE || kind == PROBE_URETPROBE || kind == PROBE_USDT;
}

// Points at the line of the script that the instruction came from.
static void tell_place(const struct session *s, const struct code_prog *prog,
		       const struct bpf_verdict *v)
{
	bool has_place = v->has_insn && v->span < s->c->n_spans;
	struct span span =
		has_place ? s->c->spans[v->span] : prog->part->clause->clause->attach->span;
	diag_error(s->p->diag, span, "the kernel rejects what this became: %.*s",
		   STR_ARG(v->reason));
	diag_hint(s->p->diag, "this is a mistake of stoat's: -d verifier shows all that the "
			      "kernel says");
}

static struct err *load_prog(struct session *s, size_t i, struct arena *a,
			     struct bpf_verdict *verdict)
{
	const struct code_prog *from = &s->c->progs[i];
	struct bpf_prog *prog = &s->progs[i];
	prog->type = from->type;
	prog->attach_type =
		kind_is_uprobe(from->part->kind) && s->has_multi ? BPF_ATTACH_UPROBE_MULTI : 0;
	prog->is_sleepable = from->is_sleepable;
	prog->wants_log = s->o->wants_verifier_log;
	return bpf_prog_load(prog, &from->code, a, verdict);
}

// A thread that loads programs: the kernel looks at each of them for milliseconds, on one CPU.
struct loader {
	struct session *s;
	atomic_size_t *next; // of all threads: the program to be taken
	pthread_t thread;
	struct arena *arena;
	struct err *e; // of the program at which it has stopped
	size_t at;
	struct bpf_verdict verdict;
};

static void *load_some(void *ctx)
{
	struct loader *l = ctx;
	struct session *s = l->s;
	while (!l->e && (l->at = atomic_fetch_add(l->next, 1)) < s->c->n_progs) {
		arena_clear(l->arena);
		l->e = load_prog(s, l->at, l->arena, &l->verdict);
		if (s->o->wants_verifier_log) // then there is one thread
			fprintf(s->out, "%s\n%.*s\n", s->progs[l->at].name,
				STR_ARG(l->verdict.log));
	}
	if (l->e) // the others need not go on
		atomic_store(l->next, s->c->n_progs);
	return NULL;
}

static size_t n_loaders(const struct session *s)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = MIN((size_t)MAX(n_cpus, 1), LOADERS_MAX);
	if (s->o->wants_verifier_log)
		return 1;
	return MAX(MIN(most, s->c->n_progs / PROGS_A_LOADER), 1u);
}

// The first program, in the order of the script, that could not be loaded is told of.
static struct err *first_failure(struct session *s, struct loader *l, size_t n)
{
	struct loader *first = NULL;
	for (size_t i = 0; i < n; i++)
		if (l[i].e && (!first || l[i].at < first->at))
			first = &l[i];
	for (size_t i = 0; i < n; i++)
		if (&l[i] != first)
			err_free(l[i].e);
	if (first && first->verdict.is_rejected)
		tell_place(s, &s->c->progs[first->at], &first->verdict);
	return first ? first->e : NULL;
}

static struct err *load_progs(struct session *s)
{
	struct loader loaders[LOADERS_MAX] = { 0 };
	atomic_size_t next = 0;
	size_t n = n_loaders(s), n_threads = 1;
	for (size_t i = 0; i < n; i++)
		loaders[i] = (struct loader) { .s = s, .next = &next, .arena = arena_new() };
	// This thread is the first one. What cannot be started is done by the others.
	while (n_threads < n && pthread_create(&loaders[n_threads].thread, NULL, load_some,
					       &loaders[n_threads]) == 0)
		n_threads++;
	load_some(&loaders[0]);
	for (size_t i = 1; i < n_threads; i++)
		pthread_join(loaders[i].thread, NULL);
	struct err *e = first_failure(s, loaders, n);
	for (size_t i = 0; i < n; i++)
		arena_free(loaders[i].arena);
	return e;
}

struct err *session_load(struct session *s)
{
	bpf_lift_memlock();
	s->has_multi = run_code_options(s->o->trials, s->p->pid).has_multi;
	// Newer than cookies.
	s->has_cookies = s->has_multi ||
			 bpf_trials_try(s->o->trials, BPF_FEATURE_COOKIE).support == BPF_PRESENT;
	TRY(create_maps(s));
	TRY(write_sites(s->c));
	TRY(write_tables(s->c));
	s->progs = ARENA_ARRAY(s->arena, struct bpf_prog, s->c->n_progs);
	for (size_t i = 0; i < s->c->n_progs; i++) {
		s->progs[i].fd = -1;
		s->progs[i].name = arena_strdup(s->arena, s->c->progs[i].part->probes[0]->text).p;
	}
	return load_progs(s);
}

void session_unload(struct session *s)
{
	for (size_t i = 0; s->progs && i < s->c->n_progs; i++)
		bpf_prog_close(&s->progs[i]);
	bpf_ring_close(s->ring);
	bpf_map_unmap(s->c->globals, s->globals);
	for (size_t i = 0; i < s->c->n_maps; i++)
		bpf_map_close(s->c->maps[i]);
}

// --- programs of our own process ---

static bool is_meant(const struct program_part *part, enum probe_kind kind, int which)
{
	return part->kind == kind && (!which || part->probes[0]->signal == which);
}

bool session_has(const struct session *s, enum probe_kind kind, int which)
{
	for (size_t i = 0; i < s->p->n_parts; i++)
		if (is_meant(s->p->parts[i], kind, which))
			return true;
	return false;
}

struct err *session_run(struct session *s, enum probe_kind kind, int which)
{
	for (size_t i = 0; i < s->p->n_parts; i++)
		if (is_meant(s->p->parts[i], kind, which))
			TRY(bpf_prog_run(&s->progs[i]));
	return NULL;
}
