// SPDX-License-Identifier: Apache-2.0
// Probes without a place in a program: timers, perf events, watchpoints, signals.
#include <linux/perf_event.h>
#include <signal.h>

#include "base/near.h"
#include "probe/internal.h"

#define NS_PER_S 1000000000ull
// perf's timer does not tick faster.
#define SHORTEST_NS 10000u

// --- interval and profile ---

bool rate_parse(struct str unit, uint64_t count, struct plan_rate *out, const char **why)
{
	static const struct {
		struct str name;
		uint64_t ns;
	} units[] = {
		{ { "s", 1 }, NS_PER_S }, { { "ms", 2 }, 1000000 }, { { "us", 2 }, 1000 },
		{ { "ns", 2 }, 1 },       { { "hz", 2 }, 0 },
	};
	*out = (struct plan_rate) { 0 };
	if (count == 0) {
		*why = "a rate of 0 never comes";
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (!str_eq(unit, units[i].name))
			continue;
		if (!units[i].ns) {
			*out = (struct plan_rate) { NS_PER_S / count, count };
			*why = "so many times a second is more than once a nanosecond";
			return count <= NS_PER_S;
		}
		*why = "the time does not fit into 63 bits of nanoseconds";
		return !__builtin_mul_overflow(count, units[i].ns, &out->period_ns) &&
		       out->period_ns <= INT64_MAX;
	}
	*why = "the units are s, ms, us, ns and hz";
	return false;
}

// "500ms", or a bare number of nanoseconds; how bpftrace calls it is told in microseconds.
static bool read_duration(struct maker *m, const struct attach_field *f, struct plan_rate *rate,
			  struct str *text)
{
	struct str given = field_text(m, f);
	struct number n;
	const char *why;
	if (!number_parse(given, &n)) {
		diag_error(m->diag, f->span, "'%.*s' is not a time", STR_ARG(given));
		diag_hint(m->diag, "write interval:s:1, profile:hz:99 or interval:500ms");
		return false;
	}
	if (!rate_parse(STR("ns"), n.value, rate, &why)) {
		diag_error(m->diag, f->span, "%s", why);
		return false;
	}
	bool is_whole = n.value % 1000 == 0;
	*text = arena_printf(m->arena, "%s:%llu", is_whole ? "us" : "ns",
			     (unsigned long long)(is_whole ? n.value / 1000 : n.value));
	return true;
}

static bool read_rate(struct maker *m, struct plan_rate *rate, struct str *text)
{
	const struct attach_field *f = m->attach->fields;
	struct str unit = field_text(m, &f[0]);
	const char *why;
	uint64_t count;
	if (!field_number(m, &f[1], "the rate", &count))
		return false;
	if (!rate_parse(unit, count, rate, &why)) {
		bool is_unit =
			rate_parse(unit, 1, &(struct plan_rate) { 0 }, &(const char *) { 0 });
		diag_error(m->diag, is_unit ? f[1].span : f[0].span, "%s", why);
		return false;
	}
	*text = arena_printf(m->arena, "%.*s:%llu", STR_ARG(unit), (unsigned long long)count);
	return true;
}

void make_rate(struct maker *m)
{
	const struct attach *at = m->attach;
	struct plan_rate rate;
	struct str text;
	if (at->n_fields < 1 || at->n_fields > 2 || at->offset) {
		diag_error(m->diag, at->span, "expected %s:UNIT:COUNT", probe_kind_name(m->kind));
		diag_hint(m->diag, "write interval:s:1, profile:hz:99 or interval:500ms");
		return;
	}
	bool ok = at->n_fields == 1 ? read_duration(m, &at->fields[0], &rate, &text)
				    : read_rate(m, &rate, &text);
	if (!ok)
		return;
	if (rate.period_ns < SHORTEST_NS)
		diag_warning(m->diag, at->span, "the kernel's timers tick every 10 us at most");
	struct plan_probe *p = add_probe(m, arena_printf(m->arena, "%s:%.*s",
							 probe_kind_name(m->kind), STR_ARG(text)));
	p->rate = rate;
}

// --- software and hardware ---

struct event {
	const char *name, *alias;
	uint64_t config, count; // count: events from one hit to the next, by default
};

static const struct event software[] = {
	{ "alignment-faults", NULL, PERF_COUNT_SW_ALIGNMENT_FAULTS, 1 },
	{ "bpf-output", NULL, PERF_COUNT_SW_BPF_OUTPUT, 1 },
	{ "context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1000 },
	{ "cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1000000 },
	{ "cpu-migrations", NULL, PERF_COUNT_SW_CPU_MIGRATIONS, 1 },
	{ "dummy", NULL, PERF_COUNT_SW_DUMMY, 1 },
	{ "emulation-faults", NULL, PERF_COUNT_SW_EMULATION_FAULTS, 1 },
	{ "major-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1 },
	{ "minor-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MIN, 100 },
	{ "page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100 },
	{ "task-clock", NULL, PERF_COUNT_SW_TASK_CLOCK, 1000000 },
};

static const struct event hardware[] = {
	{ "backend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000 },
	{ "branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100000 },
	{ "branch-misses", NULL, PERF_COUNT_HW_BRANCH_MISSES, 100000 },
	{ "bus-cycles", NULL, PERF_COUNT_HW_BUS_CYCLES, 100000 },
	{ "cache-misses", NULL, PERF_COUNT_HW_CACHE_MISSES, 1000000 },
	{ "cache-references", NULL, PERF_COUNT_HW_CACHE_REFERENCES, 1000000 },
	{ "cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1000000 },
	{ "frontend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000 },
	{ "instructions", NULL, PERF_COUNT_HW_INSTRUCTIONS, 1000000 },
	{ "ref-cycles", NULL, PERF_COUNT_HW_REF_CPU_CYCLES, 1000000 },
};

static const struct event *find_event(const struct event *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, str_from(list[i].name)) ||
		    (list[i].alias && str_eq(name, str_from(list[i].alias))))
			return &list[i];
	return NULL;
}

const char *plan_event_name(enum probe_kind kind, size_t i)
{
	static const char *const units[] = { "hz", "ms", "s", "us" };
	if (kind == PROBE_SOFTWARE)
		return i < ARRAY_LEN(software) ? software[i].name : NULL;
	if (kind == PROBE_HARDWARE)
		return i < ARRAY_LEN(hardware) ? hardware[i].name : NULL;
	return i < ARRAY_LEN(units) ? units[i] : NULL;
}

static void unknown_event(struct maker *m, const struct event *list, size_t n, struct str name)
{
	struct near near = near_init(name);
	struct str line = STR("");
	diag_error(m->diag, m->attach->fields[0].span, "no %s event '%.*s'",
		   probe_kind_name(m->kind), STR_ARG(name));
	for (size_t i = 0; i < n; i++)
		near_offer(&near, str_from(list[i].name));
	for (size_t i = 0; i < (near.n ? near.n : n); i++)
		line = arena_printf(m->arena, "%.*s%s%.*s", STR_ARG(line), i ? ", " : "",
				    STR_ARG(near.n ? near.best[i] : str_from(list[i].name)));
	diag_hint(m->diag, "%s: %.*s", near.n ? "near" : "there are", STR_ARG(line));
}

void make_event(struct maker *m)
{
	const struct attach *at = m->attach;
	bool is_software = m->kind == PROBE_SOFTWARE;
	const struct event *list = is_software ? software : hardware;
	size_t n = is_software ? ARRAY_LEN(software) : ARRAY_LEN(hardware);
	if (at->n_fields < 1 || at->n_fields > 2 || at->offset) {
		diag_error(m->diag, at->span, "expected %s:EVENT or %s:EVENT:COUNT",
			   probe_kind_name(m->kind), probe_kind_name(m->kind));
		return;
	}
	struct str name = field_text(m, &at->fields[0]);
	const struct event *e = find_event(list, n, name);
	if (!e) {
		unknown_event(m, list, n, name);
		return;
	}
	uint64_t count = e->count;
	// "software:page-faults:" is written, too.
	bool has_count = at->n_fields == 2 && at->fields[1].span.len;
	if (has_count && !field_number(m, &at->fields[1], "the count", &count))
		return;
	if (!count || count > INT64_MAX) {
		diag_error(m->diag, at->fields[1].span, "a count of %llu never comes",
			   (unsigned long long)count);
		return;
	}
	struct str text =
		arena_printf(m->arena, "%s:%.*s", probe_kind_name(m->kind), STR_ARG(name));
	if (has_count)
		text = arena_printf(m->arena, "%.*s:%llu", STR_ARG(text),
				    (unsigned long long)count);
	struct plan_probe *p = add_probe(m, text);
	p->event = (struct plan_event) { str_from(e->name), e->config, count };
}

// --- watchpoints ---

static bool read_mode(struct str mode, struct plan_watch *out)
{
	for (size_t i = 0; i < mode.len; i++) {
		bool *flag = mode.p[i] == 'r'   ? &out->on_read
			     : mode.p[i] == 'w' ? &out->on_write
			     : mode.p[i] == 'x' ? &out->on_execute
						: NULL;
		if (!flag || *flag)
			return false;
		*flag = true;
	}
	return mode.len && !(out->on_execute && (out->on_read || out->on_write));
}

void make_watchpoint(struct maker *m)
{
	const struct attach *at = m->attach;
	struct plan_watch w = { 0 };
	uint64_t len;
	if (at->n_fields != 3 || at->offset) {
		diag_error(m->diag, at->span, "expected watchpoint:ADDRESS:LENGTH:MODE");
		diag_hint(m->diag, "MODE is r, w, rw or x");
		return;
	}
	if (!field_number(m, &at->fields[0], "the address", &w.vaddr) ||
	    !field_number(m, &at->fields[1], "the length", &len))
		return;
	struct str mode = field_text(m, &at->fields[2]);
	if (len != 1 && len != 2 && len != 4 && len != 8)
		diag_error(m->diag, at->fields[1].span, "a length is 1, 2, 4 or 8");
	else if (w.vaddr % len)
		diag_error(m->diag, at->fields[0].span,
			   "the processor watches addresses that are multiples of the length");
	else if (!read_mode(mode, &w))
		diag_error(m->diag, at->fields[2].span, "a mode is r, w, rw or x");
	else if (w.on_read && !w.on_write)
		diag_error(m->diag, at->fields[2].span,
			   "the processor cannot watch reads alone: the mode is rw");
	else if (w.on_execute && len != 8)
		diag_error(m->diag, at->fields[1].span,
			   "the length is 8 where execution is watched");
	else {
		w.len = (uint32_t)len;
		struct plan_probe *p = add_probe(
			m, arena_printf(m->arena, "watchpoint:0x%llx:%u:%.*s",
					(unsigned long long)w.vaddr, w.len, STR_ARG(mode)));
		p->watch = w;
	}
}

// --- self ---

void make_signal(struct maker *m)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "SIGUSR1", SIGUSR1 }, { "SIGUSR2", SIGUSR2 }, { "SIGHUP", SIGHUP } };
	const struct attach *at = m->attach;
	if (at->n_fields != 2 || at->offset ||
	    !str_eq(field_text(m, &at->fields[0]), STR("signal"))) {
		diag_error(m->diag, at->span, "expected self:signal:SIGUSR1");
		return;
	}
	struct str name = field_text(m, &at->fields[1]);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		if (!str_eq(name, str_from(signals[i].name)))
			continue;
		struct plan_probe *p =
			add_probe(m, arena_printf(m->arena, "self:signal:%.*s", STR_ARG(name)));
		p->signal = signals[i].number;
		return;
	}
	diag_error(m->diag, at->fields[1].span, "the signals are SIGUSR1, SIGUSR2 and SIGHUP");
}
