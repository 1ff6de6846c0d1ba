// SPDX-License-Identifier: Apache-2.0
// Where the arguments of a USDT probe are: operands in the assembler's words.
#include <elf.h>

#include "probe/internal.h"

#define ARGS_MAX 64

struct operand {
	enum insn_arch arch;
	struct elf *elf;
	struct usdt_arg *arg;
};

static bool read_int(struct str s, int64_t *out)
{
	bool is_negative = s.len && s.p[0] == '-';
	uint64_t v;
	if (s.len && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from_off(s, 1);
	if (!str_to_u64(s, &v))
		return false;
	*out = (int64_t)(is_negative ? 0 - v : v);
	return true;
}

static struct str trim(struct str s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from_off(s, 1);
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

// Cuts the part up to the byte c off s; all of s if it is not there.
static struct str cut(struct str *s, char c)
{
	const char *at = s->len ? memchr(s->p, c, s->len) : NULL;
	size_t n = at ? (size_t)(at - s->p) : s->len;
	struct str part = str_first(*s, n);
	*s = str_from_off(*s, at ? n + 1 : n);
	return trim(part);
}

// --- registers ---

// The numbered ones: r8, r8d, r8w, r8b, xmm3.
static bool numbered_register(struct str name, uint16_t *reg)
{
	bool is_xmm = str_starts(name, STR("xmm"));
	struct str digits = str_from_off(name, is_xmm ? 3 : 1);
	uint64_t n;
	if (!is_xmm && name.p[0] != 'r')
		return false;
	if (!is_xmm && digits.len > 1 && strchr("dwb", digits.p[digits.len - 1]))
		digits.len--;
	if (!str_to_u64(digits, &n) || n > 15 || (!is_xmm && n < 8))
		return false;
	*reg = (uint16_t)(is_xmm ? 17 + n : n);
	return true;
}

static bool x86_register(struct str name, uint16_t *reg, uint8_t *shift)
{
	// By DWARF number: 64, 32, 16, 8 bits, and the second byte.
	static const char *const names[8][5] = {
		{ "rax", "eax", "ax", "al", "ah" }, { "rdx", "edx", "dx", "dl", "dh" },
		{ "rcx", "ecx", "cx", "cl", "ch" }, { "rbx", "ebx", "bx", "bl", "bh" },
		{ "rsi", "esi", "si", "sil", "" },  { "rdi", "edi", "di", "dil", "" },
		{ "rbp", "ebp", "bp", "bpl", "" },  { "rsp", "esp", "sp", "spl", "" },
	};
	*shift = 0;
	for (uint16_t r = 0; r < 8; r++) {
		for (size_t k = 0; k < 5; k++) {
			if (!name.len || !str_eq(name, str_from(names[r][k])))
				continue;
			*reg = r;
			*shift = k == 4 ? 8 : 0;
			return true;
		}
	}
	return name.len > 1 && numbered_register(name, reg);
}

static bool arm64_register(struct str name, uint16_t *reg)
{
	uint64_t n;
	if (str_eq(name, STR("sp"))) {
		*reg = 31;
		return true;
	}
	if (name.len < 2 || (name.p[0] != 'x' && name.p[0] != 'w') ||
	    !str_to_u64(str_from_off(name, 1), &n) || n > 30)
		return false;
	*reg = (uint16_t)n;
	return true;
}

// --- x86-64 ---

// The end of the term that begins at off in "24+stock-8".
static size_t term_end(struct str s, size_t off)
{
	size_t n = off + 1;
	while (n < s.len && s.p[n] != '+' && s.p[n] != '-')
		n++;
	return n;
}

// A sum of numbers, with at most one symbol in it. *is_symbol: it is an address of the file.
static bool read_displacement(struct operand *o, struct str s, int64_t *out, bool *is_symbol)
{
	uint64_t sum = 0;
	*is_symbol = false;
	for (size_t i = 0; i < s.len;) {
		size_t end = term_end(s, i);
		struct str term = { s.p + i, end - i };
		int64_t number;
		i = end;
		if (read_int(term, &number)) {
			sum += (uint64_t)number;
			continue;
		}
		if (term.p[0] == '+')
			term = str_from_off(term, 1);
		const struct elf_sym *sym = o->elf ? elf_find_symbol(o->elf, term) : NULL;
		if (!sym || sym->shndx == SHN_UNDEF || *is_symbol)
			return false;
		sum += sym->vaddr;
		*is_symbol = true;
	}
	*out = (int64_t)sum;
	return true;
}

static bool read_x86_register(struct str s, uint16_t *reg)
{
	uint8_t shift;
	return s.len > 1 && s.p[0] == '%' && x86_register(str_from_off(s, 1), reg, &shift) &&
	       *reg < 17 && !shift;
}

// (base,index,scale): what stands between the parentheses.
static bool read_address(struct operand *o, struct str inner, bool is_symbol)
{
	struct usdt_arg *arg = o->arg;
	struct str base = cut(&inner, ','), index = cut(&inner, ','), scale = trim(inner);
	uint64_t n = 1;
	arg->kind = is_symbol ? USDT_VADDR : USDT_MEM;
	if (str_eq(base, STR("%rip")))
		return is_symbol && !index.len;
	// A symbol that is no displacement from here: fine where the index is the only register.
	if (base.len && (is_symbol || !read_x86_register(base, &arg->reg)))
		return false;
	if (index.len && !read_x86_register(index, &arg->index))
		return false;
	if (scale.len && (!str_to_u64(scale, &n) || n > 8 || (n & (n - 1)) || !n))
		return false;
	arg->scale = (uint8_t)n;
	return base.len || index.len;
}

static bool read_x86(struct operand *o, struct str s)
{
	struct usdt_arg *arg = o->arg;
	bool is_symbol;
	if (s.p[0] == '$') {
		arg->kind = USDT_CONST;
		return read_int(str_from_off(s, 1), &arg->off);
	}
	// A segment ("%fs:16") is followed by a ':'.
	if (str_find(s, STR(":")) >= 0)
		return false;
	if (s.p[0] == '%') {
		arg->kind = USDT_REG;
		return x86_register(str_from_off(s, 1), &arg->reg, &arg->shift);
	}
	struct str rest = s, disp = cut(&rest, '(');
	if (!read_displacement(o, disp, &arg->off, &is_symbol))
		return false;
	if (disp.len == s.len) {
		arg->kind = USDT_VADDR;
		return true;
	}
	if (!str_ends(rest, STR(")")))
		return false;
	rest.len--;
	return read_address(o, rest, is_symbol);
}

// --- arm64 ---

static bool read_arm64(struct operand *o, struct str s)
{
	struct usdt_arg *arg = o->arg;
	if (read_int(s, &arg->off)) {
		arg->kind = USDT_CONST;
		return true;
	}
	if (s.p[0] != '[') {
		arg->kind = USDT_REG;
		return arm64_register(s, &arg->reg);
	}
	if (!str_ends(s, STR("]")))
		return false;
	struct str rest = { s.p + 1, s.len - 2 };
	struct str base = cut(&rest, ','), second = cut(&rest, ','), third = trim(rest);
	arg->kind = USDT_MEM;
	if (!arm64_register(base, &arg->reg))
		return false;
	if (!second.len || read_int(second, &arg->off))
		return !third.len;
	int64_t shift = 0;
	if (!arm64_register(second, &arg->index))
		return false;
	if (third.len &&
	    (!str_starts(third, STR("lsl ")) || !read_int(trim(str_from_off(third, 4)), &shift) ||
	     shift < 0 || shift > 3))
		return false;
	arg->scale = (uint8_t)(1u << shift);
	return true;
}

// --- all of them ---

// "-4@", "8f@": false if there is no size.
static bool read_size(struct str *s, struct usdt_arg *arg)
{
	const char *at = memchr(s->p, '@', s->len);
	if (!at)
		return false;
	struct str size = str_first(*s, (size_t)(at - s->p));
	uint64_t n;
	*s = str_from_off(*s, size.len + 1);
	if (str_ends(size, STR("f"))) {
		arg->is_float = true;
		size.len--;
	}
	if (str_starts(size, STR("-"))) {
		arg->is_signed = true;
		size = str_from_off(size, 1);
	}
	if (!str_to_u64(size, &n) || !n || n > 8 || (n & (n - 1)))
		return false;
	arg->size = (uint8_t)n;
	return s->len > 0;
}

static struct usdt_arg read_arg(enum insn_arch arch, struct elf *elf, struct str text)
{
	struct usdt_arg arg = {
		.size = 8, .reg = USDT_NO_REG, .index = USDT_NO_REG, .scale = 1, .text = text
	};
	struct operand o = { arch, elf, &arg };
	struct str s = text;
	if (!read_size(&s, &arg) || !(arch == INSN_X86_64 ? read_x86(&o, s) : read_arm64(&o, s)))
		arg.kind = USDT_OTHER;
	return arg;
}

// The end of the argument at the start of s: blanks inside brackets belong to it.
static size_t arg_length(struct str s)
{
	int depth = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		depth += (c == '[' || c == '(') - (c == ']' || c == ')');
		if (depth <= 0 && (c == ' ' || c == '\t'))
			return i;
	}
	return s.len;
}

void usdt_parse_args(struct arena *a, enum insn_arch arch, struct elf *elf, struct str text,
		     struct usdt_note *out)
{
	VEC(struct usdt_arg) args = { 0 };
	struct str s = trim(text);
	while (s.len && args.n < ARGS_MAX) {
		size_t n = arg_length(s);
		VEC_PUSH(a, &args, read_arg(arch, elf, str_first(s, n)));
		s = trim(str_from_off(s, n));
	}
	out->args = args.v;
	out->n_args = args.n;
}
