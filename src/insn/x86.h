// SPDX-License-Identifier: Apache-2.0
// What the x86-64 files share: Zydis' view of an instruction.
#ifndef INSN_X86_H
#define INSN_X86_H

#include <Zydis/Zydis.h>

#include "insn/arch.h"

// True for the encodings with a VEX, EVEX or XOP prefix.
bool x86_is_vector_encoded(const ZydisDecodedInstruction *i);

// What the kernel does with a uprobe here. Needs only a minimal decoding.
struct verdict x86_verdict(const ZydisDecodedInstruction *i);

#endif
