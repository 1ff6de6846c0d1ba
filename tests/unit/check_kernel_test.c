// SPDX-License-Identifier: Apache-2.0
// Types of the kernel in scripts, from types that are made up.
#include <sys/mman.h>
#include <unistd.h>

#include "btf_image.h"
#include "checked.h"

static void use_kernel_types(struct bytes data)
{
	static char path[64];
	int fd = memfd_create("btf", 0);
	CHECK(fd >= 0 && write(fd, data.p, data.len) == (ssize_t)data.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	kernel_types = path;
}

static void use_task(void)
{
	static struct arena *a;
	a = arena_new();
	use_kernel_types(btf_image_task(a));
	arena_free(a);
}

TEST(check_kernel_types_are_the_kernels)
{
	use_task();
	struct checked c = fine(
		"uprobe { $t = curtask; @pid = $t->pid; @comm = $t->comm; "
		"@first = $t->links.first; @item = $t->links.all[1]; "
		"@links = $t->links; @half = $t->half; @how = $t->how; "
		"@user = ((struct task_struct *)arg0)->links.first; "
		"@cast = (struct links *)curtask; "
		"@number = (struct links *)(uint64)curtask; "
		"let $x : struct task_struct *; $x = curtask; @let = $x->links.first; "
		"let $y : struct task_struct *; $y = (struct task_struct *)arg0; @own = $y; }");
	CHECK_INT(map(&c, "@pid")->value->kind, TYPE_INT);
	CHECK_INT(map(&c, "@comm")->value->kind, TYPE_TEXT);
	CHECK_INT(map(&c, "@half")->value->kind, TYPE_INT);
	CHECK_INT(map(&c, "@how")->value->kind, TYPE_ENUM);
	CHECK(map(&c, "@first")->value->is_kernel);
	CHECK(map(&c, "@item")->value->is_kernel);
	CHECK(map(&c, "@links")->value->is_kernel);
	CHECK(map(&c, "@cast")->value->is_kernel);
	CHECK(map(&c, "@let")->value->is_kernel);
	CHECK(!map(&c, "@user")->value->is_kernel);
	CHECK(!map(&c, "@number")->value->is_kernel);
	CHECK(!map(&c, "@own")->value->is_kernel);
	CHECK(c.p->btf);
	done(&c);
}

TEST(check_kernel_types_are_the_last_ones)
{
	use_task();
	struct checked c = fine("struct links { int a; }; typedef char kpid_t; BEGIN { "
				"@own = sizeof(struct links); @name = sizeof(kpid_t); "
				"@known = sizeof(int32) }");
	CHECK(!c.p->btf);
	done(&c);
	c = fine("struct task_struct { int a; }; BEGIN { @a = curtask->a }");
	CHECK(!c.p->btf);
	done(&c);
	c = fine("struct s { struct links l; struct task_struct *t; kpid_t p; struct links two[2]; "
		 "}; "
		 "uprobe { $s = (struct s *)arg0; @pid = $s->t->pid; @whole = *$s->t; @at = "
		 "$s->t[1]; "
		 "assert(sizeof(struct s) == 88); assert(offsetof(struct s, p) == 32); "
		 "assert(sizeof(enum how) == 4); assert(offsetof(struct links, all) == 8) }");
	CHECK_INT(map(&c, "@pid")->value->kind, TYPE_INT);
	CHECK_INT(map(&c, "@whole")->value->size, 72);
	CHECK_INT(map(&c, "@at")->value->size, 72);
	done(&c);
}

TEST(check_kernel_types_that_are_not_there)
{
	use_task();
	refused("BEGIN { print(curtask->pidd) }", "near: pid");
	refused("BEGIN { $x = (struct task_strukt *)1 }", "near: struct task_struct");
	refused("BEGIN { $x = (union links *)1 }", "unknown type 'union links'");
	refused("BEGIN { $x = (links *)1 }", "unknown type 'links'");
	use_kernel_types((struct bytes) { (const uint8_t *)"x", 1 });
	refused("BEGIN { print(curtask->pid) }", "does not tell its types");
	refused("BEGIN { print(sizeof(struct links)) }", "first probe: struct links { ... }");
	kernel_types = "/nonexistent/btf";
	refused("BEGIN { print(curtask->pid) }", "cannot read /nonexistent/btf");
	struct checked c = fine("BEGIN { print(curtask) }");
	done(&c);
}
