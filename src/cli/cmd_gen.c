// SPDX-License-Identifier: Apache-2.0
// stoat gen: scripts for stock bpftrace.
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/near.h"
#include "cli/cli.h"
#include "gen/gen.h"

struct gen_options {
	bool help, lists, is_empty;
	const char *version, *debug_dir;
	struct output output;
};

// What the operands mean.
struct order {
	struct arena *arena;
	struct gen_request r;
	VEC(struct gen_key) keys;
	struct file_map file; // of a template of the user's
};

// --- templates ---

static void print_templates(FILE *out)
{
	struct arena *a = arena_new();
	for (size_t i = 0; gen_template_at(i); i++) {
		const struct gen_template *t = gen_template_at(i);
		struct str about = gen_template_about(a, t->text);
		const char *name = t->name;
		while (about.len) {
			ptrdiff_t end = str_find(about, STR("\n"));
			fprintf(out, "  %-11s %.*s\n", name, (int)end, about.p);
			about = str_from_off(about, (size_t)end + 1);
			name = "";
		}
	}
	arena_free(a);
}

static bool is_elf(struct bytes b)
{
	return b.len >= 4 && memcmp(b.p, "\177ELF", 4) == 0;
}

// A file that is no program.
static struct err *take_file(struct order *o, const char *what, bool *is_template)
{
	struct stat st;
	*is_template = false;
	if (stat(what, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return NULL;
	TRY(file_map_open(what, &o->file));
	if (is_elf(o->file.data))
		return NULL;
	*is_template = true;
	o->r.name = str_from(what);
	o->r.text = (struct str) { (const char *)o->file.data.p, o->file.data.len };
	bool has_holes = str_find(o->r.text, STR("{{")) >= 0 && str_find(o->r.text, STR("}}")) >= 0;
	if (memchr(o->r.text.p, 0, o->r.text.len) || !has_holes)
		return err_new(ERR_USAGE,
			       "%s is no program, and no template: there is no {{...}} in it",
			       what);
	return NULL;
}

static struct err *take_template(struct order *o, const struct gen_options *opts, const char *what,
				 bool *is_template)
{
	const struct gen_template *t = gen_template_find(what);
	*is_template = t != NULL;
	if (!t)
		TRY(take_file(o, what, is_template));
	if (*is_template && opts->is_empty)
		return err_new(ERR_USAGE, "--empty is for a program without a template");
	if (!*is_template)
		t = gen_template_find(opts->is_empty ? "skeleton" : "latency");
	if (t) {
		o->r.name = str_from(t->name);
		o->r.text = t->text;
	}
	return NULL;
}

static struct err *no_template(const char *what, struct err *e)
{
	struct near near = near_init(str_from(what));
	struct str list = STR("");
	struct arena *a = arena_new();
	err_free(e);
	for (size_t i = 0; gen_template_at(i); i++) {
		struct str name = str_from(gen_template_at(i)->name);
		near_offer(&near, name);
		list = arena_printf(a, "%.*s%s%.*s", STR_ARG(list), i ? ", " : "", STR_ARG(name));
	}
	e = err_new(ERR_NOTFOUND, "'%s' is neither a template nor a program", what);
	if (near.n)
		e = err_note(e, "did you mean '%.*s'?", STR_ARG(near.best[0]));
	e = err_note(e, "templates: %.*s", STR_ARG(list));
	arena_free(a);
	return e;
}

// --- the program ---

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// A path by which bpftrace finds the file of a process: its own, or through the process's root.
static struct str path_of_process(struct arena *a, const char *exe)
{
	char link[PATH_MAX];
	ssize_t n = readlink(exe, link, sizeof(link) - 1);
	link[MAX(n, 0)] = '\0';
	if (n > 0 && same_file(link, exe))
		return arena_strdup(a, str_from(link));
	struct str root = str_first(str_from(exe), strlen(exe) - strlen("exe"));
	struct str inside = arena_printf(a, "%.*sroot%s", STR_ARG(root), link);
	return n > 0 && same_file(inside.p, exe) ? inside : str_from(exe);
}

static struct err *take_target(struct order *o, const struct gen_options *opts, const char *what)
{
	struct stat st;
	uint64_t pid;
	bool is_pid = str_to_u64(str_from(what), &pid) && stat(what, &st) < 0;
	TRY(target_open(what, opts->debug_dir, &o->r.target));
	if (is_pid) {
		struct str exe = arena_printf(o->arena, "/proc/%s/exe", what);
		o->r.path = path_of_process(o->arena, exe.p);
		o->r.pid = (int)pid;
		return NULL;
	}
	// A file that has been deleted is still there by the path that was given.
	char *full = realpath(target_path(o->r.target), NULL);
	o->r.path = arena_strdup(o->arena, str_from(full ? full : target_path(o->r.target)));
	free(full);
	return NULL;
}

// --- the keys ---

// What is no key=value is a function.
static struct err *take_keys(struct order *o, size_t n, char **words)
{
	for (size_t i = 0; i < n; i++) {
		struct str word = str_from(words[i]);
		ptrdiff_t is = str_find(word, STR("="));
		struct gen_key key = { STR("symbol"), word };
		bool is_name = is > 0;
		for (ptrdiff_t k = 0; k < is; k++)
			is_name &= (word.p[k] >= 'a' && word.p[k] <= 'z') || word.p[k] == '_';
		if (is_name)
			key = (struct gen_key) { str_first(word, (size_t)is),
						 str_from_off(word, (size_t)is + 1) };
		if (!key.value.len)
			return err_new(ERR_USAGE, "'%s' has no value", words[i]);
		VEC_PUSH(o->arena, &o->keys, key);
	}
	o->r.keys = o->keys.v;
	o->r.n_keys = o->keys.n;
	return NULL;
}

// --- the steps ---

static struct err *write_script(struct order *o, struct gen_options *opts, int *status)
{
	struct diag *diag = diag_new(o->arena);
	struct out_buf script = { 0 };
	FILE *out;
	struct err *e = gen_write(o->arena, &o->r, diag, &script);
	diag_tell(diag, true, stderr);
	if (diag_n_errors(diag))
		*status = EXIT_TARGET;
	if (!e && !diag_n_errors(diag)) {
		opts->output.target = target_path(o->r.target);
		e = output_open(&opts->output, &out);
		if (!e) {
			fwrite(script.p, 1, script.n, out);
			e = output_end(&opts->output, o->r.target, NULL);
		}
	}
	out_buf_free(&script);
	return e;
}

// The script must not take the place of its own template.
static struct err *check_output(const struct order *o, const struct gen_options *opts)
{
	struct str name = arena_strdup(o->arena, o->r.name);
	bool is_of_file = o->r.text.p == (const char *)o->file.data.p;
	if (opts->output.path && is_of_file && same_file(opts->output.path, name.p))
		return err_new(ERR_USAGE, "-o %s would write over the template", name.p);
	return NULL;
}

static struct err *generate(const struct command *self, struct order *o, struct gen_options *opts,
			    size_t n, char **words, int *status)
{
	bool is_template;
	TRY(take_template(o, opts, words[0], &is_template));
	size_t used = is_template ? 2 : 1;
	if (n < used)
		return command_usage(self, "no target given");
	struct err *e = take_target(o, opts, words[used - 1]);
	if (e && !is_template && err_kind(e) == ERR_NOTFOUND)
		return no_template(words[0], e);
	TRY(e);
	if (!is_template && n == used)
		return command_usage(self, "no function given");
	if (!target_is_go(o->r.target))
		return err_new(ERR_UNSUPPORTED,
			       "%s is no Go program: bpftrace traces it as it is (uprobe, "
			       "uretprobe, arg0)",
			       target_name(o->r.target));
	TRY(take_keys(o, n - used, words + used));
	TRY(check_output(o, opts));
	if (opts->version)
		TRY(gen_dialect_parse(opts->version, &o->r.dialect));
	else
		TRY(gen_dialect_installed(&o->r.dialect));
	return write_script(o, opts, status);
}

struct err *gen_run(const struct command *self, int argc, char **argv, int *status)
{
	struct gen_options opts = { 0 };
	const struct option table[] = {
		{ 0, "bpftrace", OPTION_TEXT, "VERSION",
		  "write for that version: 0.11, 0.17, 0.23, 0.27; else for the one here",
		  &opts.version },
		{ 0, "empty", OPTION_FLAG, NULL, "without a template: put nothing into the probes",
		  &opts.is_empty },
		{ 'l', "list", OPTION_FLAG, NULL, "list the templates", &opts.lists },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &opts.output.path },
		{ 0, "debuginfo", OPTION_TEXT, "DIR", "look for separate debug files there first",
		  &opts.debug_dir },
		{ 'h', "help", OPTION_FLAG, NULL, "print this", &opts.help },
	};
	size_t n;
	TRY(options_parse(table, ARRAY_LEN(table), argc, argv, &n));
	if (opts.help)
		command_help(self, table, ARRAY_LEN(table));
	if (opts.help && !self->take_options)
		printf("\ntemplates:\n");
	if (opts.lists || (opts.help && !self->take_options))
		print_templates(stdout);
	if (opts.help || opts.lists)
		return NULL;
	if (n == 0)
		return command_usage(self, "no target given");
	struct order o = { .arena = arena_new(), .r.version = STOAT_VERSION };
	struct err *e = generate(self, &o, &opts, n, argv, status);
	target_close(o.r.target);
	file_map_close(&o.file);
	arena_free(o.arena);
	return e;
}
