// SPDX-License-Identifier: Apache-2.0
// show for tools: one JSON object a function.
#include <inttypes.h>

#include "cli/show.h"
#include "out/out.h"

static void kstr_or_null(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	if (s.len)
		json_str(j, s);
	else
		json_null(j);
}

static void pos(struct json *j, const struct target_pos *p)
{
	kstr_or_null(j, "file", p->file);
	json_key(j, "line");
	if (p->line)
		json_u64(j, p->line);
	else
		json_null(j);
}

static void site(struct json *j, struct target *t, struct bytes code, const struct target_site *s)
{
	static const char *const costs[] = { "emulated", "stepped", "refused" };
	char text[96] = "";
	if (s->off < code.len)
		insn_format_short(target_arch(t),
				  (struct bytes) { code.p + s->off, code.len - s->off }, s->vaddr,
				  text, sizeof(text));
	json_open(j, '{');
	json_khex(j, "address", s->vaddr);
	json_ku64(j, "offset", s->off);
	uint64_t foff;
	if (elf_vaddr_to_foff(target_elf(t), s->vaddr, &foff))
		json_khex(j, "file_offset", foff);
	json_kstr(j, "instruction", str_from(text));
	json_kstr(j, "cost", str_from(costs[s->insn.cost]));
	if (s->condition == SITE_NOT_TAKEN)
		json_kstr(j, "condition", STR("not taken"));
	if (s->is_tail_jump)
		json_kstr(j, "tail_jump_to", s->note);
	else if (s->note.len)
		json_kstr(j, "reason", s->note);
	json_close(j, '}');
}

static const char *place_kind_name(enum place_kind kind)
{
	switch (kind) {
	case PLACE_NONE:
		return "none";
	case PLACE_REG:
		return "register";
	case PLACE_MEM:
		return "memory";
	case PLACE_CFA:
		return "cfa";
	case PLACE_ADDR:
		return "static";
	case PLACE_TLS:
		return "tls";
	case PLACE_CONST:
		return "constant";
	case PLACE_IMPLICIT:
		return "bytes";
	case PLACE_VALUE:
		return "computed";
	case PLACE_VADDR:
		return "address";
	case PLACE_DEREF:
		return "indirect";
	case PLACE_COMPLEX:
		return "complex";
	}
	UNREACHABLE();
}

static void places(struct json *j, struct target *t, const struct places *p,
		   const struct type_words *words)
{
	enum insn_arch arch = target_arch(t);
	struct arena *a = arena_new();
	json_kstr(j, "place", target_place_text(t, a, p, words));
	arena_free(a);
	json_key(j, "pieces");
	json_open(j, '[');
	for (size_t i = 0; i < p->n; i++) {
		const struct place *x = &p->v[i];
		bool has_reg = x->kind == PLACE_REG || x->kind == PLACE_MEM ||
			       ((x->kind == PLACE_VALUE || x->kind == PLACE_DEREF) && !x->is_cfa);
		json_open(j, '{');
		json_kstr(j, "kind", str_from(place_kind_name(x->kind)));
		json_ku64(j, "at", x->off_in_value);
		json_ku64(j, "size", x->size);
		if (has_reg)
			json_kstr(j, "register", str_from(insn_reg_name(arch, x->reg)));
		if (x->kind != PLACE_REG && x->kind != PLACE_NONE) {
			json_key(j, "off");
			json_i64(j, x->off);
		}
		if (x->kind == PLACE_DEREF) {
			json_key(j, "then_off");
			json_i64(j, x->off2);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void value(struct json *j, struct target *t, const struct target_value *v)
{
	struct arena *a = arena_new();
	json_open(j, '{');
	kstr_or_null(j, "name", v->name);
	kstr_or_null(j, "type", v->type ? type_spell(a, v->type) : STR(""));
	if (v->type)
		json_ku64(j, "size", v->type->size);
	if (v->is_receiver)
		json_kbool(j, "receiver", true);
	if (v->is_hidden)
		json_kbool(j, "hidden", true);
	if (v->is_lost_on_restart)
		json_kbool(j, "lost_when_stack_grows", true);
	json_key(j, "words");
	json_open(j, '[');
	for (size_t i = 0; i < v->words.n; i++) {
		const struct type_word *w = &v->words.v[i];
		json_open(j, '{');
		json_kstr(j, "path", w->path);
		kstr_or_null(j, "type", w->type ? type_spell(a, w->type) : STR(""));
		json_ku64(j, "at", w->off);
		json_ku64(j, "size", w->size);
		json_kbool(j, "float", w->cls == WORD_FLOAT);
		if (v->is_known)
			places(j, t, &v->word_places[i], NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	arena_free(a);
}

static void values(struct json *j, struct target *t, const struct target_info *info, bool results)
{
	json_key(j, results ? "results" : "parameters");
	json_open(j, '[');
	for (size_t i = 0; i < info->n_values; i++)
		if (info->values[i].is_result == results)
			value(j, t, &info->values[i]);
	json_close(j, ']');
}

static void local(struct json *j, struct target *t, const struct target_local *l)
{
	struct arena *a = arena_new();
	json_open(j, '{');
	json_kstr(j, "name", l->name);
	kstr_or_null(j, "type", l->type ? type_spell(a, l->type) : STR(""));
	pos(j, &l->pos);
	json_kbool(j, "parameter", l->is_param);
	if (l->inlined_func.len) {
		json_kstr(j, "inlined_function", l->inlined_func);
		json_key(j, "inlined_at");
		json_open(j, '{');
		pos(j, &l->inlined_at);
		json_close(j, '}');
	}
	json_key(j, "words");
	json_open(j, '[');
	for (size_t i = 0; i < l->words.n; i++) {
		json_open(j, '{');
		json_kstr(j, "path", l->words.v[i].path);
		json_ku64(j, "at", l->words.v[i].off);
		json_ku64(j, "size", l->words.v[i].size);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_key(j, "readable");
	json_open(j, '[');
	for (size_t i = 0; i < l->n; i++) {
		const struct target_stretch *s = &l->v[i];
		json_open(j, '{');
		json_khex(j, "from", s->low);
		json_khex(j, "to", s->high);
		json_ku64(j, "first_line", s->first_line);
		json_ku64(j, "last_line", s->last_line);
		if (s->has_frame) {
			json_key(j, "frame");
			json_open(j, '{');
			json_khex(j, "from", s->frame_low);
			json_khex(j, "to", s->frame_high);
			json_kstr(j, "cfa_register",
				  str_from(insn_reg_name(target_arch(t), s->cfa.reg)));
			json_key(j, "cfa_off");
			json_i64(j, s->cfa.off);
			json_close(j, '}');
		}
		places(j, t, &s->places, &l->words);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	arena_free(a);
}

static void copies(struct json *j, const struct target_info *info)
{
	json_key(j, "inlined_copies");
	json_open(j, '[');
	for (size_t i = 0; i < info->n_copies; i++) {
		const struct target_copy *c = &info->copies[i];
		json_open(j, '{');
		json_kstr(j, "caller", c->caller);
		kstr_or_null(j, "through", c->via);
		pos(j, &c->pos);
		json_khex(j, "address", c->low);
		json_ku64(j, "size", c->size);
		json_ku64(j, "pieces", c->n_pieces);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void assembly(struct json *j, struct target *t, struct bytes code, uint64_t vaddr)
{
	enum insn_arch arch = target_arch(t);
	json_key(j, "asm");
	json_open(j, '[');
	for (uint64_t off = 0; off < code.len;) {
		struct insn in;
		char text[160];
		struct bytes rest = { code.p + off, code.len - off };
		if (!insn_decode(arch, rest, vaddr + off, &in) ||
		    insn_format(arch, rest, vaddr + off, text, sizeof(text)) < 0)
			snprintf(text, sizeof(text), "(no instruction)");
		json_open(j, '{');
		json_ku64(j, "offset", off);
		json_kstr(j, "instruction", str_from(text));
		json_close(j, '}');
		off += in.len;
	}
	json_close(j, ']');
}

static void code_facts(struct json *j, struct target *t, const struct target_info *info,
		       bool with_asm)
{
	const struct target_func *f = info->func;
	struct bytes code = target_code(t, f);
	json_khex(j, "address", f->vaddr);
	uint64_t foff;
	if (elf_vaddr_to_foff(target_elf(t), f->vaddr, &foff))
		json_khex(j, "file_offset", foff);
	json_ku64(j, "size", target_func_size(t, f));
	json_key(j, "entry");
	site(j, t, code, &info->entry);
	json_key(j, "exits");
	json_open(j, '[');
	for (size_t i = 0; i < info->n_exits; i++)
		site(j, t, code, &info->exits[i]);
	json_close(j, ']');
	json_key(j, "panics");
	json_open(j, '[');
	for (size_t i = 0; i < info->n_panics; i++) {
		json_open(j, '{');
		json_ku64(j, "offset", info->panics[i].off);
		json_kstr(j, "callee", info->panics[i].callee);
		json_close(j, '}');
	}
	json_close(j, ']');
	values(j, t, info, false);
	values(j, t, info, true);
	json_key(j, "locals");
	json_open(j, '[');
	for (size_t i = 0; i < info->n_locals; i++)
		local(j, t, &info->locals[i]);
	json_close(j, ']');
	if (with_asm)
		assembly(j, t, code, f->vaddr);
}

void show_json(struct target *t, const struct target_info *info, bool with_asm, FILE *out)
{
	const struct target_brief *b = &info->brief;
	struct json j = json_init(out);
	json_open(&j, '{');
	json_kstr(&j, "name", info->func->name);
	if (!str_eq(info->func->name, info->func->symbol))
		json_kstr(&j, "symbol", info->func->symbol);
	json_kstr(&j, "language", str_from(target_lang_name(b->lang)));
	kstr_or_null(&j, "go_version", target_go_version(t));
	json_kstr(&j, "abi", str_from(target_abi_name(b->abi)));
	pos(&j, &b->pos);
	kstr_or_null(&j, "signature", b->signature);
	if (info->func->vaddr)
		code_facts(&j, t, info, with_asm);
	copies(&j, info);
	json_key(&j, "notes");
	json_open(&j, '[');
	for (size_t i = 0; i < info->notes.n; i++)
		json_str(&j, info->notes.v[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}
