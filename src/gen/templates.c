// SPDX-License-Identifier: Apache-2.0
// The templates that are a part of stoat: files beside this one, as they are.
#include "gen/internal.h"

#define TEMPLATE(name) #name "_text: .incbin \"src/gen/templates/" #name ".bt\"\n .byte 0\n"

__asm__(".section .rodata\n" TEMPLATE(latency) TEMPLATE(skeleton) TEMPLATE(args) TEMPLATE(goroutine)
		TEMPLATE(httpsnoop) TEMPLATE(tcpremote) TEMPLATE(tlssecrets) TEMPLATE(shortread)
			TEMPLATE(recover) TEMPLATE(random) TEMPLATE(unwound) ".text\n");
extern const char latency_text[], skeleton_text[], args_text[], goroutine_text[], httpsnoop_text[],
	tcpremote_text[], tlssecrets_text[], shortread_text[], recover_text[], random_text[],
	unwound_text[];

static const struct {
	const char *name, *text;
	bool is_part; // of others: not listed
} files[] = {
	{ "latency", latency_text, false },
	{ "skeleton", skeleton_text, false },
	{ "args", args_text, false },
	{ "goroutine", goroutine_text, false },
	{ "httpsnoop", httpsnoop_text, false },
	{ "tcpremote", tcpremote_text, false },
	{ "tlssecrets", tlssecrets_text, false },
	{ "shortread", shortread_text, false },
	{ "recover", recover_text, false },
	{ "random", random_text, false },
	{ "unwound", unwound_text, true },
};

static const struct gen_template *template_of(size_t i)
{
	static struct gen_template t[ARRAY_LEN(files)];
	t[i] = (struct gen_template) { files[i].name, str_from(files[i].text) };
	return &t[i];
}

const struct gen_template *gen_template_at(size_t i)
{
	return i < ARRAY_LEN(files) && !files[i].is_part ? template_of(i) : NULL;
}

const struct gen_template *template_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i].name, name) == 0)
			return template_of(i);
	return NULL;
}

const struct gen_template *gen_template_find(const char *name)
{
	for (size_t i = 0; gen_template_at(i); i++)
		if (strcmp(files[i].name, name) == 0)
			return template_of(i);
	return NULL;
}

struct str gen_template_about(struct arena *a, struct str text)
{
	struct str about = STR("");
	while (str_starts(text, STR("//:"))) {
		ptrdiff_t end = str_find(text, STR("\n"));
		struct str line = str_first(text, end < 0 ? text.len : (size_t)end);
		line = str_from_off(line, 3);
		if (str_starts(line, STR(" ")))
			line = str_from_off(line, 1);
		about = arena_printf(a, "%.*s%.*s\n", STR_ARG(about), STR_ARG(line));
		text = str_from_off(text, end < 0 ? text.len : (size_t)end + 1);
	}
	return about;
}
