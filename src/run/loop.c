// SPDX-License-Identifier: Apache-2.0
// While a script runs: events are printed until something ends it.
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "run/internal.h"

// Programs wake us when much has come; what is little waits no longer than this.
#define WAIT_MS 50

struct loop {
	struct session *s;
	int epoll;
	int signals;
	int process; // of -p
	bool has_process_ended;
	bool is_over;
};

enum source { SOURCE_RING, SOURCE_SIGNALS, SOURCE_CHILD, SOURCE_PROCESS, SOURCE_OUTPUT };

void session_set_active(struct session *s, bool is_active)
{
	__atomic_store_n(&s->globals->is_active, is_active, __ATOMIC_RELEASE);
}

bool session_is_active(const struct session *s)
{
	return __atomic_load_n(&s->globals->is_active, __ATOMIC_ACQUIRE);
}

void session_drain(struct session *s)
{
	while (s->ring && s->can_go_on && bpf_ring_read(s->ring) > 0)
		s->can_go_on &= !ferror(s->out);
	if (s->o->buffering == RUN_LINES_AUTO)
		session_flush(s);
	s->can_go_on &= !ferror(s->out);
}

// --- signals ---

// What ends a session in order; a closed terminal too.
static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP };

static volatile sig_atomic_t n_stops, last_stop;

// The second one leaves at once, also when the output is stuck.
static void on_stop(int sig)
{
	last_stop = sig;
	if (n_stops++) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
}

// Those that wait for the loop.
static sigset_t signals_of(const struct session *s)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (size_t i = 0; i < s->p->n_parts; i++)
		if (s->p->parts[i]->kind == PROBE_SIGNAL)
			sigaddset(&set, s->p->parts[i]->probes[0]->signal);
	return set;
}

// nohup's wish counts. SIGINT and SIGTERM end stoat even where they came ignored or blocked, as in
// a shell's background.
static bool is_ours(int sig)
{
	struct sigaction before;
	return sig != SIGHUP ||
	       (sigaction(sig, NULL, &before) == 0 && before.sa_handler != SIG_IGN);
}

void session_hold_signals(struct session *s)
{
	sigset_t set = signals_of(s), ends;
	struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	sigemptyset(&ends);
	n_stops = 0;
	for (size_t i = 0; i < ARRAY_LEN(ending_signals); i++)
		if (!sigismember(&set, ending_signals[i]) && is_ours(ending_signals[i])) {
			sigaction(ending_signals[i], &stop, NULL);
			sigaddset(&ends, ending_signals[i]);
		}
	sigprocmask(SIG_BLOCK, &set, &s->signals_before);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

void session_release_signals(struct session *s)
{
	sigset_t ends;
	sigemptyset(&ends);
	for (size_t i = 0; i < ARRAY_LEN(ending_signals); i++)
		if (is_ours(ending_signals[i])) {
			signal(ending_signals[i], SIG_DFL);
			sigaddset(&ends, ending_signals[i]);
		}
	sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

static struct err *take_signal(struct loop *l)
{
	struct signalfd_siginfo info;
	if (read(l->signals, &info, sizeof(info)) != sizeof(info))
		return NULL;
	int sig = (int)info.ssi_signo;
	if (session_has(l->s, PROBE_SIGNAL, sig))
		return session_run(l->s, PROBE_SIGNAL, sig);
	maps_print(l->s); // SIGUSR1
	return NULL;
}

// --- waiting ---

// A negative descriptor is none.
static struct err *watch(struct loop *l, int fd, enum source source, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u32 = source };
	if (fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == 0)
		return NULL;
	// Files are always ready, and stdout may be closed: there is nothing to wait for.
	if (source == SOURCE_OUTPUT)
		return NULL;
	return err_sys(errno, "cannot wait for events");
}

static struct err *open_loop(struct loop *l, const sigset_t *set)
{
	struct session *s = l->s;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->epoll < 0 || l->signals < 0)
		return err_sys(errno, "cannot wait for events");
	if (s->p->pid && !s->o->child) {
		l->process = (int)syscall(SYS_pidfd_open, s->p->pid, 0);
		// It has ended while it was being attached to: what it did by then counts.
		l->is_over = l->has_process_ended = l->process < 0 && errno == ESRCH;
		if (l->process < 0 && !l->is_over)
			return err_sys(errno, "cannot watch process %d", s->p->pid);
	}
	// Only when the programs wake us: else each event would.
	TRY(watch(l, s->ring ? bpf_ring_fd(s->ring) : -1, SOURCE_RING, EPOLLIN | EPOLLET));
	TRY(watch(l, l->signals, SOURCE_SIGNALS, EPOLLIN));
	TRY(watch(l, child_pidfd(s->o->child), SOURCE_CHILD, EPOLLIN));
	TRY(watch(l, l->process, SOURCE_PROCESS, EPOLLIN));
	// A reader that goes away is an error that comes without being asked for.
	return watch(l, fileno(s->o->out), SOURCE_OUTPUT, 0);
}

static struct err *turn(struct loop *l)
{
	struct epoll_event ready[8];
	int n = epoll_wait(l->epoll, ready, ARRAY_LEN(ready), WAIT_MS);
	if (n < 0 && errno != EINTR)
		return err_sys(errno, "cannot wait for events");
	session_drain(l->s);
	calls_sweep(l->s);
	elsewhere_look(l->s);
	l->is_over |= !budget_check(l->s);
	for (int i = 0; i < n; i++) {
		switch ((enum source)ready[i].data.u32) {
		case SOURCE_RING:
			break;
		case SOURCE_SIGNALS:
			TRY(take_signal(l));
			break;
		case SOURCE_OUTPUT:
			l->s->can_go_on = false;
			break;
		case SOURCE_PROCESS:
			l->has_process_ended = true;
			l->is_over = true;
			break;
		case SOURCE_CHILD:
			l->is_over = true;
			break;
		}
	}
	// The event of an exit() may have been lost.
	l->is_over |= n_stops || !session_is_active(l->s) || l->s->is_over || !l->s->can_go_on;
	return NULL;
}

static void close_loop(struct loop *l)
{
	const int fds[] = { l->epoll, l->signals, l->process };
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

// Why the trace is over, if nobody who looks on has ended it. A terminal shows ^C without the end
// of the line; a table is drawn over it.
static void tell_end(const struct session *s, const struct loop *l)
{
	if (last_stop == SIGINT && !s->drawn && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (l->has_process_ended && s->o->has_summary && !s->o->is_quiet)
		log_note("process %d has ended", s->p->pid);
}

struct err *session_loop(struct session *s)
{
	struct loop l = { .s = s, .epoll = -1, .signals = -1, .process = -1 };
	sigset_t set = signals_of(s);
	struct err *e = open_loop(&l, &set);
	while (!e && !l.is_over)
		e = turn(&l);
	close_loop(&l);
	tell_end(s, &l);
	return e;
}
