// SPDX-License-Identifier: Apache-2.0
// Feeds files to one harness, without libFuzzer: replay FILE|FOLDER... A file that takes too long
// ends the run, as a crash does; its name was printed before.
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS_PER_FILE = 10, MEMORY_LIMIT_MB = 2048 };

struct totals {
	size_t files;
	double slowest;
	char slowest_name[512];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// The input ends exactly where the allocation does, so that reading past it is seen.
static bool run_file(const char *path, struct totals *totals)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (!f || fstat(fileno(f), &st) < 0) {
		perror(path);
		return false;
	}
	size = (size_t)st.st_size;
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, f) != size) {
		perror(path);
		return false;
	}
	fclose(f);

	// Names go to stderr at once: after a crash the last one is the culprit.
	fprintf(stderr, "%s\n", path);
	alarm(SECONDS_PER_FILE);

	double start = now();

	LLVMFuzzerTestOneInput(data, size);
	start = now() - start;
	alarm(0);
	free(data);
	totals->files++;
	if (start > totals->slowest) {
		totals->slowest = start;
		snprintf(totals->slowest_name, sizeof(totals->slowest_name), "%s", path);
	}
	return true;
}

static bool run_path(const char *path, struct totals *totals)
{
	struct dirent **names;
	char file[4096];
	bool ok = true;
	int n = scandir(path, &names, NULL, alphasort);

	if (n < 0)
		return run_file(path, totals);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			ok &= run_file(file, totals);
		free(names[i]);
	}
	free(names);
	return ok;
}

int main(int argc, char **argv)
{
	struct totals totals = { 0 };
	struct rusage usage;
	bool ok = true;

	for (int i = 1; i < argc; i++)
		ok &= run_path(argv[i], &totals);
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu files, %ld MB, slowest %.2f s (%s)\n", totals.files, usage.ru_maxrss / 1024,
	       totals.slowest, totals.slowest_name);
	if (usage.ru_maxrss / 1024 > MEMORY_LIMIT_MB) {
		fprintf(stderr, "used more than %d MB\n", MEMORY_LIMIT_MB);
		return 1;
	}
	return ok && totals.files ? 0 : 1;
}
