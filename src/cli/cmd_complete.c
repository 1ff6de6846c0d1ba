// SPDX-License-Identifier: Apache-2.0
// stoat complete: what can stand in the place of the last word of a command line. The shells' own
// files (completion/) ask for it at each press of the Tab key, so that they need not know what
// commands and options there are.
//
// A line a candidate, behind a tab what it is. Lines that begin with ':' tell the shell what to do:
//
//     :files    it adds names of files       :nospace  more follows without a blank
//     :dirs     it adds names of folders     :replace  candidates do not begin with the word
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/complete.h"
#include "gen/gen.h"

// So many functions are offered one by one; of more, what their names begin with.
#define FUNCTIONS_MAX 200u
#define OPTIONS_MAX   40u

struct completion {
	struct arena *arena;
	const struct command *command;
	struct option options[OPTIONS_MAX];
	size_t n_options;
	const char *word;        // the one that is completed
	const char *operands[2]; // the first ones
	size_t n_operands;       // in front of the word
};

static void offer(struct str candidate, const char *what)
{
	// What a terminal would take for a command is not offered.
	for (size_t i = 0; i < candidate.len; i++)
		if ((unsigned char)candidate.p[i] < 0x20 || candidate.p[i] == 0x7f)
			return;
	printf("%.*s%s%s\n", STR_ARG(candidate), *what ? "\t" : "", what);
}

static bool is_begun(const struct completion *c, struct str candidate)
{
	return str_starts(candidate, str_from(c->word));
}

// --- the command ---

static void take_options(void *ctx, const struct option *table, size_t n)
{
	struct completion *c = ctx;
	c->n_options = MIN(n, OPTIONS_MAX);
	memcpy(c->options, table, c->n_options * sizeof(*table));
}

// A command tells its options when it is asked for help.
static void find_options(struct completion *c)
{
	struct command asked = *c->command;
	char help[] = "--help";
	char *words[] = { help, NULL };
	int status = 0;
	asked.take_options = take_options;
	asked.ctx = c;
	err_free(asked.run(&asked, 1, words, &status));
}

static void complete_command(const struct completion *c)
{
	for (size_t i = 0; command_at(i); i++)
		if (is_begun(c, str_from(command_at(i)->name)))
			offer(str_from(command_at(i)->name), command_at(i)->summary);
	puts(":files"); // scripts
}

// --- options ---

static bool has_argument(const struct option *o)
{
	return o && o->kind != OPTION_FLAG && o->kind != OPTION_STAGE;
}

// The option that a word is; of several letters the last one. NULL: none. *is_whole: its argument
// stands in the word, too.
static const struct option *option_of(const struct completion *c, const char *word, bool *is_whole)
{
	bool is_long = word[1] == '-';
	size_t len = strcspn(word + 2, "=");
	*is_whole = is_long && word[2 + len] == '=';
	for (size_t i = 0; i < c->n_options; i++) {
		const struct option *o = &c->options[i];
		if (is_long ? strlen(o->name) == len && memcmp(o->name, word + 2, len) == 0
			    : o->letter && o->letter == word[strlen(word) - 1])
			return o;
	}
	return NULL;
}

static void complete_option(const struct completion *c)
{
	for (size_t i = 0; i < c->n_options; i++) {
		struct str name = arena_printf(c->arena, "--%s", c->options[i].name);
		if (is_begun(c, name))
			offer(name, c->options[i].help);
	}
}

// One of "text|json"; before: what of the word stands in front.
static void complete_choice(const struct completion *c, const char *choices, const char *before)
{
	for (const char *p = choices; *p;) {
		size_t len = strcspn(p, "|");
		struct str choice = arena_printf(c->arena, "%s%.*s", before, (int)len, p);
		if (is_begun(c, choice))
			offer(choice, "");
		p += len + (p[len] == '|');
	}
}

// --- processes and commands ---

// The paths in a folder that begin with the word.
static bool find_begun(const struct completion *c, const char *folder, glob_t *out)
{
	struct str pattern = arena_printf(c->arena, "%s/%s*", folder, c->word);
	return !strpbrk(c->word, "*?[\\") && glob(pattern.p, 0, NULL, out) == 0;
}

static void complete_pid(const struct completion *c)
{
	glob_t g;
	uint64_t pid;
	char exe[512];
	if (!find_begun(c, "/proc", &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct str name = base_name(str_from(g.gl_pathv[i]));
		if (!str_to_u64(name, &pid))
			continue;
		struct str link = arena_printf(c->arena, "%s/exe", g.gl_pathv[i]);
		ssize_t n = readlink(link.p, exe, sizeof(exe));
		if (n <= 0) // a thread of the kernel
			continue;
		struct str path = arena_strdup(c->arena, (struct str) { exe, (size_t)n });
		offer(name, base_name(path).p);
	}
	globfree(&g);
}

static void complete_in_folder(const struct completion *c, const char *folder)
{
	glob_t g;
	struct stat st;
	if (!find_begun(c, folder, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i];
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			offer(base_name(str_from(path)), "");
	}
	globfree(&g);
}

// Commands on PATH, when there is something to go by.
static void complete_program(const struct completion *c)
{
	puts(":files");
	if (!*c->word || strchr(c->word, '/'))
		return;
	const char *path = getenv("PATH");
	for (const char *p = path ? path : ""; *p;) {
		size_t len = strcspn(p, ":");
		if (len)
			complete_in_folder(c, arena_printf(c->arena, "%.*s", (int)len, p).p);
		p += len + (p[len] == ':');
	}
}

// Behind the last comma of a list; prefix: "args.".
static struct err *complete_names(const struct completion *c, const char *prefix, bool has_locals)
{
	struct str *v;
	size_t n;
	struct str word = str_from(c->word);
	struct str before = str_first(word, (size_t)(str_rfind_byte(word, ',') + 1));
	if (!c->operands[1])
		return NULL;
	TRY(complete_vars(c->arena, c->operands[0], c->operands[1], has_locals, &v, &n));
	for (size_t i = 0; i < n; i++) {
		struct str name = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(before), prefix,
					       STR_ARG(v[i]));
		if (is_begun(c, name))
			offer(name, "");
	}
	return NULL;
}

static void complete_key(const struct completion *c)
{
	complete_choice(c, "goid|gofunc", "");
	err_free(complete_names(c, "args.", false));
}

static void complete_argument(const struct completion *c, const struct option *o)
{
	struct str arg = str_from(o->arg);
	if (o->kind == OPTION_FORMAT || o->kind == OPTION_WORD)
		complete_choice(c, o->arg, "");
	else if (str_eq(arg, STR("PID")))
		complete_pid(c);
	else if (str_eq(arg, STR("DIR")))
		puts(":dirs");
	else if (str_eq(arg, STR("COMMAND")))
		complete_program(c);
	else if (str_eq(arg, STR("DURATION")))
		complete_choice(c, "500ms|1s|10s|1m", "");
	else if (str_eq(arg, STR("FILE")))
		puts(":files");
	else if (str_eq(arg, STR("A,B")))
		err_free(complete_names(c, "", false));
	else if (str_eq(arg, STR("KEY")))
		complete_key(c);
}

// --- functions ---

// How much of a name is offered next: up to the end of a package or type behind what is there.
// Brackets hold what is between them together.
static size_t next_step(struct str name, size_t have)
{
	int depth = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];
		depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
		if (i >= have && depth <= 0 && (c == '.' || c == '/') && i + 1 < name.len)
			return i + 1;
	}
	return name.len;
}

// Names are in order, so that those with the same beginning stand together.
static void offer_steps(const struct completion *c, const struct target_matches *m)
{
	struct str last = { 0 };
	puts(":nospace");
	for (size_t i = 0; i < m->n; i++) {
		struct str name = m->v[i]->name;
		struct str step = str_first(name, next_step(name, strlen(c->word)));
		if (!str_eq(step, last))
			offer(step, "");
		last = step;
	}
}

static struct err *complete_function(const struct completion *c, struct target *t)
{
	struct target_matches m;
	size_t n = 0;
	TRY(target_match(t, NULL, 0, &m));
	for (size_t i = 0; i < m.n; i++)
		if (is_begun(c, m.v[i]->name) && (!n || !str_eq(m.v[n - 1]->name, m.v[i]->name)))
			m.v[n++] = m.v[i];
	m.n = n;
	if (n > FUNCTIONS_MAX) {
		offer_steps(c, &m);
		return NULL;
	}
	if (!n) {
		// The last part of a name stands for the name.
		TRY(target_match_last(t, c->word, &m));
		puts(":replace");
	}
	for (size_t i = 0; i < m.n && i < FUNCTIONS_MAX; i++)
		offer(m.v[i]->name, "");
	return NULL;
}

static void complete_target(const struct completion *c)
{
	complete_program(c);
	if (*c->word >= '0' && *c->word <= '9')
		complete_pid(c);
}

// "[TEMPLATE] TARGET ...": whether the first operand is one.
static bool begins_with_template(const struct completion *c)
{
	return str_starts(str_from(c->command->operands), STR("[TEMPLATE] ")) && c->n_operands &&
	       gen_template_find(c->operands[0]);
}

static void complete_template(const struct completion *c)
{
	for (size_t i = 0; gen_template_at(i); i++)
		if (is_begun(c, str_from(gen_template_at(i)->name)))
			offer(str_from(gen_template_at(i)->name), "template");
	complete_target(c); // it may be left out
}

// "TARGET FUNC...": the word that says what the next operand is.
static struct str kind_of_operand(const struct completion *c)
{
	struct str kinds = str_from(c->command->operands), kind = { 0 };
	if (c->n_operands && !begins_with_template(c) && kinds.p[0] == '[')
		kinds = str_from_off(kinds, (size_t)str_find(kinds, STR(" ")) + 1);
	for (size_t i = 0; i <= c->n_operands && kinds.len; i++) {
		ptrdiff_t blank = str_find(kinds, STR(" "));
		kind = str_first(kinds, blank < 0 ? kinds.len : (size_t)blank);
		kinds = str_from_off(kinds, kind.len + 1);
		if (!kinds.len && i < c->n_operands && str_find(kind, STR("...")) < 0)
			return STR("");
	}
	return kind;
}

static struct err *complete_operand(const struct completion *c)
{
	struct str kind = kind_of_operand(c);
	struct target *t;
	size_t target = begins_with_template(c) ? 1 : 0;
	if (str_eq(kind, STR("TARGET")))
		complete_target(c);
	else if (str_eq(kind, STR("[TEMPLATE]")))
		complete_template(c);
	else if (str_eq(kind, STR("SCRIPT")))
		puts(":files");
	else if (str_eq(kind, STR("[VAR...]")))
		return complete_names(c, "", true);
	if (!str_eq(kind, STR("FUNC...")) && !str_eq(kind, STR("[PATTERN...]")) &&
	    !str_eq(kind, STR("PLACE")))
		return NULL;
	TRY(target_open(c->operands[target], NULL, &t));
	struct err *e = complete_function(c, t);
	target_close(t);
	return e;
}

// --- the whole line ---

static struct err *complete(struct completion *c, int argc, char **argv)
{
	const struct option *pending = NULL, *stage = NULL;
	bool is_whole = false, has_ended = false;
	for (int i = 0; i + 1 < argc; i++) {
		bool is_option = argv[i][0] == '-' && argv[i][1] && !pending && !has_ended;
		if (is_option && strcmp(argv[i], "--") == 0) {
			has_ended = true;
		} else if (is_option) {
			pending = option_of(c, argv[i], &is_whole);
			bool is_last = i + 2 == argc && !is_whole;
			stage = is_last && pending && pending->kind == OPTION_STAGE ? pending
										    : NULL;
			if (is_whole || !has_argument(pending))
				pending = NULL;
		} else if (pending) {
			pending = NULL;
		} else {
			if (c->n_operands < ARRAY_LEN(c->operands))
				c->operands[c->n_operands] = argv[i];
			c->n_operands++;
		}
	}
	if (pending) {
		complete_argument(c, pending);
		return NULL;
	}
	if (stage)
		complete_choice(c, stage->arg, ""); // or it goes without
	if (c->word[0] != '-' || has_ended)
		return complete_operand(c);
	const struct option *o = option_of(c, c->word, &is_whole);
	if (is_whole && o && (o->kind == OPTION_FORMAT || o->kind == OPTION_WORD))
		complete_choice(c, o->arg, arena_printf(c->arena, "--%s=", o->name).p);
	else
		complete_option(c);
	return NULL;
}

static const struct command *command_of(const char *word)
{
	for (size_t i = 0; command_at(i); i++)
		if (strcmp(command_at(i)->name, word) == 0)
			return command_at(i);
	return NULL;
}

// Nothing is said of mistakes: there is then nothing to offer.
struct err *complete_run(const struct command *self, int argc, char **argv, int *status)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	struct completion c = { .arena = arena };
	(void)self;
	(void)status;
	if (argc == 0)
		return NULL;
	c.word = argv[argc - 1];
	if (argc == 1 && c.word[0] != '-') {
		complete_command(&c);
		return NULL;
	}
	const struct command *named = command_of(argv[0]);
	c.command = named ? named : command_at(0);
	find_options(&c);
	err_free(complete(&c, argc - (named ? 1 : 0), argv + (named ? 1 : 0)));
	return NULL;
}
