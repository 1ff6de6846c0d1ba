// SPDX-License-Identifier: Apache-2.0
// Makes BTF in memory, type by type.
#ifndef BTF_IMAGE_H
#define BTF_IMAGE_H

#include <linux/btf.h>

#include "base/arena.h"

// An int's word.
#define INT_WORD(encoding, bits) ((uint32_t)(encoding) << 24 | (bits))
#define KIND(kind, n)            ((uint32_t)(kind) << 24 | (n))
#define WITH_FLAG                (1u << 31) // bit-fields, an enum with a sign, a union's forward
#define BITS(size, off)          ((uint32_t)(size) << 24 | (off))

struct btf_image {
	struct arena *a;
	VEC(uint32_t) types;
	VEC(char) strings;
	uint32_t n;
};

struct btf_image btf_image_new(struct arena *a);
uint32_t btf_image_text(struct btf_image *m, const char *s);
// Its number; words are what follows it.
uint32_t btf_image_add(struct btf_image *m, const char *name, uint32_t info, uint32_t size_or_type,
		       const uint32_t *words, size_t n_words);
#define ADD(m, name, info, size, ...)                                                  \
	btf_image_add((m), (name), (info), (size), (const uint32_t[]) { __VA_ARGS__ }, \
		      sizeof((const uint32_t[]) { __VA_ARGS__ }) / sizeof(uint32_t))
#define ADD_PLAIN(m, name, info, size) btf_image_add((m), (name), (info), (size), NULL, 0)
#define NAME(m, s)                     btf_image_text((m), (s))
// The whole file.
struct bytes btf_image_bytes(const struct btf_image *m);

// What the tests of btf/ and check/ share: "struct task_struct" with what real ones have.
struct bytes btf_image_task(struct arena *a);

#endif
