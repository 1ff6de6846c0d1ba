// SPDX-License-Identifier: Apache-2.0
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

static struct err *set(const struct option *o, const char *arg)
{
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->value = true;
		return NULL;
	case OPTION_TEXT:
		*(const char **)o->value = arg;
		return NULL;
	case OPTION_FORMAT:
		if (strcmp(arg, "text") != 0 && strcmp(arg, "json") != 0)
			return err_new(ERR_USAGE, "--%s takes text or json, not '%s'", o->name,
				       arg);
		*(bool *)o->value = strcmp(arg, "json") == 0;
		return NULL;
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
	if (!*arg && p->at + 1 < p->argc)
		*arg = p->argv[++p->at];
	if (!*arg)
		return err_new(ERR_USAGE, "--%s needs an argument: %s", o->name, o->arg);
	return NULL;
}

static struct err *parse_long(struct parse *p, const char *text)
{
	struct str name = { text, strcspn(text, "=") };
	const char *arg = text[name.len] == '=' ? text + name.len + 1 : NULL;
	const struct option *o = by_name(p->table, p->n, name);
	if (!o)
		return err_new(ERR_USAGE, "unknown option --%.*s", STR_ARG(name));
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

void options_print(const struct option *table, size_t n, FILE *f)
{
	for (size_t i = 0; i < n; i++) {
		char left[64];
		char letter[8] = "    ";
		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ", table[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, table[i].name,
			 table[i].arg ? " " : "", table[i].arg ? table[i].arg : "");
		fprintf(f, "  %-26s %s\n", left, table[i].help);
	}
}
