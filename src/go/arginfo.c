// SPDX-License-Identifier: Apache-2.0
// FUNCDATA_ArgInfo: the argument words that the runtime prints in tracebacks.
#include "go/tables.h"

enum {
	SEQ_END = 0xff,
	SEQ_OPEN = 0xfe,
	SEQ_CLOSE = 0xfd,
	SEQ_DOTDOTDOT = 0xfc,
	SEQ_OFFSET_TOO_LARGE = 0xfb,
	SEQ_SPECIAL = 0xf0, // offsets are below
};

bool go_arginfo(struct go *go, const struct go_func *f, struct go_arginfo *out)
{
	out->n = 0;
	// Go 1.15 has other data under this number.
	uint64_t vaddr = go->tab.generation == GEN_15 ? 0 : func_funcdata(go, f, FUNCDATA_ARG_INFO);
	if (!vaddr)
		return false;
	struct bytes b = elf_at(go->elf, vaddr);
	for (size_t i = 0; i < b.len && out->n < ARRAY_LEN(out->v);) {
		uint8_t op = b.p[i++];
		struct go_argword *w = &out->v[out->n];
		*w = (struct go_argword) { 0 };
		switch (op) {
		case SEQ_END:
			return true;
		case SEQ_OPEN:
			w->kind = GO_ARG_OPEN;
			break;
		case SEQ_CLOSE:
			w->kind = GO_ARG_CLOSE;
			break;
		case SEQ_DOTDOTDOT:
			w->kind = GO_ARG_DOTDOTDOT;
			break;
		case SEQ_OFFSET_TOO_LARGE:
			w->kind = GO_ARG_OFFSET_TOO_LARGE;
			break;
		default:
			if (op >= SEQ_SPECIAL || i == b.len)
				return false;
			*w = (struct go_argword) { GO_ARG_WORD, op, b.p[i++] };
			break;
		}
		out->n++;
	}
	return false;
}
