// SPDX-License-Identifier: Apache-2.0
// Separate debug files: where a stripped program's symbols and DWARF went.
#include <elf.h>
#include <libdeflate.h>
#include <libgen.h>
#include <stdio.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/log.h"
#include "elf/internal.h"

static struct bytes gnu_build_id_in(struct bytes notes)
{
	struct cursor c = cursor_init(notes, "notes");
	while (cursor_left(&c) >= 12) {
		uint32_t name_len = cursor_u32(&c), desc_len = cursor_u32(&c),
			 type = cursor_u32(&c);
		struct bytes name = cursor_bytes(&c, name_len);
		cursor_skip(&c, -name_len & 3);
		struct bytes desc = cursor_bytes(&c, desc_len);
		if (cursor_ok(&c) && type == NT_GNU_BUILD_ID && name.len == 4 &&
		    memcmp(name.p, "GNU", 4) == 0)
			return desc;
		// The last note may lack its padding.
		cursor_skip(&c, MIN(-desc_len & 3, cursor_left(&c)));
	}
	return (struct bytes) { NULL, 0 };
}

struct bytes elf_build_id(struct elf *elf)
{
	struct bytes notes, id = { NULL, 0 };
	for (size_t i = 0; i < elf->n_segments && !id.len; i++)
		if (elf->segments[i].type == PT_NOTE &&
		    elf_slice(elf, elf->segments[i].foff, elf->segments[i].filesz, &notes))
			id = gnu_build_id_in(notes);
	// A debug file's segments describe the program, not itself: look at its sections too.
	for (size_t i = 0; i < elf->n_sections && !id.len; i++) {
		const struct elf_section *s = &elf->sections[i];
		if (s->type == SHT_NOTE && elf_slice(elf, s->foff, s->size, &notes))
			id = gnu_build_id_in(notes);
	}
	return id;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
	return a.len == b.len && a.len && memcmp(a.p, b.p, a.len) == 0;
}

// Opens a candidate; NULL if it is not there or not readable as ELF.
static struct elf *open_candidate(const char *path)
{
	struct elf *debug = NULL;
	struct err *e = elf_open(path, &debug);
	if (e && err_kind(e) != ERR_NOTFOUND)
		log_warn("debug file not used: %s", err_text(e));
	err_free(e);
	return debug;
}

static struct elf *by_build_id(struct elf *elf, const char *const *dirs, struct bytes id)
{
	char hex[129];
	if (id.len < 2 || id.len > 64)
		return NULL;
	for (size_t i = 0; i < id.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", id.p[i]);
	for (; *dirs; dirs++) {
		struct str path =
			arena_printf(elf->arena, "%s/.build-id/%.2s/%s.debug", *dirs, hex, hex + 2);
		struct elf *debug = open_candidate(path.p);
		if (!debug)
			continue;
		if (same_bytes(elf_build_id(debug), id))
			return debug;
		log_warn("debug file not used: %s is of another build", path.p);
		elf_close(debug);
	}
	return NULL;
}

static struct elf *check_crc(struct elf *debug, uint32_t want)
{
	if (!debug)
		return NULL;
	struct bytes b = elf_file(debug);
	if (libdeflate_crc32(0, b.p, b.len) == want)
		return debug;
	log_warn("debug file not used: %s is of another build (checksum)", elf_path(debug));
	elf_close(debug);
	return NULL;
}

static struct elf *by_debuglink(struct elf *elf, const char *const *dirs)
{
	const struct elf_section *sec = elf_find_section(elf, STR(".gnu_debuglink"));
	struct bytes data;
	if (!sec || !elf_slice(elf, sec->foff, sec->size, &data))
		return NULL;
	struct cursor c = cursor_init(data, ".gnu_debuglink");
	struct str name = cursor_cstr(&c);
	cursor_skip(&c, -cursor_off(&c) & 3);
	uint32_t crc = cursor_u32(&c);
	// The name is a plain file name; one with a path in it would lead out of the folders we
	// look in.
	if (!cursor_ok(&c) || !name.len || memchr(name.p, '/', name.len))
		return NULL;
	char *real = realpath(elf->path, NULL);
	if (!real)
		return NULL;
	char *dir = dirname(real);
	struct elf *debug = NULL;
	struct str path = arena_printf(elf->arena, "%s/%.*s", dir, STR_ARG(name));
	// A program that names itself has nothing more to offer.
	if (!str_eq(path, str_from(elf->path)))
		debug = check_crc(open_candidate(path.p), crc);
	if (!debug) {
		path = arena_printf(elf->arena, "%s/.debug/%.*s", dir, STR_ARG(name));
		debug = check_crc(open_candidate(path.p), crc);
	}
	for (; !debug && *dirs; dirs++) {
		path = arena_printf(elf->arena, "%s%s/%.*s", *dirs, dir, STR_ARG(name));
		debug = check_crc(open_candidate(path.p), crc);
		if (debug)
			break;
		path = arena_printf(elf->arena, "%s/%.*s", *dirs, STR_ARG(name));
		debug = check_crc(open_candidate(path.p), crc);
	}
	free(real);
	return debug;
}

struct err *elf_find_debug(struct elf *elf, const char *const *dirs, struct elf **out)
{
	if (!elf->debug_was_sought) {
		elf->debug_was_sought = true;
		elf->debug = by_build_id(elf, dirs, elf_build_id(elf));
		if (!elf->debug)
			elf->debug = by_debuglink(elf, dirs);
		if (elf->debug && elf->debug->arch != elf->arch)
			return err_new(ERR_BADDATA, "%s is for another machine than %s",
				       elf->debug->path, elf->path);
	}
	*out = elf->debug;
	return NULL;
}
