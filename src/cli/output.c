// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/cli.h"
#include "target/target.h"

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

struct err *output_open(struct output *o, FILE **out)
{
	if (!o->f && (!o->path || strcmp(o->path, "-") == 0))
		o->f = stdout;
	if (!o->f && is_same_file(o->path, o->target))
		return err_new(ERR_USAGE, "the output would overwrite the program: %s", o->path);
	if (!o->f)
		o->f = fopen(o->path, "we");
	*out = o->f;
	return o->f ? NULL : err_sys(errno, "cannot write %s", o->path);
}

// A stream remembers that a write has failed, not why.
static bool is_without_reader(FILE *f)
{
	struct pollfd p = { .fd = fileno(f), .events = POLLOUT };
	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

struct err *output_close(struct output *o)
{
	if (!o->f)
		return NULL;
	errno = 0;
	bool failed = fflush(o->f) != 0 || ferror(o->f);
	int why = errno;
	if (failed && !why && is_without_reader(o->f))
		why = EPIPE;
	if (o->f != stdout)
		failed = fclose(o->f) != 0 || failed;
	o->f = NULL;
	if (!failed || why == EPIPE)
		return NULL;
	return err_sys(why ? why : EIO, "cannot write the output");
}

struct err *output_end(struct output *o, struct target *t, struct err *e)
{
	struct err *closing = output_close(o);
	struct str damage = target_damage(t);
	if (damage.len)
		log_warn("%.*s", STR_ARG(damage));
	if (!e)
		return closing;
	err_free(closing);
	return e;
}

struct str base_name(struct str path)
{
	return str_from_off(path, (size_t)(str_rfind_byte(path, '/') + 1));
}
