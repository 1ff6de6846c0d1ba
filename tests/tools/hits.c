// SPDX-License-Identifier: Apache-2.0
// Counts how often instructions of a program are executed: the tests' own oracle, which shares no
// code with stoat.
//
//     hits [-p PID] [-o FILE] [--] BINARY OFFSET[:CONDITION]... -- COMMAND [ARGUMENT...]
//
// Puts a uprobe at each file offset (hexadecimal) of BINARY, runs COMMAND to its end with the
// probes in place before its first instruction, prints a line "0xOFFSET COUNT" for each (to FILE
// with -o) and exits with COMMAND's status. Every process that runs BINARY counts; with -p only
// that one.
//
// A condition looks at the flags register of x86-64: f&MASK==VALUE, f&MASK!=VALUE, or what a
// conditional jump at that place will do: jbe, jb, je count jumps, !jbe, !jb, !je count those
// that fall through.
//
// Exit status 77: this kernel, or the lack of privileges, does not allow it. 2: another error.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_ERROR 2
#define EXIT_SKIP  77
#define MAX_SITES  512
// Of struct pt_regs on x86-64, which is the program's context.
#define FLAGS_OFFSET 144
// What the kernel answers for an instruction that it does not probe; not in errno.h.
#define KERNEL_ENOTSUPP 524

struct site {
	uint64_t offset;
	bool has_condition;
	bool negated; // count when the masked flags differ from value
	uint32_t mask;
	uint32_t value;
	int event_fd;
	pthread_t closer;
};

struct options {
	pid_t pid;
	const char *output;
	const char *binary;
	struct site sites[MAX_SITES];
	unsigned n_sites;
	char **command;
};

static void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "hits: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static void __attribute__((noreturn)) usage(void)
{
	die(EXIT_ERROR,
	    "usage: hits [-p PID] [-o FILE] [--] BINARY OFFSET[:CONDITION]... -- COMMAND...");
}

// --- command line ---

static void parse_condition(struct site *site, const char *text)
{
	static const struct {
		const char *name;
		uint32_t mask;
	} jumps[] = { { "jbe", 0x41 }, { "jb", 0x01 }, { "je", 0x40 } };
	bool falls_through = *text == '!';
	char op[3];
	int end = 0;

	site->has_condition = true;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		if (strcmp(text + falls_through, jumps[i].name) == 0) {
			site->mask = jumps[i].mask;
			site->negated = !falls_through;
			return;
		}
	}
	if (sscanf(text, "f&%" SCNi32 "%2[=!]%" SCNi32 "%n", &site->mask, op, &site->value, &end) !=
		    3 ||
	    text[end] || (strcmp(op, "==") != 0 && strcmp(op, "!=") != 0) ||
	    site->mask > INT32_MAX || site->value > INT32_MAX)
		die(EXIT_ERROR, "'%s' is no condition", text);
	site->negated = op[0] == '!';
}

static void parse_site(struct options *o, const char *text)
{
	struct site *site = &o->sites[o->n_sites];
	char *end;

	if (o->n_sites == MAX_SITES)
		die(EXIT_ERROR, "more than %d offsets", MAX_SITES);
	errno = 0;
	site->offset = strtoull(text, &end, 16);
	if (errno || end == text || (*end && *end != ':'))
		die(EXIT_ERROR, "'%s' is no offset", text);
	if (*end == ':')
		parse_condition(site, end + 1);
	o->n_sites++;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int opt;

	o->pid = -1;
	while ((opt = getopt(argc, argv, "+p:o:")) != -1) {
		if (opt == 'p')
			o->pid = atoi(optarg);
		else if (opt == 'o')
			o->output = optarg;
		else
			usage();
	}
	if (optind == argc || o->pid == 0)
		usage();
	o->binary = argv[optind++];
	while (optind < argc && strcmp(argv[optind], "--") != 0)
		parse_site(o, argv[optind++]);
	if (o->n_sites == 0 || optind + 1 >= argc)
		usage();
	o->command = argv + optind + 1;
}

// --- BPF ---

static long bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

// One element that holds all counters: each program adds to its own place in it.
static int make_counters(unsigned n)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = sizeof(uint32_t),
				.value_size = n * (uint32_t)sizeof(uint64_t),
				.max_entries = 1 };
	int fd = (int)bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		die(EXIT_SKIP, "cannot make a BPF map: %s", strerror(errno));
	return fd;
}

static struct bpf_insn insn(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn) { .code = (uint8_t)code,
				   .dst_reg = (uint8_t)(dst & 15),
				   .src_reg = (uint8_t)(src & 15),
				   .off = (int16_t)off,
				   .imm = imm };
}

// if (condition) counters[index] += 1, atomically; return 0
static int load_program(const struct site *site, int counters, unsigned index)
{
	static char log[4096];
	const int add_length = 4;
	struct bpf_insn code[16];
	union bpf_attr attr;
	unsigned n = 0;
	int fd;

	if (site->has_condition) {
		code[n++] = insn(BPF_LDX | BPF_MEM | BPF_DW, 2, 1, FLAGS_OFFSET, 0);
		code[n++] = insn(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, (int)site->mask);
		code[n++] = insn(BPF_JMP | (site->negated ? BPF_JEQ : BPF_JNE) | BPF_K, 2, 0,
				 add_length, (int)site->value);
	}
	code[n++] = insn(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, counters);
	code[n++] = insn(0, 0, 0, 0, (int)(index * sizeof(uint64_t)));
	code[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1);
	// Atomic addition is what an immediate of BPF_ADD (0) means.
	code[n++] = insn(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD);
	code[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	code[n++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_KPROBE;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = n;
	attr.license = (uintptr_t) "GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = (int)bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		die(EXIT_SKIP, "cannot load a BPF program: %s\n%s", strerror(errno), log);
	return fd;
}

static void print_counts(const struct options *o, int counters)
{
	uint64_t counts[MAX_SITES];
	uint32_t key = 0;
	union bpf_attr attr = { .map_fd = (uint32_t)counters,
				.key = (uintptr_t)&key,
				.value = (uintptr_t)counts };
	FILE *out;

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr) < 0)
		die(EXIT_ERROR, "cannot read the counters: %s", strerror(errno));
	out = o->output ? fopen(o->output, "w") : stdout;
	if (!out)
		die(EXIT_ERROR, "%s: %s", o->output, strerror(errno));
	for (unsigned i = 0; i < o->n_sites; i++)
		fprintf(out, "0x%" PRIx64 " %" PRIu64 "\n", o->sites[i].offset, counts[i]);
	if (fclose(out) != 0)
		die(EXIT_ERROR, "cannot write the counts: %s", strerror(errno));
}

// --- uprobes ---

static uint32_t uprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	uint32_t type;

	if (!f || fscanf(f, "%" SCNu32, &type) != 1)
		die(EXIT_SKIP, "this kernel has no uprobe events");
	fclose(f);
	return type;
}

// Without any process that maps the file the kernel does not look at the instructions, and a probe
// that it refuses would just never be hit.
static void map_binary(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(EXIT_ERROR, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		die(EXIT_ERROR, "%s: not a program", path);
	if (mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		die(EXIT_ERROR, "%s: cannot map: %s", path, strerror(errno));
	close(fd);
}

static void attach(const struct options *o, struct site *site, uint32_t type, int prog_fd)
{
	struct perf_event_attr attr = { .type = type,
					.size = sizeof(attr),
					.config1 = (uintptr_t)o->binary,
					.config2 = site->offset };
	// The program runs on every CPU, whichever one the event is bound to.
	int cpu = o->pid == -1 ? 0 : -1;
	int fd = (int)syscall(SYS_perf_event_open, &attr, o->pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 && errno == KERNEL_ENOTSUPP)
		die(EXIT_ERROR, "the kernel does not probe the instruction at 0x%" PRIx64,
		    site->offset);
	if (fd < 0)
		die(errno == EPERM || errno == EACCES || errno == ENOENT ? EXIT_SKIP : EXIT_ERROR,
		    "cannot probe %s+0x%" PRIx64 ": %s", o->binary, site->offset, strerror(errno));
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) < 0)
		die(EXIT_SKIP, "cannot attach a BPF program: %s", strerror(errno));
	site->event_fd = fd;
}

static void *close_site(void *arg)
{
	struct site *site = arg;

	close(site->event_fd);
	return NULL;
}

// Each close waits for the kernel's grace periods; one after the other takes minutes for many.
static void detach(struct options *o)
{
	for (unsigned i = 0; i < o->n_sites; i++) {
		if (pthread_create(&o->sites[i].closer, NULL, close_site, &o->sites[i]) != 0)
			return;
	}
	for (unsigned i = 0; i < o->n_sites; i++)
		pthread_join(o->sites[i].closer, NULL);
}

static int run(char **command)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die(EXIT_ERROR, "cannot fork: %s", strerror(errno));
	if (pid == 0) {
		execvp(command[0], command);
		fprintf(stderr, "hits: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	// An interrupt from the terminal is for the command; its counts are still wanted.
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die(EXIT_ERROR, "cannot wait: %s", strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static struct options o;
	// Kernels before 5.11 count BPF memory as locked memory.
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int counters, status;
	uint32_t type;

	parse_options(&o, argc, argv);
	map_binary(o.binary);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	type = uprobe_type();
	counters = make_counters(o.n_sites);
	for (unsigned i = 0; i < o.n_sites; i++) {
		int prog_fd = load_program(&o.sites[i], counters, i);

		attach(&o, &o.sites[i], type, prog_fd);
		close(prog_fd);
	}
	status = run(o.command);
	print_counts(&o, counters);
	detach(&o);
	return status;
}
