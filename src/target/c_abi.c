// SPDX-License-Identifier: Apache-2.0
// The calling conventions of C and C++. Rules are cited from "System V Application Binary
// Interface, AMD64 Architecture Processor Supplement" (psABI, section 3.2.3) and "Procedure Call
// Standard for the Arm 64-bit Architecture" (AAPCS64, section 6.8.2, stages A to C).
#include "target/internal.h"

static const uint8_t x86_int_args[] = { 5, 4, 1, 2, 8, 9 }; // rdi rsi rdx rcx r8 r9
static const uint8_t x86_int_results[] = { 0, 1 };          // rax rdx
#define X86_XMM0  17
#define ARM_V0    64
#define PARTS_MAX 4

// How deep and how long a type is searched. Honest ones of at most 16 bytes stay far below.
#define DEPTH_MAX 16
#define STEPS_MAX 4096

struct search {
	unsigned steps;
	bool is_cut;
};

// How a value is passed, before registers are given out.
enum how {
	BY_NOTHING, // it has no bytes
	BY_REGS,
	BY_STACK,   // its bytes
	BY_ADDRESS, // the address of a copy, like a pointer
	BY_X87,     // a parameter's bytes on the stack; a result in st0, which places cannot name
	BY_UNKNOWN,
};

struct part { // what goes into one register
	bool is_float;
	uint64_t off, size;
};

struct passing {
	enum how how;
	struct part parts[PARTS_MAX];
	size_t n;
	uint32_t align; // on the stack
	bool is_even;   // arm64: begins in a register with an even number
	// x86-64: clang before 18 splits an __int128 between the last register and the stack, and
	// aligns it less than the psABI says.
	bool is_doubtful_on_stack;
};

static bool search_goes_on(struct search *s, unsigned depth)
{
	if (depth > DEPTH_MAX || ++s->steps > STEPS_MAX)
		s->is_cut = true;
	return !s->is_cut;
}

static bool has_fields(const struct type *t)
{
	return t->kind == TYPE_STRUCT || t->kind == TYPE_UNION;
}

// false: what its fields are nobody can tell.
static bool complete(struct search *s, struct type *t)
{
	struct err *e = type_complete(t);
	if (e || t->is_declaration || t->has_variants)
		s->is_cut = true;
	err_free(e);
	return !s->is_cut;
}

bool is_nullptr_type(struct type *t)
{
	t = type_strip(t);
	return t->kind == TYPE_UNKNOWN && str_eq(t->name, STR("decltype(nullptr)"));
}

// DWARF has kinds of numbers that the type model does not (decimal ones); those are in other
// registers than these.
static bool is_member_pointer(const struct type *t)
{
	return t->kind == TYPE_UNKNOWN && (t->elem || t->key);
}

static bool is_integer(struct type *t)
{
	switch (t->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_PTR:
	case TYPE_ENUM:
		return true;
	case TYPE_UNKNOWN:
		return is_member_pointer(t) || is_nullptr_type(t);
	case TYPE_VOID:
	case TYPE_FLOAT:
	case TYPE_COMPLEX:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_FUNC:
	case TYPE_NAMED:
	case TYPE_STRING:
	case TYPE_SLICE:
	case TYPE_IFACE:
	case TYPE_MAP:
	case TYPE_CHAN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_TUPLE:
	case TYPE_OPAQUE:
		return false;
	}
	UNREACHABLE();
}

static uint64_t size_of(struct type *t)
{
	return is_nullptr_type(t) ? 8 : type_strip(t)->size;
}

// C++ passes the address of a value that cannot be copied bit by bit, or that has such a part.
static bool is_by_reference(struct search *s, struct type *t, unsigned depth)
{
	t = type_strip(t);
	if (t->kind == TYPE_ARRAY && t->elem && t->count > 0 && search_goes_on(s, depth))
		return is_by_reference(s, t->elem, depth + 1);
	if (!has_fields(t) || !search_goes_on(s, depth) || !complete(s, t))
		return false;
	for (size_t i = 0; i < t->n_fields && !t->is_passed_by_reference && !s->is_cut; i++)
		if (is_by_reference(s, t->fields[i].type, depth + 1))
			return true;
	return t->is_passed_by_reference;
}

// --- System V x86-64 ---

enum sysv { CLASS_NONE, CLASS_INTEGER, CLASS_SSE, CLASS_SSEUP, CLASS_X87, CLASS_MEMORY };

struct eightbytes {
	struct search search;
	enum sysv v[2];
};

// psABI, "classification" 4: the class of an eightbyte that two fields share.
static enum sysv merge(enum sysv a, enum sysv b)
{
	if (a == b || b == CLASS_NONE)
		return a;
	if (a == CLASS_NONE)
		return b;
	if (a == CLASS_MEMORY || b == CLASS_MEMORY)
		return CLASS_MEMORY;
	if (a == CLASS_INTEGER || b == CLASS_INTEGER)
		return CLASS_INTEGER;
	return a == CLASS_X87 || b == CLASS_X87 ? CLASS_MEMORY : CLASS_SSE;
}

static void add_class(struct eightbytes *e, uint64_t off, uint64_t size, enum sysv c)
{
	if (size == 0)
		return;
	if (off + size > 16) {
		e->search.is_cut = true;
		return;
	}
	for (uint64_t i = off / 8; i <= (off + size - 1) / 8; i++)
		e->v[i] = merge(e->v[i], c);
}

// Numbers of 16 bytes: only their names tell x87's from the quadruple ones, which are in one xmm.
static void add_wide_float(struct eightbytes *e, const struct type *t)
{
	if (str_eq(t->name, STR("long double")) || str_eq(t->name, STR("_Float64x")) ||
	    str_eq(t->name, STR("__float80"))) {
		add_class(e, 0, 16, CLASS_X87);
	} else if (str_eq(t->name, STR("_Float128")) || str_eq(t->name, STR("__float128"))) {
		add_class(e, 0, 8, CLASS_SSE);
		add_class(e, 8, 8, CLASS_SSEUP);
	} else {
		e->search.is_cut = true;
	}
}

static void add_scalar(struct eightbytes *e, struct type *t, uint64_t off)
{
	uint64_t size = size_of(t);
	bool is_complex = t->kind == TYPE_COMPLEX;
	uint64_t align = is_member_pointer(t) ? 8 : is_complex ? size / 2 : size;
	// psABI, "classification" 1: a value with unaligned fields has class MEMORY.
	if (align && off % align)
		e->v[0] = CLASS_MEMORY;
	else if (is_integer(t) && !is_nullptr_type(t)) // GCC: INTEGER, clang: MEMORY
		add_class(e, off, size, CLASS_INTEGER);
	else if ((t->kind == TYPE_FLOAT && size <= 8) || is_complex)
		add_class(e, off, size, CLASS_SSE);
	else if (t->kind == TYPE_FLOAT && size == 16)
		add_wide_float(e, t);
	else
		e->search.is_cut = true;
}

static void classify(struct eightbytes *e, struct type *t, uint64_t off, unsigned depth);

static void classify_fields(struct eightbytes *e, struct type *t, uint64_t off, unsigned depth)
{
	if (!complete(&e->search, t))
		return;
	for (size_t i = 0; i < t->n_fields && !e->search.is_cut; i++) {
		const struct type_field *f = &t->fields[i];
		if (f->off > 16)
			e->search.is_cut = true;
		else if (f->bit_size) // integers of any alignment
			add_class(e, off + f->off, (f->bit_off + f->bit_size + 7u) / 8u,
				  CLASS_INTEGER);
		else
			classify(e, f->type, off + f->off, depth + 1);
	}
}

static void classify(struct eightbytes *e, struct type *t, uint64_t off, unsigned depth)
{
	t = type_strip(t);
	if (!search_goes_on(&e->search, depth))
		return;
	if (has_fields(t)) {
		classify_fields(e, t, off, depth);
	} else if (t->kind == TYPE_ARRAY) {
		uint64_t size = t->elem ? t->elem->size : 0;
		for (uint64_t i = 0; size && i < t->count && !e->search.is_cut; i++)
			classify(e, t->elem, off + i * size, depth + 1);
	} else {
		add_scalar(e, t, off);
	}
}

static void add_part(struct passing *p, bool is_float, uint64_t off, uint64_t size)
{
	p->how = BY_REGS;
	p->parts[p->n++] = (struct part) { is_float, off, size };
}

// C has no arrays as parameters: what DWARF calls one is a vector. 16 bytes are SSE and SSEUP, one
// register for both; where larger and odd ones are depends on the compiler's options.
static struct passing x86_vector(struct type *t)
{
	struct passing p = { .how = BY_UNKNOWN, .align = t->size == 8 ? 8 : 16 };
	if (t->size == 16 || (t->size == 8 && t->count > 1))
		add_part(&p, true, 0, t->size);
	return p;
}

// psABI, "passing" 1 to 4.
static void pass_eightbytes(const enum sysv *v, struct passing *p)
{
	p->how = BY_NOTHING;
	if (v[0] == CLASS_MEMORY || v[1] == CLASS_MEMORY) {
		p->how = BY_STACK;
	} else if (v[0] == CLASS_X87) {
		p->how = BY_X87;
	} else if (v[0] == CLASS_SSE && v[1] == CLASS_SSEUP) {
		add_part(p, true, 0, 16);
	} else {
		for (unsigned i = 0; i < 2; i++)
			if (v[i] != CLASS_NONE) // else it is padding
				add_part(p, v[i] != CLASS_INTEGER, 8 * i, 8);
	}
}

static struct passing x86_passing(struct type *t)
{
	struct passing p = { .how = BY_UNKNOWN, .align = MAX(type_align(t), 8u) };
	struct eightbytes e = { 0 };
	t = type_strip(t);
	uint64_t size = size_of(t);
	if (t->kind == TYPE_ARRAY)
		return x86_vector(t);
	if (is_nullptr_type(t)) {
		add_part(&p, false, 0, 8);
		return p;
	}
	p.is_doubtful_on_stack = size == 16 && is_integer(t) && !is_member_pointer(t);
	bool is_ref = is_by_reference(&e.search, t, 0);
	if (!is_ref && size <= 16)
		classify(&e, t, 0, 0);
	if (is_ref) {
		p.how = BY_ADDRESS;
	} else if (e.search.is_cut) {
		p.how = BY_UNKNOWN;
	} else if (size > 16) {
		// Two of x87's numbers are returned in st0 and st1 (class COMPLEX_X87). clang calls
		// every such type "complex".
		bool is_x87 = t->kind == TYPE_COMPLEX && str_find(t->name, STR("loat128")) < 0;
		p.how = is_x87 ? BY_X87 : BY_STACK;
	} else {
		pass_eightbytes(e.v, &p);
	}
	return p;
}

// --- AAPCS64 ---

// How many floating-point numbers of one size a type is made of, at most 5; 0 if it has others too.
// *size: 0 before the first. AAPCS64, 5.9.5: homogeneous floating-point aggregates.
static uint64_t count_floats(struct search *s, struct type *t, uint64_t *size, unsigned depth)
{
	uint64_t n = 0;
	t = type_strip(t);
	if (!search_goes_on(s, depth))
		return 0;
	if (t->kind == TYPE_FLOAT || t->kind == TYPE_COMPLEX) {
		n = t->kind == TYPE_COMPLEX ? 2 : 1;
		if (*size == 0)
			*size = t->size / n;
		s->is_cut |= *size != t->size / n;
	} else if (t->kind == TYPE_ARRAY && t->elem) {
		n = t->count ? MIN(t->count, 5u) * count_floats(s, t->elem, size, depth + 1) : 0;
	} else if (has_fields(t) && complete(s, t)) {
		for (size_t i = 0; i < t->n_fields && !s->is_cut; i++) {
			uint64_t more = count_floats(s, t->fields[i].type, size, depth + 1);
			n = t->kind == TYPE_UNION ? MAX(n, more) : n + more;
		}
	} else {
		s->is_cut = true;
	}
	return s->is_cut ? 0 : MIN(n, 5u);
}

// AAPCS64, 5.9: an aggregate's alignment is that of its members, whatever was asked for it.
static uint32_t natural_align(struct search *s, struct type *t, unsigned depth)
{
	uint32_t align = 1;
	t = type_strip(t);
	if (!search_goes_on(s, depth))
		return 1;
	if (t->kind == TYPE_ARRAY && t->elem)
		return natural_align(s, t->elem, depth + 1);
	if (!has_fields(t))
		return is_nullptr_type(t) || is_member_pointer(t) ? 8 : type_align(t);
	if (!complete(s, t))
		return 1;
	for (size_t i = 0; i < t->n_fields && !s->is_cut; i++)
		align = MAX(align, natural_align(s, t->fields[i].type, depth + 1));
	return align;
}

// Decimal numbers and the like, and structures with such.
static bool has_unknown(struct search *s, struct type *t, unsigned depth)
{
	t = type_strip(t);
	if (!search_goes_on(s, depth))
		return true;
	if (t->kind == TYPE_ARRAY && t->elem)
		return has_unknown(s, t->elem, depth + 1);
	if (!has_fields(t))
		return !is_integer(t) && t->kind != TYPE_FLOAT && t->kind != TYPE_COMPLEX;
	if (!complete(s, t))
		return true;
	for (size_t i = 0; i < t->n_fields; i++)
		if (has_unknown(s, t->fields[i].type, depth + 1))
			return true;
	return false;
}

static struct passing arm_passing(struct type *t)
{
	struct search refs = { 0 }, floats = { 0 }, aligns = { 0 }, unknowns = { 0 };
	uint64_t float_size = 0;
	t = type_strip(t);
	uint64_t size = size_of(t);
	struct passing p = { .how = BY_UNKNOWN, .align = MAX(natural_align(&aligns, t, 0), 8u) };
	if (is_by_reference(&refs, t, 0)) {
		p.how = BY_ADDRESS;
		return p;
	}
	if (refs.is_cut || aligns.is_cut || has_unknown(&unknowns, t, 0))
		return p;
	uint64_t n = count_floats(&floats, t, &float_size, 0);
	if (t->kind == TYPE_ARRAY) { // a vector
		p.align = size == 8 ? 8 : 16;
		if (size == 8 || size == 16)
			add_part(&p, true, 0, size);
		else if (size > 16)
			p.how = BY_ADDRESS;
	} else if (n > 0 && n <= PARTS_MAX && n * float_size == size) {
		for (uint64_t i = 0; i < n; i++)
			add_part(&p, true, i * float_size, float_size);
	} else if (size > 16) {
		p.how = BY_ADDRESS; // B.4
	} else {
		p.how = BY_NOTHING;
		p.is_even = p.align == 16; // C.10
		for (uint64_t at = 0; at < size; at += 8)
			add_part(&p, false, at, 8);
	}
	return p;
}

// --- giving out registers and stack ---

struct regs {
	bool is_arm;
	unsigned n_int, n_float; // used so far
	unsigned max_int, max_float;
	bool is_result;
	uint16_t sp;
	int64_t stack; // next stack argument, from CFA
	bool is_lost;  // places of the values after this one cannot be told
};

static uint16_t int_reg(const struct regs *r, unsigned i)
{
	if (r->is_arm)
		return (uint16_t)i;
	return r->is_result ? x86_int_results[i] : x86_int_args[i];
}

static uint16_t float_reg(const struct regs *r, unsigned i)
{
	return (uint16_t)((r->is_arm ? ARM_V0 : X86_XMM0) + i);
}

static void place_at(struct arena *a, struct target_value *v, struct place p)
{
	struct places whole = { &p, 1 };
	place_words(a, v, &whole);
}

// The offset from SP at entry of so many bytes of arguments. The return address lies between SP and
// CFA on x86-64.
static int64_t take_stack(struct regs *r, uint64_t size, uint32_t align)
{
	r->stack = (r->stack + align - 1) & -(int64_t)align;
	int64_t at = r->stack + (r->is_arm ? 0 : 8);
	r->stack += (int64_t)((size + 7) & ~(uint64_t)7);
	return at;
}

static void to_stack(struct arena *a, struct target_value *v, struct regs *r, uint32_t align)
{
	uint64_t size = size_of(v->type);
	// The stack is aligned to 16 bytes: where more is asked for, the distance is not fixed.
	r->is_lost = align > 16 || size > INT32_MAX || r->stack > INT32_MAX;
	if (!r->is_lost)
		place_at(a, v,
			 (struct place) { .kind = PLACE_MEM,
					  .reg = r->sp,
					  .off = take_stack(r, size, align) });
}

static void by_address(struct arena *a, struct target_value *v, struct regs *r)
{
	struct place p = { .kind = PLACE_MEM };
	if (r->n_int < r->max_int) {
		p.reg = int_reg(r, r->n_int++);
	} else {
		p.kind = PLACE_DEREF;
		p.reg = r->sp;
		p.off = take_stack(r, 8, 8);
	}
	place_at(a, v, p);
}

// All parts in registers, or none. arm64 then uses no more registers of that kind (C.3, C.13).
static bool take_regs(struct arena *a, struct target_value *v, struct regs *r,
		      const struct passing *p)
{
	unsigned ints = 0, floats = 0;
	struct place *l = ARENA_ARRAY(a, struct place, p->n);
	if (p->is_even)
		r->n_int = (r->n_int + 1) & ~1u;
	for (size_t i = 0; i < p->n; i++) {
		const struct part *part = &p->parts[i];
		unsigned at = part->is_float ? r->n_float + floats++ : r->n_int + ints++;
		if (at >= (part->is_float ? r->max_float : r->max_int)) {
			if (r->is_arm)
				*(part->is_float ? &r->n_float : &r->n_int) = 8;
			return false;
		}
		l[i] = (struct place) {
			.kind = PLACE_REG,
			.reg = part->is_float ? float_reg(r, at) : int_reg(r, at),
			.off_in_value = part->off,
			.size = part->size,
		};
	}
	r->n_int += ints;
	r->n_float += floats;
	struct places whole = { l, p->n };
	place_words(a, v, &whole);
	return true;
}

static void assign(struct arena *a, struct target_value *v, struct regs *r, const struct passing *p)
{
	switch (p->how) {
	case BY_NOTHING:
		break;
	case BY_REGS:
		if (take_regs(a, v, r, p))
			break;
		if (p->is_doubtful_on_stack)
			r->is_lost = true;
		else
			to_stack(a, v, r, p->align);
		break;
	case BY_STACK:
	case BY_X87:
		to_stack(a, v, r, p->align);
		break;
	case BY_ADDRESS:
		by_address(a, v, r);
		break;
	case BY_UNKNOWN:
		r->is_lost = true;
		break;
	}
}

static struct passing passing_of(bool is_arm, struct type *t)
{
	if (!t)
		return (struct passing) { .how = BY_UNKNOWN };
	return is_arm ? arm_passing(t) : x86_passing(t);
}

// What a result takes from the registers of the arguments. The address of one in memory is passed
// in, and on x86-64 comes back in rax; arm64 has it in x8, which need not keep it.
static void assign_result(struct arena *a, struct target_value *v, struct regs *args)
{
	struct regs r = *args;
	r.is_result = true;
	r.max_int = r.is_arm ? 8 : 2;
	r.max_float = r.is_arm ? 8 : 2;
	struct passing p = passing_of(r.is_arm, v->type);
	if (p.how == BY_REGS) {
		take_regs(a, v, &r, &p);
	} else if (p.how == BY_UNKNOWN) {
		args->is_lost = !r.is_arm; // was there an address?
	} else if ((p.how == BY_STACK || p.how == BY_ADDRESS) && !r.is_arm) {
		args->n_int++;
		place_at(a, v, (struct place) { .kind = PLACE_MEM, .reg = x86_int_results[0] });
	}
}

void c_abi_assign(struct arena *a, enum elf_arch arch, struct target_value *values, size_t n)
{
	bool is_arm = arch == ELF_ARM64;
	struct regs args = { .is_arm = is_arm, .max_int = is_arm ? 8 : 6, .max_float = 8 };
	args.sp = (uint16_t)insn_reg_sp(is_arm ? INSN_ARM64 : INSN_X86_64);
	for (size_t i = 0; i < n; i++)
		if (values[i].is_result)
			assign_result(a, &values[i], &args);
	for (size_t i = 0; i < n && !args.is_lost; i++) {
		if (values[i].is_result)
			continue;
		struct passing p = passing_of(is_arm, values[i].type);
		assign(a, &values[i], &args, &p);
	}
}
