// SPDX-License-Identifier: Apache-2.0
// The unit test harness: TEST(name) { ... } registers a case by itself; each case runs in a process
// of its own, from the repository's root. A failed check ends its case.
#ifndef UNIT_H
#define UNIT_H

#include "base/err.h"
#include "base/str.h"

struct unit_case {
	const char *name;
	const char *file;
	void (*run)(void);
	struct unit_case *next;
};

void unit_register(struct unit_case *c);

NORETURN void unit_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
NORETURN void unit_skip(const char *reason);
void unit_check_int(const char *file, int line, const char *what, long long got, long long want);
void unit_check_text(const char *file, int line, const char *what, struct str got,
		     const char *want);
// Frees err.
void unit_check_ok(const char *file, int line, const char *what, struct err *err);
void unit_check_err(const char *file, int line, const char *what, struct err *err,
		    enum err_kind want);

#define TEST(id)                                                                                 \
	static void test_##id(void);                                                             \
	__attribute__((constructor)) static void register_##id(void)                             \
	{                                                                                        \
		static struct unit_case c = { .name = #id, .file = __FILE__, .run = test_##id }; \
		unit_register(&c);                                                               \
	}                                                                                        \
	static void test_##id(void)

#define CHECK(cond)                                                         \
	do {                                                                \
		if (!(cond))                                                \
			unit_fail(__FILE__, __LINE__, "not so: %s", #cond); \
	} while (0)
#define CHECK_INT(got, want) \
	unit_check_int(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define CHECK_STR(got, want)  unit_check_text(__FILE__, __LINE__, #got, str_from(got), (want))
#define CHECK_VIEW(got, want) unit_check_text(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_OK(err)         unit_check_ok(__FILE__, __LINE__, #err, (err))
// That there is an error of that kind; frees it.
#define CHECK_ERR(err, kind) unit_check_err(__FILE__, __LINE__, #err, (err), (kind))
#define SKIP(reason)         unit_skip(reason)

#endif
