// SPDX-License-Identifier: Apache-2.0
// One script: its template at work, and a head that says what it was made for.
#include "gen/internal.h"

#define PROBES_OLD 512u
#define PROBES_NEW 1024u

// --- the keys ---

// A template tells its keys in lines "//: symbol=FUNCTION  what it is".
static bool tells_key(struct str about, struct str key)
{
	while (about.len) {
		ptrdiff_t end = str_find(about, STR("\n"));
		struct str line = str_first(about, end < 0 ? about.len : (size_t)end);
		if (str_starts(line, key) && line.len > key.len && line.p[key.len] == '=')
			return true;
		about = str_from_off(about, end < 0 ? about.len : (size_t)end + 1);
	}
	return false;
}

static struct err *check_keys(struct arena *a, const struct gen_request *r)
{
	struct str about = gen_template_about(a, r->text);
	for (size_t i = 0; i < r->n_keys; i++) {
		struct str key = r->keys[i].key;
		if (tells_key(about, key))
			continue;
		struct err *e =
			err_new(ERR_USAGE, "template '%.*s' takes no %.*s=", STR_ARG(r->name),
				STR_ARG(key));
		for (struct str rest = about; rest.len;) {
			ptrdiff_t end = str_find(rest, STR("\n"));
			struct str line = str_first(rest, (size_t)MAX(end, 0));
			size_t n = 0;
			while (n < line.len && line.p[n] != ' ' && line.p[n] != '=')
				n++;
			if (n < line.len && line.p[n] == '=')
				e = err_note(e, "it takes: %.*s", STR_ARG(line));
			rest = str_from_off(rest, end < 0 ? rest.len : (size_t)end + 1);
		}
		return e;
	}
	return NULL;
}

// --- what the bpftrace it is for cannot do ---

static struct err *check_dialect(struct gen *g)
{
	const struct gen_dialect *d = &g->r->dialect;
	struct str name = dialect_name(g->arena, d);
	size_t limit = dialect_has(d, HAS_MORE_PROBES) ? PROBES_NEW : PROBES_OLD;
	if (g->has_offsets && d->has_no_disassembler)
		return err_note(
			err_new(ERR_UNSUPPORTED,
				"the bpftrace here (%.*s) is built without a disassembler library, "
				"and probes no addresses inside of functions",
				STR_ARG(name)),
			"use one whose bpftrace --info says 'bfd: yes' (--bpftrace %.*s writes the "
			"script for another machine), or stoat itself",
			STR_ARG(name));
	if (g->needs_btf && d->version < GEN_VERSION(0, 12, 0))
		diag_warning(g->diag, SPAN_NONE,
			     "bpftrace %.*s finds the goroutine of this program only where it can "
			     "read the kernel's types (bpftrace --info: btf)",
			     STR_ARG(name));
	if (g->n_probes > limit) {
		diag_warning(g->diag, SPAN_NONE,
			     "the script has %zu probes, more than bpftrace %.*s takes by itself: "
			     "run it with BPFTRACE_MAX_PROBES=%zu",
			     g->n_probes, STR_ARG(name), g->n_probes);
		gen_note(g,
			 arena_printf(g->arena, "run with BPFTRACE_MAX_PROBES=%zu", g->n_probes));
	}
	if (g->has_addresses && !elf_has_symtab(target_elf(g->r->target))) {
		diag_warning(g->diag, SPAN_NONE,
			     "%s has no symbols: bpftrace probes it only with --unsafe",
			     target_name(g->r->target));
		gen_note(g,
			 STR("the program has no symbols: run with --unsafe, which makes addresses "
			     "offsets in the file"));
	}
	return NULL;
}

// --- the head ---

static struct str build_id(struct gen *g, struct str *check)
{
	struct target_build_id id = target_build_id(g->r->target, g->arena);
	*check = id.is_go ? STR("go tool buildid") : STR("readelf -n");
	return id.text;
}

static void put_head(struct gen *g, struct out_buf *head)
{
	const struct gen_request *r = g->r;
	struct str check, id = build_id(g, &check), go = target_go_version(r->target);
	out_buf_str(head, STR("#!/usr/bin/env bpftrace\n"));
	out_buf_printf(head, "// %.*s, for bpftrace %.*s, by stoat %s gen.\n", STR_ARG(r->name),
		       STR_ARG(dialect_name(g->arena, &r->dialect)), r->version);
	for (size_t i = 0; i < r->n_keys; i++)
		out_buf_printf(head, "// %.*s=%.*s\n", STR_ARG(r->keys[i].key),
			       STR_ARG(r->keys[i].value));
	out_buf_printf(head, "// program   %.*s%s%.*s%s\n", STR_ARG(r->path), go.len ? " (" : "",
		       STR_ARG(go), go.len ? ")" : "");
	if (id.len)
		out_buf_printf(head,
			       "// build id  %.*s\n"
			       "//           its addresses hold for this build alone; '%.*s %.*s' "
			       "tells which one is there\n",
			       STR_ARG(id), STR_ARG(check), STR_ARG(r->path));
	else
		out_buf_str(head,
			    STR("// build id  none: its addresses hold for this file alone\n"));
	if (g->has_offsets && r->dialect.version < GEN_VERSION(0, 21, 0))
		out_buf_str(head, STR("// needs a bpftrace whose --info says 'bfd: yes'\n"));
	if (g->needs_btf)
		out_buf_str(head, STR("// needs a kernel with BTF (/sys/kernel/btf/vmlinux)\n"));
	for (size_t i = 0; i < g->notes.n; i++)
		out_buf_printf(head, "// %.*s\n", STR_ARG(g->notes.v[i]));
	out_buf_str(head, STR("\n"));
}

struct err *gen_write(struct arena *a, const struct gen_request *r, struct diag *diag,
		      struct out_buf *out)
{
	struct out_buf body = { 0 };
	struct gen g = { .r = r, .arena = a, .diag = diag, .out = &body };
	TRY(check_keys(a, r));
	template_expand(&g, r->name, r->text);
	struct err *e = diag_n_errors(diag) ? NULL : check_dialect(&g);
	if (!e && !diag_n_errors(diag)) {
		put_head(&g, out);
		// Statements at a template's end leave empty lines there.
		struct str text = out_buf_view(&body);
		while (text.len > 1 && text.p[text.len - 1] == '\n' && text.p[text.len - 2] == '\n')
			text.len--;
		while (text.len && text.p[0] == '\n')
			text = str_from_off(text, 1);
		out_buf_str(out, text);
	}
	out_buf_free(&body);
	return e;
}
