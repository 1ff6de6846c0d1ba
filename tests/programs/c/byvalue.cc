// SPDX-License-Identifier: Apache-2.0
// Values of every class of the C calling convention, passed and returned. The comments say what each
// word is: "args:" by parameter and path, "result:" likewise.
#include <cstdio>
#include <string>

struct TwoInts {
	int a, b;
};
struct IntAndDouble {
	long a;
	double b;
};
struct TwoFloats {
	float x, y;
};
struct Big {
	long v[3];
};
struct Mixed {
	char c;
	short s;
	int i;
	long l;
};
// Has a destructor, so its address is passed even though it is small.
struct Owner {
	long held;
	explicit Owner(long h) : held(h) {}
	Owner(const Owner &o) : held(o.held + 1) {}
	~Owner() { held = 0; }
};

#define NOINLINE extern "C" __attribute__((noinline, noclone, used))

static volatile long sink;

// args: a=0x11, b=0x2222, c=0x33333333, d=0x4444444444444444, e=5, f=6, g=7, h=8
// result: 0x99
NOINLINE long scalars(char a, short b, int c, long d, long e, long f, long g, long h)
{
	sink = a + b + c + d + e + f + g + h;
	return 0x99;
}

// args: t.a=1, t.b=2, m.a=3, m.b=f64:4.5, last=0x55
// result: .a=2 .b=1
NOINLINE TwoInts small_structs(TwoInts t, IntAndDouble m, long last)
{
	sink = m.a + last + (long)m.b;
	return { t.b, t.a };
}

// args: f.x=f32:0.5, f.y=f32:1.5, d=f64:2.5, n=0x66
// result: .a=0x66 .b=f64:2.5
NOINLINE IntAndDouble floats(TwoFloats f, double d, long n)
{
	sink = (long)(f.x + f.y);
	return { n, d };
}

// args: first=0x71, b.v[0]=0x72, b.v[1]=0x73, b.v[2]=0x74, m.c=0x75, m.s=0x76, m.i=0x77, m.l=0x78
// result: .v[0]=0x71 .v[1]=0x73 .v[2]=0x78
NOINLINE Big large(long first, Big b, Mixed m)
{
	sink = m.c + m.s + m.i;
	return { { first, b.v[1], m.l } };
}

// args: o.held=0x82, n=0x83
// result: 0x105
NOINLINE long by_reference(Owner o, long n)
{
	sink = o.held;
	return o.held + n;
}

int main()
{
	TwoInts t = small_structs({ 1, 2 }, { 3, 4.5 }, 0x55);
	IntAndDouble d = floats({ 0.5f, 1.5f }, 2.5, 0x66);
	Big b = large(0x71, { { 0x72, 0x73, 0x74 } }, { 0x75, 0x76, 0x77, 0x78 });
	Owner o(0x81);
	long n = scalars(0x11, 0x2222, 0x33333333, 0x4444444444444444, 5, 6, 7, 8);
	printf("%d %ld %ld %ld %ld\n", t.a, d.a, b.v[0], n, by_reference(o, 0x83));
	return 0;
}
