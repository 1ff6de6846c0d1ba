# SPDX-License-Identifier: Apache-2.0
# Runs on every kernel, as root, in a RAM disk with /hit. Prints a line for each case, the last line
# is the count. $1: the kernel, as scripts/kernels calls it.
kernel=$1
passed=0
failed=0

# case NAME EXPECTED ARGS...: stoat's stdout without empty lines and without what /hit prints.
case_() {
	name=$1 expected=$2
	shift 2
	got=$(BPFTRACE_MAX_STRLEN=64 stoat "$@" 2>/tmp/err | grep -v -e '^$' -e '^10950$' -e '^main\.' \
		-e '^moved' -e '^wrong' -e '^checksum' -e ' kept$')
	if [ "$got" = "$expected" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n--- got\n%s\n--- expected\n%s\n--- stderr\n' "$name" "$got" "$expected"
		cat /tmp/err
	fi
}

# What needs bpf_loop, which is newer than this kernel, is refused by name.
loops() {
	[ "$kernel" != 5.10 ] || set -- "$1" "" "$3" "$4" "$5" "$6" "$7"
	case_ "$@"
}

case_ begin "3 stoat" -e 'BEGIN { printf("%d %s\n", 3, comm); exit() }'
case_ count "@: 100" -c /hit -e 'uprobe:/hit:hit { @ = count() }'
# Programs of 5.10 cannot wait for a page that the program has not touched yet.
texts="@[even]: 50
@[odd]: 50"
[ "$kernel" != 5.10 ] || texts="@[]: 1
@[even]: 49
@[odd]: 50"
case_ text_keys "$texts" -c /hit -e 'uprobe:/hit:hit { @[str(arg1)] = count() }'
case_ add "@x: 100" -c /hit -e 'uprobe:/hit:hit { @x++ }'
case_ aggregations "@a: 49
@b: 0
@c: 99
@d: 4950
@e: { .count = 100, .average = 49, .total = 4950 }" -c /hit -e 'uprobe:/hit:hit {
	@a = avg(arg0); @b = min(arg0); @c = max(arg0); @d = sum(arg0); @e = stats(arg0) }'
case_ hist "@:
[0, 50)               50 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[50, 100)             50 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|" \
	-c /hit -e 'uprobe:/hit:hit { @ = lhist(arg0, 0, 100, 50) }'
case_ structs "5 first second" -c /hit -e '
struct record { int key; char name[16]; struct record *next; };
uprobe:/hit:hit /arg0 == 3/ { $r = (struct record *)arg2; printf("%d %s %s\n", $r->key, $r->name, $r->next->name) }'
case_ return "@: 10950" -c /hit -e 'uretprobe:/hit:hit { @ = sum(retval) }'
case_ tracepoint "@[hit, 1]: 1" -c /hit -e \
	'tracepoint:syscalls:sys_enter_write /comm == "hit"/ { @[comm, args.fd] = count() }'
case_ stack "@[
        hit+0
        main+142
]: 100" -c /hit -e 'uprobe:/hit:hit { @[ustack(2)] = count() }'
case_ recursion "@[
        again+0
        again+27
        again+27
        again+27
        main+185
]: 1" -c /hit -e 'uprobe:/hit:again /arg0 == 0/ { @[ustack(5)] = count() }'
case_ timers "ok" -e 'interval:ms:20 { @t++ } profile:hz:50 { @p++ }
interval:ms:300 { if (@t > 5 && @p > 5) { printf("ok\n") } clear(@t); clear(@p); exit() }'
case_ events "" -c /hit -e 'uprobe:/hit:hit { printf("%d %s\n", arg0, str(arg1)) }' -o /tmp/events
[ "$(grep -c '^[0-9]' /tmp/events)" = 100 ] && passed=$((passed + 1)) || failed=$((failed + 1))
loops for_map "@sum: 4950" -c /hit -e \
	'uprobe:/hit:hit { @a[arg0] = arg0 } END { for ($kv : @a) { @sum += $kv.1 } clear(@a) }'
loops while "@i: 50" -e 'BEGIN { $i = 0; while ($i < 10) { $i++; if ($i == 5) { continue } @i += $i } exit() }'
loops range "@i: 45" -e 'BEGIN { for ($i : 0..10) { @i += $i } exit() }'
case_ unroll "@n: 3" -e 'BEGIN { unroll(3) { @n++ } exit() }'
case_ tuples "@[1, x, 2]: (3, y)" -e 'BEGIN { @[1, "x", 2] = (3, "y"); exit() }'
case_ many_probes "@[uprobe:/hit:main]: 1
@[uprobe:/hit:hit]: 100" -c /hit -e 'uprobe:/hit:hit { @[probe] = count() } uprobe:/hit:main { @[probe] = count() }'
# Each string is compared with itself, and kept as a key and in a variable, while others interrupt.
case_ interrupted "@n: 80000
@sum: 399960000
@x: 80000" -c /threads -e 'uprobe:/threads:hit {
	$s = str(arg1); @[$s, arg0 % 3] = count(); @t[$s] = count(); @n = count(); @x++; @sum = sum(arg0);
	if ($s != str(arg1)) { @bad++ } }
END { clear(@); clear(@t) }'
case_ args_c "3 odd 7 second" -c /hit -e 'uprobe:/hit:hit /args.n == 3/ {
	printf("%d %s %d %s\n", args.n, str(args.text), args.r.next.key, args.r.next.name) }'
if [ -x /storm ]; then
	# Each call has a number of its own, which comes back; stacks grow, the garbage collector runs.
	functions='main.leaf main.spin main.deep'
	entries='' returns=''
	for f in $functions; do
		entries="$entries${entries:+, }uprobe:/storm:$f"
		returns="$returns${returns:+, }uretprobe:/storm:$f"
	done
	case_ go_returns "@calls: 2000
@returns: 2000
@same: 2000" -c '/storm exact 2000' -e "$entries { @calls = count() }
$returns { @returns = count(); if (args.id == retval && duration > 0) { @same = count() } }"
	export STOAT_RET_IN_BPF=1 # where it can be had
	case_ go_panics "@calls: 180
@returns: 120" -c '/storm panic 20' -e '
uprobe:/storm:main.maybe /args.way < 1000/ { @calls = count() } uretprobe:/storm:main.maybe { @returns = count() }'
	# Where programs may write registers, each of them returns itself.
	looks() { echo "@$1n = count(); @$1s = sum(retval); @$1p = sum(reg(\"sp\")); @$1i = sum(reg(\"ip\"));"; }
	loops go_same_ret "same 2000" -c '/storm exact 2000' -e "
$returns { $(looks a) }
$returns /pid == 0/ { @no = count() }
$returns /duration > 0/ { $(looks b) }
END { if (@an == @bn && @as == @bs && @ap == @bp && @ai == @bi) { printf(\"same %d\\n\", (uint64)@an) }
	clear(@an); clear(@as); clear(@ap); clear(@ai); clear(@bn); clear(@bs); clear(@bp); clear(@bi) }"
	stoat -d bpf -e 'uretprobe:/storm:main.leaf { @ = count() }' >/tmp/listing 2>&1
	stoat info | grep -q '^writable registers  *yes' && wanted=1 || wanted=0
	if [ "$(grep -c '; RET$' /tmp/listing)" = $wanted ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL go_ret, $wanted wanted:"
		cat /tmp/listing
	fi
	unset STOAT_RET_IN_BPF
	case_ go_values "user/3 user 3 1m0s
@[false]: 5
@[true]: 20" -c /shop -e 'uprobe:/shop:"main.(*Store).Put" /args.e.Key == "user/3"/ {
	printf("%s %s %s\n", args.e.Key, args.e.User, args.e.TTL) }
uretprobe:/shop:"main.(*Store).Put" { @[retval == nil] = count() }'
	case_ go_goroutines "1" -c /shop -e 'uprobe:/shop:main.main { printf("%d\n", goid) }'
fi
if [ -x /parcel ]; then
	# Whole values. What the second call gets has no page that the program has not touched.
	parcel='To: "Ann", Items: []*main.Item{&{Name: "book", Grams: 300}, &{Name: "pen", Grams: 20}},'
	parcel="$parcel Marks: map[string]int{\"glass\": 2, \"heavy\": 1}, Route: []string{\"north\", \"east\"},"
	parcel="$parcel Note: main.Item{Name: \"card\", Grams: 5}"
	end='Wait: 1m30s, Err: error "lost"'
	case_ whole_args "{p: &main.Parcel{$parcel, $end}, by: \"ship\", err: error \"lost\"}" -c /parcel -e '
uprobe:/parcel:main.send /args.by == "ship"/ { print(args) }'
	case_ whole_results "(main.Parcel{$parcel, Next: &main.Parcel{$parcel, $end}, $end}, error \"ship: lost\")" \
		-c /parcel -e 'uretprobe:/parcel:main.send /args.by == "ship"/ { printf("%v\n", retval) }'
	case_ whole_parts "[]*main.Item{&{Name: \"book\", Grams: 300}, &{Name: \"pen\", Grams: 20}} map[string]int{\"glass\": 2, \"heavy\": 1}
error \"ship: lost\" &main.Parcel{$parcel, $end}" -c /parcel -e '
uprobe:/parcel:main.send /args.by == "ship"/ { printf("%v %v\n", args.p.Items, args.p.Marks) }
uretprobe:/parcel:main.send /args.by == "ship"/ { printf("%v %s\n", retval.problem, args.p) }'
	# The verifier of old kernels comes to both values with two different numbers.
	case_ whole_branches "ship Ann 2 &main.Parcel{$parcel, $end}
[]string{\"north\", \"east\"}
@[ship]: 1
@n: 3" -c /parcel -e 'uprobe:/parcel:main.send {
	if (args.by == "ship") { $n = 2; @[args.by] = count() } else { $n = 1 }
	@n = sum($n);
	if ($n > 1) { printf("%s %s %d %v\n", args.by, args.p.To, $n, args.p); print(args.p.Route) } }'
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
