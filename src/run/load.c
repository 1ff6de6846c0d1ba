// SPDX-License-Identifier: Apache-2.0
// Into the kernel: maps, what programs find in them, programs.
#include <time.h>

#include "run/internal.h"

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

static struct err *load_prog(struct session *s, size_t i)
{
	const struct code_prog *from = &s->c->progs[i];
	struct bpf_prog *prog = &s->progs[i];
	*prog = (struct bpf_prog) {
		.name = arena_strdup(s->arena, from->part->probes[0]->text).p,
		.type = from->type,
		.attach_type = kind_is_uprobe(from->part->kind) && s->has_multi
				       ? BPF_ATTACH_UPROBE_MULTI
				       : 0,
		.is_sleepable = from->is_sleepable,
		.wants_log = s->o->wants_verifier_log,
		.fd = -1,
	};
	struct bpf_verdict verdict;
	struct err *e = bpf_prog_load(prog, &from->code, s->scratch, &verdict);
	if (s->o->wants_verifier_log)
		fprintf(s->out, "%s\n%.*s\n", prog->name, STR_ARG(verdict.log));
	if (verdict.is_rejected)
		tell_place(s, from, &verdict);
	arena_clear(s->scratch);
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
	for (size_t i = 0; i < s->c->n_progs; i++)
		s->progs[i].fd = -1;
	for (size_t i = 0; i < s->c->n_progs; i++)
		TRY(load_prog(s, i));
	return NULL;
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
