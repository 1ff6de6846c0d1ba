// SPDX-License-Identifier: Apache-2.0
// A small C program: types of every shape, a static function, an inlined one, recursion.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum color { RED = 1, GREEN, BLUE = -7 };

union number {
	int64_t i;
	double d;
};

struct point {
	int x, y;
};

struct item {
	const char *name;
	struct point at;
	unsigned flags : 3;
	unsigned kind : 5;
	enum color color;
	union number number;
	double weights[4];
	struct item *next;
	int (*compare)(const struct item *a, const struct item *b);
};

typedef struct item *item_ref;

static struct item items[100];

static inline double mean_of(long sum, long n)
{
	return (double)sum / (double)n;
}

static __attribute__((noinline)) long sum_list(const struct item *first, int limit)
{
	long sum = 0;

	for (const struct item *it = first; it && limit > 0; it = it->next, limit--)
		sum += it->number.i;
	return sum;
}

static int by_number(const struct item *a, const struct item *b)
{
	return (a->number.i > b->number.i) - (a->number.i < b->number.i);
}

__attribute__((noinline)) struct point by_value(struct item it, struct point p, float scale)
{
	p.x += it.at.x + (int)(scale * 2);
	p.y += it.at.y;
	return p;
}

__attribute__((noinline)) int many(int a, long b, short c, char d, unsigned e, uint8_t f, int g,
				   int h, double x)
{
	return a + (int)b + c + d + (int)e + f + g + h + (int)x;
}

__attribute__((noinline)) unsigned factorial(unsigned n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

__attribute__((noinline)) item_ref find(item_ref first, const char *name)
{
	while (first && strcmp(first->name, name) != 0)
		first = first->next;
	return first;
}

int main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : "item";
	int n = (int)(sizeof(items) / sizeof(items[0]));

	for (int i = 0; i < n; i++)
		items[i] = (struct item) {
			.name = "item",
			.at = { i, -i },
			.number.i = i + 1,
			.next = i + 1 < n ? &items[i + 1] : NULL,
			.compare = by_number,
		};

	struct point p = by_value(items[3], (struct point) { 10, 20 }, 1.5f);
	long sum = sum_list(items, n);

	if (!find(items, wanted) || p.x != 16 || many(1, 2, 3, 4, 5, 6, 7, 8, 9.0) != 45 ||
	    factorial(5) != 120 || items[0].compare(&items[0], &items[1]) >= 0)
		return 1;
	printf("sum %ld mean %.1f\n", sum, mean_of(sum, n));
	return 0;
}
