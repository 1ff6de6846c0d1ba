// SPDX-License-Identifier: Apache-2.0
// Any bytes as a template of a script for bpftrace, about a program that is no Go program: it ends
// in errors, or in a script; errors stand at places in the template.
#include "fuzz.h"

#include <stdlib.h>

#include "gen/gen.h"

static struct target *this_program(void)
{
	static struct target *t;
	if (!t && target_open("/proc/self/exe", NULL, &t) != NULL)
		abort();
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t versions[] = { GEN_VERSION(0, 11, 0), GEN_VERSION(0, 20, 0),
					     GEN_VERSION_NEWEST };
	struct arena *a = arena_new();
	struct diag *diag = diag_new(a);
	const struct gen_key keys[] = { { STR("symbol"), STR("main") } };
	const struct gen_request r = {
		.target = this_program(),
		.path = STR("/bin/program"),
		.name = STR("fuzz"),
		.text = { (const char *)data, size },
		.keys = keys,
		.n_keys = ARRAY_LEN(keys),
		.dialect.version = versions[size % ARRAY_LEN(versions)],
		.version = "0",
	};
	struct out_buf out = { 0 };
	err_free(gen_write(a, &r, diag, &out));
	// A script or errors, never both.
	if (diag_n_errors(diag) && out.n)
		abort();
	(void)diag_render(diag, a);
	(void)gen_template_about(a, r.text);
	out_buf_free(&out);
	arena_free(a);
	return 0;
}
