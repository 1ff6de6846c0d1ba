// SPDX-License-Identifier: Apache-2.0
// The bytes of BTF. Private to btf/.
#ifndef BTF_READER_H
#define BTF_READER_H

#include <linux/btf.h>

#include "base/map.h"
#include "btf/btf.h"

#define BTF_KIND_ENUM_64 19 // BTF_KIND_ENUM64, Linux 6.0

// Typedefs of typedefs, members in unnamed members, pointers to pointers.
#define BTF_DEPTH_MAX 32

struct btf {
	struct arena *arena;
	const char *name; // of the file
	struct bytes types;
	struct bytes strings;
	VEC(uint32_t) offs; // of each type in types, all of whose bytes are there; [0] is void
	struct type_source source;
	struct map made; // struct made_type by id
};

// All zeros if there is no such type.
struct btf_type btf_at(const struct btf *b, uint32_t id);
// Item i of what follows a type: of so many bytes, and not more of them than there are.
void btf_item(const struct btf *b, uint32_t id, uint32_t i, void *out, size_t size);
// "" if it is none.
struct str btf_text(const struct btf *b, uint32_t off);
bool btf_has_text(const struct btf *b, uint32_t off, struct str text);
// The first type of a kind in the set (1 << BTF_KIND_...), 0 if there is none.
uint32_t btf_find(const struct btf *b, uint32_t kinds, struct str name);

// Where a member is, in bits, and how wide if it is a bit-field, else 0.
struct btf_bits {
	uint32_t off;
	uint32_t size;
};
struct btf_bits btf_bits_of(const struct btf *b, struct btf_type of, const struct btf_member *m);

#endif
