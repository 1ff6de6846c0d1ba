// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "script/script.h"

struct parsed {
	struct arena *arena;
	struct diag *diag;
	struct script *script;
};

static struct parsed parse(struct str text)
{
	struct parsed p = { .arena = arena_new() };
	p.diag = diag_new(p.arena);
	p.script = script_parse(p.arena, diag_add_source(p.diag, STR("x.bt"), text), p.diag);
	script_expand_macros(p.arena, p.script, p.diag);
	return p;
}

static struct str dump(const struct parsed *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	CHECK(f);
	script_dump(p->script, f);
	fclose(f);
	struct str copy = arena_strdup(p->arena, (struct str) { text, len });
	free(text);
	return copy;
}

static void check_dump(const char *source, const char *want)
{
	struct parsed p = parse(str_from(source));
	CHECK_VIEW(diag_render(p.diag, p.arena), "");
	CHECK_VIEW(dump(&p), want);
	arena_free(p.arena);
}

static void check_errors(const char *source, const char *want)
{
	struct parsed p = parse(str_from(source));
	CHECK_VIEW(diag_render(p.diag, p.arena), want);
	// What could be parsed can be printed.
	dump(&p);
	arena_free(p.arena);
}

// --- forms ---

TEST(script_parses_a_probe)
{
	check_dump("BEGIN { exit() }", "probe\n"
				       "  attach BEGIN\n"
				       "  do\n"
				       "    call exit\n");
}

TEST(script_keeps_precedence)
{
	check_dump("i:s:1 /a || b && c == 1 + 2 * 3/ { }", "probe\n"
							   "  attach i\n"
							   "    field s\n"
							   "    field 1\n"
							   "  predicate\n"
							   "    binary ||\n"
							   "      name a\n"
							   "      binary &&\n"
							   "        name b\n"
							   "        binary ==\n"
							   "          name c\n"
							   "          binary +\n"
							   "            int 1\n"
							   "            binary *\n"
							   "              int 2\n"
							   "              int 3\n"
							   "  do\n");
}

TEST(script_empty_is_fine)
{
	check_dump("", "");
	check_dump(" \n\t// nothing\n/* here */ ;;\r\n", "");
	check_dump("#!/usr/bin/stoat", "");
}

TEST(script_tells_casts_from_parentheses)
{
	check_dump("BEGIN { (Foo*)x; (Foo)*x; (uint64)*x; (Foo)x }", "probe\n"
								     "  attach BEGIN\n"
								     "  do\n"
								     "    cast Foo *\n"
								     "      name x\n"
								     "    binary *\n"
								     "      name Foo\n"
								     "      name x\n"
								     "    cast uint64\n"
								     "      unary *\n"
								     "        name x\n"
								     "    cast Foo\n"
								     "      name x\n");
}

TEST(script_macro_variables_are_its_own)
{
	check_dump("macro m($a, x) { let $t = x; $a = $t }\n"
		   "BEGIN { $t = 1; m($t, $t) }",
		   "macro m($a, x)\n"
		   "  let\n"
		   "    var $t\n"
		   "    name x\n"
		   "  assign =\n"
		   "    var $a\n"
		   "    var $t\n"
		   "probe\n"
		   "  attach BEGIN\n"
		   "  do\n"
		   "    assign =\n"
		   "      var $t\n"
		   "      int 1\n"
		   "    block\n"
		   "      let\n"
		   "        var $t (macro 1)\n"
		   "        var $t\n"
		   "      assign =\n"
		   "        var $t\n"
		   "        var $t (macro 1)\n");
}

TEST(script_values_only_where_they_are_used)
{
	struct parsed p = parse(STR("BEGIN { { 1 } $x = { 2 }; if (1) { 3 } else { 4 } }"));
	const struct block *b = p.script->items[0]->probe.body;
	CHECK_INT(b->n, 3);
	CHECK(!b->value);
	CHECK(!b->v[0]->expr->block->value);
	CHECK(b->v[1]->assign.value->block->value);
	CHECK(!b->v[2]->expr->if_else.then->value);
	CHECK_INT(b->v[2]->expr->if_else.other->n, 1);
	arena_free(p.arena);
}

TEST(script_spans_cover_the_source)
{
	struct parsed p = parse(STR("uprobe:./a:f+4 /(1 + 2) * 3/ { $x = f(1) [2]; }"));
	const struct probe *probe = &p.script->items[0]->probe;
	const struct stmt *s = probe->body->v[0];
	CHECK_VIEW(diag_span_text(p.diag, p.script->items[0]->span),
		   "uprobe:./a:f+4 /(1 + 2) * 3/ { $x = f(1) [2]; }");
	CHECK_VIEW(diag_span_text(p.diag, probe->attach[0].span), "uprobe:./a:f+4");
	CHECK_VIEW(diag_span_text(p.diag, probe->attach[0].fields[1].span), "f");
	CHECK_VIEW(diag_span_text(p.diag, probe->attach[0].offset->span), "4");
	CHECK_VIEW(diag_span_text(p.diag, probe->predicate->span), "(1 + 2) * 3");
	CHECK_VIEW(diag_span_text(p.diag, probe->predicate->binary.left->span), "1 + 2");
	CHECK_VIEW(diag_span_text(p.diag, probe->body->span), "{ $x = f(1) [2]; }");
	CHECK_VIEW(diag_span_text(p.diag, s->span), "$x = f(1) [2]");
	CHECK_VIEW(diag_span_text(p.diag, s->assign.value->span), "f(1) [2]");
	arena_free(p.arena);
}

TEST(script_fields_take_parameters)
{
	static const struct str params[] = { { "one", 3 }, { "two", 3 } };
	struct parsed p = parse(STR("uprobe:$1/a$2:x$3y+0x$1 { }"));
	const struct attach *a = &p.script->items[0]->probe.attach[0];
	CHECK_VIEW(attach_field_text(p.arena, &a->fields[0], params, 2), "one/atwo");
	CHECK_VIEW(attach_field_text(p.arena, &a->fields[1], params, 2), "xy");
	CHECK_VIEW(attach_field_text(p.arena, a->offset, params, 2), "0xone");
	CHECK_VIEW(attach_field_text(p.arena, &a->fields[0], NULL, 0), "/a");
	arena_free(p.arena);
}

static unsigned n_visited;

static bool count_expr(struct walk *w, struct expr *e)
{
	(void)w;
	n_visited++;
	return e->kind != EXPR_CALL;
}

TEST(script_walk_visits_all)
{
	struct parsed p = parse(STR("i:s:1 /$a/ { $x = 1 + @m[2]; f(g(3)); if (4) { (T[5])6 } }"));
	struct walk w = { .enter_expr = count_expr };
	walk_script(&w, p.script);
	// $a; $x + 1 @m 2; f; if 4; cast 5 6
	CHECK_INT(n_visited, 1 + 5 + 1 + 2 + 3);
	arena_free(p.arena);
}

TEST(script_numbers)
{
	struct number n;
	CHECK(number_parse(STR("0x1d3"), &n));
	CHECK_INT(n.value, 0x1d3);
	CHECK(number_parse(STR("500ms"), &n) && n.is_duration);
	CHECK_INT(n.value, 500000000);
	CHECK_VIEW(n.suffix, "ms");
	CHECK(number_parse(STR("5ULL"), &n) && !n.is_duration);
	CHECK(number_parse(STR("0"), &n) && n.value == 0);
	CHECK(number_parse(STR("0777"), &n) && n.value == 0777);
	CHECK(number_parse(STR("0b11"), &n) && n.value == 3);
	CHECK(number_parse(STR("1e19"), &n));
	CHECK(number_parse(STR("0e99"), &n) && n.value == 0);
	CHECK(number_parse(STR("18446744073709551615"), &n) && n.value == UINT64_MAX);
	CHECK(!number_parse(STR("18446744073709551616"), &n));
	CHECK(!number_parse(STR("2e19"), &n));
	CHECK(!number_parse(STR("1e99999999999999999999"), &n));
	CHECK(!number_parse(STR("200000d"), &n) || !number_parse(STR("2000000d"), &n));
	CHECK(!number_parse(STR(""), &n));
	CHECK(!number_parse(STR("0x"), &n));
	CHECK(!number_parse(STR("0b"), &n));
	CHECK(!number_parse(STR("0b2"), &n));
	CHECK(!number_parse(STR("09"), &n));
	CHECK(!number_parse(STR("_1"), &n));
	CHECK(!number_parse(STR("1x"), &n));
	CHECK(!number_parse(STR("0x1ms"), &n));
	CHECK(!number_parse(STR("1e"), &n));
	CHECK(!number_parse(STR("1MS"), &n));
}

TEST(script_types_are_spelled)
{
	static const struct {
		const char *source;
		const char *want;
	} cases[] = {
		{ "unsigned", "unsigned int" },
		{ "signed", "int" },
		{ "long", "long" },
		{ "long int", "long" },
		{ "int long unsigned", "unsigned long" },
		{ "long long", "long long" },
		{ "unsigned long long int", "unsigned long long" },
		{ "short int", "short" },
		{ "char", "char" },
		{ "signed char", "signed char" },
		{ "char unsigned", "unsigned char" },
		{ "long double", "long double" },
		{ "const struct foo *const*", "struct foo **" },
		{ "enum e[2][3]", "enum e[2][3]" },
		{ "main.Point**[4]*", "main.Point **[4] *" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char source[128];
		snprintf(source, sizeof(source), "BEGIN { let $x : %s; }", cases[i].source);
		struct parsed p = parse(str_from(source));
		CHECK_INT(diag_n_errors(p.diag), 0);
		const struct stmt *s = p.script->items[0]->probe.body->v[0];
		CHECK_VIEW(type_spec_text(p.arena, s->let.type), cases[i].want);
		arena_free(p.arena);
	}
}

// --- errors ---

TEST(script_error_missing_semicolon)
{
	check_errors("BEGIN {\n\t$x = 1\n\tprintf(\"a\");\n}\n",
		     "stoat: error: x.bt:2:8: expected ';' before 'printf'\n"
		     "      $x = 1\n"
		     "            ^\n");
	check_errors("BEGIN { $x = 1 $y = 2 }",
		     "stoat: error: x.bt:1:15: expected ';' before '$y'\n"
		     "  BEGIN { $x = 1 $y = 2 }\n"
		     "                ^\n");
}

TEST(script_error_expected_something_else)
{
	check_errors("BEGIN { print(pid }",
		     "stoat: error: x.bt:1:19: expected ',' or ')', found '}'\n"
		     "  BEGIN { print(pid }\n"
		     "                    ^\n");
	check_errors("BEGIN { print(1", "stoat: error: x.bt:1:16: expected ',' or ')', found the "
					"end of the script\n"
					"  BEGIN { print(1\n"
					"                 ^\n");
	check_errors("BEGIN {\n  f();\n", "stoat: error: x.bt:2:7: expected '}', found the end of "
					  "the script\n"
					  "    f();\n"
					  "        ^\n"
					  "  the block starts at 1:7\n");
	check_errors("BEGIN { $x = ; $y = 1 + }",
		     "stoat: error: x.bt:1:14: expected an expression, found ';'\n"
		     "  BEGIN { $x = ; $y = 1 + }\n"
		     "               ^\n"
		     "stoat: error: x.bt:1:25: expected an expression, found '}'\n"
		     "  BEGIN { $x = ; $y = 1 + }\n"
		     "                          ^\n");
	check_errors("BEGIN { while 1 f(); }",
		     "stoat: error: x.bt:1:17: expected '{', found 'f'\n"
		     "  BEGIN { while 1 f(); }\n"
		     "                  ^\n"
		     "  a body stands in braces, a single statement too\n");
}

TEST(script_error_assignment_as_condition)
{
	check_errors(
		"uprobe:./a:f /pid = 1/ { }",
		"stoat: error: x.bt:1:19: expected '/' at the end of the predicate, found '='\n"
		"  uprobe:./a:f /pid = 1/ { }\n"
		"                    ^\n"
		"  '=' assigns, and does so only as a statement of its own; to compare, write "
		"'=='\n");
	check_errors("BEGIN { if (pid = 3) { } }",
		     "stoat: error: x.bt:1:12: a condition cannot be a record\n"
		     "  BEGIN { if (pid = 3) { } }\n"
		     "             ^~~~~~~~~\n"
		     "  to compare, write '=='\n");
}

TEST(script_error_predicate_without_end)
{
	check_errors("uprobe:./a:f /pid == 1 { f() }",
		     "stoat: error: x.bt:1:14: this predicate has no end: '/' is missing before "
		     "'{'\n"
		     "  uprobe:./a:f /pid == 1 { f() }\n"
		     "               ^\n");
	check_errors("uprobe:./a:f/pid == 1/ { f() }",
		     "stoat: error: x.bt:1:18: expected the probe's '{', found '=='\n"
		     "  uprobe:./a:f/pid == 1/ { f() }\n"
		     "                   ^~\n"
		     "  a predicate needs a blank before its first '/'\n");
}

TEST(script_error_strings)
{
	check_errors("BEGIN { printf(\"abc); }",
		     "stoat: error: x.bt:1:16: this string has no end: '\"' is missing\n"
		     "  BEGIN { printf(\"abc); }\n"
		     "                 ^~~~~~~~\n");
	check_errors("BEGIN { f(\"abc);\n g(\"a\\q\"); }",
		     "stoat: error: x.bt:1:11: this string has no end: '\"' is missing\n"
		     "  BEGIN { f(\"abc);\n"
		     "            ^~~~~~\n"
		     "  a line end inside of a string is written \\n\n");
	check_errors("BEGIN { f(\"a\\q\"); }",
		     "stoat: error: x.bt:1:13: unknown escape in a string\n"
		     "  BEGIN { f(\"a\\q\"); }\n"
		     "              ^~\n"
		     "  there are \\n \\t \\r \\a \\b \\f \\v \\\" \\\\ \\0nn (octal) and \\xnn; a "
		     "backslash "
		     "itself is \\\\\n");
	check_errors("BEGIN { f('a'); }",
		     "stoat: error: x.bt:1:11: strings stand in double quotes\n"
		     "  BEGIN { f('a'); }\n"
		     "            ^~~\n");
}

TEST(script_error_numbers)
{
	check_errors(
		"BEGIN { f(5zz, 09); }",
		"stoat: error: x.bt:1:11: that is no suffix of a number\n"
		"  BEGIN { f(5zz, 09); }\n"
		"            ^~~\n"
		"  there are u, l, ul, ll, ull, and ns, us, ms, s, m, h, d for durations\n"
		"stoat: error: x.bt:1:16: a number that starts with 0 is octal: 8 and 9 are no "
		"digits of it\n"
		"  BEGIN { f(5zz, 09); }\n"
		"                 ^~\n");
	check_errors("BEGIN { f(1.x); }",
		     "stoat: error: x.bt:1:12: a number has no fields\n"
		     "  BEGIN { f(1.x); }\n"
		     "             ^\n"
		     "  a floating point number has digits on both sides: 1.5\n");
}

TEST(script_error_targets)
{
	check_errors("BEGIN { x = 1; args.x = 2; pid++; }",
		     "stoat: error: x.bt:1:9: only a $variable or a @map can be assigned to\n"
		     "  BEGIN { x = 1; args.x = 2; pid++; }\n"
		     "          ^\n"
		     "  a variable is written $x, a map @x\n"
		     "stoat: error: x.bt:1:16: only a $variable or a @map can be assigned to\n"
		     "  BEGIN { x = 1; args.x = 2; pid++; }\n"
		     "                 ^~~~~~\n"
		     "  the memory of a traced program is only read\n"
		     "stoat: error: x.bt:1:28: '++' changes a $variable or a @map, nothing else\n"
		     "  BEGIN { x = 1; args.x = 2; pid++; }\n"
		     "                             ^~~\n");
}

TEST(script_error_statements)
{
	check_errors("BEGIN { else { } }",
		     "stoat: error: x.bt:1:9: 'else' without an 'if' before it\n"
		     "  BEGIN { else { } }\n"
		     "          ^~~~\n");
	check_errors("BEGIN { for ($i = 0; $i < 3; $i++) { f( } f(2 }",
		     "stoat: error: x.bt:1:17: loops count as in 'for ($i : 0..10) { ... }'\n"
		     "  BEGIN { for ($i = 0; $i < 3; $i++) { f( } f(2 }\n"
		     "                  ^\n"
		     "  over a map: for ($kv : @map) { ... }\n"
		     "stoat: error: x.bt:1:41: expected an expression, found '}'\n"
		     "  BEGIN { for ($i = 0; $i < 3; $i++) { f( } f(2 }\n"
		     "                                          ^\n"
		     "stoat: error: x.bt:1:47: expected ',' or ')', found '}'\n"
		     "  BEGIN { for ($i = 0; $i < 3; $i++) { f( } f(2 }\n"
		     "                                                ^\n");
	check_errors("BEGIN { $x := 3; let @m = 1; }",
		     "stoat: error: x.bt:1:12: expected ';', found ':'\n"
		     "  BEGIN { $x := 3; let @m = 1; }\n"
		     "             ^\n"
		     "  a variable is set with '=': $x = 1\n"
		     "stoat: error: x.bt:1:22: expected a $variable, found '@m'\n"
		     "  BEGIN { $x := 3; let @m = 1; }\n"
		     "                       ^~\n"
		     "  maps are declared outside of the probes: let @m = hash(100);\n");
}

TEST(script_error_top_level)
{
	check_errors("printf(\"hi\")",
		     "stoat: error: x.bt:1:1: expected a probe, found 'printf'\n"
		     "  printf(\"hi\")\n"
		     "  ^~~~~~\n"
		     "  statements stand in the braces of a probe: BEGIN { ... }\n");
	check_errors("BEGIN { } }\nEND { f( }",
		     "stoat: error: x.bt:1:11: '}' without a '{' before it\n"
		     "  BEGIN { } }\n"
		     "            ^\n"
		     "stoat: error: x.bt:2:10: expected an expression, found '}'\n"
		     "  END { f( }\n"
		     "           ^\n");
	check_errors("@x = 1; BEGIN { f( }",
		     "stoat: error: x.bt:1:1: expected a probe, found '@x'\n"
		     "  @x = 1; BEGIN { f( }\n"
		     "  ^~\n"
		     "  statements stand in the braces of a probe: BEGIN { ... }\n"
		     "stoat: error: x.bt:1:20: expected an expression, found '}'\n"
		     "  @x = 1; BEGIN { f( }\n"
		     "                     ^\n");
	check_errors("uprobe:./a:\"b\" + x { }",
		     "stoat: error: x.bt:1:18: the offset behind '+' is not a number\n"
		     "  uprobe:./a:\"b\" + x { }\n"
		     "                   ^\n"
		     "  a '+' that belongs to the name stands in quotes with it\n");
	check_errors(
		"uprobe:./a b:f { }",
		"stoat: error: x.bt:1:12: expected the probe's '{', found 'b'\n"
		"  uprobe:./a b:f { }\n"
		"             ^\n"
		"  probes are separated by ',', and names with blanks in them stand in quotes\n");
	check_errors("fn f($a: int): int { return 1; } BEGIN { f( }",
		     "stoat: error: x.bt:1:1: functions ('fn') are not supported\n"
		     "  fn f($a: int): int { return 1; } BEGIN { f( }\n"
		     "  ^~\n"
		     "  a macro does the same: macro name($v, e, @m) { ... }\n"
		     "stoat: error: x.bt:1:45: expected an expression, found '}'\n"
		     "  fn f($a: int): int { return 1; } BEGIN { f( }\n"
		     "                                              ^\n");
}

TEST(script_error_c)
{
	check_errors("struct s { int a; unsigned b:3, *c\n  int d; };",
		     "stoat: error: x.bt:1:35: expected ';' before 'int'\n"
		     "  struct s { int a; unsigned b:3, *c\n"
		     "                                    ^\n");
	check_errors("#define F(x x\n#ifdef A\n#import <a>",
		     "stoat: error: x.bt:1:9: the parameters of this #define are not names in "
		     "'(...)'\n"
		     "  #define F(x x\n"
		     "          ^\n"
		     "stoat: error: x.bt:2:1: this '#if' has no end: '#endif' is missing\n"
		     "  #ifdef A\n"
		     "  ^\n");
	check_errors("#import <a>\n#else\n#if 1 +\n#endif\n#error no \"A\" here\n",
		     "stoat: error: x.bt:1:1: '#import' is not supported\n"
		     "  #import <a>\n"
		     "  ^\n"
		     "  there are #define, #undef, #include, #if, #ifdef, #ifndef, #elif, #else, "
		     "#endif and #error\n"
		     "stoat: error: x.bt:2:1: '#else' without an '#if' before it\n"
		     "  #else\n"
		     "  ^\n"
		     "stoat: error: x.bt:3:5: this condition is not understood\n"
		     "  #if 1 +\n"
		     "      ^~~\n"
		     "  there are numbers, names, defined(NAME) and C's operators\n"
		     "stoat: error: x.bt:5:1: #error no \"A\" here\n"
		     "  #error no \"A\" here\n"
		     "  ^\n");
	check_errors("#define F(x, y) x\n#define G(x) x +\nBEGIN { F(1); G(2); F }",
		     "stoat: error: x.bt:3:9: 'F' takes 2 arguments, 1 is given\n"
		     "  BEGIN { F(1); G(2); F }\n"
		     "          ^\n"
		     "stoat: error: x.bt:2:17: expected an expression, found the end of the "
		     "line\n"
		     "  #define G(x) x +\n"
		     "                  ^\n");
	check_errors(
		"#define A (A + 1)\n#define B\n#define C 1 2\nBEGIN { A; B; C; }",
		"stoat: error: x.bt:1:12: the value of 'A' refers to itself\n"
		"  #define A (A + 1)\n"
		"             ^\n"
		"  it is defined by a #define\n"
		"stoat: error: x.bt:4:12: 'B' is defined without a value\n"
		"  BEGIN { A; B; C; }\n"
		"             ^\n"
		"stoat: error: x.bt:4:15: the value of 'C' is not one expression: '2' follows\n"
		"  BEGIN { A; B; C; }\n"
		"                ^\n");
}

// The message of the only error.
static void check_message(const char *script, const char *want)
{
	struct parsed p = parse(str_from(script));
	struct str all = diag_render(p.diag, p.arena);
	CHECK_INT(diag_n_errors(p.diag), 1);
	if (str_find(all, str_from(want)) < 0)
		CHECK_VIEW(all, want);
	arena_free(p.arena);
}

TEST(script_error_habits_of_c)
{
	check_message("BEGIN { int x = 5; }", ":1:9: a variable is declared with 'let'\n");
	check_message("BEGIN { unsigned long x = 5; @++ }", "let $x : unsigned long\n");
	check_message("BEGIN { do { @++ } while (1) }", ":1:9: there is no 'do'\n");
	check_message("BEGIN { do { @++ } while (1); @++ }", ":1:9: there is no 'do'\n");
	check_message("BEGIN { switch (1) { case 1: break; } @++ }", "there is no 'switch'\n");
	check_message("BEGIN { for (;;) { @++ } }", "loops count as in 'for ($i : 0..10)");
	check_message("BEGIN { for (int i = 0; i < 3; i++) { @++ } }", "loops count as in");
}

TEST(script_error_small_slips)
{
	check_message("config { max_strlen = 5 } BEGIN { }",
		      ":1:8: '=' is missing behind 'config'");
	check_message("macro one { 1 } BEGIN { }", "macro one() { ... }");
	check_message("uprobe /bin/ls main { }", ":1:1: ':' is missing behind 'uprobe'");
	check_message("BEGIN { print(\xe2\x80\x9cx y\xe2\x80\x9d) }", "not the quote of a string");
	struct parsed p = parse(STR("\xef\xbb\xbf#!/bin/x\nuprob:/bin/ls:main { }"));
	CHECK_VIEW(diag_render(p.diag, p.arena), "");
	CHECK_VIEW(p.script->items[0]->probe.attach[0].fields[0].text, "/bin/ls");
	arena_free(p.arena);
	p = parse(STR("\x7f"
		      "ELF\2\1\1\0\x80'\xff@"));
	CHECK_VIEW(diag_render(p.diag, p.arena),
		   "stoat: error: 'x.bt' is no script: it is a binary file\n");
	arena_free(p.arena);
}

// Which branch of #if is let in.
static void check_condition(const char *condition, bool is_true)
{
	char text[512];
	snprintf(text, sizeof(text),
		 "#define ONE 1\n#define EMPTY\n#define SUM(a, b) ((a) + (b))\n#define GONE 3\n"
		 "#undef GONE\n#if %s\nyes { }\n#else\nno { }\n#endif\n",
		 condition);
	struct parsed p = parse(str_from(text));
	CHECK_VIEW(diag_render(p.diag, p.arena), "");
	size_t last = p.script->n_items - 1;
	CHECK_VIEW(p.script->items[last]->probe.attach[0].provider.text, is_true ? "yes" : "no");
	arena_free(p.arena);
}

TEST(script_conditions)
{
	check_condition("1", true);
	check_condition("0x10 == 16 && 'a' == 97", true);
	check_condition("defined(ONE) && !defined GONE && defined EMPTY", true);
	check_condition("ONE + 1 * 3 == 4 && (ONE + 1) * 3 == 6", true);
	check_condition("SUM(ONE, 2) == 3 && SUM(SUM(1, 1), 1) == 3", true);
	check_condition("UNKNOWN || __has_include(<a/b.h>) || GONE", false);
	check_condition("ONE ? 0 : 1", false);
	check_condition("-1 < 0 && ~0 == -1 && 7 % 4 == 3 && 1 << 3 == 8 && 5 / 0 == 0", true);
	check_condition("BPFTRACE_HAVE_BTF", true);
}

TEST(script_conditions_choose_once)
{
	struct parsed p = parse(STR("#if 0\n#if 1\na { }\n#else\nb { }\n#endif\n\"\n"
				    "#elif 1\nc { }\n#elif 1\nd { }\n#else\ne { }\n#endif\n"
				    "#ifndef X\nf {\n#ifdef X\n  syntax error here\n#endif\n}\n"
				    "#endif\n"));
	CHECK_VIEW(diag_render(p.diag, p.arena), "");
	CHECK_INT(p.script->n_items, 2);
	CHECK_VIEW(p.script->items[0]->probe.attach[0].provider.text, "c");
	CHECK_VIEW(p.script->items[1]->probe.attach[0].provider.text, "f");
	arena_free(p.arena);
}

TEST(script_error_macros)
{
	check_errors("macro r(x) { r(x) }\nmacro m($v, @m) { @n++ }\n"
		     "BEGIN { r(1); m($x, @y); m(1, @y); m; }",
		     "stoat: error: x.bt:1:14: macro 'r' calls itself\n"
		     "  macro r(x) { r(x) }\n"
		     "               ^~~~\n"
		     "stoat: error: x.bt:2:19: macro 'm' has no parameter @n\n"
		     "  macro m($v, @m) { @n++ }\n"
		     "                    ^~\n"
		     "  a macro reaches only the maps that it is given\n"
		     "stoat: error: x.bt:3:26: macro 'm' does not take these arguments\n"
		     "  BEGIN { r(1); m($x, @y); m(1, @y); m; }\n"
		     "                           ^~~~~~~~\n"
		     "  there is: macro m($v, @m)\n"
		     "stoat: error: x.bt:3:36: macro 'm' does not take these arguments\n"
		     "  BEGIN { r(1); m($x, @y); m(1, @y); m; }\n"
		     "                                     ^\n"
		     "  there is: macro m($v, @m)\n");
}

// --- limits ---

static struct str repeat(struct arena *a, const char *head, const char *unit, size_t n,
			 const char *tail)
{
	size_t len = strlen(unit), at = strlen(head);
	char *text = ARENA_ARRAY(a, char, at + n * len + strlen(tail) + 1);
	memcpy(text, head, at);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(text + at, unit, len);
	memcpy(text + at, tail, strlen(tail));
	return (struct str) { text, at + strlen(tail) };
}

// Deep input is refused by one error about its depth, and does not exhaust the stack.
static void check_too_deep(const char *head, const char *unit, const char *tail)
{
	struct arena *a = arena_new();
	struct parsed p = parse(repeat(a, head, unit, 100000 / strlen(unit), tail));
	struct str text = diag_render(p.diag, p.arena);
	CHECK(diag_n_errors(p.diag) >= 1);
	CHECK(str_find(text, STR("nested too deeply")) > 0 ||
	      str_find(text, STR("too many levels")) > 0);
	dump(&p);
	arena_free(p.arena);
	arena_free(a);
}

TEST(script_depth_is_bounded)
{
	check_too_deep("BEGIN { $x = ", "(", "");
	check_too_deep("BEGIN { $x = ", "-!", "1; }");
	check_too_deep("BEGIN { $x = 1", "+1", "; }");
	check_too_deep("BEGIN { $x = a", ".b", "; }");
	check_too_deep("BEGIN { $x = a", "[a", "");
	check_too_deep("BEGIN { $x = ", "1?", "");
	check_too_deep("BEGIN { $x = ", "1?1:", "1; }");
	check_too_deep("BEGIN { $x = ", "(int)", "1; }");
	check_too_deep("BEGIN { $x = (int", "*", ")1; }");
	check_too_deep("BEGIN { $x = (", "typeof(", "");
	check_too_deep("BEGIN ", "{", "");
	check_too_deep("BEGIN { ", "if(1){", "");
	check_too_deep("BEGIN { if(1){}", "else if(1){}", "}");
	check_too_deep("BEGIN { ", "while(1){", "");
	check_too_deep("", "struct a{", "");
	check_too_deep("struct a { int ", "(*", "");
	check_too_deep("struct a { int x", "[1]", "; };");
	check_too_deep("struct a { int ", "*", "x; };");
}

TEST(script_long_is_not_deep)
{
	struct arena *a = arena_new();
	struct parsed p = parse(repeat(a, "BEGIN { $x = f(1", ",1", 100000, "); }"));
	CHECK_INT(diag_n_errors(p.diag), 0);
	struct parsed q = parse(repeat(a, "uprobe:a:b", ",uprobe:a:b", 50000, "{ }"));
	CHECK_INT(diag_n_errors(q.diag), 0);
	struct parsed r = parse(repeat(a, "BEGIN { $x = 1", " + 1", 900, "; }"));
	CHECK_INT(diag_n_errors(r.diag), 0);
	arena_free(p.arena);
	arena_free(q.arena);
	arena_free(r.arena);
	arena_free(a);
}

TEST(script_size_is_bounded)
{
	struct arena *a = arena_new();
	struct parsed p = parse(repeat(a, "", "//abcde\n", SCRIPT_SIZE_MAX / 8, ""));
	CHECK_INT(diag_n_errors(p.diag), 0);
	struct parsed q = parse(repeat(a, "", "//abcde\n", SCRIPT_SIZE_MAX / 8, "\n"));
	CHECK_INT(diag_n_errors(q.diag), 1);
	CHECK_VIEW(diag_render(q.diag, a),
		   "stoat: error: x.bt:1:1: the script is too large: 1048577 bytes, of at most "
		   "1048576\n"
		   "  //abcde\n"
		   "  ^\n");
	arena_free(p.arena);
	arena_free(q.arena);
	arena_free(a);
}

TEST(script_expansion_is_bounded)
{
	struct arena *a = arena_new();
	struct parsed p = parse(STR("#define A (1+1+1+1+1+1+1+1)\n#define B (A+A+A+A+A+A+A+A)\n"
				    "#define C (B+B+B+B+B+B+B+B)\n#define D (C+C+C+C+C+C+C+C)\n"
				    "#define E (D+D+D+D+D+D+D+D)\n#define F (E+E+E+E+E+E+E+E)\n"
				    "BEGIN { F }"));
	CHECK(str_find(diag_render(p.diag, a), STR("makes this too large")) > 0);
	struct parsed q = parse(STR("macro a(x) { x+x+x+x+x+x+x+x }\n"
				    "macro b(x) { a(a(a(x))) }\nmacro c(x) { b(b(b(x))) }\n"
				    "BEGIN { c(c(c(1))) }"));
	CHECK(str_find(diag_render(q.diag, a), STR("make this script too large")) > 0);
	struct parsed r = parse(repeat(a, "macro a(x) { ", "-!", 200, "x } BEGIN { a(a(a(1))) }"));
	CHECK(str_find(diag_render(r.diag, a), STR("too deep")) > 0);
	arena_free(p.arena);
	arena_free(q.arena);
	arena_free(r.arena);
	arena_free(a);
}

TEST(script_errors_are_bounded)
{
	struct arena *a = arena_new();
	struct parsed p = parse(repeat(a, "BEGIN { ", "$x = ; ", 1000, "}"));
	CHECK(diag_is_full(p.diag));
	CHECK(diag_n_errors(p.diag) < 30);
	arena_free(p.arena);
	arena_free(a);
}

// --- golden files ---

#define GOLDEN "tests/golden/ast"

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

static void check_golden(const char *name)
{
	struct arena *a = arena_new();
	struct str in = arena_printf(a, GOLDEN "/%s.bt", name);
	struct str out = arena_printf(a, GOLDEN "/%s.out", name);
	struct parsed p = parse(read_file(a, in.p));
	struct str errors = diag_render(p.diag, a);
	struct str got = dump(&p);
	if (errors.len)
		unit_fail(in.p, 1, "has errors:\n%.*s", STR_ARG(errors));
	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(out.p, "w");
		CHECK(f);
		fwrite(got.p, 1, got.len, f);
		fclose(f);
	}
	if (!str_eq(got, read_file(a, out.p)))
		unit_fail(in.p, 1, "its tree is not that of %s; UPDATE_GOLDEN=1 rewrites it",
			  out.p);
	arena_free(p.arena);
	arena_free(a);
}

TEST(script_golden_trees)
{
	DIR *dir = opendir(GOLDEN);
	CHECK(dir);
	size_t n = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct str name = str_from(e->d_name);
		if (!str_ends(name, STR(".bt")))
			continue;
		e->d_name[name.len - 3] = 0;
		check_golden(e->d_name);
		n++;
	}
	closedir(dir);
	CHECK(n >= 15);
}

TEST(script_golden_prefixes_do_not_crash)
{
	static const char *const names[] = { "attach", "casts", "c_types", "statements", "macros" };
	struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str text = read_file(a, arena_printf(a, GOLDEN "/%s.bt", names[i]).p);
		for (size_t len = 0; len < text.len; len++) {
			struct parsed p = parse(str_first(text, len));
			diag_render(p.diag, p.arena);
			arena_free(p.arena);
		}
	}
	arena_free(a);
}
