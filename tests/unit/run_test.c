// SPDX-License-Identifier: Apache-2.0
// The command of -c: how its words are read, that it waits, and what it finds when it runs.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/run.h"
#include "unit.h"

TEST(run_child_words_and_files)
{
	struct child *c;
	CHECK_ERR(child_start("", &c), ERR_USAGE);
	CHECK_ERR(child_start("  \t ", &c), ERR_USAGE);
	CHECK_ERR(child_start("echo 'a b", &c), ERR_USAGE);
	CHECK_ERR(child_start("no-such-command-anywhere", &c), ERR_NOTFOUND);
	CHECK_ERR(child_start("/no/such/file", &c), ERR_SYS);
	CHECK_ERR(child_start("/etc/passwd", &c), ERR_USAGE);
	CHECK_ERR(child_start("/", &c), ERR_USAGE);
}

TEST(run_child_that_never_runs_ends)
{
	struct child *c;
	CHECK_OK(child_start("sleep 100", &c));
	pid_t pid = child_pid(c);
	CHECK(kill(pid, 0) == 0);
	CHECK(strstr(child_path(c), "/sleep"));
	child_free(c);
	CHECK(kill(pid, 0) < 0 && errno == ESRCH);
}
