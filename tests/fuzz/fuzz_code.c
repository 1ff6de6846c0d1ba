// SPDX-License-Identifier: Apache-2.0
// Any bytes as a script, on its way to BPF: what the checker accepts becomes programs, whatever the
// kernel is said to be able to do, and whose jumps and calls stay inside of them.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "code/code.h"

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static bool has_feature(void *ctx, enum bpf_feature_id f)
{
	const uint8_t *mask = ctx;
	return mask[f % 8] & 1u << f / 8 % 8;
}

static void check_insn(const struct bpf_code *c, uint32_t i)
{
	const struct bpf_insn *insn = &c->insns[i];
	uint8_t class = BPF_CLASS(insn->code);
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
	    (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE))
		must((uint32_t)insn->imm < c->n_maps);
	if (class != BPF_JMP && class != BPF_JMP32)
		return;
	bool is_jump = BPF_OP(insn->code) != BPF_CALL && BPF_OP(insn->code) != BPF_EXIT;
	int64_t to = (int64_t)i + 1 + insn->off;
	must(!is_jump || (to >= 0 && to < c->n));
}

static void check_code(const struct code *c)
{
	for (size_t i = 0; i < c->n_progs; i++) {
		const struct bpf_code *code = &c->progs[i].code;
		must(code->n > 0);
		for (uint32_t k = 0; k < code->n; k++) {
			check_insn(code, k);
			must(code->spans[k] == BPF_SPAN_NONE || code->spans[k] < c->n_spans);
			k += code->insns[k].code == (BPF_LD | BPF_IMM | BPF_DW);
		}
	}
	for (size_t i = 0; i < c->n_maps; i++)
		must(c->maps[i]->max_entries > 0);
}

static void compile(struct arena *a, struct str text, uint8_t *mask)
{
	struct diag *diag = diag_new(a);
	uint32_t source = diag_add_source(diag, STR("fuzz"), text);
	struct script *script = script_parse(a, source, diag);
	script_expand_macros(a, script, diag);
	if (diag_n_errors(diag))
		return;
	struct config *config = config_make(a, script, diag);
	struct plan_options plan_options = { .max_probes = 100, .has_multi_link = true };
	struct plan *plan = plan_make(script, &plan_options, diag);
	struct check_options check = { .is_unsafe = true };
	struct program *p = program_make(a, script, plan, config, &check, diag);
	struct code_options options = {
		.has = has_feature, .ctx = mask, .has_multi = true, .is_nested_pid_ns = mask[7] & 1
	};
	struct code *code = NULL;
	if (!diag_n_errors(diag)) {
		struct err *e = code_make(a, p, &options, &code);
		if (!e && !diag_n_errors(diag)) {
			FILE *sink = fopen("/dev/null", "we");
			check_code(code);
			code_dump(code, p, sink);
			fclose(sink);
		}
		err_free(e);
	}
	plan_close(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mask[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe };
	// An odd length: the last bytes say what the kernel cannot do.
	if (size > 8 && size % 2) {
		memcpy(mask, data + size - 8, 8);
		size -= 8;
	}
	// Loops are unrolled by the script's wish: small scripts make enough code.
	if (size > 4096)
		return 0;
	struct arena *a = arena_new();
	compile(a, (struct str) { (const char *)data, size }, mask);
	arena_free(a);
	return 0;
}
