// SPDX-License-Identifier: Apache-2.0
#include "value_look.h"

#include <stdlib.h>

struct world *look_world(void)
{
	struct arena *a = arena_new();
	struct world *w = ARENA_NEW(a, struct world);
	w->arena = a;
	w->t = some_types(a);
	w->limits = (struct value_limits) {
		.depth = 8, .items = 10, .text = 64, .bytes = VALUE_BYTES_MAX
	};
	return w;
}

void look_free(struct world **w)
{
	arena_free((*w)->arena);
}

struct str look_text(struct world *w, const struct value_style *style)
{
	struct out_buf out = { 0 };
	value_text(w->book, w->root, world_snapshot(w), style, &out);
	struct str text = arena_strdup(w->arena, out_buf_view(&out));
	out_buf_free(&out);
	return text;
}

struct str look_json(struct world *w)
{
	char *p = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&p, &n);
	struct json j = json_init(f);
	value_json(w->book, w->root, world_snapshot(w), &j);
	fclose(f);
	struct str text = arena_strdup(w->arena, (struct str) { p, n });
	free(p);
	return text;
}
