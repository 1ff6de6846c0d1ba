// SPDX-License-Identifier: Apache-2.0
// The shapes of what people and tools read: JSON lines, aligned columns. Hides quoting and
// escaping.
#ifndef OUT_OUT_H
#define OUT_OUT_H

#include <stdio.h>

#include "base/str.h"

// --- JSON ---

// Writes one JSON value; commas are put by itself. Text that is not UTF-8 has its bad bytes
// replaced by U+FFFD.
struct json {
	FILE *f;
	bool needs_comma;
};

static inline struct json json_init(FILE *f)
{
	return (struct json) { .f = f };
}

void json_key(struct json *j, const char *key);
void json_open(struct json *j, char bracket);  // '{' or '['
void json_close(struct json *j, char bracket); // '}' or ']'
void json_str(struct json *j, struct str s);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
// A number as a string "0x..": addresses do not fit in a JSON number everywhere.
void json_hex(struct json *j, uint64_t v);
// Ends the line.
void json_end(struct json *j);

// "key": value, for the common cases.
void json_kstr(struct json *j, const char *key, struct str s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_khex(struct json *j, const char *key, uint64_t v);
void json_kbool(struct json *j, const char *key, bool v);

// --- text ---

// Untrusted text for a terminal or a line of text: control bytes are written as \xNN. No quotes.
void out_text(FILE *f, struct str s);
// "1,819".
void out_thousands(FILE *f, uint64_t v);

// Rows of cells that become aligned columns when printed; the last cell of a row is never padded.
struct table;
struct table *table_new(void);
void table_free(struct table *t);
void table_cell(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void table_row(struct table *t); // ends a row
// Prints each row after indent spaces, columns two spaces apart.
void table_print(const struct table *t, FILE *f, int indent);

#endif
