// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

void bpf_name(const char *text, char out[BPF_OBJ_NAME_LEN])
{
	size_t n = 0;
	for (; n + 1 < BPF_OBJ_NAME_LEN && text[n]; n++) {
		unsigned char c = (unsigned char)text[n];
		out[n] = (c < 0x80 && isalnum(c)) || c == '.' ? (char)c : '_';
	}
	memset(out + n, 0, BPF_OBJ_NAME_LEN - n);
}

// MAX_BPF_STACK, as long as programs' keys had to stand on the stack.
#define KEY_BYTES_OLD 512

struct err *bpf_map_create(struct bpf_map *m)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = m->type;
	attr.key_size = m->key_size;
	attr.value_size = m->value_size;
	attr.max_entries = m->max_entries;
	attr.map_flags = m->flags;
	bpf_name(m->name, attr.map_name);
	m->fd = uapi_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (m->fd >= 0)
		return NULL;
	struct err *e = uapi_err(m->fd, "cannot create the map %s (%u entries of %u + %u bytes)",
				 m->name, m->max_entries, m->key_size, m->value_size);
	if (m->fd == -E2BIG && m->key_size > KEY_BYTES_OLD)
		e = err_note(e,
			     "before Linux 5.11 keys have at most %d bytes: use shorter strings "
			     "(max_strlen, str(p, n))",
			     KEY_BYTES_OLD);
	return e;
}

void bpf_map_close(struct bpf_map *m)
{
	uapi_close(&m->fd);
	m->fd = -1;
}

// "0-3,8" says up to 8.
unsigned bpf_possible_cpus(void)
{
	char text[1024];
	if (!uapi_read_text(AT_FDCWD, "/sys/devices/system/cpu/possible", text, sizeof(text)))
		return (unsigned)MAX(sysconf(_SC_NPROCESSORS_CONF), 1);
	unsigned last = 0, number = 0;
	for (const char *p = text; *p; p++) {
		number = isdigit((unsigned char)*p) ? number * 10 + (unsigned)(*p - '0') : 0;
		last = MAX(last, number);
	}
	return last + 1;
}

static bool is_per_cpu(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static size_t round_to_8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

size_t bpf_map_value_bytes(const struct bpf_map *m)
{
	return is_per_cpu(m->type) ? round_to_8(m->value_size) * bpf_possible_cpus()
				   : m->value_size;
}

// --- one entry ---

static int element(int cmd, const struct bpf_map *m, const void *key, const void *value,
		   uint64_t flags)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)m->fd;
	attr.key = uapi_ptr(key);
	attr.value = uapi_ptr(value);
	attr.flags = flags;
	return uapi_bpf(cmd, &attr, sizeof(attr));
}

// ENOENT is an answer and no error.
static struct err *answer(const struct bpf_map *m, int rc, const char *what, bool *found)
{
	*found = rc >= 0;
	if (rc >= 0 || rc == -ENOENT)
		return NULL;
	return uapi_err(rc, "cannot %s an entry of the map %s", what, m->name);
}

struct err *bpf_map_lookup(const struct bpf_map *m, const void *key, void *value, bool *found)
{
	return answer(m, element(BPF_MAP_LOOKUP_ELEM, m, key, value, 0), "read", found);
}

struct err *bpf_map_update(const struct bpf_map *m, const void *key, const void *value,
			   uint64_t flags)
{
	int rc = element(BPF_MAP_UPDATE_ELEM, m, key, value, flags);
	return rc < 0 ? uapi_err(rc, "cannot set an entry of the map %s", m->name) : NULL;
}

struct err *bpf_map_delete(const struct bpf_map *m, const void *key, bool *found)
{
	return answer(m, element(BPF_MAP_DELETE_ELEM, m, key, NULL, 0), "delete", found);
}

struct err *bpf_map_next(const struct bpf_map *m, const void *key, void *next, bool *found)
{
	return answer(m, element(BPF_MAP_GET_NEXT_KEY, m, key, next, 0), "find", found);
}

// --- all entries ---

struct walk {
	const struct bpf_map *map;
	struct err *(*fn)(void *ctx, const void *key, const void *value);
	void *ctx;
	struct arena *arena;
	size_t value_bytes;
	// One batch.
	uint32_t cap;
	uint8_t *keys, *values;
	// The kernel's marks of where a batch starts and where the next one will.
	uint8_t *token, *next_token;
};

static struct err *one_by_one(struct walk *w)
{
	const struct bpf_map *m = w->map;
	uint8_t *key = arena_alloc(w->arena, 1, m->key_size);
	uint8_t *next = arena_alloc(w->arena, 1, m->key_size);
	uint8_t *value = arena_alloc(w->arena, 1, w->value_bytes);
	bool found;
	TRY(bpf_map_next(m, NULL, next, &found));
	// A key that is deleted meanwhile makes the kernel start again; the bound ends that.
	for (uint32_t i = 0; found && i < m->max_entries; i++) {
		memcpy(key, next, m->key_size);
		bool is_there;
		TRY(bpf_map_lookup(m, key, value, &is_there));
		if (is_there)
			TRY(w->fn(w->ctx, key, value));
		TRY(bpf_map_next(m, key, next, &found));
	}
	return NULL;
}

static void make_room(struct walk *w, uint32_t cap)
{
	w->cap = cap;
	w->keys = arena_alloc(w->arena, cap, w->map->key_size);
	w->values = arena_alloc(w->arena, cap, w->value_bytes);
}

// Gives the number of entries read, and the kernel's answer.
static int read_batch(struct walk *w, bool is_first, uint32_t *n)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.batch.in_batch = is_first ? 0 : uapi_ptr(w->token);
	attr.batch.out_batch = uapi_ptr(w->next_token);
	attr.batch.keys = uapi_ptr(w->keys);
	attr.batch.values = uapi_ptr(w->values);
	attr.batch.count = w->cap;
	attr.batch.map_fd = (uint32_t)w->map->fd;
	int rc = uapi_bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
	*n = rc == 0 || rc == -ENOENT ? MIN(attr.batch.count, w->cap) : 0;
	return rc;
}

static struct err *by_batches(struct walk *w, bool *unsupported)
{
	const struct bpf_map *m = w->map;
	*unsupported = false;
	w->token = arena_alloc(w->arena, 1, MAX(m->key_size, 8u));
	w->next_token = arena_alloc(w->arena, 1, MAX(m->key_size, 8u));
	size_t entry = m->key_size + w->value_bytes;
	make_room(w, (uint32_t)MIN((size_t)m->max_entries, MAX((256u << 10) / entry, 16u)));
	for (bool is_first = true;;) {
		uint32_t n;
		int rc = read_batch(w, is_first, &n);
		if (rc == -ENOSPC && w->cap < m->max_entries) {
			// More entries than that have the same hash bucket.
			make_room(w, MIN(w->cap * 2, m->max_entries));
			continue;
		}
		if (rc < 0 && rc != -ENOENT) {
			*unsupported = is_first;
			return is_first ? NULL : uapi_err(rc, "cannot read the map %s", m->name);
		}
		for (uint32_t i = 0; i < n; i++)
			TRY(w->fn(w->ctx, w->keys + (size_t)i * m->key_size,
				  w->values + i * w->value_bytes));
		if (rc == -ENOENT)
			return NULL;
		uint8_t *swap = w->token;
		w->token = w->next_token;
		w->next_token = swap;
		is_first = false;
	}
}

struct err *bpf_map_each(const struct bpf_map *m,
			 struct err *(*fn)(void *ctx, const void *key, const void *value),
			 void *ctx)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct walk w = { m, fn, ctx, a, bpf_map_value_bytes(m), 0, NULL, NULL, NULL, NULL };
	bool unsupported;
	TRY(by_batches(&w, &unsupported));
	return unsupported ? one_by_one(&w) : NULL;
}

// --- as memory ---

static size_t mapped_bytes(const struct bpf_map *m)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (round_to_8(m->value_size) * m->max_entries + page - 1) & ~(page - 1);
}

struct err *bpf_map_mmap(const struct bpf_map *m, void **out)
{
	void *p = mmap(NULL, mapped_bytes(m), PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (p == MAP_FAILED)
		return uapi_err(-errno, "cannot map the memory of the map %s", m->name);
	*out = p;
	return NULL;
}

void bpf_map_unmap(const struct bpf_map *m, void *p)
{
	if (p)
		munmap(p, mapped_bytes(m));
}
