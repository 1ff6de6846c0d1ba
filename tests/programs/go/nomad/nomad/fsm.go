// SPDX-License-Identifier: Apache-2.0

package nomad

type Log struct {
	Name *byte // ends with a zero, as C's strings do
	Type uint8
}

type nomadFSM struct {
	applied [64]int
}

func New() *nomadFSM {
	return &nomadFSM{}
}

// Work is done for each log, if it is set.
var Work func(n int)

//go:noinline
func (f *nomadFSM) result(n int) interface{} {
	if Work != nil {
		Work(n)
	}
	return &f.applied[n]
}

// Apply has a return for each of its fifty cases, and calls before them that may move the stack.
//
//go:noinline
func (f *nomadFSM) Apply(log *Log) interface{} {
	switch log.Type {
	case 0:
		f.applied[0]++
		return f.result(0)
	case 1:
		f.applied[1]++
		return f.result(1)
	case 2:
		f.applied[2]++
		return f.result(2)
	case 3:
		f.applied[3]++
		return f.result(3)
	case 4:
		f.applied[4]++
		return f.result(4)
	case 5:
		f.applied[5]++
		return f.result(5)
	case 6:
		f.applied[6]++
		return f.result(6)
	case 7:
		f.applied[7]++
		return f.result(7)
	case 8:
		f.applied[8]++
		return f.result(8)
	case 9:
		f.applied[9]++
		return f.result(9)
	case 10:
		f.applied[10]++
		return f.result(10)
	case 11:
		f.applied[11]++
		return f.result(11)
	case 12:
		f.applied[12]++
		return f.result(12)
	case 13:
		f.applied[13]++
		return f.result(13)
	case 14:
		f.applied[14]++
		return f.result(14)
	case 15:
		f.applied[15]++
		return f.result(15)
	case 16:
		f.applied[16]++
		return f.result(16)
	case 17:
		f.applied[17]++
		return f.result(17)
	case 18:
		f.applied[18]++
		return f.result(18)
	case 19:
		f.applied[19]++
		return f.result(19)
	case 20:
		f.applied[20]++
		return f.result(20)
	case 21:
		f.applied[21]++
		return f.result(21)
	case 22:
		f.applied[22]++
		return f.result(22)
	case 23:
		f.applied[23]++
		return f.result(23)
	case 24:
		f.applied[24]++
		return f.result(24)
	case 25:
		f.applied[25]++
		return f.result(25)
	case 26:
		f.applied[26]++
		return f.result(26)
	case 27:
		f.applied[27]++
		return f.result(27)
	case 28:
		f.applied[28]++
		return f.result(28)
	case 29:
		f.applied[29]++
		return f.result(29)
	case 30:
		f.applied[30]++
		return f.result(30)
	case 31:
		f.applied[31]++
		return f.result(31)
	case 32:
		f.applied[32]++
		return f.result(32)
	case 33:
		f.applied[33]++
		return f.result(33)
	case 34:
		f.applied[34]++
		return f.result(34)
	case 35:
		f.applied[35]++
		return f.result(35)
	case 36:
		f.applied[36]++
		return f.result(36)
	case 37:
		f.applied[37]++
		return f.result(37)
	case 38:
		f.applied[38]++
		return f.result(38)
	case 39:
		f.applied[39]++
		return f.result(39)
	case 40:
		f.applied[40]++
		return f.result(40)
	case 41:
		f.applied[41]++
		return f.result(41)
	case 42:
		f.applied[42]++
		return f.result(42)
	case 43:
		f.applied[43]++
		return f.result(43)
	case 44:
		f.applied[44]++
		return f.result(44)
	case 45:
		f.applied[45]++
		return f.result(45)
	case 46:
		f.applied[46]++
		return f.result(46)
	case 47:
		f.applied[47]++
		return f.result(47)
	case 48:
		f.applied[48]++
		return f.result(48)
	case 49:
		f.applied[49]++
		return f.result(49)
	}
	panic("unknown log type")
}

// Sum counts what was applied.
func (f *nomadFSM) Sum() int {
	sum := 0
	for _, n := range f.applied {
		sum += n
	}
	return sum
}
