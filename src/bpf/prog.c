// SPDX-License-Identifier: Apache-2.0
// Loading programs.
#include <errno.h>
#include <stdlib.h>

#include "bpf/prog_btf.h"
#include "bpf/uapi.h"

#define LOG_FIRST (64u << 10)
#define LOG_MAX   (16u << 20)

// What the verifier's log has: the instructions that led to the failure, or all that it looked at
// and what it knew there (of an accepted program only that says anything).
enum { LOG_PATH = 1, LOG_ALL = 2 };

// Map references get the maps' file descriptors.
static struct bpf_insn *with_maps(const struct bpf_code *code, struct arena *a)
{
	struct bpf_insn *insns = ARENA_ARRAY(a, struct bpf_insn, code->n);
	memcpy(insns, code->insns, code->n * sizeof(*insns));
	for (uint32_t i = 0; i < code->n; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD ||
		    insns[i].src_reg == BPF_PSEUDO_MAP_VALUE)
			insns[i].imm = code->maps[insns[i].imm]->fd;
		i++; // its second half
	}
	return insns;
}

static void fill(union bpf_attr *attr, const struct bpf_prog *p, const struct bpf_insn *insns,
		 uint32_t n, struct bpf_prog_btf *btf)
{
	memset(attr, 0, sizeof(*attr));
	attr->prog_type = p->type;
	attr->expected_attach_type = p->attach_type;
	attr->prog_flags = p->is_sleepable ? BPF_F_SLEEPABLE : 0;
	attr->insns = uapi_ptr(insns);
	attr->insn_cnt = n;
	attr->license = uapi_ptr(p->license ? p->license : "GPL");
	bpf_name(p->name, attr->prog_name);
	if (btf->n) {
		attr->prog_btf_fd = (uint32_t)btf->fd;
		attr->func_info = uapi_ptr(btf->records);
		attr->func_info_cnt = btf->n;
		attr->func_info_rec_size = sizeof(btf->records[0]);
	}
}

// Loads once more, for the log. The kernel says ENOSPC when the log is too small (since 6.4 only
// that it keeps the end of it, which is what we want).
static int load_with_log(union bpf_attr *attr, uint32_t level, struct arena *a, struct str *log)
{
	for (uint32_t size = LOG_FIRST;; size *= 16) {
		size = MIN(size, LOG_MAX);
		char *text = malloc(size);
		if (!text)
			abort();
		text[0] = 0;
		attr->log_buf = uapi_ptr(text);
		attr->log_size = size;
		attr->log_level = level;
		int rc = uapi_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
		bool is_whole = rc != -ENOSPC || size == LOG_MAX;
		if (is_whole)
			*log = arena_strdup(a, (struct str) { text, strnlen(text, size) });
		free(text);
		if (is_whole)
			return rc;
	}
}

static struct err *rejected(const struct bpf_prog *p, const struct bpf_code *code, struct arena *a,
			    int rc, struct bpf_verdict *v)
{
	v->reason = bpf_log_reason(v->log);
	if (!v->reason.len)
		return uapi_err(rc, "cannot load the program %s", p->name);
	v->is_rejected = true;
	v->has_insn = bpf_log_insn(v->log, &v->insn) && v->insn < code->n;
	if (!v->has_insn)
		return err_new(ERR_UNSUPPORTED, "the kernel rejects the program %s: %.*s", p->name,
			       STR_ARG(v->reason));
	v->span = code->spans[v->insn];
	struct str text = bpf_code_text(code, v->insn, a);
	return err_new(ERR_UNSUPPORTED, "the kernel rejects the program %s at %u: %.*s: %.*s",
		       p->name, v->insn, STR_ARG(text), STR_ARG(v->reason));
}

struct err *bpf_prog_load(struct bpf_prog *p, const struct bpf_code *code, struct arena *a,
			  struct bpf_verdict *verdict)
{
	struct bpf_verdict own;
	struct bpf_verdict *v = verdict ? verdict : &own;
	*v = (struct bpf_verdict) { .span = BPF_SPAN_NONE };
	p->fd = -1;
	AUTO(bpf_prog_btf_drop) struct bpf_prog_btf btf = { .fd = -1 };
	TRY(bpf_prog_btf_load(code, a, &btf));
	union bpf_attr attr;
	fill(&attr, p, with_maps(code, a), code->n, &btf);
	// Without a log first: writing it takes longer than all the rest.
	int rc = p->wants_log ? -EAGAIN : uapi_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (rc < 0)
		rc = load_with_log(&attr, p->wants_log ? LOG_ALL : LOG_PATH, a, &v->log);
	if (rc == -ENOSPC && p->wants_log) {
		// Fine, but for the size of the log: only the end of it is there.
		attr.log_buf = attr.log_size = attr.log_level = 0;
		rc = uapi_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	}
	if (rc < 0)
		return rejected(p, code, a, rc, v);
	p->fd = rc;
	return NULL;
}

void bpf_prog_close(struct bpf_prog *p)
{
	uapi_close(&p->fd);
	p->fd = -1;
}
