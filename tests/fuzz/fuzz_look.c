// SPDX-License-Identifier: Apache-2.0
// Any bytes as values of many types: as the memory in which they lie and which references lead
// through, and as a snapshot.
//
// The first byte says which of the two, the second the width of lines, the third the type; the rest
// is the memory, or the snapshot.
#include "fuzz.h"

#include <stdarg.h>
#include <stdlib.h>

#include "../unit/value_types.h"
#include "../unit/value_walk.c"

enum { IS_SNAPSHOT = 1, SHOWS_ZEROS = 2, HEAD = 3, TYPES_MAX = 64, OUTPUT_MAX = 3 << 20 };

struct values {
	struct world w;
	struct type *types[TYPES_MAX];
	size_t n;
};

static struct type *add(struct values *v, struct type *t)
{
	if (v->n + 1 < TYPES_MAX)
		v->types[v->n++] = t;
	return t;
}

// A struct: names and types of its fields in turn.
static struct type *make(struct values *v, const char *name, ...)
{
	struct type *t = a_struct(v->w.arena, name);
	va_list ap;
	va_start(ap, name);
	for (const char *field; (field = va_arg(ap, const char *));)
		add_field(t, field, va_arg(ap, struct type *));
	va_end(ap);
	end_struct(t);
	return add(v, t);
}

// --- types ---

static void add_plain(struct values *v)
{
	struct arena *a = v->w.arena;
	struct some_types *s = &v->w.t;
	struct type *node = a_struct(a, "main.Node");
	struct type *chan = a_type(a, TYPE_CHAN, "chan int", 8, KIND_CHAN);
	struct type *func = a_type(a, TYPE_FUNC, "func()", 8, KIND_FUNC);
	chan->elem = s->integer;
	add_field(node, "Next", a_ptr(a, node));
	add_field(node, "Any", s->any);
	add_field(node, "List", a_slice(a, node));
	add_field(node, "Text", s->string);
	add_field(node, "Bytes", a_slice(a, s->uint8));
	add_field(node, "Password", s->string);
	add_field(node, "Chan", chan);
	add_field(node, "Func", func);
	add_field(node, "Arr", an_array(a, s->string, 2));
	add_field(node, "F", s->float64);
	add_field(node, "C", s->complex128);
	end_struct(node);
	add(v, node);
	add(v, a_ptr(a, a_ptr(a, node)));
	add(v, s->any);
	add(v, s->string);
	add(v, a_slice(a, s->any));
	add(v, a_slice(a, a_struct(a, "")));
	add(v, func);
	add(v, chan);
}

static void add_maps(struct values *v)
{
	struct arena *a = v->w.arena;
	struct some_types *s = &v->w.t;
	struct type *key = make(v, "main.Key", "S", s->string, "F", s->float32, NULL);
	add(v, an_hmap(a, s, s->string, s->any));
	add(v, an_hmap(a, s, s->any, a_slice(a, s->string)));
	add(v, an_hmap(a, s, key, s->integer));
	add(v, an_hmap(a, s, an_array(a, s->integer, 40), s->uint8));
	add(v, a_swiss_map(a, s, s->string, s->any));
	add(v, a_swiss_map(a, s, s->float64, s->boolean));
	add(v, a_swiss_map(a, s, s->any, s->any));
}

static void add_sync(struct values *v)
{
	struct arena *a = v->w.arena;
	struct some_types *s = &v->w.t;
	struct type *mutex = make(v, "sync.Mutex", "state", s->int32, "sema", s->uint32, NULL);
	struct type *entry = make(v, "sync.entry", "p", s->unsafe, NULL);
	struct type *map = an_hmap(a, s, s->any, a_ptr(a, entry));
	struct type *part = make(v, "sync.readOnly", "m", map, "amended", s->boolean, NULL);
	struct type *pointer = make(v, "sync/atomic.Pointer[sync.readOnly]", "_",
				    an_array(a, a_ptr(a, part), 0), "v", s->unsafe, NULL);
	make(v, "sync.Map", "mu", mutex, "read", pointer, "dirty", map, NULL);
	struct type *node = make(v, "internal/sync.node[interface {},interface {}]", "isEntry",
				 s->boolean, NULL);
	struct type *child = make(v, "sync/atomic.Pointer[n]", "_", an_array(a, a_ptr(a, node), 0),
				  "v", s->unsafe, NULL);
	struct type *inner = make(v, "internal/sync.indirect[interface {},interface {}]", "node",
				  node, "children", an_array(a, child, 16), NULL);
	struct type *root = make(v, "sync/atomic.Pointer[i]", "_", an_array(a, a_ptr(a, inner), 0),
				 "v", s->unsafe, NULL);
	struct type *trie =
		make(v, "internal/sync.HashTrieMap[interface {},interface {}]", "root", root, NULL);
	make(v, "sync.Map", "m", trie, NULL);
	make(v, "sync.WaitGroup", "state1", an_array(a, s->uint32, 3), NULL);
	make(v, "sync.RWMutex", "readerCount", s->int32, NULL);
	make(v, "sync.Once", "done", s->uint32, NULL);
	make(v, "sync/atomic.Value", "v", s->any, NULL);
	make(v, "sync/atomic.Bool", "v", s->uint32, NULL);
}

static void add_special(struct values *v)
{
	struct arena *a = v->w.arena;
	struct some_types *s = &v->w.t;
	struct type *zone = make(v, "time.zone", "name", s->string, "offset", s->integer, NULL);
	struct type *location =
		make(v, "time.Location", "zone", a_slice(a, zone), "cacheStart", s->int64,
		     "cacheEnd", s->int64, "cacheZone", a_ptr(a, zone), NULL);
	make(v, "time.Time", "wall", s->uint64, "ext", s->int64, "loc", a_ptr(a, location), NULL);
	struct type *bytes = a_slice(a, s->uint8), *ip = a_name(a, "net.IP", bytes);
	add(v, ip);
	struct type *detail =
		make(v, "net/netip.addrDetail", "isV6", s->boolean, "zoneV6", s->string, NULL);
	struct type *handle = make(v, "unique.Handle[d]", "value", a_ptr(a, detail), NULL);
	struct type *wide = make(v, "net/netip.uint128", "hi", s->uint64, "lo", s->uint64, NULL);
	struct type *addr = make(v, "net/netip.Addr", "addr", wide, "z", handle, NULL);
	make(v, "net/netip.AddrPort", "ip", addr, "port", s->uint16, NULL);
	make(v, "net/netip.Prefix", "ip", addr, "bits", s->int32, NULL);
	struct type *user =
		make(v, "net/url.Userinfo", "username", s->string, "passwordSet", s->boolean, NULL);
	make(v, "net/url.URL", "Scheme", s->string, "Opaque", s->string, "User", a_ptr(a, user),
	     "Host", s->string, "Path", s->string, "RawPath", s->string, "OmitHost", s->boolean,
	     "ForceQuery", s->boolean, "RawQuery", s->string, "Fragment", s->string, "RawFragment",
	     s->string, NULL);
	make(v, "math/big.Int", "neg", s->boolean, "abs", a_slice(a, s->uint64), NULL);
	make(v, "bytes.Buffer", "buf", bytes, "off", s->integer, NULL);
	make(v, "strings.Builder", "buf", bytes, NULL);
	make(v, "net.TCPAddr", "IP", ip, "Port", s->integer, "Zone", s->string, NULL);
}

static void add_errors(struct values *v)
{
	struct arena *a = v->w.arena;
	struct some_types *s = &v->w.t;
	add(v, a_type(a, TYPE_UINT, "syscall.Errno", 8, KIND_UINTPTR));
	add(v, a_ptr(a, make(v, "errors.errorString", "s", s->string, NULL)));
	add(v, a_ptr(a, make(v, "errors.joinError", "errs", a_slice(a, s->error), NULL)));
	add(v, a_ptr(a, make(v, "io/fs.PathError", "Op", s->string, "Path", s->string, "Err",
			     s->error, NULL)));
	add(v, a_ptr(a, make(v, "net.OpError", "Op", s->string, "Net", s->string, "Source", s->any,
			     "Addr", s->any, "Err", s->error, NULL)));
	add(v, a_ptr(a, make(v, "strconv.NumError", "Func", s->string, "Num", s->string, "Err",
			     s->error, NULL)));
}

static void add_c(struct values *v)
{
	struct arena *a = v->w.arena;
	struct type *number = a_type(a, TYPE_INT, "int", 4, 0);
	struct type *letter = a_type(a, TYPE_CHAR, "char", 1, 0);
	struct type *color = a_type(a, TYPE_ENUM, "enum color", 4, 0);
	struct type *t = a_struct(a, "struct foo"), *u = a_struct(a, "union bar");
	static struct type_enumerator names[] = { { { "RED", 3 }, 1 } };
	t->go_kind = u->go_kind = 0;
	t->go_rtype = u->go_rtype = 0;
	u->kind = TYPE_UNION;
	color->enumerators = names;
	color->n_enumerators = 1;
	add_field(u, "i", number);
	add_field(u, "c", an_array(a, letter, 8))->off = 0;
	end_struct(u);
	add_field(t, "name", a_ptr(a, letter));
	add_field(t, "next", a_ptr(a, t));
	add_field(t, "u", u);
	add_field(t, "color", color);
	struct type_field *bits = add_field(t, "bits", number);
	bits->bit_size = 5;
	bits->bit_off = 30;
	add_field(t, "", an_array(a, number, 3));
	add_field(t, "wide", a_type(a, TYPE_FLOAT, "long double", 16, 0));
	add_field(t, "fn", a_ptr(a, a_type(a, TYPE_FUNC, "", 1, 0)));
	end_struct(t);
	add(v, t);
}

// --- memory ---

struct memory {
	const uint8_t *p;
	size_t n;
};

// Addresses are offsets.
static bool read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct memory *m = ctx;
	if (addr > m->n || len > m->n - addr)
		return false;
	memcpy(buf, m->p + addr, len);
	return true;
}

// What interfaces hold is not followed without a program: everything lies at a few addresses.
static void put_insides(struct values *v, struct memory *m)
{
	for (uint64_t addr = 0x40; addr <= 0x100 && addr < m->n; addr += 0x40)
		for (size_t i = 0; i < v->n; i++)
			if (v->types[i]->size <= m->n - addr)
				put(&v->w, addr, v->types[i], m->p + addr, v->types[i]->size);
}

static void take_snapshot(struct values *v, struct memory *m, bool is_snapshot)
{
	struct world *w = &v->w;
	struct walk_memory memory = { read_memory, m, 0 };
	if (is_snapshot) {
		w->n = m->n < sizeof(w->snapshot) ? m->n : sizeof(w->snapshot);
		if (w->n)
			memcpy(w->snapshot, m->p, w->n);
		return;
	}
	w->n = value_walk(value_book_table(w->book), &w->limits, w->root, 0, &memory, w->snapshot);
	put_insides(v, m);
}

static void show(const struct world *w, const struct value_style *style)
{
	struct out_buf text = { 0 };
	char *p = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&p, &n);
	struct json j = json_init(f);
	value_text(w->book, w->root, world_snapshot(w), style, &text);
	value_json(w->book, w->root, world_snapshot(w), &j);
	fclose(f);
	if (text.n > OUTPUT_MAX || n > OUTPUT_MAX)
		abort();
	out_buf_free(&text);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD)
		return 0;
	struct arena *a = arena_new();
	struct values *v = ARENA_NEW(a, struct values);
	v->w.arena = a;
	v->w.t = some_types(a);
	v->w.limits = (struct value_limits) { .depth = 6, .items = 100, .text = 64, .bytes = 8192 };
	add_plain(v);
	add_maps(v);
	add_sync(v);
	add_special(v);
	add_errors(v);
	add_c(v);
	// The root is the first; what was there takes its place.
	size_t root = data[2] % v->n;
	struct type *first = v->types[0];
	v->types[0] = v->types[root];
	v->types[root] = first;
	world_book(&v->w, v->types);
	struct memory m = { data + HEAD, size - HEAD };
	take_snapshot(v, &m, data[0] & IS_SNAPSHOT);
	struct value_style style = { .width = data[1], .shows_zeros = data[0] & SHOWS_ZEROS };
	show(&v->w, &style);
	arena_free(a);
	return 0;
}
