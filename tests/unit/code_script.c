// SPDX-License-Identifier: Apache-2.0
#include "code_script.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static bool has_all(void *ctx, enum bpf_feature_id f)
{
	(void)ctx, (void)f;
	return true;
}

bool code_script_compile(struct arena *a, struct str text,
			 bool (*has)(void *ctx, enum bpf_feature_id f), struct code_script *out)
{
	*out = (struct code_script) { .arena = a, .diag = diag_new(a) };
	uint32_t source = diag_add_source(out->diag, STR("test.bt"), text);
	struct script *script = script_parse(a, source, out->diag);
	script_expand_macros(a, script, out->diag);
	struct config *config = config_make(a, script, out->diag);
	struct plan_options plan = { .max_probes = 1000,
				     .has_multi_link = true,
				     .open_tracefs = bpf_tracefs_open };
	out->plan = plan_make(script, &plan, out->diag);
	struct check_options check = { .is_unsafe = true };
	out->program = program_make(a, script, out->plan, config, &check, out->diag);
	struct code_options options = { .has = has ? has : has_all, .has_multi = true };
	if (!diag_n_errors(out->diag))
		CHECK_OK(code_make(a, out->program, &options, &out->code));
	if (!diag_n_errors(out->diag))
		return true;
	struct str errors = diag_render(out->diag, a);
	printf("%.*s\n", STR_ARG(errors));
	plan_close(out->plan);
	out->plan = NULL;
	return false;
}

static void print_refusal(const struct code_script *s, size_t i, struct err *e,
			  const struct bpf_verdict *v)
{
	printf("%s\n", err_text(e));
	struct str log = v->log;
	if (log.len > 6000)
		log = str_from_off(log, log.len - 6000);
	printf("%.*s\n", STR_ARG(log));
	if (v->has_insn && v->span < s->code->n_spans) {
		struct str text = diag_span_text(s->diag, s->code->spans[v->span]);
		printf("at: %.*s\n", STR_ARG(text));
	}
	(void)i;
}

bool code_script_load(struct code_script *s)
{
	struct code *c = s->code;
	for (size_t i = 0; i < c->n_maps; i++)
		CHECK_OK(bpf_map_create(c->maps[i]));
	void *globals;
	CHECK_OK(bpf_map_mmap(c->globals, &globals));
	s->globals = globals;
	s->progs = ARENA_ARRAY(s->arena, struct bpf_prog, c->n_progs);
	for (size_t i = 0; i < c->n_progs; i++)
		s->progs[i].fd = -1;
	for (size_t i = 0; i < c->n_progs; i++) {
		struct bpf_verdict v;
		s->progs[i] = (struct bpf_prog) { .name = "test", .type = c->progs[i].type };
		if (s->progs[i].type == BPF_PROG_TYPE_KPROBE)
			s->progs[i].attach_type = BPF_ATTACH_UPROBE_MULTI;
		struct err *e = bpf_prog_load(&s->progs[i], &c->progs[i].code, s->arena, &v);
		if (!e)
			continue;
		print_refusal(s, i, e, &v);
		err_free(e);
		return false;
	}
	return true;
}

void code_script_run(struct code_script *s)
{
	for (size_t i = 0; i < s->code->n_progs; i++)
		if (s->program->parts[i]->kind == PROBE_BEGIN)
			CHECK_OK(bpf_prog_run(&s->progs[i]));
}

void code_script_close(struct code_script *s)
{
	for (size_t i = 0; s->progs && i < s->code->n_progs; i++)
		bpf_prog_close(&s->progs[i]);
	if (s->globals)
		bpf_map_unmap(s->code->globals, s->globals);
	for (size_t i = 0; s->progs && i < s->code->n_maps; i++)
		bpf_map_close(s->code->maps[i]);
	plan_close(s->plan);
	s->plan = NULL;
}

static const struct program_map *find(const struct code_script *s, const char *name)
{
	for (size_t i = 0; i < s->program->n_maps; i++)
		if (str_eq(s->program->maps[i]->name, str_from(name)))
			return s->program->maps[i];
	unit_fail(__FILE__, __LINE__, "there is no map %s", name);
}

static const void *value_of(struct code_script *s, const struct program_map *m, const void *key)
{
	struct bpf_map *map = s->code->map_of[m->index];
	void *value = arena_alloc(s->arena, 1, bpf_map_value_bytes(map));
	bool found;
	CHECK_OK(bpf_map_lookup(map, key, value, &found));
	if (!found)
		printf("%.*s: no such entry\n", STR_ARG(m->name));
	CHECK(found);
	return value;
}

uint64_t code_script_number(struct code_script *s, const char *name)
{
	return code_script_entry(s, name, 0);
}

uint64_t code_script_entry(struct code_script *s, const char *name, uint64_t key)
{
	const struct program_map *m = find(s, name);
	uint64_t v = 0;
	memcpy(&v, value_of(s, m, &key), MIN(m->value->size, 8));
	return v;
}

uint64_t code_script_agg(struct code_script *s, const char *name)
{
	const struct program_map *m = find(s, name);
	uint64_t key = 0, merged[2048] = { 0 };
	const struct bpf_map *map = s->code->map_of[m->index];
	CHECK(out_agg_size(m->out_value) <= sizeof(merged));
	out_agg_merge(m->out_value, value_of(s, m, &key), bpf_possible_cpus(),
		      (map->value_size + 7) & ~7u, merged);
	return merged[0];
}
