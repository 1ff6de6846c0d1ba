// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level level_now = LOG_NORMAL;

void log_set_level(enum log_level level)
{
	level_now = level;
}

bool log_is_verbose(void)
{
	return level_now >= LOG_VERBOSE;
}

// One write for the whole message, so that lines of several writers do not mix. Further lines of a
// message stand indented under the first one.
static PRINTF_LIKE(2, 0) void say(const char *prefix, const char *fmt, va_list ap)
{
	char *text;
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	if (!f)
		abort();
	fprintf(f, "stoat: %s", prefix);
	for (const char *p = text; *p; p++) {
		// Names in a hostile file must not reach the terminal as commands.
		bool is_control = ((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f;
		if (is_control)
			fprintf(f, "\\x%02x", (unsigned char)*p);
		else
			fputc(*p, f);
		if (*p == '\n')
			fputs("       ", f);
	}
	fputc('\n', f);
	fclose(f);
	fwrite(out, 1, len, stderr);
	free(out);
	free(text);
}

void log_error(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say("error: ", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	if (level_now < LOG_NORMAL)
		return;
	va_list ap;
	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void log_note(const char *fmt, ...)
{
	if (level_now < LOG_NORMAL)
		return;
	va_list ap;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void log_debug(const char *domain, const char *fmt, ...)
{
	if (level_now < LOG_VERBOSE)
		return;
	va_list ap;
	va_start(ap, fmt);
	char prefix[32];
	snprintf(prefix, sizeof(prefix), "%s: ", domain);
	say(prefix, fmt, ap);
	va_end(ap);
}
