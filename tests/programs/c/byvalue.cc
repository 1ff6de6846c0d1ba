// SPDX-License-Identifier: Apache-2.0
// Values of every class of the C calling convention, passed and returned. The comments say what
// each word is: "args:" by parameter and path, "result:" likewise.
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
	explicit Owner(long h) : held(h)
	{
	}
	Owner(const Owner &o) : held(o.held + 1)
	{
	}
	~Owner()
	{
		held = 0;
	}
};

struct Bits {
	unsigned a : 8, b : 16, c : 8;
	unsigned long d : 32, e : 16, f : 16;
};
struct Wide {
	long double v;
};
struct Empty {
};
struct Padded {
	alignas(16) long v;
};
union Either {
	double d;
	float f;
};
struct Unaligned {
	char c;
	long l;
} __attribute__((packed));
typedef float floats4 __attribute__((vector_size(16)));

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

// args: n=0x91, i=i128:0xfedcba98765432100123456789abcdef, last=0x92
// result: i128:0xfedcba98765432100123456789abce80
NOINLINE __int128 wide_integer(long n, __int128 i, long last)
{
	sink = last;
	return i + n;
}

// args: a=0xa1, x=x87:1.5, b=0xa2, w.v=x87:-2.5, d=f64:0.25
// result: 0x143
NOINLINE long x87(long a, long double x, long b, Wide w, double d)
{
	sink = (long)(x + w.v + d);
	return a + b;
}

// args: n=0xa3
// result: none
NOINLINE long double x87_result(long n)
{
	sink = n;
	return (long double)n;
}

// args: n=0xa4
// result: none
NOINLINE Wide x87_struct_result(long n)
{
	sink = n;
	return { (long double)n };
}

// args: n=0xa5, z.real=x87:3.5, z.imag=x87:4.5, last=0xa6
// result: none
NOINLINE _Complex long double x87_complex(long n, _Complex long double z, long last)
{
	sink = n + last;
	return z + z;
}

// args: f.real=f32:1.25, f.imag=f32:2.25, d.real=f64:3.25, d.imag=f64:4.25, last=f64:5.25
// result: .real=f64:4.5 .imag=f64:6.5
NOINLINE _Complex double complex_args(_Complex float f, _Complex double d, double last)
{
	sink = (long)last;
	return d + f;
}

// args: f.real=f32:1.25, f.imag=f32:2.25
// result: .real=f32:2.5 .imag=f32:4.5
NOINLINE _Complex float complex_result(_Complex float f)
{
	return f + f;
}

// args: b.a=0xb1, b.b=0xb2b2, b.c=0xb3, b.d=0xb4b4b4b4, b.e=0xb5b5, b.f=0xb6b6, last=0xb7
// result: .a=0xb7 .b=0xb6b6 .c=0xb1 .d=0xb4b4b4b5 .e=0xb2b2 .f=0xb5b5
NOINLINE Bits bit_fields(Bits b, long last)
{
	sink = last;
	return { (unsigned)last & 255, (unsigned)b.f, b.a, b.d + 1, b.b, b.e };
}

// args: n=0xc1, v[0]=f32:1.5, v[1]=f32:2.5, v[2]=f32:3.5, v[3]=f32:4.5, last=f64:5.5
// result: [0]=f32:3.0 [1]=f32:5.0 [2]=f32:7.0 [3]=f32:9.0
NOINLINE floats4 vectors(long n, floats4 v, double last)
{
	sink = n + (long)last;
	return v + v;
}

// args: e=none, a=0xd1, b=0xd2, c=0xd3
// result: 0x276
NOINLINE long nothing(Empty e, long a, decltype(nullptr) p, long b, long c)
{
	(void)e;
	(void)p;
	sink = a;
	return a + b + c;
}

// args: a=0xe1, p.v=0xe2, b=0xe3, u.l=0xe4, u.c=0xe5, c=0xe6, w.v=x87:7.5, q.v=0xe7
// result: .v=0x2aa
NOINLINE Padded padded(long a, Padded p, long b, Unaligned u, long c, Wide w, Padded q)
{
	sink = u.c + u.l + q.v + (long)w.v;
	return { a + b + c + p.v - p.v };
}

// args: a=0xf1, e=0xf5
// result: 0x1ea
NOINLINE long doubtful(long a, long b, long c, long d, long e, __int128 i, double x)
{
	// Where i comes in depends on the compiler: the convention has no place for it and x.
	sink = a + b + c + d + (long)i + (long)x;
	return e + e;
}

// args: o.held=0x13, p=0x14
// result: 0x27
NOINLINE long address_on_stack(long a, long b, long c, long d, long e, long f, Owner o, long p)
{
	sink = a + b + c + d + e + f;
	return o.held + p;
}

// args: e=f64:7.25, d=f64:8.5
// result: f64:9.5
NOINLINE double either(Either e, double d)
{
	sink = (long)e.d;
	return d + 1;
}

int main()
{
	TwoInts t = small_structs({ 1, 2 }, { 3, 4.5 }, 0x55);
	IntAndDouble d = floats({ 0.5f, 1.5f }, 2.5, 0x66);
	Big b = large(0x71, { { 0x72, 0x73, 0x74 } }, { 0x75, 0x76, 0x77, 0x78 });
	Owner o(0x81);
	long n = scalars(0x11, 0x2222, 0x33333333, 0x4444444444444444, 5, 6, 7, 8);
	__int128 wide = ((__int128)0xfedcba9876543210 << 64) | 0x0123456789abcdef;
	sink = (long)wide_integer(0x91, wide, 0x92) + x87(0xa1, 1.5L, 0xa2, { -2.5L }, 0.25);
	sink = (long)x87_result(0xa3) + (long)x87_struct_result(0xa4).v;
	_Complex long double z = { 3.5L, 4.5L };
	sink = (long)__real__ x87_complex(0xa5, z, 0xa6);
	_Complex float zf = { 1.25f, 2.25f };
	_Complex double zd = { 3.25, 4.25 };
	sink = (long)__real__ complex_args(zf, zd, 5.25) + (long)__real__ complex_result(zf);
	sink = bit_fields({ 0xb1, 0xb2b2, 0xb3, 0xb4b4b4b4, 0xb5b5, 0xb6b6 }, 0xb7).a;
	sink = (long)vectors(0xc1, floats4 { 1.5f, 2.5f, 3.5f, 4.5f }, 5.5)[0];
	sink = nothing({}, 0xd1, nullptr, 0xd2, 0xd3);
	sink = padded(0xe1, { 0xe2 }, 0xe3, { (char)0xe5, 0xe4 }, 0xe6, { 7.5L }, { 0xe7 }).v;
	sink = doubtful(0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 1.5);
	sink = address_on_stack(1, 2, 3, 4, 5, 6, Owner(0x13), 0x14);
	sink = (long)either({ 7.25 }, 8.5);
	printf("%d %ld %ld %ld %ld\n", t.a, d.a, b.v[0], n, by_reference(o, 0x83));
	return 0;
}
