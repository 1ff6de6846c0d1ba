// SPDX-License-Identifier: Apache-2.0
// The calls that return probes wait for: how many there are, and room for more when processes have
// ended with calls open.
#include <errno.h>
#include <time.h>

#include "run/internal.h"

// Between two looks at all of them.
#define SWEEP_NS 200000000

static struct code_call_key key_of(const void *key)
{
	struct code_call_key k;
	memcpy(&k, key, sizeof(k));
	return k;
}

static struct err *count_open(void *ctx, const void *key, const void *value)
{
	uint64_t *n = ctx;
	struct code_call_head head;
	memcpy(&head, value, sizeof(head));
	if ((key_of(key).number & CODE_LEVEL_HEAD) == CODE_LEVEL_HEAD)
		*n += head.n;
	return NULL;
}

uint64_t calls_open(const struct session *s)
{
	uint64_t n = 0;
	if (s->c->calls)
		err_free(bpf_map_each(s->c->calls, count_open, &n));
	return n;
}

// --- processes that have ended ---

struct sweep {
	struct arena *arena;
	VEC(struct code_call_key) dead;
};

static struct err *add_dead(void *ctx, const void *key, const void *value)
{
	struct sweep *w = ctx;
	struct code_call_key k = key_of(key);
	(void)value;
	if (kill((pid_t)k.pid, 0) < 0 && errno == ESRCH)
		VEC_PUSH(w->arena, &w->dead, k);
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void calls_sweep(struct session *s)
{
	uint64_t n_unkept = s->globals->n_unkept, n_owners = s->globals->n_owners;
	// Before there is no room left, if that can be.
	if (!s->c->calls || (n_unkept == s->n_unkept_seen &&
			     n_owners - s->n_owners_seen < code_calls_room(s->c->calls) / 8))
		return;
	uint64_t now = now_ns();
	if (now < s->swept_ns + SWEEP_NS)
		return;
	s->swept_ns = now;
	s->n_unkept_seen = n_unkept;
	s->n_owners_seen = n_owners;
	// Numbers of processes are the machine's.
	if (s->p->pid || run_code_options(s->o->trials, s->p->pid).is_nested_pid_ns)
		return;
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct sweep w = { .arena = a };
	bool found;
	err_free(bpf_map_each(s->c->calls, add_dead, &w));
	for (size_t i = 0; i < w.dead.n; i++)
		err_free(bpf_map_delete(s->c->calls, &w.dead.v[i], &found));
}
