// SPDX-License-Identifier: Apache-2.0
// The kernel's types: from bytes to struct type, and what malformed bytes come to.
#include "btf/btf.h"
#include "btf_image.h"
#include "unit.h"

static struct arena *arena(void)
{
	static struct arena *a;
	a = a ? a : arena_new();
	return a;
}

static struct btf *opened(struct bytes data)
{
	struct btf *b;
	CHECK_OK(btf_read(arena(), data, "test", &b));
	return b;
}

static struct type *found(struct btf *b, const char *name)
{
	struct type *t = btf_find_type(b, str_from(name));
	CHECK(t);
	CHECK_OK(type_complete(t));
	return t;
}

static const struct type_field *field(struct type *t, const char *name)
{
	CHECK_OK(type_complete(t));
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, str_from(name)))
			return &t->fields[i];
	unit_fail(__FILE__, __LINE__, "no field %s", name);
}

static struct str spelled(struct type *t)
{
	return type_spell(arena(), t);
}

TEST(btf_struct_has_its_fields)
{
	struct btf *b = opened(btf_image_task(arena()));
	struct type *t = found(b, "struct task_struct");
	CHECK_VIEW(spelled(t), "struct task_struct");
	CHECK_INT(t->size, 72);
	CHECK_INT(t->n_fields, 7);
	CHECK_VIEW(spelled(field(t, "pid")->type), "kpid_t");
	CHECK_INT(type_strip(field(t, "pid")->type)->kind, TYPE_INT);
	CHECK_VIEW(spelled(field(t, "comm")->type), "char [16]");
	CHECK_INT(field(t, "comm")->off, 16);
	struct type *links = field(t, "links")->type;
	CHECK_VIEW(spelled(field(links, "first")->type), "struct task_struct *");
	CHECK_VIEW(spelled(field(links, "all")->type), "struct task_struct *[2]");
	CHECK(field(links, "first")->type->elem == t);
	CHECK_INT(field(t, "")->type->kind, TYPE_UNION);
	CHECK_INT(field(t, "")->off, 56);
	CHECK(found(b, "struct task_struct") == t);
}

TEST(btf_bit_fields_and_enums)
{
	struct btf *b = opened(btf_image_task(arena()));
	struct type *t = found(b, "struct task_struct");
	CHECK_INT(field(t, "low")->off, 8);
	CHECK_INT(field(t, "low")->bit_size, 3);
	CHECK_INT(field(t, "low")->bit_off, 0);
	CHECK_INT(field(t, "high")->off, 8);
	CHECK_INT(field(t, "high")->bit_size, 9);
	CHECK_INT(field(t, "high")->bit_off, 3);
	CHECK_INT(field(t, "pid")->bit_size, 0);
	struct type *how = found(b, "enum how");
	CHECK_INT(how->n_enumerators, 2);
	CHECK_VIEW(how->enumerators[1].name, "HOW_B");
	CHECK_INT(how->enumerators[1].value, 7);
	CHECK(!how->is_signed);
}

TEST(btf_enums_of_every_width)
{
	struct btf_image m = btf_image_new(arena());
	ADD(&m, "minus", KIND(BTF_KIND_ENUM, 1), 4, NAME(&m, "M"), (uint32_t)-1);
	ADD(&m, "wide", KIND(19, 1), 8, NAME(&m, "W"), 1, 2); // BTF_KIND_ENUM64
	ADD(&m, "told", KIND(19, 1) | WITH_FLAG, 8, NAME(&m, "T"), (uint32_t)-2, UINT32_MAX);
	ADD(&m, "odd", KIND(BTF_KIND_ENUM, 1), 3, NAME(&m, "O"), 1);
	struct btf *b = opened(btf_image_bytes(&m));
	CHECK(found(b, "enum minus")->is_signed);
	CHECK_INT(found(b, "enum minus")->enumerators[0].value, -1);
	CHECK_INT(found(b, "enum wide")->enumerators[0].value, 2ll << 32 | 1);
	CHECK(!found(b, "enum wide")->is_signed);
	CHECK_INT(found(b, "enum told")->enumerators[0].value, -2);
	CHECK(found(b, "enum told")->is_signed);
	CHECK_INT(found(b, "enum odd")->kind, TYPE_UNKNOWN);
}

// As Linux 4.18 had them: the number itself is narrow.
TEST(btf_bit_fields_of_old_kernels)
{
	struct btf_image m = btf_image_new(arena());
	uint32_t two = ADD(&m, "unsigned int", KIND(BTF_KIND_INT, 0), 4, INT_WORD(0, 2));
	uint32_t shifted =
		ADD(&m, "unsigned int", KIND(BTF_KIND_INT, 0), 4, INT_WORD(0, 5) | 2u << 16);
	ADD(&m, "old", KIND(BTF_KIND_STRUCT, 2), 4, NAME(&m, "a"), two, 1, NAME(&m, "b"), shifted,
	    8);
	struct type *t = found(opened(btf_image_bytes(&m)), "struct old");
	CHECK_INT(field(t, "a")->bit_size, 2);
	CHECK_INT(field(t, "a")->bit_off, 1);
	CHECK_INT(field(t, "b")->off, 1);
	CHECK_INT(field(t, "b")->bit_size, 5);
	CHECK_INT(field(t, "b")->bit_off, 2);
}

TEST(btf_qualifiers_functions_and_numbers)
{
	struct btf_image m = btf_image_new(arena());
	uint32_t ch = ADD(&m, "char", KIND(BTF_KIND_INT, 0), 1, INT_WORD(0, 8));
	uint32_t uch = ADD(&m, "unsigned char", KIND(BTF_KIND_INT, 0), 1, INT_WORD(0, 8));
	uint32_t yes = ADD(&m, "_Bool", KIND(BTF_KIND_INT, 0), 1, INT_WORD(BTF_INT_BOOL, 8));
	uint32_t huge = ADD(&m, "__int128", KIND(BTF_KIND_INT, 0), 16, INT_WORD(0, 128));
	uint32_t con = ADD_PLAIN(&m, "", KIND(BTF_KIND_CONST, 0), ch);
	uint32_t tag = ADD_PLAIN(&m, "user", KIND(BTF_KIND_TYPE_TAG, 0), con);
	uint32_t text = ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), tag);
	uint32_t vo = ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), 0);
	uint32_t proto = ADD(&m, "", KIND(BTF_KIND_FUNC_PROTO, 2), yes, NAME(&m, "s"), text, 0, 0);
	uint32_t fn = ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), proto);
	uint32_t list = ADD(&m, "", KIND(BTF_KIND_ARRAY, 0), 0, ch, ch, 0);
	uint32_t fwd = ADD_PLAIN(&m, "far", KIND(BTF_KIND_FWD, 0), 0);
	uint32_t far = ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), fwd);
	ADD(&m, "all", KIND(BTF_KIND_STRUCT, 7), 48, NAME(&m, "text"), text, 0, NAME(&m, "any"), vo,
	    64, NAME(&m, "fn"), fn, 128, NAME(&m, "far"), far, 192, NAME(&m, "huge"), huge, 256,
	    NAME(&m, "u"), uch, 256, NAME(&m, "list"), list, 384);
	struct btf *b = opened(btf_image_bytes(&m));
	struct type *t = found(b, "struct all");
	CHECK_VIEW(spelled(field(t, "text")->type), "const char *");
	CHECK_VIEW(spelled(field(t, "any")->type), "void *");
	CHECK_VIEW(spelled(field(t, "fn")->type), "_Bool (*)(const char *, ...)");
	CHECK_VIEW(spelled(field(t, "far")->type), "struct far *");
	CHECK(field(t, "far")->type->elem->is_declaration);
	CHECK_INT(field(t, "huge")->type->kind, TYPE_UNKNOWN);
	CHECK(!field(t, "u")->type->is_signed);
	CHECK_INT(field(t, "list")->type->count, 0);
	CHECK(field(t, "list")->type->has_no_count);
	CHECK(found(b, "char")->is_signed);
	CHECK(!btf_find_type(b, STR("struct far")));
}

TEST(btf_names_are_of_their_kind)
{
	struct btf *b = opened(btf_image_task(arena()));
	CHECK(!btf_find_type(b, STR("task_struct")));
	CHECK(!btf_find_type(b, STR("union task_struct")));
	CHECK(!btf_find_type(b, STR("struct kpid_t")));
	CHECK(!btf_find_type(b, STR("struct ")));
	CHECK(!btf_find_type(b, STR("")));
	CHECK(!btf_find_type(b, STR("task_run")));
	CHECK_INT(found(b, "kpid_t")->kind, TYPE_NAMED);
	struct near near = near_init(STR("struct task_strukt"));
	btf_offer(b, &near);
	CHECK_INT(near.n, 1);
	CHECK_VIEW(near.best[0], "struct task_struct");
}

TEST(btf_members_and_functions)
{
	struct btf *b = opened(btf_image_task(arena()));
	uint32_t off, id;
	CHECK(btf_member(b, "task_struct", "links.all", &off));
	CHECK_INT(off, 40);
	CHECK(btf_member(b, "task_struct", "half", &off));
	CHECK_INT(off, 56);
	CHECK(!btf_member(b, "task_struct", "links.none", &off));
	CHECK(btf_func(b, "task_run", &id));
	CHECK(!btf_func(b, "task_struct", &id));
}

// --- malformed ---

static void refused(struct bytes data)
{
	struct btf *b;
	CHECK_ERR(btf_read(arena(), data, "test", &b), ERR_BADDATA);
}

TEST(btf_cut_off_anywhere_is_refused)
{
	struct bytes all = btf_image_task(arena());
	for (size_t n = 0; n < all.len; n++)
		refused((struct bytes) { all.p, n });
	uint8_t *copy = arena_alloc(arena(), 1, all.len);
	memcpy(copy, all.p, all.len);
	copy[0] ^= 1;
	refused((struct bytes) { copy, all.len });
	copy[0] ^= 1;
	copy[all.len - 1] = 'x';
	refused((struct bytes) { copy, all.len });
	struct btf_image m = btf_image_new(arena());
	ADD_PLAIN(&m, "new", KIND(31, 0), 0);
	refused(btf_image_bytes(&m));
	struct btf *b;
	CHECK_ERR(btf_open(arena(), "/nonexistent/btf", &b), ERR_SYS);
}

TEST(btf_types_that_do_not_end)
{
	struct btf_image m = btf_image_new(arena());
	ADD_PLAIN(&m, "loop", KIND(BTF_KIND_TYPEDEF, 0), 1);
	ADD_PLAIN(&m, "tags", KIND(BTF_KIND_TYPE_TAG, 0), 2);
	uint32_t own = ADD(&m, "self", KIND(BTF_KIND_STRUCT, 1), 8, 0, 3, 0);
	ADD(&m, "a", KIND(BTF_KIND_STRUCT, 2), 8, 0, 5, 0, NAME(&m, "x"), own, 0);
	ADD(&m, "b", KIND(BTF_KIND_UNION, 2), 8, 0, 4, 0, NAME(&m, "tags"), 2, 0);
	ADD_PLAIN(&m, "ptr", KIND(BTF_KIND_TYPEDEF, 0), 7);
	ADD_PLAIN(&m, "", KIND(BTF_KIND_PTR, 0), 7);
	uint32_t inner = ADD(&m, "", KIND(BTF_KIND_ARRAY, 0), 0, 8, 1, UINT32_MAX);
	ADD_PLAIN(&m, "array", KIND(BTF_KIND_TYPEDEF, 0), inner);
	ADD_PLAIN(&m, "nowhere", KIND(BTF_KIND_TYPEDEF, 0), 1000);
	struct btf *b = opened(btf_image_bytes(&m));
	static const char *const names[] = { "loop", "struct self", "struct a", "union b",
					     "ptr",  "array",       "nowhere" };
	uint32_t off;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		spelled(found(b, names[i]));
	CHECK_INT(found(b, "struct self")->n_fields, 0);
	CHECK_INT(type_strip(found(b, "nowhere"))->kind, TYPE_UNKNOWN);
	CHECK(!btf_member(b, "a", "none", &off));
	CHECK(!btf_member(b, "self", "none", &off));
}

// Of all names none is there: a reader that looks everywhere would not come to an end.
TEST(btf_unions_that_double)
{
	struct btf_image m = btf_image_new(arena());
	uint32_t s32 = ADD(&m, "int", KIND(BTF_KIND_INT, 0), 4, INT_WORD(BTF_INT_SIGNED, 32));
	uint32_t t = ADD(&m, "", KIND(BTF_KIND_UNION, 1), 4, NAME(&m, "x"), s32, 0);
	for (int i = 0; i < 28; i++)
		t = ADD(&m, "", KIND(BTF_KIND_UNION, 2), 4, 0, t, 0, 0, t, 0);
	ADD(&m, "top", KIND(BTF_KIND_STRUCT, 1), 4, 0, t, 0);
	struct btf *b = opened(btf_image_bytes(&m));
	uint32_t off;
	CHECK(!btf_member(b, "top", "none", &off));
	CHECK_INT(found(b, "struct top")->size, 4);
}

TEST(btf_members_stay_in_their_struct)
{
	struct btf_image m = btf_image_new(arena());
	uint32_t u64 = ADD(&m, "unsigned long", KIND(BTF_KIND_INT, 0), 8, INT_WORD(0, 64));
	uint32_t big = ADD(&m, "", KIND(BTF_KIND_ARRAY, 0), 0, u64, u64, 1u << 30);
	ADD(&m, "s", KIND(BTF_KIND_STRUCT, 4), 12, NAME(&m, "in"), u64, 32, NAME(&m, "out"), u64,
	    40, NAME(&m, "odd"), u64, 3, NAME(&m, "big"), big, 0);
	struct type *t = found(opened(btf_image_bytes(&m)), "struct s");
	CHECK_INT(t->n_fields, 2);
	CHECK_VIEW(t->fields[0].name, "in");
	CHECK_INT(field(t, "big")->type->kind, TYPE_UNKNOWN);
}

// --- this machine's ---

TEST(btf_of_this_kernel)
{
	struct btf *b;
	struct err *e = btf_open(arena(), BTF_KERNEL, &b);
	if (e)
		SKIP(err_text(e));
	struct type *t = found(b, "struct task_struct");
	CHECK_VIEW(spelled(field(t, "comm")->type), "char [16]");
	CHECK_VIEW(spelled(field(t, "real_parent")->type), "struct task_struct *");
	uint32_t off;
	CHECK(btf_member(b, "task_struct", "real_parent", &off));
	CHECK_INT(field(t, "real_parent")->off, off);
	CHECK_INT(found(b, "struct list_head")->size, 16);
	CHECK_INT(found(b, "enum pid_type")->kind, TYPE_ENUM);
}
