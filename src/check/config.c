// SPDX-License-Identifier: Apache-2.0
// Settings: the script's config block, then the environment.
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/near.h"
#include "check/check.h"

#define PAGE_BYTES 4096u

enum setting_kind {
	SETTING_NUMBER,   // uint32_t, from min to max
	SETTING_BOOL,     // bool
	SETTING_NOT,      // bool, the other way round: no_cpp_demangle
	SETTING_PAGES,    // uint32_t: bytes, a power of two
	SETTING_TEXT,     // struct str
	SETTING_WORD,     // enum: its number is that of the word
	SETTING_ACCEPTED, // bpftrace has it, and nothing here depends on it
};

struct setting {
	const char *name;
	const char *old_name; // NULL: it has always been called so
	enum setting_kind kind;
	size_t off;
	uint64_t min;
	uint64_t max;
	const char *const *words;
};

static const char *const missing_words[] = { "error", "warn", "ignore", NULL };
static const char *const view_words[] = { "line", "tree", "chrome", NULL };
static const char *const stack_words[] = { "bpftrace", "perf", "raw", "build_id", NULL };

#define AT(field) offsetof(struct config, field)

static const struct setting settings[] = {
	{ "max_strlen", "strlen", SETTING_NUMBER, AT(max_strlen), 1, 65536, NULL },
	{ "max_map_keys", "map_keys_max", SETTING_NUMBER, AT(max_map_keys), 1, INT32_MAX, NULL },
	{ "max_probes", NULL, SETTING_NUMBER, AT(max_probes), 1, INT32_MAX, NULL },
	{ "max_calls", NULL, SETTING_NUMBER, AT(max_calls), 1, 1 << 22, NULL },
	{ "max_kept_strlen", NULL, SETTING_NUMBER, AT(max_kept_strlen), 1, 4096, NULL },
	{ "max_depth", NULL, SETTING_NUMBER, AT(whole.depth), 0, VALUE_DEPTH_MAX, NULL },
	{ "max_items", NULL, SETTING_NUMBER, AT(whole.items), 1, VALUE_ITEMS_MAX, NULL },
	{ "max_value_strlen", NULL, SETTING_NUMBER, AT(whole.text), 1, VALUE_TEXT_MAX, NULL },
	{ "max_value_bytes", NULL, SETTING_NUMBER, AT(whole.bytes), 64, VALUE_BYTES_MAX, NULL },
	{ "max_kept_value_bytes", NULL, SETTING_NUMBER, AT(max_kept_value), 64, KEPT_VALUE_MAX,
	  NULL },
	{ "max_rate", NULL, SETTING_NUMBER, AT(max_rate), 0, CONFIG_RATE_MAX, NULL },
	{ "max_cpu", NULL, SETTING_NUMBER, AT(max_cpu), 0, CONFIG_CPU_MAX, NULL },
	{ "call_view", NULL, SETTING_WORD, AT(call_view), 0, 0, view_words },
	{ "open_calls", NULL, SETTING_BOOL, AT(tells_open_calls), 0, 0, NULL },
	{ "ended_calls", NULL, SETTING_BOOL, AT(tells_ended_calls), 0, 0, NULL },
	{ "kernel_returns", NULL, SETTING_BOOL, AT(has_kernel_returns), 0, 0, NULL },
	{ "value_zeros", NULL, SETTING_BOOL, AT(shows_zeros), 0, 0, NULL },
	{ "ret_in_bpf", NULL, SETTING_BOOL, AT(ret_in_bpf), 0, 0, NULL },
	{ "max_cat_bytes", "cat_bytes_max", SETTING_NUMBER, AT(max_cat_bytes), 1, INT32_MAX, NULL },
	{ "log_size", NULL, SETTING_NUMBER, AT(log_size), 4096, 1u << 30, NULL },
	{ "perf_rb_pages", NULL, SETTING_PAGES, AT(ring_bytes), 1, 1u << 18, NULL },
	{ "missing_probes", NULL, SETTING_WORD, AT(missing_probes), 0, 0, missing_words },
	{ "stack_mode", NULL, SETTING_WORD, AT(stack_mode), 0, 0, stack_words },
	{ "str_trunc_trailer", NULL, SETTING_TEXT, AT(trailer), 0, 0, NULL },
	{ "print_maps_on_exit", NULL, SETTING_BOOL, AT(prints_maps_on_exit), 0, 0, NULL },
	{ "cpp_demangle", NULL, SETTING_BOOL, AT(demangles_cpp), 0, 0, NULL },
	{ "no_cpp_demangle", NULL, SETTING_NOT, AT(demangles_cpp), 0, 0, NULL },
	{ "show_debug_info", NULL, SETTING_BOOL, AT(shows_lines), 0, 0, NULL },
	{ "max_bpf_progs", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "max_ast_nodes", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "max_type_res_iterations", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "cache_user_symbols", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "lazy_symbolication", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "symbol_source", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "use_blazesym", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "on_stack_limit", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "license", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "unstable_import", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "unstable_macro", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "unstable_map_decl", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "unstable_tseries", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
	{ "unstable_typeinfo", NULL, SETTING_ACCEPTED, 0, 0, 0, NULL },
};

#undef AT

// A value as it was written, from either place.
struct given {
	struct str text;
	uint64_t number;
	bool is_number;
	struct span span;
	// Where it was given, if not in the script.
	const char *env;
	const char *option;
};

struct maker {
	struct arena *arena;
	struct diag *diag;
	struct config *config;
};

static void bad(struct maker *m, const struct given *g, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void bad(struct maker *m, const struct given *g, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str text = arena_vprintf(m->arena, fmt, ap);
	va_end(ap);
	if (g->option)
		diag_error(m->diag, SPAN_NONE, "%s: %.*s", g->option, STR_ARG(text));
	else if (g->env)
		diag_error(m->diag, SPAN_NONE, "environment variable %s: %.*s", g->env,
			   STR_ARG(text));
	else
		diag_error(m->diag, g->span, "%.*s", STR_ARG(text));
}

static void set_number(struct maker *m, const struct setting *s, const struct given *g,
		       uint32_t *out)
{
	if (g->is_number && g->number >= s->min && g->number <= s->max) {
		*out = (uint32_t)g->number;
		return;
	}
	bad(m, g, "%s is a number from %llu to %llu", s->name, (unsigned long long)s->min,
	    (unsigned long long)s->max);
}

static void set_pages(struct maker *m, const struct setting *s, const struct given *g,
		      uint32_t *out)
{
	uint32_t pages = 0;
	set_number(m, s, g, &pages);
	if (!pages)
		return;
	uint64_t bytes = PAGE_BYTES;
	while (bytes < (uint64_t)pages * PAGE_BYTES)
		bytes *= 2;
	*out = (uint32_t)bytes;
}

static void set_bool(struct maker *m, const struct setting *s, const struct given *g, bool *out)
{
	bool is_true = str_eq(g->text, STR("true")) || (g->is_number && g->number == 1);
	bool is_false = str_eq(g->text, STR("false")) || (g->is_number && g->number == 0);
	if (!is_true && !is_false)
		bad(m, g, "%s is true or false", s->name);
	else
		*out = is_true != (s->kind == SETTING_NOT);
}

static void set_word(struct maker *m, const struct setting *s, const struct given *g, void *out)
{
	struct str all = STR("");
	for (int i = 0; s->words[i]; i++) {
		if (str_eq(g->text, str_from(s->words[i]))) {
			memcpy(out, &i, sizeof(i));
			return;
		}
		all = arena_printf(m->arena, "%.*s%s%s", STR_ARG(all), i ? ", " : "", s->words[i]);
	}
	bad(m, g, "%s is one of: %.*s", s->name, STR_ARG(all));
}

static void set(struct maker *m, const struct setting *s, const struct given *g)
{
	void *at = (char *)m->config + s->off;
	switch (s->kind) {
	case SETTING_NUMBER:
		set_number(m, s, g, at);
		break;
	case SETTING_PAGES:
		set_pages(m, s, g, at);
		break;
	case SETTING_BOOL:
	case SETTING_NOT:
		set_bool(m, s, g, at);
		break;
	case SETTING_TEXT:
		*(struct str *)at = g->text;
		break;
	case SETTING_WORD:
		set_word(m, s, g, at);
		break;
	case SETTING_ACCEPTED:
		break;
	}
}

// --- the config block ---

static const struct setting *find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		if (str_eq(name, str_from(s->name)) ||
		    (s->old_name && str_eq(name, str_from(s->old_name))))
			return s;
	}
	return NULL;
}

static void tell_unknown(struct maker *m, const struct name *key)
{
	struct near near = near_init(key->text);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		near_offer(&near, str_from(settings[i].name));
	diag_error(m->diag, key->span, "there is no setting '%.*s'", STR_ARG(key->text));
	struct str text = STR("");
	for (size_t i = 0; i < near.n; i++)
		text = arena_printf(m->arena, "%.*s%s%.*s", STR_ARG(text), i ? ", " : "",
				    STR_ARG(near.best[i]));
	if (near.n)
		diag_hint(m->diag, "near: %.*s", STR_ARG(text));
}

static void set_entry(struct maker *m, const struct config_entry *entry)
{
	struct str key = entry->key.text;
	if (str_starts(key, STR("BPFTRACE_")) || str_starts(key, STR("bpftrace_"))) {
		diag_error(m->diag, entry->key.span, "'%.*s' is for the environment", STR_ARG(key));
		return;
	}
	const struct setting *s = find(key);
	const struct expr *v = entry->value;
	if (!s) {
		tell_unknown(m, &entry->key);
		return;
	}
	struct given g = { .span = v->span, .text = STR("") };
	if (v->kind == EXPR_INT) {
		g.is_number = true;
		g.number = v->num.value;
		g.text = arena_printf(m->arena, "%llu", (unsigned long long)v->num.value);
	} else if (v->kind == EXPR_BOOL) {
		g.text = v->num.value ? STR("true") : STR("false");
	} else if (v->kind == EXPR_NAME || v->kind == EXPR_STR) {
		g.text = v->str;
	} else {
		if (v->kind != EXPR_BAD)
			diag_error(m->diag, v->span, "a setting is a number, a word or a text");
		return;
	}
	set(m, s, &g);
}

// --- the environment ---

static void set_from(struct maker *m, const struct setting *s, const char *prefix, const char *name)
{
	char env[64];
	int n = snprintf(env, sizeof(env), "%s_%s", prefix, name);
	for (int i = 0; i < n && i < (int)sizeof(env); i++)
		env[i] = (char)toupper((unsigned char)env[i]);
	const char *value = getenv(env);
	if (!value || !*value)
		return;
	struct given g = { .text = arena_strdup(m->arena, str_from(value)), .env = env };
	struct number number;
	g.is_number = number_parse(g.text, &number) && !number.is_duration;
	g.number = number.value;
	set(m, s, &g);
}

static void set_from_environment(struct maker *m, const char *prefix)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		if (s->kind == SETTING_ACCEPTED)
			continue;
		if (s->old_name)
			set_from(m, s, prefix, s->old_name);
		set_from(m, s, prefix, s->name);
	}
}

void config_set(struct arena *a, struct config *config, const char *option, struct str name,
		struct str value, struct diag *diag)
{
	struct maker m = { .arena = a, .diag = diag, .config = config };
	struct given g = { .text = arena_strdup(a, value), .option = option };
	const struct setting *s = find(name);
	struct number number;
	if (!s) {
		const struct name key = { name, SPAN_NONE };
		tell_unknown(&m, &key);
		return;
	}
	g.is_number = number_parse(g.text, &number) && !number.is_duration;
	g.number = number.value;
	set(&m, s, &g);
}

struct config *config_make(struct arena *a, const struct script *s, struct diag *diag)
{
	struct maker m = { .arena = a, .diag = diag, .config = ARENA_NEW(a, struct config) };
	*m.config = (struct config) {
		.max_strlen = 1024,
		.max_map_keys = 4096,
		.max_probes = 1024,
		.max_kept_strlen = 256,
		.max_kept_value = 4 << 10,
		.whole = { .depth = 3, .items = 64, .text = 256, .bytes = 32 << 10 },
		.missing_probes = PLAN_MISSING_ERROR,
		.stack_mode = STACK_BPFTRACE,
		.log_size = 1000000,
		.max_cat_bytes = 10240,
		.prints_maps_on_exit = true,
		.demangles_cpp = true,
	};
	size_t n_blocks = 0;
	for (size_t i = 0; i < s->n_items; i++) {
		const struct item *item = s->items[i];
		if (item->kind == ITEM_CONFIG && n_blocks++)
			diag_error(diag, item->span, "there is a config block already");
		for (size_t k = 0; item->kind == ITEM_CONFIG && k < item->config.n; k++)
			set_entry(&m, &item->config.v[k]);
	}
	set_from_environment(&m, "bpftrace");
	set_from_environment(&m, "stoat");
	// Go's marks are three dots, unless the user wants it otherwise.
	bool is_own = m.config->trailer.p != NULL;
	m.config->go_trailer = is_own ? m.config->trailer : STR("...");
	if (!is_own)
		m.config->trailer = STR("..");
	return m.config;
}
