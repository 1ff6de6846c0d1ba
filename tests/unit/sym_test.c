// SPDX-License-Identifier: Apache-2.0
// Addresses of processes, and of the kernel, to names.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sym/internal.h"
#include "unit.h"

static struct symbols *new_symbols(void)
{
	struct symbols_options o = { 0 };
	return symbols_new(&o);
}

// --- lines of maps ---

TEST(sym_maps_line_is_read)
{
	struct maps_line m;
	CHECK(maps_parse(STR("7f8557d76000-7f8557ecc000 r-xp 00026000 fe:00 332835                 "
			     "    /usr/lib/libc.so.6"),
			 &m));
	CHECK(m.low == 0x7f8557d76000 && m.high == 0x7f8557ecc000 && m.is_exec);
	CHECK_INT(m.foff, 0x26000);
	CHECK_INT(m.ino, 332835);
	CHECK_VIEW(m.path, "/usr/lib/libc.so.6");
	CHECK(maps_parse(STR("c000000000-c000400000 rw-p 00000000 00:00 0 "), &m));
	CHECK(!m.is_exec);
	CHECK_VIEW(m.path, "");
	CHECK(maps_parse(STR("1-2 r-xp 0 00:00 0   /a b (deleted)"), &m));
	CHECK_VIEW(m.path, "/a b (deleted)");
	CHECK(maps_parse(
		STR("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]"), &m));
	CHECK_VIEW(m.path, "[vsyscall]");
}

TEST(sym_maps_line_that_lies_is_refused)
{
	static const char *const lines[] = {
		"",
		"-",
		"1-",
		"1-2",
		"1-2 ",
		"1-2 r-x",
		"1-2 r-xp",
		"1-2 r-xp ",
		"1-2 r-xp 0",
		"2-1 r-xp 0 00:00 0",
		"1-1 r-xp 0 00:00 0",
		"11111111111111111-2 r-xp 0 00:00 0",
		"g-2 r-xp 0 00:00 0",
		"1 -2 r-xp 0 00:00 0",
	};
	struct maps_line m;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		// No byte behind its end may be looked at.
		size_t len = strlen(lines[i]);
		char *copy = malloc(len + 1);
		CHECK(copy);
		memcpy(copy, lines[i], len);
		CHECK(!maps_parse((struct str) { copy, len }, &m));
		free(copy);
	}
}

// --- processes ---

// Known by its symbol, as it is not static.
int sym_test_here(void);
int sym_test_here(void)
{
	return getpid();
}

static uint64_t here(void)
{
	return (uint64_t)(uintptr_t)sym_test_here;
}

TEST(sym_own_function_is_found)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	CHECK_INT(symbols_user(s, getpid(), here(), false, v), 1);
	CHECK_VIEW(v[0].func, "sym_test_here");
	CHECK_INT(v[0].off, 0);
	CHECK(str_ends(v[0].path, STR("/unit")));
	// A call may be the last instruction of a function: what it returns to is still that one.
	symbols_user(s, getpid(), here(), true, v);
	CHECK(!str_eq(v[0].func, STR("sym_test_here")));
	symbols_user(s, getpid(), here() + 1, true, v);
	CHECK_VIEW(v[0].func, "sym_test_here");
	CHECK_INT(v[0].off, 1);
	symbols_free(s);
}

TEST(sym_library_function_is_found)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	symbols_user(s, getpid(), (uint64_t)(uintptr_t)qsort + 2, false, v);
	if (str_find(v[0].path, STR("libc")) < 0)
		SKIP("the C library is no shared one");
	CHECK_VIEW(v[0].func, "qsort");
	CHECK_INT(v[0].off, 2);
	symbols_free(s);
}

static pid_t start_child(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(sym_ended_process_keeps_its_names)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	pid_t pid = start_child();
	CHECK(pid > 0);
	symbols_process(s, pid);
	end_child(pid);
	CHECK_INT(symbols_user(s, pid, here(), false, v), 1);
	CHECK_VIEW(v[0].func, "sym_test_here");
	symbols_free(s);
}

TEST(sym_process_that_was_never_seen_is_not_known)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	pid_t pid = start_child();
	CHECK(pid > 0);
	end_child(pid);
	symbols_process(s, pid);
	CHECK_INT(symbols_user(s, pid, here(), false, v), 1);
	CHECK_VIEW(v[0].func, "");
	CHECK_VIEW(v[0].path, "");
	symbols_free(s);
}

TEST(sym_known_program_stands_in_for_maps)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	struct target *t;
	const struct target_func *f;
	size_t n;
	CHECK_OK(target_open("/proc/self/exe", NULL, &t));
	CHECK_OK(target_funcs(t, &f, &n));
	while (n > 0 && !str_eq(f->name, STR("sym_test_here"))) {
		f++;
		n--;
	}
	CHECK(n > 0);
	symbols_program(s, 0x7ffffff0, t, here() - f->vaddr);
	symbols_program(s, 0x7ffffff0, t, here() - f->vaddr);
	CHECK_INT(symbols_user(s, 0x7ffffff0, here() + 1, false, v), 1);
	CHECK_VIEW(v[0].func, "sym_test_here");
	CHECK_INT(v[0].off, 1);
	CHECK_INT(symbols_user(s, 0x7ffffff0, 1, false, v), 1);
	CHECK_VIEW(v[0].func, "");
	symbols_free(s);
	target_close(t);
}

TEST(sym_what_is_mapped_later_is_found)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	symbols_process(s, getpid());
	FILE *f = fopen("/proc/self/exe", "re");
	CHECK(f);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(f), 0);
	fclose(f);
	CHECK(p != MAP_FAILED);
	symbols_user(s, getpid(), (uint64_t)(uintptr_t)p, false, v);
	CHECK(str_ends(v[0].path, STR("/unit")));
	munmap(p, 4096);
	// Still answered, by what was there.
	symbols_user(s, getpid(), (uint64_t)(uintptr_t)p + 8, false, v);
	CHECK(str_ends(v[0].path, STR("/unit")));
	symbols_free(s);
}

TEST(sym_memory_without_a_file_is_not_known)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	char *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_INT(symbols_user(s, getpid(), (uint64_t)(uintptr_t)p + 8, false, v), 1);
	CHECK_VIEW(v[0].func, "");
	CHECK_VIEW(v[0].path, "");
	symbols_free(s);
}

// A wrong address is asked for again and again: the maps must not be read each time.
TEST(sym_unknown_addresses_are_cheap)
{
	struct symbols *s = new_symbols();
	struct symbol_frame v[SYMBOL_FRAMES_MAX];
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (uint64_t i = 0; i < 200000; i++)
		symbols_user(s, getpid(), 16 + i, false, v);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK(b.tv_sec - a.tv_sec < 2);
	symbols_free(s);
}

// --- the kernel ---

TEST(sym_kernel_addresses)
{
	char path[] = "/tmp/stoat-unit-XXXXXX";
	struct symbol_frame f;
	int fd = mkstemp(path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	CHECK(out);
	fputs("ffffffff81000000 T _stext\nffffffff81000000 T _text\nffffffff81000100 t one\n"
	      "ffffffff81000140 d data\n\nffffffff nonsense\n T\nffffffffc0000000 t init\t[nf]\n"
	      "ffffffffc0000010 t next\t[nf]\nffffffff81000200 W two\n",
	      out);
	fclose(out);
	struct kernel_symbols *k = kernel_symbols_new(path);
	unlink(path);
	CHECK(!kernel_symbols_at(k, 0xffffffff80ffffff, &f));
	CHECK(kernel_symbols_at(k, 0xffffffff81000000, &f));
	CHECK_VIEW(f.func, "_stext");
	CHECK(kernel_symbols_at(k, 0xffffffff81000150, &f));
	CHECK_VIEW(f.func, "one");
	CHECK_INT(f.off, 0x50);
	CHECK_VIEW(f.path, "");
	CHECK(kernel_symbols_at(k, 0xffffffff81000201, &f));
	CHECK_VIEW(f.func, "two");
	CHECK(kernel_symbols_at(k, 0xffffffffc0000012, &f));
	CHECK_VIEW(f.func, "next");
	CHECK_VIEW(f.path, "[nf]");
	kernel_symbols_free(k);
}

TEST(sym_kernel_that_hides_its_addresses)
{
	char path[] = "/tmp/stoat-unit-XXXXXX";
	struct symbol_frame f;
	int fd = mkstemp(path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	CHECK(out);
	fputs("0000000000000000 T _stext\n0000000000000000 t one\n", out);
	fclose(out);
	struct kernel_symbols *k = kernel_symbols_new(path);
	unlink(path);
	CHECK(!kernel_symbols_at(k, 0xffffffff81000000, &f));
	CHECK(!kernel_symbols_at(k, 0, &f));
	kernel_symbols_free(k);
	k = kernel_symbols_new("/nonexistent");
	CHECK(!kernel_symbols_at(k, 1, &f));
	kernel_symbols_free(k);
}
