// SPDX-License-Identifier: Apache-2.0
// Build information of a malformed Go program.
#include "fuzz.h"

#include "base/err.h"
#include "go/go.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf *elf;
	struct go_buildinfo info;
	struct str value;
	struct err *e = elf_open_mem((struct bytes) { data, size }, "fuzz", &elf);
	if (e) {
		err_free(e);
		return 0;
	}
	e = go_buildinfo_read(elf, &info);
	if (!e) {
		go_buildinfo_setting(&info, STR("GOARCH"), &value);
		go_has_experiment(&info.version, STR("noswissmap"));
	}
	err_free(e);
	elf_close(elf);
	return 0;
}
