// SPDX-License-Identifier: Apache-2.0

// A store behind an interface, for scripts that read what is put into it.
package main

import (
	"context"
	"fmt"

	"example.com/store/vault"
)

func main() {
	view := vault.New("logical/")
	for i := 0; i < 3; i++ {
		entry := &vault.StorageEntry{
			Key:   fmt.Sprintf("key-%d", i),
			Value: []byte(fmt.Sprintf(`{"lease_id":"auth/%d","long":"%0200d"}`, i, i)),
		}
		if err := view.Put(context.Background(), entry); err != nil {
			panic(err)
		}
	}
	fmt.Println(view.Len(), vault.Plain(vault.Pair{A: 11, B: 22}, 33))
}
