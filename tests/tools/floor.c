// SPDX-License-Identifier: Apache-2.0
// What any tracer pays at least: runs a command while an empty BPF program stands at the entry
// sites of functions, with -r at their exits, too.
//
//     floor [-r] BINARY FUNC -- COMMAND [ARGUMENT...]
//
// FUNC may be a glob. On stderr: sites N attach_ms M detach_ms D. The exit status is the command's;
// 77: this kernel, or the lack of privileges, does not allow it.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "target/target.h"

static double now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void must(struct err *e, int status)
{
	if (!e)
		return;
	fprintf(stderr, "floor: %s\n", err_text(e));
	exit(status);
}

struct offsets {
	uint64_t *v;
	uint32_t n;
};

static void add(struct target *t, const struct target_site *site, struct offsets *out)
{
	if (site->insn.len && elf_vaddr_to_foff(target_elf(t), site->vaddr, &out->v[out->n]))
		out->n++;
}

// Where the functions count a call once, and where they are left.
static struct offsets sites(struct target *t, const char *pattern, bool with_exits, struct arena *a)
{
	struct target_matches m;
	struct offsets out = { 0 };
	must(target_match(t, &pattern, 1, &m), 2);
	size_t most = 0;
	for (size_t i = 0; i < m.n; i++)
		most += m.v[i]->size + 1;
	out.v = ARENA_ARRAY(a, uint64_t, most + 1);
	for (size_t i = 0; i < m.n; i++) {
		struct target_site entry, *exits = NULL;
		size_t n = 0;
		target_entry(t, m.v[i], &entry);
		add(t, &entry, &out);
		if (with_exits)
			must(target_exits(t, m.v[i], a, &exits, &n), 2);
		for (size_t k = 0; k < n; k++)
			add(t, &exits[k], &out);
	}
	return out;
}

static struct bpf_prog load_empty(struct arena *a)
{
	struct bpf_prog p = {
		.name = "floor",
		.type = BPF_PROG_TYPE_KPROBE,
		.attach_type = BPF_ATTACH_UPROBE_MULTI,
	};
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_code code;
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	must(bpf_asm_finish(b, &code), 2);
	must(bpf_prog_load(&p, &code, a, NULL), 77);
	return p;
}

static int run(char **command)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	bool with_exits = argc > 1 && strcmp(argv[1], "-r") == 0;
	argv += with_exits;
	argc -= with_exits;
	if (argc < 5 || strcmp(argv[3], "--") != 0)
		return 2;
	struct arena *a = arena_new();
	struct target *t;
	must(target_open(argv[1], NULL, &t), 2);
	struct offsets o = sites(t, argv[2], with_exits, a);
	struct bpf_uprobes u = { .path = argv[1], .offsets = o.v, .n = o.n };
	struct bpf_prog p = load_empty(a);
	int link;
	double start = now_ms();
	must(bpf_attach_uprobes(&p, &u, &link), 77);
	double attached = now_ms();
	int status = run(argv + 4);
	double ended = now_ms();
	close(link);
	fprintf(stderr, "sites %u attach_ms %.1f detach_ms %.1f\n", u.n, attached - start,
		now_ms() - ended);
	bpf_prog_close(&p);
	target_close(t);
	arena_free(a);
	return status;
}
