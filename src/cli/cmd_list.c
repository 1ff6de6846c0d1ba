// SPDX-License-Identifier: Apache-2.0
// stoat list: the functions of a program.
#include <inttypes.h>

#include "cli/cli.h"
#include "out/out.h"
#include "target/target.h"

struct list_options {
	bool help;
	bool verbose;
	bool json;
	struct output output;
	const char *debug_dir;
};

static struct err *print_json(struct target *t, const struct target_func *f,
			      const struct target_brief *b, FILE *out)
{
	size_t n_copies;
	TRY(target_count_copies(t, f, &n_copies));
	struct json j = json_init(out);
	json_open(&j, '{');
	json_kstr(&j, "name", f->name);
	if (!str_eq(f->name, f->symbol))
		json_kstr(&j, "symbol", f->symbol);
	json_khex(&j, "address", f->vaddr);
	uint64_t foff;
	json_key(&j, "offset");
	if (elf_vaddr_to_foff(target_elf(t), f->vaddr, &foff))
		json_hex(&j, foff);
	else
		json_null(&j);
	json_ku64(&j, "size", target_func_size(t, f));
	json_key(&j, "file");
	if (b->pos.file.len)
		json_str(&j, b->pos.file);
	else
		json_null(&j);
	json_key(&j, "line");
	if (b->pos.line)
		json_u64(&j, b->pos.line);
	else
		json_null(&j);
	json_key(&j, "signature");
	if (b->signature.len)
		json_str(&j, b->signature);
	else
		json_null(&j);
	json_kstr(&j, "language", str_from(target_lang_name(b->lang)));
	json_kstr(&j, "abi", str_from(target_abi_name(b->abi)));
	json_ku64(&j, "inlined_copies", n_copies);
	json_close(&j, '}');
	json_end(&j);
	return NULL;
}

static void print_verbose(struct target *t, const struct target_func *f,
			  const struct target_brief *b, FILE *out)
{
	char pos[64] = "-";
	struct str file = base_name(b->pos.file);
	if (file.len)
		snprintf(pos, sizeof(pos), "%.*s:%u", STR_ARG(file), b->pos.line);
	fprintf(out, "0x%06" PRIx64 "  %6" PRIu64 "  ", f->vaddr, target_func_size(t, f));
	out_text(out, str_from(pos));
	fprintf(out, "%*s", MAX(22 - (int)strlen(pos), 0) + 2, "");
	out_text(out, f->name);
	if (b->signature.len) {
		fputs("  ", out);
		out_text(out, b->signature);
	}
	fputc('\n', out);
}

static struct err *print_all(struct target *t, const struct target_matches *m,
			     const struct list_options *o, struct arena *arena, FILE *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct target_func *f = m->v[i];
		if (!o->verbose && !o->json) {
			out_text(out, f->name);
			fputc('\n', out);
			continue;
		}
		struct target_brief b;
		arena_clear(arena);
		TRY(target_brief(t, f, arena, &b));
		if (o->json)
			TRY(print_json(t, f, &b, out));
		else
			print_verbose(t, f, &b, out);
	}
	return NULL;
}

static struct err *list(struct target *t, size_t n_patterns, char **patterns,
			struct list_options *o)
{
	struct target_matches m;
	for (size_t i = 0; i < n_patterns; i++) {
		TRY(target_match(t, (const char *const *)&patterns[i], 1, &m));
		if (m.n == 0)
			return target_no_match(t, patterns[i]);
	}
	if (n_patterns != 1)
		TRY(target_match(t, (const char *const *)patterns, n_patterns, &m));
	if (m.n == 0)
		return err_new(ERR_NOTFOUND,
			       "%s has no functions: it was stripped, and it is no Go program",
			       target_name(t));
	FILE *out;
	o->output.target = target_path(t);
	TRY(output_open(&o->output, &out));
	struct arena *arena = arena_new();
	struct err *e = print_all(t, &m, o, arena, out);
	arena_free(arena);
	return output_end(&o->output, t, e);
}

struct err *list_run(const struct command *self, int argc, char **argv, int *status)
{
	(void)status;
	struct list_options o = { 0 };
	const struct option table[] = {
		{ 'v', "verbose", OPTION_FLAG, NULL, "add address, size, position and signature",
		  &o.verbose },
		{ 'f', "format", OPTION_FORMAT, "text|json", "json: one object a line", &o.json },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &o.output.path },
		{ 0, "debuginfo", OPTION_TEXT, "DIR", "look for separate debug files there first",
		  &o.debug_dir },
		{ 'h', "help", OPTION_FLAG, NULL, "print this", &o.help },
	};
	size_t n;
	TRY(options_parse(table, ARRAY_LEN(table), argc, argv, &n));
	if (o.help) {
		command_help(self, table, ARRAY_LEN(table));
		return NULL;
	}
	if (n == 0)
		return command_usage(self, "no target given");
	struct target *t;
	TRY(target_open(argv[0], o.debug_dir, &t));
	struct err *e = list(t, n - 1, argv + 1, &o);
	target_close(t);
	return e;
}
