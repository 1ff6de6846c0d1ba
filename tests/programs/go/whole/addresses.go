// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"net/url"
)

type Peer struct {
	IP   net.IP
	Mask net.IPMask
	URL  *url.URL
	Addr net.Addr
	Net  *net.IPNet
}

//go:noinline
func address(x net.IP) { use(&x) }

//go:noinline
func addressList(x []net.IP) { use(&x) }

//go:noinline
func link(x *url.URL) { use(&x) }

//go:noinline
func linkValue(x url.URL) { use(&x) }

//go:noinline
func netAddress(x net.Addr) { use(&x) }

//go:noinline
func peer(x *Peer) { use(&x) }

//go:noinline
func user(x *url.Userinfo) { use(&x) }

func mustParse(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func addresses() {
	for _, x := range []net.IP{
		nil, net.IPv4(192, 168, 1, 1), net.IPv4(10, 0, 0, 1).To4(), net.IPv6loopback, net.IPv6zero, net.IPv4zero,
		net.ParseIP("2001:db8::1"), net.ParseIP("fe80::1:0:0:2"), net.ParseIP("1:0:0:2:0:0:0:3"), net.ParseIP("1:2:3:4:5:6:7:8"),
		net.ParseIP("1:0:2:3:4:5:6:7"), net.ParseIP("::ffff:1.2.3.4"), net.IP{1, 2, 3}, {},
	} {
		say("address", &x)
		address(x)
	}
	list := []net.IP{net.IPv4(1, 2, 3, 4), nil, net.ParseIP("::2")}
	say("addressList", &list)
	addressList(list)
	for _, s := range []string{
		"https://user:pa55@example.com:8080/a/path?q=1&r=%20#frag", "http://user@host", "/only/path", "mailto:me@example.com",
		"//host/x", "", "http://host/a%2Fb c", "http://h?", "file:///etc/hosts", "http://[::1]:80/", "x/y:z", "http://h/#",
		"http://us%20er:p@h/%25", "http://h/ü?ä",
	} {
		x := mustParse(s)
		say("link", &x)
		link(x)
		say("linkValue", x)
		linkValue(*x)
	}
	_, network, _ := net.ParseCIDR("10.1.0.0/16")
	for _, x := range []net.Addr{
		nil, &net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 80}, &net.TCPAddr{}, &net.UDPAddr{IP: net.IPv6loopback, Zone: "eth0"},
		&net.UnixAddr{Name: "/run/x", Net: "unix"}, network, &net.IPAddr{IP: net.IPv4(1, 1, 1, 1)},
	} {
		say("netAddress", &x)
		netAddress(x)
	}
	for _, x := range []*Peer{{}, {net.IPv4(1, 2, 3, 4), net.CIDRMask(8, 32), mustParse("http://h/"), &net.TCPAddr{Port: 1}, network}} {
		say("peer", &x)
		peer(x)
	}
	for _, x := range []*url.Userinfo{nil, url.User("ann"), url.UserPassword("ann", "hidden")} {
		say("user", &x)
		user(x)
	}
}
