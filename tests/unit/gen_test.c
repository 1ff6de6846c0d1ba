// SPDX-License-Identifier: Apache-2.0
#include "gen/gen.h"
#include "unit.h"

static uint32_t parsed(const char *text)
{
	struct gen_dialect d;
	struct err *e = gen_dialect_parse(text, &d);
	if (!e)
		return d.version;
	err_free(e);
	return 0;
}

TEST(gen_dialect_versions)
{
	CHECK_INT(parsed("0.27"), GEN_VERSION(0, 27, 0));
	CHECK_INT(parsed("v0.20.2"), GEN_VERSION(0, 20, 2));
	CHECK_INT(parsed("0.21.2-1ubuntu3"), GEN_VERSION(0, 21, 2));
	CHECK_INT(parsed("1"), GEN_VERSION(1, 0, 0));
	CHECK_INT(parsed("0.9.4"), 0); // too old
	CHECK_INT(parsed(""), 0);
	CHECK_INT(parsed("0."), 0);
	CHECK_INT(parsed("new"), 0);
	CHECK_INT(parsed("0.27x"), 0);
}

TEST(gen_template_tells_what_it_is)
{
	struct arena *a = arena_new();
	struct str about = gen_template_about(a, STR("//: one\n//:  two\n//:three\nx //: no\n"));
	CHECK_VIEW(about, "one\n two\nthree\n");
	CHECK_VIEW(gen_template_about(a, STR("//: no end of line")), "no end of line\n");
	CHECK_VIEW(gen_template_about(a, STR("")), "");
	arena_free(a);
}

TEST(gen_templates_are_there)
{
	size_t n = 0;
	for (; gen_template_at(n); n++)
		CHECK(gen_template_find(gen_template_at(n)->name)->text.len > 0);
	CHECK_INT(n, 10);
	CHECK(gen_template_find("nothing") == NULL);
}

// What a template becomes, about this very program, which is none of Go's; errors in place of it.
static struct str made(struct arena *a, const char *text, uint32_t version)
{
	struct target *t;
	struct diag *diag = diag_new(a);
	struct out_buf out = { 0 };
	const struct gen_key keys[] = { { STR("min"), STR("5") } };
	if (target_open("/proc/self/exe", NULL, &t) != NULL)
		return STR("cannot open");
	struct str about = arena_printf(a, "//: min=N  x\n%s", text);
	const struct gen_request r = { .target = t,
				       .path = STR("/bin/x"),
				       .name = STR("t"),
				       .text = about,
				       .keys = keys,
				       .n_keys = 1,
				       .dialect.version = version,
				       .version = "0" };
	struct err *e = gen_write(a, &r, diag, &out);
	struct str script = arena_strdup(a, out_buf_view(&out));
	if (diag_n_errors(diag))
		script = diag_render(diag, a);
	err_free(e);
	out_buf_free(&out);
	target_close(t);
	ptrdiff_t body = str_find(script, STR("\n\n"));
	return body < 0 ? script : str_from_off(script, (size_t)body + 2);
}

TEST(gen_template_conditions)
{
	struct arena *a = arena_new();
	const char *text = "a\n{{if bpftrace >= 0.21}}\nnew\n{{else if bpftrace >= 0.17}}\nmiddle\n"
			   "{{else}}\nold\n{{end}}\nb\n";
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 27, 1)), "a\nnew\nb\n");
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 20, 2)), "a\nmiddle\nb\n");
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 11, 0)), "a\nold\nb\n");
	CHECK_VIEW(made(a, "{{if has min}}{{key min}}{{end}} {{if not has max}}no{{end}}\n",
			GEN_VERSION_NEWEST),
		   "5 no\n");
	CHECK_VIEW(made(a, "{{if has max}}\n{{if has min}}\nx\n{{else}}\ny\n{{end}}\n{{end}}\nz\n",
			GEN_VERSION_NEWEST),
		   "z\n");
	arena_free(a);
}

TEST(gen_template_delete_by_version)
{
	struct arena *a = arena_new();
	const char *text = "\t{{delete @a,@b[$x, $y]}};\n\t{{delete @c[$x]}};\n";
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 17, 0)),
		   "\tdelete(@a[$x, $y]);\n\tdelete(@b[$x, $y]);\n\tdelete(@c[$x]);\n");
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 23, 0)),
		   "\tdelete(@a, ($x, $y));\n\tdelete(@b, ($x, $y));\n\tdelete(@c, $x);\n");
	CHECK_VIEW(made(a, text, GEN_VERSION(0, 27, 0)),
		   "\t_ = delete(@a, ($x, $y));\n\t_ = delete(@b, ($x, $y));\n"
		   "\t_ = delete(@c, $x);\n");
	arena_free(a);
}

TEST(gen_template_errors_stand_at_their_place)
{
	struct arena *a = arena_new();
	struct str e = made(a, "one\n  {{entry f}}\n", GEN_VERSION_NEWEST);
	CHECK(str_find(e, STR("t:3:3: no function is called 'f' here")) >= 0);
	CHECK(str_find(made(a, "{{func f = main.x}}\n", GEN_VERSION_NEWEST),
		       STR("no function 'main.x'")) >= 0);
	CHECK(str_find(made(a, "{{use unwound map=@a}}{{use nothing}}\n", GEN_VERSION(0, 11, 0)),
		       STR("no template is called 'nothing'")) >= 0);
	arena_free(a);
}
