// SPDX-License-Identifier: Apache-2.0
// From scripts to programs: types, meanings, conversions, parts, settings, and what is said of
// mistakes. Plans are made up, so that no files are needed.
#include <dirent.h>
#include <stdlib.h>

#include "checked.h"
#include "unit.h"

// --- maps and variables ---

TEST(check_map_takes_largest_text_of_all_clauses)
{
	struct checked c =
		fine("BEGIN { @a = \"ab\"; @k[\"x\"] = 1 } END { @a = comm; @k[comm] = 2 }");
	CHECK_INT(map(&c, "@a")->value->kind, TYPE_TEXT);
	CHECK_INT(map(&c, "@a")->value->size, 16);
	CHECK_INT(map(&c, "@k")->key->size, 16);
	done(&c);
}

TEST(check_maps_are_in_order_of_name)
{
	struct checked c = fine("BEGIN { @z = 1; @ = 1; @m = 1 }");
	CHECK_INT(c.p->n_maps, 3);
	CHECK_VIEW(c.p->maps[0]->name, "@");
	CHECK_VIEW(c.p->maps[1]->name, "@m");
	CHECK_INT(c.p->maps[2]->index, 2);
	done(&c);
}

TEST(check_map_used_before_it_is_set_in_text)
{
	struct checked c = fine("BEGIN { print(@a + 1) } END { @a = 5 }");
	CHECK_INT(map(&c, "@a")->value->kind, TYPE_INT);
	done(&c);
}

TEST(check_map_integers_have_eight_bytes)
{
	struct checked c = fine("BEGIN { @a[pid] = pid; @b = (int8)1 }");
	CHECK_INT(map(&c, "@a")->key->size, 8);
	CHECK_INT(map(&c, "@a")->value->size, 8);
	CHECK_INT(map(&c, "@a")->value->kind, TYPE_UINT);
	CHECK_INT(map(&c, "@b")->value->kind, TYPE_INT);
	done(&c);
}

TEST(check_literals_take_the_sign_of_what_else_is_assigned)
{
	struct checked c = fine("BEGIN { @a = 0; @a = nsecs; @b = nsecs; @b = -1; "
				"$c = (uint8)1; $c++; @c = $c }");
	CHECK_INT(map(&c, "@a")->value->kind, TYPE_UINT);
	CHECK_INT(map(&c, "@b")->value->kind, TYPE_INT);
	CHECK_INT(c.p->parts[0]->vars[0]->type->size, 8);
	done(&c);
}

TEST(check_aggregation_reads_as_number)
{
	struct checked c =
		fine("BEGIN { @c = count(); @n = @c; if (@c > 5) { printf(\"%d\", @c) } }");
	CHECK_INT(map(&c, "@c")->agg, AGG_COUNT);
	CHECK(map(&c, "@c")->is_per_cpu);
	CHECK_INT(map(&c, "@c")->out_value->kind, OUT_COUNT);
	CHECK_INT(map(&c, "@n")->agg, AGG_NONE);
	done(&c);
}

static void prints(const char *value, uint64_t number, enum type_kind kind)
{
	struct arena *a = arena_new();
	struct checked c = fine(arena_printf(a, "BEGIN { print(%s) }", value).p);
	const struct expr *e = c.p->actions[0]->args[0].value;
	if (e->num.value != number || e->type->kind != kind)
		unit_fail(__FILE__, __LINE__, "%s: %lld", value, (long long)e->num.value);
	done(&c);
	arena_free(a);
}

TEST(check_constants_of_all_64_bits_have_no_sign)
{
	prints("(uint64)10000000000000000000 / 3", 3333333333333333333, TYPE_UINT);
	prints("(uint64)10000000000000000000 % 7", 3, TYPE_UINT);
	prints("0xffffffffffffffff > 0", 1, TYPE_BOOL);
	prints("0xffffffffffffffff / 2", INT64_MAX, TYPE_UINT);
	prints("0xffffffffffffffff | 1", UINT64_MAX, TYPE_UINT);
	prints("(uint64)0xf000000000000000 / 2", 0x7800000000000000, TYPE_UINT);
	prints("-7 / 2", (uint64_t)-3, TYPE_INT);
	prints("-1 < 1", 1, TYPE_BOOL);
}

TEST(check_sign_and_complement_keep_the_width)
{
	prints("-(uint32)5", 4294967291, TYPE_UINT);
	prints("~(uint8)5", 250, TYPE_UINT);
	prints("~5", ~5ull, TYPE_UINT);
	prints("-5", (uint64_t)-5, TYPE_INT);
	prints("-(int8)5", (uint64_t)-5, TYPE_INT);
}

TEST(check_maps_keep_numbers_without_sign)
{
	struct checked c = fine("BEGIN { @m = max((uint64)5); @x = min(0xffffffffffffffff); "
				"@a = avg((uint64)4); $n = (uint64)1; @a = avg($n); @i = sum(-1); "
				"@w = 1; @w = 0xffffffffffffffff; @s = stats(3); @s = stats($n) }");
	static const char *const names[] = { "@m", "@x", "@a", "@w", "@s" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		CHECK_INT(map(&c, names[i])->value->kind, TYPE_UINT);
	CHECK_INT(map(&c, "@i")->value->kind, TYPE_INT);
	done(&c);
}

TEST(check_texts_are_bytes)
{
	struct checked c = fine("BEGIN { $s = \"abc\"; print($s[1]); print(buf($s, 2)); "
				"print(memcmp(comm, $s, 20)) }");
	CHECK_INT(c.p->actions[0]->args[0].value->type->size, 1);
	CHECK_INT(c.p->actions[1]->args[0].value->type->size, 6);
	done(&c);
	refused("BEGIN { $s = \"abc\"; print($s[4]) }", "the array has 4 items");
	refused("BEGIN { print(buf(comm)) }", "how many bytes: buf(text, n)");
}

TEST(check_structs_are_compared)
{
	struct checked c = fine("struct in { int a; char b; }; struct o { int x; struct in i; }; "
				"uprobe:/bin/a:f { $p = (struct o *)arg0; print($p->i == $p->i) }");
	done(&c);
	refused("struct in { int a; }; struct on { int a; }; "
		"uprobe:/bin/a:f { print(*(struct in *)arg0 == *(struct on *)arg0) }",
		"cannot be compared");
}

TEST(check_signal_is_for_traced_processes)
{
	refused("BEGIN { signal(9) }", "signal() is not there in BEGIN probes");
	refused("interval:s:1 { signal(9) }", "signal() is not there in interval probes");
}

TEST(check_blocks_have_variables_of_their_own)
{
	struct checked c = fine("BEGIN { if (1) { $a = 1 } else { $a = \"x\" } "
				"for ($i : 0..2) { $a = $i } if (1) { $a = 2 } }");
	// The numbers have one place.
	CHECK_INT(c.p->parts[0]->n_vars, 3);
	done(&c);
	c = fine("BEGIN { if (pid) { $a = 1 } else { $a = 2 } print($a) }");
	CHECK_INT(c.p->parts[0]->n_vars, 1);
	done(&c);
	refused("BEGIN { if (pid) { $a = 1 } else { $a = \"x\" } print($a) }", "cannot become");
	refused("BEGIN { $a = 1; if (pid) { $a = \"x\" } }", "cannot become");
}

TEST(check_options_that_nobody_asks_for)
{
	refused("BEGIN { print(getopt(\"limit\", 3)); print(getopt(\"limits\", 3)); $quiet = 1 }",
		"the script has no option --quiet\n  there are: --limit --limits");
}

TEST(check_loops_are_told_once)
{
	static const char *const deep =
		"BEGIN { for ($a : 0..1) { for ($b : 0..1) { for ($c : 0..1) { for ($d : 0..1) { "
		"for ($e : 0..1) { for ($f : 0..1) { for ($g : 0..1) { for ($h : 0..1) { "
		"for ($i : 0..1) { @++ } } } } } } } } } }";
	struct checked c = check(deep);
	CHECK_INT(diag_n_errors(c.diag), 1);
	CHECK(str_find(c.said, STR("nested 7 deep")) >= 0);
	done(&c);
	c = check("BEGIN { unroll(100) { unroll(100) { unroll(100) { @++ } } } }");
	CHECK_INT(diag_n_errors(c.diag), 1);
	CHECK(str_find(c.said, STR("t:1:44: this is repeated 1000000 times")) >= 0);
	done(&c);
}

TEST(check_networks_and_assertions)
{
	struct checked c = fine("BEGIN { assert(1); @a = pton(\"1.2.3.4\"); @b = pton(\"::1\") }");
	CHECK_INT(map(&c, "@a")->value->size, 4);
	CHECK_INT(map(&c, "@b")->value->size, 16);
	done(&c);
	refused("BEGIN { pton(\"x\") }", "takes an internet address");
	refused("BEGIN { fail(\"no\") }", "fail: no");
	refused("BEGIN { assert(0, \"no\") }", "assert: no");
	refused("BEGIN { print(comm(pid)) }", "of the current thread only");
}

TEST(check_what_is_said_twice)
{
	refused("macro a($x) { 1 } macro a($y) { 2 } BEGIN { $z = 1; print(a($z)) }",
		"there is a macro 'a' with the same parameters");
	refused("macro a(x) { return; } BEGIN { a(1); }", "'return' cannot stand in a macro");
	refused("config = { max_strlen = 5 } config = { max_strlen = 6 } BEGIN { }",
		"there is a config block already");
	struct checked c = fine("macro a($x) { 1 } macro a(e) { 2 } BEGIN { print(a(1)) }");
	done(&c);
}

TEST(check_numbers_fit_into_declared_variables)
{
	refused("BEGIN { let $x : uint8 = 300; }", "300 does not fit into uint8");
	refused("BEGIN { let $x : int8; $x = 128; }", "128 does not fit into int8");
	struct checked c = fine("BEGIN { let $x : uint8 = 255; let $y : int8 = -128; "
				"let $z : uint8 = (uint8)300; print(usermode) }");
	done(&c);
}

TEST(check_map_declarations)
{
	struct checked c = fine("let @m = percpulruhash(7); BEGIN { @m[1] = 1 }");
	CHECK_INT(map(&c, "@m")->max_entries, 7);
	CHECK_INT(map(&c, "@m")->storage, MAP_LRU_HASH);
	CHECK(map(&c, "@m")->is_per_cpu);
	done(&c);
}

TEST(check_tuple_that_holds_itself_ends)
{
	refused("BEGIN { @x = (1, @x) }", "@x");
}

TEST(check_variable_outlives_the_if_that_sets_it)
{
	struct checked c = fine("BEGIN { if (pid) { $a = 1 } else { $a = 2 } print($a) }");
	CHECK_INT(c.p->parts[0]->n_vars, 1);
	done(&c);
}

TEST(check_variables_of_let_and_for_end_with_their_block)
{
	refused("BEGIN { if (pid) { let $a = 1; } print($a) }", "'let $a;'");
	refused("BEGIN { for ($i : 0..3) { } print($i) }", "'$i' is not set here");
}

TEST(check_variables_of_macros_are_their_own)
{
	struct checked c =
		fine("macro m(e) { $x = e; $x } BEGIN { $x = \"a\"; print(m(5)); print($x) }");
	CHECK_INT(c.p->parts[0]->n_vars, 2);
	done(&c);
}

// --- parts ---

TEST(check_clause_with_two_kinds_has_two_parts)
{
	struct checked c = fine("BEGIN, interval, END { $x = probetype; print($x) }");
	CHECK_INT(c.p->n_parts, 3);
	CHECK_INT(c.p->n_sites, 3);
	CHECK_INT(c.p->parts[0]->kind, PROBE_BEGIN);
	CHECK(c.p->parts[0]->body != c.p->parts[1]->body);
	CHECK_INT(c.p->parts[0]->vars[0]->type->size, sizeof("special"));
	CHECK_INT(c.p->parts[1]->vars[0]->type->size, sizeof("interval"));
	done(&c);
}

TEST(check_sites_with_a_flags_test_are_apart)
{
	struct checked c = fine("uprobe, uprobe:flags, uprobe { @ = count() }");
	CHECK_INT(c.p->n_parts, 2);
	CHECK_INT(c.p->parts[0]->n_sites, 2);
	CHECK_INT(c.p->parts[0]->entry_cc, INSN_CC_NONE);
	CHECK_INT(c.p->parts[1]->n_sites, 1);
	CHECK_INT(c.p->parts[1]->first_site, 2);
	CHECK_INT(c.p->parts[1]->entry_cc, 6);
	done(&c);
}

TEST(check_clause_without_probes_still_sets_its_maps)
{
	struct checked c = fine(
		"nothing { @x[arg0] = args.y; @y = comm } END { print(@y); print(@x[1] + 1) }");
	CHECK_INT(c.p->n_parts, 1);
	CHECK_INT(map(&c, "@y")->value->size, 16);
	done(&c);
}

TEST(check_names_of_probes_are_numbered)
{
	struct checked c = fine("BEGIN, END { print(probe == \"END\") }");
	CHECK_VIEW(c.p->names[c.p->sites[0].probe_name], "BEGIN");
	CHECK_VIEW(c.p->names[c.p->sites[1].probe_name], "END");
	done(&c);
}

// --- constants ---

static uint64_t printed(const char *text)
{
	struct checked c = fine(text);
	CHECK_INT(c.p->n_actions, 1);
	const struct expr *e = c.p->actions[0]->args[0].value;
	CHECK(e->kind == EXPR_INT || e->kind == EXPR_BOOL);
	uint64_t v = e->num.value;
	done(&c);
	return v;
}

TEST(check_constants_are_folded)
{
	CHECK_INT(printed("BEGIN { print(1 + 2 * 3) }"), 7);
	CHECK_INT(printed("BEGIN { print(-7 / 2) }"), (uint64_t)-3);
	CHECK_INT(printed("BEGIN { print((uint8)300) }"), 44);
	CHECK_INT(printed("BEGIN { print((int8)200) }"), (uint64_t)-56);
	CHECK_INT(printed("BEGIN { print(-1 < 1) }"), 1);
	CHECK_INT(printed("BEGIN { print($1 * 2) }"), 24);
	CHECK_INT(printed("BEGIN { print($9) }"), 0);
	CHECK_INT(printed("BEGIN { print($#) }"), 2);
	CHECK_INT(printed("BEGIN { print(getopt(\"limit\", 1)) }"), 7);
	CHECK_INT(printed("BEGIN { print(getopt(\"quiet\")) }"), 1);
	CHECK_INT(printed("BEGIN { print(getopt(\"other\")) }"), 0);
	CHECK_INT(printed("struct s { char c; int i; }; BEGIN { print(sizeof(struct s)) }"), 8);
	CHECK_INT(printed("enum e { A = 3, B }; BEGIN { print(B) }"), 4);
}

TEST(check_division_by_zero_is_told)
{
	refused("BEGIN { print(1 / 0) }", "division by zero");
	refused("BEGIN { @a = 1; @a %= 0 }", "division by zero");
	refused("BEGIN { $a = 1; $a /= 0 }", "division by zero");
}

// --- settings ---

TEST(check_config_block_and_environment)
{
	setenv("BPFTRACE_STRLEN", "200", 1);
	setenv("BPFTRACE_MAX_MAP_KEYS", "10", 1);
	setenv("STOAT_MAX_MAP_KEYS", "20", 1);
	struct checked c = fine("config = { max_strlen = 5; max_probes = 7; missing_probes = warn; "
				"stack_mode = perf; str_trunc_trailer = \"~\"; "
				"print_maps_on_exit = false; perf_rb_pages = 3 } BEGIN { }");
	CHECK_INT(c.config->max_strlen, 200);
	CHECK_INT(c.config->max_map_keys, 20);
	CHECK_INT(c.config->max_probes, 7);
	CHECK_INT(c.config->missing_probes, PLAN_MISSING_WARN);
	CHECK_INT(c.config->stack_mode, STACK_PERF);
	CHECK_VIEW(c.config->trailer, "~");
	CHECK(!c.config->prints_maps_on_exit);
	CHECK_INT(c.config->ring_bytes, 16384);
	done(&c);
	setenv("STOAT_MAX_STRLEN", "lots", 1);
	refused("BEGIN { }",
		"environment variable STOAT_MAX_STRLEN: max_strlen is a number from 1");
}

TEST(check_unsafe_functions_need_the_option)
{
	struct checked c = check_text(STR("BEGIN { system(\"ls\") }"), false);
	CHECK(str_find(c.said, STR("allowed only with --unsafe")) >= 0);
	done(&c);
}

// --- values ---

TEST(check_strings_have_their_size)
{
	struct checked c = fine("config = { max_strlen = 64 } uprobe { @a = str(arg0); "
				"@b = str(arg0, 5); @c = str(arg0, arg1); @d = buf(arg0, 8) }");
	CHECK_INT(map(&c, "@a")->value->size, 64);
	CHECK_INT(map(&c, "@b")->value->size, 6);
	CHECK_INT(map(&c, "@c")->value->size, 64);
	CHECK_INT(map(&c, "@d")->value->size, 12);
	done(&c);
}

TEST(check_nil)
{
	struct checked c =
		fine("struct s { char *p; int n; }; uprobe { $p = nil; "
		     "$p = (struct s *)arg0; if ($p != nil && nil == $p->p) { @a = $p->n; "
		     "} @p = nil; @q[nil] = 1; @q[$p] = 2; @same = nil == nil; }");
	CHECK_INT(map(&c, "@a")->value->kind, TYPE_INT);
	CHECK_INT(map(&c, "@p")->value->kind, TYPE_PTR);
	CHECK_INT(map(&c, "@q")->key->kind, TYPE_PTR);
	CHECK_INT(map(&c, "@same")->value->kind, TYPE_BOOL);
	done(&c);
	// What the script calls so hides it.
	c = fine("enum e { nil = 7 }; BEGIN { @a = nil }");
	CHECK(map(&c, "@a")->value->kind != TYPE_PTR);
	done(&c);
	refused("BEGIN { print(1 == nil) }", "int64 is never nil");
	refused("BEGIN { print(comm != nil) }", "string is never nil");
	refused("BEGIN { $p = nil; print($p < nil) }", "nil can be compared with == and != only");
	refused("BEGIN { print(*nil) }", "what this points to is not known");
	refused("BEGIN { print(cap(comm)) }", "cap() takes a slice, an array or a channel");
}

TEST(check_pointers_are_the_programs_or_the_kernels)
{
	struct checked c = fine("struct s { char *p; }; uprobe { "
				"@u = ((struct s *)arg0)->p; @k = ((struct s *)kptr(arg0))->p; "
				"@t = curtask }");
	CHECK(!map(&c, "@u")->value->is_kernel);
	CHECK(map(&c, "@k")->value->is_kernel);
	CHECK(map(&c, "@t")->value->is_kernel);
	done(&c);
}

TEST(check_shapes_of_what_is_printed)
{
	struct checked c =
		fine("enum e { A, B }; uprobe { printf(\"%d %s %s\", retvalue(), (enum e)1, comm) }"
		     "macro retvalue() { arg0 }");
	const struct program_action *a = c.p->actions[0];
	CHECK_INT(a->n_args, 3);
	CHECK(a->args[0].shown->is_word);
	CHECK_INT(a->args[1].shown->kind, OUT_ENUM);
	CHECK_INT(a->args[1].shown->n_names, 2);
	CHECK_INT(a->args[2].shown->kind, OUT_STRING);
	done(&c);
}

TEST(check_one_mistake_is_told_once)
{
	struct checked c =
		check("BEGIN { $x = nope; $y = $x + 1; @m[$y] = $x; print(@m[1]); print($y) }");
	CHECK_INT(diag_n_errors(c.diag), 1);
	done(&c);
}

// --- golden files ---

static struct str read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return STR("");
	char *text = ARENA_ARRAY(a, char, SCRIPT_SIZE_MAX);
	size_t n = fread(text, 1, SCRIPT_SIZE_MAX, f);
	fclose(f);
	return (struct str) { text, n };
}

static struct str dump(struct checked *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	CHECK(f);
	program_dump(c->p, f);
	fclose(f);
	struct str s = arena_strdup(c->a, (struct str) { text, n });
	free(text);
	return s;
}

static void check_golden(const char *folder, const char *name, bool is_wrong)
{
	struct arena *a = arena_new();
	struct str in = arena_printf(a, "tests/golden/%s/%s.bt", folder, name);
	struct str out = arena_printf(a, "tests/golden/%s/%s.out", folder, name);
	struct checked c = check_text(read_file(a, in.p), true);
	if ((diag_n_errors(c.diag) > 0) != is_wrong)
		unit_fail(in.p, 1, "said:\n%.*s", STR_ARG(c.said));
	struct str got = is_wrong ? c.said : dump(&c);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(out.p, "w");
		CHECK(f);
		fwrite(got.p, 1, got.len, f);
		fclose(f);
	}
	if (!str_eq(got, read_file(a, out.p)))
		unit_fail(in.p, 1, "it is not as in %s; UPDATE_GOLDEN=1 rewrites it", out.p);
	done(&c);
	arena_free(a);
}

static size_t check_folder(const char *folder, bool is_wrong)
{
	char path[64];
	snprintf(path, sizeof(path), "tests/golden/%s", folder);
	DIR *dir = opendir(path);
	CHECK(dir);
	size_t n = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct str name = str_from(e->d_name);
		if (!str_ends(name, STR(".bt")))
			continue;
		e->d_name[name.len - 3] = 0;
		check_golden(folder, e->d_name, is_wrong);
		n++;
	}
	closedir(dir);
	return n;
}

TEST(check_golden_types)
{
	CHECK(check_folder("types", false) >= 7);
}

TEST(check_golden_mistakes)
{
	CHECK(check_folder("diag", true) >= 5);
}
