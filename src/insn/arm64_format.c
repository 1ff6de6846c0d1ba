// SPDX-License-Identifier: Apache-2.0
// Text of the arm64 instructions that begin, end and connect functions. All others are printed as
// their word.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "insn/arm64.h"

struct out {
	char *text;
	size_t size;
	bool short_form;
};

static void put(const struct out *o, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(const struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->text, o->size, fmt, ap);
	va_end(ap);
}

struct name {
	char text[8];
};

// A general register: 32 or 64 bits wide, number 31 the stack pointer or zero.
static struct name reg(unsigned number, bool wide, bool sp)
{
	struct name n;

	if (number == 31)
		snprintf(n.text, sizeof(n.text), "%s",
			 sp ? (wide ? "sp" : "wsp") : (wide ? "xzr" : "wzr"));
	else
		snprintf(n.text, sizeof(n.text), "%c%u", wide ? 'x' : 'w', number & 31);
	return n;
}

static bool format_branch(const struct out *o, uint32_t w, uint64_t vaddr)
{
	static const char conds[16][3] = { "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
					   "hi", "ls", "ge", "lt", "gt", "le", "al", "nv" };
	uint64_t target = arm64_target(w, vaddr);
	char to[24] = "";

	if (!o->short_form)
		snprintf(to, sizeof(to), "0x%" PRIx64, target);
	if ((w & 0xfc000000) == 0x14000000)
		put(o, "b%s%s", *to ? " " : "", to);
	else if ((w & 0xfc000000) == 0x94000000)
		put(o, "bl%s%s", *to ? " " : "", to);
	else if ((w & 0xff000000) == 0x54000000)
		put(o, "b%s.%s%s%s", w & 0x10 ? "c" : "", conds[w & 0xf], *to ? " " : "", to);
	else if ((w & 0x7e000000) == 0x34000000)
		put(o, "%s %s%s%s", w & 0x1000000 ? "cbnz" : "cbz",
		    reg(w & 31, w >> 31, false).text, *to ? ", " : "", to);
	else if ((w & 0x7e000000) == 0x36000000)
		put(o, "%s %s, #%u%s%s", w & 0x1000000 ? "tbnz" : "tbz",
		    reg(w & 31, w >> 31, false).text,
		    arm64_bits(w, 19, 5) | arm64_bits(w, 31, 1) << 5, *to ? ", " : "", to);
	else
		return false;
	return true;
}

static bool format_branch_reg(const struct out *o, uint32_t w)
{
	static const char *const names[] = { "br", "blr", "ret" };
	unsigned op = arm64_bits(w, 21, 2), rn = arm64_bits(w, 5, 5);

	if ((w & 0xff9ffc1f) == 0xd61f0000 && op < ARRAY_LEN(names)) {
		if (op == 2 && rn == 30)
			put(o, "ret");
		else
			put(o, "%s %s", names[op], reg(rn, true, false).text);
		return true;
	}
	if ((w & 0xfffffbff) == 0xd65f0bff) {
		put(o, "reta%c", w & 0x400 ? 'b' : 'a');
		return true;
	}
	return false;
}

static bool format_system(const struct out *o, uint32_t w)
{
	static const struct {
		uint32_t word;
		const char *text;
	} fixed[] = { { 0xd503201f, "nop" },     { 0xd503233f, "paciasp" },
		      { 0xd503237f, "pacibsp" }, { 0xd50323bf, "autiasp" },
		      { 0xd50323ff, "autibsp" }, { 0xd503241f, "bti" },
		      { 0xd503245f, "bti c" },   { 0xd503249f, "bti j" },
		      { 0xd50324df, "bti jc" } };
	static const struct {
		uint32_t mask, value;
		const char *name;
		unsigned shift;
	} traps[] = { { 0xffe0001f, 0xd4200000, "brk", 5 },
		      { 0xffe0001f, 0xd4400000, "hlt", 5 },
		      { 0xffe0001f, 0xd4000001, "svc", 5 },
		      { 0xffff0000, 0x00000000, "udf", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		if (fixed[i].word == w) {
			put(o, "%s", fixed[i].text);
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(traps); i++) {
		if ((w & traps[i].mask) == traps[i].value) {
			put(o, "%s #0x%x", traps[i].name, arm64_bits(w, traps[i].shift, 16));
			return true;
		}
	}
	return false;
}

// ldr and str of x and w registers with an immediate: offset, pre- and post-indexed.
static bool format_load_store(const struct out *o, uint32_t w)
{
	bool wide = w & 0x40000000;
	const char *name = w & 0x400000 ? "ldr" : "str";
	struct name rt = reg(w & 31, wide, false), rn = reg(arm64_bits(w, 5, 5), true, true);
	int64_t off = arm64_signed(w, 12, 9, 1);

	if ((w & 0xbf800000) == 0xb9000000) {
		unsigned scaled = arm64_bits(w, 10, 12) << (wide ? 3 : 2);

		if (scaled)
			put(o, "%s %s, [%s, #%u]", name, rt.text, rn.text, scaled);
		else
			put(o, "%s %s, [%s]", name, rt.text, rn.text);
	} else if ((w & 0xbfa00c00) == 0xb8000c00) {
		put(o, "%s %s, [%s, #%" PRId64 "]!", name, rt.text, rn.text, off);
	} else if ((w & 0xbfa00c00) == 0xb8000400) {
		put(o, "%s %s, [%s], #%" PRId64, name, rt.text, rn.text, off);
	} else if ((w & 0xbfa00c00) == 0xb8000000) {
		put(o, "%s %s, [%s, #%" PRId64 "]", w & 0x400000 ? "ldur" : "stur", rt.text,
		    rn.text, off);
	} else {
		return false;
	}
	return true;
}

// ldp and stp of x and w registers.
static bool format_pair(const struct out *o, uint32_t w)
{
	bool wide = w >> 31;
	const char *name = w & 0x400000 ? "ldp" : "stp";
	struct name first = reg(w & 31, wide, false);
	struct name second = reg(arm64_bits(w, 10, 5), wide, false);
	struct name base = reg(arm64_bits(w, 5, 5), true, true);
	int64_t off = arm64_signed(w, 15, 7, wide ? 8 : 4);

	if ((w & 0x7e000000) != 0x28000000)
		return false;
	switch (arm64_bits(w, 23, 2)) {
	case 1:
		put(o, "%s %s, %s, [%s], #%" PRId64, name, first.text, second.text, base.text, off);
		return true;
	case 2:
		if (off)
			put(o, "%s %s, %s, [%s, #%" PRId64 "]", name, first.text, second.text,
			    base.text, off);
		else
			put(o, "%s %s, %s, [%s]", name, first.text, second.text, base.text);
		return true;
	case 3:
		put(o, "%s %s, %s, [%s, #%" PRId64 "]!", name, first.text, second.text, base.text,
		    off);
		return true;
	default:
		return false;
	}
}

// add, sub, cmp with an immediate; mov and cmp between registers.
static bool format_arithmetic(const struct out *o, uint32_t w)
{
	bool wide = w >> 31, subtracts = w & 0x40000000, sets_flags = w & 0x20000000;
	unsigned rd = w & 31, rn = arm64_bits(w, 5, 5), rm = arm64_bits(w, 16, 5);

	if ((w & 0x1f800000) == 0x11000000) {
		unsigned imm = arm64_bits(w, 10, 12);
		const char *shift = w & 0x400000 ? ", lsl #12" : "";
		struct name src = reg(rn, wide, true), dst = reg(rd, wide, !sets_flags);

		if (sets_flags && rd == 31)
			put(o, "%s %s, #0x%x%s", subtracts ? "cmp" : "cmn", src.text, imm, shift);
		else if (!subtracts && !sets_flags && imm == 0 && (rd == 31 || rn == 31))
			put(o, "mov %s, %s", dst.text, src.text);
		else
			put(o, "%s%s %s, %s, #0x%x%s", subtracts ? "sub" : "add",
			    sets_flags ? "s" : "", dst.text, src.text, imm, shift);
		return true;
	}
	if ((w & 0x7fe0ffe0) == 0x2a0003e0)
		put(o, "mov %s, %s", reg(rd, wide, false).text, reg(rm, wide, false).text);
	else if ((w & 0x7fe0fc1f) == 0x6b00001f)
		put(o, "cmp %s, %s", reg(rn, wide, false).text, reg(rm, wide, false).text);
	else if ((w & 0x7fe0fc1f) == 0x6b20601f || (w & 0x7fe0fc1f) == 0x6b20401f)
		put(o, "cmp %s, %s", reg(rn, wide, true).text, reg(rm, wide, false).text);
	else
		return false;
	return true;
}

void arm64_format(struct bytes code, uint64_t vaddr, bool short_form, char *text, size_t size)
{
	struct out o = { .text = text, .size = size, .short_form = short_form };
	uint32_t w;

	if (!arm64_word(code, &w)) {
		put(&o, "(bad)");
		return;
	}
	if (!format_branch(&o, w, vaddr) && !format_branch_reg(&o, w) && !format_system(&o, w) &&
	    !format_load_store(&o, w) && !format_pair(&o, w) && !format_arithmetic(&o, w))
		put(&o, ".inst 0x%08x", w);
}
