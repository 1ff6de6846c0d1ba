// SPDX-License-Identifier: Apache-2.0
// What the files of elf/ share: the opened file and its lazily made parts.
#ifndef ELF_INTERNAL_H
#define ELF_INTERNAL_H

#include "base/file.h"
#include "elf/elf.h"

struct elf_symtab {
	struct elf_sym *v;
	size_t n;
	bool is_read;
};

struct elf_reloc {
	uint64_t vaddr;
	uint64_t addend;
};

struct elf {
	struct arena *arena;
	const char *path;
	struct file_map map; // empty when the bytes are the caller's
	struct bytes file;
	enum elf_arch arch;
	uint16_t type; // ET_*

	struct elf_section *sections;
	size_t n_sections;
	struct bytes *contents; // by section: decompressed bytes, once asked for
	const char **damage;    // by section: why it has none; NULL while all is well
	struct elf_segment *segments;
	size_t n_segments;
	size_t last_segment; // the one that answered last

	struct elf_symtab symtab;
	struct elf_symtab dynsym;
	struct elf_reloc *relocs; // sorted by vaddr
	size_t n_relocs;
	bool relocs_are_read;

	struct elf *debug; // separate debug file
	bool debug_was_sought;
};

// The file's bytes [off, off + len); false if they are not all there.
bool elf_slice(const struct elf *elf, uint64_t off, uint64_t len, struct bytes *out);
#endif
