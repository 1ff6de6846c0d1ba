// SPDX-License-Identifier: Apache-2.0
// Reading the verifier's log. It prints each instruction that it follows as "12: (79) r1 = ...",
// what it knows after it, then why it gives up, then counters ("processed 12 insns ...").
#include <ctype.h>

#include "bpf/bpf.h"

// The last line of *log that is not empty; cuts it off.
static bool take_last_line(struct str *log, struct str *line)
{
	while (log->len) {
		ptrdiff_t newline = str_rfind_byte(*log, '\n');
		*line = str_from_off(*log, (size_t)(newline + 1));
		log->len = newline < 0 ? 0 : (size_t)newline;
		if (line->len)
			return true;
	}
	return false;
}

// A decimal number at the start of s; the bytes that it takes, or 0.
static size_t number_at(struct str s, uint32_t *out)
{
	uint64_t v = 0;
	size_t n = 0;
	for (; n < s.len && isdigit((unsigned char)s.p[n]) && v <= UINT32_MAX; n++)
		v = v * 10 + (uint64_t)(s.p[n] - '0');
	*out = (uint32_t)v;
	return v <= UINT32_MAX ? n : 0;
}

// "12: (79) r1 = ..."
static bool is_insn_line(struct str line, uint32_t *insn)
{
	size_t n = number_at(line, insn);
	return n && str_starts(str_from_off(line, n), STR(": ("));
}

// "12: R0_w=0 R10=fp0" or " R0=inv1", what is known at an instruction, stands on a line of its own
// when the verifier comes back to it.
static bool is_state_line(struct str line)
{
	uint32_t at;
	size_t n = number_at(line, &at);
	if (str_starts(line, STR(" R")))
		return true;
	return n && str_starts(str_from_off(line, n), STR(": R"));
}

// The verifier's counters, its bookkeeping, and the source lines that it repeats.
static bool is_chatter(struct str line)
{
	static const char *const starts[] = {
		"processed ",     "verification time ",
		"stack depth ",   "max_states",
		"mark_precise",   "; ",
		"last_idx ",      "regs=",
		"parent ",        "from ",
		"func#",          "caller:",
		"callee:",        "propagating",
		"returning from",
	};
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (str_starts(line, str_from(starts[i])))
			return true;
	return is_state_line(line);
}

// "... insn 12 ..." names the instruction when the log did not get as far as following any.
static bool find_insn_word(struct str line, uint32_t *insn)
{
	ptrdiff_t at = str_find(line, STR("insn "));
	return at >= 0 && number_at(str_from_off(line, (size_t)at + 5), insn) > 0;
}

struct str bpf_log_reason(struct str log)
{
	struct str line, reason = { 0 };
	uint32_t insn;
	while (take_last_line(&log, &line)) {
		if (is_insn_line(line, &insn))
			break;
		// The first complaint after the last instruction: later ones follow from it.
		if (!is_chatter(line))
			reason = line;
	}
	return reason;
}

bool bpf_log_insn(struct str log, uint32_t *insn)
{
	struct str reason = bpf_log_reason(log), line;
	if (find_insn_word(reason, insn))
		return true;
	while (take_last_line(&log, &line))
		if (is_insn_line(line, insn))
			return true;
	return false;
}
