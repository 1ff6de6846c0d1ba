// SPDX-License-Identifier: Apache-2.0

// Prints the names of the functions in a Go program's pclntab, read by Go's own library: what stoat
// is compared with. The program must still have its section headers.
package main

import (
	"bufio"
	"debug/elf"
	"debug/gosym"
	"fmt"
	"os"
)

func table(f *elf.File) ([]byte, error) {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if s := f.Section(name); s != nil {
			return s.Data()
		}
	}
	return nil, fmt.Errorf("no pclntab section")
}

func run(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := table(f)
	if err != nil {
		return err
	}
	t, err := gosym.NewTable(nil, gosym.NewLineTable(data, f.Section(".text").Addr))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	for i := range t.Funcs {
		fmt.Fprintln(w, t.Funcs[i].Name)
	}
	return w.Flush()
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
