// SPDX-License-Identifier: Apache-2.0
// The program: finds the command, runs it, turns its error into a message and an exit status.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/near.h"
#include "cli/cli.h"

// KEEP FIRST: what is done when no command is named.
static const struct command commands[] = {
	{
		.name = "run",
		.operands = "SCRIPT [PARAMETER...]",
		.summary = "run a script in the bpftrace language",
		.examples = "  stoat run script.bt                the same as stoat script.bt\n"
			    "  stoat -e 'uprobe:./shop:main.* { @[func] = count(); }'\n"
			    "  stoat -c './shop -n 3' script.bt   trace that command\n"
			    "  stoat -l 'uprobe:./shop:main.*'    list what can be probed\n",
		.run = run_run,
	},
	{
		.name = "trace",
		.operands = "TARGET FUNC...",
		.summary = "every call, with its arguments, results and duration",
		.examples = "  stoat trace ./shop 'main.(*Store).*'     until Ctrl-C\n"
			    "  stoat trace 71 Get -w 'duration > 50ms || retval.err != nil'\n",
		.run = trace_run,
	},
	{
		.name = "time",
		.operands = "TARGET FUNC...",
		.summary = "how long calls take: mean, percentiles, histograms, errors",
		.examples = "  stoat time ./shop 'main.(*Store).*'      until Ctrl-C, each second\n"
			    "  stoat time 71 Get --by gofunc --for 10s  a line for each kind of "
			    "goroutine\n",
		.run = time_run,
	},
	{
		.name = "count",
		.operands = "TARGET FUNC...",
		.summary = "count the calls of functions",
		.examples =
			"  stoat count ./shop 'main.*'              until Ctrl-C, then a table\n"
			"  stoat count -i 1s --for 10s 71 Get Put   of process 71, each second\n",
		.run = count_run,
	},
	{
		.name = "stacks",
		.operands = "TARGET FUNC...",
		.summary = "count the stacks of who calls a function",
		.examples =
			"  stoat stacks ./shop 'os.(*File).Write' --for 10s\n"
			"  stoat stacks 71 Get --svg get.svg        a flame graph of process 71\n",
		.run = stacks_run,
	},
	{
		.name = "watch",
		.operands = "TARGET PLACE [VAR...]",
		.summary = "local variables at a function, line or instruction, at each pass",
		.examples =
			"  stoat watch ./shop store.go:38           all that can be read there\n"
			"  stoat watch 71 store.go:38 e err --changed\n",
		.run = watch_run,
	},
	{
		.name = "list",
		.operands = "TARGET [PATTERN...]",
		.summary = "list the functions of a program",
		.examples = "  stoat list ./shop 'main.*'         functions of package main\n"
			    "  stoat list -v ./shop '*Store).*'   with addresses, positions and "
			    "signatures\n",
		.run = list_run,
	},
	{
		.name = "show",
		.operands = "TARGET FUNC...",
		.summary = "show all that is known of a function: sites, parameters, locals",
		.examples = "  stoat show ./shop 'main.(*Store).Get'\n"
			    "  stoat show --asm ./shop Get        the only function whose last "
			    "part is Get\n",
		.run = show_run,
	},
	{
		.name = "gen",
		.operands = "[TEMPLATE] TARGET FUNC...",
		.summary = "write a script for stock bpftrace",
		.examples =
			"  stoat gen ./shop 'main.(*Store).Get' >get.bt   how long it takes\n"
			"  stoat gen args ./shop symbol='main.*' --bpftrace 0.23\n"
			"  stoat gen my.bt 71                             a template of your own\n",
		.run = gen_run,
	},
	{
		.name = "info",
		.operands = "",
		.summary = "show what this kernel and machine support",
		.examples = "  stoat info\n"
			    "  stoat info -f json | jq .features.uprobe_multi\n",
		.run = info_run,
	},
};

static void print_help(FILE *f)
{
	fputs("stoat " STOAT_VERSION
	      ": shows what Go programs (and C, C++, Rust ones) do, from outside\n"
	      "\n"
	      "usage: stoat COMMAND [OPTION...] TARGET ...\n"
	      "       stoat [OPTION...] SCRIPT [PARAMETER...]\n"
	      "       stoat [OPTION...] -e PROGRAM [PARAMETER...]\n"
	      "\n"
	      "commands:\n",
	      f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(f, "  %-6s %-26s %s\n", commands[i].name, commands[i].operands,
			commands[i].summary);
	fputs("\n"
	      "TARGET is a path, the name of a command on PATH, or a process id.\n"
	      "SCRIPT is in the bpftrace language; its options are those of stoat run.\n"
	      "stoat COMMAND --help tells more; the manual is stoat(1).\n"
	      "exit status: 0 fine, 1 wrong usage or script, 2 the target or the kernel refuses\n",
	      f);
}

// Not for people: it is not in the list.
static const struct command complete = { .name = "complete", .run = complete_run };

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? &commands[i] : NULL;
}

void command_help(const struct command *c, const struct option *table, size_t n)
{
	if (c->take_options) {
		c->take_options(c->ctx, table, n);
		return;
	}
	printf("stoat %s: %s\n\nusage: stoat %s [OPTION...]%s%s\n\noptions:\n", c->name, c->summary,
	       c->name, c->operands[0] ? " " : "", c->operands);
	options_print(table, n, stdout);
	printf("\nexamples:\n%s", c->examples);
}

struct err *command_usage(const struct command *c, const char *problem)
{
	return err_note(err_new(ERR_USAGE, "%s", problem),
			"usage: stoat %s [OPTION...] %s (stoat %s --help tells more)", c->name,
			c->operands, c->name);
}

static struct err *unknown_command(const char *name)
{
	struct err *e = err_new(ERR_USAGE, "no command '%s'", name);
	struct near near = near_init(str_from(name));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		near_offer(&near, str_from(commands[i].name));
	if (near.n)
		return err_note(e, "did you mean '%.*s'?", STR_ARG(near.best[0]));
	return err_note(e, "stoat --help lists the commands");
}

// A script in the place of a command.
static bool is_script(const char *word)
{
	struct str name = str_from(word);
	struct stat st;
	return word[0] == '-' || str_ends(name, STR(".bt")) ||
	       (stat(word, &st) == 0 && !S_ISDIR(st.st_mode));
}

static struct err *run(int argc, char **argv, int *status)
{
	if (argc < 2)
		return err_note(err_new(ERR_USAGE, "no command given"),
				"stoat --help lists the commands");
	const char *name = argv[1];
	char option[] = "--help", *help[] = { option };
	if (strcmp(name, "help") == 0 && argc > 2)
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			if (strcmp(argv[2], commands[i].name) == 0)
				return commands[i].run(&commands[i], 1, help, status);
	if (strcmp(name, "help") == 0 && argc > 2)
		return unknown_command(argv[2]);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(&commands[i], argc - 2, argv + 2, status);
	if (strcmp(name, complete.name) == 0)
		return complete.run(&complete, argc - 2, argv + 2, status);
	if (is_script(name))
		return commands[0].run(&commands[0], argc - 1, argv + 1, status);
	return unknown_command(name);
}

// A file that shrinks while it is mapped cannot be read on; say so instead of dying without a word.
static void on_sigbus(int sig)
{
	static const char text[] =
		"stoat: error: the file changed while it was being read; try again\n";
	(void)sig;
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n; // there is nobody left to tell
	_exit(EXIT_TARGET);
}

int main(int argc, char **argv)
{
	signal(SIGBUS, on_sigbus);
	// A write to a pipe that nobody reads any more returns an error, which output_close knows.
	signal(SIGPIPE, SIG_IGN);
	int status = EXIT_FINE;
	struct err *e = run(argc, argv, &status);
	if (!e)
		return status;
	status = err_kind(e) == ERR_USAGE ? EXIT_USAGE : EXIT_TARGET;
	log_error("%s", err_text(e));
	err_free(e);
	return status;
}
