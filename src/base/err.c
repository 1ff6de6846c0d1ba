// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err {
	enum err_kind kind;
	char *text;
};

static PRINTF_LIKE(1, 0) char *format(const char *fmt, va_list ap)
{
	char *s;
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

// Joins two texts with a separator; frees both.
static char *join(char *a, const char *sep, char *b)
{
	char *s;
	if (asprintf(&s, "%s%s%s", a, sep, b) < 0)
		abort();
	free(a);
	free(b);
	return s;
}

static struct err *make(enum err_kind kind, char *text)
{
	struct err *e = malloc(sizeof(*e));
	if (!e)
		abort();
	*e = (struct err) { .kind = kind, .text = text };
	return e;
}

struct err *err_new(enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	return make(kind, text);
}

struct err *err_sys(int errno_value, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	char *why = strdup(strerror(errno_value));
	if (!why)
		abort();
	return make(ERR_SYS, join(text, ": ", why));
}

struct err *err_wrap(struct err *e, const char *fmt, ...)
{
	if (!e)
		return NULL;
	va_list ap;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	e->text = join(text, ": ", e->text);
	return e;
}

struct err *err_note(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	e->text = join(e->text, "\n", text);
	return e;
}

enum err_kind err_kind(const struct err *e)
{
	return e->kind;
}

const char *err_text(const struct err *e)
{
	return e->text;
}

void err_free(struct err *e)
{
	if (!e)
		return;
	free(e->text);
	free(e);
}

bool err_catch(struct err **e, enum err_kind kind)
{
	if (!*e || (*e)->kind != kind)
		return false;
	err_free(*e);
	*e = NULL;
	return true;
}
