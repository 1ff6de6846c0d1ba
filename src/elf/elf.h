// SPDX-License-Identifier: Apache-2.0
// ELF files: headers, sections (decompressed when asked for), addresses, symbols, build id,
// separate debug files. 64-bit little-endian x86-64 and arm64 only; anything else is refused with a
// clear error. The file is untrusted: every offset is checked before it is used, no allocation is
// larger than the file says data there is.
#ifndef ELF_ELF_H
#define ELF_ELF_H

#include "base/arena.h"
#include "base/err.h"

struct elf;

enum elf_arch { ELF_X86_64, ELF_ARM64 };

struct elf_section {
	struct str name;
	uint32_t type; // SHT_*
	uint64_t flags;
	uint64_t vaddr;
	uint64_t foff;
	uint64_t size; // in the file (of the compressed form when it is compressed)
	uint32_t link;
	uint32_t info;
	uint64_t entsize;
};

struct elf_segment {
	uint32_t type; // PT_*
	uint32_t flags;
	uint64_t vaddr;
	uint64_t foff;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

struct elf_sym {
	struct str name; // version suffix removed
	uint64_t vaddr;
	uint64_t size;
	uint8_t type; // STT_*
	uint8_t bind; // STB_*
	uint16_t shndx;
};

// Opens and checks the headers. The caller closes it; views that came from it end with it.
MUST_USE struct err *elf_open(const char *path, struct elf **out);
// The same over bytes in memory, which the caller keeps. name is for messages.
MUST_USE struct err *elf_open_mem(struct bytes data, const char *name, struct elf **out);
void elf_close(struct elf *elf);

const char *elf_path(const struct elf *elf);
struct bytes elf_file(const struct elf *elf);
enum elf_arch elf_arch(const struct elf *elf);
bool elf_is_pie(const struct elf *elf);    // ET_DYN
bool elf_is_object(const struct elf *elf); // ET_REL: not a program
// Where execution begins; 0: nowhere.
uint64_t elf_entry(const struct elf *elf);
struct arena *elf_arena(struct elf *elf);

size_t elf_n_sections(const struct elf *elf);
const struct elf_section *elf_section(const struct elf *elf, size_t i);
// NULL if there is none of that name.
const struct elf_section *elf_find_section(const struct elf *elf, struct str name);
size_t elf_n_segments(const struct elf *elf);
const struct elf_segment *elf_segment(const struct elf *elf, size_t i);

// The section's bytes, decompressed (SHF_COMPRESSED zlib and zstd, and the old ".zdebug_" form);
// kept until elf_close. A section without content in the file gives no bytes.
MUST_USE struct err *elf_section_data(struct elf *elf, const struct elf_section *sec,
				      struct bytes *out);
// A debug section by its plain name (".debug_info"), in whatever form it is stored; empty bytes if
// there is none.
MUST_USE struct err *elf_debug_section(struct elf *elf, const char *name, struct bytes *out);

// Virtual address to file offset and back, through the loadable segments.
bool elf_vaddr_to_foff(const struct elf *elf, uint64_t vaddr, uint64_t *foff);
bool elf_foff_to_vaddr(const struct elf *elf, uint64_t foff, uint64_t *vaddr);

// The file's bytes at vaddr up to the end of that segment's content; empty if it is not in the
// file.
struct bytes elf_at(const struct elf *elf, uint64_t vaddr);
// len bytes at vaddr; false if they are not all in the file.
bool elf_read(const struct elf *elf, uint64_t vaddr, void *buf, size_t len);
// A pointer-sized word, relocated: where the file holds 0 and a RELATIVE relocation stands for it,
// its addend.
bool elf_read_word(struct elf *elf, uint64_t vaddr, uint64_t *out);
// Calls fn for each RELATIVE relocation until fn returns true; returns whether it did.
bool elf_each_relative(struct elf *elf, bool (*fn)(void *ctx, uint64_t vaddr, uint64_t addend),
		       void *ctx);

// Name of the symbol whose address the dynamic linker puts into the word at vaddr. Linear.
bool elf_slot_symbol(struct elf *elf, uint64_t vaddr, struct str *out);

// Symbols of .symtab, or of .dynsym if there is no .symtab; parsed once. dynamic: of .dynsym in any
// case.
MUST_USE struct err *elf_symbols(struct elf *elf, const struct elf_sym **out, size_t *n);
MUST_USE struct err *elf_dynamic_symbols(struct elf *elf, const struct elf_sym **out, size_t *n);
// Calls fn for each symbol with a name, of .symtab or of .dynsym, until it returns true. Keeps
// nothing.
MUST_USE struct err *elf_each_symbol(struct elf *elf, bool dynamic,
				     bool (*fn)(void *ctx, const struct elf_sym *s), void *ctx);
bool elf_has_symtab(const struct elf *elf);
// First symbol of that name, in .symtab then .dynsym; NULL if there is none. Linear.
const struct elf_sym *elf_find_symbol(struct elf *elf, struct str name);
// Functions that .symtab lacks but PLT entries have are not listed.

// GNU build id, raw bytes; empty if there is none.
struct bytes elf_build_id(struct elf *elf);

// The separate debug file of a stripped program, found by build id (DIR/.build-id/ab/cdef.debug),
// or by .gnu_debuglink with its checksum (beside the program, in .debug/, in DIR or under it).
// dirs: a list of DIRs that ends with NULL. *out is NULL when there is none. It is closed with elf.
MUST_USE struct err *elf_find_debug(struct elf *elf, const char *const *dirs, struct elf **out);

#endif
