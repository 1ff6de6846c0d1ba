// SPDX-License-Identifier: Apache-2.0
// sync.Map, of both kinds: two maps (up to Go 1.23), and a hash trie.
#include "value/render.h"

bool show_sync_map(struct render *r, struct val v, enum where w)
{
	(void)r;
	(void)v;
	(void)w;
	return false;
}
