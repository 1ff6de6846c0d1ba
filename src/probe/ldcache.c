// SPDX-License-Identifier: Apache-2.0
// Libraries by name: /etc/ld.so.cache, as glibc writes it since 2.2.
#include "base/cursor.h"
#include "probe/internal.h"

#define OLD_MAGIC      "ld.so-1.7.0"
#define OLD_HEADER     16u
#define OLD_ENTRY_SIZE 12u
#define NEW_MAGIC      "glibc-ld.so.cache1.1"
#define NEW_HEADER     48u

// Kinds of libraries: 64-bit ones of x86 and Arm.
#define FLAGS_X86_64 0x0303u
#define FLAGS_ARM64  0x0a03u

bool is_library_name(struct str file, struct str name)
{
	if (str_eq(file, name))
		return true;
	// "libc" is libc.so.6 and libc-2.31.so, "libssl.so" is libssl.so.3.
	if (!str_starts(file, name))
		return false;
	struct str rest = str_from_off(file, name.len);
	bool has_so = str_find(name, STR(".so")) >= 0;
	if (has_so)
		return str_starts(rest, STR("."));
	if (str_starts(rest, STR(".so")))
		return rest.len == 3 || rest.p[3] == '.';
	return rest.len > 1 && rest.p[0] == '-' && rest.p[1] >= '0' && rest.p[1] <= '9' &&
	       str_ends(rest, STR(".so"));
}

// The newer form begins the file, or follows the older one.
static struct bytes new_cache(struct bytes cache)
{
	struct str text = { (const char *)cache.p, cache.len };
	uint64_t skip = 0;
	if (str_starts(text, STR(OLD_MAGIC))) {
		struct cursor c = cursor_init(cache, "ld.so.cache");
		cursor_skip(&c, 12);
		skip = OLD_HEADER + (uint64_t)cursor_u32(&c) * OLD_ENTRY_SIZE;
		skip = (skip + 7) & ~7ull;
	}
	if (skip > cache.len)
		return (struct bytes) { 0 };
	text = str_from_off(text, (size_t)skip);
	if (!str_starts(text, STR(NEW_MAGIC)))
		return (struct bytes) { 0 };
	return (struct bytes) { (const uint8_t *)text.p, text.len };
}

static struct str string_at(struct bytes b, uint32_t off)
{
	struct cursor c = cursor_init(b, "ld.so.cache");
	cursor_seek(&c, off);
	struct str s = cursor_cstr(&c);
	return cursor_ok(&c) ? s : STR("");
}

struct str ld_cache_find(struct bytes cache, struct str name)
{
	struct bytes b = new_cache(cache);
	struct cursor c = cursor_init(b, "ld.so.cache");
	cursor_skip(&c, sizeof(NEW_MAGIC) - 1);
	uint32_t n = cursor_u32(&c);
	cursor_seek(&c, NEW_HEADER);
	struct str best = STR("");
	unsigned best_rank = 0;
	for (uint32_t i = 0; i < n && cursor_ok(&c); i++) {
		uint32_t flags = cursor_u32(&c);
		struct str key = string_at(b, cursor_u32(&c));
		uint32_t value = cursor_u32(&c);
		cursor_skip(&c, 4);
		uint64_t hwcap = cursor_u64(&c);
		if (!cursor_ok(&c) || !key.len || !is_library_name(key, name))
			continue;
		// The plain variant before one for a processor's extensions, the machine's own
		// kind before another.
		unsigned rank = (flags == FLAGS_X86_64  ? 4
				 : flags == FLAGS_ARM64 ? 2
							: 0) +
				(hwcap == 0);
#if defined(__aarch64__)
		rank ^= rank >= 2 ? 6 : 0;
#endif
		if (rank > best_rank && rank >= 2) {
			best = string_at(b, value);
			best_rank = rank;
		}
	}
	return best;
}
