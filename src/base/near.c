// SPDX-License-Identifier: Apache-2.0
#include "base/near.h"

#define NAME_MAX_LEN  128
#define OTHER_PACKAGE 16u

// PRINTF is as near to printf as can be.
static bool is_same_letter(char a, char b)
{
	bool is_letter = (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
	return a == b || (is_letter && (a | 0x20) == (b | 0x20));
}

// Number of single-byte edits between a and b, but at most limit + 1.
static unsigned edit_distance(struct str a, struct str b, unsigned limit)
{
	unsigned row[NAME_MAX_LEN + 1];
	for (size_t j = 0; j <= b.len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned diag = row[0], best;
		best = row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned subst = diag + !is_same_letter(a.p[i - 1], b.p[j - 1]);
			diag = row[j];
			row[j] = MIN(subst, MIN(row[j], row[j - 1]) + 1);
			best = MIN(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return row[b.len];
}

// The part after the last '.', '/' or ':': what people remember of a long name.
static struct str last_part(struct str s)
{
	for (size_t i = s.len; i > 0; i--)
		if (s.p[i - 1] == '.' || s.p[i - 1] == '/' || s.p[i - 1] == ':')
			return str_from_off(s, i);
	return s;
}

// Smaller is nearer; UINT32_MAX: not near.
static unsigned score_of(struct str want, struct str name)
{
	if (want.len == 0 || name.len == 0 || want.len > NAME_MAX_LEN)
		return UINT32_MAX;
	// Of one letter, all are near: it is only another case of it.
	if (want.len - (want.p[0] == '@') <= 1)
		return want.len == name.len && !edit_distance(want, name, 1) ? 0 : UINT32_MAX;
	struct str want_last = last_part(want), name_last = last_part(name);
	unsigned extra = name.len > want.len ? (unsigned)MIN(name.len - want.len, (size_t)50) : 0;
	if (want_last.len >= 2 && str_eq(want_last, name_last))
		return 1 + extra / 8;
	unsigned limit = (unsigned)want.len / 4 + 1;
	if (name.len <= NAME_MAX_LEN && name.len <= want.len + limit &&
	    want.len <= name.len + limit) {
		unsigned d = edit_distance(want, name, limit);
		if (d <= limit)
			return 2 * d;
	}
	limit = (unsigned)want_last.len / 4 + 1;
	if (want_last.len >= 3 && name_last.len <= NAME_MAX_LEN &&
	    name_last.len <= want_last.len + limit && want_last.len <= name_last.len + limit) {
		unsigned d = edit_distance(want_last, name_last, limit);
		if (d <= limit)
			return 2 + 2 * d + extra / 8;
	}
	if (want.len >= 3 && str_find(name, want) >= 0)
		return 4 + extra;
	return UINT32_MAX;
}

// "main." of "main.(*Store).Get", "net/http." of "net/http.Get".
static struct str package_of(struct str s)
{
	size_t from = 0;
	for (size_t i = 0; i < s.len && s.p[i] != '('; i++)
		from = s.p[i] == '/' ? i : from;
	for (size_t i = from; i < s.len; i++)
		if (s.p[i] == '.')
			return str_first(s, i + 1);
	return STR("");
}

void near_offer(struct near *near, struct str name)
{
	unsigned score = score_of(near->want, name);
	struct str package = package_of(near->want);
	if (score == UINT32_MAX)
		return;
	// Who names a package means it.
	if (package.len && !str_starts(name, package))
		score += OTHER_PACKAGE;
	size_t at = near->n;
	while (at > 0 && near->score[at - 1] > score)
		at--;
	if (at > 0 && str_eq(near->best[at - 1], name))
		return;
	if (at == NEAR_MAX)
		return;
	if (near->n < NEAR_MAX)
		near->n++;
	for (size_t i = near->n - 1; i > at; i--) {
		near->best[i] = near->best[i - 1];
		near->score[i] = near->score[i - 1];
	}
	near->best[at] = name;
	near->score[at] = score;
}
