// SPDX-License-Identifier: Apache-2.0
// What is done outside when a program sends an event.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "run/internal.h"

// An event at hand: its action, and what came with it.
struct event {
	struct session *s;
	const struct program_action *action;
	struct out_value *args;
};

// Into s->text, which it empties first.
static struct str formatted(const struct event *e)
{
	struct out_buf *b = &e->s->text;
	b->n = 0;
	out_format_render(&e->s->env, &e->action->format, e->args, e->action->n_args, b);
	return out_buf_view(b);
}

// type: what it is in JSON.
static void put_text(const struct event *e, const char *type, struct str text)
{
	if (e->s->o->is_json)
		out_event_text(type, text, e->s->out);
	else if (text.len)
		fwrite(text.p, 1, text.len, e->s->out);
}

// The text so far with a NUL behind it, as a file's name or a command.
static const char *as_c_string(const struct event *e)
{
	struct str text = formatted(e);
	return arena_strdup(e->s->scratch, text).p;
}

// --- the actions ---

static struct err *do_printf(const struct event *e)
{
	put_text(e, "printf", formatted(e));
	return NULL;
}

static struct err *do_print(const struct event *e)
{
	struct session *s = e->s;
	if (s->o->is_json) {
		out_event_value(&s->env, e->args[0], s->out);
		return NULL;
	}
	s->text.n = 0;
	s->width = s->terminal_width;
	out_value_text(&s->env, e->args[0], &s->text);
	s->width = 0;
	out_buf_str(&s->text, STR("\n"));
	put_text(e, NULL, out_buf_view(&s->text));
	return NULL;
}

static struct err *do_print_map(const struct event *e)
{
	return map_print(e->s, e->action->map, e->action->top, e->action->div);
}

static struct err *do_print_entry(const struct event *e)
{
	return map_print_entry(e->s, e->action->map,
			       e->action->n_args ? e->args[0].bytes : (struct bytes) { 0 });
}

static struct err *do_table(const struct event *e)
{
	return map_table(e->s, e->action->map, e->action->text);
}

// The shapes of maps by stack.
static struct err *do_stacks(const struct event *e)
{
	return map_stacks(e->s, e->action);
}

static struct err *do_clear(const struct event *e)
{
	return map_clear(e->s, e->action->map);
}

static struct err *do_zero(const struct event *e)
{
	return map_zero(e->s, e->action->map);
}

static struct err *do_exit(const struct event *e)
{
	uint64_t status = 0;
	bool is_signed;
	if (e->action->n_args)
		out_value_number(e->args[0], &status, &is_signed);
	// The first one counts: others were on their way.
	if (!e->s->is_over)
		e->s->exit_status = (int)(status & 0xff);
	e->s->is_over = true;
	return NULL;
}

static struct err *do_time(const struct event *e)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	e->s->text.n = 0;
	out_strftime(&e->s->text, e->action->text,
		     (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
	put_text(e, "time", out_buf_view(&e->s->text));
	return NULL;
}

// Everything that the descriptor gives, up to a limit, into s->text; closes it.
static void read_all(struct session *s, int fd, size_t limit)
{
	char part[4096];
	s->text.n = 0;
	while (s->text.n < limit) {
		ssize_t n = read(fd, part, MIN(sizeof(part), limit - s->text.n));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out_buf_add(&s->text, part, (size_t)n);
	}
	close(fd);
}

static struct err *do_cat(const struct event *e)
{
	const char *path = as_c_string(e);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(errno, "cat: cannot read %s", path);
	read_all(e->s, fd, e->s->p->config->max_cat_bytes);
	put_text(e, "cat", out_buf_view(&e->s->text));
	return NULL;
}

static struct err *do_join(const struct event *e)
{
	struct out_buf *b = &e->s->text;
	b->n = 0;
	for (size_t i = 0; i < e->action->n_args; i++) {
		size_t start = b->n;
		if (i)
			out_buf_str(b, e->action->text);
		size_t empty = b->n;
		out_value_text(&e->s->env, e->args[i], b);
		// An array of texts ends where nothing stands.
		if (b->n == empty) {
			b->n = start;
			break;
		}
	}
	if (!e->s->o->is_json)
		out_buf_str(b, STR("\n"));
	put_text(e, "join", out_buf_view(b));
	return NULL;
}

// What we block is no business of the command's.
static int spawn(const char *command, int out, pid_t *pid)
{
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t files;
	sigset_t none, usual;
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	char *text = strdup(command);
	char *const words[] = { (char[]) { "sh" }, (char[]) { "-c" }, text, NULL };
	int rc = text ? posix_spawn(pid, "/bin/sh", &files, &attr, words, environ) : ENOMEM;
	free(text);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static struct err *do_system(const struct event *e)
{
	const char *command = as_c_string(e);
	int ends[2], status = 0;
	pid_t pid;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(errno, "system: cannot make a pipe");
	int rc = spawn(command, ends[1], &pid);
	close(ends[1]);
	read_all(e->s, ends[0], SIZE_MAX);
	if (rc)
		return err_sys(rc, "system: cannot run '%s'", command);
	put_text(e, "syscall", out_buf_view(&e->s->text));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	if (WIFEXITED(status))
		return err_new(ERR_SYS, "system: '%s' ended with status %d", command,
			       WEXITSTATUS(status));
	return err_new(ERR_SYS, "system: '%s' was ended by signal %d", command, WTERMSIG(status));
}

static struct err *put_message(const struct event *e, const char *type, bool is_error)
{
	struct out_where where = report_where(e->s, e->action->span);
	struct str text = formatted(e);
	if (e->s->o->is_json)
		out_event_message(type, text, where, e->s->out);
	else if (is_error)
		log_error("%.*s:%u:%u: %.*s", STR_ARG(where.file), where.line, where.col,
			  STR_ARG(text));
	else
		log_warn("%.*s:%u:%u: %.*s", STR_ARG(where.file), where.line, where.col,
			 STR_ARG(text));
	return NULL;
}

static struct err *do_errorf(const struct event *e)
{
	return put_message(e, "errorf", true);
}

static struct err *do_warnf(const struct event *e)
{
	return put_message(e, "warnf", false);
}

static struct err *do_call(const struct event *e)
{
	call_line(e->s, e->action, e->args);
	return NULL;
}

static struct err *do_watch(const struct event *e)
{
	watch_line(e->s, e->action, e->args);
	return NULL;
}

// KEEP IN ORDER: enum action_kind
static struct err *(*const actions[])(const struct event *e) = {
	[ACTION_PRINTF] = do_printf,
	[ACTION_PRINT] = do_print,
	[ACTION_PRINT_MAP] = do_print_map,
	[ACTION_PRINT_ENTRY] = do_print_entry,
	[ACTION_CLEAR] = do_clear,
	[ACTION_ZERO] = do_zero,
	[ACTION_EXIT] = do_exit,
	[ACTION_TIME] = do_time,
	[ACTION_CAT] = do_cat,
	[ACTION_JOIN] = do_join,
	[ACTION_SYSTEM] = do_system,
	[ACTION_ERRORF] = do_errorf,
	[ACTION_WARNF] = do_warnf,
	[ACTION_TABLE] = do_table,
	[ACTION_STACKS] = do_stacks,
	[ACTION_FOLDED] = do_stacks,
	[ACTION_FLAME] = do_stacks,
	[ACTION_CALL] = do_call,
	[ACTION_WATCH] = do_watch,
};

// --- records ---

// The action of a record; NULL: it is about something else.
static const struct program_action *action_of(const struct session *s, const void *data, size_t len)
{
	struct code_event head = { 0 };
	memcpy(&head, data, MIN(len, sizeof(head)));
	bool is_action = len >= sizeof(head) && head.kind < s->p->n_actions;
	return is_action ? s->p->actions[head.kind] : NULL;
}

static void take_process(struct session *s, const void *data, size_t len)
{
	struct code_process process = { 0 };
	memcpy(&process, data, MIN(len, sizeof(process)));
	if (len >= sizeof(process) && process.event.kind == CODE_EVENT_PROCESS)
		resolve_process(s, &process);
}

bool event_take(void *ctx, const void *data, size_t len)
{
	struct session *s = ctx;
	const struct program_action *action = action_of(s, data, len);
	if (!action) {
		take_process(s, data, len);
		if (calls_take(s, data, len))
			s->n_events++;
		arena_clear(s->scratch);
		return true;
	}
	s->n_events++;
	struct event e = { s, action, ARENA_ARRAY(s->scratch, struct out_value, action->n_args) };
	if (code_event_args(action, (struct bytes) { data, len }, e.args)) {
		struct err *err = actions[action->kind](&e);
		// What is not the last thing on the screen is not drawn over.
		if (action->kind != ACTION_TABLE && action->kind != ACTION_CLEAR &&
		    action->kind != ACTION_ZERO && action->kind != ACTION_EXIT)
			s->drawn = NULL;
		struct out_where where = report_where(s, action->span);
		if (err)
			log_warn("%.*s:%u:%u: %s", STR_ARG(where.file), where.line, where.col,
				 err_text(err));
		err_free(err);
	}
	arena_clear(s->scratch);
	// What others write to the same place, like the traced program, comes between two events.
	if (__fpending(s->out) > RUN_FLUSH_BYTES)
		session_flush(s);
	return !ferror(s->out);
}
