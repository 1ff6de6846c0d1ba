// SPDX-License-Identifier: Apache-2.0
// What bpftrace's versions can do, as far as scripts made here need it. Each was tried with 0.11.3,
// 0.17.0, 0.23.2 and 0.27.1; where in between something came is from its change log.
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gen/internal.h"

#define VERSION_OLDEST GEN_VERSION(0, 11, 0)
// More than bpftrace --info prints.
#define ANSWER_MAX 65536

static const uint32_t since[N_FEATURES] = {
	[HAS_UPTR] = GEN_VERSION(0, 12, 0),         [HAS_BSWAP] = GEN_VERSION(0, 17, 0),
	[HAS_MAP_LOOPS] = GEN_VERSION(0, 21, 0),    [HAS_DELETE_KEY] = GEN_VERSION(0, 22, 0),
	[HAS_CURTASK_TYPE] = GEN_VERSION(0, 17, 0), [HAS_DISCARD] = GEN_VERSION(0, 24, 0),
	[HAS_MORE_PROBES] = GEN_VERSION(0, 22, 0),  [HAS_LONG_TEXTS] = GEN_VERSION(0, 22, 0),
	[HAS_LONG_FORMATS] = GEN_VERSION(0, 17, 0),
};

bool dialect_has(const struct gen_dialect *d, enum feature f)
{
	return d->version >= since[f];
}

struct str dialect_name(struct arena *a, const struct gen_dialect *d)
{
	unsigned patch = d->version % 1000;
	struct str name = arena_printf(a, "%u.%u", d->version / 1000000, d->version / 1000 % 1000);
	return patch ? arena_printf(a, "%.*s.%u", STR_ARG(name), patch) : name;
}

// --- reading versions ---

static bool take_number(struct str *s, uint32_t *out)
{
	size_t n = 0;
	*out = 0;
	for (; n < s->len && n < 3 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*out = *out * 10 + (uint32_t)(s->p[n] - '0');
	*s = str_from_off(*s, n);
	return n > 0;
}

bool version_parse(struct str s, uint32_t *out)
{
	uint32_t part[3] = { 0 };
	if (str_starts(s, STR("v")))
		s = str_from_off(s, 1);
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (i && !str_starts(s, STR(".")))
			break;
		if (i)
			s = str_from_off(s, 1);
		if (!take_number(&s, &part[i]))
			return false;
	}
	*out = GEN_VERSION(part[0], part[1], part[2]);
	// Distributions and builds from git put something behind it: 0.20.2-1ubuntu4, 0.27.1-dirty.
	return s.len == 0 || s.p[0] == '-' || s.p[0] == '+' || s.p[0] == '\n';
}

struct err *gen_dialect_parse(const char *text, struct gen_dialect *out)
{
	*out = (struct gen_dialect) { 0 };
	if (!version_parse(str_from(text), &out->version))
		return err_new(ERR_USAGE,
			       "--bpftrace takes a version, like 0.11, 0.17, 0.23 or 0.27, not "
			       "'%s'",
			       text);
	if (out->version < VERSION_OLDEST)
		return err_new(ERR_USAGE, "no scripts can be written for bpftrace before 0.11");
	return NULL;
}

// --- asking the one that is here ---

// What the command prints, NUL-terminated and cut to the buffer. False if it cannot be run.
static bool ask(char *const argv[], char *answer, size_t size)
{
	posix_spawn_file_actions_t actions;
	int fds[2];
	pid_t pid;
	if (pipe(fds) < 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 2);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	size_t n = 0;
	char rest[4096] = { 0 };
	while (!failed) {
		bool is_full = n == size - 1;
		ssize_t got = read(fds[0], is_full ? rest : answer + n,
				   is_full ? sizeof(rest) : size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += is_full ? 0 : (size_t)got;
	}
	answer[n] = '\0';
	close(fds[0]);
	int status = 0;
	while (!failed && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !failed && n > 0;
}

struct err *gen_dialect_installed(struct gen_dialect *out)
{
	static char answer[ANSWER_MAX];
	char name[] = "bpftrace", version_word[] = "--version", info_word[] = "--info";
	char *version[] = { name, version_word, NULL };
	char *info[] = { name, info_word, NULL };
	*out = (struct gen_dialect) { .version = GEN_VERSION_NEWEST };
	if (!ask(version, answer, sizeof(answer)))
		return NULL;
	struct str said = str_from(answer);
	struct str number = str_from_off(said, strlen("bpftrace "));
	if (!str_starts(said, STR("bpftrace ")) || !version_parse(number, &out->version))
		return err_note(err_new(ERR_UNSUPPORTED,
					"bpftrace --version says '%.*s', which is no version",
					(int)strcspn(answer, "\n"), answer),
				"--bpftrace VERSION says what to write for");
	if (out->version < VERSION_OLDEST)
		return err_note(err_new(ERR_UNSUPPORTED,
					"the bpftrace here is too old: no scripts can be written "
					"for it before 0.11"),
				"--bpftrace VERSION says what to write for");
	out->is_here = true;
	out->has_no_disassembler =
		ask(info, answer, sizeof(answer)) && strstr(answer, "bfd: no") != NULL;
	return NULL;
}
