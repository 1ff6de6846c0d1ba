// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/map.h"
#include "base/near.h"

#define BYTES(...)                                                \
	((struct bytes) { .p = (const uint8_t[]) { __VA_ARGS__ }, \
			  .len = sizeof((const uint8_t[]) { __VA_ARGS__ }) })

static struct str cstr(const char *s)
{
	return str_from(s);
}

// --- arena ---

TEST(arena_alloc_is_zeroed_and_aligned)
{
	AUTO(arena_autofree) struct arena *a = arena_new();

	for (size_t n = 1; n < 300; n += 7) {
		const uint8_t *p = arena_alloc(a, n, 3);

		CHECK_INT((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n * 3; i++)
			CHECK_INT(p[i], 0);
	}
}

TEST(arena_alloc_larger_than_a_chunk)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	uint8_t *small = arena_alloc(a, 1, 8);
	uint8_t *large = arena_alloc(a, 16, 1024 * 1024);

	small[7] = 1;
	memset(large, 2, 16u * 1024 * 1024);
	CHECK(arena_alloc(a, 1, 8) != NULL);
	CHECK_INT(small[7], 1);
	CHECK(arena_used(a) >= 16u * 1024 * 1024);
}

TEST(arena_free_accepts_null)
{
	arena_free(NULL);
}

TEST(arena_vec_grows_and_keeps_items)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	VEC(uint32_t) vec = { 0 };

	for (uint32_t i = 0; i < 10000; i++)
		VEC_PUSH(a, &vec, i * 3);
	CHECK_INT(vec.n, 10000);
	for (uint32_t i = 0; i < 10000; i++)
		CHECK_INT(vec.v[i], i * 3);
}

TEST(arena_strings_end_with_nul)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct str copy = arena_strdup(a, (struct str) { "abcdef", 3 });
	struct str made = arena_printf(a, "%s-%d", "x", 12);

	CHECK_STR(copy.p, "abc");
	CHECK_VIEW(made, "x-12");
	CHECK_INT(made.p[made.len], 0);
	CHECK_INT(arena_strdup(a, (struct str) { NULL, 0 }).len, 0);
}

// --- str ---

TEST(str_eq_and_affixes)
{
	struct str none = { NULL, 0 };

	CHECK(str_eq(STR("abc"), cstr("abc")));
	CHECK(!str_eq(STR("abc"), STR("abd")));
	CHECK(!str_eq(STR("abc"), STR("ab")));
	CHECK(str_eq(none, STR("")));
	CHECK(str_starts(STR("main.Get"), STR("main.")));
	CHECK(!str_starts(STR("mai"), STR("main.")));
	CHECK(str_ends(STR("main.Get"), STR(".Get")));
	CHECK(!str_ends(STR("Get"), STR(".Get")));
	CHECK(str_starts(STR("x"), STR("")));
	CHECK(str_ends(STR("x"), STR("")));
}

TEST(str_parts_stay_inside)
{
	CHECK_VIEW(str_from_off(STR("hello"), 2), "llo");
	CHECK_VIEW(str_from_off(STR("hello"), 5), "");
	CHECK_VIEW(str_from_off(STR("hello"), 99), "");
	CHECK_VIEW(str_first(STR("hello"), 2), "he");
	CHECK_VIEW(str_first(STR("hello"), 99), "hello");
}

// Views without memory come from zeroed structs; the sanitizer build watches what is done to them.
TEST(str_views_may_be_null)
{
	struct str none = { NULL, 0 };

	CHECK(str_starts(none, none));
	CHECK(str_ends(none, none));
	CHECK(str_starts(STR("x"), none));
	CHECK(!str_starts(none, STR("x")));
	CHECK_INT(str_from_off(none, 0).len, 0);
	CHECK_INT(str_from_off(none, 3).len, 0);
	CHECK_INT(str_first(none, 3).len, 0);
	CHECK_INT(str_find(none, STR("x")), -1);
	CHECK_INT(str_find(STR("x"), none), 0);
	CHECK_INT(str_rfind_byte(none, 'x'), -1);
	CHECK(str_glob(none, none));
	CHECK(str_hash(none) == str_hash(STR("")));
}

TEST(str_cmp_orders_bytes)
{
	CHECK(str_cmp(STR("a"), STR("b")) < 0);
	CHECK(str_cmp(STR("b"), STR("a")) > 0);
	CHECK(str_cmp(STR("a"), STR("ab")) < 0);
	CHECK(str_cmp(STR("ab"), STR("a")) > 0);
	CHECK_INT(str_cmp(STR("ab"), STR("ab")), 0);
	CHECK(str_cmp(STR("\x7f"), STR("\x80")) < 0);
	CHECK_INT(str_cmp((struct str) { NULL, 0 }, STR("")), 0);
}

TEST(str_find_first_and_last)
{
	CHECK_INT(str_find(STR("abcabc"), STR("bc")), 1);
	CHECK_INT(str_find(STR("abc"), STR("x")), -1);
	CHECK_INT(str_find(STR("abc"), STR("")), 0);
	CHECK_INT(str_rfind_byte(STR("a.b.c"), '.'), 3);
	CHECK_INT(str_rfind_byte(STR("abc"), '.'), -1);
	CHECK_INT(str_rfind_byte(STR(""), '.'), -1);
}

TEST(str_to_u64_accepts_numbers_only)
{
	static const char *const bad[] = { "",
					   "0x",
					   "12a",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "0xg",
					   "x1",
					   "18446744073709551616",
					   "0x10000000000000000" };
	uint64_t v = 7;

	CHECK(str_to_u64(STR("0"), &v) && v == 0);
	CHECK(str_to_u64(STR("1234567890"), &v) && v == 1234567890);
	CHECK(str_to_u64(STR("0xfFfF"), &v) && v == 0xffff);
	CHECK(str_to_u64(STR("18446744073709551615"), &v) && v == UINT64_MAX);
	CHECK(str_to_u64(STR("0xffffffffffffffff"), &v) && v == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_to_u64(cstr(bad[i]), &v))
			unit_fail(__FILE__, __LINE__, "\"%s\" was taken for a number", bad[i]);
}

TEST(str_glob_matches)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "main.*", "main.main", true },
		{ "main.*", "xmain.main", false },
		{ "*nomadFSM).Apply", "github.com/x/nomad.(*nomadFSM).Apply", true },
		{ "*nomadFSM).Apply", "github.com/x/nomad.(*nomadFSM).Applyx", false },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "a*b*c", "axxbyyc", true },
		{ "a*b*c", "axxbyy", false },
		{ "main.\\*T", "main.*T", true },
		{ "main.\\*T", "main.xT", false },
		{ "main.\\?", "main.?", true },
		{ "main.\\?", "main.x", false },
		{ "a\\\\b", "a\\b", true },
		{ "end\\", "end\\", true },
		{ "G[int]", "G[int]", true },
		{ "G[int]", "Gi", false },
		{ "**a**", "bab", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (str_glob(cstr(cases[i].pattern), cstr(cases[i].text)) != cases[i].want)
			unit_fail(__FILE__, __LINE__, "glob %s on %s", cases[i].pattern,
				  cases[i].text);
	CHECK(str_is_glob(STR("a*")));
	CHECK(str_is_glob(STR("\\*?")));
	CHECK(!str_is_glob(STR("main.\\*T")));
	CHECK(!str_is_glob(STR("G[int]")));
}

// A backtracking matcher would need longer than the universe has.
TEST(str_glob_is_not_exponential)
{
	char text[4001];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	CHECK(!str_glob(STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), cstr(text)));
}

TEST(str_hash_spreads)
{
	CHECK(str_hash(STR("a")) != str_hash(STR("b")));
	CHECK(str_hash(STR("ab")) != str_hash(STR("ba")));
	CHECK(str_hash(STR("ab")) == str_hash(cstr("ab")));
}

// --- err ---

TEST(err_wrap_and_note_build_the_text)
{
	struct err *e = err_new(ERR_NOTFOUND, "no function '%s'", "main.Gett");

	e = err_wrap(e, "in %s", "./shop");
	e = err_note(e, "near: %s", "main.Get");
	CHECK_INT(err_kind(e), ERR_NOTFOUND);
	CHECK_STR(err_text(e), "in ./shop: no function 'main.Gett'\nnear: main.Get");
	err_free(e);
}

TEST(err_sys_names_the_reason)
{
	struct err *e = err_sys(13, "cannot open %s", "x");

	CHECK_STR(err_text(e), "cannot open x: Permission denied");
	CHECK_ERR(e, ERR_SYS);
}

TEST(err_null_stays_null)
{
	struct err *e = err_wrap(NULL, "context");

	CHECK(e == NULL);
	CHECK(!err_catch(&e, ERR_SYS));
	err_free(NULL);
}

TEST(err_catch_takes_one_kind)
{
	struct err *e = err_new(ERR_BADDATA, "bad");

	CHECK(!err_catch(&e, ERR_NOTFOUND));
	CHECK(e != NULL);
	CHECK(err_catch(&e, ERR_BADDATA));
	CHECK(e == NULL);
}

static struct err *fails_when(bool fail, int *reached)
{
	TRY(fail ? err_new(ERR_SYS, "failed") : NULL);
	*reached = 1;
	return NULL;
}

TEST(err_try_returns_early)
{
	int reached = 0;

	CHECK_ERR(fails_when(true, &reached), ERR_SYS);
	CHECK_INT(reached, 0);
	CHECK_OK(fails_when(false, &reached));
	CHECK_INT(reached, 1);
}

// --- cursor ---

TEST(cursor_reads_little_endian)
{
	struct cursor c = cursor_init(
		BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18), "data");

	CHECK_INT(cursor_u8(&c), 1);
	CHECK_INT(cursor_u16(&c), 0x0302);
	CHECK_INT(cursor_u32(&c), 0x07060504);
	CHECK_INT(cursor_u64(&c), 0x0f0e0d0c0b0a0908);
	CHECK_INT(cursor_uint(&c, 3), 0x121110);
	CHECK_INT(cursor_left(&c), 0);
	CHECK(cursor_ok(&c));
	CHECK_OK(cursor_err(&c));
}

TEST(cursor_error_is_sticky)
{
	struct cursor c = cursor_init(BYTES(1, 2, 3), ".debug_info");
	struct err *e;

	CHECK_INT(cursor_u16(&c), 0x0201);
	CHECK_INT(cursor_u32(&c), 0);
	CHECK_INT(cursor_u8(&c), 0);
	CHECK_INT(cursor_left(&c), 0);
	cursor_seek(&c, 0);
	CHECK_INT(cursor_u8(&c), 0);
	cursor_fail(&c, "a later failure");
	e = cursor_err(&c);
	CHECK_STR(err_text(e), ".debug_info+0x2: unexpected end of data");
	CHECK_ERR(e, ERR_BADDATA);
}

TEST(cursor_seek_and_skip_stay_inside)
{
	struct cursor c = cursor_init(BYTES(1, 2, 3, 4), "data");

	cursor_seek(&c, 4);
	CHECK(cursor_ok(&c));
	cursor_seek(&c, 1);
	cursor_skip(&c, 2);
	CHECK_INT(cursor_u8(&c), 4);
	cursor_seek(&c, 5);
	CHECK(!cursor_ok(&c));

	c = cursor_init(BYTES(1, 2), "data");
	cursor_skip(&c, UINT64_MAX);
	CHECK(!cursor_ok(&c));

	c = cursor_init(BYTES(1, 2), "data");
	CHECK(cursor_bytes(&c, UINT64_MAX).p == NULL);
	CHECK(!cursor_ok(&c));
}

TEST(cursor_without_bytes)
{
	struct cursor c = cursor_init((struct bytes) { NULL, 0 }, "nothing");

	CHECK_INT(cursor_left(&c), 0);
	cursor_seek(&c, 0);
	cursor_skip(&c, 0);
	CHECK_INT(cursor_bytes(&c, 0).len, 0);
	CHECK(cursor_ok(&c));
	CHECK_INT(cursor_u8(&c), 0);
	CHECK(!cursor_ok(&c));
}

TEST(cursor_uint_refuses_wide_numbers)
{
	struct cursor c = cursor_init(BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), "data");

	CHECK_INT(cursor_uint(&c, 9), 0);
	CHECK(!cursor_ok(&c));
}

static uint64_t uleb(struct bytes b, bool *ok)
{
	struct cursor c = cursor_init(b, "leb");
	uint64_t v = cursor_uleb(&c);

	*ok = cursor_ok(&c);
	return v;
}

static int64_t sleb(struct bytes b, bool *ok)
{
	struct cursor c = cursor_init(b, "leb");
	int64_t v = cursor_sleb(&c);

	*ok = cursor_ok(&c);
	return v;
}

TEST(cursor_uleb_values_and_ends)
{
	bool ok;

	CHECK_INT(uleb(BYTES(0x7f), &ok), 127);
	CHECK_INT(uleb(BYTES(0xe5, 0x8e, 0x26), &ok), 624485);
	CHECK_INT(uleb(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), &ok),
		  UINT64_MAX);
	CHECK(ok);
	CHECK_INT(uleb(BYTES(0x80, 0x80), &ok), 0);
	CHECK(!ok);
	uleb(BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), &ok);
	CHECK(!ok);
}

TEST(cursor_sleb_values_and_ends)
{
	bool ok;

	CHECK_INT(sleb(BYTES(0x7f), &ok), -1);
	CHECK_INT(sleb(BYTES(0x3f), &ok), 63);
	CHECK_INT(sleb(BYTES(0x40), &ok), -64);
	CHECK_INT(sleb(BYTES(0x9b, 0xf1, 0x59), &ok), -624485);
	CHECK_INT(sleb(BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), &ok),
		  INT64_MIN);
	CHECK(ok);
	sleb(BYTES(0x80), &ok);
	CHECK(!ok);
}

TEST(cursor_cstr_needs_its_nul)
{
	struct cursor c = cursor_init(BYTES('a', 'b', 0, 0, 'c'), "text");

	CHECK_VIEW(cursor_cstr(&c), "ab");
	CHECK_VIEW(cursor_cstr(&c), "");
	CHECK_VIEW(cursor_cstr(&c), "");
	CHECK(!cursor_ok(&c));
}

// --- map ---

TEST(map_keeps_many_keys)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct map m = map_init(a);
	static int values[20000];

	CHECK(map_get(&m, 1) == NULL);
	for (uint64_t i = 0; i < ARRAY_LEN(values); i++)
		map_put(&m, i << 33, &values[i]);
	CHECK_INT(m.n, ARRAY_LEN(values));
	for (uint64_t i = 0; i < ARRAY_LEN(values); i++)
		CHECK(map_get(&m, i << 33) == &values[i]);
	CHECK(map_get(&m, 1) == NULL);
	map_put(&m, 0, &values[7]);
	CHECK(map_get(&m, 0) == &values[7]);
	CHECK_INT(m.n, ARRAY_LEN(values));
}

// --- near ---

TEST(near_finds_typing_mistakes)
{
	struct near n = near_init(STR("main.Gett"));

	near_offer(&n, STR("runtime.gopark"));
	near_offer(&n, STR("main.(*Store).Get"));
	near_offer(&n, STR("main.Get"));
	near_offer(&n, STR("main.Get"));
	CHECK(n.n >= 1);
	CHECK_VIEW(n.best[0], "main.Get");
	for (size_t i = 0; i < n.n; i++)
		CHECK(!str_eq(n.best[i], STR("runtime.gopark")));
}

TEST(near_prefers_the_package_that_was_named)
{
	struct near n = near_init(STR("main.Gett"));

	near_offer(&n, STR("sync.(*Pool).Get"));
	near_offer(&n, STR("main.(*ShopOfMany).GetAll"));
	near_offer(&n, STR("runtime.getfp"));
	near_offer(&n, STR("main.(*Store).Get"));
	CHECK_VIEW(n.best[0], "main.(*Store).Get");
}

TEST(near_keeps_the_best_few)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct near n = near_init(STR("main.process"));

	for (int i = 0; i < 50; i++)
		near_offer(&n, arena_printf(a, "main.processXYZ%02d", i));
	near_offer(&n, STR("main.proces"));
	CHECK_INT(n.n, NEAR_MAX);
	CHECK_VIEW(n.best[0], "main.proces");
	for (size_t i = 1; i < n.n; i++)
		CHECK(n.score[i - 1] <= n.score[i]);
}

TEST(near_survives_long_and_empty_names)
{
	char name[5000];
	struct near n = near_init((struct str) { name, sizeof(name) });

	memset(name, 'x', sizeof(name));
	near_offer(&n, STR(""));
	near_offer(&n, STR("short"));
	near_offer(&n, (struct str) { name, sizeof(name) - 1 });
	n = near_init(STR("short"));
	near_offer(&n, (struct str) { name, sizeof(name) });
	n = near_init(STR(""));
	near_offer(&n, STR("x"));
	CHECK_INT(n.n, 0);
}

// --- file ---

TEST(file_map_reads_a_file)
{
	struct file_map m;

	CHECK_OK(file_map_open("VERSION", &m));
	CHECK(m.data.len > 3);
	CHECK(memchr(m.data.p, '.', m.data.len) != NULL);
	file_map_close(&m);
	CHECK(m.data.p == NULL);
	file_map_close(&m);
}

TEST(file_map_survives_that_a_file_is_cut_off)
{
	char path[] = "/tmp/stoat-unit-XXXXXX";
	struct file_map m;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && pwrite(fd, "x", 1, 0) == 1 && pwrite(fd, "y", 1, 9999) == 1);
	CHECK_OK(file_map_open(path, &m));
	unlink(path);
	file_map_survive_truncation();
	CHECK(ftruncate(fd, 5000) == 0);
	CHECK_INT(((const volatile uint8_t *)m.data.p)[0], 'x');
	CHECK_INT(((const volatile uint8_t *)m.data.p)[9999], 0);
	CHECK_INT(((const volatile uint8_t *)m.data.p)[9000], 0);
	file_map_close(&m);
	close(fd);
}

TEST(file_map_refuses_what_is_no_file)
{
	char dir[] = "/tmp/stoat-unit-XXXXXX", path[64];
	struct file_map m;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	CHECK_ERR(file_map_open(dir, &m), ERR_BADDATA);
	CHECK_ERR(file_map_open("/dev/null", &m), ERR_BADDATA);
	CHECK_ERR(file_map_open("VERSION/x", &m), ERR_NOTFOUND);

	snprintf(path, sizeof(path), "%s/file", dir);
	CHECK_ERR(file_map_open(path, &m), ERR_NOTFOUND);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0);
	close(fd);
	CHECK_ERR(file_map_open(path, &m), ERR_BADDATA);
	unlink(path);

	// Must not wait for a writer.
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_ERR(file_map_open(path, &m), ERR_BADDATA);
	unlink(path);
	rmdir(dir);
}

TEST(file_map_names_a_missing_right)
{
	char path[] = "/tmp/stoat-unit-XXXXXX";
	struct file_map m;
	int fd;

	if (geteuid() == 0)
		SKIP("root may read everything");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_INT(fchmod(fd, 0), 0);
	close(fd);
	CHECK_ERR(file_map_open(path, &m), ERR_SYS);
	unlink(path);
}

// --- log ---

TEST(log_level_silences)
{
	char text[512] = "";
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		SKIP("/tmp has no unnamed files");
	dup2(fd, STDERR_FILENO);
	log_debug("elf", "not shown");
	log_warn("first\nsecond");
	log_set_level(LOG_QUIET);
	log_warn("not shown");
	log_error("always %d", 1);
	log_set_level(LOG_VERBOSE);
	CHECK(log_is_verbose());
	log_debug("elf", "shown");
	CHECK(pread(fd, text, sizeof(text) - 1, 0) > 0);
	CHECK_STR(text, "stoat: warning: first\n       second\nstoat: error: always 1\n"
			"stoat: elf: shown\n");
	close(fd);
}

// --- lines ---

// A pipe of packets: what one write(2) wrote is what one read(2) reads, up to PIPE_BUF.
struct packets {
	int ends[2];
	char last[PIPE_BUF + 1];
};

static bool packets_open(struct packets *p)
{
	return pipe2(p->ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK) == 0;
}

static void packets_close(struct packets *p)
{
	close(p->ends[0]);
	close(p->ends[1]);
}

// The next one; "" when there is none.
static const char *packet(struct packets *p)
{
	ssize_t n = read(p->ends[0], p->last, PIPE_BUF);
	p->last[MAX(n, 0)] = '\0';
	return p->last;
}

TEST(lines_are_written_whole)
{
	struct packets p;
	CHECK(packets_open(&p));
	struct lines *l = lines_open(p.ends[1], 256, _IOFBF, false);
	FILE *f = lines_stream(l);

	for (int i = 0; i < 100; i++)
		fprintf(f, "line %03d\n", i);
	fputs("the beginning of", f);
	size_t n = 0;
	for (const char *s; *(s = packet(&p)); n += strlen(s))
		CHECK_INT(s[strlen(s) - 1], '\n');
	CHECK(n > 0);
	CHECK_INT(lines_flush(l), 0);
	while (*packet(&p))
		n += strlen(p.last);
	CHECK_INT(n, 100 * 9 + 16);
	fputs(" a line\n", f);
	CHECK_INT(lines_flush(l), 0);
	CHECK_STR(packet(&p), " a line\n");
	CHECK_INT(lines_flush(l), 0);
	CHECK_STR(packet(&p), "");
	lines_close(l);
	packets_close(&p);
}

TEST(lines_line_by_line)
{
	struct packets p;
	CHECK(packets_open(&p));
	struct lines *l = lines_open(p.ends[1], 256, _IOLBF, false);
	for (int i = 0; i < 3; i++) {
		fprintf(lines_stream(l), "%d\n", i);
		CHECK_INT(strlen(packet(&p)), 2);
	}
	lines_close(l);
	packets_close(&p);
}

TEST(lines_for_a_pipe_of_several_writers)
{
	struct packets p;
	CHECK(packets_open(&p));
	struct lines *l = lines_open(p.ends[1], 1 << 16, _IOFBF, true);
	FILE *f = lines_stream(l);
	size_t n = 0;

	for (int i = 0; i < 1000; i++)
		fprintf(f, "%0*d\n", i % 90 + 1, i);
	for (int i = 0; i < PIPE_BUF + 10; i++)
		fputc('x', f);
	fputs("\nlast\n", f);
	CHECK_INT(lines_flush(l), 0);
	for (const char *s; *(s = packet(&p)) && *s != 'x'; n++)
		CHECK_INT(s[strlen(s) - 1], '\n');
	CHECK(n > 10 && n < 20);
	CHECK_INT(strlen(p.last), PIPE_BUF);
	CHECK_STR(packet(&p), "xxxxxxxxxx\n");
	CHECK_STR(packet(&p), "last\n");
	lines_close(l);
	packets_close(&p);
}

TEST(lines_that_nobody_takes)
{
	struct packets p;
	CHECK(packets_open(&p));
	struct lines *l = lines_open(p.ends[1], 256, _IOFBF, true);
	signal(SIGPIPE, SIG_IGN);
	close(p.ends[0]);
	fputs("gone\nand", lines_stream(l));
	errno = 0;
	CHECK_INT(lines_flush(l), EOF);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	lines_close(l);
	close(p.ends[1]);
	CHECK(!lines_open(-1, 256, _IOFBF, true));
}
