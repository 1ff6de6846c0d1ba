// SPDX-License-Identifier: Apache-2.0
// pc-value tables: runs of addresses with one value each (file, line, SP distance, inlining).
#include "go/tables.h"

struct pc_iter pc_iter_init(const struct go *go, const struct go_func *f, uint32_t off)
{
	struct bytes b = off ? bytes_part(go->tab.pctab, off, go->tab.pctab.len)
			     : (struct bytes) { go->tab.pctab.p, 0 };
	return (struct pc_iter) {
		.pos = b.p,
		.end = b.p + b.len,
		.limit = f->next,
		.min_lc = go->tab.min_lc,
		.low = f->entry,
		.high = f->entry,
		.value = -1,
	};
}

// Numbers of 32 bits, seven bits a byte. False at the end of the data.
static bool read_varint(struct pc_iter *it, uint32_t *out)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35 && it->pos < it->end; shift += 7) {
		uint8_t b = *it->pos++;
		v |= (uint32_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*out = v;
			return true;
		}
	}
	return false;
}

// Each step covers at least one instruction, so that no table has more steps than its function has
// bytes.
bool pc_iter_next(struct pc_iter *it)
{
	uint32_t zigzag, step;
	if (it->high >= it->limit || !read_varint(it, &zigzag))
		return false;
	if (zigzag == 0 && it->is_started)
		return false;
	it->is_started = true;
	if (!read_varint(it, &step) || step == 0)
		return false;
	uint32_t delta = zigzag & 1 ? ~(zigzag >> 1) : zigzag >> 1;
	it->value = (int32_t)((uint32_t)it->value + delta);
	it->low = it->high;
	uint64_t len = (uint64_t)step * it->min_lc;
	it->high = len < it->limit - it->low ? it->low + len : it->limit;
	return true;
}

bool pc_value_at(const struct go *go, const struct go_func *f, uint32_t off, uint64_t pc,
		 int32_t *out)
{
	struct pc_iter it = pc_iter_init(go, f, off);
	while (pc_iter_next(&it)) {
		if (pc >= it.high)
			continue;
		*out = it.value;
		return pc >= it.low;
	}
	return false;
}

// 1.15 numbers files through the whole program, later versions within a compilation unit.
struct str func_file(const struct go *go, const struct go_func *f, int32_t i)
{
	const struct pclntab *t = &go->tab;
	struct bytes rec;
	struct str name = STR("");
	uint32_t cu, off;
	if (i < 0 || !func_record(go, f, &rec))
		return name;
	if (t->generation == GEN_15) {
		if (i > 0 && bytes_u32(t->filetab, 4 * (uint64_t)i, &off))
			bytes_cstr(t->names, off, &name);
		return name;
	}
	if (bytes_u32(rec, t->layout->cu, &cu) &&
	    bytes_u32(t->cutab, 4 * ((uint64_t)cu + (uint64_t)i), &off) && off != UINT32_MAX)
		bytes_cstr(t->filetab, off, &name);
	return name;
}

bool go_pos_at(struct go *go, const struct go_func *f, uint64_t pc, struct go_pos *out)
{
	int32_t file;
	*out = (struct go_pos) { .file = STR("") };
	if (!pc_value_at(go, f, func_pcfile(go, f), pc, &file))
		return false;
	out->file = func_file(go, f, file);
	if (!pc_value_at(go, f, func_pcln(go, f), pc, &out->line) || out->line < 0)
		out->line = 0;
	return out->file.len > 0;
}

bool go_func_pos(struct go *go, const struct go_func *f, struct go_pos *out)
{
	if (!inline_outermost_pos(go, f, f->entry, out))
		return false;
	if (f->start_line > 0)
		out->line = f->start_line;
	return true;
}

bool go_sp_delta(struct go *go, const struct go_func *f, uint64_t pc, int32_t *out)
{
	return pc_value_at(go, f, func_pcsp(go, f), pc, out);
}

uint64_t go_sp_first_change(struct go *go, const struct go_func *f)
{
	struct pc_iter it = pc_iter_init(go, f, func_pcsp(go, f));
	while (pc_iter_next(&it))
		if (it.value != 0)
			return it.low;
	return f->end;
}
