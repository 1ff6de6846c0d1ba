// SPDX-License-Identifier: Apache-2.0
// The file, where its types begin, and the few members and functions that stoat itself needs.
#include "btf/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"

#define FILE_MAX (256u << 20)

// --- the file ---

static struct err *read_from(int fd, struct arena *a, const char *path, struct bytes *out)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(errno, "cannot read %s", path);
	if (st.st_size <= 0 || st.st_size > FILE_MAX)
		return err_new(ERR_BADDATA, "%s has an unlikely size", path);
	uint8_t *data = arena_alloc(a, 1, (size_t)st.st_size);
	size_t n = 0;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, data + n, (size_t)st.st_size - n);
		if (got <= 0)
			return err_new(ERR_BADDATA, "%s ends early", path);
		n += (size_t)got;
	}
	*out = (struct bytes) { data, n };
	return NULL;
}

// Read and not mapped: before Linux 6.17 the kernel's own cannot be mapped.
struct err *btf_open(struct arena *a, const char *path, struct btf **out)
{
	struct bytes data = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(errno, "cannot read %s", path);
	struct err *e = read_from(fd, a, path, &data);
	close(fd);
	return e ? e : btf_read(a, data, path, out);
}

// Bytes that follow a type.
static size_t tail_bytes(uint32_t info)
{
	size_t n = BTF_INFO_VLEN(info);
	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM_64:
		return n * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return n * 8;
	default:
		return 0;
	}
}

static struct err *index_types(struct btf *b)
{
	struct cursor t = cursor_init(b->types, b->name);
	VEC_PUSH(b->arena, &b->offs, 0);
	while (cursor_left(&t)) {
		uint32_t off = (uint32_t)cursor_off(&t);
		cursor_skip(&t, 4);
		uint32_t info = cursor_u32(&t);
		if (BTF_INFO_KIND(info) > BTF_KIND_ENUM_64)
			cursor_fail(&t, "a kind of type that this stoat does not know");
		cursor_skip(&t, 4 + tail_bytes(info));
		if (cursor_ok(&t))
			VEC_PUSH(b->arena, &b->offs, off);
	}
	return cursor_err(&t);
}

struct err *btf_read(struct arena *a, struct bytes data, const char *name, struct btf **out)
{
	struct btf *b = ARENA_NEW(a, struct btf);
	*b = (struct btf) { .arena = a, .name = name, .made = map_init(a) };
	struct cursor c = cursor_init(data, name);
	uint16_t magic = cursor_u16(&c);
	cursor_skip(&c, 2); // version, flags
	uint32_t header_len = cursor_u32(&c);
	uint32_t type_off = cursor_u32(&c), type_len = cursor_u32(&c);
	uint32_t str_off = cursor_u32(&c), str_len = cursor_u32(&c);
	cursor_seek(&c, (uint64_t)header_len + type_off);
	b->types = cursor_bytes(&c, type_len);
	cursor_seek(&c, (uint64_t)header_len + str_off);
	b->strings = cursor_bytes(&c, str_len);
	if (cursor_ok(&c) && magic != BTF_MAGIC)
		cursor_fail(&c, "this is no type information");
	if (cursor_ok(&c) && (!b->strings.len || b->strings.p[b->strings.len - 1]))
		cursor_fail(&c, "its names do not end");
	TRY(cursor_err(&c));
	TRY(index_types(b));
	*out = b;
	return NULL;
}

// --- types and names ---

struct btf_type btf_at(const struct btf *b, uint32_t id)
{
	struct btf_type t = { 0 };
	if (id && id < b->offs.n)
		memcpy(&t, b->types.p + b->offs.v[id], sizeof(t));
	return t;
}

void btf_item(const struct btf *b, uint32_t id, uint32_t i, void *out, size_t size)
{
	size_t at = sizeof(struct btf_type) + (size_t)i * size;
	uint32_t info = btf_at(b, id).info;
	memset(out, 0, size);
	if (id && at + size <= sizeof(struct btf_type) + tail_bytes(info))
		memcpy(out, b->types.p + b->offs.v[id] + at, size);
}

struct str btf_text(const struct btf *b, uint32_t off)
{
	// The last byte of all is a NUL.
	return str_from(off < b->strings.len ? (const char *)b->strings.p + off : "");
}

bool btf_has_text(const struct btf *b, uint32_t off, struct str text)
{
	if (off >= b->strings.len || b->strings.len - off <= text.len)
		return false;
	const uint8_t *p = b->strings.p + off;
	return memcmp(p, text.p, text.len) == 0 && p[text.len] == 0;
}

uint32_t btf_find(const struct btf *b, uint32_t kinds, struct str name)
{
	for (uint32_t i = 1; name.len && i < b->offs.n; i++) {
		struct btf_type t = btf_at(b, i);
		if (kinds >> BTF_INFO_KIND(t.info) & 1 && btf_has_text(b, t.name_off, name))
			return i;
	}
	return 0;
}

struct btf_bits btf_bits_of(const struct btf *b, struct btf_type of, const struct btf_member *m)
{
	if (BTF_INFO_KFLAG(of.info))
		return (struct btf_bits) { BTF_MEMBER_BIT_OFFSET(m->offset),
					   BTF_MEMBER_BITFIELD_SIZE(m->offset) };
	// Before Linux 5.0 a bit-field was a member whose number has fewer bits than its bytes.
	struct btf_bits bits = { m->offset, 0 };
	struct btf_type t = btf_at(b, m->type);
	uint32_t word;
	btf_item(b, m->type, 0, &word, sizeof(word));
	if (BTF_INFO_KIND(t.info) == BTF_KIND_INT && BTF_INT_BITS(word) < t.size * 8ull) {
		bits.size = BTF_INT_BITS(word);
		bits.off += BTF_INT_OFFSET(word);
	}
	return bits;
}

// --- what stoat itself needs ---

bool btf_func(const struct btf *b, const char *name, uint32_t *id)
{
	*id = btf_find(b, 1u << BTF_KIND_FUNC, str_from(name));
	return *id != 0;
}

// The type behind typedefs and qualifiers.
static uint32_t strip(const struct btf *b, uint32_t id)
{
	for (int depth = 0; depth < BTF_DEPTH_MAX; depth++) {
		struct btf_type t = btf_at(b, id);
		switch (BTF_INFO_KIND(t.info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = t.type;
			break;
		default:
			return id;
		}
	}
	return 0;
}

// Finds a member, also inside unnamed ones; adds its offset to *off. Returns its type, 0 if absent.
// budget: how many members are looked at.
static uint32_t find_member(const struct btf *b, uint32_t id, struct str name, uint32_t *off,
			    int depth, uint32_t *budget)
{
	id = strip(b, id);
	struct btf_type t = btf_at(b, id);
	uint32_t kind = BTF_INFO_KIND(t.info);
	if (depth == 0 || (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION))
		return 0;
	for (uint32_t i = 0; i < BTF_INFO_VLEN(t.info) && *budget; i++) {
		struct btf_member m;
		btf_item(b, id, i, &m, sizeof(m));
		uint32_t inner = 0, found = 0;
		--*budget;
		if (m.name_off == 0)
			found = find_member(b, m.type, name, &inner, depth - 1, budget);
		else if (btf_has_text(b, m.name_off, name))
			found = m.type;
		if (found) {
			*off += btf_bits_of(b, t, &m).off / 8 + inner;
			return found;
		}
	}
	return 0;
}

bool btf_member(const struct btf *b, const char *type, const char *path, uint32_t *off)
{
	uint32_t budget = 100000;
	uint32_t id = btf_find(b, 1u << BTF_KIND_STRUCT, str_from(type));
	*off = 0;
	for (const char *p = path; *p && id;) {
		struct str part = { p, strcspn(p, ".") };
		id = find_member(b, id, part, off, BTF_DEPTH_MAX, &budget);
		p += part.len;
		p += *p == '.';
	}
	return id != 0;
}
