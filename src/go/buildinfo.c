// SPDX-License-Identifier: Apache-2.0
// .go.buildinfo: the Go version and the module information that the linker leaves in every binary.
#include <elf.h>

#include "base/cursor.h"
#include "go/go.h"

#define MAGIC        "\xff Go buildinf:"
#define MAGIC_LEN    14
#define ALIGNMENT    16
#define HEADER_LEN   32
#define FLAGS_OFF    15
#define FLAG_BIG     1u
#define FLAG_INLINE  2u
#define SENTINEL_LEN 16

static bool is_start(struct bytes b)
{
	return b.len >= HEADER_LEN && memcmp(b.p, MAGIC, MAGIC_LEN) == 0;
}

// The blob by its section, else as Go's own tools find it: at a multiple of 16 in a writable
// segment.
static bool find_blob(struct elf *elf, uint64_t *vaddr)
{
	const struct elf_section *sec = elf_find_section(elf, STR(".go.buildinfo"));
	if (sec && is_start(elf_at(elf, sec->vaddr))) {
		*vaddr = sec->vaddr;
		return true;
	}
	size_t budget = elf_file(elf).len;
	for (size_t i = 0; i < elf_n_segments(elf); i++) {
		const struct elf_segment *seg = elf_segment(elf, i);
		if (seg->type != PT_LOAD || !(seg->flags & PF_W))
			continue;
		size_t skip = (size_t)(-seg->vaddr & (ALIGNMENT - 1));
		struct bytes b = elf_at(elf, seg->vaddr);
		b.len = MIN(b.len, budget);
		budget -= b.len;
		for (size_t off = skip; off + HEADER_LEN <= b.len; off += ALIGNMENT) {
			if (b.p[off] != 0xff || memcmp(b.p + off, MAGIC, MAGIC_LEN) != 0)
				continue;
			*vaddr = seg->vaddr + off;
			return true;
		}
	}
	return false;
}

// A Go string header in the data segment.
static bool read_string(struct elf *elf, uint64_t header, struct str *out)
{
	uint64_t p, len;
	*out = STR("");
	if (!elf_read_word(elf, header, &p) || !elf_read(elf, header + 8, &len, sizeof(len)))
		return false;
	if (len == 0)
		return true;
	struct bytes b = elf_at(elf, p);
	if (b.len < len)
		return false;
	*out = (struct str) { (const char *)b.p, (size_t)len };
	return true;
}

// Go < 1.18: two pointers to string headers.
static struct err *read_pointers(struct elf *elf, uint64_t vaddr, struct go_buildinfo *out)
{
	uint64_t version, modinfo;
	if (!elf_read_word(elf, vaddr + 16, &version) ||
	    !read_string(elf, version, &out->version.text))
		return err_new(ERR_BADDATA,
			       "%s: .go.buildinfo names a Go version that is not in the file",
			       elf_path(elf));
	if (!elf_read_word(elf, vaddr + 24, &modinfo) || !read_string(elf, modinfo, &out->modinfo))
		out->modinfo = STR("");
	return NULL;
}

static struct err *read_inline(struct elf *elf, uint64_t vaddr, struct go_buildinfo *out)
{
	struct bytes blob = elf_at(elf, vaddr);
	if (!is_start(blob))
		return err_new(ERR_BADDATA, "%s: .go.buildinfo lies in two overlapping segments",
			       elf_path(elf));
	struct cursor c = cursor_init(blob, ".go.buildinfo");
	cursor_skip(&c, HEADER_LEN);
	struct bytes version = cursor_bytes(&c, cursor_uleb(&c));
	struct bytes modinfo = cursor_bytes(&c, cursor_uleb(&c));
	TRY(err_wrap(cursor_err(&c), "%s", elf_path(elf)));
	out->version.text = (struct str) { (const char *)version.p, version.len };
	out->modinfo = (struct str) { (const char *)modinfo.p, modinfo.len };
	return NULL;
}

// "go1.24.4 X:a,b", "go1.26.1-X:a", "devel go1.23-0123abc Mon ...".
static void parse_version(struct go_version *v)
{
	v->minor = -1;
	ptrdiff_t at = str_find(v->text, STR("go1."));
	if (at >= 0) {
		struct str digits = str_from_off(v->text, (size_t)at + 4);
		int minor = 0;
		size_t n = 0;
		while (n < digits.len && n < 4 && digits.p[n] >= '0' && digits.p[n] <= '9')
			minor = minor * 10 + (digits.p[n++] - '0');
		if (n > 0)
			v->minor = minor;
	}
	ptrdiff_t x = str_find(v->text, STR(" X:"));
	if (x < 0)
		x = str_find(v->text, STR("-X:"));
	v->experiments = x < 0 ? STR("") : str_from_off(v->text, (size_t)x + 3);
	const char *space =
		v->experiments.len ? memchr(v->experiments.p, ' ', v->experiments.len) : NULL;
	if (space)
		v->experiments.len = (size_t)(space - v->experiments.p);
}

// Binaries whose blob was removed still have the runtime's own copy of the version.
static bool version_by_symbol(struct elf *elf, struct go_buildinfo *out)
{
	const struct elf_sym *sym = elf_find_symbol(elf, STR("runtime.buildVersion"));
	return sym && read_string(elf, sym->vaddr, &out->version.text) && out->version.text.len > 0;
}

struct err *go_buildinfo_read(struct elf *elf, struct go_buildinfo *out)
{
	*out = (struct go_buildinfo) { .version.minor = -1 };
	uint64_t vaddr;
	uint8_t flags;
	if (find_blob(elf, &vaddr) && elf_read(elf, vaddr + FLAGS_OFF, &flags, 1)) {
		if (flags & FLAG_BIG)
			return err_new(ERR_BADDATA, "%s: .go.buildinfo is for a big-endian machine",
				       elf_path(elf));
		TRY(flags & FLAG_INLINE ? read_inline(elf, vaddr, out)
					: read_pointers(elf, vaddr, out));
	} else if (!version_by_symbol(elf, out)) {
		return err_new(ERR_NOTFOUND, "%s is not a Go program (no build information)",
			       elf_path(elf));
	}
	// The runtime finds its text between two random sentinels.
	struct str m = out->modinfo;
	if (m.len > 2 * SENTINEL_LEN && m.p[m.len - SENTINEL_LEN - 1] == '\n')
		out->modinfo = (struct str) { m.p + SENTINEL_LEN, m.len - 2 * SENTINEL_LEN };
	parse_version(&out->version);
	return NULL;
}

bool go_buildinfo_setting(const struct go_buildinfo *info, struct str key, struct str *value)
{
	struct str rest = info->modinfo;
	while (rest.len) {
		const char *nl = memchr(rest.p, '\n', rest.len);
		size_t len = nl ? (size_t)(nl - rest.p) : rest.len;
		struct str line = str_first(rest, len);
		rest = str_from_off(rest, len + 1);
		if (!str_starts(line, STR("build\t")))
			continue;
		line = str_from_off(line, 6);
		if (line.len <= key.len || !str_starts(line, key) || line.p[key.len] != '=')
			continue;
		*value = str_from_off(line, key.len + 1);
		return true;
	}
	return false;
}

bool go_has_experiment(const struct go_version *v, struct str name)
{
	struct str rest = v->experiments;
	while (rest.len) {
		const char *comma = memchr(rest.p, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.p) : rest.len;
		if (str_eq(str_first(rest, len), name))
			return true;
		rest = str_from_off(rest, len + 1);
	}
	return false;
}
