// SPDX-License-Identifier: Apache-2.0
// The command of -c. It is forked early and held at a pipe, without ptrace: its pid is known, and
// probes can be attached to it, before it becomes the command.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/internal.h"

struct child {
	struct arena *arena;
	pid_t pid;
	int pidfd;
	int go;     // a byte lets it run, the end of file ends it
	int result; // the errno of an exec that failed; else nothing
	bool is_going;
	const char *path;
	VEC(char *) words; // the last one is NULL
};

#define STATUS_NO_COMMAND 127

// --- words ---

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

// One word from *p on, quotes and backslashes taken away as a shell does. False: a quote is open.
static bool take_word(const char **p, char *out)
{
	char quote = 0;
	for (; **p && (quote || !is_blank(**p)); ++*p) {
		char c = **p;
		if (c == quote) {
			quote = 0;
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else if (c == '\\' && quote != '\'' && (*p)[1] &&
			   (!quote || strchr("\"\\$`", (*p)[1]))) {
			*out++ = *++*p;
		} else {
			*out++ = c;
		}
	}
	*out = 0;
	return !quote;
}

static struct err *split(struct child *c, const char *command)
{
	for (const char *p = command;;) {
		while (is_blank(*p))
			p++;
		if (!*p)
			break;
		char *word = arena_alloc(c->arena, strlen(p) + 1, 1);
		if (!take_word(&p, word))
			return err_new(ERR_USAGE, "-c: a quote is not closed: %s", command);
		VEC_PUSH(c->arena, &c->words, word);
	}
	if (!c->words.n)
		return err_new(ERR_USAGE, "-c: no command given");
	VEC_PUSH(c->arena, &c->words, NULL);
	return NULL;
}

// --- the file ---

static bool is_command(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static struct err *find_file(struct child *c)
{
	const char *name = c->words.v[0];
	struct stat st;
	if (strchr(name, '/')) {
		c->path = name;
		if (is_command(name))
			return NULL;
		if (stat(name, &st) < 0)
			return err_sys(errno, "-c: cannot run %s", name);
		return err_new(ERR_NOTFOUND, "-c: %s is no program that can be run", name);
	}
	const char *dirs = getenv("PATH");
	for (const char *p = dirs ? dirs : "/bin:/usr/bin"; *p;) {
		size_t len = strcspn(p, ":");
		const char *path = arena_printf(c->arena, "%.*s%s%s", len ? (int)len : 1,
						len ? p : ".", "/", name)
					   .p;
		if (is_command(path)) {
			c->path = path;
			return NULL;
		}
		p += len + (p[len] == ':');
	}
	return err_new(ERR_NOTFOUND, "-c: no command '%s' on PATH", name);
}

// --- the process ---

// Runs in the new process. What we block or ignore is no business of the command's.
static void become(struct child *c, int go, int result)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	char byte;
	ssize_t n;
	do
		n = read(go, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1) {
		execvp(c->path, c->words.v);
		int why = errno;
		n = write(result, &why, sizeof(why));
	}
	_exit(STATUS_NO_COMMAND);
}

static struct err *start(struct child *c)
{
	int go[2], result[2];
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(result, O_CLOEXEC) < 0)
		return err_sys(errno, "-c: cannot make a pipe");
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		become(c, go[0], result[1]);
	}
	int why = errno;
	close(go[0]);
	close(result[1]);
	c->go = go[1];
	c->result = result[0];
	if (c->pid < 0)
		return err_sys(why, "-c: cannot make a process");
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return c->pidfd >= 0 ? NULL : err_sys(errno, "-c: cannot watch the command");
}

struct err *child_start(const char *command, struct child **out)
{
	struct arena *a = arena_new();
	struct child *c = ARENA_NEW(a, struct child);
	*c = (struct child) { .arena = a, .pid = -1, .pidfd = -1, .go = -1, .result = -1 };
	struct err *e = split(c, command);
	if (!e)
		e = find_file(c);
	if (!e)
		e = start(c);
	if (e) {
		child_free(c);
		return e;
	}
	*out = c;
	return NULL;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

const char *child_path(const struct child *c)
{
	return c->path;
}

int child_pidfd(const struct child *c)
{
	return c && c->is_going ? c->pidfd : -1;
}

struct err *child_go(struct child *c)
{
	if (write(c->go, "", 1) != 1)
		return err_sys(errno, "-c: cannot run %s", c->path);
	int why = 0;
	ssize_t n;
	do
		n = read(c->result, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return err_sys(why, "-c: cannot run %s", c->path);
	c->is_going = true;
	return NULL;
}

int child_status(struct child *c)
{
	siginfo_t info = { 0 };
	if (!c->is_going || waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return 0;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	// What was started to be traced ends with the tracing, as with bpftrace. It has not been
	// waited for, so that the number is still its own.
	siginfo_t info = { 0 };
	if (c->is_going && waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0) {
		kill(c->pid, SIGTERM);
		kill(c->pid, SIGCONT);
	}
	const int fds[] = { c->go, c->result, c->pidfd };
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	// One that was never let go has read the end of the pipe.
	if (c->pid > 0 && !c->is_going)
		waitpid(c->pid, NULL, 0);
	arena_free(c->arena);
}
