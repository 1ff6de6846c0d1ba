// SPDX-License-Identifier: Apache-2.0
// What scripts compute, on the running kernel. Skipped where BPF is not allowed.
#include <stdio.h>
#include <stdlib.h>

#include "bpf_kernel.h"
#include "code_script.h"
#include "unit.h"

// Compiles, loads and runs it.
static struct code_script run_script(const char *text)
{
	struct arena *a = bpf_kernel_need();
	struct code_script s;
	CHECK(code_script_compile(a, str_from(text), NULL, &s));
	CHECK(code_script_load(&s));
	code_script_run(&s);
	return s;
}

// --- expressions, one by one ---

struct sample {
	const char *text;
	int64_t want;
};

static const struct sample samples[] = {
	// $m is -7, $n 7, $z 0, $u (uint64)7, $b 0x123456789abcdef0, $t "hello", $e ""
	{ "$n + $m", 0 },
	{ "$n - $m", 14 },
	{ "$n * $m", -49 },
	{ "$m / 2", -3 },
	{ "$m % 2", -1 },
	{ "$n / $m", -1 },
	{ "$n % -4", 3 },
	{ "$m % $n", 0 },
	{ "$n / $z", 1 },
	{ "$n % $z", 1 },
	{ "$u / 2", 3 },
	{ "$b / $u", 0x123456789abcdef0 / 7 },
	{ "$b % $u", 0x123456789abcdef0 % 7 },
	{ "$min / -1", INT64_MIN },
	{ "$min / $m", INT64_MIN / -7 },
	{ "$min % -1", 0 },
	{ "$m >> 1", -4 },
	{ "$u >> 1", 3 },
	{ "$n << 60", 7LL << 60 },
	{ "$n << 64", 7 },
	{ "$n & 5", 5 },
	{ "$n | 8", 15 },
	{ "$n ^ $m", 7 ^ -7 },
	{ "~$n", ~7 },
	{ "-$m", 7 },
	{ "!$z", 1 },
	{ "!$n", 0 },
	{ "$m < $n", 1 },
	{ "$m > $n", 0 },
	{ "$m <= -7", 1 },
	{ "$n >= 8", 0 },
	{ "$n == 7 && $m == -7", 1 },
	{ "$z && $n / $z", 0 },
	{ "$n || $n / $z", 1 },
	{ "$n ? 3 : 4", 3 },
	{ "$z ? 3 : 4", 4 },
	{ "$z ?: 9", 9 },
	{ "$n ?: 9", 7 },
	{ "(uint8)$b", 0xf0 },
	{ "(int8)$b", -16 },
	{ "(uint16)$b", 0xdef0 },
	{ "(int16)$b", (int16_t)0xdef0 },
	{ "(uint32)$b", 0x9abcdef0 },
	{ "(int32)$b", (int32_t)0x9abcdef0 },
	{ "(int64)(uint8)$m", 249 },
	{ "(bool)$b", 1 },
	{ "bswap((uint32)$b)", 0xf0debc9a },
	{ "bswap((uint16)$b)", 0xf0de },
	{ "$t == \"hello\"", 1 },
	{ "$t != \"hello\"", 0 },
	{ "$t == \"hell\"", 0 },
	{ "$t == \"hello!\"", 0 },
	{ "$t == $t", 1 },
	{ "$t == $e", 0 },
	{ "$e == \"\"", 1 },
	{ "$long == \"a text that is longer than others are\"", 1 },
	{ "$long == $t", 0 },
	{ "strncmp($t, \"help\", 3)", 0 },
	{ "strncmp($t, \"help\", 4)", 1 },
	{ "strncmp($long, $t, 0)", 0 },
	{ "strlen($t)", 5 },
	{ "strlen($e)", 0 },
	{ "strlen($long)", 37 },
	{ "strcontains($t, \"ell\")", 1 },
	{ "strcontains($t, \"elo\")", 0 },
	{ "strcontains($t, $e)", 1 },
	{ "strcontains($e, $t)", 0 },
	{ "strstr($long, \"longer\")", 15 },
	{ "strcontains($long, \"are\")", 1 },
	{ "strcontains($long, \"ares\")", 0 },
	{ "(1, $n).1", 7 },
	{ "(1, (2, $m)).1.1", -7 },
	{ "($t, $n) == (\"hello\", 7)", 1 },
	{ "($t, $n) == (\"hello\", 8)", 0 },
	{ "$tuple.0", 3 },
	{ "$tuple.1 == \"three\"", 1 },
	{ "if ($n > 3) { 10 } else { 20 }", 10 },
	{ "{ let $q = $n; $q * 2 }", 14 },
	{ "$i++ + $i", 1 },
	{ "++$k + $k", 2 },
	{ "$l-- - $l", 1 },
	{ "(int64)pid != 0", 1 },
	{ "nsecs > 0", 1 },
	{ "nsecs(monotonic) > 0", 1 },
	{ "cpu < 100000", 1 },
	{ "sizeof(uint64)", 8 },
	{ "@never", 0 },
	{ "@never2[5]", 0 },
	{ "@missing[5] == \"\"", 1 },
	{ "@number", 41 },
	{ "@text == \"in a map\"", 1 },
	{ "@keyed[1, \"one\"]", 11 },
	{ "@keyed[1, \"two\"]", 0 },
	{ "@number++", 41 },
	{ "++@number", 43 },
	{ "@fresh[7]++", 0 },
	{ "--@fresh[8]", -1 },
	{ "has_key(@keyed, (1, \"one\"))", 1 },
	{ "has_key(@keyed, (2, \"one\"))", 0 },
	{ "len(@keyed)", 2 },
	{ "delete(@gone, 3)", 1 },
	{ "delete(@gone, 3)", 0 },
	{ "find(@keyed, (3, \"three\"), $found) ? $found : -1", 33 },
	{ "(int64)@count", 3 },
	{ "(int64)@sum", -6 },
	{ "(int64)@min", -9 },
	{ "(int64)@max", 4 },
	{ "(int64)@avg", -2 },
	{ "(int64)@counts[\"b\"]", 2 },
	{ "(int64)@counts[\"c\"]", 0 },
};

static const char samples_start[] =
	"BEGIN {\n"
	"$m = (int64)-7; $n = (int64)7; $z = (int64)0; $u = (uint64)7;\n"
	"$b = (uint64)0x123456789abcdef0; $min = (int64)1 << 63; $t = \"hello\"; $e = \"\";\n"
	"$long = \"a text that is longer than others are\"; $i = 0; $k = 0; $l = 0;\n"
	"$tuple = (3, \"three\"); $found = 0;\n"
	"if ($z) { @never = 1; @never2[5] = 1; @missing[5] = \"x\"; @fresh[1] = 1; }\n"
	"@number = 41; @text = \"in a map\"; @keyed[1, \"one\"] = 11; @keyed[3, \"three\"] = 33;\n"
	"@gone[3] = 1; @count = count(); @count = count(); @count = count();\n"
	"@sum = sum($m); @sum = sum(1); @min = min(4); @min = min(-9); @min = min(0);\n"
	"@max = max(-9); @max = max(4); @max = max(0); @avg = avg(-7); @avg = avg(2);\n"
	"@counts[\"a\"] = count(); @counts[\"b\"] = count(); @counts[\"b\"] = count();\n";

TEST(code_expressions_have_the_right_values)
{
	struct arena *a = bpf_kernel_need();
	struct out_buf text = { 0 };
	out_buf_add(&text, samples_start, sizeof(samples_start) - 1);
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		out_buf_printf(&text, "@out[%zu] = (int64)(%s);\n", i, samples[i].text);
	out_buf_printf(&text, "}\n");
	struct code_script s;
	CHECK(code_script_compile(a, out_buf_view(&text), NULL, &s));
	CHECK(code_script_load(&s));
	code_script_run(&s);
	size_t n_wrong = 0;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		int64_t got = (int64_t)code_script_entry(&s, "@out", i);
		if (got == samples[i].want)
			continue;
		printf("%s is %lld, not %lld\n", samples[i].text, (long long)got,
		       (long long)samples[i].want);
		n_wrong++;
	}
	CHECK_INT(n_wrong, 0);
	code_script_close(&s);
}

// --- statements ---

TEST(code_loops_break_continue_and_leave)
{
	struct code_script s = run_script(
		"BEGIN { $i = 0; while ($i < 10) { $i++; if ($i == 3) { continue } "
		"if ($i == 6) { break } @sum += $i; } @i = $i;\n"
		"for ($a : 2..5) { for ($b : 0..$a) { if ($b == 3) { break } @pairs++; } }\n"
		"for ($a : 5..2) { @never++; } for ($a : -2..1) { @neg += $a; }\n"
		"unroll (4) { @u++; if (@u == 3) { break } }\n"
		"@m[1] = 10; @m[2] = 20; for ($kv : @m) { @keys += $kv.0; @values += $kv.1; } }\n"
		"BEGIN { for ($a : 0..5) { while (1) { @before++; if ($a == 1) { return } break } "
		"}\n"
		"@after = 1; }\n");
	CHECK_INT(code_script_number(&s, "@sum"), 1 + 2 + 4 + 5);
	CHECK_INT(code_script_number(&s, "@i"), 6);
	CHECK_INT(code_script_number(&s, "@pairs"), 2 + 3 + 3);
	CHECK_INT(code_script_number(&s, "@never"), 0);
	CHECK_INT((int64_t)code_script_number(&s, "@neg"), -3);
	CHECK_INT(code_script_number(&s, "@u"), 3);
	CHECK_INT(code_script_number(&s, "@keys"), 3);
	CHECK_INT(code_script_number(&s, "@values"), 30);
	CHECK_INT(code_script_number(&s, "@before"), 2);
	CHECK_INT(code_script_number(&s, "@after"), 0);
	code_script_close(&s);
}

TEST(code_loops_nest_seven_deep)
{
	struct code_script s = run_script(
		"BEGIN { for ($a : 0..2) { for ($b : 0..2) { for ($c : 0..2) { for ($d : 0..2) {\n"
		"for ($e : 0..2) { for ($f : 0..2) { for ($g : 0..2) { @n++; @[comm, $g] = "
		"count();\n"
		"@s = str(0); if ($a + $b + $c + $d + $e + $f + $g == 7) { return } } } } } } } } "
		"}");
	CHECK_INT(code_script_number(&s, "@n"), 128);
	code_script_close(&s);
}

TEST(code_exit_ends_what_runs)
{
	struct code_script s =
		run_script("BEGIN { for ($i : 0..9) { @n++; if ($i == 4) { exit(3) } }"
			   " @after = 1; } BEGIN { @other = 1; }");
	CHECK_INT(code_script_number(&s, "@n"), 5);
	CHECK_INT(code_script_number(&s, "@after"), 0);
	CHECK_INT(code_script_number(&s, "@other"), 1);
	code_script_close(&s);
}

TEST(code_variables_keep_text_and_tuples)
{
	struct code_script s =
		run_script("BEGIN { $a = \"one\"; $b = \"a longer text than that\"; $c = $a; $a = "
			   "$b; $b = $c;\n"
			   "@swapped = $a == \"a longer text than that\" && $b == \"one\";\n"
			   "$t = (1, \"x\", (2, \"y\")); $t = (5, $t.1, ($t.0, $t.2.1)); @t0 = "
			   "$t.0; @t20 = $t.2.0;\n"
			   "@y = $t.2.1 == \"y\"; let $unset; $unset = 3; @m[\"k\"] = $t; @m20 = "
			   "@m[\"k\"].2.0; }");
	CHECK_INT(code_script_number(&s, "@swapped"), 1);
	CHECK_INT(code_script_number(&s, "@t0"), 5);
	CHECK_INT(code_script_number(&s, "@t20"), 1);
	CHECK_INT(code_script_number(&s, "@y"), 1);
	CHECK_INT(code_script_number(&s, "@m20"), 1);
	code_script_close(&s);
}

// --- memory ---

struct node {
	int8_t small;
	uint16_t words[5];
	uint64_t low : 3, middle : 40, high : 21;
	int32_t sign : 7;
	struct node *next;
	char name[12];
	union {
		uint32_t number;
		uint8_t bytes[4];
	} both;
};

TEST(code_reads_memory_through_chains)
{
	static struct node inner = { .small = -5,
				     .words = { 1, 2, 3, 4, 50000 },
				     .low = 5,
				     .middle = 0xabcdef0123,
				     .high = 0x1fffff,
				     .sign = -33,
				     .name = "inner",
				     .both.number = 0x01020304 };
	static struct node outer = { .next = &inner, .name = "outer" };
	char text[2048];
	snprintf(text, sizeof(text),
		 "struct node { int8_t small; uint16_t words[5]; uint64_t low : 3, middle : 40,\n"
		 "high : 21; int32_t sign : 7; struct node *next; char name[12];\n"
		 "union { uint32_t number; uint8_t bytes[4]; } both; };\n"
		 "BEGIN { $p = (struct node *)%p; $n = (int64)4; @small = $p->next->small;\n"
		 "@word = $p->next->words[4]; @indexed = $p->next->words[$n];\n"
		 "@low = $p->next->low; @middle = $p->next->middle; @high = $p->next->high;\n"
		 "@sign = $p->next->sign; @name = $p->next->name == \"inner\";\n"
		 "@number = $p->next->both.number; @byte = $p->next->both.bytes[$n - 1];\n"
		 "$copy = *$p->next; @copied = $copy.words[2]; @copied_at = $copy.words[$n];\n"
		 "@out = $copy.words[$n + 1]; @text = str($p->next->name) == \"inner\";\n"
		 "@null = ((struct node *)0)->next->small;\n"
		 "@array = $copy.words[0] + $copy.words[1]; }\n",
		 (void *)&outer);
	struct code_script s = run_script(text);
	static const struct {
		const char *map;
		int64_t want;
	} wanted[] = {
		{ "@small", -5 },
		{ "@word", 50000 },
		{ "@indexed", 50000 },
		{ "@low", 5 },
		{ "@middle", 0xabcdef0123 },
		{ "@high", 0x1fffff },
		{ "@sign", -33 },
		{ "@name", 1 },
		{ "@number", 0x01020304 },
		{ "@byte", 1 },
		{ "@copied", 3 },
		{ "@copied_at", 50000 },
		{ "@out", 0 },
		{ "@text", 1 },
		{ "@null", 0 },
		{ "@array", 3 },
	};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		printf("%s\n", wanted[i].map);
		CHECK_INT((int64_t)code_script_number(&s, wanted[i].map), wanted[i].want);
	}
	code_script_close(&s);
}
