// SPDX-License-Identifier: Apache-2.0
// The kernel's own type information: its structs as types, its functions as numbers. Hides the
// format (BTF) and how it is searched.
#ifndef BTF_BTF_H
#define BTF_BTF_H

#include "base/near.h"
#include "type/type.h"

// Where the running kernel has it.
#define BTF_KERNEL "/sys/kernel/btf/vmlinux"

struct btf;

// Reads it and notes where each type begins. It is the arena's, and so is all that it gives.
MUST_USE struct err *btf_open(struct arena *a, const char *path, struct btf **out);
// The same of bytes that are in memory, and stay there. name: for messages.
MUST_USE struct err *btf_read(struct arena *a, struct bytes data, const char *name,
			      struct btf **out);

// A function that programs may call, by its number.
bool btf_func(const struct btf *b, const char *name, uint32_t *id);
// Bytes from the start of the struct to a member: ("task_struct", "thread.fsbase").
bool btf_member(const struct btf *b, const char *type, const char *path, uint32_t *off);

// "struct foo", "union foo", "enum foo", or a typedef or number by its bare name. Pointers in it
// are not told to be the kernel's: whoever reads them knows. NULL if there is none.
struct type *btf_find_type(struct btf *b, struct str name);
// Types of the kind that the name is of: "struct tsk" is offered structs.
void btf_offer(struct btf *b, struct near *near);

#endif
