// SPDX-License-Identifier: Apache-2.0
// Calls that give a value.
#include <arpa/inet.h>
#include <signal.h>

#include "check/checker.h"

static void tell_arg(struct checker *c, struct expr *arg, const struct function_info *f,
		     const char *what)
{
	struct str text = spell(c, arg->type);
	tell_error(c, arg->span, "%s() takes %s, not %.*s", f->name, what, STR_ARG(text));
}

// e becomes the expression inner, and keeps its span.
static void become(struct expr *e, const struct expr *inner)
{
	struct span span = e->span;
	*e = *inner;
	e->span = span;
}

static bool text_arg(struct checker *c, struct expr *arg, const struct function_info *f)
{
	if (arg->type->kind == TYPE_TEXT)
		return true;
	tell_arg(c, arg, f, "a string");
	if (is_scalar(arg->type))
		tell_hint(c, "str(...) reads the string at an address");
	return false;
}

static bool size_arg(struct checker *c, struct expr *arg, const struct function_info *f,
		     int64_t *out)
{
	if (arg->kind != EXPR_INT) {
		tell_error(c, arg->span, "the size that %s() takes must be a constant", f->name);
		return false;
	}
	*out = (int64_t)arg->num.value;
	if (*out >= 0 && *out <= VALUE_SIZE_MAX)
		return true;
	tell_error(c, arg->span, "%s() takes a size from 0 to %u", f->name, VALUE_SIZE_MAX);
	return false;
}

// --- texts and bytes ---

// $1 is the text that was given, even if it is a number.
static bool str_of_param(struct checker *c, struct expr *e, struct expr *arg, uint64_t size)
{
	uint64_t n = arg->num.value;
	if (arg->kind != EXPR_PARAM)
		return false;
	struct str text = n >= 1 && n <= c->options->n_params ? c->options->params[n - 1] : STR("");
	set_text(c, e, str_first(text, (size_t)size - 1));
	return true;
}

// How many bytes the text has with its NUL, which n does not count; false if that is known only
// later.
static bool str_size(struct checker *c, struct expr *e, uint64_t *size)
{
	*size = c->config->max_strlen;
	if (e->call.args.n < 2)
		return true;
	struct expr *arg = e->call.args.v[1];
	if (arg->kind != EXPR_INT)
		return false;
	bool is_negative = arg->type->kind == TYPE_INT && (int64_t)arg->num.value < 0;
	if (is_negative)
		tell_error(c, arg->span, "a size cannot be negative");
	else if (arg->num.value > *size)
		tell_warning(c, arg->span, "strings have at most %llu bytes (max_strlen)",
			     (unsigned long long)*size);
	else if (arg->num.value < *size)
		*size = arg->num.value + 1;
	return true;
}

static void address_arg(struct checker *c, struct expr *arg)
{
	if (arg->type->kind != TYPE_PTR)
		convert(c, arg, type_pointer(c, c->basic.chars[1], false));
}

// e becomes arg, a text, or its start: of that no NUL tells where it ends.
static void start_of_text(struct checker *c, struct expr *e, const struct expr *arg, uint64_t size)
{
	struct type *wanted = e->type;
	become(e, arg);
	e->type = arg->type;
	if (size == 1 || (e->kind == EXPR_STR && e->str.len >= size))
		set_text(c, e, str_first(e->kind == EXPR_STR ? e->str : STR(""), size - 1));
	else if (size > 1 && size < e->type->size && wanted != arg->type)
		convert(c, e, type_text(c, size - 1));
	convert(c, e, wanted);
}

FUNCTION_CHECK(check_str)
{
	struct expr *arg = e->call.args.v[0];
	uint64_t size;
	if (e->call.args.n > 1) {
		check_expr(c, e->call.args.v[1]);
		if (!number_of(c, e->call.args.v[1], "the size of a string"))
			return;
	}
	bool is_constant = str_size(c, e, &size);
	if (str_of_param(c, e, arg, size))
		return;
	check_expr(c, arg);
	bool is_bytes = is_byte_array(arg->type);
	if (is_go_bytes(arg->type)) {
		check_go_str(c, e, f);
		return;
	}
	if (!is_bytes && !value_of(c, arg))
		return;
	if (is_bytes || arg->type->kind == TYPE_TEXT) {
		struct type *t = is_bytes ? type_text(c, arg->type->count + 1) : arg->type;
		convert(c, arg, t);
		e->type = e->call.args.n > 1 ? type_text(c, MIN(size, t->size)) : t;
		if (!is_constant)
			tell_error(c, e->call.args.v[1]->span,
				   "the size of a part of a text must be a constant");
		else if (c->is_final)
			start_of_text(c, e, arg, size);
		return;
	}
	if (!is_scalar(arg->type)) {
		tell_arg(c, arg, f, "an address");
		return;
	}
	address_arg(c, arg);
	if (is_constant && c->is_final && size == c->config->max_strlen)
		e->call.args.n = 1; // what is longer is marked
	else if (e->call.args.n > 1)
		convert(c, e->call.args.v[1], type_int(c, false, 8));
	call_use_new(c, e, f);
	e->type = type_text(c, size);
}

// A text as an array of its bytes: at least n, zeros behind the text's own.
static void text_as_bytes(struct checker *c, struct expr *arg, uint64_t n)
{
	uint64_t size = MAX(n, arg->type->size);
	convert(c, arg, type_text(c, size));
	convert(c, arg, type_array(c, type_int(c, false, 1), size));
}

FUNCTION_CHECK(check_buf)
{
	struct expr *arg = e->call.args.v[0];
	bool is_text = arg->type->kind == TYPE_TEXT;
	if (is_go_bytes(arg->type)) {
		check_go_buf(c, e, f);
		return;
	}
	bool is_array = arg->type->kind == TYPE_ARRAY || is_text;
	int64_t n =
		is_array ? (int64_t)MIN(arg->type->size, VALUE_SIZE_MAX) : c->config->max_strlen;
	if (!is_array && !is_scalar(arg->type)) {
		tell_arg(c, arg, f, "an address, an array or a string");
		return;
	}
	if (is_text && e->call.args.n < 2) {
		tell_error(c, e->span, "buf() of a string takes how many bytes: buf(text, n)");
		return;
	}
	if (e->call.args.n > 1) {
		struct expr *size = e->call.args.v[1];
		if (!number_of(c, size, "the size of a buffer"))
			return;
		if (size->kind != EXPR_INT)
			convert(c, size, type_int(c, false, 8));
		else if (!size_arg(c, size, f, &n))
			return;
		else if (c->is_final)
			e->call.args.n = 1;
	}
	if (!is_array)
		address_arg(c, arg);
	else if (is_text)
		text_as_bytes(c, arg, (uint64_t)n);
	call_use_new(c, e, f);
	e->type = type_buffer(c, (uint64_t)n);
}

FUNCTION_CHECK(check_strncmp)
{
	int64_t n;
	struct expr **v = e->call.args.v;
	if (!text_arg(c, v[0], f) || !text_arg(c, v[1], f) || !size_arg(c, v[2], f, &n))
		return;
	struct call_use *use = call_use_new(c, e, f);
	use->n = (uint32_t)n;
	e->type = type_int(c, false, 8);
	if (c->is_final)
		e->call.args.n = 2;
}

FUNCTION_CHECK(check_strcontains)
{
	if (!text_arg(c, e->call.args.v[0], f) || !text_arg(c, e->call.args.v[1], f))
		return;
	check_nesting(c, e->span, 1);
	call_use_new(c, e, f);
	e->type = f->id == FUNCTION_STRSTR ? type_int(c, true, 8) : c->basic.boolean;
}

FUNCTION_CHECK(check_strlen)
{
	struct expr *arg = e->call.args.v[0];
	if (!text_arg(c, arg, f))
		return;
	// A Go string knows how long it is.
	if (arg->kind == EXPR_CAST && arg->cast.value->type->kind == TYPE_STRING) {
		check_go_len(c, e, arg->cast.value, false);
		return;
	}
	call_use_new(c, e, f);
	e->type = type_int(c, false, 8);
}

FUNCTION_CHECK(check_memcmp)
{
	int64_t n;
	struct expr **v = e->call.args.v;
	if (!size_arg(c, v[2], f, &n))
		return;
	for (size_t i = 0; i < 2; i++) {
		if (v[i]->type->kind == TYPE_STRING && !value_of(c, v[i]))
			return;
		struct type *t = v[i]->type;
		if (!is_scalar(t) && t->kind != TYPE_ARRAY && t->kind != TYPE_TEXT) {
			tell_arg(c, v[i], f, "an address, an array or a string");
			return;
		}
		if (is_scalar(t))
			address_arg(c, v[i]);
		else if (t->kind == TYPE_TEXT)
			text_as_bytes(c, v[i], (uint64_t)n);
	}
	for (size_t i = 0; i < 2; i++) {
		if (v[i]->type->kind == TYPE_ARRAY && (uint64_t)n > v[i]->type->size) {
			tell_error(c, v[2]->span, "this is more than the array has");
			return;
		}
	}
	struct call_use *use = call_use_new(c, e, f);
	use->n = (uint32_t)n;
	e->type = type_int(c, true, 8);
	if (c->is_final)
		e->call.args.n = 2;
}

// --- values that are put into words outside ---

static struct type *shown_type(struct checker *c, enum out_kind kind, uint32_t size,
			       const char *name, struct out_type more)
{
	struct out_type *shown = ARENA_NEW(c->arena, struct out_type);
	*shown = more;
	shown->kind = kind;
	shown->size = size;
	return type_opaque(c, shown, name);
}

FUNCTION_CHECK(check_symbol)
{
	struct expr *arg = e->call.args.v[0];
	if (!number_of(c, arg, "an address"))
		return;
	convert(c, arg, type_int(c, false, 8));
	call_use_new(c, e, f);
	e->type = c->basic.symbol;
}

FUNCTION_CHECK(check_strftime)
{
	struct str format;
	struct expr *ns = e->call.args.v[1];
	if (!constant_text_of(c, e->call.args.v[0], "the format of a time", &format))
		return;
	check_expr(c, ns);
	if (!number_of(c, ns, "a time"))
		return;
	struct out_type more = { .format = format, .clock = OUT_CLOCK_BOOT };
	const struct builtin_use *use = ns->meaning;
	bool is_builtin = ns->kind == EXPR_NAME ||
			  (ns->kind == EXPR_CALL && !function_find(ns->call.name.text));
	if (is_builtin && use && use->id == BUILTIN_NSECS)
		more.clock = use->clock;
	convert(c, ns, type_int(c, false, 8));
	call_use_new(c, e, f);
	e->type = shown_type(c, OUT_TIMESTAMP, 8, "timestamp", more);
	if (c->is_final) {
		e->call.args.v[0] = ns;
		e->call.args.n = 1;
	}
}

FUNCTION_CHECK(check_ntop)
{
	struct expr *arg = e->call.args.v[e->call.args.n - 1];
	bool is_array = is_byte_array(arg->type) && (arg->type->size == 4 || arg->type->size == 16);
	if (!is_array && !is_int(arg->type)) {
		tell_arg(c, arg, f, "a number, or an array of 4 or 16 bytes");
		return;
	}
	if (e->call.args.n == 2 && !number_of(c, e->call.args.v[0], "an address family"))
		return;
	if (!is_array)
		convert(c, arg, type_int(c, false, 4));
	call_use_new(c, e, f);
	e->type = shown_type(c, OUT_INET, 20, "inet", (struct out_type) { 0 });
	if (c->is_final) {
		e->call.args.v[0] = arg;
		e->call.args.n = 1;
	}
}

FUNCTION_CHECK(check_macaddr)
{
	struct expr *arg = e->call.args.v[0];
	if (!is_byte_array(arg->type) || arg->type->size != 6) {
		tell_arg(c, arg, f, "an array of 6 bytes");
		return;
	}
	call_use_new(c, e, f);
	e->type = shown_type(c, OUT_MAC, 6, "mac", (struct out_type) { 0 });
}

FUNCTION_CHECK(check_number_name)
{
	static const struct {
		enum function id;
		enum name_of of;
	} names[] = {
		{ FUNCTION_STRERROR, NAME_ERROR },
		{ FUNCTION_SIGNAL_NAME, NAME_SIGNAL },
		{ FUNCTION_SYSCALL_NAME, NAME_SYSCALL },
		{ FUNCTION_CGROUP_PATH, NAME_CGROUP },
	};
	struct expr *arg = e->call.args.v[0];
	if (!number_of(c, arg, "what is named"))
		return;
	convert(c, arg, type_int(c, false, 8));
	call_use_new(c, e, f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].id == f->id)
			e->type = type_name(c, names[i].of);
}

// --- numbers ---

FUNCTION_CHECK(check_bswap)
{
	struct expr *arg = e->call.args.v[0];
	if (!is_int(arg->type)) {
		tell_arg(c, arg, f, "a whole number");
		return;
	}
	call_use_new(c, e, f);
	e->type = type_int(c, false, arg->type->size);
	convert(c, arg, e->type);
}

static bool signal_of(struct str name, int64_t *out)
{
	if (str_starts(name, STR("SIG")))
		name = str_from_off(name, 3);
	for (int i = 1; i < 32; i++) {
		const char *known = sigabbrev_np(i);
		if (!known || !str_eq(name, str_from(known)))
			continue;
		*out = i;
		return true;
	}
	return false;
}

FUNCTION_CHECK(check_signal)
{
	struct expr *arg = e->call.args.v[0];
	int64_t number;
	if (!is_in_probe(c, e->span, STR("signal()")))
		return;
	enum probe_kind kind = c->part->kind;
	check_expr(c, arg);
	if (arg->kind == EXPR_STR) {
		if (!signal_of(arg->str, &number)) {
			tell_error(c, arg->span, "there is no signal \"%.*s\"", STR_ARG(arg->str));
			return;
		}
		set_int(c, arg, type_int(c, true, 8), (uint64_t)number);
	}
	if (!number_of(c, arg, "a signal"))
		return;
	if (arg->kind == EXPR_INT && (arg->num.value < 1 || arg->num.value > 64)) {
		tell_error(c, arg->span, "signals are from 1 to 64");
		return;
	}
	// What runs there is stoat itself, or whoever has the CPU at that time.
	if (kind == PROBE_BEGIN || kind == PROBE_END || kind == PROBE_INTERVAL ||
	    kind == PROBE_SIGNAL) {
		tell_error(c, e->span, "signal() is not there in %s probes: no traced process",
			   kind == PROBE_BEGIN ? "BEGIN"
			   : kind == PROBE_END ? "END"
					       : probe_kind_name(kind));
		return;
	}
	convert(c, arg, type_int(c, true, 8));
	call_use_new(c, e, f);
	e->type = c->basic.none;
}

FUNCTION_CHECK(check_pointer_kind)
{
	struct expr *arg = e->call.args.v[0];
	bool is_kernel = str_eq(str_from(f->name), STR("kptr"));
	if (!number_of(c, arg, "an address"))
		return;
	struct type *elem = arg->type->kind == TYPE_PTR ? arg->type->elem : type_int(c, false, 8);
	struct type *t = type_pointer(c, elem, is_kernel);
	e->type = t;
	if (!c->is_final)
		return;
	become(e, arg);
	convert(c, e, t);
}

// --- known before anything runs ---

FUNCTION_CHECK(check_is_type)
{
	struct type *t = e->call.args.v[0]->type;
	struct str name = str_from(f->name);
	bool is_array = t->kind == TYPE_ARRAY;
	bool v = str_eq(name, STR("is_ptr"))                ? t->kind == TYPE_PTR
		 : str_eq(name, STR("is_str"))              ? t->kind == TYPE_TEXT
		 : str_eq(name, STR("is_integer"))          ? is_int(t)
		 : str_eq(name, STR("is_unsigned_integer")) ? t->kind == TYPE_UINT
		 : str_eq(name, STR("is_array"))
			 ? is_array
			 : is_literal_int(e->call.args.v[0]) || e->call.args.v[0]->kind == EXPR_STR;
	e->type = c->basic.boolean;
	if (c->is_final)
		set_bool(c, e, v);
}

FUNCTION_CHECK(check_assert)
{
	int64_t v;
	struct str text = STR("it does not hold");
	e->type = c->basic.none;
	if (e->call.args.n > 1 && !constant_text_of(c, e->call.args.v[1], "the text", &text))
		return;
	if (!c->is_final) {
		check_expr(c, e->call.args.v[0]);
		return;
	}
	if (!constant_of(c, e->call.args.v[0], "what is asserted", &v))
		return;
	if (!v)
		tell_error(c, e->span, "%s: %.*s", f->name, STR_ARG(text));
	struct expr zero = { .span = e->span };
	set_int(c, &zero, type_int(c, true, 8), 0);
	*e = zero;
	e->type = c->basic.none;
}

FUNCTION_CHECK(check_fail)
{
	struct str text;
	e->type = c->basic.none;
	if (constant_text_of(c, e->call.args.v[0], "the text", &text))
		tell_error(c, e->span, "%s: %.*s", f->name, STR_ARG(text));
}

FUNCTION_CHECK(check_pton)
{
	struct expr *arg = e->call.args.v[0];
	struct str text;
	char bytes[sizeof(struct in6_addr)];
	if (!constant_text_of(c, arg, "an internet address", &text))
		return;
	bool is_new = str_find(text, STR(":")) >= 0;
	const char *s = arena_printf(c->arena, "%.*s", STR_ARG(text)).p;
	if (inet_pton(is_new ? AF_INET6 : AF_INET, s, bytes) != 1) {
		tell_error(c, arg->span, "%s() takes an internet address: \"192.168.0.1\", \"::1\"",
			   f->name);
		return;
	}
	struct str raw = { bytes, is_new ? 16 : 4 };
	struct type *t = type_array(c, type_int(c, false, 1), raw.len);
	e->type = t;
	if (!c->is_final)
		return;
	set_text(c, e, arena_strdup(c->arena, raw));
	convert(c, e, t);
}

// --- symbols of the program ---

static bool can_move(const struct checker *c)
{
	return elf_is_pie(target_elf(c->part->probes[0]->program->target));
}

FUNCTION_CHECK(check_uaddr)
{
	struct str name;
	const struct program_part *p = c->part;
	if (!is_in_probe(c, e->span, STR("uaddr()")) ||
	    !constant_text_of(c, e->call.args.v[0], "the name of a symbol", &name))
		return;
	struct plan_program *program = p->n_probes ? p->probes[0]->program : NULL;
	if (!program) {
		tell_error(c, e->span, "%s() is there only in probes on a program", f->name);
		return;
	}
	const struct elf_sym *sym = elf_find_symbol(target_elf(program->target), name);
	const struct plan_site *site = c->program->sites[p->first_site].site;
	if (!sym) {
		tell_error(c, e->call.args.v[0]->span, "there is no symbol '%.*s' in %.*s",
			   STR_ARG(name), STR_ARG(program->text));
		return;
	}
	uint64_t size = sym->size;
	bool is_number = size == 1 || size == 2 || size == 4 || size == 8;
	struct type *t = type_pointer(c, type_int(c, false, is_number ? size : 8), false);
	if (!can_move(c)) {
		set_int(c, e, t, sym->vaddr);
		return;
	}
	if (p->n_sites != 1 || !site || p->kind == PROBE_URETPROBE) {
		tell_error(c, e->span,
			   "%s() needs a probe at one place: the program is moved when "
			   "it is loaded",
			   f->name);
		return;
	}
	// Where the probe is tells how far the program was moved.
	struct builtin_use *use = ARENA_NEW(c->arena, struct builtin_use);
	struct expr *ip = expr_new(c, EXPR_NAME, e->span, t);
	ip->str = STR("ip");
	use->id = BUILTIN_REG;
	use->index = 16;
	ip->meaning = use;
	struct expr *moved = expr_new(c, EXPR_INT, e->span, type_int(c, true, 8));
	moved->num.value = sym->vaddr - site->vaddr;
	e->type = t;
	if (!c->is_final)
		return;
	*e = (struct expr) { .kind = EXPR_BINARY, .op = OP_ADD, .span = e->span, .type = t };
	ip->type = c->basic.word;
	convert(c, ip, t);
	e->height = 2;
	e->binary.left = ip;
	e->binary.right = moved;
}
