// SPDX-License-Identifier: Apache-2.0
// -d bpf: maps, then the programs with the script's lines beside the instructions.
#include "code/code.h"

static const char *map_type(enum bpf_map_type t)
{
	switch ((int)t) {
	case BPF_MAP_TYPE_HASH:
		return "hash";
	case BPF_MAP_TYPE_LRU_HASH:
		return "lru hash";
	case BPF_MAP_TYPE_PERCPU_HASH:
		return "per-CPU hash";
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return "per-CPU lru hash";
	case BPF_MAP_TYPE_ARRAY:
		return "array";
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return "per-CPU array";
	case BPF_MAP_TYPE_RINGBUF:
		return "ring buffer";
	default:
		return "?";
	}
}

static const char *prog_type(enum bpf_prog_type t)
{
	switch ((int)t) {
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
		return "run by hand";
	case BPF_PROG_TYPE_KPROBE:
		return "uprobe";
	case BPF_PROG_TYPE_TRACEPOINT:
		return "tracepoint";
	case BPF_PROG_TYPE_PERF_EVENT:
		return "perf event";
	default:
		return "?";
	}
}

void code_dump(const struct code *c, const struct program *p, FILE *out)
{
	for (size_t i = 0; i < c->n_maps; i++) {
		const struct bpf_map *m = c->maps[i];
		fprintf(out, "map %s: %s, ", m->name, map_type(m->type));
		if (m->type == BPF_MAP_TYPE_RINGBUF)
			fprintf(out, "%u bytes\n", m->max_entries);
		else
			fprintf(out, "%u of %u + %u bytes\n", m->max_entries, m->key_size,
				m->value_size);
	}
	for (size_t i = 0; i < c->n_progs; i++) {
		const struct code_prog *prog = &c->progs[i];
		fprintf(out, "\n");
		for (size_t k = 0; k < prog->part->n_probes; k++) {
			struct str text = prog->part->probes[k]->text;
			fprintf(out, "%s%.*s", k ? "," : "", STR_ARG(text));
		}
		fprintf(out, " (%s)\n", prog_type(prog->type));
		bpf_code_print(&prog->code, out);
	}
	(void)p;
}
