// SPDX-License-Identifier: Apache-2.0
// What -d bpf prints of the scripts in tests/golden/bpf: no kernel is asked. UPDATE_GOLDEN=1
// rewrites what is expected.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "code_script.h"
#include "unit.h"

static struct str read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return STR("");
	char *text = ARENA_ARRAY(a, char, SCRIPT_SIZE_MAX);
	size_t n = fread(text, 1, SCRIPT_SIZE_MAX, f);
	fclose(f);
	return (struct str) { text, n };
}

static struct str listing(struct arena *a, struct str script)
{
	struct code_script s;
	CHECK(code_script_compile(a, script, NULL, &s));
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	CHECK(f);
	code_dump(s.code, s.program, f);
	fclose(f);
	struct str out = arena_strdup(a, (struct str) { text, n });
	free(text);
	code_script_close(&s);
	return out;
}

static void check_golden(const char *name)
{
	struct arena *a = arena_new();
	struct str in = arena_printf(a, "tests/golden/bpf/%s.bt", name);
	struct str out = arena_printf(a, "tests/golden/bpf/%s.out", name);
	struct str got = listing(a, read_file(a, in.p));
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(out.p, "w");
		CHECK(f);
		fwrite(got.p, 1, got.len, f);
		fclose(f);
	}
	if (!str_eq(got, read_file(a, out.p)))
		unit_fail(in.p, 1, "it is not as in %s; UPDATE_GOLDEN=1 rewrites it", out.p);
	arena_free(a);
}

TEST(code_golden_listings)
{
	DIR *dir = opendir("tests/golden/bpf");
	CHECK(dir);
	size_t n = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct str name = str_from(e->d_name);
		if (!str_ends(name, STR(".bt")))
			continue;
		e->d_name[name.len - 3] = 0;
		check_golden(e->d_name);
		n++;
	}
	closedir(dir);
	CHECK(n >= 4);
}
