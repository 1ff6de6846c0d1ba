// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program whose addresses are asked for, and as the maps of a process.
#include "fuzz.h"

#include "sym/internal.h"

#define ADDRESSES_MAX 4000u

static uint64_t sink;

static void use_str(struct str s)
{
	if (s.len)
		sink += (uint8_t)s.p[0] + (uint8_t)s.p[s.len - 1];
}

static void use_address(struct target *t, uint64_t vaddr)
{
	struct target_frame v[8];
	unsigned all = TARGET_FRAMES_LINES | TARGET_FRAMES_INLINED;

	for (size_t max = 0; max <= ARRAY_LEN(v); max += max + 1) {
		size_t n = target_frames(t, vaddr, max & 1 ? all : TARGET_FRAMES_RAW, v, max);

		if (n > max || (n > 0 && v[n - 1].is_inlined))
			__builtin_trap();
		for (size_t i = 0; i < n; i++) {
			use_str(v[i].func);
			use_str(v[i].pos.file);
		}
	}
}

static void use_target(struct target *t)
{
	struct sym_file file = { .target = t };
	const struct elf *elf = target_elf(t);
	size_t asked = 0;
	uint64_t vaddr;

	for (size_t i = 0; i < elf_n_segments(elf) && i < 64; i++) {
		const struct elf_segment *s = elf_segment(elf, i);

		use_address(t, s->vaddr - 1);
		for (uint64_t off = 0; off < s->filesz && asked < ADDRESSES_MAX; off += 61, asked++)
			use_address(t, s->vaddr + off);
		sink += file_vaddr(&file, s->foff, &vaddr);
		sink += file_vaddr(&file, s->foff + s->filesz, &vaddr);
	}
	// Without segments: where the images of the corpus have their code.
	for (vaddr = 0x1000; vaddr < 0x1100; vaddr++)
		use_address(t, vaddr);
	use_address(t, 0);
	use_address(t, UINT64_MAX);
	sink += file_vaddr(&file, UINT64_MAX, &vaddr);
}

static void use_maps(struct str s)
{
	struct maps_line m;

	while (s.len) {
		const char *nl = memchr(s.p, '\n', s.len);
		struct str line = str_first(s, nl ? (size_t)(nl - s.p) : s.len);

		if (maps_parse(line, &m))
			use_str(m.path);
		s = str_from_off(s, line.len + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target *t;
	struct err *e = target_open_mem((struct bytes) { data, size }, "input", &t);

	if (e) {
		err_free(e);
		use_maps((struct str) { (const char *)data, size });
		return 0;
	}
	use_target(t);
	target_close(t);
	return 0;
}
