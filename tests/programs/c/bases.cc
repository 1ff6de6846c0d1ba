// SPDX-License-Identifier: Apache-2.0
// A class with base classes, and an enum that only debug information names.
#include <cstdio>

enum Color { RED, GREEN = 5, BLUE };

struct Named {
	int id;
};
namespace shapes
{
struct Sized {
	int w, h;
};
} // namespace shapes
struct Box : Named, shapes::Sized {
	Color color;
};

extern "C" __attribute__((noinline)) int paint(Box *b, Color c)
{
	asm volatile("" : : "r"(b), "r"(c) : "memory");
	return b->w;
}

int main()
{
	Box b;
	b.id = 1;
	b.w = 2;
	b.h = 3;
	b.color = GREEN;
	printf("%d\n", paint(&b, GREEN) + paint(&b, BLUE));
}
