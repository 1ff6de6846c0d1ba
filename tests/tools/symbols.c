// SPDX-License-Identifier: Apache-2.0
// Answers questions about addresses by stoat's own library, a block of lines for each, until its
// input ends.
//
//     symbols [-l] [-r] [-d DEBUG_DIR] [-t]
//
// -l: with lines and inlined functions. -r: raw names. -t: how long it took, on stderr.
// Questions:   process PID            reads its maps (no answer)
//              program PID FILE BIAS  (no answer)
//              user PID ADDRESS       return PID ADDRESS       kernel ADDRESS
//              file FILE ADDRESS      an address in the file itself
// Answers:     FUNC<TAB>OFF<TAB>PATH<TAB>FILE:LINE<TAB>inlined or -, then an empty line
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "sym/sym.h"

static struct symbols *symbols;
static unsigned want;
static struct map files;
static struct arena *arena;

static void say(const struct symbol_frame *f)
{
	printf("%.*s\t%llu\t%.*s\t%.*s:%u\t%s\n", STR_ARG(f->func), (unsigned long long)f->off,
	       STR_ARG(f->path), STR_ARG(f->file), f->line, f->is_inlined ? "inlined" : "-");
}

static struct target *open_file(const char *path)
{
	uint64_t key = str_hash(str_from(path));
	struct target *t = map_get(&files, key);
	if (t)
		return t;
	struct err *e = target_open(path, NULL, &t);
	if (e) {
		fprintf(stderr, "symbols: %s\n", err_text(e));
		exit(2);
	}
	map_put(&files, key, t);
	return t;
}

static void in_file(const char *path, uint64_t vaddr)
{
	struct target_frame v[64];
	size_t n = target_frames(open_file(path), vaddr, want, v, 64);
	for (size_t i = 0; i < n; i++) {
		struct symbol_frame f = {
			.func = v[i].func,
			.off = v[i].is_inlined ? 0 : vaddr - v[i].vaddr,
			.file = v[i].pos.file,
			.line = v[i].pos.line,
			.is_inlined = v[i].is_inlined,
		};
		say(&f);
	}
}

static void in_process(int pid, uint64_t pc, bool is_return)
{
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	size_t n = symbols_user(symbols, pid, pc, is_return, v);
	for (size_t i = 0; i < n; i++)
		say(&v[i]);
}

static bool answer(char *line)
{
	char path[4096];
	int pid;
	unsigned long long pc;
	if (sscanf(line, "process %d", &pid) == 1) {
		symbols_process(symbols, pid);
		return true;
	}
	if (sscanf(line, "program %d %4095s %llx", &pid, path, &pc) == 3) {
		symbols_program(symbols, pid, open_file(path), pc);
		return true;
	}
	if (sscanf(line, "file %4095s %llx", path, &pc) == 2)
		in_file(path, pc);
	else if (sscanf(line, "user %d %llx", &pid, &pc) == 2)
		in_process(pid, pc, false);
	else if (sscanf(line, "return %d %llx", &pid, &pc) == 2)
		in_process(pid, pc, true);
	else if (sscanf(line, "kernel %llx", &pc) == 1) {
		struct symbol_frame f;
		if (symbols_kernel(symbols, pc, &f))
			say(&f);
	} else {
		return false;
	}
	putchar('\n');
	return true;
}

int main(int argc, char **argv)
{
	struct symbols_options o = { 0 };
	bool is_timed = false;
	char line[8192];
	for (int c; (c = getopt(argc, argv, "lrd:t")) != -1;) {
		if (c == 'l')
			o.has_lines = true;
		else if (c == 'r')
			o.no_demangle = true;
		else if (c == 'd')
			o.debug_dir = optarg;
		else if (c == 't')
			is_timed = true;
		else
			return 2;
	}
	want = (o.has_lines ? TARGET_FRAMES_LINES | TARGET_FRAMES_INLINED : 0) |
	       (o.no_demangle ? TARGET_FRAMES_RAW : 0);
	symbols = symbols_new(&o);
	arena = arena_new();
	files = map_init(arena);
	struct timespec a, b;
	size_t n = 0;
	clock_gettime(CLOCK_MONOTONIC, &a);
	while (fgets(line, sizeof(line), stdin)) {
		if (!answer(line)) {
			fprintf(stderr, "symbols: no question: %s", line);
			return 2;
		}
		n++;
		// Somebody may wait for it.
		if (strncmp(line, "file", 4) != 0)
			fflush(stdout);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (is_timed)
		fprintf(stderr, "questions %zu ms %.3f\n", n,
			(double)(b.tv_sec - a.tv_sec) * 1e3 +
				(double)(b.tv_nsec - a.tv_nsec) / 1e6);
	symbols_free(symbols);
	return 0;
}
