// SPDX-License-Identifier: Apache-2.0
// A plan for any script without looking at a file: every uprobe is at an entry of a function that
// nothing is known of ("uprobe:flags" with a flags test, "uprobe:inside" not at the entry), every
// tracepoint and usdt probe has fields and arguments of all kinds.
#ifndef FAKE_PLAN_H
#define FAKE_PLAN_H

#include "probe/probe.h"

static const struct {
	const char *provider;
	enum probe_kind kind;
	enum plan_site_kind site;
	bool has_site;
} fake_kinds[] = {
	{ "BEGIN", PROBE_BEGIN, 0, false },
	{ "END", PROBE_END, 0, false },
	{ "uprobe", PROBE_UPROBE, SITE_ENTRY, true },
	{ "uretprobe", PROBE_URETPROBE, SITE_RETPROBE, true },
	{ "usdt", PROBE_USDT, SITE_USDT_NOTE, true },
	{ "tracepoint", PROBE_TRACEPOINT, 0, false },
	{ "interval", PROBE_INTERVAL, 0, false },
	{ "profile", PROBE_PROFILE, 0, false },
	{ "software", PROBE_SOFTWARE, 0, false },
};

static struct tracepoint_field fake_fields[] = {
	{ .name = { "common_pid", 10 },
	  .type = { "int", 3 },
	  .off = 4,
	  .size = 4,
	  .is_common = true },
	{ .name = { "nr", 2 }, .type = { "int", 3 }, .off = 8, .size = 4, .is_signed = true },
	{ .name = { "path", 4 },
	  .type = { "const char *", 12 },
	  .off = 16,
	  .size = 8,
	  .is_pointer = true },
	{ .name = { "comm", 4 },
	  .type = { "char", 4 },
	  .off = 24,
	  .size = 16,
	  .count = 16,
	  .elem_size = 1,
	  .is_signed = true },
	{ .name = { "name", 4 }, .type = { "char", 4 }, .off = 40, .size = 4, .is_data_loc = true },
	{ .name = { "ids", 3 },
	  .type = { "unsigned long", 13 },
	  .off = 48,
	  .size = 48,
	  .count = 6,
	  .elem_size = 8 },
	{ .name = { "odd", 3 }, .type = { "struct x", 8 }, .off = 96, .size = 12 },
};

static const struct tracepoint fake_tracepoint = { .group = { "syscalls", 8 },
						   .name = { "fake", 4 },
						   .id = 7,
						   .fields = fake_fields,
						   .n_fields = ARRAY_LEN(fake_fields) };

static struct usdt_arg fake_args[] = {
	{ .kind = USDT_REG, .size = 4, .is_signed = true, .reg = 0, .text = { "-4@%eax", 7 } },
	{ .kind = USDT_MEM, .size = 8, .reg = 7, .off = 8, .text = { "8@8(%rsp)", 9 } },
	{ .kind = USDT_CONST, .size = 1, .off = 3, .text = { "1@$3", 4 } },
	{ .kind = USDT_OTHER, .size = 8, .is_float = true, .text = { "8f@%xmm0", 8 } },
};

static const struct usdt_note fake_note = { .provider = { "p", 1 },
					    .name = { "n", 1 },
					    .args = fake_args,
					    .n_args = ARRAY_LEN(fake_args) };

static void fake_probe(struct arena *a, struct plan_clause *clause, const struct attach *attach,
		       size_t i)
{
	struct plan_probe p = {
		.kind = fake_kinds[i].kind,
		.attach = attach,
		.text = str_from(fake_kinds[i].provider),
		.func_name = fake_kinds[i].has_site ? STR("main") : STR(""),
	};
	if (fake_kinds[i].has_site) {
		p.sites = ARENA_NEW(a, struct plan_site);
		p.n_sites = 1;
		p.sites->kind = fake_kinds[i].site;
		p.sites->vaddr = p.sites->foff = 0x1000;
		p.sites->insn.cc = 6;
		struct str word = attach->n_fields ? attach->fields[0].text : STR("");
		if (str_eq(word, STR("flags")))
			p.sites->condition = SITE_NOT_TAKEN;
		if (str_eq(word, STR("inside")))
			p.sites->kind = SITE_OFFSET;
		if (p.kind == PROBE_USDT)
			p.sites->usdt = &fake_note;
	}
	if (p.kind == PROBE_TRACEPOINT)
		p.tracepoint = &fake_tracepoint;
	VEC_PUSH(a, &clause->probes, p);
}

static struct plan *fake_plan(struct arena *a, const struct script *s)
{
	struct plan *plan = ARENA_NEW(a, struct plan);
	plan->clauses = ARENA_ARRAY(a, struct plan_clause, s->n_items);
	for (size_t i = 0; i < s->n_items; i++) {
		const struct probe *clause = &s->items[i]->probe;
		if (s->items[i]->kind != ITEM_PROBE)
			continue;
		struct plan_clause *c = &plan->clauses[plan->n_clauses++];
		c->clause = clause;
		for (size_t k = 0; k < clause->n_attach; k++)
			for (size_t n = 0; n < ARRAY_LEN(fake_kinds); n++)
				if (str_eq(clause->attach[k].provider.text,
					   str_from(fake_kinds[n].provider)))
					fake_probe(a, c, &clause->attach[k], n);
	}
	return plan;
}

#endif
