// SPDX-License-Identifier: Apache-2.0
// Line tables: headers with their files, and the decoded rows. Private to dwarf/.
#ifndef DWARF_LINE_H
#define DWARF_LINE_H

#include "dwarf/unit.h"

struct line_file {
	struct str name;
	uint64_t dir;
	struct str path; // name and directory joined; made when it is asked for
};

struct line_row {
	uint64_t vaddr;
	uint32_t file;
	uint32_t line;
	uint16_t column;
	bool is_stmt;
	bool is_end;
	bool is_prologue_end;
};

// Rows of increasing addresses that end with an is_end row.
struct line_seq {
	uint64_t low, high;
	const struct line_row *rows;
	size_t n_rows;
};

struct line_table {
	uint64_t off;
	unsigned version;
	uint8_t off_size, addr_size;
	struct str comp_dir;
	uint8_t min_insn;
	bool default_is_stmt;
	int8_t line_base;
	uint8_t line_range;
	uint8_t opcode_base;
	struct bytes opcode_lengths;
	struct bytes program;
	VEC(struct str) dirs;
	VEC(struct line_file) files;
	bool is_run;
	struct line_seq *seqs; // by address
	size_t n_seqs;
};

// The unit's table, only its header read; NULL if it has none. Needs SEC_LINE.
struct line_table *line_table_of(struct dwarf *dw, const struct unit *u);
// Decodes the rows once.
void line_table_run(struct dwarf *dw, struct line_table *t);
// A file by its number in that table, joined with its directory; empty if there is none.
struct str line_path(struct dwarf *dw, struct line_table *t, uint64_t file);
// The same by a number that a DIE of the unit has.
struct str line_file_name(struct dwarf *dw, const struct unit *u, uint64_t file);

#endif
