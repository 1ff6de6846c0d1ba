// SPDX-License-Identifier: Apache-2.0
// The whole way of a script, from its text to what it prints. A good place to start reading.
#include <regex.h>
#include <stdlib.h>

#include "cli/pipeline.h"

// One script on its way.
struct job {
	struct request *r;
	struct arena *arena;
	struct diag *diag;
	struct bpf_trials *trials;
	struct child *child;
	struct plan *plan;
	int *status;
};

// --- stages that can be looked at ---

static bool is_shown(const struct job *j, enum stage stage)
{
	return j->r->stage == stage || j->r->stage == STAGE_ALL;
}

// Whether this was the last stage that is wanted.
static bool ends_at(const struct job *j, enum stage stage)
{
	return j->r->stage != STAGE_NONE && j->r->stage <= stage;
}

// Says what has been found wrong so far; true if the script cannot go on.
static bool has_errors(const struct job *j, int status)
{
	diag_tell(j->diag, j->r->has_warnings, stderr);
	if (!diag_n_errors(j->diag))
		return false;
	*j->status = status;
	return true;
}

// --- what comes from outside of the script ---

static struct err *start_child(struct job *j)
{
	if (!j->r->command || j->r->stage != STAGE_NONE)
		return NULL;
	TRY(child_start(j->r->command, &j->child));
	j->r->pid = child_pid(j->child);
	return NULL;
}

struct plan_options pipeline_plan_options(const struct request *r, const struct config *config)
{
	return (struct plan_options) {
		.params = r->params,
		.n_params = r->n_params,
		.pid = r->pid,
		.debug_dir = r->run.debug_dir,
		.max_probes = config->max_probes,
		.is_unsafe = r->is_unsafe,
		.missing = config->missing_probes,
		.has_kernel_returns = config->has_kernel_returns,
		.open_tracefs = bpf_tracefs_open,
	};
}

static struct plan *make_plan(const struct job *j, const struct script *script,
			      const struct config *config)
{
	struct plan_options o = pipeline_plan_options(j->r, config);
	o.command = j->child ? child_path(j->child) : NULL;
	o.has_multi_link = run_code_options(j->trials, j->r->pid).has_multi;
	return plan_make(script, &o, j->diag);
}

// What happens in stoat itself goes on whatever is filtered.
static bool is_special(const struct plan_probe *p)
{
	return p->kind == PROBE_BEGIN || p->kind == PROBE_END || p->kind == PROBE_SIGNAL;
}

static bool is_wanted(const regex_t *re, const struct plan_probe *p)
{
	char *name = strndup(p->text.p, p->text.len);
	bool is_match = name && regexec(re, name, 0, NULL, 0) == 0;
	free(name);
	return is_match;
}

struct err *pipeline_filter(struct plan *plan, const char *pattern)
{
	regex_t re;
	if (!pattern)
		return NULL;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_new(ERR_USAGE, "--probe-filter: '%s' is no regular expression", pattern);
	size_t n_wanted = 0, n_dropped = 0;
	for (size_t i = 0; i < plan->n_clauses; i++) {
		struct plan_clause *c = &plan->clauses[i];
		size_t kept = 0;
		for (size_t k = 0; k < c->probes.n; k++) {
			bool is_match = is_wanted(&re, &c->probes.v[k]);
			n_wanted += is_match;
			if (is_match || is_special(&c->probes.v[k]))
				c->probes.v[kept++] = c->probes.v[k];
			else
				n_dropped++;
		}
		c->probes.n = kept;
	}
	regfree(&re);
	if (!n_wanted && n_dropped)
		return err_new(ERR_NOTFOUND, "--probe-filter: '%s' matches none of %zu probes",
			       pattern, n_dropped);
	return NULL;
}

// What options say wins over the script and the environment.
static struct config *make_config(const struct job *j, const struct script *script)
{
	const struct request *r = j->r;
	struct config *config = config_make(j->arena, script, j->diag);
	for (size_t i = 0; i < r->settings.n; i++) {
		struct str name = { r->settings.v[i], strcspn(r->settings.v[i], "=") };
		const char *value = r->settings.v[i] + name.len;
		config_set(j->arena, config, "--config", name, str_from(*value ? value + 1 : value),
			   j->diag);
	}
	if (r->depth)
		config_set(j->arena, config, "--depth", STR("max_depth"), str_from(r->depth),
			   j->diag);
	if (r->items)
		config_set(j->arena, config, "--items", STR("max_items"), str_from(r->items),
			   j->diag);
	config->shows_zeros |= r->shows_zeros;
	// Kernels before 5.12 have less room for an event.
	if (bpf_trials_try(j->trials, BPF_FEATURE_ATOMICS).support == BPF_ABSENT)
		config->whole.bytes = MIN(config->whole.bytes, VALUE_BYTES_OLD);
	return config;
}

static struct value_secrets *make_secrets(const struct job *j)
{
	const struct option_list *list = &j->r->secrets;
	struct str *patterns = ARENA_ARRAY(j->arena, struct str, list->n + 1);
	for (size_t i = 0; i < list->n; i++) {
		patterns[i] = str_from(list->v[i]);
		if (!patterns[i].len)
			diag_error(j->diag, SPAN_NONE,
				   "--redact takes a name, or a pattern of names");
	}
	return value_secrets_new(j->arena, patterns, list->n, true);
}

static struct program *check(const struct job *j, const struct script *script,
			     const struct config *config)
{
	const struct request *r = j->r;
	const struct check_options o = {
		.params = r->params,
		.n_params = r->n_params,
		.named_params = r->named_params,
		.n_named_params = r->n_named_params,
		.pid = r->pid,
		.has_child = r->command != NULL,
		.has_multi_link = run_code_options(j->trials, r->pid).has_multi,
		.is_unsafe = r->is_unsafe,
		.secrets = make_secrets(j),
		.kernel_types = BTF_KERNEL,
	};
	return program_make(j->arena, script, j->plan, config, &o, j->diag);
}

static bool has_all_features(void *ctx, enum bpf_feature_id f)
{
	(void)ctx, (void)f;
	return true;
}

// The listing of the code needs no privileges: it is then what a new kernel would get.
static struct err *code_options(const struct job *j, struct code_options *out)
{
	struct err *e = run_may_trace(j->trials);
	*out = run_code_options(j->trials, j->r->pid);
	if (!e || j->r->stage != STAGE_BPF)
		return e;
	err_free(e);
	out->has = has_all_features;
	out->has_multi = true;
	return NULL;
}

// --- the way ---

static void add_excerpts(const struct job *j, uint32_t source)
{
	for (size_t i = 0; i < j->r->excerpts.n; i++) {
		const struct excerpt *e = &j->r->excerpts.v[i];
		uint32_t origin = diag_add_source(j->diag, str_from(e->option), str_from(e->text));
		diag_add_excerpt(j->diag, (struct span) { source, e->off, e->len },
				 (struct span) { origin, e->from, e->len });
	}
	if (j->r->is_unseen)
		diag_add_excerpt(j->diag, (struct span) { source, 0, (uint32_t)j->r->text.len },
				 SPAN_NONE);
}

static struct err *run(struct job *j)
{
	struct request *r = j->r;
	FILE *out = r->run.out; // NULL unless a stage is shown

	uint32_t source = diag_add_source(j->diag, r->name, r->text);
	add_excerpts(j, source);
	struct script *script = load_script(j->arena, source, r, j->diag);
	script_expand_macros(j->arena, script, j->diag);
	if (is_shown(j, STAGE_AST))
		script_dump(script, out);
	if (has_errors(j, EXIT_USAGE) || ends_at(j, STAGE_AST))
		return NULL;

	struct config *config = make_config(j, script);
	if (has_errors(j, EXIT_USAGE))
		return NULL;
	TRY(start_child(j));
	j->plan = make_plan(j, script, config);
	TRY(pipeline_filter(j->plan, r->probe_filter));
	if (is_shown(j, STAGE_PLAN))
		plan_dump(j->plan, out);
	if (has_errors(j, EXIT_USAGE) || ends_at(j, STAGE_PLAN))
		return NULL;

	struct program *program = check(j, script, config);
	if (has_errors(j, EXIT_USAGE))
		return NULL;
	if (is_shown(j, STAGE_TYPES))
		program_dump(program, out);
	if (ends_at(j, STAGE_TYPES))
		return NULL;

	struct code_options options;
	struct code *code;
	TRY(code_options(j, &options));
	TRY(code_make(j->arena, program, &options, &code));
	if (has_errors(j, EXIT_TARGET))
		return NULL;
	if (is_shown(j, STAGE_BPF))
		code_dump(code, program, out);
	if (ends_at(j, STAGE_BPF))
		return NULL;

	TRY(output_open(r->output, &r->run.out));
	r->run.trials = j->trials;
	r->run.child = j->child;
	r->run.wants_verifier_log = r->stage != STAGE_NONE;
	struct err *e = run_program(program, code, &r->run, j->status);
	if (!has_errors(j, EXIT_TARGET))
		return e;
	err_free(e);
	return NULL;
}

struct err *pipeline_run(struct request *r, int *status)
{
	struct arena *a = arena_new();
	struct job j = {
		.r = r,
		.arena = a,
		.diag = diag_new(a),
		.trials = bpf_trials_new(),
		.status = status,
	};
	// A file is written over when there is something to write: a stage, or events.
	struct err *e = r->stage == STAGE_NONE ? NULL : output_open(r->output, &r->run.out);
	if (!e)
		e = run(&j);
	child_free(j.child);
	plan_close(j.plan);
	bpf_trials_free(j.trials);
	arena_free(a);
	struct err *closing = output_close(r->output);
	if (!e)
		return closing;
	err_free(closing);
	return e;
}
