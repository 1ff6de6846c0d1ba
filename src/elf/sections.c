// SPDX-License-Identifier: Apache-2.0
// Contents of sections, in whatever form they are stored.
#include <elf.h>
#include <libdeflate.h>
#include <stdio.h>
#include <zstd.h>

#include "base/cursor.h"
#include "elf/internal.h"

// zlib cannot shrink more than about 1032 times, zstd hardly ever does; a header that claims more
// is a bomb.
#define RATIO_MAX      1100u
#define ZSTD_RATIO_MAX 4000u
#define UNPACKED_MAX   (1ull << 31)

// The content of a section as it is stored; empty if it has none in the file.
static struct err *stored_bytes(const struct elf *elf, const struct elf_section *sec,
				struct bytes *out)
{
	*out = (struct bytes) { NULL, 0 };
	if (sec->type == SHT_NOBITS || sec->size == 0)
		return NULL;
	if (!elf_slice(elf, sec->foff, sec->size, out))
		return err_new(ERR_BADDATA, "it lies outside the file (truncated?)");
	return NULL;
}

static struct err *inflate_zlib(struct bytes in, struct bytes out)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	if (!d)
		return err_new(ERR_SYS, "out of memory");
	enum libdeflate_result rc = libdeflate_zlib_decompress(
		d, in.p, in.len, (void *)(uintptr_t)out.p, out.len, NULL);
	libdeflate_free_decompressor(d);
	return rc == LIBDEFLATE_SUCCESS ? NULL : err_new(ERR_BADDATA, "compressed data is damaged");
}

static struct err *inflate_zstd(struct bytes in, struct bytes out)
{
	size_t n = ZSTD_decompress((void *)(uintptr_t)out.p, out.len, in.p, in.len);
	if (ZSTD_isError(n) || n != out.len)
		return err_new(ERR_BADDATA, "compressed data is damaged");
	return NULL;
}

static struct err *decompress(struct elf *elf, bool is_zstd, struct bytes in, uint64_t size,
			      struct bytes *out)
{
	bool is_absurd = size / (is_zstd ? ZSTD_RATIO_MAX : RATIO_MAX) > in.len ||
			 size > UNPACKED_MAX ||
			 (is_zstd && ZSTD_getFrameContentSize(in.p, in.len) != size);
	if (is_absurd)
		return err_new(ERR_BADDATA, "claims to unpack to %llu bytes from %zu",
			       (unsigned long long)size, in.len);
	struct bytes to = { arena_alloc(elf->arena, size, 1), (size_t)size };
	TRY(is_zstd ? inflate_zstd(in, to) : inflate_zlib(in, to));
	*out = to;
	return NULL;
}

static struct err *unpack_chdr(struct elf *elf, struct bytes stored, struct bytes *out)
{
	struct cursor c = cursor_init(stored, "compression header");
	uint32_t type = cursor_u32(&c);
	cursor_skip(&c, 4);
	uint64_t size = cursor_u64(&c);
	cursor_skip(&c, 8); // alignment
	TRY(cursor_err(&c));
	struct bytes rest = { c.pos, cursor_left(&c) };
	if (type != ELFCOMPRESS_ZLIB && type != 2 /* ELFCOMPRESS_ZSTD, newer than our elf.h */)
		return err_new(ERR_UNSUPPORTED, "unknown compression %u", type);
	return decompress(elf, type != ELFCOMPRESS_ZLIB, rest, size, out);
}

// "ZLIB", the size in big-endian order, zlib data: Go up to 1.18 and old binutils.
static struct err *unpack_zdebug(struct elf *elf, struct bytes stored, struct bytes *out)
{
	if (stored.len < 12 || memcmp(stored.p, "ZLIB", 4) != 0) {
		*out = stored;
		return NULL;
	}
	uint64_t size;
	memcpy(&size, stored.p + 4, sizeof(size));
	return decompress(elf, false, (struct bytes) { stored.p + 12, stored.len - 12 },
			  __builtin_bswap64(size), out);
}

static struct err *unpack(struct elf *elf, const struct elf_section *sec, struct bytes *out)
{
	struct bytes stored;
	TRY(stored_bytes(elf, sec, &stored));
	*out = stored;
	if (sec->flags & SHF_COMPRESSED)
		return unpack_chdr(elf, stored, out);
	if (str_starts(sec->name, STR(".zdebug_")))
		return unpack_zdebug(elf, stored, out);
	return NULL;
}

struct err *elf_section_data(struct elf *elf, const struct elf_section *sec, struct bytes *out)
{
	size_t i = (size_t)(sec - elf->sections);
	*out = elf->contents[i];
	if (out->p)
		return NULL;
	// What failed once is not tried again: many questions ask for the same section.
	if (!elf->damage[i]) {
		struct err *e = unpack(elf, sec, out);
		if (!e) {
			elf->contents[i] = *out;
			return NULL;
		}
		elf->damage[i] = arena_strdup(elf->arena, str_from(err_text(e))).p;
		err_free(e);
	}
	*out = (struct bytes) { NULL, 0 };
	return err_new(ERR_BADDATA, "%s: section %.*s: %s", elf->path, STR_ARG(sec->name),
		       elf->damage[i]);
}

struct err *elf_debug_section(struct elf *elf, const char *name, struct bytes *out)
{
	*out = (struct bytes) { NULL, 0 };
	const struct elf_section *sec = elf_find_section(elf, str_from(name));
	if (!sec && strncmp(name, ".debug_", 7) == 0) {
		char old[64];
		snprintf(old, sizeof(old), ".z%s", name + 1);
		sec = elf_find_section(elf, str_from(old));
	}
	return sec ? elf_section_data(elf, sec, out) : NULL;
}
