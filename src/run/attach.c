// SPDX-License-Identifier: Apache-2.0
// Programs to their sites: one link for all of a part's sites in a file where the kernel can, else
// a perf event for each.
#include "base/log.h"
#include "base/map.h"
#include "run/internal.h"

// What tells the program which of its sites it is at. A kernel without cookies takes none: there
// the program has one site, or does not ask.
uint64_t attach_cookie(const struct session *s, const struct program_part *part, uint32_t i)
{
	return s->has_cookies ? code_cookie(s->c, s->p, part, i) : 0;
}

// The sites of a part in one file.
struct file_sites {
	const struct plan_program *program;
	uint64_t *offsets, *cookies, *refs;
	uint32_t n;
};

static struct err *by_link(struct session *s, const struct program_part *part,
			   const struct bpf_uprobes *u)
{
	int fd;
	TRY(bpf_attach_uprobes(&s->progs[part->index], u, &fd));
	session_add_link(s, part, fd);
	return NULL;
}

// The kernel's process filter of such an event takes a thread for the process, so the program
// looks.
static struct err *by_events(struct session *s, const struct program_part *part,
			     const struct bpf_uprobes *u)
{
	for (uint32_t i = 0; i < u->n; i++) {
		const struct bpf_uprobes one = { .path = u->path,
						 .offsets = u->offsets + i,
						 .ref_offsets = u->ref_offsets + i,
						 .n = 1,
						 .is_return = u->is_return };
		int event, fd;
		TRY(bpf_uprobe_event(&one, &event));
		TRY(bpf_attach_event(&s->progs[part->index], event, u->cookies[i], &fd));
		session_add_link(s, part, fd);
	}
	return NULL;
}

static struct err *attach_file(struct session *s, const struct program_part *part,
			       const struct file_sites *f)
{
	const struct bpf_uprobes u = {
		.path = f->program->path,
		.offsets = f->offsets,
		.cookies = f->cookies,
		.ref_offsets = f->refs,
		.n = f->n,
		.pid = s->p->pid,
		.is_return = s->p->sites[part->first_site].site->kind == SITE_RETPROBE,
	};
	bool has_multi = s->progs[part->index].attach_type == BPF_ATTACH_UPROBE_MULTI;
	return has_multi ? by_link(s, part, &u) : by_events(s, part, &u);
}

static struct err *attach_uprobes(struct session *s, const struct program_part *part)
{
	uint32_t n = part->n_sites;
	struct file_sites f = { NULL, ARENA_ARRAY(s->scratch, uint64_t, n),
				ARENA_ARRAY(s->scratch, uint64_t, n),
				ARENA_ARRAY(s->scratch, uint64_t, n), 0 };
	bool *is_done = ARENA_ARRAY(s->scratch, bool, n);
	for (uint32_t first = 0; first < n; first++) {
		if (is_done[first])
			continue;
		f.program = s->p->sites[part->first_site + first].probe->program;
		f.n = 0;
		for (uint32_t i = first; i < n; i++) {
			const struct program_site *site = &s->p->sites[part->first_site + i];
			if (is_done[i] || site->probe->program != f.program)
				continue;
			is_done[i] = true;
			f.offsets[f.n] = site->site->foff;
			f.refs[f.n] = site->site->semaphore_foff;
			f.cookies[f.n++] = attach_cookie(s, part, i);
		}
		TRY(attach_file(s, part, &f));
	}
	arena_clear(s->scratch);
	return NULL;
}

static struct err *attach_part(struct session *s, const struct program_part *part)
{
	switch (part->kind) {
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_USDT:
		return attach_uprobes(s, part);
	case PROBE_TRACEPOINT:
	case PROBE_INTERVAL:
	case PROBE_PROFILE:
	case PROBE_SOFTWARE:
	case PROBE_HARDWARE:
	case PROBE_WATCHPOINT:
		return attach_perf(s, part);
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_SIGNAL:
		break; // their programs run here when their time has come
	}
	return NULL;
}

struct err *session_attach(struct session *s)
{
	unused_tell(s);
	// Of two programs at one address the kernel runs the one that came last first; at other
	// events it runs them as they came.
	for (size_t i = s->p->n_parts; i--;)
		if (kind_is_uprobe(s->p->parts[i]->kind))
			TRY(attach_part(s, s->p->parts[i]));
	for (size_t i = 0; i < s->p->n_parts; i++)
		if (!kind_is_uprobe(s->p->parts[i]->kind))
			TRY(attach_part(s, s->p->parts[i]));
	return NULL;
}

void session_add_link(struct session *s, const struct program_part *part, int fd)
{
	VEC_PUSH(s->arena, &s->links, fd);
	VEC_PUSH(s->arena, &s->link_parts, part);
}

void session_detach_part(struct session *s, const struct program_part *part)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->links.n; i++) {
		if (s->link_parts.v[i] == part) {
			bpf_close_later(&s->links.v[i], 1);
			continue;
		}
		s->links.v[kept] = s->links.v[i];
		s->link_parts.v[kept++] = s->link_parts.v[i];
	}
	s->links.n = s->link_parts.n = kept;
}

void session_detach(struct session *s)
{
	bpf_close_later(s->links.v, s->links.n);
	s->links.n = s->link_parts.n = 0;
}

// A clause may have become several parts, and a probe be in two of them. Some of its probes may
// have been left out.
size_t session_n_probes(const struct session *s)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct map seen = map_init(a);
	size_t n = 0;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_part *part = s->p->parts[i];
		for (size_t k = 0; k < part->n_probes; k++) {
			uint64_t key = (uint64_t)(uintptr_t)part->probes[k];
			n += !map_get(&seen, key);
			map_put(&seen, key, s->arena);
		}
	}
	return n;
}
