// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include <stdio.h>

#include "go/go.h"
#include "go_image.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static const int minors[] = { 15, 16, 17, 19, 24, 26, 27 };

struct opened {
	struct go_image img;
	struct elf *elf;
	struct go *go;
};

static void open_image(struct opened *o, const struct go_image_options *opt)
{
	go_image_make(opt, &o->img);
	CHECK_OK(elf_open_mem(go_image_bytes(&o->img), "image", &o->elf));
	CHECK_OK(go_open(o->elf, &o->go));
}

static void close_image(struct opened *o)
{
	go_close(o->go);
	elf_close(o->elf);
}

// Runs fn on an image of every layout, with pointers in the file and left to relocations.
static void for_each_layout(void (*fn)(struct opened *o, int minor))
{
	for (size_t i = 0; i < N_OF(minors); i++) {
		for (int relocated = 0; relocated < 2; relocated++) {
			char version[16];
			snprintf(version, sizeof(version), "go1.%d.3", minors[i]);
			struct opened o;
			open_image(&o, &(struct go_image_options) { .minor = minors[i],
								    .version = version,
								    .is_relocated = relocated });
			fn(&o, minors[i]);
			close_image(&o);
		}
	}
}

static struct go_func func_at(struct opened *o, size_t i)
{
	struct go_func f;
	CHECK(go_func_get(o->go, i, &f));
	return f;
}

// --- build information ---

static void check_buildinfo(struct opened *o, int minor)
{
	const struct go_buildinfo *info = go_buildinfo(o->go);
	struct str value;
	CHECK_INT(info->version.minor, minor);
	CHECK_INT(go_minor(o->go), minor);
	CHECK_VIEW(info->modinfo, "path\tcmd/x\nbuild\tGOARCH=amd64\n");
	CHECK(go_buildinfo_setting(info, STR("GOARCH"), &value));
	CHECK_VIEW(value, "amd64");
	CHECK(!go_buildinfo_setting(info, STR("GOAR"), &value));
	CHECK(!go_buildinfo_setting(info, STR("cmd/x"), &value));
}

TEST(go_buildinfo_both_forms)
{
	for_each_layout(check_buildinfo);
}

static struct go_version version_of(const char *text)
{
	static struct go_image img;
	struct elf *elf;
	struct go_buildinfo info;
	go_image_make(&(struct go_image_options) { .minor = 24, .version = text }, &img);
	CHECK_OK(elf_open_mem(go_image_bytes(&img), "image", &elf));
	CHECK_OK(go_buildinfo_read(elf, &info));
	elf_close(elf);
	return info.version;
}

TEST(go_version_text)
{
	struct go_version v = version_of("go1.24.4 X:noswissmap,arenas");
	CHECK_INT(v.minor, 24);
	CHECK_VIEW(v.experiments, "noswissmap,arenas");
	CHECK(go_has_experiment(&v, STR("arenas")));
	CHECK(go_has_experiment(&v, STR("noswissmap")));
	CHECK(!go_has_experiment(&v, STR("swissmap")));
	v = version_of("go1.26.10-X:nodwarf5");
	CHECK_INT(v.minor, 26);
	CHECK(go_has_experiment(&v, STR("nodwarf5")));
	v = version_of("devel go1.23-0123abcdef Mon Jan 1");
	CHECK_INT(v.minor, 23);
	CHECK_VIEW(v.experiments, "");
	CHECK_INT(version_of("devel +8a3b2").minor, -1);
	CHECK_INT(version_of("go1.").minor, -1);
}

TEST(go_open_refuses_what_is_not_go)
{
	static struct go_image img;
	struct elf *elf;
	struct go *go;
	go_image_make(&(struct go_image_options) { .minor = 24 }, &img);
	memset(img.bytes + 0x1000, 0, 0x3000);
	CHECK_OK(elf_open_mem(go_image_bytes(&img), "image", &elf));
	CHECK_ERR(go_open(elf, &go), ERR_NOTFOUND);
	struct go_buildinfo info;
	CHECK_ERR(go_buildinfo_read(elf, &info), ERR_NOTFOUND);
	elf_close(elf);
}

// --- functions ---

static void check_functions(struct opened *o, int minor)
{
	static const struct {
		const char *name;
		uint64_t entry, end, next;
	} want[] = {
		{ "main.main", 0x401000, 0x401033, 0x401040 },
		{ "main.(*T).Get", 0x401040, 0x401074, 0x401080 },
		{ "x_cgo", 0x401080, 0x401086, 0x401090 },
		{ "runtime.asm", 0x401090, 0x401098, 0x401098 },
	};
	CHECK_INT(go_n_funcs(o->go), 4);
	for (size_t i = 0; i < 4; i++) {
		struct go_func f = func_at(o, i);
		struct str name;
		uint64_t entry;
		CHECK_VIEW(f.name, want[i].name);
		CHECK_INT(f.entry, want[i].entry);
		CHECK_INT(f.end, want[i].end);
		CHECK_INT(f.next, want[i].next);
		CHECK_INT(f.args, 8 * i);
		CHECK_INT(f.is_c, i == 2);
		CHECK_INT(f.is_asm, i == 3);
		CHECK_INT(f.start_line, minor >= 20 ? 9 : 0);
		CHECK(go_func_name(o->go, i, &name, &entry));
		CHECK_VIEW(name, want[i].name);
		CHECK_INT(entry, want[i].entry);
	}
}

TEST(go_functions_of_every_layout)
{
	for_each_layout(check_functions);
}

static void check_func_at(struct opened *o, int minor)
{
	(void)minor;
	struct go_func f;
	CHECK(!go_func_at(o->go, GO_IMAGE_TEXT - 1, &f));
	CHECK(go_func_at(o->go, GO_IMAGE_TEXT, &f));
	CHECK_INT(f.index, 0);
	CHECK(go_func_at(o->go, GO_IMAGE_TEXT + 0x32, &f));
	CHECK_INT(f.index, 0);
	// Filling belongs to no function.
	CHECK(!go_func_at(o->go, GO_IMAGE_TEXT + 0x33, &f));
	CHECK(go_func_at(o->go, GO_IMAGE_TEXT + 0x97, &f));
	CHECK_INT(f.index, 3);
	CHECK(!go_func_at(o->go, GO_IMAGE_TEXT + 0x98, &f));
	CHECK(!go_func_at(o->go, 0, &f));
	CHECK(!go_func_at(o->go, UINT64_MAX, &f));
}

TEST(go_func_at_finds_code_only)
{
	for_each_layout(check_func_at);
}

TEST(go_functions_of_arm64)
{
	struct opened o;
	open_image(&o, &(struct go_image_options) {
			       .minor = 24, .version = "go1.24.1", .is_arm64 = true });
	struct go_func f = func_at(&o, 0);
	int32_t sp;
	// The assembler counts the filling as part of the function.
	CHECK_INT(f.end, f.next);
	CHECK(go_sp_delta(o.go, &f, f.entry + 8, &sp));
	CHECK_INT(sp, 8);
	CHECK_INT(go_sp_first_change(o.go, &f), f.entry + 8);
	close_image(&o);
}

// --- pc tables ---

static void check_pos(struct opened *o, const struct go_func *f, uint64_t off, const char *file,
		      int line)
{
	struct go_pos pos;
	CHECK(go_pos_at(o->go, f, f->entry + off, &pos));
	CHECK_VIEW(pos.file, file);
	CHECK_INT(pos.line, line);
}

static void check_lines(struct opened *o, int minor)
{
	struct go_func f = func_at(o, 0), asm_func = func_at(o, 3), c_func = func_at(o, 2);
	struct go_pos pos;
	check_pos(o, &f, 0, "a.go", 10);
	check_pos(o, &f, 0x0f, "a.go", 10);
	check_pos(o, &f, 0x10, "b.go", 5);
	check_pos(o, &f, 0x17, "b.go", 7);
	check_pos(o, &f, 0x20, "a.go", 12);
	check_pos(o, &f, 0x3f, "a.go", 12);
	check_pos(o, &asm_func, 0, "x.s", 20);
	CHECK(!go_pos_at(o->go, &f, f.next, &pos));
	CHECK(!go_pos_at(o->go, &f, f.entry - 1, &pos));
	CHECK(!go_pos_at(o->go, &c_func, c_func.entry, &pos));
	CHECK_VIEW(pos.file, "");
	CHECK(go_func_pos(o->go, &f, &pos));
	CHECK_VIEW(pos.file, "a.go");
	CHECK_INT(pos.line, minor >= 20 ? 9 : 10);
}

TEST(go_positions)
{
	for_each_layout(check_lines);
}

static void check_sp(struct opened *o, int minor)
{
	(void)minor;
	struct go_func f = func_at(o, 0), leaf = func_at(o, 1), c_func = func_at(o, 2);
	int32_t sp;
	CHECK(go_sp_delta(o->go, &f, f.entry, &sp));
	CHECK_INT(sp, 0);
	CHECK(go_sp_delta(o->go, &f, f.entry + 0x2f, &sp));
	CHECK_INT(sp, 8);
	CHECK(go_sp_delta(o->go, &f, f.entry + 0x32, &sp));
	CHECK_INT(sp, 0);
	CHECK_INT(go_sp_first_change(o->go, &f), f.entry + 8);
	CHECK_INT(go_sp_first_change(o->go, &leaf), leaf.end);
	CHECK(!go_sp_delta(o->go, &c_func, c_func.entry, &sp));
}

TEST(go_stack_depth)
{
	for_each_layout(check_sp);
}

static void check_frame(const struct go_frame *f, const char *func, const char *file, int line,
			bool is_inlined)
{
	CHECK_VIEW(f->func, func);
	CHECK_VIEW(f->pos.file, file);
	CHECK_INT(f->pos.line, line);
	CHECK_INT(f->is_inlined, is_inlined);
}

static void check_frames(struct opened *o, int minor)
{
	(void)minor;
	struct go_func f = func_at(o, 0), leaf = func_at(o, 1);
	struct go_frame fr[8];
	CHECK(go_has_inlines(o->go, &f));
	CHECK(!go_has_inlines(o->go, &leaf));
	CHECK_INT(go_frames_at(o->go, &f, f.entry, fr, 8), 1);
	check_frame(&fr[0], "main.main", "a.go", 10, false);
	CHECK_INT(go_frames_at(o->go, &f, f.entry + 0x14, fr, 8), 3);
	check_frame(&fr[0], "main.mini", "b.go", 7, true);
	check_frame(&fr[1], "main.tiny", "b.go", 5, true);
	check_frame(&fr[2], "main.main", "a.go", 10, false);
	// With little room the outermost frame is always there.
	CHECK_INT(go_frames_at(o->go, &f, f.entry + 0x14, fr, 2), 2);
	check_frame(&fr[1], "main.main", "a.go", 10, false);
}

TEST(go_frames_of_inlined_code)
{
	for_each_layout(check_frames);
}

struct stretches {
	struct go_inline v[8];
	size_t n;
	size_t stop_after;
};

static bool note_stretch(void *ctx, const struct go_inline *in)
{
	struct stretches *s = ctx;
	s->v[s->n++] = *in;
	return s->n == s->stop_after;
}

static void check_inlines(struct opened *o, int minor)
{
	(void)minor;
	struct go_func f = func_at(o, 0), leaf = func_at(o, 1);
	struct stretches s = { .n = 0 };
	go_each_inline(o->go, &leaf, note_stretch, &s);
	CHECK_INT(s.n, 0);
	go_each_inline(o->go, &f, note_stretch, &s);
	CHECK_INT(s.n, 2);
	CHECK_VIEW(s.v[0].func, "main.mini");
	CHECK_VIEW(s.v[0].caller, "main.tiny");
	CHECK_INT(s.v[0].depth, 2);
	CHECK_INT(s.v[0].low, f.entry + 0x14);
	CHECK_INT(s.v[0].high, f.entry + 0x18);
	CHECK_VIEW(s.v[0].call.file, "b.go");
	CHECK_INT(s.v[0].call.line, 5);
	CHECK_VIEW(s.v[1].func, "main.tiny");
	CHECK_VIEW(s.v[1].caller, "main.main");
	CHECK_INT(s.v[1].depth, 1);
	CHECK_INT(s.v[1].low, f.entry + 0x10);
	CHECK_INT(s.v[1].high, f.entry + 0x20);
	CHECK_VIEW(s.v[1].call.file, "a.go");
	CHECK_INT(s.v[1].call.line, 10);
	CHECK(s.v[0].node != s.v[1].node);
	s = (struct stretches) { .stop_after = 1 };
	go_each_inline(o->go, &f, note_stretch, &s);
	CHECK_INT(s.n, 1);
}

TEST(go_inlined_stretches)
{
	for_each_layout(check_inlines);
}

static void check_arginfo(struct opened *o, int minor)
{
	struct go_func f = func_at(o, 1), main_func = func_at(o, 0);
	struct go_arginfo info;
	CHECK(!go_arginfo(o->go, &main_func, &info));
	if (minor == 15) {
		CHECK(!go_arginfo(o->go, &f, &info));
		return;
	}
	CHECK(go_arginfo(o->go, &f, &info));
	CHECK_INT(info.n, 7);
	CHECK_INT(info.v[0].kind, GO_ARG_WORD);
	CHECK_INT(info.v[0].off, 0);
	CHECK_INT(info.v[0].size, 8);
	CHECK_INT(info.v[1].kind, GO_ARG_OPEN);
	CHECK_INT(info.v[3].off, 16);
	CHECK_INT(info.v[4].kind, GO_ARG_CLOSE);
	CHECK_INT(info.v[5].kind, GO_ARG_DOTDOTDOT);
	CHECK_INT(info.v[6].kind, GO_ARG_OFFSET_TOO_LARGE);
}

TEST(go_argument_words)
{
	for_each_layout(check_arginfo);
}

// --- moduledata and types ---

static void check_module(struct opened *o, int minor)
{
	const struct go_module *m = go_module(o->go);
	CHECK(m->is_known);
	CHECK_INT(m->vaddr, o->img.module);
	CHECK_INT(m->text, GO_IMAGE_TEXT);
	CHECK_INT(m->types, o->img.types);
	CHECK_INT(m->etypes, o->img.etypes);
	CHECK_INT(m->gofunc != 0, minor >= 18);
	CHECK_INT(go_pclntab_vaddr(o->go), o->img.pclntab);
	CHECK_INT(go_has_register_abi(o->go), minor >= 17);
}

TEST(go_module_of_every_layout)
{
	for_each_layout(check_module);
}

// Without build information the tables' own layout decides.
TEST(go_open_without_version)
{
	static const int want[] = { 15, 17, 17, 19, 25, 26, 27 };
	for (size_t i = 0; i < N_OF(minors); i++) {
		struct opened o;
		open_image(&o, &(struct go_image_options) { .minor = minors[i] });
		CHECK_INT(go_minor(o.go), want[i]);
		CHECK_INT(go_buildinfo(o.go)->version.minor, -1);
		CHECK(go_module(o.go)->is_known);
		check_frames(&o, minors[i]);
		close_image(&o);
	}
}

// A version text that the tables contradict is not believed.
TEST(go_open_with_wrong_version)
{
	struct opened o;
	open_image(&o, &(struct go_image_options) { .minor = 19, .version = "go1.27.1" });
	CHECK_INT(go_minor(o.go), 19);
	CHECK(go_module(o.go)->is_known);
	close_image(&o);
	open_image(&o, &(struct go_image_options) { .minor = 27, .version = "go1.24.1" });
	CHECK_INT(go_module(o.go)->types, o.img.types);
	CHECK_INT(go_module(o.go)->etypes, o.img.etypes);
	close_image(&o);
}

TEST(go_open_without_module)
{
	struct opened o;
	open_image(&o, &(struct go_image_options) {
			       .minor = 24, .version = "go1.24.1", .has_no_module = true });
	CHECK(!go_module(o.go)->is_known);
	check_functions(&o, 24);
	check_lines(&o, 24);
	CHECK_VIEW(go_method_signature(o.go, GO_IMAGE_TEXT + 0x40), "");
	close_image(&o);
	// From 1.26 on only moduledata and symbols say where the text starts.
	static struct go_image img;
	struct elf *elf;
	struct go *go;
	go_image_make(&(struct go_image_options) { .minor = 27,
						   .version = "go1.27.1",
						   .has_no_module = true },
		      &img);
	CHECK_OK(elf_open_mem(go_image_bytes(&img), "image", &elf));
	CHECK_ERR(go_open(elf, &go), ERR_BADDATA);
	elf_close(elf);
}

// A moduledata that disagrees with the table is another program's.
TEST(go_open_checks_module_against_table)
{
	static struct go_image img;
	struct elf *elf;
	struct go *go;
	go_image_make(&(struct go_image_options) { .minor = 24, .version = "go1.24.1" }, &img);
	img.bytes[img.minpc_off] ^= 0x10;
	CHECK_OK(elf_open_mem(go_image_bytes(&img), "image", &elf));
	CHECK_OK(go_open(elf, &go));
	CHECK(!go_module(go)->is_known);
	go_close(go);
	elf_close(elf);
}

TEST(go_open_refuses_unordered_functions)
{
	static struct go_image img;
	struct elf *elf;
	struct go *go;
	go_image_make(&(struct go_image_options) { .minor = 24, .version = "go1.24.1" }, &img);
	img.bytes[img.functab_off + 8] = 0xf0;
	CHECK_OK(elf_open_mem(go_image_bytes(&img), "image", &elf));
	CHECK_ERR(go_open(elf, &go), ERR_BADDATA);
	elf_close(elf);
}

static void check_types(struct opened *o, int minor)
{
	(void)minor;
	struct type *t, *p;
	CHECK_OK(go_rtype(o->go, o->img.type_int, &t));
	CHECK_INT(t->kind, TYPE_INT);
	CHECK_VIEW(t->name, "int");
	CHECK_INT(t->size, 8);
	CHECK_OK(go_rtype(o->go, o->img.type_ptr_t, &p));
	CHECK_INT(p->kind, TYPE_PTR);
	CHECK_INT(p->go_kind, 22);
	t = p->elem;
	CHECK_INT(t->kind, TYPE_STRUCT);
	CHECK_VIEW(t->name, "example.com/main.T");
	CHECK_INT(t->go_rtype, o->img.type_t - o->img.types);
	CHECK_OK(type_complete(t));
	CHECK_INT(t->n_fields, 2);
	CHECK_VIEW(t->fields[0].name, "A");
	CHECK(!t->fields[0].is_embedded);
	CHECK_VIEW(t->fields[1].name, "next");
	CHECK_INT(t->fields[1].off, 8);
	CHECK(t->fields[1].is_embedded);
	// The same descriptor is the same type.
	CHECK(t->fields[1].type == p);
	CHECK_ERR(go_rtype(o->go, o->img.type_int + 8, &t), ERR_BADDATA);
	CHECK_ERR(go_rtype(o->go, GO_IMAGE_TEXT, &t), ERR_BADDATA);
	CHECK_ERR(go_rtype(o->go, o->img.etypes - 8, &t), ERR_BADDATA);
}

TEST(go_runtime_types)
{
	for_each_layout(check_types);
}

struct seen {
	struct opened *o;
	int n_t, n_ptr_t, n;
};

static bool see_type(void *ctx, uint64_t vaddr)
{
	struct seen *s = ctx;
	s->n_t += vaddr == s->o->img.type_t;
	s->n_ptr_t += vaddr == s->o->img.type_ptr_t;
	s->n++;
	return false;
}

static bool stop_at_once(void *ctx, uint64_t vaddr)
{
	(void)vaddr;
	*(int *)ctx += 1;
	return true;
}

static void check_each_type(struct opened *o, int minor)
{
	(void)minor;
	struct seen s = { .o = o };
	struct type *inside;
	int n = 0;
	go_each_rtype(o->go, see_type, &s);
	CHECK_INT(s.n_t, 1);
	CHECK_INT(s.n_ptr_t, 1);
	CHECK(s.n < 10);
	go_each_rtype(o->go, stop_at_once, &n);
	CHECK_INT(n, 1);
	CHECK_ERR(go_map_inside(o->go, o->img.type_t, &inside), ERR_BADDATA);
	CHECK_ERR(go_map_inside(o->go, GO_IMAGE_TEXT, &inside), ERR_BADDATA);
}

TEST(go_all_runtime_types)
{
	for_each_layout(check_each_type);
}

static void check_signature(struct opened *o, int minor)
{
	(void)minor;
	CHECK_VIEW(go_method_signature(o->go, GO_IMAGE_TEXT + 0x40),
		   "func (*example.com/main.T) Get(int, ...int) int");
	CHECK_VIEW(go_method_signature(o->go, GO_IMAGE_TEXT), "");
}

TEST(go_method_signatures)
{
	for_each_layout(check_signature);
}

TEST(go_g_offsets)
{
	struct opened o;
	int known[2];
	open_image(&o, &(struct go_image_options) { .minor = 24, .version = "go1.24.4" });
	CHECK_INT(go_g_offset(o.go, STR("goid")), 160);
	CHECK_INT(go_g_offset(o.go, STR("parentGoid")), 280);
	CHECK_INT(go_g_offset(o.go, STR("stack.hi")), 8);
	CHECK_INT(go_g_offset(o.go, STR("nosuch")), -1);
	CHECK_INT(go_g_versions(o.go, known), 1);
	CHECK_INT(known[0], 24);
	close_image(&o);
	open_image(&o, &(struct go_image_options) { .minor = 15, .version = "go1.15.15" });
	CHECK_INT(go_g_offset(o.go, STR("parentGoid")), -1);
	CHECK_INT(go_g_offset(o.go, STR("gopc")), 280);
	close_image(&o);
	// A version that nobody looked at: only what never moved.
	open_image(&o, &(struct go_image_options) { .minor = 24, .version = "go1.25.0" });
	CHECK_INT(go_g_offset(o.go, STR("m")), 48);
	CHECK_INT(go_g_offset(o.go, STR("goid")), -1);
	CHECK_INT(go_g_versions(o.go, known), 2);
	CHECK_INT(known[0] + known[1], 24 + 26);
	CHECK_INT(go_g_offset_in(known[0], STR("goid")), 152);
	close_image(&o);
	open_image(&o, &(struct go_image_options) { .minor = 24, .version = "go1.28.0" });
	CHECK_INT(go_g_versions(o.go, known), 0);
	close_image(&o);
}
