// SPDX-License-Identifier: Apache-2.0
// Links on the running kernel, and what is found out about it. Skipped where BPF is not allowed.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_kernel.h"
#include "unit.h"

// --- attaching ---

static __attribute__((noinline)) void probed(void)
{
	__asm__ volatile("nop");
}

static uint64_t own_offset(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long start, end, off;
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &off) == 3 &&
		    (uintptr_t)probed >= start && (uintptr_t)probed < end) {
			fclose(f);
			return off + ((uintptr_t)probed - start);
		}
	}
	unit_fail(__FILE__, __LINE__, "/proc/self/maps does not have our own code");
}

// Adds its cookie (or 1) to the first word.
static struct bpf_prog adder(struct arena *a, const struct bpf_map *words, uint32_t attach_type)
{
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_call(b, BPF_FUNC_get_attach_cookie);
	bpf_map_value_ref(b, BPF_REG_1, words, 0);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_1, 0, BPF_REG_0);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_code code;
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "adder",
			      .type = BPF_PROG_TYPE_KPROBE,
			      .attach_type = attach_type };
	struct err *e = bpf_prog_load(&p, &code, a, NULL);
	if (e)
		SKIP(err_text(e));
	return p;
}

static unsigned n_links(const struct bpf_prog *p)
{
	// Links hold their program: its info has no count, so all links are looked through.
	struct bpf_prog_info prog_info = { 0 };
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)p->fd;
	attr.info.info_len = sizeof(prog_info);
	attr.info.info = (uintptr_t)&prog_info;
	CHECK(syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0);
	unsigned n = 0;
	for (uint32_t id = 0;;) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (syscall(SYS_bpf, BPF_LINK_GET_NEXT_ID, &attr, sizeof(attr)) < 0)
			return n;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.link_id = id;
		int fd = (int)syscall(SYS_bpf, BPF_LINK_GET_FD_BY_ID, &attr, sizeof(attr));
		if (fd < 0)
			continue;
		struct bpf_link_info info = { 0 };
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = (uint32_t)fd;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uintptr_t)&info;
		if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0)
			n += info.prog_id == prog_info.id;
		close(fd);
	}
}

TEST(bpf_uprobes_attach_and_detach)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(1, &words);
	struct bpf_prog p = adder(a, &m, BPF_ATTACH_UPROBE_MULTI);
	uint64_t off = own_offset(), cookie = 100;
	struct bpf_uprobes u = { .path = "/proc/self/exe",
				 .offsets = &off,
				 .cookies = &cookie,
				 .n = 1,
				 .pid = getpid() };
	int fd;
	struct err *e = bpf_attach_uprobes(&p, &u, &fd);
	if (e)
		SKIP(err_text(e));
	probed();
	probed();
	CHECK_INT(words[0], 200);
	CHECK_INT(n_links(&p), 1);
	close(fd);
	probed();
	CHECK_INT(words[0], 200);
	CHECK_INT(n_links(&p), 0);
	u.path = "/nonexistent";
	e = bpf_attach_uprobes(&p, &u, &fd);
	CHECK_STR(e ? err_text(e) : "",
		  "cannot attach adder to 1 sites in /nonexistent: No such file or directory");
	err_free(e);
}

TEST(bpf_close_later_detaches_in_the_background)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(1, &words);
	struct bpf_prog p = adder(a, &m, BPF_ATTACH_UPROBE_MULTI);
	uint64_t off = own_offset(), cookie = 1;
	struct bpf_uprobes u = { .path = "/proc/self/exe",
				 .offsets = &off,
				 .cookies = &cookie,
				 .n = 1,
				 .pid = getpid() };
	int fds[3] = { -1, -1, -1 };
	struct err *e = bpf_attach_uprobes(&p, &u, &fds[0]);
	if (e)
		SKIP(err_text(e));
	CHECK_OK(bpf_attach_uprobes(&p, &u, &fds[2]));
	CHECK_INT(n_links(&p), 2);
	bpf_close_later(fds, 3);
	for (int i = 0; i < 1000 && n_links(&p); i++)
		usleep(10000);
	CHECK_INT(n_links(&p), 0);
}

TEST(bpf_uprobe_events_with_a_cookie)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(1, &words);
	struct bpf_prog p = adder(a, &m, 0);
	uint64_t off = own_offset();
	struct bpf_uprobes u = {
		.path = "/proc/self/exe", .offsets = &off, .n = 1, .pid = getpid()
	};
	int event, fd;
	CHECK_OK(bpf_uprobe_event(&u, &event));
	CHECK_OK(bpf_attach_event(&p, event, 9, &fd));
	probed();
	CHECK_INT(words[0], 9);
	close(fd);
	probed();
	CHECK_INT(words[0], 9);
}

TEST(bpf_tracefs_is_found_or_mounted_privately)
{
	struct arena *a = bpf_kernel_need();
	int fd;
	struct err *e = bpf_tracefs_open(&fd);
	if (e)
		SKIP(err_text(e));
	uint64_t id = 0;
	CHECK_OK(bpf_tracepoint_id(fd, "sched", "sched_switch", &id));
	CHECK(id > 0);
	CHECK_ERR(bpf_tracepoint_id(fd, "sched", "no_such_event", &id), ERR_NOTFOUND);
	close(fd);
	struct str path = bpf_tracefs_path(a);
	CHECK(path.len == 0 || path.p[0] == '/');
}

// --- features ---

TEST(bpf_features_leave_no_descriptor_behind)
{
	int before = dup(0);
	close(before);
	struct bpf_trials *trials = bpf_trials_new();
	// Backwards: each of them tries what it needs by itself.
	for (int i = BPF_N_FEATURES - 1; i >= 0; i--) {
		struct bpf_finding f = bpf_trials_try(trials, (enum bpf_feature_id)i);
		CHECK(bpf_features[i].key && bpf_features[i].name && bpf_features[i].without);
		if (f.support == BPF_PRESENT)
			CHECK_INT(f.why.len, 0);
		else
			CHECK(f.why.len > 0);
	}
	bpf_trials_free(trials);
	int after = dup(0);
	CHECK_INT(after, before);
}
