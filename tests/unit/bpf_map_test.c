// SPDX-License-Identifier: Apache-2.0
// Maps and the ring buffer on the running kernel. Skipped where BPF is not allowed.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf_kernel.h"
#include "unit.h"

// --- maps ---

struct tally {
	uint64_t n, keys, values;
	size_t value_bytes;
};

static struct err *add_entry(void *ctx, const void *key, const void *value)
{
	struct tally *t = ctx;
	uint64_t k = 0, v = 0;
	memcpy(&k, key, 8);
	t->n++;
	t->keys += k;
	for (size_t off = 0; off < t->value_bytes; off += 8) {
		memcpy(&v, (const uint8_t *)value + off, 8);
		t->values += v;
	}
	return NULL;
}

static void check_map(enum bpf_map_type type, uint32_t n)
{
	struct bpf_map m = { "entries", type, 8, 8, n + n / 2, 0, -1 };
	CHECK_OK(bpf_map_create(&m));
	size_t bytes = bpf_map_value_bytes(&m);
	uint64_t *value = calloc(1, bytes);
	uint64_t want_values = 0, want_keys = 0;
	for (uint64_t k = 0; k < n; k++) {
		for (size_t i = 0; i < bytes / 8; i++)
			value[i] = k * 3 + i;
		CHECK_OK(bpf_map_update(&m, &k, value, BPF_NOEXIST));
		for (size_t i = 0; i < bytes / 8; i++)
			want_values += value[i];
		want_keys += k;
	}
	struct tally t = { .value_bytes = bytes };
	CHECK_OK(bpf_map_each(&m, add_entry, &t));
	CHECK_INT(t.n, n);
	CHECK_INT(t.keys, want_keys);
	CHECK_INT(t.values, want_values);
	uint64_t key = 0, next = UINT64_MAX;
	bool found;
	CHECK_ERR(bpf_map_update(&m, &key, value, BPF_NOEXIST), ERR_SYS);
	CHECK_OK(bpf_map_lookup(&m, &key, value, &found));
	CHECK(found && value[0] == 0);
	CHECK_OK(bpf_map_delete(&m, &key, &found));
	CHECK(found);
	CHECK_OK(bpf_map_delete(&m, &key, &found));
	CHECK(!found);
	CHECK_OK(bpf_map_lookup(&m, &key, value, &found));
	CHECK(!found);
	CHECK_OK(bpf_map_next(&m, NULL, &next, &found));
	CHECK_INT(found, n > 1);
	free(value);
	bpf_map_close(&m);
	CHECK_INT(m.fd, -1);
}

TEST(bpf_maps_of_every_kind)
{
	bpf_kernel_need();
	check_map(BPF_MAP_TYPE_HASH, 1);
	check_map(BPF_MAP_TYPE_HASH, 50000);
	check_map(BPF_MAP_TYPE_PERCPU_HASH, 3000);
	check_map(BPF_MAP_TYPE_LRU_HASH, 1000);
}

TEST(bpf_array_entries_and_memory)
{
	bpf_kernel_need();
	struct bpf_map m = { "array", BPF_MAP_TYPE_ARRAY, 4, 4, 1000, BPF_F_MMAPABLE, -1 };
	CHECK_OK(bpf_map_create(&m));
	void *p;
	CHECK_OK(bpf_map_mmap(&m, &p));
	for (uint32_t k = 0; k < 1000; k++)
		CHECK_OK(bpf_map_update(&m, &k, &k, BPF_ANY));
	CHECK_INT(((uint32_t *)p)[2 * 999], 999);
	((uint32_t *)p)[2 * 5] = 77;
	uint32_t key = 5, value = 0;
	bool found;
	CHECK_OK(bpf_map_lookup(&m, &key, &value, &found));
	CHECK_INT(value, 77);
	key = 1000;
	CHECK_OK(bpf_map_lookup(&m, &key, &value, &found));
	CHECK(!found);
	bpf_map_unmap(&m, p);
	bpf_map_close(&m);
}

static struct err *stop_at_third(void *ctx, const void *key, const void *value)
{
	(void)key, (void)value;
	return ++*(int *)ctx == 3 ? err_new(ERR_USAGE, "enough") : NULL;
}

TEST(bpf_map_each_ends_with_the_first_error)
{
	bpf_kernel_need();
	struct bpf_map m = { "array", BPF_MAP_TYPE_ARRAY, 4, 4, 1000, 0, -1 };
	CHECK_OK(bpf_map_create(&m));
	int n = 0;
	CHECK_ERR(bpf_map_each(&m, stop_at_third, &n), ERR_USAGE);
	CHECK_INT(n, 3);
	struct bpf_map empty = { "empty", BPF_MAP_TYPE_HASH, 8, 8, 10, 0, -1 };
	CHECK_OK(bpf_map_create(&empty));
	CHECK_OK(bpf_map_each(&empty, stop_at_third, &n));
	CHECK_INT(n, 3);
	struct bpf_map wrong = { "wrong", BPF_MAP_TYPE_HASH, 0, 8, 10, 0, -1 };
	struct err *e = bpf_map_create(&wrong);
	CHECK_STR(e ? err_text(e) : "",
		  "cannot create the map wrong (10 entries of 0 + 8 bytes): Invalid argument");
	err_free(e);
}

// --- the ring buffer ---

enum { RING_BYTES = 64 << 10, WORD_SEQ = 0, WORD_LOST = 1 };

// Sends a number that counts up, in records of 8 to 39 bytes; counts what does not fit.
static struct bpf_prog sender(struct arena *a, const struct bpf_map *ring,
			      const struct bpf_map *words)
{
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_label lost = bpf_label_new(b), out = bpf_label_new(b);
	bpf_map_value_ref(b, BPF_REG_6, words, 0);
	bpf_load(b, 8, BPF_REG_7, BPF_REG_6, WORD_SEQ * 8);
	for (int off = -40; off < 0; off += 8)
		bpf_store(b, 8, BPF_REG_10, off, BPF_REG_7);
	bpf_map_ref(b, BPF_REG_1, ring);
	bpf_mov(b, BPF_REG_2, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_2, -40);
	bpf_mov(b, BPF_REG_3, BPF_REG_7);
	bpf_alu_imm(b, BPF_AND, BPF_REG_3, 31);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_3, 8);
	bpf_const(b, BPF_REG_4, 0);
	bpf_call(b, BPF_FUNC_ringbuf_output);
	bpf_jump_if_imm(b, BPF_JNE, BPF_REG_0, 0, lost);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_7, 1);
	bpf_store(b, 8, BPF_REG_6, WORD_SEQ * 8, BPF_REG_7);
	bpf_jump(b, out);
	bpf_bind(b, lost);
	bpf_const(b, BPF_REG_1, 1);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_6, WORD_LOST * 8, BPF_REG_1);
	bpf_bind(b, out);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	return bpf_kernel_load(a, b, BPF_PROG_TYPE_SOCKET_FILTER);
}

struct receiver {
	uint64_t next, wrong, bytes;
	uint64_t stop_at;
};

static bool receive(void *ctx, const void *data, size_t len)
{
	struct receiver *r = ctx;
	uint64_t seq, last;
	memcpy(&seq, data, 8);
	memcpy(&last, (const uint8_t *)data + (len - 8) / 8 * 8, 8);
	r->wrong +=
		seq != r->next || last != seq || len != 8 + (seq & 31) || (uintptr_t)data % 8 != 0;
	r->next++;
	r->bytes += len;
	return r->next != r->stop_at;
}

struct sending {
	const struct bpf_prog *prog;
	const uint64_t *words;
	uint64_t goal;
};

static void *send_all(void *arg)
{
	struct sending *s = arg;
	while (__atomic_load_n(&s->words[WORD_SEQ], __ATOMIC_RELAXED) < s->goal)
		bpf_kernel_run_times(s->prog, 2000);
	return NULL;
}

// The buffer is written around some 500 times while it is read.
TEST(bpf_ring_brings_a_million_records_in_order)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(2, &words);
	struct bpf_map buffer = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, RING_BYTES, 0, -1 };
	CHECK_OK(bpf_map_create(&buffer));
	struct receiver r = { 0 };
	struct bpf_ring *ring;
	CHECK_OK(bpf_ring_open(&buffer, receive, &r, &ring));
	CHECK_INT(bpf_ring_fd(ring), buffer.fd);
	struct bpf_prog p = sender(a, &buffer, &m);
	struct sending s = { &p, words, 1000000 };
	pthread_t thread;
	CHECK(pthread_create(&thread, NULL, send_all, &s) == 0);
	size_t n = 0, total = 0;
	while (r.next < s.goal) {
		CHECK_OK(bpf_ring_poll(ring, 1000, &n));
		total += n;
	}
	pthread_join(thread, NULL);
	while ((n = bpf_ring_read(ring)) > 0)
		total += n;
	CHECK_INT(r.wrong, 0);
	CHECK_INT(r.next, words[WORD_SEQ]);
	CHECK_INT(total, r.next);
	bpf_ring_close(ring);
}

TEST(bpf_ring_stops_when_told_and_waits_no_longer_than_told)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(2, &words);
	struct bpf_map buffer = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, -1 };
	CHECK_OK(bpf_map_create(&buffer));
	struct receiver r = { .stop_at = 3 };
	struct bpf_ring *ring;
	CHECK_OK(bpf_ring_open(&buffer, receive, &r, &ring));
	size_t n = 99;
	CHECK_OK(bpf_ring_poll(ring, 20, &n));
	CHECK_INT(n, 0);
	struct bpf_prog p = sender(a, &buffer, &m);
	bpf_kernel_run_times(&p, 10);
	CHECK_OK(bpf_ring_poll(ring, 0, &n));
	CHECK_INT(n, 3);
	CHECK_OK(bpf_ring_poll(ring, 0, &n));
	CHECK_INT(n, 7);
	// A full buffer loses the newest, and goes on when it has been read.
	bpf_kernel_run_times(&p, 1000);
	CHECK(words[WORD_LOST] > 0);
	uint64_t sent = words[WORD_SEQ];
	bpf_ring_read(ring);
	CHECK_INT(r.next, sent);
	bpf_kernel_run_times(&p, 1);
	CHECK_INT(bpf_ring_read(ring), 1);
	CHECK_INT(r.wrong, 0);
	bpf_ring_close(ring);
}

static bool count_record(void *ctx, const void *data, size_t len)
{
	uint64_t v;
	memcpy(&v, data, 8);
	CHECK_INT(len, 24);
	CHECK_INT(v % 2, 0);
	++*(int *)ctx;
	return true;
}

// Every second record is discarded by the program.
TEST(bpf_ring_skips_discarded_records)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(1, &words);
	struct bpf_map buffer = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, -1 };
	CHECK_OK(bpf_map_create(&buffer));
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_label out = bpf_label_new(b), odd = bpf_label_new(b);
	bpf_map_value_ref(b, BPF_REG_6, &m, 0);
	bpf_load(b, 8, BPF_REG_7, BPF_REG_6, 0);
	bpf_map_ref(b, BPF_REG_1, &buffer);
	bpf_const(b, BPF_REG_2, 24);
	bpf_const(b, BPF_REG_3, 0);
	bpf_call(b, BPF_FUNC_ringbuf_reserve);
	bpf_jump_if_imm(b, BPF_JEQ, BPF_REG_0, 0, out);
	bpf_store(b, 8, BPF_REG_0, 0, BPF_REG_7);
	bpf_mov(b, BPF_REG_1, BPF_REG_0);
	bpf_const(b, BPF_REG_2, 0);
	bpf_mov(b, BPF_REG_8, BPF_REG_7);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_8, 1);
	bpf_store(b, 8, BPF_REG_6, 0, BPF_REG_8);
	bpf_jump_if_imm(b, BPF_JSET, BPF_REG_7, 1, odd);
	bpf_call(b, BPF_FUNC_ringbuf_submit);
	bpf_jump(b, out);
	bpf_bind(b, odd);
	bpf_call(b, BPF_FUNC_ringbuf_discard);
	bpf_bind(b, out);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_SOCKET_FILTER);
	int n = 0;
	struct bpf_ring *ring;
	CHECK_OK(bpf_ring_open(&buffer, count_record, &n, &ring));
	for (int i = 0; i < 100; i++) {
		bpf_kernel_run_times(&p, 10);
		CHECK_INT(bpf_ring_read(ring), 5);
	}
	CHECK_INT(n, 500);
	bpf_ring_close(ring);
}
