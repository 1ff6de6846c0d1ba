// SPDX-License-Identifier: Apache-2.0
// What a command costs: runs it several times with its output thrown away.
//
//     cost RUNS COMMAND [ARGUMENT...]
//
// Prints the best wall-clock time in seconds and the largest resident size in kB. A small program
// of its own, because what a process had before exec counts as its resident size too.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void become(char **command)
{
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	execvp(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	double best = 0;
	long size = 0;
	int status;
	for (int i = 0; argc > 2 && i < atoi(argv[1]); i++) {
		struct rusage usage;
		double start = now();
		pid_t pid = fork();
		if (pid == 0)
			become(argv + 2);
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
			fprintf(stderr, "cost: failed: %s\n", argv[2]);
			return 1;
		}
		double took = now() - start;
		best = i == 0 || took < best ? took : best;
		size = usage.ru_maxrss > size ? usage.ru_maxrss : size;
	}
	printf("%.6f %ld\n", best, size);
	return argc > 2 ? 0 : 2;
}
