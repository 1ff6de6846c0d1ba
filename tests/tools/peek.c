// SPDX-License-Identifier: Apache-2.0
// Looks at a value in a running program as probes do, but from outside and without BPF.
//
//     peek [-d DEPTH] [-n ITEMS] [-s TEXT] [-b BYTES] [-t] [-x] [-v] PID BINARY VADDR TYPE
//     peek [-d DEPTH] [-i] -m BINARY TYPE
//     peek -a BINARY
//
// VADDR is the address of the value in the file, TYPE its name. Prints the snapshot: a line an item
// with its depth, type number, bytes, bytes that there are, flags and type, then the bytes (-x).
// -v: the value as text. -t: how large the table is and how long it took. -m: only that, without a
// process; -i: TYPE is the address of a descriptor. -a: the address and name of every type that a
// value in an interface can have. The process should be stopped. Without debug information a type
// is found by its name as Go prints it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../unit/value_walk.h"
#include "base/near.h"
#include "value/internal.h"

static bool read_process(void *ctx, uint64_t addr, void *buf, size_t len)
{
	pid_t pid = *(pid_t *)ctx;
	struct iovec to = { buf, len }, from = { (void *)(uintptr_t)addr, len };
	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)len;
}

static void die(struct err *e)
{
	if (!e)
		return;
	fprintf(stderr, "peek: %s\n", err_text(e));
	exit(2);
}

// Where the file's first mapping is, less where the file wants it.
static uint64_t bias_of(int pid, const char *path, struct target *t)
{
	char name[64], line[4096], real[4096];
	struct elf *elf = target_elf(t);
	if (!elf_is_pie(elf))
		return 0;
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	FILE *f = fopen(name, "r");
	uint64_t start = 0, bias = 0;
	bool is_found = false;
	while (f && realpath(path, real) && !is_found && fgets(line, sizeof(line), f)) {
		char *file = strchr(line, '/');
		line[strcspn(line, "\n")] = 0;
		is_found = file && strcmp(file, real) == 0 && sscanf(line, "%" SCNx64, &start) == 1;
	}
	if (f)
		fclose(f);
	for (size_t i = 0; is_found && i < elf_n_segments(elf); i++)
		if (elf_segment(elf, i)->type == 1) {
			bias = start - (elf_segment(elf, i)->vaddr & ~(uint64_t)4095);
			break;
		}
	return bias;
}

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void print_items(struct value_book *b, struct bytes s, bool has_bytes)
{
	struct value_item item;
	for (size_t at = 0; at < s.len; at += sizeof(item) + ((item.size + 7) & ~7u)) {
		memcpy(&item, s.p + at, sizeof(item));
		const uint8_t *p = s.p + at + sizeof(item);
		struct type *t = book_type(b, item.type);
		struct str name = t ? book_type_name(b, t) : STR("-");
		printf("%u %u %u %u %u %.*s", item.depth, item.type, item.size, item.want,
		       item.flags, STR_ARG(name));
		if (item.type == 0)
			printf(" %.*s", (int)item.size, (const char *)p);
		putchar('\n');
		for (uint32_t i = 0; has_bytes && i < item.size; i++)
			printf("%02x%s", p[i],
			       i % 32 == 31 || i + 1 == item.size ? "\n"
			       : i % 8 == 7                       ? " "
								  : "");
	}
}

struct wishes {
	struct value_limits limits;
	bool is_timed, has_bytes, has_text, has_table, has_all, is_descriptor;
};

static struct type *find_type(struct target *t, const char *name, bool is_descriptor)
{
	struct type *type;
	if (is_descriptor) {
		type = target_go_type_at(t, strtoull(name, NULL, 16));
		if (!type)
			die(err_new(ERR_NOTFOUND, "no type at %s", name));
		return type;
	}
	struct err *e = target_find_type(t, str_from(name), &type);
	if (!e)
		return type;
	struct arena *a = arena_new();
	struct near near = near_init(str_from(name));
	struct target_vaddrs found = { 0 };
	target_go_types_named(t, str_from(name), a, &found, &near);
	if (found.n == 0)
		die(e);
	err_free(e);
	type = target_go_type_at(t, found.v[0]);
	arena_free(a);
	return type;
}

static bool print_type(void *ctx, uint64_t vaddr)
{
	struct str name;
	die(target_go_type_name(ctx, vaddr, &name));
	printf("%" PRIx64 " %.*s\n", vaddr, STR_ARG(name));
	return false;
}

static struct value_book *make_book(struct arena *a, struct target *t, const char *type,
				    const struct wishes *w, uint32_t *root)
{
	struct type *root_type = find_type(t, type, w->is_descriptor);
	double start = now();
	struct value_secrets *secrets = value_secrets_new(a, NULL, 0, true);
	struct value_book *b = value_book_new(a, t, &w->limits, secrets);
	*root = value_book_root(b, root_type);
	die(value_book_finish(b));
	const struct value_table *table = value_book_table(b);
	if (w->is_timed)
		printf("ms %.3f bytes %zu types %u refs %u slots %u\n", now() - start,
		       table->bytes.len, table->n_types, table->n_refs, table->n_slots);
	return b;
}

static void show(const struct wishes *w, pid_t pid, struct target *t, const char *path,
		 const char *vaddr, const char *type)
{
	struct arena *a = arena_new();
	uint32_t root;
	struct value_book *b = make_book(a, t, type, w, &root);
	struct walk_memory memory = { read_process, &pid, bias_of(pid, path, t) };
	uint8_t *out = malloc(w->limits.bytes);
	uint64_t addr = strtoull(vaddr, NULL, 16) + memory.bias;
	size_t len = value_walk(value_book_table(b), &w->limits, root, addr, &memory, out);
	if (len == 0)
		die(err_new(ERR_SYS, "nothing to read at 0x%" PRIx64, addr));
	struct bytes snapshot = { out, len };
	if (!w->has_text)
		print_items(b, snapshot, w->has_bytes);
	struct value_style style = { .width = 100, .indent = 0 };
	struct out_buf text = { 0 };
	if (w->has_text) {
		value_text(b, root, snapshot, &style, &text);
		printf("%.*s\n", (int)text.n, text.p);
	}
	out_buf_free(&text);
	free(out);
	arena_free(a);
}

int main(int argc, char **argv)
{
	struct wishes w = { .limits = { .depth = 5, .items = 100, .text = 200, .bytes = 16384 } };
	struct target *t;
	for (int c; (c = getopt(argc, argv, "+d:n:s:b:txvmia")) != -1;) {
		uint32_t n = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;
		switch (c) {
		case 'd':
			w.limits.depth = n;
			break;
		case 'n':
			w.limits.items = n;
			break;
		case 's':
			w.limits.text = n;
			break;
		case 'b':
			w.limits.bytes = n;
			break;
		case 't':
			w.is_timed = true;
			break;
		case 'x':
			w.has_bytes = true;
			break;
		case 'v':
			w.has_text = true;
			break;
		case 'm':
			w.has_table = w.is_timed = true;
			break;
		case 'i':
			w.is_descriptor = true;
			break;
		case 'a':
			w.has_all = true;
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind != (w.has_all ? 1 : w.has_table ? 2 : 4))
		return 2;
	const char *path = w.has_table || w.has_all ? argv[0] : argv[1];
	die(target_open(path, NULL, &t));
	if (w.has_all) {
		target_go_each_type(t, print_type, t);
	} else if (w.has_table) {
		struct arena *a = arena_new();
		uint32_t root;
		make_book(a, t, argv[1], &w, &root);
		arena_free(a);
	} else {
		show(&w, (pid_t)strtol(argv[0], NULL, 10), t, path, argv[2], argv[3]);
	}
	target_close(t);
	return 0;
}
