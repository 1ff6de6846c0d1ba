// SPDX-License-Identifier: Apache-2.0
// What the tests of BPF on the running kernel share.
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include "bpf/bpf.h"

// Skips the case where BPF is not allowed. The arena ends with the case's process.
struct arena *bpf_kernel_need(void);

struct bpf_prog bpf_kernel_load(struct arena *a, struct bpf_asm *b, enum bpf_prog_type type);

// Runs a socket filter (so often) or a raw tracepoint program (once); what it returns.
uint32_t bpf_kernel_run_times(const struct bpf_prog *p, uint32_t repeat);
uint32_t bpf_kernel_run(const struct bpf_prog *p);

// An array of one value, which is words that programs write and we read.
struct bpf_map bpf_kernel_words(uint32_t n, uint64_t **words);

#endif
