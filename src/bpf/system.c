// SPDX-License-Identifier: Apache-2.0
// What the machine says of itself that bears on tracing.
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"
#include "btf/btf.h"

#define CONFIG_MAX (1u << 20)

void bpf_lift_memlock(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return;
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	// Without the privilege for more: as far as the hard limit goes.
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &limit);
	}
}

static int read_int(const char *path)
{
	char text[32];
	if (!uapi_read_text(AT_FDCWD, path, text, sizeof(text)))
		return -1;
	return (int)strtol(text, NULL, 10);
}

// A file of a filesystem of the kernel's that need not be mounted. *is_known: we could look,
// whether the file is there or not.
static bool read_special(const char *fstype, const char *mounted, const char *path, char *out,
			 size_t size, bool *is_known)
{
	AUTO(uapi_close) int dir = open(mounted, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*is_known = true;
	if (dir >= 0 && uapi_read_text(dir, path, out, size))
		return true;
	AUTO(uapi_close) int own = uapi_private_mount(fstype);
	*is_known = own >= 0 || own == -ENODEV;
	return own >= 0 && uapi_read_text(own, path, out, size);
}

// The word in brackets: "none (full) lazy", "[none] integrity".
static struct str chosen_word(struct arena *a, const char *text)
{
	const char *start = strpbrk(text, "([");
	if (!start)
		return (struct str) { 0 };
	start++;
	return arena_strdup(a, (struct str) { start, strcspn(start, ")]") });
}

// --- preemption ---

// The kernel's configuration, as text; empty when it is not told.
static struct str read_config(struct arena *a, const char *release)
{
	char *packed = arena_alloc(a, 1, CONFIG_MAX), *text = arena_alloc(a, 1, CONFIG_MAX);
	struct str path = arena_printf(a, "/boot/config-%s", release);
	if (uapi_read_text(AT_FDCWD, path.p, text, CONFIG_MAX))
		return str_from(text);
	AUTO(uapi_close) int fd = open("/proc/config.gz", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, packed, CONFIG_MAX);
	struct libdeflate_decompressor *d = n > 0 ? libdeflate_alloc_decompressor() : NULL;
	if (!d)
		return (struct str) { 0 };
	size_t len = 0;
	enum libdeflate_result rc =
		libdeflate_gzip_decompress(d, packed, (size_t)n, text, CONFIG_MAX, &len);
	libdeflate_free_decompressor(d);
	return (struct str) { text, rc == LIBDEFLATE_SUCCESS ? len : 0 };
}

static struct str configured_preemption(struct arena *a, const char *release)
{
	static const struct {
		const char *option, *model;
	} models[] = {
		{ "\nCONFIG_PREEMPT_NONE=y", "none" },
		{ "\nCONFIG_PREEMPT_VOLUNTARY=y", "voluntary" },
		{ "\nCONFIG_PREEMPT_LAZY=y", "lazy" },
		{ "\nCONFIG_PREEMPT=y", "full" },
	};
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct str config = read_config(scratch, release);
	for (size_t i = 0; i < ARRAY_LEN(models); i++)
		if (str_find(config, str_from(models[i].option)) >= 0)
			return arena_strdup(a, str_from(models[i].model));
	return (struct str) { 0 };
}

// A dynamic kernel is told at boot: preempt=full.
static struct str boot_preemption(struct arena *a)
{
	char text[4096];
	if (!uapi_read_text(AT_FDCWD, "/proc/cmdline", text, sizeof(text)))
		return (struct str) { 0 };
	const char *option = strstr(text, " preempt=");
	if (!option)
		return (struct str) { 0 };
	option += strlen(" preempt=");
	return arena_strdup(a, (struct str) { option, strcspn(option, " ") });
}

static struct str preemption(struct arena *a, const struct utsname *u)
{
	char text[128];
	bool is_known;
	if (strstr(u->version, "PREEMPT_RT"))
		return STR("real-time");
	if (read_special("debugfs", "/sys/kernel/debug", "sched/preempt", text, sizeof(text),
			 &is_known)) {
		struct str word = chosen_word(a, text);
		if (word.len)
			return word;
	}
	if (!strstr(u->version, "PREEMPT"))
		return STR("none or voluntary");
	struct str model = { 0 };
	if (strstr(u->version, "PREEMPT_DYNAMIC"))
		model = boot_preemption(a);
	if (!model.len)
		model = configured_preemption(a, u->release);
	if (model.len)
		return model;
	return strstr(u->version, "PREEMPT_DYNAMIC") ? STR("dynamic") : STR("full");
}

// --- privileges ---

static uint64_t status_number(const char *status, const char *key, int base)
{
	const char *line = strstr(status, key);
	return line ? strtoull(line + strlen(key), NULL, base) : 0;
}

void bpf_privileges_read(struct arena *a, struct bpf_system *out)
{
	// linux/capability.h has no numbers for shifting.
	static const struct {
		const char *name;
		int bit;
	} wanted[] = {
		{ "CAP_SYS_ADMIN", 21 },  { "CAP_BPF", 39 },    { "CAP_PERFMON", 38 },
		{ "CAP_SYS_PTRACE", 19 }, { "CAP_SYSLOG", 34 }, { "CAP_SYS_RESOURCE", 24 },
	};
	enum { SYS_ADMIN, BPF, PERFMON };
	char text[8192], map[256];
	if (!uapi_read_text(AT_FDCWD, "/proc/self/status", text, sizeof(text)))
		text[0] = 0;
	uint64_t caps = status_number(text, "\nCapEff:", 16);
	bool has[ARRAY_LEN(wanted)];
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		has[i] = caps >> wanted[i].bit & 1;
		if (has[i])
			out->capabilities =
				arena_printf(a, "%.*s%s%s", STR_ARG(out->capabilities),
					     out->capabilities.len ? " " : "", wanted[i].name);
	}
	out->is_root = geteuid() == 0;
	out->may_bpf = has[SYS_ADMIN] || (has[BPF] && has[PERFMON]);
	out->may_perf = has[SYS_ADMIN] || has[PERFMON];
	out->has_seccomp = status_number(text, "\nSeccomp:", 10) == 2;
	// Outside of user namespaces every user is itself.
	if (uapi_read_text(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map))) {
		char *p = map;
		unsigned long inside = strtoul(p, &p, 10), outside = strtoul(p, &p, 10);
		out->in_user_ns = inside || outside || strtoul(p, NULL, 10) != UINT32_MAX;
	}
}

static struct str lockdown(struct arena *a)
{
	char text[128];
	bool is_known;
	if (read_special("securityfs", "/sys/kernel/security", "lockdown", text, sizeof(text),
			 &is_known))
		return chosen_word(a, text);
	return is_known ? STR("none") : (struct str) { 0 };
}

void bpf_system_read(struct arena *a, struct bpf_system *out)
{
	*out = (struct bpf_system) { 0 };
	struct utsname u;
	if (uname(&u) == 0) {
		out->release = arena_strdup(a, str_from(u.release));
		out->machine = arena_strdup(a, str_from(u.machine));
		out->preemption = preemption(a, &u);
	}
	out->cpus_online = (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
	out->cpus_possible = bpf_possible_cpus();
	bpf_privileges_read(a, out);
	out->lockdown = lockdown(a);
	out->tracefs = bpf_tracefs_path(a);
	out->has_btf = access(BTF_KERNEL, R_OK) == 0;
	out->perf_event_paranoid = read_int("/proc/sys/kernel/perf_event_paranoid");
	out->unprivileged_bpf_disabled = read_int("/proc/sys/kernel/unprivileged_bpf_disabled");
	out->perf_max_stack = read_int("/proc/sys/kernel/perf_event_max_stack");
	struct rlimit limit;
	out->memlock = UINT64_MAX;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		out->memlock = limit.rlim_cur;
}
