// SPDX-License-Identifier: Apache-2.0
// Whole values of C: each function gets one, and before its call the program writes how stoat shows
// it: "NAME VALUE".
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHOWN(name, type)                                    \
	__attribute__((noinline)) void name(type x)          \
	{                                                    \
		__asm__ volatile("" : : "g"(&x) : "memory"); \
	}
#define SAY(...)                     \
	do {                         \
		printf(__VA_ARGS__); \
		fflush(stdout);      \
	} while (0)

enum color { RED, GREEN = 5, BLUE };

struct point {
	int x, y;
};

struct node {
	int value;
	struct node *next;
};

struct scalars {
	int8_t i8;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
	bool yes, no;
	float f;
	double d;
	enum color color, odd;
};

struct texts {
	const char *text, *none, *empty, *utf8;
	char name[8], full[4], blank[4];
	char *long_text;
	char *wild;
};

union number {
	int32_t i;
	uint32_t u;
	uint16_t halves[2];
};

struct holder {
	int kind;
	union number number;
	union {
		int only_int;
		int only_same;
	};
	struct {
		int inner_a, inner_b;
	};
	struct point at;
};

struct bits {
	unsigned a : 3;
	int b : 5;
	unsigned none : 4;
	bool flag : 1;
	uint64_t wide : 40;
};

struct lists {
	int numbers[4];
	int zeros[3];
	struct point points[3];
	struct point *ptrs[3];
	int grid[2][2];
	const char *words[3];
};

struct refs {
	int *number, **twice, *none, *wild;
	void *raw;
	void (*call)(struct point);
	struct point *point;
	const volatile struct point *constant;
	struct opaque *opaque;
};

typedef struct {
	int side;
} box;

struct tree {
	struct tree *left, *right;
	int value;
};

SHOWN(point, struct point)
SHOWN(point_pointer, struct point *)
SHOWN(list, struct node *)
SHOWN(scalars, struct scalars *)
SHOWN(texts, struct texts *)
SHOWN(number, union number *)
SHOWN(holder, struct holder *)
SHOWN(bits, struct bits *)
SHOWN(lists, struct lists *)
SHOWN(refs, struct refs *)
SHOWN(boxed, box *)
SHOWN(tree, struct tree *)
SHOWN(large, struct lists)

static void numbers(void)
{
	SAY("point (struct point){.x = 1, .y = -2}\n");
	point((struct point) { 1, -2 });
	SAY("point (struct point){}\n");
	point((struct point) { 0, 0 });
	struct point p = { 0, 7 };
	SAY("point_pointer &(struct point){.y = 7}\n");
	point_pointer(&p);
	SAY("point_pointer NULL\n");
	point_pointer(NULL);
	SAY("point_pointer &<unreadable>\n");
	point_pointer((struct point *)16);
	struct scalars s = { -8,         200,  -16,   60000, -32,  4000000000u, INT64_MIN,
			     UINT64_MAX, true, false, 0.5f,  -1.5, GREEN,       7 };
	SAY("scalars &(struct scalars){.i8 = -8, .u8 = 200, .i16 = -16, .u16 = 60000, .i32 = -32, "
	    ".u32 = 4000000000, .i64 = -9223372036854775808, .u64 = 18446744073709551615, .yes = "
	    "true, "
	    ".f = 0.5, .d = -1.5, .color = GREEN, .odd = (enum color)7}\n");
	scalars(&s);
	memset(&s, 0, sizeof(s));
	SAY("scalars &(struct scalars){}\n");
	scalars(&s);
	struct bits b = { 5, -3, 0, true, 1ull << 39 };
	SAY("bits &(struct bits){.a = 5, .b = -3, .flag = true, .wide = 549755813888}\n");
	bits(&b);
	union number n = { 0x01020304 };
	SAY("number &(union number){.i = 16909060, .u = 16909060, .halves = {772, 258}}\n");
	number(&n);
	struct holder h = { 1, { 5 }, { 6 }, { 7, 0 }, { 0, 8 } };
	SAY("holder &(struct holder){.kind = 1, .number = {.i = 5, .u = 5, .halves = {5, 0}}, "
	    ".only_int = 6, "
	    ".only_same = 6, .inner_a = 7, .at = {.y = 8}}\n");
	holder(&h);
}

static void strings(void)
{
	char text[301];
	memset(text, 'x', 300);
	text[300] = 0;
	struct texts t = {
		"text", NULL, "", "grüße \"q\"\n", "name", "full", "", text, (char *)16
	};
	memcpy(t.full, "full", 4);
	SAY("texts &(struct texts){.text = \"text\", .empty = \"\", .utf8 = \"grüße "
	    "\\\"q\\\"\\n\", .name = \"name\", "
	    ".full = \"full\", .long_text = \"%.256s\"..., .wild = <unreadable>}\n",
	    text);
	texts(&t);
}

static void references(void)
{
	struct node c = { 3, NULL }, b = { 2, &c }, a = { 1, &b };
	SAY("list &(struct node){.value = 1, .next = &(struct node){.value = 2, .next = &(struct "
	    "node){.value = 3}}}\n");
	list(&a);
	struct node d = { 4, NULL };
	c.next = &d;
	SAY("list &(struct node){.value = 1, .next = &(struct node){.value = 2, .next = &(struct "
	    "node){.value = 3, "
	    ".next = &(struct node){...}}}}\n");
	list(&a);
	c.next = &a;
	SAY("list &(struct node){.value = 1, .next = &(struct node){.value = 2, .next = &(struct "
	    "node){.value = 3, "
	    ".next = (struct node *)%p}}}\n",
	    (void *)&a);
	list(&a);
	int five = 5, *at = &five;
	struct point p = { 1, 2 };
	struct refs r = { &five, &at, NULL, (int *)16, &five, point, &p, &p, NULL };
	SAY("refs &(struct refs){.number = &5, .twice = &&5, .wild = &<unreadable>, .raw = %p, "
	    ".call = 0x%" PRIxPTR ", .point = &(struct point){.x = 1, .y = 2}, .constant = "
	    "&(struct point){.x = 1, .y = 2}}\n",
	    (void *)&five, (uintptr_t)point);
	refs(&r);
	struct tree leaf = { NULL, NULL, 1 }, top = { &leaf, &leaf, 2 };
	SAY("tree &(struct tree){.left = &(struct tree){.value = 1}, .right = &(struct "
	    "tree){.value = 1}, .value = 2}\n");
	tree(&top);
	struct lists l = { { 1, 0, 3, 0 },
			   { 0 },
			   { { 1, 2 }, { 0, 0 }, { 3, 0 } },
			   { &p, NULL, &p },
			   { { 1, 2 }, { 0, 4 } },
			   { "one", NULL, "three" } };
	const char *shown =
		"(struct lists){.numbers = {1, 0, 3, 0}, .points = {{.x = 1, .y = 2}, {}, {.x = "
		"3}}, "
		".ptrs = {&(struct point){.x = 1, .y = 2}, NULL, &(struct point){.x = 1, .y = 2}}, "
		".grid = {{1, 2}, {0, 4}}, .words = {\"one\", NULL, \"three\"}}";
	SAY("lists &%s\n", shown);
	lists(&l);
	SAY("large %s\n", shown);
	large(l);
	box side = { 3 };
	SAY("boxed &(box){.side = 3}\n");
	boxed(&side);
}

int main(void)
{
	numbers();
	strings();
	references();
	return 0;
}
