// SPDX-License-Identifier: Apache-2.0

package main

import "time"

type Event struct {
	Name string
	At   time.Time
	Took time.Duration
	Zero time.Time
}

type MyDuration time.Duration

//go:noinline
func clock(x time.Time) { use(&x) }

//go:noinline
func clockPointer(x *time.Time) { use(&x) }

//go:noinline
func event(x *Event) { use(&x) }

//go:noinline
func durations(x []time.Duration) { use(&x) }

//go:noinline
func myDurations(x []MyDuration) { use(&x) }

//go:noinline
func clocksUTC(x []time.Time) { use(&x) }

// A zone of two offsets, of which the second began in the year 2000.
func twoOffsets() *time.Location {
	data := "TZif" + "\x00" + "123456789012345" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x01" +
		"\x00\x00\x00\x02" + "\x00\x00\x00\x08" + "\x38\x6d\x43\x80" + "\x01" + "\x00\x00\x0e\x10\x00\x00" + "\x00\x00\x1c\x20\x00\x04" +
		"OLD\x00NEW\x00"
	loc, err := time.LoadLocationFromTZData("Two", []byte(data))
	if err != nil {
		panic(err)
	}
	return loc
}

func clocks() {
	at := time.Date(2026, 11, 28, 17, 24, 23, 123456789, time.UTC)
	two := twoOffsets()
	// Local has no zone yet: Go reads it when somebody asks for it.
	early := at.Local()
	say("clock", &early)
	clock(early)
	_ = early.String()
	for _, x := range []time.Time{
		{}, at, at.Truncate(time.Second), at.In(time.FixedZone("WST", -3*3600-1800)), at.In(time.FixedZone("", 7200)), at.Local(),
		time.Now(), time.Now().UTC(), time.Now().Round(0), at.In(two), time.Unix(0, 0).In(two), time.Unix(0, 1).UTC(),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(-5, 2, 29, 1, 2, 3, 0, time.UTC), time.Date(1883, 7, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1172)),
		time.Date(1969, 12, 31, 23, 59, 59, 500000000, time.UTC), time.Date(12345, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		say("clock", &x)
		clock(x)
		p := &x
		say("clockPointer", &p)
		clockPointer(p)
	}
	for _, x := range []*Event{{}, {Name: "e", At: at, Took: 1500 * time.Millisecond}, {At: at.In(two)}, {At: at.Local()}} {
		say("event", &x)
		event(x)
	}
	some := []time.Duration{0, 1, 1500, time.Second, -90 * time.Minute, 1<<63 - 1, -1 << 63}
	say("durations", &some)
	durations(some)
	mine := []MyDuration{0, 1500}
	say("myDurations", &mine)
	myDurations(mine)
	list := []time.Time{at, {}, time.Unix(1, 0).UTC()}
	say("clocksUTC", &list)
	clocksUTC(list)
}
