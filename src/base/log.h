// SPDX-License-Identifier: Apache-2.0
// What stoat says about its own work, on stderr. Library folders only use log_debug; errors are
// returned.
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum log_level {
	LOG_QUIET, // errors only
	LOG_NORMAL,
	LOG_VERBOSE,
};

// Set once by the command line.
void log_set_level(enum log_level level);
bool log_is_verbose(void);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
// Something to know that is no mistake.
void log_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *domain, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
