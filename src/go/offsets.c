// SPDX-License-Identifier: Apache-2.0
// Offsets in struct g by Go version, for programs without DWARF.
#include "go/tables.h"

#define FIRST_MINOR 15
#define LAST_MINOR  27

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
};

int64_t go_g_offset(const struct go *go, struct str field)
{
	for (size_t i = 0; i < ARRAY_LEN(g_fields); i++) {
		const struct g_field *f = &g_fields[i];
		if (!str_eq(field, str_from(f->name)))
			continue;
		switch (go->minor) {
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
