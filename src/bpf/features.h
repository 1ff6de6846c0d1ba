// SPDX-License-Identifier: Apache-2.0
// How features are tried: what the parts of the work share. Private to bpf/.
#ifndef BPF_FEATURES_H
#define BPF_FEATURES_H

#include "bpf/bpf.h"
#include "btf/btf.h"

// Words that probe programs count in.
enum { PROBE_WORDS = 64, PROBE_LINKS_MAX = 16 };

struct probe {
	struct arena *arena;
	const struct bpf_system *sys;
	struct bpf_trials *trials;
	// A map that is memory here and in programs; words is NULL when the kernel has no such.
	struct bpf_map counts;
	uint64_t *words;
	uint32_t next_word; // not yet used by anybody
	struct btf *btf;    // NULL when the kernel has none
	int tracefs;        // -1 until it is open
	// Our own function that uprobes are put on, and what stays attached until the end.
	uint64_t site_off;
	int links[PROBE_LINKS_MAX];
	size_t n_links;
};

// Tries another feature first.
bool probe_has(struct probe *p, enum bpf_feature_id f);

struct bpf_finding probe_present(void);
struct bpf_finding probe_absent(struct probe *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct bpf_finding probe_unprobed(struct probe *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Present for NULL, unprobed for what is not permitted; frees e.
struct bpf_finding probe_err(struct probe *p, struct err *e);
// The same for a negative errno.
struct bpf_finding probe_rc(struct probe *p, int rc);

// Loads the program; its fd is -1 when that fails.
struct bpf_finding probe_load(struct probe *p, struct bpf_asm *b, struct bpf_prog *prog);
// A program that adds one to a word of its own each time that it runs.
struct bpf_finding probe_load_counter(struct probe *p, struct bpf_prog *prog, uint32_t *word);
// Emits dst = the address of that word.
void probe_word_ref(struct probe *p, struct bpf_asm *b, uint8_t dst, uint32_t word);
void probe_keep_link(struct probe *p, int fd);

// Programs, maps, helpers.
struct bpf_finding probe_bpf(struct probe *p);
struct bpf_finding probe_prog_uprobe(struct probe *p);
struct bpf_finding probe_prog_tracepoint(struct probe *p);
struct bpf_finding probe_prog_perf_event(struct probe *p);
struct bpf_finding probe_ringbuf(struct probe *p);
struct bpf_finding probe_mmap(struct probe *p);
struct bpf_finding probe_batch(struct probe *p);
struct bpf_finding probe_atomics(struct probe *p);
struct bpf_finding probe_loop(struct probe *p);
struct bpf_finding probe_iter_num(struct probe *p);
struct bpf_finding probe_may_goto(struct probe *p);
struct bpf_finding probe_read_user_str(struct probe *p);
struct bpf_finding probe_sleepable(struct probe *p);
struct bpf_finding probe_get_stackid(struct probe *p);
struct bpf_finding probe_get_stack(struct probe *p);
struct bpf_finding probe_btf(struct probe *p);
struct bpf_finding probe_task_btf(struct probe *p);
struct bpf_finding probe_boot_ns(struct probe *p);
struct bpf_finding probe_send_signal(struct probe *p);
struct bpf_finding probe_memcg(struct probe *p);

// Events that programs are attached to.
struct bpf_finding probe_uprobe_multi(struct probe *p);
struct bpf_finding probe_uprobe_pid(struct probe *p);
struct bpf_finding probe_uprobe_session(struct probe *p);
struct bpf_finding probe_uprobe_event(struct probe *p);
struct bpf_finding probe_cookie(struct probe *p);
struct bpf_finding probe_tracefs(struct probe *p);
struct bpf_finding probe_tracepoint(struct probe *p);
struct bpf_finding probe_syscall_tracepoint(struct probe *p);
struct bpf_finding probe_software_event(struct probe *p);
struct bpf_finding probe_hardware_event(struct probe *p);
struct bpf_finding probe_watchpoint(struct probe *p);

// Instructions that programs execute (ret.c). The program for a probe on a RET does it, and adds
// something to the first argument of a C function.
void ret_emit(struct bpf_asm *b, int add_to_arg);
struct bpf_finding probe_write_regs(struct probe *p);

#endif
