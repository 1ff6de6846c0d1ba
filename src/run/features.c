// SPDX-License-Identifier: Apache-2.0
// What of the kernel the script's programs may use.
#include <sys/stat.h>

#include "run/internal.h"

// The inode of the machine's own process namespace (include/linux/proc_ns.h: PROC_PID_INIT_INO).
#define FIRST_PID_NS 0xEFFFFFFCu

static bool has_feature(void *ctx, enum bpf_feature_id f)
{
	return bpf_trials_try(ctx, f).support == BPF_PRESENT;
}

struct err *run_may_trace(struct bpf_trials *t)
{
	struct bpf_finding f = bpf_trials_try(t, BPF_FEATURE_BPF);
	if (f.support == BPF_PRESENT)
		return NULL;
	bool is_for_user = str_starts(f.why, STR("needs root"));
	if (str_eq(f.why, STR("not in this kernel")))
		return err_note(err_new(ERR_UNSUPPORTED, "cannot trace: this kernel has no BPF"),
				"it must be built with CONFIG_BPF_SYSCALL; 'stoat list' and 'stoat "
				"show' work without");
	return err_new(is_for_user ? ERR_SYS : ERR_UNSUPPORTED, "cannot attach: %.*s%s",
		       STR_ARG(f.why), is_for_user ? " (run with sudo)" : "");
}

struct code_options run_code_options(struct bpf_trials *t, int pid)
{
	struct code_options o = { .has = has_feature, .ctx = t };
	o.has_multi = has_feature(t, BPF_FEATURE_UPROBE_MULTI) &&
		      (!pid || has_feature(t, BPF_FEATURE_UPROBE_PID));
	struct stat st;
	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != FIRST_PID_NS) {
		o.is_nested_pid_ns = true;
		o.pid_ns_dev = st.st_dev;
		o.pid_ns_ino = st.st_ino;
	}
	return o;
}
