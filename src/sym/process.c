// SPDX-License-Identifier: Apache-2.0
// What processes have mapped as code. Kept after they ended: their stacks are printed later.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sym/process.h"

// Code mappings of one process; more than honest programs have.
#define MAPPINGS_MAX 65536u
// Times that maps may be read in a row, and how long it takes until one more is allowed.
#define READS_MAX 8u
#define READ_NS   100000000u
// Whether a process has become another program is asked after this, then after twice the time...
#define CHECK_FIRST_NS 1000000u
#define CHECK_LAST_NS  1000000000u

static uint64_t now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

// --- texts that many mappings share ---

struct text {
	struct str s;
	struct text *next;
};

static const struct str *intern(struct processes *ps, struct str s)
{
	uint64_t hash = str_hash(s);
	struct text *first = map_get(&ps->texts, hash);
	for (struct text *t = first; t; t = t->next)
		if (str_eq(t->s, s))
			return &t->s;
	struct text *t = ARENA_NEW(ps->arena, struct text);
	*t = (struct text) { .s = arena_strdup(ps->arena, s), .next = first };
	map_put(&ps->texts, hash, t);
	return &t->s;
}

// --- reading ---

struct list {
	struct mapping *v;
	size_t n, cap;
};

static void list_free(struct list *l)
{
	free(l->v);
}

static bool list_add(struct list *l, const struct mapping *m)
{
	if (l->n == MAPPINGS_MAX)
		return false;
	if (l->n == l->cap) {
		size_t cap = MAX(l->cap * 2, (size_t)8);
		struct mapping *v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return false;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *m;
	return true;
}

static bool add_line(struct processes *ps, int pid, struct str line, struct list *out)
{
	struct maps_line m;
	if (!maps_parse(line, &m) || !m.is_exec)
		return true;
	struct mapping new = {
		.low = m.low,
		.high = m.high,
		.foff = m.foff,
		.file = files_mapped(&ps->files, pid, &m),
		.path = intern(ps, m.path),
	};
	return list_add(out, &new);
}

// False if the process has no maps (any more).
static bool read_maps(struct processes *ps, int pid, struct list *out)
{
	char path[64], buf[16384];
	size_t have = 0;
	ssize_t got;
	bool has_any = false;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (got = read(fd, buf + have, sizeof(buf) - have)) > 0) {
		size_t at = 0;
		const char *nl;
		has_any = true;
		have += (size_t)got;
		while ((nl = memchr(buf + at, '\n', have - at))) {
			struct str line = { buf + at, (size_t)(nl - buf) - at };
			if (!add_line(ps, pid, line, out))
				return true;
			at += line.len + 1;
		}
		// No line is as long as the buffer: paths end at 4,096 bytes.
		if (at == 0 && have == sizeof(buf))
			break;
		memmove(buf, buf + at, have - at);
		have -= at;
	}
	return has_any;
}

// --- keeping ---

static int by_low(const void *a, const void *b)
{
	const struct mapping *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

static bool overlaps(const struct list *l, const struct mapping *m)
{
	size_t lo = 0, hi = l->n; // the first one that ends after m begins
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (l->v[mid].high <= m->low)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n && l->v[lo].low < m->high;
}

// What was mapped before and is not now is kept where nothing else has taken its place: addresses
// from that time may still be asked for.
static void merge(struct process *p, struct list *new)
{
	size_t n = new->n;
	for (size_t i = 0; i < p->n_mappings; i++) {
		struct list fresh = { .v = new->v, .n = n };
		if (!overlaps(&fresh, &p->mappings[i]) && !list_add(new, &p->mappings[i]))
			break;
	}
	if (new->n)
		qsort(new->v, new->n, sizeof(new->v[0]), by_low);
	free(p->mappings);
	p->mappings = new->v;
	p->n_mappings = new->n;
	*new = (struct list) { 0 };
}

static bool may_read(struct process *p, uint64_t now)
{
	uint64_t earned = (now - p->earned_ns) / READ_NS;
	if (earned) {
		p->reads_left = (unsigned)MIN(p->reads_left + earned, (uint64_t)READS_MAX);
		p->earned_ns = now;
	}
	if (p->reads_left == 0)
		return false;
	p->reads_left--;
	return true;
}

static void identify_exe(struct process *p)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof(path), "/proc/%d/exe", p->pid);
	p->exe_dev = p->exe_ino = 0;
	if (stat(path, &st) == 0) {
		p->exe_dev = st.st_dev;
		p->exe_ino = st.st_ino;
	}
}

bool process_read(struct processes *ps, struct process *p)
{
	AUTO(list_free) struct list new = { 0 };
	if (!may_read(p, now_ns()))
		return false;
	identify_exe(p);
	if (!read_maps(ps, p->pid, &new))
		return false;
	merge(p, &new);
	return true;
}

static void check(struct processes *ps, struct process *p)
{
	uint64_t now = now_ns();
	if (now < p->check_ns)
		return;
	uint64_t dev = p->exe_dev, ino = p->exe_ino;
	p->check_every_ns = MIN(p->check_every_ns * 2, (uint64_t)CHECK_LAST_NS);
	p->check_ns = now + p->check_every_ns;
	identify_exe(p);
	if (p->exe_ino && (p->exe_dev != dev || p->exe_ino != ino))
		process_read(ps, p);
}

struct process *process_get(struct processes *ps, int pid)
{
	struct process *p = map_get(&ps->by_pid, (uint32_t)pid);
	if (p)
		return p;
	p = ARENA_NEW(ps->arena, struct process);
	uint64_t now = now_ns();
	*p = (struct process) {
		.pid = pid,
		.reads_left = READS_MAX,
		.earned_ns = now,
		.check_every_ns = CHECK_FIRST_NS,
		.check_ns = now + CHECK_FIRST_NS,
		.next = ps->all,
	};
	ps->all = p;
	map_put(&ps->by_pid, (uint32_t)pid, p);
	process_read(ps, p);
	return p;
}

struct process *process_refresh(struct processes *ps, int pid)
{
	struct process *p = process_get(ps, pid);
	check(ps, p);
	return p;
}

const struct mapping *process_mapping(const struct process *p, uint64_t pc)
{
	size_t lo = 0, hi = p->n_mappings; // the first one that begins after pc
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->mappings[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && pc < p->mappings[lo - 1].high ? &p->mappings[lo - 1] : NULL;
}

void processes_init(struct processes *ps, struct arena *arena, const char *debug_dir)
{
	*ps = (struct processes) {
		.arena = arena,
		.by_pid = map_init(arena),
		.texts = map_init(arena),
		.files = { .arena = arena, .by_identity = map_init(arena) },
	};
	if (debug_dir)
		ps->files.debug_dir = arena_strdup(arena, str_from(debug_dir)).p;
}

void processes_fini(struct processes *ps)
{
	for (struct process *p = ps->all; p; p = p->next)
		free(p->mappings);
	files_fini(&ps->files);
}
