// SPDX-License-Identifier: Apache-2.0
// What the scripts of tests/diff look at: functions whose arguments and results are known. Each
// scenario is a word of the command line; the numbers in it are what the scripts' results follow
// from.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone, noipa))

enum color { RED, GREEN = 5, BLUE };

struct point {
	int x, y;
};

union word {
	uint32_t whole;
	uint8_t bytes[4];
};

struct item {
	int id;
	char name[16];
	struct point at;
	const char *label;
	unsigned low : 3, mid : 5, high : 8;
	enum color color;
	union word word;
	int16_t temps[4];
	struct point corners[2];
	struct item *next;
	uint64_t big;
	int8_t small;
	bool is_new;
};

int counter = 7;
volatile long sink;

NOINLINE int add(int a, int b)
{
	return a + b;
}

NOINLINE long widths(char c, short s, int i, long l, unsigned char uc, unsigned short us)
{
	return c + s + i + l + uc + us;
}

NOINLINE long nine(long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
	return a + b + c + d + e + f + g + h + i;
}

NOINLINE const char *greet(const char *name)
{
	static char text[64];

	snprintf(text, sizeof(text), "hello %s", name);
	return text;
}

NOINLINE int visit(struct item *it)
{
	return it->id;
}

NOINLINE uint64_t huge(uint64_t n)
{
	return n - 1;
}

NOINLINE int level(int n)
{
	if (n == 0)
		return 0;
	int below = level(n - 1);

	sink = below; // so that the compiler makes no loop of it
	return below + 1;
}

NOINLINE long bytes(const void *p, long n)
{
	return p ? n : -1;
}

NOINLINE int words(char **list)
{
	int n = 0;

	while (list[n])
		n++;
	return n;
}

NOINLINE void tick(long i, long value)
{
	sink += i * value;
}

NOINLINE enum color paint(enum color c)
{
	return c == RED ? GREEN : RED;
}

NOINLINE int numbers(const int *p, int n)
{
	return p[n - 1];
}

NOINLINE void step_one(int n)
{
	sink += n;
}

NOINLINE void step_two(int n)
{
	sink -= n;
}

NOINLINE void step_three(int n)
{
	sink ^= n;
}

NOINLINE int outcome(int n)
{
	return -n;
}

NOINLINE bool is_even(long n)
{
	return n % 2 == 0;
}

// Known bytes at known offsets: 0 nop, 1 mov %edi,%eax, 3 add $5,%eax, 6 shl %eax, 8 ret.
int stairs(int n);
__asm__(".pushsection .text\n"
	".globl stairs\n"
	".type stairs, @function\n"
	"stairs: .byte 0x90\n"
	".byte 0x89, 0xf8\n"
	".byte 0x83, 0xc0, 0x05\n"
	".byte 0xd1, 0xe0\n"
	".byte 0xc3\n"
	".size stairs, . - stairs\n"
	".popsection\n");

// At offset 4 the first argument is at 0x10 of the stack pointer: push %rbp, mov %rsp,%rbp,
// push %rdi, pop %rax, pop %rbp, ret.
long pushed(long n);
__asm__(".pushsection .text\n"
	".globl pushed\n"
	".type pushed, @function\n"
	"pushed: .byte 0x55\n"
	".byte 0x57\n"
	".byte 0x90\n"
	".byte 0x58\n"
	".byte 0x5d\n"
	".byte 0xc3\n"
	".size pushed, . - pushed\n"
	".popsection\n");

static void do_calls(void)
{
	sink = add(2, 3);
	sink = add(-7, 4);
	sink = add(1000000, 1);
}

static void do_widths(void)
{
	sink = widths(-1, -300, -70000, -5000000000, 200, 60000);
	sink = nine(1, 2, 3, 4, 5, 6, 70, 80, 90);
	sink = (long)huge(0xffffffffffffffff);
	sink = (long)huge(0x8000000000000000);
	sink = (long)huge(1);
}

static void do_strings(void)
{
	static char *list[] = { "ls", "-l", "/tmp", NULL };

	sink = (long)greet("anna");
	sink = (long)greet("bob");
	sink = (long)greet("");
	sink = (long)greet("a rather long name to be cut off somewhere");
	sink = bytes("\x01\x02\xff\0zA\n\"", 8);
	sink = bytes(NULL, 3);
	sink = words(list);
}

static void do_structs(void)
{
	static struct item items[3];

	for (int i = 0; i < 3; i++) {
		struct item *it = &items[i];

		it->id = 100 + i;
		snprintf(it->name, sizeof(it->name), "item-%d", i);
		it->at = (struct point) { i, -i };
		it->label = i == 1 ? NULL : "label";
		it->low = (unsigned)(5 + i) & 7;
		it->mid = (unsigned)(20 + i);
		it->high = (unsigned)(200 + i);
		it->color = i == 0 ? RED : i == 1 ? GREEN : BLUE;
		it->word.whole = 0x01020304;
		for (int j = 0; j < 4; j++)
			it->temps[j] = (int16_t)(j * 10 - 15);
		it->corners[0] = (struct point) { 1, 2 };
		it->corners[1] = (struct point) { 3, 4 };
		it->next = i < 2 ? &items[i + 1] : NULL;
		it->big = 0xfedcba9876543210;
		it->small = -3;
		it->is_new = i == 0;
	}
	for (int i = 0; i < 3; i++)
		sink = visit(&items[i]);
}

static void do_ticks(void)
{
	static const long values[] = { 1, 2, 4, 8, 16, 100, 1000, 5000, 70000, 1048576 };

	for (long i = 0; i < 10; i++)
		tick(i, values[i]);
}

static void do_steps(void)
{
	for (int i = 1; i <= 3; i++)
		step_one(i);
	for (int i = 1; i <= 2; i++)
		step_two(i * 10);
	step_three(100);
}

static void do_colors(void)
{
	sink = paint(RED);
	sink = paint(GREEN);
	sink = paint(BLUE);
}

static void do_arrays(void)
{
	static const int squares[] = { 0, 1, 4, 9, 16, 25, 36, 49 };

	sink = numbers(squares, 8);
	sink = numbers(squares + 2, 3);
}

static void do_results(void)
{
	for (int i = 0; i < 4; i++)
		sink = outcome(i);
	sink = is_even(4);
	sink = is_even(7);
}

static void do_offsets(void)
{
	sink = stairs(1);
	sink = stairs(10);
	sink = pushed(77);
}

static void do_level(void)
{
	sink = level(4);
}

static void do_calls_of_kernel(void)
{
	static const char text[] = "to nowhere";

	for (int i = 0; i < 3; i++)
		sink = syscall(SYS_getppid);
	sink = write(-1, text, 10);
	sink = write(-1, text, 4);
	sink = close(-5);
}

static void do_sleep(void)
{
	usleep(1200000);
}

static void do_spin(void)
{
	volatile long n = 0;

	for (long i = 0; i < 400000000; i++)
		n = n + i;
	sink = n;
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{ "calls", do_calls },
	{ "widths", do_widths },
	{ "strings", do_strings },
	{ "structs", do_structs },
	{ "ticks", do_ticks },
	{ "steps", do_steps },
	{ "colors", do_colors },
	{ "arrays", do_arrays },
	{ "results", do_results },
	{ "offsets", do_offsets },
	{ "level", do_level },
	{ "sleep", do_sleep },
	{ "kernel", do_calls_of_kernel },
	{ "spin", do_spin },
};

// demo SCENARIO... [exit STATUS]
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "exit") == 0)
			return i + 1 < argc ? atoi(argv[i + 1]) : 0;
		for (size_t j = 0; j < sizeof(scenarios) / sizeof(scenarios[0]); j++)
			if (strcmp(argv[i], scenarios[j].name) == 0)
				scenarios[j].run();
	}
	return 0;
}
