// SPDX-License-Identifier: Apache-2.0
// Writes small hand-made Go programs, one for each layout, into a folder: go_seeds FOLDER
#include <stdio.h>

#include "go_image.h"

static const struct {
	const char *name;
	struct go_image_options opt;
} seeds[] = {
	{ "image-1.15", { .minor = 15, .version = "go1.15.15" } },
	{ "image-1.17", { .minor = 17, .version = "go1.17.1" } },
	{ "image-1.19", { .minor = 19, .version = "go1.19.8" } },
	{ "image-1.24", { .minor = 24, .version = "go1.24.4" } },
	{ "image-1.26", { .minor = 26, .version = "go1.26.1-X:nodwarf5" } },
	{ "image-1.27", { .minor = 27, .version = "go1.27.3" } },
	{ "image-arm64", { .minor = 24, .version = "go1.24.4", .is_arm64 = true } },
	{ "image-relocated", { .minor = 24, .version = "go1.24.4", .is_relocated = true } },
	{ "image-no-module", { .minor = 24, .version = "go1.24.4", .has_no_module = true } },
	{ "image-no-version", { .minor = 24 } },
	{ "image-devel", { .minor = 27, .version = "devel go1.28-0123456789" } },
};

int main(int argc, char **argv)
{
	static struct go_image image;
	char path[4096];

	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(seeds); i++) {
		go_image_make(&seeds[i].opt, &image);
		snprintf(path, sizeof(path), "%s/%s", argv[1], seeds[i].name);

		FILE *f = fopen(path, "wb");

		if (!f || fwrite(image.bytes, 1, image.len, f) != image.len || fclose(f) != 0) {
			perror(path);
			return 1;
		}
	}
	return argc == 2 ? 0 : 1;
}
