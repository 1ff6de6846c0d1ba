// SPDX-License-Identifier: Apache-2.0
// Scripts for stock bpftrace. A template is such a script with holes in it: facts about one program
// (where a function is entered and left, where its arguments are, where the runtime keeps a
// goroutine's number) are put into them, in the form that one version of bpftrace takes. Hides the
// template language (docs/gen.md), the facts, and what bpftrace's versions can do.
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include "base/diag.h"
#include "out/out.h"
#include "target/target.h"

// --- bpftrace's versions ---

struct gen_dialect {
	uint32_t version;         // GEN_VERSION
	bool is_here;             // it is the one on this machine
	bool has_no_disassembler; // that one was built so, and refuses probes inside of functions
};
#define GEN_VERSION(major, minor, patch) ((major)*1000000u + (minor)*1000u + (patch))
// What is written for when nobody says.
#define GEN_VERSION_NEWEST GEN_VERSION(0, 27, 0)

// "0.17", "v0.20.2". ERR_USAGE if it is none, or one that is too old.
MUST_USE struct err *gen_dialect_parse(const char *text, struct gen_dialect *out);
// That of the bpftrace on PATH; of the newest version if there is none.
MUST_USE struct err *gen_dialect_installed(struct gen_dialect *out);

// --- templates ---

struct gen_template {
	const char *name;
	struct str text;
};
// Those that are a part of stoat, in the order in which they are listed; NULL behind the last one.
const struct gen_template *gen_template_at(size_t i);
const struct gen_template *gen_template_find(const char *name);
// What a template says of itself: its lines that begin with "//:", without that mark.
struct str gen_template_about(struct arena *a, struct str text);

struct gen_key { // key=value
	struct str key, value;
};

struct gen_request {
	struct target *target;
	struct str path; // as attach points have it
	int pid;         // the program was named by this process; 0: by its file
	struct str name; // of the template
	struct str text;
	const struct gen_key *keys;
	size_t n_keys;
	struct gen_dialect dialect;
	const char *version; // stoat's, for the head of the script
};

// Writes the script behind out. What is wrong with the template stands in diag, at its place, as do
// warnings of what its reader must know; all else is returned. Either way out is of no use then.
MUST_USE struct err *gen_write(struct arena *a, const struct gen_request *r, struct diag *diag,
			       struct out_buf *out);

#endif
