// SPDX-License-Identifier: Apache-2.0
// The calls that return probes wait for: how many there are, and room for more when processes have
// ended with calls open.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "run/internal.h"

// Between two looks at all of them.
#define SWEEP_NS 200000000

static struct code_call_key key_of(const void *key)
{
	struct code_call_key k;
	memcpy(&k, key, sizeof(k));
	return k;
}

uint64_t calls_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_head(const struct code_call_key *k)
{
	return (k->number & CODE_LEVEL_HEAD) == CODE_LEVEL_HEAD;
}

static const struct program_call *call_of(const struct session *s, uint32_t number)
{
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_call *call = s->p->parts[i]->call;
		if (call && call->index == number >> CODE_LEVEL_BITS)
			return call;
	}
	return NULL;
}

// --- goroutines that have ended ---

static bool read_word(int fd, uint64_t addr, void *out, size_t size)
{
	return pread(fd, out, size, (off_t)addr) == (ssize_t)size;
}

// A panic or Goexit may end a goroutine, and nothing else is traced on it that would show so. What
// cannot be read, like a process that has ended, was there until then.
static bool has_ended(const struct session *s, const struct code_call_key *k,
		      const struct code_call_head *head)
{
	enum { DEAD = 6, STATUS_MASK = 0xfff }; // runtime2.go: _Gdead; _Gscan is added to others
	const struct program_call *call = call_of(s, k->number);
	const struct target_g *g = call && call->entry ? call->entry->g : NULL;
	char path[32];
	uint64_t goid = 0;
	uint32_t status = 0;
	if (!g)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/mem", k->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool is_known =
		read_word(fd, k->owner + (uint64_t)g->goid, &goid, sizeof(goid)) &&
		read_word(fd, k->owner + (uint64_t)g->atomicstatus, &status, sizeof(status));
	close(fd);
	return is_known && (goid != head->goid || (status & STATUS_MASK) == DEAD);
}

// --- how many ---

struct counting {
	const struct session *s;
	struct calls_left left;
};

static struct err *count_left(void *ctx, const void *key, const void *value)
{
	struct counting *c = ctx;
	struct code_call_key k = key_of(key);
	struct code_call_head head;
	memcpy(&head, value, sizeof(head));
	if (!is_head(&k) || !head.n)
		return NULL;
	*(has_ended(c->s, &k, &head) ? &c->left.n_ended : &c->left.n_open) += head.n;
	return NULL;
}

struct calls_left calls_left(const struct session *s)
{
	struct counting c = { .s = s };
	if (s->c->calls)
		err_free(bpf_map_each(s->c->calls, count_left, &c));
	return c.left;
}

// --- which ---

// So many are looked at, and told.
#define OPEN_MAX 4096u
#define TOLD_MAX 100u

struct open_call {
	struct code_call_key key;
	uint64_t goid;
	struct code_call call;
	struct bytes kept;
};

struct finding {
	const struct session *s;
	struct arena *arena;
	VEC(struct code_call_key) heads;
	VEC(uint64_t) goids;
	VEC(uint64_t) counts;
	VEC(struct open_call) calls;
};

static struct err *add_head(void *ctx, const void *key, const void *value)
{
	struct finding *f = ctx;
	struct code_call_key k = key_of(key);
	struct code_call_head head;
	memcpy(&head, value, sizeof(head));
	if (!is_head(&k) || !head.n || f->heads.n >= OPEN_MAX || has_ended(f->s, &k, &head))
		return NULL;
	VEC_PUSH(f->arena, &f->heads, k);
	VEC_PUSH(f->arena, &f->goids, head.goid);
	VEC_PUSH(f->arena, &f->counts, head.n);
	return NULL;
}

static void add_levels(struct finding *f, size_t i)
{
	const struct bpf_map *map = f->s->c->calls;
	for (uint64_t level = 0; level < f->counts.v[i] && f->calls.n < OPEN_MAX; level++) {
		struct open_call o = { .key = f->heads.v[i], .goid = f->goids.v[i] };
		uint8_t *value = ARENA_ARRAY(f->arena, uint8_t, map->value_size);
		bool found = false;
		o.key.number = (o.key.number & ~CODE_LEVEL_HEAD) | (uint32_t)level;
		err_free(bpf_map_lookup(map, &o.key, value, &found));
		if (!found)
			continue;
		memcpy(&o.call, value, sizeof(o.call));
		// Of what max_rate has dropped nothing is known.
		if (o.call.is_over)
			continue;
		o.kept =
			(struct bytes) { value + sizeof(o.call), map->value_size - sizeof(o.call) };
		VEC_PUSH(f->arena, &f->calls, o);
	}
}

static int by_start(const void *a, const void *b)
{
	uint64_t x = ((const struct open_call *)a)->call.start_ns;
	uint64_t y = ((const struct open_call *)b)->call.start_ns;
	return x < y ? -1 : x > y;
}

// What is done when it returns: call(), or if there is none returned().
static const struct program_action *action_of(const struct session *s,
					      const struct program_call *call)
{
	const struct program_action *found = NULL;
	for (size_t i = 0; i < s->p->n_actions; i++) {
		const struct program_action *a = s->p->actions[i];
		if (a->kind == ACTION_CALL && a->line.call == call &&
		    (!found || found->line.is_untold))
			found = a;
	}
	return found;
}

// Nothing of its memory is there any more, so that nobody knows whether a call was under way when
// it ended, or a panic or Goexit had ended it before.
static bool is_gone(const struct session *s, uint32_t pid)
{
	char path[32], exe[1];
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	bool is_known = !run_code_options(s->o->trials, s->p->pid).is_nested_pid_ns;
	return is_known && readlink(path, exe, sizeof(exe)) < 0 && errno == ENOENT;
}

static void tell(struct session *s, const struct open_call *o, uint64_t now)
{
	const struct program_call *call = call_of(s, o->key.number);
	const struct program_action *a = call ? action_of(s, call) : NULL;
	if (!a || a->line.is_untold || o->call.site >= s->p->n_sites)
		return;
	uint64_t to_wall = s->env.clocks.to_wall[OUT_CLOCK_MONOTONIC];
	bool is_go = call->entry->g != NULL;
	struct out_call c = {
		.start_ns = o->call.start_ns + to_wall,
		.end_ns = now + to_wall,
		.pid = o->key.pid,
		.tid = is_go ? 0 : (uint32_t)o->key.owner,
		.has_goid = is_go,
		.goid = o->goid,
		.func = s->p->names[s->p->sites[o->call.site].func_name],
		.depth = o->call.depth,
		.is_open = true,
		.is_gone = is_gone(s, o->key.pid),
	};
	call_line_open(s, a, &c, o->kept);
}

void calls_tell_open(struct session *s)
{
	if (!s->c->calls || !s->p->config->tells_open_calls || !s->can_go_on)
		return;
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct finding f = { .s = s, .arena = a };
	err_free(bpf_map_each(s->c->calls, add_head, &f));
	for (size_t i = 0; i < f.heads.n; i++)
		add_levels(&f, i);
	if (f.calls.n)
		qsort(f.calls.v, f.calls.n, sizeof(f.calls.v[0]), by_start);
	uint64_t now = calls_now_ns();
	for (size_t i = 0; i < MIN(f.calls.n, (size_t)TOLD_MAX); i++)
		tell(s, &f.calls.v[i], now);
}

// --- those that programs tell of ---

bool calls_take(struct session *s, const void *data, size_t len)
{
	struct code_call r = { 0 };
	memcpy(&r, data, MIN(len, sizeof(r)));
	bool is_end = r.event.kind == CODE_EVENT_ENDED;
	if (len < sizeof(r) || (r.event.kind != CODE_EVENT_BEGAN && !is_end))
		return false;
	const struct program_call *call = call_of(s, r.number << CODE_LEVEL_BITS);
	const struct program_action *a = call ? action_of(s, call) : NULL;
	if (!a || r.site >= s->p->n_sites)
		return false;
	uint64_t to_wall = s->env.clocks.to_wall[OUT_CLOCK_MONOTONIC];
	bool is_go = call->entry->g != NULL;
	struct out_call c = {
		.start_ns = r.start_ns + to_wall,
		.end_ns = (is_end ? r.ended_ns : r.start_ns) + to_wall,
		.pid = r.pid,
		.tid = (uint32_t)r.thread,
		.has_goid = is_go,
		.goid = r.goid,
		.func = s->p->names[s->p->sites[r.site].func_name],
		.depth = r.depth,
		.is_record = true,
	};
	if (is_end) {
		// Only a panic that somebody recovers from takes frames from a goroutine that
		// lives on.
		c.end = is_go && r.event.extra != CODE_ENDED_OWNER ? OUT_END_PANIC
								   : OUT_END_UNKNOWN;
		c.is_end_late = r.event.extra != CODE_ENDED_RETURN;
		c.is_end_unknown = r.event.extra == CODE_ENDED_OWNER;
	}
	const uint8_t *kept = (const uint8_t *)data + sizeof(r);
	call_line_record(s, a, &c, (struct bytes) { kept, len - sizeof(r) });
	return true;
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

void calls_sweep(struct session *s)
{
	uint64_t n_unkept = s->globals->n_unkept, n_owners = s->globals->n_owners;
	// Before there is no room left, if that can be.
	if (!s->c->calls || (n_unkept == s->n_unkept_seen &&
			     n_owners - s->n_owners_seen < code_calls_room(s->c->calls) / 8))
		return;
	uint64_t now = calls_now_ns();
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
