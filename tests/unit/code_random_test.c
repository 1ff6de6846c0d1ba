// SPDX-License-Identifier: Apache-2.0
// Random scripts: expressions against what C makes of them, and whole programs that the kernel must
// accept. CODE_ROUNDS=N runs more of them, CODE_SEED=N others.
#include <stdio.h>
#include <stdlib.h>

#include "bpf_kernel.h"
#include "code_script.h"
#include "unit.h"

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL;
}

static unsigned below(unsigned n)
{
	return (unsigned)(next_random() >> 33) % n;
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void start_random(void)
{
	state = 0x9e3779b97f4a7c15ULL ^ setting("CODE_SEED", 1) * 0x100000001b3ULL;
	next_random();
}

// --- expressions ---

struct value {
	uint64_t bits;
	bool is_signed;
};

static const int64_t numbers[] = { 0,           1,         -1,        7,
				   -13,         63,        64,        255,
				   -256,        INT32_MAX, INT32_MIN, 0xffffffffLL,
				   0x123456789, INT64_MAX, INT64_MIN };

#define N_VARS 6

// $v0 to $v2 are signed, $v3 to $v5 unsigned.
static struct value vars[N_VARS];

static struct value divide(struct value a, struct value b, bool is_signed, bool wants_rest)
{
	if (b.bits == 0)
		return (struct value) { 1, is_signed };
	if (!is_signed)
		return (struct value) { wants_rest ? a.bits % b.bits : a.bits / b.bits, false };
	if ((int64_t)b.bits == -1)
		return (struct value) { wants_rest ? 0 : -a.bits, true };
	int64_t x = (int64_t)a.bits, y = (int64_t)b.bits;
	return (struct value) { (uint64_t)(wants_rest ? x % y : x / y), true };
}

static struct value calculate(char op, struct value a, struct value b)
{
	bool is_signed = a.is_signed || b.is_signed;
	switch (op) {
	case '+':
		return (struct value) { a.bits + b.bits, is_signed };
	case '-':
		return (struct value) { a.bits - b.bits, true };
	case '*':
		return (struct value) { a.bits * b.bits, is_signed };
	case '/':
	case '%':
		return divide(a, b, is_signed, op == '%');
	case '&':
		return (struct value) { a.bits & b.bits, is_signed };
	case '|':
		return (struct value) { a.bits | b.bits, is_signed };
	case '^':
		return (struct value) { a.bits ^ b.bits, is_signed };
	case 'l':
		return (struct value) { a.bits << (b.bits & 63), a.is_signed };
	default:
		return (struct value) { a.is_signed ? (uint64_t)((int64_t)a.bits >> (b.bits & 63))
						    : a.bits >> (b.bits & 63),
					a.is_signed };
	}
}

static const char *spelled(char op)
{
	static char text[2];
	if (op == 'l' || op == 'r')
		return op == 'l' ? "<<" : ">>";
	text[0] = op;
	return text;
}

static struct value expression(struct out_buf *b, unsigned depth);

static struct value compared(struct out_buf *b, unsigned depth)
{
	static const char *const ops[] = { "<", ">", "<=", ">=", "==", "!=" };
	unsigned op = below(ARRAY_LEN(ops));
	out_buf_printf(b, "(");
	struct value x = expression(b, depth - 1);
	out_buf_printf(b, " %s ", ops[op]);
	struct value y = expression(b, depth - 1);
	out_buf_printf(b, ")");
	bool is_signed = x.is_signed || y.is_signed;
	int order = is_signed ? ((int64_t)x.bits > (int64_t)y.bits) -
					((int64_t)x.bits < (int64_t)y.bits)
			      : (x.bits > y.bits) - (x.bits < y.bits);
	const bool results[] = { order<0, order> 0, order <= 0, order >= 0, order == 0,
				 order != 0 };
	return (struct value) { results[op], true };
}

static struct value chosen(struct out_buf *b, unsigned depth)
{
	out_buf_printf(b, "(");
	struct value c = compared(b, depth);
	out_buf_printf(b, " ? (int64)");
	struct value x = expression(b, depth - 1);
	out_buf_printf(b, " : (int64)");
	struct value y = expression(b, depth - 1);
	out_buf_printf(b, ")");
	return (struct value) { c.bits ? x.bits : y.bits, true };
}

static struct value joined(struct out_buf *b, unsigned depth)
{
	bool is_and = below(2);
	out_buf_printf(b, "(int64)(");
	struct value x = compared(b, depth);
	out_buf_printf(b, is_and ? " && " : " || ");
	struct value y = compared(b, depth);
	out_buf_printf(b, ")");
	return (struct value) { is_and ? x.bits && y.bits : x.bits || y.bits, true };
}

static struct value narrowed(struct out_buf *b, unsigned depth)
{
	unsigned bits = 8u << below(3);
	bool is_signed = below(2);
	out_buf_printf(b, "(%s64)(%sint%u)", is_signed ? "int" : "uint", is_signed ? "" : "u",
		       bits);
	struct value v = expression(b, depth - 1);
	v.bits <<= 64 - bits;
	v.bits = is_signed ? (uint64_t)((int64_t)v.bits >> (64 - bits)) : v.bits >> (64 - bits);
	v.is_signed = is_signed;
	return v;
}

static struct value expression(struct out_buf *b, unsigned depth)
{
	static const char ops[] = "+-*/%&|^lr";
	unsigned choice = depth == 0 ? 0 : below(10);
	if (choice <= 1) {
		unsigned i = below(N_VARS);
		out_buf_printf(b, "$v%u", i);
		return vars[i];
	}
	if (choice == 2) {
		// A literal has no sign of its own, but in an addition that does not matter.
		unsigned i = below(ARRAY_LEN(numbers));
		out_buf_printf(b, "($v0 + 0x%llx)", (unsigned long long)numbers[i] >> 1);
		return (struct value) { vars[0].bits + ((uint64_t)numbers[i] >> 1), true };
	}
	if (choice == 3)
		return joined(b, depth);
	if (choice == 4)
		return chosen(b, depth);
	if (choice == 5)
		return narrowed(b, depth);
	char op = ops[below(sizeof(ops) - 1)];
	out_buf_printf(b, "(");
	struct value x = expression(b, depth - 1);
	out_buf_printf(b, " %s ", spelled(op));
	struct value y = expression(b, depth - 1);
	out_buf_printf(b, ")");
	return calculate(op, x, y);
}

#define N_EXPRESSIONS 60

static void expressions_round(struct arena *a)
{
	struct out_buf text = { 0 };
	int64_t want[N_EXPRESSIONS];
	size_t starts[N_EXPRESSIONS];
	out_buf_printf(&text, "BEGIN {\n");
	for (unsigned i = 0; i < N_VARS; i++) {
		vars[i].is_signed = i < N_VARS / 2;
		vars[i].bits = (uint64_t)numbers[below(ARRAY_LEN(numbers))];
		out_buf_printf(&text, "$v%u = (%sint64)0x%llx;\n", i, vars[i].is_signed ? "" : "u",
			       (unsigned long long)vars[i].bits);
	}
	for (unsigned i = 0; i < N_EXPRESSIONS; i++) {
		starts[i] = text.n;
		out_buf_printf(&text, "@out[%u] = (int64)(", i);
		want[i] = (int64_t)expression(&text, 4).bits;
		out_buf_printf(&text, ");\n");
	}
	out_buf_printf(&text, "}\n");
	struct code_script s;
	CHECK(code_script_compile(a, out_buf_view(&text), NULL, &s));
	CHECK(code_script_load(&s));
	code_script_run(&s);
	for (unsigned i = 0; i < N_EXPRESSIONS; i++) {
		int64_t got = (int64_t)code_script_entry(&s, "@out", i);
		if (got == want[i])
			continue;
		for (unsigned k = 0; k < N_VARS; k++)
			printf("$v%u = 0x%llx\n", k, (unsigned long long)vars[k].bits);
		printf("%.*s\n", (int)strcspn(text.p + starts[i], "\n"), text.p + starts[i]);
		CHECK_INT(got, want[i]);
	}
	code_script_close(&s);
	out_buf_free(&text);
}

TEST(code_random_expressions_are_as_in_c)
{
	struct arena *a = bpf_kernel_need();
	start_random();
	for (unsigned i = 0; i < setting("CODE_ROUNDS", 8); i++)
		expressions_round(a);
}

// --- programs ---

struct writer {
	struct out_buf b;
	unsigned n_loops;
	unsigned depth;
	unsigned budget;
};

static const char *const texts[] = { "comm",        "$s",      "@str[$n]",
				     "\"abc\"",     "str($p)", "str($p, 20)",
				     "str($p, $n)", "$t.1",    "($n > 3 ? \"yes\" : \"no\")" };
static const char *const amounts[] = { "$n",
				       "$m",
				       "pid",
				       "tid",
				       "nsecs",
				       "elapsed",
				       "cpu",
				       "rand",
				       "uid",
				       "12345678901",
				       "-5",
				       "@x",
				       "@n[$n]",
				       "@n2[$m, comm]",
				       "(int64)@c",
				       "(int64)@ck[$n]",
				       "len(@n)",
				       "$t.0",
				       "*(uint32 *)$p",
				       "((struct thing *)$p)->a",
				       "((struct thing *)$p)->bits",
				       "((struct thing *)$p)->next->b[2]",
				       "((struct thing *)$p)->b[$n]",
				       "strlen($s)",
				       "has_key(@n, $n)",
				       "delete(@n, $m)",
				       "sizeof(struct thing)",
				       "@x++",
				       "--@n[3]",
				       "$n++" };

static void text_value(struct writer *w)
{
	out_buf_printf(&w->b, "%s", texts[below(ARRAY_LEN(texts))]);
}

static void number(struct writer *w, unsigned depth)
{
	static const char *const ops[] = { "+", "-",  "*",  "/",  "%",  "&",  "|",  "^",
					   "<", "==", ">=", "!=", "&&", "||", "<<", ">>" };
	switch (depth ? below(6) : 0) {
	case 1:
	case 2:
		out_buf_printf(&w->b, "(");
		number(w, depth - 1);
		out_buf_printf(&w->b, " %s ", ops[below(ARRAY_LEN(ops))]);
		number(w, depth - 1);
		out_buf_printf(&w->b, ")");
		break;
	case 3:
		out_buf_printf(&w->b, "(");
		text_value(w);
		out_buf_printf(&w->b, below(2) ? " == " : " != ");
		text_value(w);
		out_buf_printf(&w->b, ")");
		break;
	case 4:
		out_buf_printf(&w->b, "strcontains(");
		text_value(w);
		out_buf_printf(&w->b, ", \"x%u\")", below(100));
		break;
	default:
		out_buf_printf(&w->b, "%s", amounts[below(ARRAY_LEN(amounts))]);
		break;
	}
}

static void statements(struct writer *w, unsigned n);

static void braces(struct writer *w, unsigned n)
{
	out_buf_printf(&w->b, " {\n");
	statements(w, n);
	out_buf_printf(&w->b, "}\n");
}

static void loop(struct writer *w)
{
	unsigned id = w->n_loops++;
	w->depth++;
	switch (below(4)) {
	case 0:
		out_buf_printf(&w->b, "for ($i%u : 0..%u)", id, below(5));
		break;
	case 1:
		out_buf_printf(&w->b, "for ($i%u : @%s)", id, below(2) ? "n" : "ck");
		break;
	case 2:
		out_buf_printf(&w->b, "$w%u = 0; while ($w%u++ < 3)", id, id);
		break;
	default:
		out_buf_printf(&w->b, "unroll (%u)", 1 + below(3));
		break;
	}
	out_buf_printf(&w->b, " {\n");
	statements(w, 1 + below(2));
	if (below(3) == 0)
		out_buf_printf(&w->b, "if ($n > %u) { %s; }\n", below(9),
			       below(2)   ? "break"
			       : below(2) ? "continue"
					  : "return");
	out_buf_printf(&w->b, "}\n");
	w->depth--;
}

static void assignment(struct writer *w)
{
	static const char *const targets[] = { "$n =",     "$m =",           "@x =",
					       "@x +=",    "@n[$n] =",       "@n[$m] +=",
					       "@n[2] -=", "@n2[$n, comm] =" };
	out_buf_printf(&w->b, "%s (int64)(", targets[below(ARRAY_LEN(targets))]);
	number(w, 2);
	out_buf_printf(&w->b, ");\n");
}

static void aggregation(struct writer *w)
{
	static const char *const starts[] = { "@sum = sum(",     "@min[comm] = min(", "@max = max(",
					      "@avg = avg(",     "@st[$n] = stats(",  "@h = hist(",
					      "@hk[pid] = hist(" };
	if (below(3) == 0) {
		out_buf_printf(&w->b, below(2) ? "@c = count();\n" : "@ck[$m] = count();\n");
		return;
	}
	out_buf_printf(&w->b, "%s", starts[below(ARRAY_LEN(starts))]);
	number(w, 1);
	out_buf_printf(&w->b, ");\n");
}

static void output(struct writer *w)
{
	switch (below(5)) {
	case 0:
		out_buf_printf(&w->b, "printf(\"%%d %%s %%s\\n\", ");
		number(w, 1);
		out_buf_printf(&w->b, ", ");
		text_value(w);
		out_buf_printf(&w->b, ", ");
		text_value(w);
		out_buf_printf(&w->b, ");\n");
		break;
	case 1:
		out_buf_printf(&w->b, "print((");
		number(w, 1);
		out_buf_printf(&w->b, ", comm, $s));\n");
		break;
	case 2:
		out_buf_printf(&w->b, "print(buf($p, %u));\n", below(100));
		break;
	case 3:
		out_buf_printf(&w->b, "printf(\"%%r %%d\\n\", buf($p, $n), $m);\n");
		break;
	default:
		out_buf_printf(&w->b, below(2) ? "clear(@n);\n" : "time();\n");
		break;
	}
}

static void statement(struct writer *w)
{
	switch (below(9)) {
	case 0:
		if (w->depth < 4 && w->budget > 4) {
			w->budget -= 4;
			loop(w);
			break;
		}
		assignment(w);
		break;
	case 1:
	case 2:
		assignment(w);
		break;
	case 3:
		out_buf_printf(&w->b, "$s = ");
		text_value(w);
		out_buf_printf(&w->b, ";\n");
		break;
	case 4:
		out_buf_printf(&w->b, "@str[%u] = ", below(5));
		text_value(w);
		out_buf_printf(&w->b, ";\n");
		break;
	case 5:
		out_buf_printf(&w->b, "if (");
		number(w, 2);
		out_buf_printf(&w->b, ")");
		braces(w, 1);
		break;
	case 6:
		output(w);
		break;
	default:
		aggregation(w);
		break;
	}
}

static void statements(struct writer *w, unsigned n)
{
	for (unsigned i = 0; i < n && w->budget; i++) {
		w->budget--;
		statement(w);
	}
}

static const char program_start[] =
	"struct thing { int a; short b[8]; unsigned bits : 5; struct thing *next; };\n"
	"BEGIN\n{\n"
	"$n = (int64)5; $m = (int64)-3; $s = str(0); $p = (uint64)nsecs; $t = ($n, \"tuple\");\n"
	"@x = (int64)1; @n[(int64)1] = (int64)1; @n2[(int64)1, comm] = (int64)1;\n"
	"@str[0] = str(0); @c = count(); @ck[(int64)1] = count();\n";

TEST(code_random_programs_are_accepted)
{
	struct arena *a = bpf_kernel_need();
	start_random();
	for (unsigned i = 0; i < setting("CODE_ROUNDS", 12); i++) {
		struct writer w = { .budget = 25 };
		if (below(2))
			out_buf_printf(&w.b, "config = { max_strlen = %u }\n", 8u << below(8));
		out_buf_add(&w.b, program_start, sizeof(program_start) - 1);
		statements(&w, 25);
		out_buf_printf(&w.b, "}\n");
		struct code_script s;
		bool is_fine = code_script_compile(a, out_buf_view(&w.b), NULL, &s) &&
			       code_script_load(&s);
		if (!is_fine)
			printf("%.*s\n", STR_ARG(out_buf_view(&w.b)));
		CHECK(is_fine);
		code_script_run(&s);
		code_script_close(&s);
		out_buf_free(&w.b);
	}
}
