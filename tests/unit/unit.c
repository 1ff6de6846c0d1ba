// SPDX-License-Identifier: Apache-2.0
// Runs the registered cases and prints TAP: one line a case, and under a failed one what it said.
//   unit [-l] [-t SECONDS] [NAME-PART...]
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, DEFAULT_SECONDS = 60 };

static struct unit_case *cases;

void unit_register(struct unit_case *c)
{
	c->next = cases;
	cases = c;
}

// _exit: a failed case has no duty to free its memory, so that no leak report hides the failure.
void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(NULL);
	_exit(1);
}

void unit_skip(const char *reason)
{
	printf("%s\n", reason);
	fflush(NULL);
	_exit(EXIT_SKIPPED);
}

void unit_check_int(const char *file, int line, const char *what, long long got, long long want)
{
	if (got != want)
		unit_fail(file, line, "%s is %lld (0x%llx), not %lld (0x%llx)", what, got,
			  (unsigned long long)got, want, (unsigned long long)want);
}

void unit_check_text(const char *file, int line, const char *what, struct str got, const char *want)
{
	if (!got.p && want)
		unit_fail(file, line, "%s is NULL, not \"%s\"", what, want);
	if (!str_eq(got, str_from(want)))
		unit_fail(file, line, "%s is \"%.*s\", not \"%s\"", what, STR_ARG(got), want);
}

void unit_check_ok(const char *file, int line, const char *what, struct err *err)
{
	if (err)
		unit_fail(file, line, "%s: %s", what, err_text(err));
}

void unit_check_err(const char *file, int line, const char *what, struct err *err,
		    enum err_kind want)
{
	if (!err)
		unit_fail(file, line, "%s gave no error", what);
	if (err_kind(err) != want)
		unit_fail(file, line, "%s is an error of kind %d, not %d: %s", what, err_kind(err),
			  want, err_text(err));
	err_free(err);
}

static int by_place(const void *a, const void *b)
{
	const struct unit_case *x = *(struct unit_case *const *)a;
	const struct unit_case *y = *(struct unit_case *const *)b;
	int order = strcmp(x->file, y->file);

	return order ? order : strcmp(x->name, y->name);
}

static bool is_wanted(const struct unit_case *c, char **parts)
{
	if (!*parts)
		return true;
	for (; *parts; parts++)
		if (strstr(c->name, *parts))
			return true;
	return false;
}

// What the case printed, each line after "# ".
static void print_output(int fd)
{
	char buf[4096];
	ssize_t n;
	bool at_start = true;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (at_start)
				fputs("# ", stdout);
			putchar(buf[i]);
			at_start = buf[i] == '\n';
		}
	}
	if (!at_start)
		putchar('\n');
}

static void print_skip(size_t number, const struct unit_case *c, int fd)
{
	char reason[256] = "";

	if (pread(fd, reason, sizeof(reason) - 1, 0) < 0)
		reason[0] = 0;
	printf("ok %zu - %s # SKIP %.*s\n", number, c->name, (int)strcspn(reason, "\n"), reason);
}

// In the child: run the case with its output in fd.
NORETURN static void run_child(const struct unit_case *c, int fd, unsigned seconds)
{
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	alarm(seconds);
	c->run();
	fflush(NULL);
	exit(0);
}

// Returns whether the case passed or skipped.
static bool run_case(size_t number, const struct unit_case *c, unsigned seconds)
{
	int fd = memfd_create("output", MFD_CLOEXEC), status = 0;
	bool ok = false;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_child(c, fd, seconds);
	if (fd < 0 || pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("unit: cannot run a case");
		exit(2);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		print_skip(number, c, fd);
		ok = true;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %zu - %s\n", number, c->name);
		ok = true;
	} else {
		printf("not ok %zu - %s\n", number, c->name);
		print_output(fd);
		if (WIFSIGNALED(status))
			printf("# ended by signal %d%s\n", WTERMSIG(status),
			       WTERMSIG(status) == SIGALRM ? " (ran too long)" : "");
	}
	close(fd);
	return ok;
}

// The wanted cases in order of file and name; the caller frees the list.
static struct unit_case **wanted_cases(char **parts, size_t *n)
{
	struct unit_case **list;
	size_t total = 0;

	for (struct unit_case *c = cases; c; c = c->next)
		total++;
	list = calloc(total + 1, sizeof(list[0]));
	if (!list)
		abort();
	*n = 0;
	for (struct unit_case *c = cases; c; c = c->next)
		if (is_wanted(c, parts))
			list[(*n)++] = c;
	qsort(list, *n, sizeof(list[0]), by_place);
	return list;
}

int main(int argc, char **argv)
{
	unsigned seconds = DEFAULT_SECONDS;
	bool only_list = false;
	size_t n, n_bad = 0;
	int opt;

	while ((opt = getopt(argc, argv, "lt:")) != -1) {
		if (opt == 'l') {
			only_list = true;
		} else if (opt == 't') {
			seconds = (unsigned)strtoul(optarg, NULL, 10);
		} else {
			fprintf(stderr, "usage: unit [-l] [-t SECONDS] [NAME-PART...]\n");
			return 2;
		}
	}

	struct unit_case **list = wanted_cases(argv + optind, &n);

	if (!only_list)
		printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		if (only_list)
			printf("%s\n", list[i]->name);
		else if (!run_case(i + 1, list[i], seconds))
			n_bad++;
	}
	free(list);
	return n_bad ? 1 : 0;
}
