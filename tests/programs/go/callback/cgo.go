// SPDX-License-Identifier: Apache-2.0

//go:build withcgo
// +build withcgo

// Threads of C call Go, which grows its stack, collects garbage and goes back.
package main

/*
#include <pthread.h>
extern long called(long id, char *text);

static void *loop(void *arg)
{
	for (long i = 0; i < 200; i++)
		if (called((long)arg * 1000 + i, "from C") != (long)arg * 1000 + i)
			return (void *)1;
	return 0;
}

static long threads(void)
{
	pthread_t t[4];
	long wrong = 0;
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], 0, loop, (void *)i);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(t[i], &result);
		wrong += (long)result;
	}
	return wrong;
}
*/
import "C"

import (
	"os"
	"runtime"
)

//go:noinline
//export called
func called(id C.long, text *C.char) C.long {
	return C.long(deep(int(id), int(id)%40))
}

//go:noinline
func deep(id, n int) int {
	var pad [64]int
	pad[n] = id
	if n == 0 {
		runtime.Gosched()
		return pad[n]
	}
	if n%13 == 0 {
		runtime.GC()
	}
	deep(id+1, n-1)
	return pad[n]
}

func main() {
	if C.threads() != 0 {
		os.Exit(1)
	}
}
