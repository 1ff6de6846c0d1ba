// SPDX-License-Identifier: Apache-2.0
// Arguments: args.x of functions, arg0, sarg0.
#include "check/checker.h"

// arg6 and on are on the stack in C's convention.
#define REG_ARGS_C 6

// --- functions ---

static void tell_no_info(struct checker *c, struct span span, const char *what)
{
	const struct program_part *p = c->part;
	const struct plan_probe *probe = p->n_probes ? p->probes[0] : NULL;
	if (p->kind == PROBE_URETPROBE || part_is_at_entry(c)) {
		tell_error(c, span, "%s: the parameters of %.*s are not known", what,
			   probe ? (int)probe->func_name.len : 0, probe ? probe->func_name.p : "");
		tell_hint(c, "it has no debug information; arg0, arg1, ... are the words");
	} else {
		tell_error(c, span, "%s is known only at the entry of a function", what);
		tell_hint(c, "vars.NAME reads a variable or parameter as it is here; reg(\"di\") "
			     "and *(reg(\"sp\") + 8) are the bare words");
	}
}

static bool is_parameter(const struct target_value *v)
{
	return !v->is_result && !v->is_hidden;
}

// Of a generic function: only typename() asks for it.
static bool is_dictionary(const struct target_value *v)
{
	return v->is_hidden && str_eq(v->name, STR(".dict"));
}

// CFA is where the stack pointer was before the call pushed the return address, which is still
// there at a function's entry and at its exits. The kernel's return probe comes when it is gone.
static struct place as_seen(const struct checker *c, enum insn_arch arch, struct place p)
{
	const struct plan_site *s = part_site(c);
	uint16_t sp = (uint16_t)insn_reg_sp(arch);
	if (p.kind == PLACE_CFA) {
		p.kind = PLACE_MEM;
		p.reg = sp;
		p.off += arch == INSN_X86_64 ? 8 : 0;
	}
	if (p.kind == PLACE_MEM && p.reg == sp && s && s->kind == SITE_RETPROBE)
		p.off -= arch == INSN_X86_64 ? 8 : 0;
	return p;
}

static bool can_read(enum insn_arch arch, const struct place *p)
{
	if (p->kind == PLACE_CONST)
		return true;
	return (p->kind == PLACE_REG || p->kind == PLACE_MEM) && insn_reg_is_int(arch, p->reg);
}

static enum insn_arch arch_of(const struct checker *c)
{
	return target_arch(c->part->probes[0]->program->target);
}

// Pieces of words first to first + n - 1 in one list, as far as they can be read. False if some
// cannot.
static bool gather(struct checker *c, const struct target_value *v, size_t first, size_t n,
		   struct places *out)
{
	bool is_whole = true;
	VEC(struct place) all = { 0 };
	enum insn_arch arch = arch_of(c);
	*out = (struct places) { 0 };
	if (!v->is_known || !v->word_places)
		return false;
	for (size_t i = first; i < first + n; i++) {
		const struct places *w = &v->word_places[i];
		is_whole = is_whole && w->n;
		for (size_t k = 0; k < w->n; k++) {
			struct place p = as_seen(c, arch, w->v[k]);
			if (!can_read(arch, &p)) {
				is_whole = false;
				continue;
			}
			p.size = p.size ? p.size : v->words.v[i].size;
			p.off_in_value += v->words.v[i].off - v->words.v[first].off;
			VEC_PUSH(c->arena, &all, p);
		}
	}
	*out = (struct places) { all.v, all.n };
	return is_whole && all.n > 0;
}

// All of it is in one stretch of memory: one piece, padding and all. Also of a value that has more
// words than are told.
static bool join_pieces(struct checker *c, const struct target_value *v, struct places *p)
{
	const struct place *first = p->n ? &p->v[0] : NULL;
	if (!first || !v->type || first->off_in_value || (p->n == 1 && !v->words.is_cut))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		if (at->kind != PLACE_MEM || at->reg != first->reg ||
		    at->off - (int64_t)at->off_in_value != first->off)
			return false;
	}
	struct place *whole = ARENA_NEW(c->arena, struct place);
	*whole = *first;
	whole->size = type_of_value(c, v->type)->size;
	*p = (struct places) { whole, 1 };
	return true;
}

static void mean_places(struct checker *c, struct expr *e, const struct target_value *v,
			struct places places)
{
	struct member_use *use = member_use_of(c, e);
	use->kind = MEMBER_PLACES;
	use->places = places;
	use->words = v->words;
	use->why = NULL;
}

// A dictionary has no type of its own.
static struct type *type_of_parameter(struct checker *c, const struct target_value *v)
{
	if (is_dictionary(v))
		return c->basic.word;
	return v->type ? type_of_value(c, v->type) : NULL;
}

static bool is_in_vector(struct checker *c, const struct target_value *v)
{
	for (size_t i = 0; v->word_places && i < v->words.n; i++)
		for (size_t k = 0; k < v->word_places[i].n; k++) {
			const struct place *p = &v->word_places[i].v[k];
			if (p->kind == PLACE_REG && !insn_reg_is_int(arch_of(c), p->reg))
				return true;
		}
	return false;
}

const char *why_not_type(struct checker *c, struct type *t)
{
	t = type_of_value(c, t);
	bool is_whole = is_record(t) || t->kind == TYPE_ARRAY || t->kind == TYPE_STRING ||
			t->kind == TYPE_SLICE || t->kind == TYPE_MAP || t->kind == TYPE_CHAN ||
			is_real(t) || is_complex(t) || t->kind == TYPE_IFACE ||
			t->kind == TYPE_FUNC;
	if (!is_scalar(t) && !is_whole)
		return "only numbers, pointers, structs and arrays can be read";
	return t->size > VALUE_SIZE_MAX ? "it is too large" : NULL;
}

// NULL: it can be read, as places; else these are some of it.
static const char *why_not(struct checker *c, const struct target_value *v, struct places *places)
{
	struct type *t = type_of_parameter(c, v);
	const char *why = t ? why_not_type(c, t) : "its type is not known";
	if (v->is_lost_on_restart && !why)
		return "the function does not use it, so that it is lost when the stack has to "
		       "grow";
	// There is nothing to be read.
	if (!why && !t->size && t->go_kind)
		return NULL;
	bool can_read_all = v->words.n && gather(c, v, 0, v->words.n, places);
	bool is_joined = can_read_all && join_pieces(c, v, places);
	if (why)
		return why;
	if (is_in_vector(c, v))
		return "it is passed in a vector register, which a probe cannot read";
	if (v->words.is_cut && !is_joined)
		return "it is too large";
	return can_read_all ? NULL : "it cannot be read here";
}

const char *value_why_not(struct checker *c, const struct target_value *v)
{
	struct places places = { 0 };
	return why_not(c, v, &places);
}

void check_value(struct checker *c, struct expr *e, const char *of, const struct target_value *v)
{
	struct places places = { 0 };
	const char *why = why_not(c, v, &places);
	// Of a struct, some fields may be there.
	if (!why || (places.n && is_record(type_of_value(c, v->type)))) {
		mean_places(c, e, v, places);
		e->type = type_of_parameter(c, v);
		((struct member_use *)e->meaning)->why = why;
		return;
	}
	struct str text = v->type ? type_spell(c->arena, v->type) : STR("of unknown type");
	struct str name = e->member.name.text;
	e->type = NULL;
	tell_error(c, e->span, "%s%s%.*s is %.*s: %s", of, name.len ? "." : "", STR_ARG(name),
		   STR_ARG(text), why);
	const struct target_info *info = part_info(c);
	for (size_t i = 0; info && !v->is_known && i < info->notes.n; i++)
		tell_hint(c, "%.*s", STR_ARG(info->notes.v[i]));
}

static void tell_no_parameter(struct checker *c, const struct target_info *info, struct name name)
{
	struct near near = near_init(name.text);
	struct out_buf b = { 0 };
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (!is_parameter(v) || !v->name.len)
			continue;
		near_offer(&near, v->name);
		struct str type = v->type ? type_spell(c->arena, v->type) : STR("?");
		bool is_c = info->brief.lang != LANG_GO;
		out_buf_printf(&b, "%s%.*s %.*s", b.n ? ", " : "", STR_ARG(is_c ? type : v->name),
			       STR_ARG(is_c ? v->name : type));
	}
	if (!b.n && tell_missing(c, name.span, "args"))
		return;
	tell_error(c, name.span, "%.*s has no parameter '%.*s'", STR_ARG(info->func->name),
		   STR_ARG(name.text));
	if (b.n)
		tell_hint(c, "it has: %.*s", STR_ARG(out_buf_view(&b)));
	else
		tell_hint(c, "it has none");
	out_buf_free(&b);
}

void check_args_member(struct checker *c, struct expr *e)
{
	enum probe_kind kind = c->part->kind;
	e->type = NULL;
	if (kind == PROBE_TRACEPOINT && tracepoint_of(c)) {
		check_tracepoint_field(c, e);
		return;
	}
	if (kind != PROBE_UPROBE && kind != PROBE_URETPROBE) {
		tell_error(c, e->member.base->span, "args is not there in %s probes",
			   probe_kind_name(kind));
		if (kind == PROBE_USDT)
			tell_hint(c, "arg0, arg1, ... are the arguments of a usdt probe");
		return;
	}
	if (part_is_in_copy(c)) {
		check_vars_member(c, e);
		return;
	}
	struct target_info *info = part_info(c);
	if (!info) {
		tell_no_info(c, e->span, "args");
		return;
	}
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if ((!is_parameter(v) && !is_dictionary(v)) ||
		    !str_eq(v->name, e->member.name.text))
			continue;
		check_value(c, e, "args", &info->values[i]);
		return;
	}
	tell_no_parameter(c, info, e->member.name);
}

// --- all of them ---

static void list_parameters(struct checker *c, struct span span, struct name_list *names)
{
	struct target_info *info = part_info(c);
	for (size_t i = 0; info && i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		struct places places;
		if (!is_parameter(v) || !v->name.len)
			continue;
		const char *why = why_not(c, v, &places);
		if (!why)
			VEC_PUSH(c->arena, names, v->name);
		else
			note_left_out(c, span, v->name, why);
	}
}

static void list_args(struct checker *c, struct span span, struct name_list *names)
{
	struct program_part *part = c->part;
	const struct tracepoint *t = part->kind == PROBE_TRACEPOINT ? tracepoint_of(c) : NULL;
	for (size_t i = 0; t && i < t->n_fields; i++)
		if (!t->fields[i].is_common)
			VEC_PUSH(c->arena, names, t->fields[i].name);
	if (t)
		return;
	// What a return probe knows of the arguments is what was there at the entry.
	if (part->call && part->call->entry)
		c->part = part->call->entry;
	if (part_is_in_copy(c))
		list_copy_args(c, names);
	else
		list_parameters(c, span, names);
	c->part = part;
}

bool args_are_there(struct checker *c, struct span span)
{
	struct name_list names = { 0 };
	list_args(c, span, &names);
	return names.n > 0;
}

// Of C nothing tells how many there are.
#define WORDS_OF_C 4

// Words are what there is without debug information.
static bool has_words(const struct target_info *info)
{
	for (size_t i = 0; i < info->n_values; i++)
		if (is_parameter(&info->values[i]) && info->values[i].type)
			return false;
	return true;
}

static bool has_parameters(const struct target_info *info)
{
	for (size_t i = 0; i < info->n_values; i++)
		if (is_parameter(&info->values[i]))
			return true;
	return false;
}

size_t args_words(struct checker *c, bool *is_all)
{
	struct target_info *info = part_info(c);
	size_t n = 0;
	*is_all = false;
	if (part_is_in_copy(c) || !info)
		return 0;
	if (!part_is_go(c)) {
		*is_all = info->brief.signature.len && !has_parameters(info);
		return info->brief.signature.len ? 0 : WORDS_OF_C;
	}
	if (!has_words(info))
		return 0;
	*is_all = !info->may_have_params;
	for (size_t i = 0; i < info->n_values; i++) {
		if (!is_parameter(&info->values[i]))
			continue;
		if (!info->values[i].is_known) {
			*is_all = false;
			break;
		}
		n += info->values[i].words.n;
	}
	return n;
}

bool args_word_is_there(struct checker *c, size_t index)
{
	struct target_info *info = part_info(c);
	for (size_t i = 0; info && part_is_go(c) && i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		struct places places;
		if (!is_parameter(v))
			continue;
		if (index < v->words.n)
			return !v->is_lost_on_restart && gather(c, v, index, 1, &places);
		index -= v->words.n;
	}
	return !part_is_go(c);
}

void become_record(struct checker *c, struct expr *e, const char *of, const struct name_list *names)
{
	struct record_item *items = ARENA_ARRAY(c->arena, struct record_item, names->n);
	for (size_t i = 0; i < names->n; i++) {
		struct expr *member = expr_new(c, EXPR_MEMBER, e->span, NULL);
		member->member.base = expr_new(c, EXPR_NAME, e->span, NULL);
		member->member.base->str = str_from(of);
		member->member.name = (struct name) { names->v[i], e->span };
		member->height = 1;
		items[i] = (struct record_item) { member->member.name, member };
	}
	*e = (struct expr) { .kind = EXPR_RECORD, .span = e->span, .height = 2 };
	e->record.v = items;
	e->record.n = names->n;
	check_expr(c, e);
}

void check_args_all(struct checker *c, struct expr *e)
{
	struct name_list names = { 0 };
	list_args(c, e->span, &names);
	if (names.n)
		become_record(c, e, "args", &names);
	else if (c->part->kind == PROBE_USDT)
		tell_error(c, e->span, "usdt probes have arg0, arg1, ..., not args");
	else if (part_info(c) && tell_missing(c, e->span, "args"))
		return;
	else if (c->part->clause->probes.n > 1 && (part_info(c) || part_is_in_copy(c)))
		set_text(c, e, STR("{}")); // of many functions, some have none
	else if (c->part->kind == PROBE_TRACEPOINT || part_info(c) || part_is_in_copy(c))
		tell_error(c, e->span, "there are no arguments to be read here");
	else
		tell_no_info(c, e->span, "args");
}

// --- words ---

static void mean_builtin(struct checker *c, struct expr *e, enum builtin id, uint32_t index)
{
	struct builtin_use *use = ARENA_NEW(c->arena, struct builtin_use);
	use->id = id;
	use->index = index;
	e->meaning = use;
	e->type = c->basic.word;
}

static void check_usdt_arg(struct checker *c, struct expr *e, uint32_t index)
{
	const struct plan_site *site = c->program->sites[c->part->first_site].site;
	const struct usdt_note *note = site ? site->usdt : NULL;
	if (!note || index >= note->n_args) {
		tell_error(c, e->span, "this probe has %zu arguments: there is no arg%u",
			   note ? note->n_args : 0, index);
		return;
	}
	const struct usdt_arg *a = &note->args[index];
	if (a->kind == USDT_OTHER || a->is_float) {
		tell_error(c, e->span, "arg%u cannot be read: it is '%.*s'", index,
			   STR_ARG(a->text));
		return;
	}
	mean_builtin(c, e, BUILTIN_ARG, index);
	e->type = type_int(c, a->is_signed, 8);
}

// The N-th word of a Go function's arguments becomes the place where its convention has it.
static void check_go_word(struct checker *c, struct expr *e, const struct target_info *info,
			  uint32_t index, const char *what)
{
	uint32_t at = 0;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (!is_parameter(v))
			continue;
		if (!v->words.n || index - at >= v->words.n) {
			at += (uint32_t)v->words.n;
			continue;
		}
		struct places places;
		if (!gather(c, v, index - at, 1, &places)) {
			tell_error(c, e->span, "%s%u cannot be read here", what, index);
			return;
		}
		struct expr *base = expr_new(c, EXPR_NAME, e->span, NULL);
		base->str = STR("args");
		struct name name = { arena_printf(c->arena, "%s%u", what, index), e->span };
		*e = (struct expr) { .kind = EXPR_MEMBER, .span = e->span, .height = 1 };
		e->member.base = base;
		e->member.name = name;
		mean_places(c, e, v, places);
		struct member_use *use = e->meaning;
		use->words = (struct type_words) { &v->words.v[index - at], 1, 1, false, false };
		use->is_word = true;
		e->type = c->basic.word;
		return;
	}
	tell_error(c, e->span, "%.*s has %u words of arguments: there is no %s%u",
		   STR_ARG(info->func->name), at, what, index);
}

static void check_go_arg(struct checker *c, struct expr *e, uint32_t index, bool is_stack)
{
	const char *what = is_stack ? "sarg" : "arg";
	struct str name = arena_printf(c->arena, "%s%u", what, index);
	struct target_info *info = part_info(c);
	bool is_on_stack = info ? info->brief.abi == ABI_GO0 : is_stack && !part_is_at_entry(c);
	if (is_on_stack)
		mean_builtin(c, e, BUILTIN_SARG, index);
	else if (!info)
		tell_no_info(c, e->span, name.p);
	else
		check_go_word(c, e, info, index, what);
}

void check_arg(struct checker *c, struct expr *e, uint32_t index, bool is_stack)
{
	enum probe_kind kind = c->part->kind;
	struct str name = arena_printf(c->arena, "%s%u", is_stack ? "sarg" : "arg", index);
	if (kind == PROBE_USDT && !is_stack) {
		check_usdt_arg(c, e, index);
	} else if (kind == PROBE_URETPROBE) {
		tell_error(c, e->span, "%s is there only at the entry of a function", name.p);
		tell_hint(c, "args.NAME is what it was at the entry");
	} else if (kind != PROBE_UPROBE && kind != PROBE_WATCHPOINT) {
		tell_error(c, e->span, "%s is not there in %s probes", name.p,
			   kind == PROBE_BEGIN ? "BEGIN"
			   : kind == PROBE_END ? "END"
					       : probe_kind_name(kind));
		if (kind == PROBE_TRACEPOINT)
			tell_hint(c, "args.NAME is a field of a tracepoint");
	} else if (part_is_go(c)) {
		check_go_arg(c, e, index, is_stack);
	} else if (is_stack || index < REG_ARGS_C) {
		mean_builtin(c, e, is_stack ? BUILTIN_SARG : BUILTIN_ARG, index);
	} else if (part_is_at_entry(c)) {
		mean_builtin(c, e, BUILTIN_SARG, index - REG_ARGS_C);
	} else {
		tell_error(c, e->span, "%s is on the stack, and known only at the entry", name.p);
	}
}
