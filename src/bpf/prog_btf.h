// SPDX-License-Identifier: Apache-2.0
// Type information for the kernel: what programs with several functions must bring along. Private
// to bpf/.
#ifndef BPF_PROG_BTF_H
#define BPF_PROG_BTF_H

#include "bpf/bpf.h"

struct bpf_prog_btf {
	int fd; // -1 while there is none
	struct bpf_func_info *records;
	uint32_t n; // 0: the program has one function and needs none
};

MUST_USE struct err *bpf_prog_btf_load(const struct bpf_code *code, struct arena *a,
				       struct bpf_prog_btf *out);
void bpf_prog_btf_drop(struct bpf_prog_btf *btf); // for AUTO

#endif
