// SPDX-License-Identifier: Apache-2.0
// Call frame information: entries of .debug_frame and .eh_frame. Private to dwarf/.
#ifndef DWARF_CFI_H
#define DWARF_CFI_H

#include "dwarf/unit.h"

// What all entries that name it share.
struct cie {
	uint64_t off;
	uint64_t code_align;
	int64_t data_align;
	uint8_t addr_size;
	uint8_t encoding; // of pointers, DW_EH_PE_*
	bool has_aug_size;
	struct bytes program;
};

// The rules for one stretch of code.
struct fde {
	struct cie cie;
	uint64_t low, high;
	struct bytes program;
};

struct fde_ref {
	uint64_t low, high;
	uint64_t off;
};

struct cfi {
	struct arena *arena;
	const char *what;
	struct bytes data;
	uint64_t vaddr; // of data
	bool is_eh;
	bool is_indexed;
	VEC(struct fde_ref) index; // by address
	// .eh_frame_hdr: pairs of signed offsets from its own address
	struct bytes table;
	uint64_t table_vaddr;
};

// Entries of .debug_frame. The caller closes it with cfi_close.
struct cfi *cfi_new(struct bytes data, uint64_t vaddr, bool is_eh);
// The place of the CFA at pc, which the entry covers: PLACE_VALUE or PLACE_COMPLEX. False if its
// program is malformed.
bool cfa_compute(const struct cfi *cfi, const struct fde *fde, uint64_t pc, struct place *out);
// A pointer in that encoding; at is the address of the next byte.
uint64_t eh_pointer(struct cursor *c, unsigned encoding, uint64_t at, uint64_t data_base,
		    size_t addr_size);

#endif
