// SPDX-License-Identifier: Apache-2.0
// Probes that are perf events: tracepoints, timers, counters, watchpoints.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/internal.h"

static struct err *attach_event(struct session *s, const struct program_part *part, uint32_t k,
				const struct bpf_event *e)
{
	const struct str text = part->probes[k]->text;
	int event, fd;
	TRY(err_wrap(bpf_event_open(e, &event), "%.*s", STR_ARG(text)));
	TRY(bpf_attach_event(&s->progs[part->index], event, attach_cookie(s, part, k), &fd));
	session_add_link(s, part, fd);
	return NULL;
}

// --- on which CPUs ---

struct cpus {
	VEC(int) v;
};

// "0-3,8"
static struct err *read_cpus(struct arena *a, struct cpus *out)
{
	char text[4096] = "";
	FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = 0;
	if (f)
		fclose(f);
	for (char *p = text; *p >= '0' && *p <= '9';) {
		long low = strtol(p, &p, 10);
		long high = *p == '-' ? strtol(p + 1, &p, 10) : low;
		for (long cpu = low; cpu <= high && high < INT16_MAX; cpu++)
			VEC_PUSH(a, &out->v, (int)cpu);
		p += *p == ',';
	}
	return out->v.n ? NULL : err_new(ERR_SYS, "/sys/devices/system/cpu/online is not readable");
}

static struct err *on_cpus(struct session *s, const struct program_part *part, uint32_t k,
			   struct bpf_event e, bool is_on_one)
{
	struct cpus cpus = { { 0 } };
	TRY(read_cpus(s->scratch, &cpus));
	for (size_t i = 0; i < (is_on_one ? 1 : cpus.v.n); i++) {
		e.cpu = cpus.v.v[i];
		TRY(attach_event(s, part, k, &e));
	}
	return NULL;
}

// --- on which threads ---

// Those that it starts later inherit the event.
static struct err *on_threads(struct session *s, const struct program_part *part, uint32_t k,
			      struct bpf_event e)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task", s->p->pid);
	DIR *dir = opendir(path);
	if (!dir)
		return err_sys(errno, "cannot read the threads of process %d", s->p->pid);
	struct err *err = NULL;
	struct dirent *entry;
	// cppcheck-suppress readdirCalled  // nobody else reads this folder
	while (!err && (entry = readdir(dir))) {
		e.cpu = -1;
		e.pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (e.pid > 0)
			err = attach_event(s, part, k, &e);
	}
	closedir(dir);
	return err;
}

// --- what is said in the script, as the kernel wants it ---

static struct bpf_event event_of(const struct plan_probe *p)
{
	switch (p->kind) {
	case PROBE_TRACEPOINT:
		return (struct bpf_event) { .kind = BPF_EVENT_TRACEPOINT,
					    .config = p->tracepoint->id };
	case PROBE_SOFTWARE:
		return (struct bpf_event) { .kind = BPF_EVENT_SOFTWARE,
					    .config = p->event.config,
					    .period = p->event.count };
	case PROBE_HARDWARE:
		return (struct bpf_event) { .kind = BPF_EVENT_HARDWARE,
					    .config = p->event.config,
					    .period = p->event.count };
	case PROBE_WATCHPOINT:
		return (struct bpf_event) { .kind = BPF_EVENT_WATCHPOINT,
					    .vaddr = p->watch.vaddr,
					    .len = p->watch.len,
					    .on_read = p->watch.on_read,
					    .on_write = p->watch.on_write,
					    .on_execute = p->watch.on_execute };
	case PROBE_INTERVAL:
	case PROBE_PROFILE:
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_USDT:
	case PROBE_SIGNAL:
		break;
	}
	return (struct bpf_event) { .kind = BPF_EVENT_CLOCK, .period = p->rate.period_ns };
}

struct err *attach_perf(struct session *s, const struct program_part *part)
{
	bool is_on_one = part->kind == PROBE_TRACEPOINT || part->kind == PROBE_INTERVAL;
	bool is_of_threads = part->kind == PROBE_WATCHPOINT && s->p->pid;
	for (uint32_t k = 0; k < part->n_probes; k++) {
		struct bpf_event e = event_of(part->probes[k]);
		TRY(is_of_threads ? on_threads(s, part, k, e) : on_cpus(s, part, k, e, is_on_one));
	}
	arena_clear(s->scratch);
	return NULL;
}
