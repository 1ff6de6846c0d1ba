// SPDX-License-Identifier: Apache-2.0
// What any tracer pays at least: runs a command while an empty BPF program stands at the entry
// sites of functions.
//
//     floor BINARY FUNC -- COMMAND [ARGUMENT...]
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

// Where the functions count a call once.
static uint64_t *sites(struct target *t, const char *pattern, struct arena *a, uint32_t *n)
{
	struct target_matches m;
	must(target_match(t, &pattern, 1, &m), 2);
	uint64_t *out = ARENA_ARRAY(a, uint64_t, m.n + 1);
	*n = 0;
	for (size_t i = 0; i < m.n; i++) {
		struct target_site site;
		target_entry(t, m.v[i], &site);
		if (site.insn.len && elf_vaddr_to_foff(target_elf(t), site.vaddr, &out[*n]))
			(*n)++;
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
	if (argc < 5 || strcmp(argv[3], "--") != 0)
		return 2;
	struct arena *a = arena_new();
	struct target *t;
	must(target_open(argv[1], NULL, &t), 2);
	struct bpf_uprobes u = { .path = argv[1] };
	u.offsets = sites(t, argv[2], a, &u.n);
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
