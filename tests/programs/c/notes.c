// SPDX-License-Identifier: Apache-2.0
// USDT notes written by hand for the scripts of tests/diff: arguments in registers, constants and
// memory, one probe in two places, one behind a semaphore. It prints nothing.
#include <stdint.h>
#include <string.h>

// One note for the nop that it stands at, as the format wants it.
#define NOTE(semaphore, name, args, ...)                                     \
	__asm__ volatile("990: nop\n"                                        \
			 ".pushsection .note.stapsdt, \"\", \"note\"\n"      \
			 ".balign 4\n"                                       \
			 ".4byte 992f - 991f, 994f - 993f, 3\n"              \
			 "991: .asciz \"stapsdt\"\n"                         \
			 "992: .balign 4\n"                                  \
			 "993: .8byte 990b, _.stapsdt.base, " semaphore "\n" \
			 ".asciz \"notes\"\n"                                \
			 ".asciz \"" name "\"\n"                             \
			 ".asciz \"" args "\"\n"                             \
			 "994: .balign 4\n"                                  \
			 ".popsection\n" ::__VA_ARGS__)

__asm__(".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"
	".weak _.stapsdt.base\n"
	".hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	".size _.stapsdt.base, 1\n"
	".popsection\n");

__attribute__((used, section(".probes"))) unsigned short guarded_semaphore;

static char text[32];

// -3, 1000 * i, "note"
__attribute__((noinline)) void plain(int32_t small, int64_t big, const char *name)
{
	NOTE("0", "plain", "-4@%0 -8@%1 8@%2", "r"(small), "r"(big), "r"(name));
}

// 1, 2, 4, 8 bytes, signed and not, and a constant.
__attribute__((noinline)) void sizes(long n)
{
	NOTE("0", "sizes", "-1@%b0 1@%b0 -2@%w0 2@%w0 -4@%k0 4@%k0 -8@%0 -4@$-7", "r"(n));
}

// A value in memory, and one in two places.
__attribute__((noinline)) void places(long n)
{
	long list[2] = { n, n * 2 };

	NOTE("0", "memory", "-8@%0 -8@8(%1)", "m"(list[0]), "r"(list), "m"(*(long(*)[2])list));
	NOTE("0", "twice", "-8@%0", "r"(n));
	NOTE("0", "twice", "-8@%0", "r"(n + 100));
}

// Only when somebody listens.
__attribute__((noinline)) void guarded(long n)
{
	if (*(volatile unsigned short *)&guarded_semaphore)
		NOTE("guarded_semaphore", "guarded", "-8@%0", "r"(n));
}

int main(void)
{
	strcpy(text, "note");
	for (int i = 0; i < 3; i++) {
		plain(-3, 1000 * i, text);
		places(i);
		guarded(i);
	}
	sizes(-2);
	return 0;
}
