// SPDX-License-Identifier: Apache-2.0
#include "base/near.h"
#include "cli/cli.h"

static const struct option *by_letter(const struct option *table, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (letter && table[i].letter == letter)
			return &table[i];
	return NULL;
}

static const struct option *by_name(const struct option *table, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(str_from(table[i].name), name))
			return &table[i];
	return NULL;
}

// The number, from 1 on, of the word in "one|two|three"; 0: none of them.
static int find_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (int n = 1;; n++) {
		size_t this = strcspn(words, "|");
		if (len == this && memcmp(words, word, len) == 0)
			return n;
		if (!words[this])
			return 0;
		words += this + 1;
	}
}

static int n_words(const char *words)
{
	int n = 1;
	for (; *words; words++)
		n += *words == '|';
	return n;
}

static struct err *set_word(const struct option *o, const char *arg, int *out)
{
	*out = arg ? find_word(o->arg, arg) : n_words(o->arg);
	if (*out)
		return NULL;
	return err_new(ERR_USAGE, "--%s takes one of %s, not '%s'", o->name, o->arg, arg);
}

// What follows an option with an optional word, and is none of its words but nearly one.
static struct err *misspelled(const struct option *o, const char *text)
{
	struct near near = near_init(str_from(text));
	for (const char *w = o->arg; *w;) {
		size_t len = strcspn(w, "|");
		near_offer(&near, (struct str) { w, len });
		w += len + (w[len] == '|');
	}
	if (!near.n)
		return NULL;
	return err_note(err_new(ERR_USAGE, "--%s takes one of %s, not '%s'", o->name, o->arg, text),
			"did you mean '%.*s'?", STR_ARG(near.best[0]));
}

static struct err *set_list(const struct option *o, const char *arg)
{
	struct option_list *list = o->value;
	if (list->n == OPTION_LIST_MAX)
		return err_new(ERR_USAGE, "--%s is given more than %d times", o->name,
			       OPTION_LIST_MAX);
	list->v[list->n++] = arg;
	return NULL;
}

static struct err *set(const struct option *o, const char *arg)
{
	int word;
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->value = true;
		return NULL;
	case OPTION_TEXT:
		*(const char **)o->value = arg;
		return NULL;
	case OPTION_ONCE:
		if (*(const char **)o->value)
			return err_new(ERR_USAGE, "-%c is given twice", o->letter);
		*(const char **)o->value = arg;
		return NULL;
	case OPTION_LIST:
		return set_list(o, arg);
	case OPTION_FORMAT:
		TRY(set_word(o, arg, &word));
		*(bool *)o->value = word == 2;
		return NULL;
	case OPTION_WORD:
	case OPTION_STAGE:
		return set_word(o, arg, o->value);
	}
	UNREACHABLE();
}

struct parse {
	const struct option *table;
	size_t n;
	int argc;
	char **argv;
	int at; // the argument that is being read
};

static struct err *argument_of(struct parse *p, const struct option *o, const char **arg)
{
	if (o->kind == OPTION_FLAG)
		return NULL;
	if (o->kind == OPTION_STAGE) {
		// bpftrace's -dd meant more of the same.
		if (*arg && **arg == o->letter)
			*arg = NULL;
		else if (!*arg && p->at + 1 < p->argc && find_word(o->arg, p->argv[p->at + 1]))
			*arg = p->argv[++p->at];
		else if (!*arg && p->at + 1 < p->argc)
			return misspelled(o, p->argv[p->at + 1]);
		return NULL;
	}
	if (!*arg && p->at + 1 < p->argc)
		*arg = p->argv[++p->at];
	if (!*arg)
		return err_new(ERR_USAGE, "--%s needs an argument: %s", o->name, o->arg);
	return NULL;
}

static struct err *unknown(const struct parse *p, struct str name)
{
	struct err *e = err_new(ERR_USAGE, "unknown option --%.*s", STR_ARG(name));
	struct near near = near_init(name);
	// Many tools have one of that name.
	for (size_t i = 0; i < p->n; i++)
		if (p->table[i].kind == OPTION_FORMAT && str_eq(name, STR("json")))
			return err_note(e, "-f json is what you mean");
	for (size_t i = 0; i < p->n; i++)
		near_offer(&near, str_from(p->table[i].name));
	return near.n ? err_note(e, "did you mean --%.*s?", STR_ARG(near.best[0])) : e;
}

static struct err *parse_long(struct parse *p, const char *text)
{
	struct str name = { text, strcspn(text, "=") };
	const char *arg = text[name.len] == '=' ? text + name.len + 1 : NULL;
	const struct option *o = by_name(p->table, p->n, name);
	if (!o)
		return unknown(p, name);
	if (o->kind == OPTION_FLAG && arg)
		return err_new(ERR_USAGE, "--%s takes no argument", o->name);
	TRY(argument_of(p, o, &arg));
	return set(o, arg);
}

static struct err *parse_letters(struct parse *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option *o = by_letter(p->table, p->n, *letters);
		if (!o)
			return err_new(ERR_USAGE, "unknown option -%c", *letters);
		const char *arg = letters[1] ? letters + 1 : NULL;
		TRY(argument_of(p, o, &arg));
		TRY(set(o, arg));
		if (o->kind != OPTION_FLAG)
			break;
	}
	return NULL;
}

struct err *options_parse(const struct option *table, size_t n, int argc, char **argv,
			  size_t *n_operands)
{
	struct parse p = { table, n, argc, argv, 0 };
	size_t kept = 0;
	for (; p.at < argc; p.at++) {
		char *arg = argv[p.at];
		if (strcmp(arg, "--") == 0) {
			while (++p.at < argc)
				argv[kept++] = argv[p.at];
			break;
		}
		if (arg[0] != '-' || !arg[1])
			argv[kept++] = arg;
		else if (arg[1] == '-')
			TRY(parse_long(&p, arg + 2));
		else
			TRY(parse_letters(&p, arg + 1));
	}
	*n_operands = kept;
	return NULL;
}

#define LEFT_WIDTH 26

void options_print(const struct option *table, size_t n, FILE *f)
{
	for (size_t i = 0; i < n; i++) {
		char left[96];
		char letter[8] = "    ";
		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ", table[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, table[i].name,
			 table[i].arg ? " " : "", table[i].arg ? table[i].arg : "");
		// What is too long for the column has a line of its own.
		if (strlen(left) > LEFT_WIDTH)
			fprintf(f, "  %s\n  %*s %s\n", left, LEFT_WIDTH, "", table[i].help);
		else
			fprintf(f, "  %-*s %s\n", LEFT_WIDTH, left, table[i].help);
	}
}
