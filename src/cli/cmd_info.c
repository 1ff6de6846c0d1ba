// SPDX-License-Identifier: Apache-2.0
// stoat info: what this kernel and machine support.
#include <inttypes.h>

#include "bpf/bpf.h"
#include "cli/cli.h"
#include "out/out.h"

struct info_options {
	bool help;
	bool json;
	struct output output;
};

struct info {
	struct bpf_system sys;
	struct bpf_trials *trials; // has the texts
	struct bpf_finding found[BPF_N_FEATURES];
};

static const char *answer(enum bpf_support s)
{
	switch (s) {
	case BPF_UNPROBED:
		return "?";
	case BPF_ABSENT:
		return "no";
	case BPF_PRESENT:
		return "yes";
	}
	UNREACHABLE();
}

// --- text ---

static void limit_cell(struct table *t, const char *name, int value)
{
	if (value < 0)
		table_cell(t, "%s not known", name);
	else
		table_cell(t, "%s %d", name, value);
}

static void print_privileges(const struct bpf_system *s, struct table *t)
{
	table_cell(t, "privileges");
	if (!s->may_bpf)
		table_cell(t, "%s, not enough to trace: needs root, or CAP_BPF and CAP_PERFMON",
			   s->is_root ? "root without its capabilities" : "user");
	else if (s->is_root && str_find(s->capabilities, STR("CAP_SYS_ADMIN")) >= 0)
		table_cell(t, "root");
	else
		table_cell(t, "%s, %.*s", s->is_root ? "root" : "user", STR_ARG(s->capabilities));
	table_row(t);
}

static void print_system(const struct bpf_system *s, FILE *out)
{
	struct table *t = table_new();
	table_cell(t, "kernel");
	table_cell(t, "%.*s, %.*s", STR_ARG(s->release), STR_ARG(s->machine));
	table_row(t);
	table_cell(t, "CPUs");
	if (s->cpus_online == s->cpus_possible)
		table_cell(t, "%u", s->cpus_online);
	else
		table_cell(t, "%u, %u possible", s->cpus_online, s->cpus_possible);
	table_row(t);
	table_cell(t, "preemption");
	table_cell(t, "%.*s", STR_ARG(s->preemption));
	table_row(t);
	print_privileges(s, t);
	table_cell(t, "lockdown");
	table_cell(t, "%.*s", STR_ARG(s->lockdown.len ? s->lockdown : STR("not known")));
	table_row(t);
	table_cell(t, "tracefs");
	table_cell(t, "%.*s",
		   STR_ARG(s->tracefs.len
				   ? s->tracefs
				   : STR("not mounted; stoat mounts it for itself as root")));
	table_row(t);
	static const char *const names[] = { "perf_event_paranoid", "unprivileged_bpf_disabled",
					     "perf_event_max_stack" };
	const int values[] = { s->perf_event_paranoid, s->unprivileged_bpf_disabled,
			       s->perf_max_stack };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		table_cell(t, "%s", i ? "" : "limits");
		limit_cell(t, names[i], values[i]);
		table_row(t);
	}
	table_cell(t, "%s", "");
	if (s->memlock == UINT64_MAX)
		table_cell(t, "locked memory unlimited");
	else
		table_cell(t, "locked memory %" PRIu64 " KB", s->memlock >> 10);
	table_row(t);
	table_print(t, out, 0);
	table_free(t);
}

static void print_features(const struct info *info, FILE *out)
{
	struct table *t = table_new();
	for (unsigned i = 0; i < BPF_N_FEATURES; i++) {
		const struct bpf_finding *f = &info->found[i];
		table_cell(t, "%s", bpf_features[i].name);
		table_cell(t, "%s", answer(f->support));
		if (f->support == BPF_ABSENT)
			table_cell(t, "%s (%.*s)", bpf_features[i].without, STR_ARG(f->why));
		else if (f->support == BPF_UNPROBED)
			table_cell(t, "%.*s", STR_ARG(f->why));
		table_row(t);
	}
	fprintf(out, "\n");
	table_print(t, out, 0);
	table_free(t);
}

// --- JSON ---

static void json_limit(struct json *j, const char *key, int value)
{
	json_key(j, key);
	if (value < 0)
		json_null(j);
	else
		json_u64(j, (uint64_t)value);
}

static void json_text(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	if (s.len)
		json_str(j, s);
	else
		json_null(j);
}

static void json_words(struct json *j, const char *key, struct str words)
{
	json_key(j, key);
	json_open(j, '[');
	while (words.len) {
		ptrdiff_t space = str_find(words, STR(" "));
		struct str word = space < 0 ? words : str_first(words, (size_t)space);
		json_str(j, word);
		words = str_from_off(words, word.len + 1);
	}
	json_close(j, ']');
}

static void print_json(const struct info *info, FILE *out)
{
	const struct bpf_system *s = &info->sys;
	struct json j = json_init(out);
	json_open(&j, '{');
	json_kstr(&j, "version", STR(STOAT_VERSION));
	json_key(&j, "system");
	json_open(&j, '{');
	json_text(&j, "kernel", s->release);
	json_text(&j, "machine", s->machine);
	json_ku64(&j, "cpus_online", s->cpus_online);
	json_ku64(&j, "cpus_possible", s->cpus_possible);
	json_text(&j, "preemption", s->preemption);
	json_kbool(&j, "root", s->is_root);
	json_words(&j, "capabilities", s->capabilities);
	json_kbool(&j, "may_trace", s->may_bpf);
	json_text(&j, "lockdown", s->lockdown);
	json_text(&j, "tracefs", s->tracefs);
	json_limit(&j, "perf_event_paranoid", s->perf_event_paranoid);
	json_limit(&j, "unprivileged_bpf_disabled", s->unprivileged_bpf_disabled);
	json_limit(&j, "perf_event_max_stack", s->perf_max_stack);
	json_key(&j, "memlock");
	if (s->memlock == UINT64_MAX)
		json_null(&j);
	else
		json_u64(&j, s->memlock);
	json_close(&j, '}');
	json_key(&j, "features");
	json_open(&j, '{');
	for (unsigned i = 0; i < BPF_N_FEATURES; i++) {
		const struct bpf_finding *f = &info->found[i];
		json_key(&j, bpf_features[i].key);
		json_open(&j, '{');
		json_key(&j, "supported");
		if (f->support == BPF_UNPROBED)
			json_null(&j);
		else
			json_bool(&j, f->support == BPF_PRESENT);
		if (f->support != BPF_PRESENT) {
			json_kstr(&j, "why", f->why);
			json_kstr(&j, "without", str_from(bpf_features[i].without));
		}
		json_close(&j, '}');
	}
	json_close(&j, '}');
	json_close(&j, '}');
	json_end(&j);
}

struct err *info_run(const struct command *self, int argc, char **argv, int *status)
{
	(void)status;
	struct info_options o = { 0 };
	const struct option table[] = {
		{ 'f', "format", OPTION_FORMAT, "text|json", "json: one object", &o.json },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &o.output.path },
		{ 'h', "help", OPTION_FLAG, NULL, "print this", &o.help },
	};
	size_t n;
	TRY(options_parse(table, ARRAY_LEN(table), argc, argv, &n));
	if (o.help) {
		command_help(self, table, ARRAY_LEN(table));
		return NULL;
	}
	if (n)
		return command_usage(self, "info takes no operands");
	FILE *out;
	TRY(output_open(&o.output, &out));
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct info info;
	bpf_system_read(a, &info.sys);
	info.trials = bpf_trials_new();
	for (unsigned i = 0; i < BPF_N_FEATURES; i++)
		info.found[i] = bpf_trials_try(info.trials, i);
	if (o.json) {
		print_json(&info, out);
	} else {
		print_system(&info.sys, out);
		print_features(&info, out);
	}
	bpf_trials_free(info.trials);
	return output_close(&o.output);
}
