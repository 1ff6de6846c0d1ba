// SPDX-License-Identifier: Apache-2.0
// The order in which a session begins and ends.
#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "run/internal.h"

// What waits for all probes to be attached may ask for this word.
#define NOTIFY "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

// The traced command often writes to the same place: it gets no word in the middle of a line. What
// is no file, or is to go out byte by byte, is written to as it is.
static void begin_output(struct session *s)
{
	const struct run_options *o = s->o;
	// Of AUTO the loop sees to it that all is out before it waits.
	int mode = o->buffering == RUN_LINES_LINE ? _IOLBF : _IOFBF;
	int fd = fileno(o->out);
	s->out = o->out;
	if (fd < 0)
		return;
	fflush(o->out);
	if (o->buffering == RUN_LINES_NONE)
		setvbuf(o->out, NULL, _IONBF, 0);
	else
		s->lines = lines_open(fd, 2 * RUN_FLUSH_BYTES, mode, o->child != NULL);
	if (s->lines)
		s->out = lines_stream(s->lines);
}

void session_flush(struct session *s)
{
	int rc = s->lines ? lines_flush(s->lines) : fflush(s->out);
	if (rc != 0 && !s->output_errno)
		s->output_errno = errno;
	s->can_go_on &= rc == 0 && !ferror(s->out);
}

// A reader that went away, like head, is no error.
static struct err *end_output(struct session *s)
{
	session_flush(s);
	if (s->output_errno) {
		__fpurge(s->out); // nobody takes it
		clearerr(s->out);
	}
	lines_close(s->lines);
	s->lines = NULL;
	s->out = s->o->out;
	if (!s->output_errno || s->output_errno == EPIPE)
		return NULL;
	return err_sys(s->output_errno, "cannot write the output");
}

static void say_hello(const struct session *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->p->n_parts; i++)
		n += kind_is_uprobe(s->p->parts[i]->kind) ? s->p->parts[i]->n_sites : 0;
	log_note("%.*s, %s site%s %.*s", STR_ARG(s->o->hello), report_amount(n).text,
		 n == 1 ? "" : "s", STR_ARG(s->o->hello_end));
}

static void say_attached(struct session *s)
{
	size_t n = session_n_probes(s);
	if (s->o->is_json && !s->o->is_quiet)
		out_event_attached(n, s->out);
	if (!s->o->is_quiet && s->o->hello.len)
		say_hello(s);
	else if (!s->o->is_quiet)
		fprintf(stderr, "Attached %zu probe%s\n", n, n == 1 ? "" : "s");
	if (getenv(NOTIFY))
		fputs(NOTIFY "\n", s->out);
	session_flush(s);
}

// Something that can happen later.
static bool has_future(const struct session *s)
{
	if (s->o->child)
		return true;
	for (size_t i = 0; i < s->p->n_parts; i++)
		if (s->p->parts[i]->kind != PROBE_BEGIN && s->p->parts[i]->kind != PROBE_END)
			return true;
	return false;
}

static struct err *trace(struct session *s)
{
	budget_begin(s);
	TRY(session_attach(s));
	session_set_active(s, true);
	tables_begin(s);
	say_attached(s);
	if (s->o->is_dry)
		return NULL;
	if (s->o->child) {
		elsewhere_begin(s);
		TRY(child_go(s->o->child));
	}
	// A short command may be gone before an event tells of it.
	if (s->p->pid && s->c->has_symbols)
		resolve_begin(s);
	session_drain(s);
	struct err *e = has_future(s) && !s->is_over ? session_loop(s) : NULL;
	session_release_signals(s);
	session_set_active(s, false);
	tables_end(s);
	session_detach(s);
	session_drain(s);
	calls_tell_open(s);
	calls_view_end(s);
	return e;
}

static struct err *session_phases(struct session *s)
{
	TRY(session_load(s));
	if (s->o->wants_verifier_log)
		return NULL;
	calls_view_begin(s);
	// BEGIN alone is active. A script that ends in it needs nothing attached.
	session_set_active(s, true);
	if (!s->o->is_dry)
		TRY(session_run(s, PROBE_BEGIN, 0));
	if (session_is_active(s)) {
		session_set_active(s, false);
		TRY(trace(s));
	} else {
		say_attached(s);
		session_drain(s);
	}
	if (s->o->is_dry || !s->can_go_on)
		return NULL;
	s->is_ending = true;
	TRY(session_run(s, PROBE_END, 0));
	session_drain(s);
	s->wants_gap = true;
	if (s->p->config->prints_maps_on_exit)
		maps_print(s);
	session_report(s);
	elsewhere_report(s);
	budget_report(s);
	return NULL;
}

static bool has_colours(void)
{
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
	return !(none && *none) && kind && strcmp(kind, "dumb") != 0;
}

// Columns, where the output is a terminal.
static unsigned terminal_width(FILE *f)
{
	struct winsize size;
	int fd = fileno(f);
	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

struct err *run_program(const struct program *p, struct code *c, const struct run_options *options,
			int *status)
{
	struct arena *a = arena_new();
	struct session *s = ARENA_NEW(a, struct session);
	*s = (struct session) {
		.p = p,
		.c = c,
		.o = options,
		.arena = a,
		.scratch = arena_new(),
		.can_go_on = true,
	};
	s->env = (struct out_env) { .trailer = p->config->trailer,
				    .go_trailer = p->config->go_trailer,
				    .clocks = out_clocks_now(),
				    .ctx = s,
				    .resolve = resolve_text,
				    .resolve_json = resolve_json,
				    .frames = stacks_frames };
	s->is_terminal = terminal_width(options->out) != 0;
	s->terminal_width = options->is_wide ? 0 : terminal_width(options->out);
	s->has_colours = s->is_terminal && has_colours();
	begin_output(s);
	session_hold_signals(s);
	struct err *e = session_phases(s);
	session_release_signals(s);
	session_detach(s);
	*status = s->is_over && s->exit_status    ? s->exit_status
		  : s->is_over || !options->child ? 0
						  : child_status(options->child);
	struct err *written = end_output(s);
	if (e)
		err_free(written);
	else
		e = written;
	budget_end(s);
	tables_free(s);
	watch_free(s);
	call_texts_free(s);
	resolve_free(s);
	session_unload(s);
	out_buf_free(&s->text);
	arena_free(s->scratch);
	arena_free(a);
	return e;
}
