// SPDX-License-Identifier: Apache-2.0
// Lines of /proc/PID/maps. The names in them are the traced program's to choose.
#include <stdio.h>
#include <sys/stat.h>

#include "sym/internal.h"

// A number in hexadecimal, up to a given byte, which is skipped.
static bool take_hex(struct str *s, char end, uint64_t *out)
{
	size_t i = 0;
	*out = 0;
	for (; i < s->len && i < 16; i++) {
		char c = s->p[i];
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			break;
		*out = *out << 4 | digit;
	}
	if (i == 0 || i == s->len || s->p[i] != end)
		return false;
	*s = str_from_off(*s, i + 1);
	return true;
}

// Skips a word and the blanks behind it.
static void skip_word(struct str *s)
{
	size_t i = 0;
	while (i < s->len && s->p[i] != ' ')
		i++;
	while (i < s->len && s->p[i] == ' ')
		i++;
	*s = str_from_off(*s, i);
}

// "7f85-7f86 r-xp 00026000 fe:00 332835      /usr/lib/libc.so.6"
bool maps_parse(struct str line, struct maps_line *out)
{
	struct str s = line;
	*out = (struct maps_line) { 0 };
	if (!take_hex(&s, '-', &out->low) || !take_hex(&s, ' ', &out->high) ||
	    out->low >= out->high || s.len < 5)
		return false;
	out->is_exec = s.p[2] == 'x';
	skip_word(&s);
	if (!take_hex(&s, ' ', &out->foff))
		return false;
	skip_word(&s); // device
	struct str ino = s;
	skip_word(&s);
	ino.len -= s.len;
	while (ino.len && ino.p[ino.len - 1] == ' ')
		ino.len--;
	str_to_u64(ino, &out->ino);
	out->path = s;
	return true;
}

// otherwise: what cannot be looked at.
static bool has_mapped(int pid, const char *path, bool otherwise)
{
	struct stat st;
	char name[64], line[8192];
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	FILE *f = stat(path, &st) == 0 ? fopen(name, "re") : NULL;
	bool is_there = !f && otherwise;
	while (f && !is_there && fgets(line, sizeof(line), f)) {
		struct maps_line m;
		is_there = maps_parse(str_from(line), &m) && m.ino == st.st_ino;
	}
	if (f)
		fclose(f);
	return is_there;
}

bool symbols_may_have_mapped(int pid, const char *path)
{
	return has_mapped(pid, path, true);
}

bool symbols_have_mapped(int pid, const char *path)
{
	return has_mapped(pid, path, false);
}
