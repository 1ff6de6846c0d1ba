// SPDX-License-Identifier: Apache-2.0

package main

import "time"

type account struct {
	owner   string
	balance int64
	limit   time.Duration
}

// in: "%s %d %s %d", args.a.owner, args.a.balance, args.a.limit, args.amount
// out: "%d %s", retval.0, retval.1
//
//go:noinline
func (a *account) add(amount int64) (int64, bool) {
	a.balance += amount
	return a.balance, a.balance > 0
}

// in: "%s %d %s", args.a.owner, args.a.balance, args.prefix
// out: "%s", retval
//
//go:noinline
func (a account) title(prefix string) string { return prefix + a.owner }

// Not named in its body; its receiver has no name at all.
//
// in: "%d", args.n
// out: "%d", retval
//
//go:noinline
func (weekday) plus(n int) int { return n + 1 }

// in: "%d %d", args.w, args.n
// out: "%d", retval
//
//go:noinline
func (w weekday) minus(n int) int { return int(w) - n }

type shower interface{ show(n int) string }

// in: "%s %d", args.p.name, args.n
// out: "%s", retval
//
//go:noinline
func (p *pair) show(n int) string { return p.name[:n] }

// in: "%s %d", args.s, args.n
// out: "%s", retval
//
//go:noinline
func callShow(s shower, n int) string { return s.show(n) }

//go:noinline
func makeClosure(add int, text string) func(n int) string {
	// in: "%d", args.n
	// out: "%s", retval
	return func(n int) string { // makeClosure.func1
		sink += add
		return text[:n]
	}
}

func methods() {
	a := &account{"ann", 100, time.Minute}
	in("(*account).add", "ann 100 1m0s -300")
	n, ok := a.add(-300)
	out(n, " ", ok)
	in("account.title", "ann -200 Ms ")
	out(a.title("Ms "))
	in("weekday.plus", 5)
	out(weekday(3).plus(5))
	in("weekday.minus", "3 5")
	out(weekday(3).minus(5))
	p := &pair{1, "shown"}
	in("callShow", `&main.pair{n: 1, name: "shown"} 2`)
	outer, outerName := said, current
	in("(*pair).show", "shown 2")
	text := callShow(p, 2)
	out(text)
	said, current = outer, outerName
	out(text)
	f := makeClosure(3, "closure")
	in("makeClosure.func1", 4)
	out(f(4))
}
