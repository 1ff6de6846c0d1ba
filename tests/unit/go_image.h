// SPDX-License-Identifier: Apache-2.0
// A Go program of four functions, made by hand in the layout of any version: what the reader of
// pclntab, moduledata and runtime types is tested on without a toolchain.
#ifndef GO_IMAGE_H
#define GO_IMAGE_H

#include "base/str.h"

struct go_image_options {
	int minor;           // layout: 15, 17, 19, 24, 26, 27
	const char *version; // text in the build information; NULL: none is there
	bool is_relocated;   // pointers are 0 in the file, relocations hold them (lld)
	bool has_no_module;  // no moduledata
	bool is_arm64;
};

#define GO_IMAGE_TEXT 0x401000u
#define GO_IMAGE_MAX  0x8000u

// Addresses of what the image holds.
struct go_image {
	uint8_t bytes[GO_IMAGE_MAX];
	size_t len;
	uint64_t pclntab;
	uint64_t module;
	uint64_t types, etypes;
	uint64_t type_int, type_t, type_ptr_t, type_func;
	size_t functab_off; // in the file
	size_t minpc_off;   // in the file
};

void go_image_make(const struct go_image_options *opt, struct go_image *out);

static inline struct bytes go_image_bytes(const struct go_image *img)
{
	return (struct bytes) { img->bytes, img->len };
}

#endif
