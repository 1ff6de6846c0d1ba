// SPDX-License-Identifier: Apache-2.0
// Offsets in struct g by Go version, for programs without DWARF.
#include "go/tables.h"

struct g_field {
	const char *name;
	// Same for all versions when only the first is set; -1: no such field.
	int16_t off_15, off_19, off_21, off_22, off_23, off_24, off_26, off_27;
};

static const struct g_field g_fields[] = {
	{ "stack.lo", 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "stack.hi", 8, 8, 8, 8, 8, 8, 8, 8 },
	{ "stackguard0", 16, 16, 16, 16, 16, 16, 16, 16 },
	{ "_panic", 32, 32, 32, 32, 32, 32, 32, 32 },
	{ "_defer", 40, 40, 40, 40, 40, 40, 40, 40 },
	{ "m", 48, 48, 48, 48, 48, 48, 48, 48 },
	{ "sched.sp", 56, 56, 56, 56, 56, 56, 56, 56 },
	{ "sched.pc", 64, 64, 64, 64, 64, 64, 64, 64 },
	{ "atomicstatus", 144, 144, 144, 144, 152, 152, 144, 144 },
	{ "goid", 152, 152, 152, 152, 160, 160, 152, 152 },
	{ "waitsince", 168, 168, 168, 168, 176, 176, 168, 168 },
	{ "waitreason", 176, 176, 176, 176, 184, 184, 176, 176 },
	{ "parentGoid", -1, -1, 272, 272, 280, 280, 280, 280 },
	{ "gopc", 280, 296, 280, 280, 288, 288, 288, 288 },
	{ "startpc", 296, 312, 296, 296, 304, 304, 304, 304 },
	// Of struct m, where g0 is at 0.
	{ "m.curg", 192, 192, 192, 192, 192, 192, 184, 184 },
};

static const struct g_field *find_field(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(g_fields); i++)
		if (str_eq(name, str_from(g_fields[i].name)))
			return &g_fields[i];
	return NULL;
}

static const int tested_minors[] = { 15, 19, 21, 22, 23, 24, 26, 27 };

size_t go_g_versions(const struct go *go, int out[2])
{
	size_t i = 0;
	while (i < ARRAY_LEN(tested_minors) && tested_minors[i] < go->minor)
		i++;
	if (i == ARRAY_LEN(tested_minors) || (i == 0 && tested_minors[0] != go->minor))
		return 0;
	out[0] = tested_minors[i];
	if (out[0] == go->minor)
		return 1;
	out[1] = tested_minors[i - 1];
	return 2;
}

int64_t go_g_offset(const struct go *go, struct str field)
{
	return go_g_offset_in(go->minor, field);
}

int64_t go_g_offset_in(int minor, struct str field)
{
	const struct g_field *f = find_field(field);
	if (f) {
		switch (minor) {
		case 15:
			return f->off_15;
		case 19:
			return f->off_19;
		case 21:
			return f->off_21;
		case 22:
			return f->off_22;
		case 23:
			return f->off_23;
		case 24:
			return f->off_24;
		case 26:
			return f->off_26;
		case 27:
			return f->off_27;
		default:
			// What never moved is the same in the versions between.
			return f->off_15 == f->off_27 && f->off_15 == f->off_23 ? f->off_15 : -1;
		}
	}
	return -1;
}
