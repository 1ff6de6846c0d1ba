// SPDX-License-Identifier: Apache-2.0
// A C program with USDT notes written by hand: arguments of every kind, one probe in two places,
// one with a semaphore.
#include <stdint.h>
#include <stdio.h>

// One note for the nop that it stands at, as the format wants it.
#define NOTE(semaphore, name, args, ...)                                     \
	__asm__ volatile("990: nop\n"                                        \
			 ".pushsection .note.stapsdt, \"\", \"note\"\n"      \
			 ".balign 4\n"                                       \
			 ".4byte 992f - 991f, 994f - 993f, 3\n"              \
			 "991: .asciz \"stapsdt\"\n"                         \
			 "992: .balign 4\n"                                  \
			 "993: .8byte 990b, _.stapsdt.base, " semaphore "\n" \
			 ".asciz \"shop\"\n"                                 \
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

__attribute__((used, section(".probes"))) unsigned short sold_semaphore;
int64_t stock[16];

__attribute__((noinline)) void sell(int32_t item, int64_t price, const char *name)
{
	NOTE("sold_semaphore", "sold", "-4@%0 -8@%1 8@%2", "r"(item), "r"(price), "r"(name));
	stock[item & 15]--;
}

__attribute__((noinline)) void count(long i)
{
	NOTE("0", "count", "-8@%0 8@$-7 -8@stock(,%1,8) 8@stock+8(%%rip)", "m"(stock[3]), "r"(i));
	NOTE("0", "odd", "1@%%ah 8f@%%xmm1 4@-20(%%rbp,%%rcx,4) 8@%%fs:0x28 junk");
	if (i & 1)
		NOTE("0", "count", "-8@%0", "r"(i));
}

int main(void)
{
	for (int i = 0; i < 10; i++) {
		sell(i, i * 100, "apple");
		count(i);
	}
	printf("%lld\n", (long long)stock[0]);
	return 0;
}
