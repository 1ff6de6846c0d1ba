// SPDX-License-Identifier: Apache-2.0
// -l: the probes that a pattern or a script stands for, with -v what each of them has.
#include "cli/pipeline.h"
#include "out/out.h"

// --- what a probe has ---

static void put_argument(FILE *out, struct arena *a, struct type *type, struct str name)
{
	fputs("    ", out);
	out_text(out, type ? type_spell_decl(a, type, name) : name);
	fputc('\n', out);
}

static void put_arguments(const struct plan_probe *p, struct arena *a, FILE *out)
{
	struct target_info *info;
	struct err *e = p->func ? target_info(p->program->target, p->func, a, &info) : NULL;
	if (e || !p->func) {
		err_free(e);
		return;
	}
	bool wants_results = p->kind == PROBE_URETPROBE;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		bool is_told = v->type || v->name.len;
		if (is_told && !v->is_hidden && (!v->is_result || wants_results))
			put_argument(out, a, v->type,
				     v->name.len || !v->is_result ? v->name : STR("retval"));
	}
}

static void put_fields(const struct tracepoint *t, FILE *out)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct tracepoint_field *f = &t->fields[i];
		if (f->is_common)
			continue;
		fprintf(out, "    %.*s %.*s", STR_ARG(f->type), STR_ARG(f->name));
		if (f->count)
			fprintf(out, "[%u]", f->count);
		fputc('\n', out);
	}
}

static void put_notes(const struct plan_probe *p, FILE *out)
{
	const struct usdt_note *note = p->n_sites ? p->sites[0].usdt : NULL;
	for (size_t i = 0; note && i < note->n_args; i++)
		fprintf(out, "    %sint%d arg%zu\n", note->args[i].is_signed ? "" : "u",
			note->args[i].size * 8, i);
}

static void put_probe(const struct plan_probe *p, bool is_verbose, FILE *out)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	out_text(out, p->text);
	fputc('\n', out);
	if (!is_verbose)
		return;
	if (p->tracepoint)
		put_fields(p->tracepoint, out);
	else if (p->kind == PROBE_USDT)
		put_notes(p, out);
	else
		put_arguments(p, a, out);
}

// --- patterns ---

// Kinds whose names are the same on every machine: "software:page-faults:".
static const enum probe_kind fixed_kinds[] = { PROBE_HARDWARE, PROBE_INTERVAL, PROBE_PROFILE,
					       PROBE_SOFTWARE };

static void put_fixed(struct str pattern, FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed_kinds); i++) {
		const char *name;
		for (size_t k = 0; (name = plan_event_name(fixed_kinds[i], k)); k++) {
			char text[64];
			snprintf(text, sizeof(text), "%s:%s:", probe_kind_name(fixed_kinds[i]),
				 name);
			if (str_glob(pattern, str_from(text)))
				fprintf(out, "%s\n", text);
		}
	}
}

static bool is_fixed(struct str pattern)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed_kinds); i++) {
		struct str name = str_from(probe_kind_name(fixed_kinds[i]));
		if (str_starts(pattern, name) &&
		    str_starts(str_from_off(pattern, name.len), STR(":")))
			return true;
	}
	return false;
}

static void put_plan(const struct plan *plan, struct str filter, bool is_verbose, FILE *out)
{
	for (size_t i = 0; i < plan->n_clauses; i++)
		for (size_t k = 0; k < plan->clauses[i].probes.n; k++) {
			const struct plan_probe *p = &plan->clauses[i].probes.v[k];
			if (str_glob(filter, p->text))
				put_probe(p, is_verbose, out);
		}
}

struct listing {
	struct request *r;
	struct arena *arena;
	struct diag *diag;
	struct plan *plan;
	struct str filter; // of probes' names
};

// Looks up what a script attaches to.
static void make_plan(struct listing *l, struct str text)
{
	const struct request *r = l->r;
	uint32_t source = diag_add_source(l->diag, r->name, text);
	struct script *s = load_script(l->arena, source, r, l->diag);
	if (diag_n_errors(l->diag))
		return;
	struct plan_options o = pipeline_plan_options(r, config_make(l->arena, s, l->diag));
	o.max_probes = 0;
	if (!diag_n_errors(l->diag))
		l->plan = plan_make(s, &o, l->diag);
}

// A pattern is what a script could attach to. One without a ':' is sought among all that the
// kernel has.
static void list_pattern(struct listing *l, struct str pattern)
{
	bool has_provider = str_find(pattern, STR(":")) >= 0;
	if (has_provider && is_fixed(pattern)) {
		bool is_open = !str_ends(pattern, STR("*"));
		put_fixed(arena_printf(l->arena, "%.*s%s", STR_ARG(pattern), is_open ? "*" : ""),
			  l->r->run.out);
		return;
	}
	if (!has_provider)
		put_fixed(pattern, l->r->run.out);
	l->filter = has_provider ? STR("*") : pattern;
	make_plan(l, has_provider ? arena_printf(l->arena, "%.*s {}", STR_ARG(pattern))
				  : STR("tracepoint:*:* {}"));
}

struct err *pipeline_list(struct request *r, bool is_pattern, bool is_verbose, int *status)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct listing l = { .r = r, .arena = a, .diag = diag_new(a), .filter = STR("*") };
	TRY(output_open(r->output, &r->run.out));
	if (is_pattern)
		list_pattern(&l, r->text);
	else
		make_plan(&l, r->text);
	diag_tell(l.diag, r->has_warnings, stderr);
	struct err *e = l.plan ? pipeline_filter(l.plan, r->probe_filter) : NULL;
	if (diag_n_errors(l.diag))
		*status = EXIT_USAGE;
	else if (l.plan && !e)
		put_plan(l.plan, l.filter, is_verbose, r->run.out);
	plan_close(l.plan);
	if (!e)
		return output_close(r->output);
	err_free(output_close(r->output));
	return e;
}
