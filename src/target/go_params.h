// SPDX-License-Identifier: Apache-2.0
// How a Go function's parameters are put together: from names and types (DWARF), the calling
// convention, and the runtime's record of argument words (ArgInfo).
#ifndef TARGET_GO_PARAMS_H
#define TARGET_GO_PARAMS_H

#include "target/internal.h"

// Parameters, then results, in the order in which the calling convention takes them.
struct value_list {
	struct target_value *v;
	size_t n;
	size_t cap;
};

struct assignment {
	struct go_abi_value *v; // one for each value of the list
	size_t n;
};
struct assignment go_assign(struct target_about *a, const struct value_list *l);

// --- names ---

bool is_generic_shape(struct str name);
bool is_generic_method(struct str name);
bool is_blank_name(struct str name);
// "main.(*Store).Get": "*main.Store"; "main.T.M": "main.T", which may be no type at all; empty if
// the name is surely of no method.
struct str receiver_type(struct arena *a, struct str name);

// --- what DWARF sees ---

// Where DWARF has the parameter of that name when the function is entered; NULL if it does not say.
const struct places *dwarf_param_places(const struct target_about *a, struct str name);
// Whether DWARF has it in the same register or stack slot. DWARF is wrong now and then, but hardly
// in the same way as a wrong reading of the parameters.
bool dwarf_confirms(const struct target_about *a, const struct target_value *v,
		    const struct go_abi_value *as);

// --- the runtime's record ---

// One parameter in the record: its words.
struct group {
	struct go_argword words[GO_ARGWORDS_MAX];
	size_t n;
	bool is_cut; // "..." stands in it
};

struct record {
	bool is_there;
	struct group *v;
	size_t n;
	bool is_cut; // there are more parameters than it tells
};
void record_read(struct target_about *a, struct record *out);
// False for the parameters that it leaves out.
bool record_has(const struct target_about *a, size_t i);
// A parameter that only the record knows.
struct target_value record_value(struct target_about *a, const struct group *g, bool is_float);

// Whether the record has the parameters of the list where the convention has them.
bool record_agrees(const struct target_about *a, const struct record *r, const struct value_list *l,
		   const struct assignment *as);

// A reading of the parameters that agrees with the record.
struct fit {
	bool found;
	struct value_list list;
	struct assignment as;
	bool *is_sure; // by value: all readings that agree equally well have it at the same place
	size_t votes;  // of DWARF
};
// Adds unnamed parameters where the record has more than the list.
struct fit record_fit(struct target_about *a, const struct value_list *l, const struct record *r);

#endif
