// SPDX-License-Identifier: Apache-2.0
// A program that hands functions of its own to helpers must describe each of them. The kernel wants
// to see that they return an int; it takes parameters on trust.
#include <linux/btf.h>

#include "bpf/prog_btf.h"
#include "bpf/uapi.h"

enum { TYPE_INT = 1, TYPE_PROTO = 2, TYPE_FIRST_FUNC = 3 };

// What linux/btf.h leaves to its users: an int's bits, in the word after its type.
#define INT_SIGNED_32 (BTF_INT_SIGNED << 24 | 32)

static uint32_t type_info(uint32_t kind)
{
	return kind << 24;
}

static int load_btf(const void *data, size_t len)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.btf = uapi_ptr(data);
	attr.btf_size = (uint32_t)len;
	return uapi_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
}

#define NAME_LEN BPF_OBJ_NAME_LEN

struct blob {
	struct btf_header header;
	struct btf_type int_type;
	uint32_t int_bits;
	struct btf_type proto;
	struct btf_type funcs[]; // then the strings
};

// "", "int", and a place of NAME_LEN bytes for each function's name.
static const char first_strings[] = "\0int";
enum { STRING_INT = 1 };

// A C identifier.
static void put_name(char *at, const char *name)
{
	bpf_name(name, at);
	for (char *p = at; *p; p++)
		if (*p == '.' || (p == at && *p >= '0' && *p <= '9'))
			*p = '_';
}

static struct blob *make(const struct bpf_code *code, struct arena *a, size_t *len)
{
	size_t type_len = offsetof(struct blob, funcs) - sizeof(struct btf_header) +
			  code->n_funcs * sizeof(struct btf_type);
	size_t str_len = sizeof(first_strings) + code->n_funcs * NAME_LEN;
	*len = sizeof(struct btf_header) + type_len + str_len;
	struct blob *b = arena_alloc(a, 1, *len);
	b->header = (struct btf_header) {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(b->header),
		.type_len = (uint32_t)type_len,
		.str_off = (uint32_t)type_len,
		.str_len = (uint32_t)str_len,
	};
	b->int_type = (struct btf_type) { .name_off = STRING_INT,
					  .info = type_info(BTF_KIND_INT),
					  .size = 4 };
	b->int_bits = INT_SIGNED_32;
	b->proto = (struct btf_type) { .info = type_info(BTF_KIND_FUNC_PROTO), .type = TYPE_INT };
	char *text = (char *)&b->funcs[code->n_funcs];
	memcpy(text, first_strings, sizeof(first_strings));
	for (uint32_t i = 0; i < code->n_funcs; i++) {
		uint32_t name_off = (uint32_t)(sizeof(first_strings) + i * NAME_LEN);
		put_name(text + name_off, code->funcs[i].name);
		b->funcs[i] = (struct btf_type) { .name_off = name_off,
						  .info = type_info(BTF_KIND_FUNC),
						  .type = TYPE_PROTO };
	}
	return b;
}

struct err *bpf_prog_btf_load(const struct bpf_code *code, struct arena *a,
			      struct bpf_prog_btf *out)
{
	*out = (struct bpf_prog_btf) { .fd = -1 };
	if (code->n_funcs <= 1)
		return NULL;
	size_t len;
	const struct blob *b = make(code, a, &len);
	out->records = ARENA_ARRAY(a, struct bpf_func_info, code->n_funcs);
	for (uint32_t i = 0; i < code->n_funcs; i++)
		out->records[i] = (struct bpf_func_info) { .insn_off = code->funcs[i].start,
							   .type_id = TYPE_FIRST_FUNC + i };
	out->fd = load_btf(b, len);
	if (out->fd < 0)
		return uapi_err(out->fd, "cannot load type information");
	out->n = code->n_funcs;
	return NULL;
}

void bpf_prog_btf_drop(struct bpf_prog_btf *btf)
{
	uapi_close(&btf->fd);
}
