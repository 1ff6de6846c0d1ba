// SPDX-License-Identifier: Apache-2.0
// The commands that trace without a script: their target, their functions, their script.
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "cli/tracing.h"
#include "value/value.h"

// What a script may have anyway: see config_make.
#define PROBES_ALWAYS   1024u
#define MAP_KEYS_ALWAYS 4096u

// --- the target ---

static bool is_pid(const char *what)
{
	uint64_t pid;
	struct stat st;
	bool is_file = stat(what, &st) == 0 && S_ISREG(st.st_mode);
	return !is_file && str_to_u64(str_from(what), &pid);
}

static struct err *check_options(const struct tracing *t, bool target_is_pid)
{
	if (t->pid_text && t->command)
		return command_usage(t->self, "-p and -c exclude each other");
	if (target_is_pid && t->command)
		return command_usage(t->self, "TARGET is a running process: -c starts another one");
	if (target_is_pid && t->pid_text)
		return command_usage(t->self, "the process is given twice, as TARGET and by -p");
	if (t->is_all && !target_is_pid)
		return command_usage(t->self, t->pid_text || t->command
						      ? "--all-processes and -p or -c exclude each "
							"other"
						      : "--all-processes is for a TARGET that is a "
							"pid: of a file all processes are traced");
	return NULL;
}

static struct err *open_process(struct tracing *t, const char *what)
{
	char exe[PATH_MAX];
	int pid;
	TRY(target_open(what, t->debug_dir, &t->target));
	TRY(process_parse(what, &pid));
	t->pid = t->is_all ? 0 : pid;
	t->path = arena_printf(t->arena, "/proc/%d/exe", pid);
	ssize_t n = readlink(t->path.p, exe, sizeof(exe));
	struct str name = { exe, n < 0 ? 0 : (size_t)n };
	t->where = arena_printf(t->arena, "%.*s, %s %d", STR_ARG(base_name(name)),
				t->is_all ? "all processes of" : "process", pid);
	return NULL;
}

static struct err *open_file(struct tracing *t, const char *what)
{
	if (t->pid_text)
		TRY(process_parse(t->pid_text, &t->pid));
	struct plan_options o = { .pid = t->pid, .debug_dir = t->debug_dir };
	TRY(plan_find_program(t->arena, what, &o, &t->path));
	t->where = t->pid ? arena_printf(t->arena, "%s, process %d", what, t->pid) : str_from(what);
	return target_open(t->path.p, t->debug_dir, &t->target);
}

// --- the functions ---

// What a word means: a name, a pattern, or the last part of one function's name.
struct meaning {
	struct target_matches funcs; // none: a function that exists in inlined copies only
	struct str text;             // as an attach point has it
	bool is_pattern;
	bool is_list; // the functions have to be named one by one
};

static bool is_of_runtime(const struct target_func *f)
{
	return str_starts(f->name, STR("runtime.")) || str_starts(f->name, STR("runtime/")) ||
	       str_starts(f->name, STR("internal/"));
}

// Nobody means the insides of Go's runtime by a short name, if something else has it.
static void prefer_own(struct tracing *t, struct target_matches *m)
{
	struct target_matches own = { ARENA_ARRAY(t->arena, const struct target_func *, m->n), 0 };
	if (!target_is_go(t->target))
		return;
	for (size_t i = 0; i < m->n; i++)
		if (!is_of_runtime(m->v[i]))
			own.v[own.n++] = m->v[i];
	if (own.n)
		*m = own;
}

static struct err *look_up(struct tracing *t, const char *word, struct meaning *out)
{
	struct target_info *inlined;
	*out = (struct meaning) { .text = str_from(word) };
	TRY(target_match(t->target, &word, 1, &out->funcs));
	if (out->funcs.n) {
		const struct target_func *f = out->funcs.v[0];
		bool is_name = str_eq(out->text, f->name) || str_eq(out->text, f->symbol);
		out->is_pattern = str_is_glob(out->text) && !is_name;
		return NULL;
	}
	struct err *e = target_find_inlined(t->target, out->text, t->arena, &inlined);
	if (!e || !err_catch(&e, ERR_NOTFOUND))
		return e;
	TRY(target_match_last(t->target, word, &out->funcs));
	prefer_own(t, &out->funcs);
	if (out->funcs.n == 0)
		return target_no_match(t->target, word);
	out->is_list = target_is_one_generic(t->target, &out->funcs);
	if (out->funcs.n > 1 && !out->is_list)
		return target_many_match(t->target, word, &out->funcs);
	if (!out->is_list)
		out->text = out->funcs.v[0]->name;
	return NULL;
}

// Functions that two words mean are counted once: of a word that meant others, too, the new ones
// are named.
static void add_meaning(struct tracing *t, struct map *seen, const struct meaning *m)
{
	struct str *fresh = ARENA_ARRAY(t->arena, struct str, m->funcs.n);
	size_t n_fresh = 0, n_known = 0;
	for (size_t i = 0; i < m->funcs.n; i++) {
		const struct target_func *f = m->funcs.v[i];
		void *owner = map_get(seen, f->vaddr + 1);
		if (!owner) {
			map_put(seen, f->vaddr + 1, fresh);
			fresh[n_fresh++] = f->name;
			VEC_PUSH(t->arena, &t->matched, f);
		} else if (owner != fresh) { // else two names of this word for the same code
			n_known++;
		}
	}
	t->n_funcs += m->funcs.n ? n_fresh : 1;
	if (!n_known && !m->is_list) {
		VEC_PUSH(t->arena, &t->func, m->text);
		return;
	}
	for (size_t i = 0; i < n_fresh; i++)
		VEC_PUSH(t->arena, &t->func, fresh[i]);
}

struct err *tracing_functions(struct tracing *t, size_t n, char **words)
{
	struct meaning *m = ARENA_ARRAY(t->arena, struct meaning, n);
	struct map seen = map_init(t->arena);
	for (size_t i = 0; i < n; i++)
		TRY(look_up(t, words[i], &m[i]));
	for (size_t i = 0; i < n; i++)
		t->title = arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(t->title), i ? ", " : "",
					STR_ARG(m[i].text));
	// Patterns first: a name that one of them covers adds nothing.
	for (size_t i = 0; i < 2 * n; i++)
		if (m[i % n].is_pattern == (i < n))
			add_meaning(t, &seen, &m[i % n]);
	return NULL;
}

bool tracing_knows_goroutines(struct tracing *t)
{
	struct target_g g;
	bool is_known = target_is_go(t->target) && t->matched.n;
	for (size_t i = 0; i < t->matched.n && is_known; i++) {
		struct err *e = target_g(t->target, t->matched.v[i], &g);
		is_known = !e;
		err_free(e);
	}
	return is_known;
}

// --- the beginning ---

struct err *tracing_duration(const char *option, const char *text, uint64_t *out)
{
	struct number n;
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct str whole = number_whole_duration(a, str_from(text)); // of 1.5s
	if (number_parse(whole.len ? whole : str_from(text), &n) && n.is_duration && n.value) {
		*out = n.value;
		return NULL;
	}
	return err_new(ERR_USAGE, "%s takes a time with its unit, like 10s, 500ms or 2m, not '%s'",
		       option, text);
}

// Takes what may stand behind the number off.
static struct err *check_number(struct tracing *t, const char *option, const char **text,
				uint64_t min, uint64_t max, struct str unit)
{
	struct str number = *text ? str_from(*text) : STR("");
	uint64_t n;
	if (!*text)
		return NULL;
	if (unit.len && str_ends(number, unit))
		number.len -= unit.len;
	if (!str_to_u64(number, &n) || n < min || n > max)
		return err_new(ERR_USAGE,
			       "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'",
			       option, min, max, *text);
	*text = arena_printf(t->arena, "%.*s", STR_ARG(number)).p;
	return NULL;
}

static struct err *check_numbers(struct tracing *t)
{
	TRY(check_number(t, "--depth", &t->depth, 0, VALUE_DEPTH_MAX, STR("")));
	TRY(check_number(t, "--items", &t->items, 1, VALUE_ITEMS_MAX, STR("")));
	TRY(check_number(t, "--max-rate", &t->max_rate, 1, CONFIG_RATE_MAX, STR("/s")));
	return check_number(t, "--max-cpu", &t->max_cpu, 1, CONFIG_CPU_MAX, STR("%"));
}

// What one command has, many try with the others.
static struct err *parse_options(struct tracing *t, const struct option *table, size_t n, int argc,
				 char **argv, size_t *n_operands)
{
	bool has_where = false, asks_where = false;
	for (size_t i = 0; i < n; i++)
		has_where |= table[i].letter == 'w';
	for (int i = 0; i < argc; i++)
		asks_where |= strncmp(argv[i], "--where", 7) == 0 || strncmp(argv[i], "-w", 2) == 0;
	struct err *e = options_parse(table, n, argc, argv, n_operands);
	if (!e || has_where || !asks_where)
		return e;
	return err_note(e,
			"stoat trace has conditions; for others, write an if into the script that "
			"stoat %s --print-script prints",
			t->self->name);
}

struct err *tracing_begin(struct tracing *t, const struct option *table, size_t n, int argc,
			  char **argv, bool *is_done)
{
	size_t n_operands;
	t->arena = arena_new();
	TRY(parse_options(t, table, n, argc, argv, &n_operands));
	*is_done = t->help;
	if (t->help) {
		command_help(t->self, table, n);
		return NULL;
	}
	TRY(check_numbers(t));
	const char *missing = t->has_place ? "no place given" : "no function given";
	if (n_operands < 2)
		return command_usage(t->self, n_operands ? missing : "no target given");
	log_set_level(t->is_verbose ? LOG_VERBOSE : LOG_NORMAL);
	bool target_is_pid = is_pid(argv[0]);
	TRY(check_options(t, target_is_pid));
	if (target_is_pid)
		TRY(open_process(t, argv[0]));
	else
		TRY(open_file(t, argv[0]));
	t->output.target = target_path(t->target);
	t->operands = argv + 1;
	t->n_operands = n_operands - 1;
	return t->has_place ? NULL : tracing_functions(t, t->n_operands, t->operands);
}

void tracing_end(struct tracing *t)
{
	target_close(t->target);
	out_buf_free(&t->script);
	arena_free(t->arena);
}

// --- the script ---

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || c == '_';
		if (!is_word && c != '.' && c != '/' && c != '-' && (c != '*' || i == 0))
			return false;
	}
	// What begins like a number would be one.
	return s.len && (s.p[0] < '0' || s.p[0] > '9');
}

void tracing_quoted(struct tracing *t, struct str s)
{
	struct out_buf *b = &t->script;
	out_buf_str(b, STR("\""));
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			out_buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			out_buf_printf(b, "\\x%02x", c);
		else
			out_buf_add(b, &s.p[i], 1);
	}
	out_buf_str(b, STR("\""));
}

void tracing_excerpt(struct tracing *t, const char *option, const char *text, struct str part)
{
	struct excerpt e = { .off = (uint32_t)t->script.n,
			     .len = (uint32_t)part.len,
			     .option = option,
			     .text = text,
			     .from = (uint32_t)(part.p - text) };
	VEC_PUSH(t->arena, &t->excerpts, e);
	out_buf_str(&t->script, part);
}

// A part of an attach point, in quotes where it needs them.
void tracing_field(struct tracing *t, struct str s)
{
	if (is_plain(s))
		out_buf_str(&t->script, s);
	else
		tracing_quoted(t, s);
}

void tracing_setting(struct tracing *t, const char *name, const char *value)
{
	t->settings = arena_printf(t->arena, "%.*s; %s = %s", STR_ARG(t->settings), name, value);
}

void tracing_head(struct tracing *t)
{
	if (t->max_rate)
		tracing_setting(t, "max_rate", t->max_rate);
	if (t->max_cpu)
		tracing_setting(t, "max_cpu", t->max_cpu);
	if (t->has_kernel_returns)
		tracing_setting(t, "kernel_returns", "1");
	if (t->depth)
		tracing_setting(t, "max_depth", t->depth);
	if (t->items)
		tracing_setting(t, "max_items", t->items);
	if (t->shows_zeros)
		tracing_setting(t, "value_zeros", "1");
	struct out_buf *b = &t->script;
	out_buf_printf(b, "// stoat %s: %s\n", t->self->name, t->self->summary);
	if (t->pid)
		out_buf_printf(b, "// To be run with -p %d.\n", t->pid);
	if (t->command)
		out_buf_str(b, STR("// To be run with -c COMMAND.\n"));
	for (size_t i = 0; i < t->secrets.n; i++)
		out_buf_printf(b, "// To be run with --redact %s.\n", t->secrets.v[i]);
	out_buf_str(b, STR("config = { print_maps_on_exit = 0"));
	out_buf_str(b, t->settings);
	size_t n_keys = MAX(t->n_keys, t->n_funcs);
	if (n_keys > MAP_KEYS_ALWAYS)
		out_buf_printf(b, "; max_map_keys = %zu", n_keys);
	if (t->n_funcs >= PROBES_ALWAYS)
		out_buf_printf(b, "; max_probes = %zu", 2 * t->n_funcs);
	out_buf_str(b, STR(" }\n\n"));
}

void tracing_program(struct tracing *t, const char *provider)
{
	bool has_slash = str_find(t->path, STR("/")) >= 0;
	out_buf_printf(&t->script, "%s:%s", provider, has_slash ? "" : "./");
	tracing_field(t, t->path);
}

void tracing_probes(struct tracing *t, const char *provider)
{
	struct out_buf *b = &t->script;
	for (size_t i = 0; i < t->func.n; i++) {
		out_buf_str(b, i ? STR(",\n") : STR(""));
		tracing_program(t, provider);
		out_buf_str(b, STR(":"));
		tracing_field(t, t->func.v[i]);
	}
}

void tracing_one_probe(struct tracing *t, const char *provider, const char *func, const char *body)
{
	tracing_program(t, provider);
	out_buf_str(&t->script, STR(":"));
	tracing_field(t, str_from(func));
	out_buf_str(&t->script, str_from(body));
}

struct err *tracing_tables(struct tracing *t, const char *interval, const char *what)
{
	uint64_t ns, end = 0;
	TRY(tracing_duration("--interval", interval, &ns));
	if (t->duration)
		TRY(tracing_duration("--for", t->duration, &end));
	// The last of them comes from END: it would be there twice.
	t->ends_itself = end && end % ns == 0;
	if (t->ends_itself)
		what = arena_printf(t->arena,
				    "$n = @ticks++; if ($n + 1 >= %" PRIu64 ") { exit(); } "
				    "else { %s }",
				    end / ns, what)
			       .p;
	tracing_every(t, ns, what);
	return NULL;
}

void tracing_every(struct tracing *t, uint64_t ns, const char *what)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };
	size_t u = 0;
	while (ns % units[u].ns)
		u++;
	out_buf_printf(&t->script, "\ninterval:%s:%" PRIu64 " { %s }\n", units[u].name,
		       ns / units[u].ns, what);
}

// --- running it ---

static struct err *print_script(struct tracing *t)
{
	FILE *out;
	TRY(output_open(&t->output, &out));
	fwrite(t->script.p, 1, t->script.n, out);
	return output_close(&t->output);
}

// "3 functions, 7 sites in ./shop (go1.24.4); Ctrl-C to stop"
static void set_hello(struct tracing *t, struct run_options *run)
{
	struct str go = target_go_version(t->target);
	struct str until = t->duration  ? arena_printf(t->arena, "for %s", t->duration)
			   : t->command ? STR("until the command ends")
					: STR("Ctrl-C to stop");
	struct out_buf funcs = { 0 };
	out_amount(&funcs, t->n_funcs);
	out_buf_str(&funcs, t->n_funcs == 1 ? STR(" function") : STR(" functions"));
	run->hello = t->what.len ? t->what : arena_strdup(t->arena, out_buf_view(&funcs));
	out_buf_free(&funcs);
	run->hello_end =
		arena_printf(t->arena, "in %.*s%s%.*s%s; %.*s", STR_ARG(t->where),
			     go.len ? " (" : "", STR_ARG(go), go.len ? ")" : "", STR_ARG(until));
}

struct err *tracing_run(struct tracing *t, int *status)
{
	uint64_t ns;
	if (t->duration) {
		TRY(tracing_duration("--for", t->duration, &ns));
		if (!t->ends_itself)
			tracing_every(t, ns, "exit();");
	}
	if (t->prints_script)
		return print_script(t);
	struct request r = {
		.name = str_from(t->self->name),
		.text = out_buf_view(&t->script),
		.command = t->command,
		.pid = t->pid,
		.excerpts = t->excerpts,
		.is_unseen = true,
		.has_warnings = true,
		.secrets = t->secrets,
		.run = { .is_json = t->is_json,
			 .is_quiet = t->is_quiet,
			 .is_wide = t->is_wide,
			 .has_summary = true,
			 .debug_dir = t->debug_dir },
		.output = &t->output,
	};
	set_hello(t, &r.run);
	return pipeline_run(&r, status);
}
