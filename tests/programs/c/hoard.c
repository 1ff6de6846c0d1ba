// SPDX-License-Identifier: Apache-2.0
// Global variables to be read from outside while the program waits for its input to end.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct hidden;

struct place {
	const char *town;
	double x, y;
};

enum color { RED, GREEN };

typedef struct node {
	char *name;
	const struct place *const place;
	struct node *next;
	struct hidden *hidden;
	void *any;
	int (*call)(const char *);
	int *number;
	enum color color;
	unsigned bits : 3;
	union {
		char *text;
		long value;
		char secret[16];
	} u;
	char inline_text[8];
	char *lines[3];
	uint8_t *bytes;
	struct {
		char password[300];
		char *token;
		int pin;
	} login;
} node_t;

static int answer = 0x5501;
static uint8_t byte = 0x7f;
static const struct place here = { "town here", 1, 2 };
node_t last = { .name = "name last", .place = &here };
node_t first = {
	.name = "name first",
	.place = &here,
	.next = &last,
	.any = &last,
	.call = puts,
	.number = &answer,
	.u.text = "text of a union",
	.lines = { "line 0", NULL, "line 2" },
	.bytes = &byte,
	.login = { .password = "my password", .token = "my token", .pin = 0x5502 },
};
volatile node_t *const pointer = &first;
char long_text[5000];
const char *long_pointer = long_text;
const char *nothing = "";
struct large {
	char *name;
	uint8_t rest[20000];
	char *end;
} large = { .name = "large name", .end = "large end" };

int main(void)
{
	for (size_t i = 0; i + 1 < sizeof(long_text); i++)
		long_text[i] = 'x';
	puts("ready");
	fflush(stdout);
	getchar();
	return pointer->color + (large.end == NULL) + (nothing == NULL);
}
