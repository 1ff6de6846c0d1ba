// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file: everything that elf/elf.h offers is asked of it.
#include "fuzz.h"

#include "elf/elf.h"

static uint64_t sink;

static void use_bytes(struct bytes b)
{
	// Both ends: reading them shows whether the view is inside its memory.
	if (b.len)
		sink += b.p[0] + b.p[b.len - 1];
}

static void use_str(struct str s)
{
	use_bytes((struct bytes) { (const uint8_t *)s.p, s.len });
}

static void use_sections(struct elf *elf)
{
	static const char *const debug[] = { ".debug_info", ".debug_line", ".debug_str",
					     ".debug_loc" };
	struct bytes data;

	for (size_t i = 0; i < elf_n_sections(elf); i++) {
		const struct elf_section *sec = elf_section(elf, i);

		use_str(sec->name);
		sink += elf_find_section(elf, sec->name) != NULL;
		if (i >= 64)
			continue;
		data = (struct bytes) { NULL, 0 };
		err_free(elf_section_data(elf, sec, &data));
		use_bytes(data);
	}
	for (size_t i = 0; i < ARRAY_LEN(debug); i++) {
		data = (struct bytes) { NULL, 0 };
		err_free(elf_debug_section(elf, debug[i], &data));
		use_bytes(data);
	}
}

static void use_address(struct elf *elf, uint64_t vaddr)
{
	uint64_t v = 0;

	sink += elf_vaddr_to_foff(elf, vaddr, &v);
	sink += elf_foff_to_vaddr(elf, vaddr, &v);
	use_bytes(elf_at(elf, vaddr));
	sink += elf_read(elf, vaddr, &v, sizeof(v));
	sink += elf_read_word(elf, vaddr, &v);
}

static void use_segments(struct elf *elf)
{
	for (size_t i = 0; i < elf_n_segments(elf) && i < 64; i++) {
		const struct elf_segment *seg = elf_segment(elf, i);

		use_address(elf, seg->vaddr);
		use_address(elf, seg->vaddr + seg->filesz - 4);
		use_address(elf, seg->vaddr + seg->memsz);
	}
	use_address(elf, 0);
	use_address(elf, UINT64_MAX);
	use_address(elf, UINT64_MAX - 7);
}

static void use_symbols(struct err *err, const struct elf_sym *syms, size_t n)
{
	if (err) {
		err_free(err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		use_str(syms[i].name);
		sink += syms[i].vaddr + syms[i].size;
	}
}

static bool count_relative(void *ctx, uint64_t vaddr, uint64_t addend)
{
	size_t *n = ctx;

	sink += vaddr + addend;
	return ++*n > 10000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const no_dirs[] = { "/nonexistent", NULL };
	struct bytes file = { data, size };
	const struct elf_sym *syms = NULL;
	struct elf *elf = NULL, *debug = NULL;
	size_t n = 0, n_relative = 0;
	struct err *err = elf_open_mem(file, "/nonexistent/program", &elf);

	if (err) {
		use_str(str_from(err_text(err)));
		err_free(err);
		return 0;
	}
	sink += elf_arch(elf) + elf_is_pie(elf) + elf_is_object(elf) + elf_has_symtab(elf);
	use_sections(elf);
	use_segments(elf);
	err = elf_symbols(elf, &syms, &n);
	use_symbols(err, syms, n);
	err = elf_dynamic_symbols(elf, &syms, &n);
	use_symbols(err, syms, n);
	sink += elf_find_symbol(elf, STR("main")) != NULL;
	sink += elf_each_relative(elf, count_relative, &n_relative);
	use_bytes(elf_build_id(elf));
	err_free(elf_find_debug(elf, no_dirs, &debug));
	elf_close(elf);
	return 0;
}
