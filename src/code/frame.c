// SPDX-License-Identifier: Apache-2.0
// Where temporary values are: first the stack, of which there are 512 bytes for a program and all
// callbacks in it, then scratch memory.
#include "code/gen.h"

static int round_up(int n, int to)
{
	return (n + to - 1) / to * to;
}

struct spot frame_alloc_scratch(struct gen *g, int bytes)
{
	struct spot s = { R_SCRATCH, g->f.scratch_used };
	g->f.scratch_used += round_up(bytes, 8);
	g->scratch_max = MAX(g->scratch_max, g->f.scratch_used);
	g->uses_scratch = true;
	return s;
}

struct spot frame_alloc(struct gen *g, int bytes)
{
	int size = round_up(MAX(bytes, 1), 8);
	if (g->f.stack_used + size > g->stack_limit)
		return frame_alloc_scratch(g, bytes);
	g->f.stack_used += size;
	return (struct spot) { R_FRAME, -g->f.stack_used };
}

struct temp temp_new(struct gen *g)
{
	if (!g->f.has_r7) {
		g->f.has_r7 = true;
		return (struct temp) { .reg = R7 };
	}
	if (!g->f.has_r8) {
		g->f.has_r8 = true;
		return (struct temp) { .reg = R8 };
	}
	return (struct temp) { .at = frame_alloc(g, 8) };
}

struct temp temp_keep(struct gen *g, uint8_t reg)
{
	struct temp t = temp_new(g);
	temp_set(g, t, reg);
	return t;
}

void temp_set(struct gen *g, struct temp t, uint8_t reg)
{
	if (t.reg)
		bpf_mov(g->b, t.reg, reg);
	else
		spot_store(g, 8, t.at, reg);
}

void temp_get(struct gen *g, uint8_t reg, struct temp t)
{
	if (t.reg)
		bpf_mov(g->b, reg, t.reg);
	else
		spot_load(g, 8, reg, t.at);
}
