// SPDX-License-Identifier: Apache-2.0
// The kernel's own type information, of which a few functions and members are wanted.
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "bpf/bpf.h"
#include "bpf/uapi.h"

#define BTF_PATH     "/sys/kernel/btf/vmlinux"
#define BTF_MAX      (64u << 20)
#define NESTING_MAX  16
#define KIND_ENUM_64 19 // BTF_KIND_ENUM64, Linux 6.0

struct bpf_btf {
	struct arena *arena;
	struct bytes types;
	struct bytes strings;
	VEC(uint32_t) offs; // of each type in types; there is no type 0
};

static struct err *read_all(struct arena *a, struct bytes *out)
{
	AUTO(uapi_close) int fd = open(BTF_PATH, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(errno, "cannot read " BTF_PATH);
	if (st.st_size <= 0 || st.st_size > BTF_MAX)
		return err_new(ERR_BADDATA, BTF_PATH " has an unlikely size");
	uint8_t *data = arena_alloc(a, 1, (size_t)st.st_size);
	size_t n = 0;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, data + n, (size_t)st.st_size - n);
		if (got <= 0)
			return err_new(ERR_BADDATA, BTF_PATH " ends early");
		n += (size_t)got;
	}
	*out = (struct bytes) { data, n };
	return NULL;
}

// Bytes that follow a type of that kind with that many members.
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
	case KIND_ENUM_64:
		return n * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return n * 8;
	default:
		return 0;
	}
}

static struct err *index_types(struct bpf_btf *b, struct bytes data)
{
	struct cursor c = cursor_init(data, BTF_PATH);
	if (cursor_u16(&c) != BTF_MAGIC)
		return err_new(ERR_BADDATA, BTF_PATH " is not what its name says");
	cursor_skip(&c, 2); // version, flags
	uint32_t header_len = cursor_u32(&c);
	uint32_t type_off = cursor_u32(&c), type_len = cursor_u32(&c);
	uint32_t str_off = cursor_u32(&c), str_len = cursor_u32(&c);
	cursor_seek(&c, (uint64_t)header_len + type_off);
	b->types = cursor_bytes(&c, type_len);
	cursor_seek(&c, (uint64_t)header_len + str_off);
	b->strings = cursor_bytes(&c, str_len);
	VEC_PUSH(b->arena, &b->offs, 0);
	struct cursor t = cursor_init(b->types, BTF_PATH);
	while (cursor_left(&t)) {
		VEC_PUSH(b->arena, &b->offs, (uint32_t)cursor_off(&t));
		cursor_skip(&t, 4);
		uint32_t info = cursor_u32(&t);
		cursor_skip(&t, 4 + tail_bytes(info));
	}
	TRY(cursor_err(&c));
	return cursor_err(&t);
}

struct err *bpf_btf_open(struct bpf_btf **out)
{
	struct arena *a = arena_new();
	struct bpf_btf *b = ARENA_NEW(a, struct bpf_btf);
	b->arena = a;
	struct bytes data = { 0 };
	struct err *e = read_all(a, &data);
	if (!e)
		e = index_types(b, data);
	if (e) {
		arena_free(a);
		return e;
	}
	*out = b;
	return NULL;
}

void bpf_btf_close(struct bpf_btf *b)
{
	if (b)
		arena_free(b->arena);
}

static struct btf_type type_at(const struct bpf_btf *b, uint32_t id)
{
	struct btf_type t = { 0 };
	if (id && id < b->offs.n)
		memcpy(&t, b->types.p + b->offs.v[id], sizeof(t));
	return t;
}

static bool has_name(const struct bpf_btf *b, uint32_t name_off, struct str name)
{
	if (name_off >= b->strings.len || b->strings.len - name_off <= name.len)
		return false;
	const uint8_t *p = b->strings.p + name_off;
	return memcmp(p, name.p, name.len) == 0 && p[name.len] == 0;
}

static bool find(const struct bpf_btf *b, uint32_t kind, struct str name, uint32_t *id)
{
	for (uint32_t i = 1; i < b->offs.n; i++) {
		struct btf_type t = type_at(b, i);
		if (BTF_INFO_KIND(t.info) == kind && has_name(b, t.name_off, name)) {
			*id = i;
			return true;
		}
	}
	return false;
}

bool bpf_btf_func(const struct bpf_btf *b, const char *name, uint32_t *id)
{
	return find(b, BTF_KIND_FUNC, str_from(name), id);
}

// The type behind typedefs and qualifiers.
static uint32_t strip(const struct bpf_btf *b, uint32_t id)
{
	for (int depth = 0; depth < NESTING_MAX; depth++) {
		struct btf_type t = type_at(b, id);
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
static uint32_t find_member(const struct bpf_btf *b, uint32_t id, struct str name, uint32_t *off,
			    int depth)
{
	id = strip(b, id);
	struct btf_type t = type_at(b, id);
	uint32_t kind = BTF_INFO_KIND(t.info);
	if (depth == 0 || (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION))
		return 0;
	for (uint32_t i = 0; i < BTF_INFO_VLEN(t.info); i++) {
		struct btf_member m;
		memcpy(&m, b->types.p + b->offs.v[id] + sizeof(t) + i * sizeof(m), sizeof(m));
		bool has_bitfields = BTF_INFO_KFLAG(t.info);
		uint32_t bits = has_bitfields ? BTF_MEMBER_BIT_OFFSET(m.offset) : m.offset;
		uint32_t inner = 0, found = 0;
		if (m.name_off == 0)
			found = find_member(b, m.type, name, &inner, depth - 1);
		else if (has_name(b, m.name_off, name))
			found = m.type;
		if (found) {
			*off += bits / 8 + inner;
			return found;
		}
	}
	return 0;
}

bool bpf_btf_member(const struct bpf_btf *b, const char *type, const char *path, uint32_t *off)
{
	uint32_t id;
	*off = 0;
	if (!find(b, BTF_KIND_STRUCT, str_from(type), &id))
		return false;
	for (const char *p = path; *p;) {
		struct str part = { p, strcspn(p, ".") };
		id = find_member(b, id, part, off, NESTING_MAX);
		if (!id)
			return false;
		p += part.len;
		p += *p == '.';
	}
	return true;
}
