// SPDX-License-Identifier: Apache-2.0
// uprobe and uretprobe: functions, offsets in them, addresses, source lines.
#include <strings.h>

#include "base/map.h"
#include "probe/internal.h"

// Positions of inlined copies that a message names.
#define COPIES_SHOWN 5u

// --- reading the attach point ---

static bool is_language(struct str s)
{
	static const char *const names[] = { "cpp", "c", "go", "rust" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(s, str_from(names[i])))
			return true;
	return false;
}

// The fields from first on are one name: type:.eq.main.T has a ':' in it, ns::f two.
static void read_symbol(struct maker *m, size_t first, struct func_spec *out)
{
	const struct attach *at = m->attach;
	const struct attach_field *fields = at->fields;
	struct str s = field_text(m, &fields[first]);
	bool is_quoted = fields[first].is_quoted;
	for (size_t i = first + 1; i < at->n_fields; i++) {
		s = arena_printf(m->arena, "%.*s:%.*s", STR_ARG(s),
				 STR_ARG(field_text(m, &fields[i])));
		is_quoted |= fields[i].is_quoted;
	}
	struct number n;
	out->symbol = arena_strdup(m->arena, s);
	out->span = span_join(fields[first].span, fields[at->n_fields - 1].span);
	if (!is_quoted && number_parse(s, &n) && !n.is_duration) {
		out->is_address = true;
		out->address = n.value;
	}
}

static bool read_line(struct maker *m, struct func_spec *out)
{
	const struct attach *at = m->attach;
	uint64_t line, column = 0;
	if (!field_number(m, at->line, "the line", &line) ||
	    (at->column && !field_number(m, at->column, "the column", &column)))
		return false;
	if (!line || line > UINT32_MAX || column > UINT32_MAX) {
		diag_error(m->diag, at->line->span, "there is no such line");
		return false;
	}
	out->bin = &at->fields[0];
	out->line = (uint32_t)line;
	out->column = (uint32_t)column;
	return true;
}

static bool read_spec(struct maker *m, struct func_spec *out)
{
	static const struct attach_field empty = { 0 };
	const struct attach *at = m->attach;
	*out = (struct func_spec) { .bin = &empty };
	if (at->file && at->line)
		return read_line(m, out);
	size_t first = at->n_fields == 1 && m->o->pid ? 0 : 1;
	if (at->n_fields <= first) {
		diag_error(m->diag, at->span, "expected %s:PROGRAM:FUNCTION",
			   probe_kind_name(m->kind));
		return false;
	}
	if (first)
		out->bin = &at->fields[0];
	if (first && at->n_fields > 2 && is_language(field_text(m, &at->fields[1]))) {
		out->is_cpp = str_eq(field_text(m, &at->fields[1]), STR("cpp"));
		first++;
	}
	read_symbol(m, first, out);
	if (!out->symbol.len) {
		diag_error(m->diag, at->span, "the function is missing");
		return false;
	}
	if (at->offset) {
		out->has_offset = true;
		return field_number(m, at->offset, "the offset", &out->offset);
	}
	return true;
}

static bool check_return_spec(struct maker *m, const struct func_spec *spec)
{
	const char *what = m->attach->file    ? "a source line"
			   : spec->has_offset ? "an offset"
			   : spec->is_address ? "an address"
					      : NULL;
	if (!what)
		return true;
	diag_error(m->diag, m->attach->span, "a return probe is on a whole function, not on %s",
		   what);
	return false;
}

// --- sites ---

struct str probe_text(struct finder *p, struct str where)
{
	return arena_printf(p->m->arena, "%s:%.*s:%s%.*s", probe_kind_name(p->m->kind),
			    STR_ARG(p->program->text), p->spec->is_cpp ? "cpp:" : "",
			    STR_ARG(where));
}

// Why an instruction cannot be probed; NULL if it can.
static const char *refusal(struct target *t, const struct insn *in)
{
	struct bytes code = elf_at(target_elf(t), in->vaddr);
	return in->cost == INSN_REFUSED ? insn_refusal(target_arch(t), code) : NULL;
}

const char *site_finish(struct finder *p, struct plan_site *s)
{
	if (!s->insn.len)
		return "the file has no code for it";
	if (!elf_vaddr_to_foff(target_elf(p->t), s->vaddr, &s->foff))
		return "its code is not in the file";
	return refusal(p->t, &s->insn);
}

struct plan_probe *add_site(struct finder *p, const struct target_func *f, struct str text,
			    struct plan_site site)
{
	struct maker *m = p->m;
	struct plan_probe *probe = add_probe(m, text);
	probe->program = p->program;
	probe->func = f;
	probe->func_name = f ? f->name : STR("");
	probe->sites = ARENA_NEW(m->arena, struct plan_site);
	probe->sites[0] = site;
	probe->n_sites = 1;
	return probe;
}

// Names for people come before those that the linker and the C library need.
static bool is_better_name(struct str a, struct str b)
{
	size_t in_a = 0, in_b = 0;
	while (in_a < a.len && a.p[in_a] == '_')
		in_a++;
	while (in_b < b.len && b.p[in_b] == '_')
		in_b++;
	return in_a != in_b ? in_a < in_b : a.len < b.len;
}

// Of several names for the same code a pattern takes one, or a call would count twice.
static bool is_known(struct finder *p, const struct target_func *f)
{
	size_t index = (size_t)map_get(&p->seen, f->vaddr + 1);
	if (!index)
		return false;
	struct plan_probe *probe = &p->m->clause->probes.v[index - 1];
	if (is_better_name(f->symbol, probe->func->symbol)) {
		probe->func = probe->sites[0].func = f;
		probe->func_name = f->name;
		probe->text = probe_text(p, f->symbol);
	}
	return true;
}

struct plan_site site_of_entry(struct finder *p, const struct target_func *f)
{
	struct target_site entry;
	target_entry(p->t, f, &entry);
	return (struct plan_site) {
		.kind = SITE_ENTRY,
		.func = f,
		.vaddr = entry.vaddr,
		.off = entry.off,
		.insn = entry.insn,
		.condition = entry.condition,
		.may_repeat = entry.may_repeat,
		.why = entry.note,
	};
}

static void leave_out(struct finder *p, const struct target_func *f, const char *why)
{
	struct maker *m = p->m;
	if (p->is_many)
		VEC_PUSH(m->arena, &m->clause->skipped,
			 (struct plan_skip) { p->program, f->name, str_from(why) });
	else
		diag_error(m->diag, p->spec->span, "cannot probe %.*s: %s", STR_ARG(f->name), why);
	if (!p->is_many && p->hint)
		diag_hint(m->diag, "%s", p->hint);
}

static void add_function(struct finder *p, const struct target_func *f)
{
	struct maker *m = p->m;
	const char *why;
	if (p->is_many && is_known(p, f))
		return;
	if (m->kind == PROBE_URETPROBE) {
		struct plan_probe probe = { 0 };
		why = add_return_sites(p, f, &probe);
		if (!why) {
			struct plan_probe *added =
				add_site(p, f, probe_text(p, f->symbol), probe.sites[0]);
			added->sites = probe.sites;
			added->n_sites = probe.n_sites;
			added->entry = probe.entry;
			added->entry_why = probe.entry_why;
		}
	} else {
		struct plan_site s = site_of_entry(p, f);
		why = site_finish(p, &s);
		if (!why)
			add_site(p, f, probe_text(p, f->symbol), s);
	}
	if (why)
		leave_out(p, f, why);
	else if (p->is_many)
		map_put(&p->seen, f->vaddr + 1, (void *)m->clause->probes.n);
}

// --- offsets and addresses ---

static struct str insn_text(struct finder *p, const struct target_func *f, const struct insn *in)
{
	char text[128];
	insn_format(target_arch(p->t), elf_at(target_elf(p->t), in->vaddr), in->vaddr, text,
		    sizeof(text));
	return arena_printf(p->m->arena, "+0x%llx (%s)", (unsigned long long)(in->vaddr - f->vaddr),
			    text);
}

// Decodes from the function's start up to off: *at is the instruction there (len 0: none begins
// there), *before the one in front of it. False if bytes on the way are no instructions.
static bool decode_to(struct finder *p, const struct target_func *f, uint64_t off, struct insn *at,
		      struct insn *before)
{
	struct bytes code = target_code(p->t, f);
	bool is_sure = true;
	*at = *before = (struct insn) { 0 };
	for (size_t i = 0; i < code.len && i <= off;) {
		struct insn in;
		struct bytes rest = { code.p + i, code.len - i };
		bool ok = insn_decode(target_arch(p->t), rest, f->vaddr + i, &in);
		is_sure &= ok;
		if (i == off)
			*at = in;
		else
			*before = in;
		i += in.len;
	}
	return is_sure;
}

static void hint_neighbours(struct finder *p, const struct target_func *f,
			    const struct insn *before)
{
	struct insn after;
	uint64_t next = before->vaddr + before->len - f->vaddr;
	struct bytes code = target_code(p->t, f);
	struct str first = insn_text(p, f, before);
	if (next >= code.len) {
		diag_hint(p->m->diag, "its last instruction begins at %.*s", STR_ARG(first));
		return;
	}
	insn_decode(target_arch(p->t), (struct bytes) { code.p + next, code.len - (size_t)next },
		    f->vaddr + next, &after);
	diag_hint(p->m->diag, "instructions begin at %.*s and at %.*s", STR_ARG(first),
		  STR_ARG(insn_text(p, f, &after)));
}

// The one instruction at f + off, which the user has written at span.
static void add_offset(struct finder *p, const struct target_func *f, uint64_t off,
		       struct span span, struct str text)
{
	struct diag *diag = p->m->diag;
	struct bytes code = target_code(p->t, f);
	struct insn at, before;
	unsigned long long o = off;
	bool is_sure = decode_to(p, f, off, &at, &before);
	if (!code.len) {
		diag_error(diag, span, "the file has no code for %.*s", STR_ARG(f->name));
	} else if (off >= code.len) {
		diag_error(diag, span, "+0x%llx is behind the end of %.*s, which has %zu bytes", o,
			   STR_ARG(f->name), code.len);
		hint_neighbours(p, f, &before);
	} else if (!at.len) {
		diag_error(diag, span, "%.*s+0x%llx is in the middle of an instruction",
			   STR_ARG(f->name), o);
		hint_neighbours(p, f, &before);
	} else if (!is_sure) {
		diag_error(diag, span,
			   "bytes of %.*s before +0x%llx are no instructions, so that it is not "
			   "known where one begins there",
			   STR_ARG(f->name), o);
	} else {
		struct plan_site s = { .kind = SITE_OFFSET,
				       .vaddr = at.vaddr,
				       .func = f,
				       .off = off,
				       .insn = at,
				       .why = STR("as written") };
		const char *why = site_finish(p, &s);
		if (!why)
			add_site(p, f, text, s);
		else
			diag_error(diag, span, "cannot probe %.*s+0x%llx: %s", STR_ARG(f->name), o,
				   why);
	}
}

static const struct target_func *last_before(const struct target_func *v, size_t n, uint64_t vaddr)
{
	const struct target_func *best = NULL;
	for (size_t i = 0; i < n && v[i].vaddr <= vaddr; i++)
		best = &v[i];
	return best;
}

static struct err *no_function_at(struct finder *p, unsigned long long vaddr)
{
	const struct target_func *v;
	size_t n;
	TRY(target_funcs(p->t, &v, &n));
	const struct target_func *f = last_before(v, n, vaddr);
	struct err *e =
		err_new(ERR_USAGE,
			"no function is known at 0x%llx in %s, so that it is not known where "
			"instructions begin there",
			vaddr, target_name(p->t));
	if (!f)
		return e;
	unsigned long long size = target_func_size(p->t, f);
	return err_note(e, "the one before it is %.*s, from 0x%llx to 0x%llx", STR_ARG(f->name),
			(unsigned long long)f->vaddr, f->vaddr + size);
}

// bpftrace probes a file without symbols only with --unsafe, and takes the address for an offset in
// the file then.
static uint64_t address_of(struct finder *p)
{
	struct elf *elf = target_elf(p->t);
	uint64_t vaddr;
	return p->m->o->is_unsafe && !elf_has_symtab(elf) &&
			       elf_foff_to_vaddr(elf, p->spec->address, &vaddr)
		       ? vaddr
		       : p->spec->address;
}

static struct err *add_address(struct finder *p)
{
	const struct target_func *f;
	unsigned long long vaddr = address_of(p);
	if (p->spec->has_offset)
		return err_new(ERR_USAGE, "an address takes no offset: add them up");
	TRY(target_func_at(p->t, vaddr, &f));
	if (!f)
		return no_function_at(p, vaddr);
	add_offset(p, f, vaddr - f->vaddr, p->spec->span,
		   probe_text(p, arena_printf(p->m->arena, "%llu", vaddr)));
	return NULL;
}

// --- lines ---

static void add_line_site(struct finder *p, const struct target_line_site *l)
{
	struct maker *m = p->m;
	struct plan_site s = { .kind = SITE_LINE,
			       .vaddr = l->vaddr,
			       .func = l->func,
			       .off = l->off,
			       .condition = l->condition };
	insn_decode(target_arch(p->t), elf_at(target_elf(p->t), l->vaddr), l->vaddr, &s.insn);
	struct str base = str_from_off(l->file, (size_t)(str_rfind_byte(l->file, '/') + 1));
	s.why = arena_printf(m->arena, "%.*s:%u%s", STR_ARG(base), l->line,
			     l->is_entry ? ", moved to where a call is counted once" : "");
	const char *why = site_finish(p, &s);
	if (why)
		diag_error(m->diag, m->attach->span, "cannot probe 0x%llx: %s",
			   (unsigned long long)l->vaddr, why);
	else
		add_site(p, l->func,
			 probe_text(p,
				    arena_printf(m->arena, "%llu", (unsigned long long)l->vaddr)),
			 s);
}

static struct err *add_lines(struct finder *p)
{
	struct target_line_site *v;
	size_t n;
	struct str file = field_text(p->m, p->m->attach->file);
	TRY(target_line_sites(p->t, file, p->spec->line, p->spec->column, &v, &n));
	for (size_t i = 0; i < n; i++)
		add_line_site(p, &v[i]);
	return NULL;
}

// --- names ---

static struct err *say_inlined(struct finder *p, const struct target_info *info)
{
	struct maker *m = p->m;
	struct str where = STR("");
	struct err *e = err_new(ERR_NOTFOUND,
				"every call of '%.*s' was inlined: %s has no code of it alone",
				STR_ARG(p->spec->symbol), target_name(p->t));
	for (size_t i = 0; i < info->n_copies && i < COPIES_SHOWN; i++) {
		const struct target_copy *c = &info->copies[i];
		struct str file = c->pos.file;
		struct str base = str_from_off(file, (size_t)(str_rfind_byte(file, '/') + 1));
		where = arena_printf(m->arena, "%.*s%s%.*s (%.*s:%u, 0x%llx)", STR_ARG(where),
				     i ? ", " : "", STR_ARG(c->caller), STR_ARG(base), c->pos.line,
				     (unsigned long long)c->low);
	}
	size_t left = info->n_copies > COPIES_SHOWN ? info->n_copies - COPIES_SHOWN : 0;
	if (left)
		where = arena_printf(m->arena, "%.*s and %zu more", STR_ARG(where), left);
	return err_note(e, "copies: %.*s", STR_ARG(where));
}

// "main.go:213"
static bool is_source_line(struct str s)
{
	ptrdiff_t colon = str_rfind_byte(s, ':'), dot = str_rfind_byte(s, '.');
	uint64_t line;
	return dot > 0 && colon > dot && str_to_u64(str_from_off(s, (size_t)colon + 1), &line);
}

static struct err *no_match(struct finder *p)
{
	struct str symbol = p->spec->symbol;
	// Names of methods have a '*' in them that stands for itself.
	if (!p->spec->is_cpp) {
		struct target_info *info;
		size_t n_copies = 0;
		if (!p->spec->has_offset && p->m->kind == PROBE_UPROBE)
			TRY(add_copies(p, NULL, &n_copies));
		if (n_copies)
			return NULL;
		struct err *e = target_find_inlined(p->t, symbol, p->m->arena, &info);
		if (!e)
			return say_inlined(p, info);
		if (!err_catch(&e, ERR_NOTFOUND))
			return e;
	}
	struct err *e = target_no_match(p->t, symbol.p);
	if (!is_source_line(symbol))
		return e;
	return err_note(e, "a source line is written %.*s@%.*s", STR_ARG(p->program->text),
			STR_ARG(symbol));
}

static void keep_cpp(struct target_matches *found)
{
	size_t n = 0;
	for (size_t i = 0; i < found->n; i++)
		if (found->v[i]->name.p != found->v[i]->symbol.p)
			found->v[n++] = found->v[i];
	found->n = n;
}

static bool is_name_of(const struct target_func *f, struct str symbol)
{
	return str_eq(f->name, symbol) || str_eq(f->symbol, symbol);
}

static struct err *add_matches(struct finder *p, const struct target_matches *found)
{
	const struct func_spec *spec = p->spec;
	struct maker *m = p->m;
	p->is_many = !is_name_of(found->v[0], spec->symbol);
	if (spec->has_offset && p->is_many && found->n > 1)
		return err_note(err_new(ERR_USAGE,
					"an offset is in one function, and '%.*s' matches %zu",
					STR_ARG(spec->symbol), found->n),
				"among them: %.*s, %.*s", STR_ARG(found->v[0]->name),
				STR_ARG(found->v[1]->name));
	for (size_t i = 0; i < found->n; i++) {
		const struct target_func *f = found->v[i];
		if (spec->has_offset)
			add_offset(p, f, spec->offset, m->attach->offset->span,
				   probe_text(p, arena_printf(m->arena, "%.*s+%llu",
							      STR_ARG(f->symbol),
							      (unsigned long long)spec->offset)));
		else
			add_function(p, f);
	}
	size_t n_copies;
	return p->is_many || spec->has_offset ? NULL : add_copies(p, found->v[0], &n_copies);
}

static struct err *add_named(struct finder *p)
{
	struct target_matches found;
	TRY(target_match(p->t, &p->spec->symbol.p, 1, &found));
	if (p->spec->is_cpp)
		keep_cpp(&found);
	return found.n ? add_matches(p, &found) : no_match(p);
}

static struct err *add_in_program(struct finder *p)
{
	if (p->m->attach->file)
		return add_lines(p);
	return p->spec->is_address ? add_address(p) : add_named(p);
}

void make_uprobe(struct maker *m)
{
	struct func_spec spec;
	struct program_list programs;
	if (!read_spec(m, &spec) || (m->kind == PROBE_URETPROBE && !check_return_spec(m, &spec)) ||
	    !find_programs(m, spec.bin, &programs))
		return;
	struct span span = spec.span.len ? spec.span : m->attach->span;
	struct err *missing = NULL;
	bool is_found = false;
	for (size_t i = 0; i < programs.v.n; i++) {
		struct finder p = { .m = m,
				    .spec = &spec,
				    .program = programs.v.v[i],
				    .t = programs.v.v[i]->target,
				    .seen = map_init(m->arena) };
		struct err *e = add_in_program(&p);
		if (!e) {
			is_found = true;
		} else if (err_kind(e) == ERR_NOTFOUND) {
			// Of many programs, some need not have it.
			err_free(missing);
			missing = e;
		} else {
			say_error(m, span, e);
			is_found = true;
		}
	}
	if (missing && !is_found)
		say_missing(m, span, missing);
	else
		err_free(missing);
}
