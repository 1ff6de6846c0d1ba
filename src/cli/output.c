// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "cli/cli.h"

struct err *output_open(const char *path, FILE **out)
{
	*out = stdout;
	if (!path || strcmp(path, "-") == 0)
		return NULL;
	*out = fopen(path, "we");
	return *out ? NULL : err_sys(errno, "cannot write %s", path);
}

struct err *output_close(FILE *f)
{
	errno = 0;
	bool failed = fflush(f) != 0 || ferror(f);
	int why = errno;
	if (f != stdout)
		failed = fclose(f) != 0 || failed;
	if (!failed || why == EPIPE)
		return NULL;
	return err_sys(why ? why : EIO, "cannot write the output");
}

struct str base_name(struct str path)
{
	return str_from_off(path, (size_t)(str_rfind_byte(path, '/') + 1));
}
