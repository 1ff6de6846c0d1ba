// SPDX-License-Identifier: Apache-2.0
// One script: its template at work, and a head that says what it was made for.
#include "gen/internal.h"

#define PROBES_OLD 512u
#define PROBES_NEW 1024u
// Bytes of a text, before 0.22: by itself, and at most.
#define TEXT_OLD     64u
#define TEXT_MAX_OLD 200u

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

static bool is_one_line(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static struct err *check_keys(struct arena *a, const struct gen_request *r)
{
	struct str about = gen_template_about(a, r->text);
	for (size_t i = 0; i < r->n_keys; i++) {
		struct str key = r->keys[i].key;
		if (!is_one_line(r->keys[i].value))
			return err_new(ERR_USAGE, "the value of %.*s= has a control character",
				       STR_ARG(key));
		if (tells_key(about, key))
			continue;
		bool is_symbol = str_eq(key, STR("symbol"));
		struct err *e =
			err_new(ERR_USAGE, "template '%.*s' takes no %.*s%s", STR_ARG(r->name),
				STR_ARG(is_symbol ? STR("function") : key), is_symbol ? "" : "=");
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

// The longest text in quotes that counts: bytes, and the one behind it.
static size_t longest_text(const struct gen *g, struct str body)
{
	size_t longest = 0;
	bool is_comment = false;
	for (size_t i = 0; i < body.len; i++) {
		bool starts = str_starts(str_from_off(body, i), STR("//"));
		is_comment = body.p[i] != '\n' && (is_comment || starts);
		if (is_comment || body.p[i] != '"')
			continue;
		bool is_format = str_ends(str_first(body, i), STR("printf("));
		// A name in an attach point is none.
		bool is_name = i > 0 && body.p[i - 1] == ':';
		size_t n = 1;
		while (++i < body.len && body.p[i] != '"' && body.p[i] != '\n') {
			i += body.p[i] == '\\';
			n++;
		}
		if (!is_name && !(is_format && dialect_has(&g->r->dialect, HAS_LONG_FORMATS)))
			longest = MAX(longest, n);
	}
	return longest;
}

static struct err *check_texts(struct gen *g, struct str body)
{
	const struct gen_dialect *d = &g->r->dialect;
	struct str name = dialect_name(g->arena, d);
	bool has_buffers = str_find(body, STR("buf(")) >= 0;
	size_t n = longest_text(g, body);
	if (dialect_has(d, HAS_LONG_TEXTS)) {
		if (has_buffers)
			gen_note(g, STR("texts are cut at about 1,000 bytes; BPFTRACE_MAX_STRLEN=N "
					"changes that"));
		return NULL;
	}
	if (n > TEXT_MAX_OLD)
		return err_new(ERR_UNSUPPORTED,
			       "bpftrace %.*s takes texts of %u bytes at most, and one of this "
			       "script has %zu",
			       STR_ARG(name), TEXT_MAX_OLD, n);
	if (has_buffers)
		gen_note(g, STR("texts are cut at about 60 bytes; BPFTRACE_STRLEN=N changes that, "
				"up to "
				"200"));
	if (n <= TEXT_OLD)
		return NULL;
	diag_warning(g->diag, SPAN_NONE,
		     "a text of the script has more than the %u bytes that bpftrace %.*s takes by "
		     "itself: run it with BPFTRACE_STRLEN=%zu",
		     TEXT_OLD, STR_ARG(name), n);
	gen_note(g, arena_printf(g->arena, "run with BPFTRACE_STRLEN=%zu", n));
	return NULL;
}

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
	const char *refusal = sites_path_refusal(r->path);
	if (refusal)
		return err_new(ERR_UNSUPPORTED, "bpftrace takes no path with %s: %.*s", refusal,
			       STR_ARG(r->path));
	if (r->pid)
		gen_note(&g, arena_printf(a,
					  "run with -p %d: without, it is about all processes of "
					  "the program",
					  r->pid));
	template_expand(&g, r->name, r->text);
	struct err *e = diag_n_errors(diag) ? NULL : check_texts(&g, out_buf_view(&body));
	if (!e && !diag_n_errors(diag))
		e = check_dialect(&g);
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
