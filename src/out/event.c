// SPDX-License-Identifier: Apache-2.0
#include "out/out.h"

static struct json begin(const char *type, FILE *f)
{
	struct json j = { .f = f, .is_spaced = true };
	json_open(&j, '{');
	json_kstr(&j, "type", str_from(type));
	return j;
}

static void end(struct json *j)
{
	json_close(j, '}');
	json_end(j);
}

void out_event_value(const struct out_env *env, struct out_value v, FILE *f)
{
	struct json j = begin("value", f);
	json_key(&j, "data");
	out_value_json(env, v, &j);
	end(&j);
}

void out_event_text(const char *type, struct str text, FILE *f)
{
	struct json j = begin(type, f);
	json_kstr(&j, "data", text);
	end(&j);
}

// {"type": TYPE, "count": N, "data": {NAME: N}}: the number is there for old readers too.
static void counted(const char *type, const char *name, uint64_t n, FILE *f)
{
	struct json j = begin(type, f);
	json_ku64(&j, "count", n);
	json_key(&j, "data");
	json_open(&j, '{');
	json_ku64(&j, name, n);
	json_close(&j, '}');
	end(&j);
}

void out_event_attached(uint64_t n_probes, FILE *f)
{
	counted("attached_probes", "probes", n_probes, f);
}

void out_event_lost(uint64_t n_events, FILE *f)
{
	counted("lost_events", "events", n_events, f);
}

void out_event_calls(uint64_t n_open, uint64_t n_no_return, uint64_t n_no_entry, FILE *f)
{
	struct json j = begin("calls", f);
	json_key(&j, "data");
	json_open(&j, '{');
	json_ku64(&j, "open", n_open);
	json_ku64(&j, "no_return", n_no_return);
	json_ku64(&j, "no_entry", n_no_entry);
	json_close(&j, '}');
	end(&j);
}

static void put_where(struct json *j, struct out_where where)
{
	json_kstr(j, "filename", where.file);
	json_ku64(j, "line", where.line);
	json_ku64(j, "col", where.col);
}

void out_event_message(const char *type, struct str text, struct out_where where, FILE *f)
{
	struct json j = begin(type, f);
	json_kstr(&j, "msg", text);
	put_where(&j, where);
	end(&j);
}

void out_event_helper(struct str text, struct str helper, int64_t retcode, struct out_where where,
		      FILE *f)
{
	struct json j = begin("helper_error", f);
	json_kstr(&j, "msg", text);
	json_kstr(&j, "helper", helper);
	json_key(&j, "retcode");
	json_i64(&j, retcode);
	put_where(&j, where);
	end(&j);
}
