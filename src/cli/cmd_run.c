// SPDX-License-Identifier: Apache-2.0
// stoat run, stoat SCRIPT, stoat -e PROGRAM: what bpftrace's users type works here.
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/pipeline.h"

struct run_request {
	struct request r;
	bool help, version, info;
	bool lists, is_verbose, has_no_warnings;
	bool ignored; // what bpftrace has and stoat does always
	const char *program, *pid;
	int stage, buffering;
	struct output output;
};

// --- the script ---

// All of a stream: a script may come through a pipe.
static struct err *read_stream(FILE *f, const char *name, struct arena *a, struct str *out)
{
	char part[4096];
	VEC(char) text = { 0 };
	size_t n;
	while ((n = fread(part, 1, sizeof(part), f)) > 0) {
		if (text.n + n > SCRIPT_SIZE_MAX)
			return err_new(ERR_USAGE, "%s is larger than %u KB", name,
				       SCRIPT_SIZE_MAX >> 10);
		for (size_t i = 0; i < n; i++)
			VEC_PUSH(a, &text, part[i]);
	}
	*out = (struct str) { text.v, text.n };
	return ferror(f) ? err_sys(errno, "cannot read %s", name) : NULL;
}

static struct err *read_script(const char *path, struct arena *a, struct request *r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	r->name = is_stdin ? STR("stdin") : str_from(path);
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	if (!f)
		return err_sys(errno, "cannot read the script %s", path);
	struct err *e = read_stream(f, path, a, &r->text);
	if (!is_stdin)
		fclose(f);
	return e;
}

// --- operands ---

// Behind "--": --name=value for getopt(), and more parameters.
static void add_rest(struct request *r, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct str word = str_from(argv[i]);
		if (str_starts(word, STR("--")))
			r->named_params[r->n_named_params++] = str_from_off(word, 2);
		else
			r->params[r->n_params++] = word;
	}
}

static int find_rest(int argc, char **argv)
{
	int i = 0;
	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	return i;
}

static struct err *take_operands(const struct command *self, struct run_request *q, struct arena *a,
				 size_t n, char **operands)
{
	struct request *r = &q->r;
	size_t used = 0;
	if (q->program) {
		r->name = STR("one-liner");
		r->text = str_from(q->program);
	} else if (n) {
		TRY(read_script(operands[used++], a, r));
	} else {
		return command_usage(self, "no script given");
	}
	for (; used < n; used++)
		r->params[r->n_params++] = str_from(operands[used]);
	return NULL;
}

// -l PATTERN, -l SCRIPT, or -l alone: all.
static struct err *list(struct run_request *q, struct arena *a, size_t n, char **operands,
			int *status)
{
	bool is_file = false;
	FILE *f = n ? fopen(operands[0], "re") : NULL;
	if (f) {
		is_file = true;
		fclose(f);
	}
	q->r.name = STR("pattern");
	q->r.text = n ? str_from(operands[0]) : STR("*");
	for (size_t i = q->program ? 0 : 1; i < n; i++)
		q->r.params[q->r.n_params++] = str_from(operands[i]);
	if (q->program)
		q->r.text = str_from(q->program);
	else if (is_file)
		TRY(read_script(operands[0], a, &q->r));
	return pipeline_list(&q->r, !is_file && !q->program, q->is_verbose, status);
}

static struct err *run_scripts(const struct command *self, struct run_request *q, struct arena *a,
			       size_t n, char **operands, int *status)
{
	struct request *r = &q->r;
	r->stage = (enum stage)q->stage;
	r->run.buffering = (typeof(r->run.buffering))q->buffering;
	r->has_warnings = !q->has_no_warnings;
	r->output = &q->output;
	log_set_level(q->has_no_warnings ? LOG_QUIET : q->is_verbose ? LOG_VERBOSE : LOG_NORMAL);
	if (q->pid && r->command)
		return command_usage(self, "-p and -c exclude each other");
	if (q->pid)
		TRY(process_parse(q->pid, &r->pid));
	if (q->lists)
		return list(q, a, n, operands, status);
	TRY(take_operands(self, q, a, n, operands));
	return pipeline_run(r, status);
}

struct err *run_run(const struct command *self, int argc, char **argv, int *status)
{
	struct run_request q = { 0 };
	struct request *r = &q.r;
	// KEEP IN ORDER: the words of -d and enum stage.
	const struct option table[] = {
		{ 'e', "program", OPTION_ONCE, "PROGRAM", "run this program", &q.program },
		{ 'p', "pid", OPTION_ONCE, "PID", "trace only this process", &q.pid },
		{ 'c', "cmd", OPTION_ONCE, "COMMAND",
		  "start it when all is attached, trace its functions, end with it", &r->command },
		{ 'l', "list", OPTION_FLAG, NULL,
		  "list the probes of a pattern or script (-lv: with arguments)", &q.lists },
		{ 'f', "format", OPTION_FORMAT, "text|json", "json: one object a line",
		  &r->run.is_json },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &q.output.path },
		{ 'B', "buffering", OPTION_WORD, "line|full|none", "when output is written",
		  &q.buffering },
		{ 'q', "quiet", OPTION_FLAG, NULL, "do not say what is attached",
		  &r->run.is_quiet },
		{ 'v', "verbose", OPTION_FLAG, NULL, "say more", &q.is_verbose },
		{ 0, "no-warnings", OPTION_FLAG, NULL, "print no warnings", &q.has_no_warnings },
		{ 0, "unsafe", OPTION_FLAG, NULL, "allow system() and what else changes things",
		  &r->is_unsafe },
		{ 0, "dry-run", OPTION_FLAG, NULL, "attach, and end", &r->run.is_dry },
		{ 'd', "debug", OPTION_STAGE, "ast|plan|types|bpf|verifier|all",
		  "print that stage and do not run", &q.stage },
		{ 'I', "include-dir", OPTION_LIST, "DIR", "look for included files there",
		  &r->folders },
		{ 0, "include", OPTION_LIST, "FILE", "include it first", &r->includes },
		{ 0, "debuginfo", OPTION_TEXT, "DIR", "look for separate debug files there first",
		  &r->run.debug_dir },
		{ 0, "probe-filter", OPTION_TEXT, "REGEX", "only probes whose names match",
		  &r->probe_filter },
		{ 0, "depth", OPTION_TEXT, "N",
		  "of whole values: how many references are followed (max_depth)", &r->depth },
		{ 0, "items", OPTION_TEXT, "N",
		  "items of a slice or map that are shown (max_items)", &r->items },
		{ 0, "zeros", OPTION_FLAG, NULL, "show fields that are zero, too",
		  &r->shows_zeros },
		{ 0, "redact", OPTION_LIST, "PATTERN",
		  "do not show values of that name (passwords and the like never are)",
		  &r->secrets },
		{ 0, "config", OPTION_LIST, "NAME=VALUE", "as in the script's config block",
		  &r->settings },
		{ 'k', "warnings", OPTION_FLAG, NULL, "ignored: failed reads are always told",
		  &q.ignored },
		{ 0, "usdt-file-activation", OPTION_FLAG, NULL, "ignored: the kernel does it",
		  &q.ignored },
		{ 'b', "btf", OPTION_FLAG, NULL, "ignored", &q.ignored },
		{ 0, "info", OPTION_FLAG, NULL, "the same as stoat info", &q.info },
		{ 'V', "version", OPTION_FLAG, NULL, "print stoat's version", &q.version },
		{ 'h', "help", OPTION_FLAG, NULL, "print this", &q.help },
	};
	AUTO(arena_autofree) struct arena *a = arena_new();
	int rest = find_rest(argc, argv);
	size_t n;
	r->params = ARENA_ARRAY(a, struct str, argc + 1);
	r->named_params = ARENA_ARRAY(a, struct str, argc + 1);
	TRY(options_parse(table, ARRAY_LEN(table), rest, argv, &n));
	if (q.help) {
		command_help(self, table, ARRAY_LEN(table));
		return NULL;
	}
	if (q.version) {
		puts("stoat " STOAT_VERSION);
		return NULL;
	}
	if (q.info)
		return info_run(self, 0, argv, status);
	if (rest < argc)
		add_rest(r, argc - rest - 1, argv + rest + 1);
	return run_scripts(self, &q, a, n, argv, status);
}
