// SPDX-License-Identifier: Apache-2.0
// Prints what target/ knows of a program and no command of stoat shows.
//
//     facts exits FILE PATTERN...     NAME VADDR ret|jump BYTES-TO-ENTRY, of every exit
//     facts g FILE PATTERN...         NAME reg N tls N FIELD OFFSET...
//     facts vars FILE STEP PATTERN... variables at every STEP-th instruction
//     facts elsewhere FILE FUNC OFFSET NAME...
//     facts copies FILE NAME...
//     facts copyvars FILE NAME
//     facts types FILE VADDR...
//     facts funcs FILE VADDR...
//
// Exit status 1, with the text on stderr, after errors.
#include <stdio.h>
#include <stdlib.h>

#include "target/target.h"

#define EXITS_MAX 100000

struct facts {
	struct target *t;
	struct arena *arena;
	char **args;
	size_t n_args;
};

static struct err *match(struct facts *x, struct target_matches *out)
{
	return target_match(x->t, (const char *const *)x->args, x->n_args, out);
}

// The exits that target_info gives must be the same.
static struct err *same_exits(struct facts *x, const struct target_func *f,
			      const struct target_site *v, size_t n)
{
	struct target_info *info;
	TRY(target_info(x->t, f, x->arena, &info));
	bool is_same = n == info->n_exits && n < EXITS_MAX;
	for (size_t i = 0; is_same && i < n; i++)
		is_same = v[i].vaddr == info->exits[i].vaddr &&
			  v[i].is_tail_jump == info->exits[i].is_tail_jump &&
			  str_eq(v[i].note, info->exits[i].note);
	return is_same ? NULL : err_new(ERR_BADDATA, "%.*s: other exits", STR_ARG(f->name));
}

static struct err *exits(struct facts *x)
{
	struct target_matches m;
	TRY(match(x, &m));
	for (size_t i = 0; i < m.n; i++) {
		struct target_site *v;
		size_t n;
		TRY(target_exits(x->t, m.v[i], x->arena, &v, &n));
		TRY(same_exits(x, m.v[i], v, n));
		for (size_t k = 0; k < n; k++)
			printf("%.*s %#llx %s %lld\n", STR_ARG(m.v[i]->name),
			       (unsigned long long)v[k].vaddr, v[k].is_tail_jump ? "jump" : "ret",
			       (long long)v[k].sp_to_entry);
	}
	return NULL;
}

static struct err *goroutine(struct facts *x)
{
	struct target_matches m;
	TRY(match(x, &m));
	for (size_t i = 0; i < m.n; i++) {
		struct target_g g;
		TRY(target_g(x->t, m.v[i], &g));
		printf("%.*s", STR_ARG(m.v[i]->name));
		printf(g.in_register ? " reg %d" : " reg -", g.reg);
		printf(g.has_tls ? " tls %lld" : " tls -", (long long)g.tls_off);
		printf(" stack.hi %lld goid %lld parentGoid %lld startpc %lld gopc %lld",
		       (long long)g.stack_hi, (long long)g.goid, (long long)g.parent_goid,
		       (long long)g.startpc, (long long)g.gopc);
		printf(" atomicstatus %lld m %lld m.curg %lld\n", (long long)g.atomicstatus,
		       (long long)g.m, (long long)g.m_curg);
	}
	return NULL;
}

static void print_vars(struct facts *x, const struct target_func *f, uint64_t vaddr,
		       const struct target_var *v, size_t n)
{
	struct target_site site;
	target_entry(x->t, f, &site);
	uint64_t entry = site.vaddr;
	for (size_t i = 0; i < n; i++) {
		const char *mark = v[i].is_hidden ? "hidden" : v[i].is_param ? "param" : "-";
		printf("VAR\t%.*s\t%#llx\t%#llx\t%.*s\t%s\t%.*s\n", STR_ARG(f->name),
		       (unsigned long long)vaddr, (unsigned long long)entry, STR_ARG(v[i].name),
		       mark, STR_ARG(v[i].inlined_func));
		for (size_t k = 0; k < v[i].words.n; k++)
			printf("WORD\t%.*s\t%llu\t%u\n", STR_ARG(v[i].words.v[k].path),
			       (unsigned long long)v[i].words.v[k].off, v[i].words.v[k].size);
		for (size_t k = 0; k < v[i].places.n; k++) {
			const struct place *p = &v[i].places.v[k];
			printf("PLACE\t%d\t%u\t%lld\t%lld\t%llu\t%llu\n", p->kind, p->reg,
			       (long long)p->off, (long long)p->off2,
			       (unsigned long long)p->off_in_value, (unsigned long long)p->size);
		}
	}
}

// Every step-th instruction of the functions; step is the first argument.
static struct err *variables(struct facts *x)
{
	struct target_matches m;
	uint64_t step;
	if (x->n_args < 2 || !str_to_u64(str_from(x->args[0]), &step) || step == 0)
		return err_new(ERR_USAGE, "vars FILE STEP PATTERN...");
	x->args++;
	x->n_args--;
	TRY(match(x, &m));
	for (size_t i = 0; i < m.n; i++) {
		const struct target_func *f = m.v[i];
		struct bytes code = target_code(x->t, f);
		struct insn in;
		for (uint64_t off = 0, at = 0; off < code.len; off += in.len, at++) {
			struct bytes rest = { code.p + off, code.len - off };
			insn_decode(target_arch(x->t), rest, f->vaddr + off, &in);
			if (at % step)
				continue;
			struct target_var *v;
			size_t n;
			TRY(target_vars_at(x->t, f, f->vaddr + off, x->arena, &v, &n));
			print_vars(x, f, f->vaddr + off, v, n);
		}
	}
	return NULL;
}

// FUNC OFFSET NAME...
static struct err *elsewhere(struct facts *x)
{
	struct target_matches m;
	uint64_t off;
	if (x->n_args < 3 || !str_to_u64(str_from(x->args[1]), &off))
		return err_new(ERR_USAGE, "elsewhere FILE FUNC OFFSET NAME...");
	char **names = x->args + 2;
	size_t n_names = x->n_args - 2;
	x->n_args = 1;
	TRY(match(x, &m));
	for (size_t i = 0; m.n && i < n_names; i++) {
		struct str s = target_var_elsewhere(x->t, m.v[0], m.v[0]->vaddr + off,
						    str_from(names[i]), x->arena);
		printf("%s: %.*s\n", names[i], STR_ARG(s));
	}
	return NULL;
}

static struct err *copies(struct facts *x)
{
	for (size_t i = 0; i < x->n_args; i++) {
		struct target_copy_site *v;
		size_t n;
		TRY(target_copy_sites(x->t, str_from(x->args[i]), x->arena, &v, &n));
		for (size_t k = 0; k < n; k++)
			printf("%#llx %.*s+%llu%s line %u via %.*s\n",
			       (unsigned long long)v[k].vaddr, STR_ARG(v[k].caller->name),
			       (unsigned long long)v[k].off,
			       v[k].condition == SITE_NOT_TAKEN ? " not taken" : "", v[k].pos.line,
			       STR_ARG(v[k].via));
	}
	return NULL;
}

// What is readable where the copies of the function begin, of its own variables.
static struct err *copy_vars(struct facts *x)
{
	struct target_copy_site *sites;
	size_t n_sites;
	if (x->n_args != 1)
		return err_new(ERR_USAGE, "copyvars FILE NAME");
	TRY(target_copy_sites(x->t, str_from(x->args[0]), x->arena, &sites, &n_sites));
	for (size_t i = 0; i < n_sites; i++) {
		struct target_var *v;
		size_t n, n_own = 0;
		TRY(target_vars_at(x->t, sites[i].caller, sites[i].vaddr, x->arena, &v, &n));
		for (size_t k = 0; k < n; k++)
			if (str_eq(v[k].inlined_func, sites[i].inlined_func))
				v[n_own++] = v[k];
		print_vars(x, sites[i].caller, sites[i].vaddr, v, n_own);
	}
	return NULL;
}

static struct err *type_names(struct facts *x)
{
	for (size_t i = 0; i < x->n_args; i++) {
		struct str name;
		TRY(target_go_type_name(x->t, strtoull(x->args[i], NULL, 16), &name));
		printf("%.*s\n", STR_ARG(name));
	}
	return NULL;
}

static struct err *func_names(struct facts *x)
{
	for (size_t i = 0; i < x->n_args; i++)
		printf("%.*s\n",
		       STR_ARG(target_go_func_name(x->t, strtoull(x->args[i], NULL, 16))));
	return NULL;
}

static const struct {
	const char *name;
	struct err *(*fn)(struct facts *x);
} commands[] = {
	{ "exits", exits },         { "g", goroutine },      { "vars", variables },
	{ "elsewhere", elsewhere }, { "copies", copies },    { "copyvars", copy_vars },
	{ "types", type_names },    { "funcs", func_names },
};

static struct err *run(struct facts *x, const char *command, const char *path)
{
	TRY(target_open(path, NULL, &x->t));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(str_from(command), str_from(commands[i].name)))
			return commands[i].fn(x);
	return err_new(ERR_USAGE, "no command %s", command);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	struct facts x = { .arena = arena_new(), .args = argv + 3, .n_args = (size_t)argc - 3 };
	struct err *e = run(&x, argv[1], argv[2]);
	if (e)
		fprintf(stderr, "facts: %s\n", err_text(e));
	if (x.t)
		target_close(x.t);
	arena_free(x.arena);
	int rc = e ? 1 : 0;
	err_free(e);
	return rc;
}
