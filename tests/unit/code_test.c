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
	{ "str($t, 4) == \"hell\"", 1 },
	{ "strlen(str($t, 2))", 2 },
	{ "strlen(str($long, 30))", 30 },
	{ "str($t, 0) == \"\"", 1 },
	{ "str($t, 9) == $t", 1 },
	{ "nil == (uint8 *)$z", 1 },
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

// --- what fails ---

static uint64_t failures(const struct code_script *s, const char *what)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->code->n_failures; i++)
		if (strcmp(s->code->failures[i].what, what) == 0)
			n += s->globals->failures[i];
	return n;
}

TEST(code_failures_are_counted_where_they_happen)
{
	struct code_script s = run_script(
		"let @two = hash(2);\n"
		"BEGIN { $z = 0; @one = 5 / $z; @also = 7 % $z; @s = str(1); @p = *(uint64 *)2;\n"
		"@two[1] = 1; @two[2] = 2; @two[3] = 3; @two[4] += 1; @two[1] = 7;\n"
		"@len = len(@two); $t = *(uint8[4] *)0; $i = (int64)4; @at = $t[$i]; }");
	CHECK_INT(failures(&s, "division by zero"), 2);
	CHECK_INT(failures(&s, "map full"), 2);
	CHECK_INT(failures(&s, "cannot read memory"), 3);
	CHECK_INT(failures(&s, "index out of bounds"), 1);
	CHECK_INT(code_script_number(&s, "@one"), 1);
	CHECK_INT(code_script_number(&s, "@len"), 2);
	CHECK_INT(code_script_entry(&s, "@two", 1), 7);
	code_script_close(&s);
}

// The busy words of all slots of scratch memory: all are set to that before.
static uint64_t busy_slots(struct code_script *s, bool sets, uint64_t word)
{
	const struct bpf_map *m = NULL;
	uint64_t n = 0;
	for (size_t i = 0; i < s->code->n_maps; i++)
		if (strcmp(s->code->maps[i]->name, "scratch") == 0)
			m = s->code->maps[i];
	CHECK(m);
	uint64_t *value = arena_alloc(s->arena, 1, bpf_map_value_bytes(m));
	for (uint32_t i = 0; i < m->max_entries; i++) {
		bool found;
		CHECK_OK(bpf_map_lookup(m, &i, value, &found));
		n += value[0] != 0;
		value[0] = word;
		if (sets)
			CHECK_OK(bpf_map_update(m, &i, value, BPF_ANY));
	}
	return n;
}

TEST(code_scratch_memory_is_claimed_and_given_back)
{
	static const char *const texts[] = {
		"BEGIN { @n++; $s = str(0); @t[$s, str(0)] = 1; }",
		"BEGIN /str(0) == str(1)/ { @n++; }",
		"BEGIN /str(0) != str(0)/ { @never = 1; } BEGIN { @n++; @t[str(0)] = 1; return; }",
		"BEGIN { for ($i : 0..3) { if ($i == 1) { @n++; @t[str(0)] = 1; exit() } } }",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct code_script s = run_script(texts[i]);
		CHECK_INT(code_script_number(&s, "@n"), 1);
		CHECK_INT(busy_slots(&s, true, 1), 0);
		CHECK_INT(s.globals->n_busy, 0);
		code_script_run(&s);
		CHECK_INT(code_script_number(&s, "@n"), 1);
		CHECK(s.globals->n_busy > 0);
		busy_slots(&s, true, 0);
		code_script_run(&s);
		CHECK_INT(code_script_number(&s, "@n"), 2);
		code_script_close(&s);
	}
}

static bool has_none(void *ctx, enum bpf_feature_id f)
{
	(void)ctx;
	return f == BPF_FEATURE_RINGBUF || f == BPF_FEATURE_GET_STACK || f == BPF_FEATURE_BOOT_NS;
}

TEST(code_for_an_old_kernel_runs_on_a_new_one)
{
	struct arena *a = bpf_kernel_need();
	struct code_script s;
	const char *text = "BEGIN { @n++; @x[1] += 5; @x[1] -= 2; @m = max(-4); @m = max(-9);\n"
			   "@i = min(3); @b |= 6; @c = @n++; $s = str(0); @t[$s] = hist(3);\n"
			   "printf(\"%s %d\\n\", $s, @n); unroll (3) { @u += 2; } }";
	CHECK(code_script_compile(a, str_from(text), has_none, &s));
	CHECK(code_script_load(&s));
	code_script_run(&s);
	CHECK_INT(code_script_number(&s, "@n"), 2);
	CHECK_INT(code_script_number(&s, "@c"), 1);
	CHECK_INT(code_script_entry(&s, "@x", 1), 3);
	CHECK_INT((int64_t)code_script_agg(&s, "@m"), -4);
	CHECK_INT(code_script_agg(&s, "@i"), 3);
	CHECK_INT(code_script_number(&s, "@b"), 6);
	CHECK_INT(code_script_number(&s, "@u"), 6);
	code_script_close(&s);
}

TEST(code_what_a_kernel_cannot_do_is_told_with_its_place)
{
	static const char *const texts[] = {
		"BEGIN { for ($i : 0..3) { @++ } }",
		"BEGIN { $i = 0; while ($i < 3) { $i++ } }",
		"BEGIN { @x[1] = 1; for ($kv : @x) { @++ } }",
		"BEGIN { @c = count(); @x = (int64)@c; }",
		"BEGIN { @x[1] = 1; @n = len(@x); }",
		"BEGIN { @n = strcontains(comm, \"a\"); }",
	};
	struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct code_script s;
		CHECK(!code_script_compile(a, str_from(texts[i]), has_none, &s));
		struct str errors = diag_render(s.diag, a);
		CHECK(str_find(errors, STR("this kernel cannot run")) >= 0);
		CHECK(str_find(errors, STR("or newer can")) >= 0);
	}
	arena_free(a);
}

// --- aggregations ---

static const int64_t amounts[] = {
	INT64_MIN, -1,    0,     1,          2,          3,          4,           7,
	8,         15,    16,    31,         100,        1023,       1024,        4095,
	4096,      65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef,
	INT64_MAX
};

TEST(code_large_aggregations_are_shared_by_all_cpus)
{
	struct code_script s =
		run_script("let @c = hash(2000000); let @m = hash(2000000);\n"
			   "BEGIN { @c[1] = count(); @c[1] = count(); @m[\"a\"] = min(-5); "
			   "@m[\"a\"] = min(3);\n"
			   "@n = (int64)@c[1]; @least = (int64)@m[\"a\"]; @none = (int64)@c[2];\n"
			   "for ($kv : @c) { @sum += $kv.1; } }");
	CHECK_INT(s.code->map_of[0]->type, BPF_MAP_TYPE_HASH);
	CHECK_INT(code_script_number(&s, "@n"), 2);
	CHECK_INT((int64_t)code_script_number(&s, "@least"), -5);
	CHECK_INT(code_script_number(&s, "@none"), 0);
	CHECK_INT(code_script_number(&s, "@sum"), 2);
	code_script_close(&s);
}

TEST(code_histograms_have_the_buckets_of_out)
{
	struct arena *a = bpf_kernel_need();
	struct out_buf text = { 0 };
	out_buf_printf(&text, "BEGIN {\n");
	for (size_t i = 0; i < ARRAY_LEN(amounts); i++) {
		out_buf_printf(&text, "$x = (int64)0x%llx; ", (unsigned long long)amounts[i]);
		for (int k = 0; k <= OUT_HIST_BITS_MAX; k++)
			out_buf_printf(&text, "@h%d[%zu] = hist($x, %d); ", k, i, k);
		out_buf_printf(&text, "@l[%zu] = lhist($x, -10, 4000, 7);\n", i);
	}
	out_buf_printf(&text, "}\n");
	struct code_script s;
	CHECK(code_script_compile(a, out_buf_view(&text), NULL, &s));
	CHECK(code_script_load(&s));
	code_script_run(&s);
	for (size_t m = 0; m < s.program->n_maps; m++) {
		const struct out_type *t = s.program->maps[m]->out_value;
		const struct bpf_map *map = s.code->map_of[m];
		size_t size = out_agg_size(t);
		uint64_t *merged = arena_alloc(a, 1, size);
		void *value = arena_alloc(a, 1, bpf_map_value_bytes(map));
		for (uint64_t i = 0; i < ARRAY_LEN(amounts); i++) {
			bool found;
			CHECK_OK(bpf_map_lookup(map, &i, value, &found));
			if (!found)
				printf("%.*s[%llu] is not there\n",
				       STR_ARG(s.program->maps[m]->name), (unsigned long long)i);
			CHECK(found);
			bool is_shared = map->type == BPF_MAP_TYPE_HASH;
			out_agg_merge(t, value, is_shared ? 1 : bpf_possible_cpus(),
				      (size + 7) & ~7u, merged);
			size_t want = t->kind == OUT_HIST
					      ? out_hist_index(amounts[i], t->bits)
					      : out_lhist_index(amounts[i], -10, 4000, 7);
			for (size_t k = 0; k < size / 8; k++)
				CHECK_INT(merged[k], k == want);
		}
	}
	code_script_close(&s);
}

// --- events ---

struct heard {
	struct code_script *s;
	struct out_buf text;
	unsigned n_processes;
};

static bool hear(void *ctx, const void *data, size_t len)
{
	struct heard *h = ctx;
	struct code_event e;
	static const struct out_env env = { .trailer = { "..", 2 } };
	CHECK(len >= sizeof(e));
	memcpy(&e, data, sizeof(e));
	if (e.kind == CODE_EVENT_PROCESS) {
		h->n_processes++;
		return true;
	}
	CHECK(e.kind < h->s->program->n_actions);
	const struct program_action *action = h->s->program->actions[e.kind];
	struct out_value args[16];
	CHECK(code_event_args(action, (struct bytes) { data, len }, args));
	// Cut anywhere, it is too short.
	struct out_value none[16];
	if (len > sizeof(e))
		CHECK(!code_event_args(action, (struct bytes) { data, sizeof(e) }, none));
	if (action->kind == ACTION_PRINTF)
		out_format_render(&env, &action->format, args, action->n_args, &h->text);
	else if (action->kind == ACTION_PRINT)
		out_value_text(&env, args[0], &h->text);
	else
		out_buf_printf(&h->text, "<%d>", (int)action->kind);
	return true;
}

static void check_events(const char *text, const char *want)
{
	struct code_script s = run_script(text);
	struct heard h = { .s = &s };
	struct bpf_ring *ring;
	CHECK_OK(bpf_ring_open(s.code->ring, hear, &h, &ring));
	bpf_ring_read(ring);
	bpf_ring_close(ring);
	CHECK_VIEW(out_buf_view(&h.text), want);
	CHECK_INT(s.globals->n_lost, 0);
	out_buf_free(&h.text);
	code_script_close(&s);
}

TEST(code_events_carry_their_arguments)
{
	static const char words[] = "a text in memory that is longer than forty bytes, by far";
	static const uint8_t bytes[] = { 1, 2, 0xff, 0 };
	char text[1024];
	check_events("BEGIN { printf(\"%d %u %s|\", -5, 7, \"x\"); }", "-5 7 x|");
	check_events(
		"BEGIN { print((1, \"a\", (2, \"b\"))); $s = \"long text, really quite long\";\n"
		"printf(\"[%s %s]\", $s, \"\"); }",
		"(1, a, (2, b))[long text, really quite long ]");
	snprintf(text, sizeof(text),
		 "config = { max_strlen = 48 } BEGIN { $p = %p; $n = 3;\n"
		 "printf(\"%%s|%%s|%%s|%%d\", str($p), str($p, 6), str($p, $n), 9);\n"
		 "$s = str($p); printf(\"|%%s|\", $s); @m = $s; printf(\"%%s|%%r %%r\",\n"
		 "@m, buf(%p, 4), buf(%p, $n)); printf(\"|%%s|\", str(0)); }",
		 (const void *)words, (const void *)bytes, (const void *)bytes);
	check_events(text, "a text in memory that is longer than forty bytes..|a text|a t|9"
			   "|a text in memory that is longer than forty bytes..|"
			   "a text in memory that is longer than forty bytes..|"
			   "\\x01\\x02\\xff\\x00 \\x01\\x02\\xff||");
	static const struct {
		double d;
		float f;
	} real = { 1.5, -0.25f };
	snprintf(text, sizeof(text),
		 "struct r { double d; float f; }; BEGIN { $p = (struct r *)%p; print($p->d); "
		 "print($p->f); }",
		 (const void *)&real);
	check_events(text, "1.5-0.25");
	check_events("BEGIN { @x = 1; clear(@x); print(@x); exit(); print(1); }", "<4><2><6>");
}

TEST(code_more_maps_than_a_program_can_have)
{
	struct arena *a = arena_new();
	struct code_script s;
	struct str text = STR("BEGIN {");
	for (int i = 0; i < 65; i++)
		text = arena_printf(a, "%.*s @m%d = 1;", STR_ARG(text), i);
	CHECK(!code_script_compile(a, arena_printf(a, "%.*s }", STR_ARG(text)), NULL, &s));
	CHECK(str_find(diag_render(s.diag, a), STR("uses 65 maps: the kernel allows 64")) >= 0);
	arena_free(a);
}

TEST(code_too_large_has_a_place)
{
	struct arena *a = arena_new();
	struct code_script s;
	struct str body = STR("");
	for (int i = 0; i < 20; i++)
		body = arena_printf(a, "%.*s @++;", STR_ARG(body));
	struct str text =
		arena_printf(a, "BEGIN { unroll(100) { unroll(100) { %.*s } } }", STR_ARG(body));
	CHECK(!code_script_compile(a, text, NULL, &s));
	CHECK(str_find(diag_render(s.diag, a), STR(":1:9: what is repeated here")) >= 0);
	arena_free(a);
}

TEST(code_structs_are_compared)
{
	static const struct {
		int x;
		char in[2][12];
	} o = { 1, { "the same", "the same" } };
	char text[512];
	snprintf(text, sizeof(text),
		 "struct in { char c[12]; }; struct o { int x; struct in a; struct in b; };\n"
		 "BEGIN { $p = (struct o *)%p; @same = $p->a == $p->b; $q = (struct o *)%p;\n"
		 "@other = $p->a == $q->a; @differ = $p->a != $q->a; }",
		 (const void *)&o, (const void *)((const char *)&o + 1));
	struct code_script s = run_script(text);
	CHECK_INT(code_script_number(&s, "@same"), 1);
	CHECK_INT(code_script_number(&s, "@other"), 0);
	CHECK_INT(code_script_number(&s, "@differ"), 1);
	code_script_close(&s);
}
