// SPDX-License-Identifier: Apache-2.0
// USDT probes: the notes that SystemTap's macros leave in a program.
#include "base/cursor.h"
#include "base/near.h"
#include "probe/internal.h"

#define NOTE_TYPE 3u
// Notes of one program.
#define NOTES_MAX 100000u

static enum insn_arch arch_of(const struct elf *elf)
{
	return elf_arch(elf) == ELF_ARM64 ? INSN_ARM64 : INSN_X86_64;
}

// How far the program has been moved since it was linked (prelink): the note knows where
// .stapsdt.base was.
static uint64_t moved_by(struct elf *elf, uint64_t base)
{
	const struct elf_section *s = elf_find_section(elf, STR(".stapsdt.base"));
	return s && base ? s->vaddr - base : 0;
}

static void read_desc(struct arena *a, struct elf *elf, struct cursor *c, struct usdt_note *out)
{
	uint64_t vaddr = cursor_u64(c), base = cursor_u64(c), semaphore = cursor_u64(c);
	uint64_t move = moved_by(elf, base);
	out->vaddr = vaddr + move;
	out->semaphore = semaphore ? semaphore + move : 0;
	out->provider = arena_strdup(a, cursor_cstr(c));
	out->name = arena_strdup(a, cursor_cstr(c));
	struct str args = cursor_cstr(c);
	if (cursor_ok(c))
		usdt_parse_args(a, arch_of(elf), elf, arena_strdup(a, args), out);
}

struct err *usdt_read_notes(struct arena *a, struct elf *elf, struct bytes section,
			    struct plan_notes *out)
{
	struct cursor c = cursor_init(section, ".note.stapsdt");
	VEC(struct usdt_note) notes = { 0 };
	while (cursor_left(&c) && notes.n < NOTES_MAX) {
		uint32_t name_len = cursor_u32(&c), desc_len = cursor_u32(&c),
			 type = cursor_u32(&c);
		struct bytes name = cursor_bytes(&c, name_len);
		cursor_skip(&c, MIN((uint64_t)(-name_len & 3u), (uint64_t)cursor_left(&c)));
		struct bytes desc = cursor_bytes(&c, desc_len);
		cursor_skip(&c, MIN((uint64_t)(-desc_len & 3u), (uint64_t)cursor_left(&c)));
		if (!cursor_ok(&c))
			break;
		if (type != NOTE_TYPE || name.len != 8 || memcmp(name.p, "stapsdt", 8) != 0)
			continue;
		struct usdt_note note = { 0 };
		struct cursor d = cursor_init(desc, ".note.stapsdt");
		read_desc(a, elf, &d, &note);
		if (!cursor_ok(&d)) {
			cursor_fail(&c, "a note ends too early");
			break;
		}
		VEC_PUSH(a, &notes, note);
	}
	out->v = notes.v;
	out->n = notes.n;
	return cursor_err(&c);
}

// The notes of the target, read once.
static struct err *notes_of(struct maker *m, struct target *t, const struct plan_notes **out)
{
	struct plan_private *private = m->plan->private;
	for (size_t i = 0; i < private->notes.n; i++) {
		*out = private->notes.v[i];
		if ((*out)->target == t)
			return NULL;
	}
	struct plan_notes *notes = ARENA_NEW(m->arena, struct plan_notes);
	notes->target = t;
	struct elf *elf = target_elf(t);
	const struct elf_section *s = elf_find_section(elf, STR(".note.stapsdt"));
	if (s) {
		struct bytes data;
		TRY(elf_section_data(elf, s, &data));
		TRY(err_wrap(usdt_read_notes(m->arena, elf, data, notes), "%s", target_name(t)));
	}
	VEC_PUSH(m->arena, &private->notes, notes);
	*out = notes;
	return NULL;
}

// --- the attach point ---

struct usdt_spec {
	const struct attach_field *bin;
	struct str provider; // a pattern
	struct str name;     // likewise
	struct span span;
};

static bool read_spec(struct maker *m, struct usdt_spec *out)
{
	const struct attach *at = m->attach;
	if (at->n_fields < 2 || at->n_fields > 3 || at->offset || at->file) {
		diag_error(m->diag, at->span, "expected usdt:PROGRAM:PROVIDER:NAME");
		diag_hint(m->diag, "PROVIDER: may be left out, and PROGRAM empty with -p");
		return false;
	}
	const struct attach_field *name = &at->fields[at->n_fields - 1];
	out->bin = &at->fields[0];
	out->provider = at->n_fields == 3 ? field_text(m, &at->fields[1]) : STR("*");
	if (!out->provider.len)
		out->provider = STR("*");
	out->name = field_text(m, name);
	out->span = span_join(at->fields[1].span, name->span);
	if (!out->name.len)
		diag_error(m->diag, at->span, "the name of the USDT probe is missing");
	return out->name.len > 0;
}

static bool is_same_probe(const struct usdt_note *a, const struct usdt_note *b)
{
	return str_eq(a->provider, b->provider) && str_eq(a->name, b->name);
}

static bool is_wanted(const struct usdt_spec *spec, const struct usdt_note *n)
{
	return str_glob(spec->provider, n->provider) && str_glob(spec->name, n->name);
}

// Why there can be no probe at the note; NULL if there can.
static const char *make_site(struct target *t, const struct usdt_note *n, struct plan_site *out)
{
	struct elf *elf = target_elf(t);
	struct bytes code = elf_at(elf, n->vaddr);
	*out = (struct plan_site) {
		.kind = SITE_USDT_NOTE, .vaddr = n->vaddr, .usdt = n, .why = STR("")
	};
	struct err *e = target_func_at(t, n->vaddr, &out->func);
	err_free(e);
	out->off = out->func ? n->vaddr - out->func->vaddr : 0;
	if (!code.len || !elf_vaddr_to_foff(elf, n->vaddr, &out->foff))
		return "its location is not in the file";
	if (!insn_decode(target_arch(t), code, n->vaddr, &out->insn))
		return "there is no instruction at its location";
	if (n->semaphore && !elf_vaddr_to_foff(elf, n->semaphore, &out->semaphore_foff))
		return "its semaphore is not in the file";
	return out->insn.cost == INSN_REFUSED ? insn_refusal(target_arch(t), code) : NULL;
}

// All locations of the probe that notes[first] names, the first one of it.
static void add_usdt(struct maker *m, struct plan_program *program, const struct plan_notes *notes,
		     const size_t *next, size_t first)
{
	const struct usdt_note *head = &notes->v[first];
	VEC(struct plan_site) sites = { 0 };
	struct str full =
		arena_printf(m->arena, "%.*s:%.*s", STR_ARG(head->provider), STR_ARG(head->name));
	for (size_t i = first; i < notes->n; i = next[i]) {
		struct plan_site s;
		const char *why = make_site(program->target, &notes->v[i], &s);
		if (why)
			VEC_PUSH(m->arena, &m->clause->skipped,
				 (struct plan_skip) { program, full, str_from(why) });
		else
			VEC_PUSH(m->arena, &sites, s);
	}
	if (!sites.n)
		return;
	struct plan_probe *p = add_probe(m, arena_printf(m->arena, "usdt:%.*s:%.*s",
							 STR_ARG(program->text), STR_ARG(full)));
	p->program = program;
	p->sites = sites.v;
	p->n_sites = sites.n;
}

// Links notes of the same probe: next[i] is the following one, or n.
static void link_notes(struct maker *m, const struct plan_notes *notes, size_t *next,
		       bool *is_first)
{
	struct map last = map_init(m->arena); // index + 1 of the last one, by hash of its name
	for (size_t i = 0; i < notes->n; i++) {
		const struct usdt_note *n = &notes->v[i];
		uint64_t key = str_hash(n->provider) * 31 + str_hash(n->name);
		size_t before = (size_t)map_get(&last, key);
		next[i] = notes->n;
		is_first[i] = !before || !is_same_probe(&notes->v[before - 1], n);
		if (!is_first[i])
			next[before - 1] = i;
		map_put(&last, key, (void *)(i + 1));
	}
}

static size_t add_in_program(struct maker *m, const struct usdt_spec *spec,
			     struct plan_program *program, const struct plan_notes *notes)
{
	size_t *next = ARENA_ARRAY(m->arena, size_t, notes->n);
	bool *is_first = ARENA_ARRAY(m->arena, bool, notes->n);
	size_t n = 0;
	link_notes(m, notes, next, is_first);
	for (size_t i = 0; i < notes->n; i++) {
		if (!is_first[i] || !is_wanted(spec, &notes->v[i]))
			continue;
		add_usdt(m, program, notes, next, i);
		n++;
	}
	return n;
}

static void say_none(struct maker *m, const struct usdt_spec *spec,
		     const struct program_list *programs)
{
	struct near near = near_init(spec->name);
	struct str line = STR("");
	size_t n = 0;
	for (size_t i = 0; i < programs->v.n; i++) {
		const struct plan_notes *notes;
		struct err *e = notes_of(m, programs->v.v[i]->target, &notes);
		for (size_t k = 0; !e && k < notes->n; k++)
			near_offer(&near, notes->v[k].name);
		n += e ? 0 : notes->n;
		err_free(e);
	}
	const char *where =
		programs->v.n == 1 ? target_name(programs->v.v[0]->target) : "the programs";
	if (!n) {
		say_missing(m, spec->span, err_new(ERR_NOTFOUND, "no USDT probes in %s", where));
		return;
	}
	for (size_t i = 0; i < near.n; i++)
		line = arena_printf(m->arena, "%.*s%s%.*s", STR_ARG(line), i ? ", " : "",
				    STR_ARG(near.best[i]));
	bool is_any = str_eq(spec->provider, STR("*"));
	struct err *e = err_new(ERR_NOTFOUND, "no USDT probe '%.*s%s%.*s' in %s (%zu notes)",
				STR_ARG(is_any ? STR("") : spec->provider), is_any ? "" : ":",
				STR_ARG(spec->name), where, n);
	say_missing(m, spec->span, line.len ? err_note(e, "near: %.*s", STR_ARG(line)) : e);
}

void make_usdt(struct maker *m)
{
	struct usdt_spec spec;
	struct program_list programs;
	size_t n = 0;
	if (!read_spec(m, &spec) || !find_programs(m, spec.bin, &programs))
		return;
	for (size_t i = 0; i < programs.v.n; i++) {
		struct plan_program *p = programs.v.v[i];
		const struct plan_notes *notes;
		struct err *e = notes_of(m, p->target, &notes);
		if (e) {
			say_error(m, spec.span, e);
			return;
		}
		n += add_in_program(m, &spec, p, notes);
	}
	if (!n)
		say_none(m, &spec, &programs);
}
