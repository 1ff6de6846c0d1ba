// SPDX-License-Identifier: Apache-2.0
#include "btf_image.h"

struct btf_image btf_image_new(struct arena *a)
{
	struct btf_image m = { .a = a, .n = 1 };
	VEC_PUSH(a, &m.strings, 0);
	return m;
}

uint32_t btf_image_text(struct btf_image *m, const char *s)
{
	uint32_t at = (uint32_t)m->strings.n;
	if (!*s)
		return 0;
	for (const char *p = s; *p; p++)
		VEC_PUSH(m->a, &m->strings, *p);
	VEC_PUSH(m->a, &m->strings, 0);
	return at;
}

uint32_t btf_image_add(struct btf_image *m, const char *name, uint32_t info, uint32_t size_or_type,
		       const uint32_t *words, size_t n_words)
{
	uint32_t text = btf_image_text(m, name);
	VEC_PUSH(m->a, &m->types, text);
	VEC_PUSH(m->a, &m->types, info);
	VEC_PUSH(m->a, &m->types, size_or_type);
	for (size_t i = 0; i < n_words; i++)
		VEC_PUSH(m->a, &m->types, words[i]);
	return m->n++;
}

struct bytes btf_image_bytes(const struct btf_image *m)
{
	uint32_t type_len = (uint32_t)m->types.n * 4, str_len = (uint32_t)m->strings.n;
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = type_len,
		.str_off = type_len,
		.str_len = str_len,
	};
	size_t len = sizeof(h) + type_len + str_len;
	uint8_t *p = arena_alloc(m->a, 1, len);
	memcpy(p, &h, sizeof(h));
	if (type_len)
		memcpy(p + sizeof(h), m->types.v, type_len);
	memcpy(p + sizeof(h) + type_len, m->strings.v, str_len);
	return (struct bytes) { p, len };
}

struct bytes btf_image_task(struct arena *a)
{
	struct btf_image m = btf_image_new(a);
	uint32_t s32 = ADD(&m, "int", KIND(BTF_KIND_INT, 0), 4, INT_WORD(BTF_INT_SIGNED, 32));
	uint32_t u64 = ADD(&m, "unsigned long", KIND(BTF_KIND_INT, 0), 8, INT_WORD(0, 64));
	uint32_t ch = ADD(&m, "char", KIND(BTF_KIND_INT, 0), 1, INT_WORD(0, 8));
	uint32_t comm = ADD(&m, "", KIND(BTF_KIND_ARRAY, 0), 0, ch, u64, 16);
	uint32_t task = m.n + 6, to_task = m.n;
	ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), task);
	uint32_t tasks = ADD(&m, "", KIND(BTF_KIND_ARRAY, 0), 0, to_task, u64, 2);
	uint32_t links = ADD(&m, "links", KIND(BTF_KIND_STRUCT, 2), 24, NAME(&m, "first"), to_task,
			     0, NAME(&m, "all"), tasks, 64);
	uint32_t pid = ADD_PLAIN(&m, "kpid_t", KIND(BTF_KIND_TYPEDEF, 0), s32);
	uint32_t how = ADD(&m, "how", KIND(BTF_KIND_ENUM, 2), 4, NAME(&m, "HOW_A"), 0,
			   NAME(&m, "HOW_B"), 7);
	uint32_t both = ADD(&m, "", KIND(BTF_KIND_UNION, 2), 8, NAME(&m, "word"), u64, 0,
			    NAME(&m, "half"), s32, 0);
	uint32_t got = ADD(&m, "task_struct", KIND(BTF_KIND_STRUCT, 7) | WITH_FLAG, 72,
			   NAME(&m, "pid"), pid, 0, NAME(&m, "how"), how, 32, NAME(&m, "low"), s32,
			   BITS(3, 64), NAME(&m, "high"), s32, BITS(9, 67), NAME(&m, "comm"), comm,
			   128, NAME(&m, "links"), links, 256, 0, both, 448);
	ADD_PLAIN(&m, "task_run", KIND(BTF_KIND_FUNC, 1), 0);
	return got == task ? btf_image_bytes(&m) : (struct bytes) { NULL, 0 };
}
