// SPDX-License-Identifier: Apache-2.0
// Abbreviation tables, with the fastest way over each kind of DIE worked out beforehand.
#include "dwarf/unit.h"

// Codes up to here are looked up by index.
#define DENSE_MAX 65536u

struct abbrev_vec {
	struct abbrev *v;
	size_t n;
	size_t cap;
};

// Bytes of a form, or -1 with the kind of step that finds out.
static int form_size(const struct unit *u, unsigned form, uint8_t *kind)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_flag:
	case DW_FORM_ref1:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return u->addr_size;
	case DW_FORM_ref_addr:
		return u->version <= 2 ? u->addr_size : u->off_size;
	case DW_FORM_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return u->off_size;
	case DW_FORM_string:
		*kind = SKIP_CSTR;
		return -1;
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		*kind = SKIP_LEB;
		return -1;
	case DW_FORM_block1:
		*kind = SKIP_BLOCK1;
		return -1;
	case DW_FORM_block2:
		*kind = SKIP_BLOCK2;
		return -1;
	case DW_FORM_block4:
		*kind = SKIP_BLOCK4;
		return -1;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		*kind = SKIP_BLOCK;
		return -1;
	case DW_FORM_indirect:
		*kind = SKIP_INDIRECT;
		return -1;
	default:
		*kind = SKIP_END;
		return -1;
	}
}

// False if it has a form that nobody knows: its size is not known either.
static bool plan_skip(struct arena *a, const struct unit *u, struct abbrev *ab)
{
	VEC(struct skip_step) steps = { 0 };
	unsigned fixed = 0;
	for (uint32_t i = 0; i < ab->n_attrs; i++) {
		uint8_t kind = SKIP_END;
		int size = form_size(u, ab->attrs[i].form, &kind);
		if (size < 0 && kind == SKIP_END)
			return false;
		if (size >= 0)
			fixed += (unsigned)size;
		if (size >= 0 && fixed <= UINT16_MAX - 16)
			continue;
		if (size >= 0)
			kind = SKIP_MORE;
		VEC_PUSH(a, &steps, (struct skip_step) { (uint16_t)fixed, kind });
		fixed = 0;
	}
	VEC_PUSH(a, &steps, (struct skip_step) { (uint16_t)fixed, SKIP_END });
	ab->steps = steps.v;
	return true;
}

static bool read_one(struct arena *a, struct cursor *c, const struct unit *u, struct abbrev *ab)
{
	uint64_t tag = cursor_uleb(c);
	ab->has_children = cursor_u8(c) != 0;
	if (tag == 0 || tag > UINT16_MAX)
		return false;
	ab->tag = (uint16_t)tag;
	VEC(struct attr_spec) attrs = { 0 };
	for (;;) {
		uint64_t name = cursor_uleb(c);
		uint64_t form = cursor_uleb(c);
		if (!cursor_ok(c) || name > UINT16_MAX || form > UINT16_MAX)
			return false;
		if (name == 0 && form == 0)
			break;
		int64_t implicit = form == DW_FORM_implicit_const ? cursor_sleb(c) : 0;
		VEC_PUSH(a, &attrs,
			 (struct attr_spec) { (uint16_t)name, (uint16_t)form, implicit });
	}
	if (attrs.n > UINT32_MAX)
		return false;
	ab->attrs = attrs.v;
	ab->n_attrs = (uint32_t)attrs.n;
	// Without a plan it is as if it were not there: only DIEs that use it are lost.
	if (!plan_skip(a, u, ab))
		ab->tag = 0;
	return true;
}

static void place(struct dwarf *dw, struct abbrevs *t, const struct abbrev_vec *all,
		  const uint64_t *codes)
{
	size_t limit = MIN(all->n * 4 + 64, (size_t)DENSE_MAX);
	for (size_t i = 0; i < all->n; i++)
		if (codes[i] < limit && codes[i] >= t->n_dense)
			t->n_dense = (size_t)codes[i] + 1;
	t->dense = ARENA_ARRAY(dw->arena, struct abbrev, t->n_dense);
	t->sparse = map_init(dw->arena);
	for (size_t i = 0; i < all->n; i++) {
		if (codes[i] < t->n_dense)
			t->dense[codes[i]] = all->v[i];
		else
			map_put(&t->sparse, codes[i], &all->v[i]);
	}
}

static struct abbrevs *read_table(struct dwarf *dw, const struct unit *u)
{
	struct bytes sec = dw->sec[SEC_ABBREV];
	struct cursor c = cursor_init(sec, ".debug_abbrev");
	cursor_seek(&c, u->abbrev_off);
	struct abbrev_vec all = { 0 };
	VEC(uint64_t) codes = { 0 };
	for (;;) {
		size_t before = cursor_off(&c);
		uint64_t code = cursor_uleb(&c);
		if (!cursor_ok(&c))
			return NULL;
		if (code == 0)
			break;
		struct abbrev ab = { 0 };
		if (!read_one(dw->arena, &c, u, &ab))
			return NULL;
		if (ab.tag) {
			VEC_PUSH(dw->arena, &all, ab);
			VEC_PUSH(dw->arena, &codes, code);
		}
		// Tables of honest files do not overlap.
		size_t used = cursor_off(&c) - before;
		if (dw->abbrev_budget < used)
			return NULL;
		dw->abbrev_budget -= used;
	}
	struct abbrevs *t = ARENA_NEW(dw->arena, struct abbrevs);
	place(dw, t, &all, codes.v);
	return t;
}

struct abbrevs *abbrevs_get(struct dwarf *dw, const struct unit *u)
{
	// The same table means other sizes to units of another shape.
	uint64_t shape = (uint64_t)(u->version <= 2) << 2 | (uint64_t)(u->addr_size == 8) << 1 |
			 (uint64_t)(u->off_size == 8);
	uint64_t key = u->abbrev_off << 3 | shape;
	struct abbrevs *t = map_get(&dw->abbrevs, key);
	if (t || u->abbrev_off >= dw->sec[SEC_ABBREV].len)
		return t;
	t = read_table(dw, u);
	if (t)
		map_put(&dw->abbrevs, key, t);
	return t;
}

static const uint8_t *skip_indirect(const struct unit *u, const uint8_t *p, const uint8_t *end)
{
	struct cursor c = cursor_init((struct bytes) { p, (size_t)(end - p) }, ".debug_info");
	struct attr_spec spec = { .form = DW_FORM_indirect };
	struct attr a;
	attr_read(&c, u, &spec, &a);
	return cursor_ok(&c) ? c.pos : NULL;
}

static const uint8_t *skip_leb_block(const uint8_t *p, const uint8_t *end)
{
	struct cursor c = cursor_init((struct bytes) { p, (size_t)(end - p) }, ".debug_info");
	cursor_skip(&c, cursor_uleb(&c));
	return cursor_ok(&c) ? c.pos : NULL;
}

static const uint8_t *skip_block(const uint8_t *p, const uint8_t *end, size_t width)
{
	size_t n = 0;
	if ((size_t)(end - p) < width)
		return NULL;
	memcpy(&n, p, width);
	p += width;
	return (size_t)(end - p) < n ? NULL : p + n;
}

const uint8_t *attrs_skip(const struct unit *u, const struct abbrev *ab, const uint8_t *p,
			  const uint8_t *end)
{
	for (const struct skip_step *s = ab->steps;; s++) {
		if ((size_t)(end - p) < s->fixed)
			return NULL;
		p += s->fixed;
		switch (s->kind) {
		case SKIP_END:
			return p;
		case SKIP_LEB:
			while (p < end && (*p & 0x80))
				p++;
			p = p < end ? p + 1 : NULL;
			break;
		case SKIP_CSTR:
			p = memchr(p, 0, (size_t)(end - p));
			p = p ? p + 1 : NULL;
			break;
		case SKIP_BLOCK1:
			p = skip_block(p, end, 1);
			break;
		case SKIP_BLOCK2:
			p = skip_block(p, end, 2);
			break;
		case SKIP_BLOCK4:
			p = skip_block(p, end, 4);
			break;
		case SKIP_BLOCK:
			p = skip_leb_block(p, end);
			break;
		case SKIP_INDIRECT:
			p = skip_indirect(u, p, end);
			break;
		default:
			break;
		}
		if (!p)
			return NULL;
	}
}
