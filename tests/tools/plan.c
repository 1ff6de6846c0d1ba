// SPDX-License-Identifier: Apache-2.0
// Prints the plan of a script, or what is wrong with it, by stoat's own library.
//
//     plan [-p PID] [-m MAX_PROBES] [-l] [-M error|warn|ignore] [-T TRACEFS] [-t] SCRIPT [PARAM...]
//
// -l: sites share links. -t: how long it took, on stderr. Exit status 1 after errors.
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/probe.h"

static const char *tracefs;

static struct err *open_tracefs(int *fd)
{
	*fd = open(tracefs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 ? NULL : err_new(ERR_SYS, "no folder %s", tracefs);
}

static enum plan_missing missing_of(const char *word)
{
	return strcmp(word, "warn") == 0     ? PLAN_MISSING_WARN
	       : strcmp(word, "ignore") == 0 ? PLAN_MISSING_IGNORE
					     : PLAN_MISSING_ERROR;
}

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void dump_usdt(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_clauses; i++)
		for (size_t k = 0; k < plan->clauses[i].probes.n; k++) {
			const struct plan_probe *p = &plan->clauses[i].probes.v[k];
			for (size_t s = 0; s < p->n_sites && p->sites[s].usdt; s++)
				for (size_t n = 0; n < p->sites[s].usdt->n_args; n++) {
					const struct usdt_arg *a = &p->sites[s].usdt->args[n];
					printf("arg %zu.%zu kind %d size %d signed %d reg %d index "
					       "%d "
					       "scale %d off %lld\n",
					       s, n, a->kind, a->size, a->is_signed, a->reg,
					       a->index, a->scale, (long long)a->off);
				}
		}
}

int main(int argc, char **argv)
{
	struct plan_options o = { 0 };
	bool is_timed = false;
	for (int c; (c = getopt(argc, argv, "+p:m:lM:T:t")) != -1;) {
		if (c == 'p')
			o.pid = (int)strtol(optarg, NULL, 10);
		else if (c == 'm')
			o.max_probes = strtoull(optarg, NULL, 10);
		else if (c == 'l')
			o.has_multi_link = true;
		else if (c == 'M')
			o.missing = missing_of(optarg);
		else if (c == 'T')
			tracefs = optarg;
		else if (c == 't')
			is_timed = true;
		else
			return 2;
	}
	if (optind >= argc)
		return 2;
	if (tracefs)
		o.open_tracefs = open_tracefs;
	struct arena *a = arena_new();
	struct file_map file;
	struct err *e = file_map_open(argv[optind], &file);
	if (e) {
		fprintf(stderr, "plan: %s\n", err_text(e));
		return 2;
	}
	struct str *params = ARENA_ARRAY(a, struct str, argc);
	for (int i = optind + 1; i < argc; i++)
		params[o.n_params++] = str_from(argv[i]);
	o.params = params;
	struct diag *diag = diag_new(a);
	uint32_t source =
		diag_add_source(diag, str_from("script"),
				(struct str) { (const char *)file.data.p, file.data.len });
	struct script *s = script_parse(a, source, diag);
	double start = now();
	struct plan *plan = plan_make(s, &o, diag);
	double end = now();
	plan_dump(plan, stdout);
	dump_usdt(plan);
	diag_print(diag, stderr);
	if (is_timed)
		fprintf(stderr, "probes %zu sites %zu ms %.3f\n", plan->n_probes, plan->n_sites,
			end - start);
	int status = diag_n_errors(diag) ? 1 : 0;
	plan_close(plan);
	arena_free(a);
	file_map_close(&file);
	return status;
}
