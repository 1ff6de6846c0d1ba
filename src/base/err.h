// SPDX-License-Identifier: Apache-2.0
// Errors of files, system calls and look-ups. A function that can fail returns struct err *, NULL
// when all is well; results come through the last parameter. The text is one line that a user can
// act on: what, where, what to do.
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

#include "base/attr.h"

enum err_kind {
	ERR_USAGE,       // the command line or script is wrong: exit status 1
	ERR_NOTFOUND,    // a file, function or other named thing does not exist
	ERR_BADDATA,     // a file's content is malformed
	ERR_UNSUPPORTED, // understood, but this build, kernel or format cannot do it
	ERR_SYS,         // the operating system refused
};

struct err;

MUST_USE struct err *err_new(enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Adds ": strerror(errno_value)".
MUST_USE struct err *err_sys(int errno_value, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Puts "context: " before e's text; consumes e and keeps its kind. NULL stays NULL.
MUST_USE struct err *err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Adds a line that is printed indented under the message (a hint, near names). Consumes and returns
// e.
MUST_USE struct err *err_note(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

enum err_kind err_kind(const struct err *e);
// The message; owned by e. Notes follow after newlines.
const char *err_text(const struct err *e);
void err_free(struct err *e);

// Frees e and returns true if it is of that kind; else leaves it and returns false. For errors that
// are handled.
bool err_catch(struct err **e, enum err_kind kind);

#define TRY(call)                              \
	do {                                   \
		struct err *try_err_ = (call); \
		if (try_err_)                  \
			return try_err_;       \
	} while (0)

#endif
