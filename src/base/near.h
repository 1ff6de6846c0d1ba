// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the names nearest to a wrong one.
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/str.h"

#define NEAR_MAX 5

struct near {
	struct str want;
	struct str best[NEAR_MAX]; // nearest first
	unsigned score[NEAR_MAX];
	size_t n;
};

static inline struct near near_init(struct str want)
{
	return (struct near) { .want = want };
}

// Offers one candidate; keeps it if it is among the nearest and near at all. The view must outlive
// the struct near.
void near_offer(struct near *near, struct str name);

#endif
