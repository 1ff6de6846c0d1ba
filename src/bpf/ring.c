// SPDX-License-Identifier: Apache-2.0
// The reader's side of the kernel's ring buffer. A page holds how far we have read, which we write;
// the next page how far programs have written, which they do; the data follows. The kernel would
// map it twice in a row, so that a record that wraps around is in one piece; that counts twice as
// our memory, so we put such a record, one in each round, together ourselves.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

struct bpf_ring {
	int fd;
	bpf_record_fn fn;
	void *ctx;
	size_t page;
	size_t size; // of the data, a power of two
	unsigned long *read_pos;
	const unsigned long *written_pos;
	const uint8_t *data;
	uint8_t *whole; // a record that wraps around
	size_t whole_size;
};

// Bytes that a record takes with its header of eight bytes.
static size_t record_bytes(uint32_t len)
{
	return ((size_t)len + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7;
}

static size_t readonly_bytes(const struct bpf_ring *r)
{
	return r->page + r->size;
}

void bpf_ring_close(struct bpf_ring *r)
{
	if (!r)
		return;
	if (r->read_pos)
		munmap(r->read_pos, r->page);
	if (r->data) {
		// The page of the programs' position comes first.
		uintptr_t start = (uintptr_t)r->data - r->page;
		munmap((void *)start, readonly_bytes(r));
	}
	free(r->whole);
	free(r);
}

struct err *bpf_ring_open(const struct bpf_map *m, bpf_record_fn fn, void *ctx,
			  struct bpf_ring **out)
{
	struct bpf_ring *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	*r = (struct bpf_ring) { .fd = m->fd, .fn = fn, .ctx = ctx, .size = m->max_entries };
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (p != MAP_FAILED) {
		r->read_pos = p;
		p = mmap(NULL, readonly_bytes(r), PROT_READ, MAP_SHARED, m->fd, (off_t)r->page);
	}
	if (p == MAP_FAILED) {
		int rc = -errno;
		bpf_ring_close(r);
		return uapi_err(rc, "cannot map the ring buffer %s", m->name);
	}
	r->written_pos = p;
	r->data = (const uint8_t *)p + r->page;
	*out = r;
	return NULL;
}

int bpf_ring_fd(const struct bpf_ring *r)
{
	return r->fd;
}

static uint32_t record_len(uint32_t header)
{
	return header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
}

// The two parts of a record that goes on at the start of the data.
static const uint8_t *join(struct bpf_ring *r, const uint8_t *record, size_t first, size_t len)
{
	if (r->whole_size < len) {
		free(r->whole);
		r->whole = malloc(len);
		if (!r->whole)
			abort();
		r->whole_size = len;
	}
	memcpy(r->whole, record, first);
	memcpy(r->whole + first, r->data, len - first);
	return r->whole;
}

// The record at pos, or NULL when it is not complete yet.
static const uint8_t *record_at(struct bpf_ring *r, unsigned long pos, uint32_t *header)
{
	size_t off = pos & (r->size - 1);
	const uint8_t *record = r->data + off;
	// Acquire: the record's bytes are looked at after the header says that they are complete.
	*header = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
	if (*header & BPF_RINGBUF_BUSY_BIT)
		return NULL;
	size_t len = record_len(*header), first = r->size - off - BPF_RINGBUF_HDR_SZ;
	record += BPF_RINGBUF_HDR_SZ;
	bool is_dropped = *header & BPF_RINGBUF_DISCARD_BIT;
	return len <= first || is_dropped ? record : join(r, record, first, MIN(len, r->size));
}

// Takes one record. False when it is not complete yet, or the caller wants no more.
static bool take(struct bpf_ring *r, unsigned long *pos, size_t *n)
{
	uint32_t header;
	const uint8_t *record = record_at(r, *pos, &header);
	if (!record)
		return false;
	bool goes_on = true;
	if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
		goes_on = r->fn(r->ctx, record, record_len(header));
		++*n;
	}
	*pos += record_bytes(record_len(header));
	// Release: programs may write there only after we have read.
	__atomic_store_n(r->read_pos, *pos, __ATOMIC_RELEASE);
	return goes_on;
}

size_t bpf_ring_read(struct bpf_ring *r)
{
	size_t n = 0;
	const unsigned long start = *r->read_pos; // nobody else writes it
	unsigned long pos = start;
	// After a whole buffer the caller has its turn, even when programs write as fast as we
	// read.
	while (pos - start < r->size) {
		// Acquire: a header is looked at after the position that covers it.
		unsigned long end = __atomic_load_n(r->written_pos, __ATOMIC_ACQUIRE);
		if (pos == end)
			break;
		while (pos != end)
			if (!take(r, &pos, &n))
				return n;
	}
	return n;
}

struct err *bpf_ring_poll(struct bpf_ring *r, int timeout_ms, size_t *n_records)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	*n_records = 0;
	int rc = poll(&p, 1, timeout_ms);
	if (rc < 0 && errno != EINTR)
		return err_sys(errno, "cannot wait for the ring buffer");
	if (rc > 0)
		*n_records = bpf_ring_read(r);
	return NULL;
}
