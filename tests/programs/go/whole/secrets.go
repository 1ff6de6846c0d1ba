// SPDX-License-Identifier: Apache-2.0

package main

// What stoat must not show; tests/e2e/whole_test.py says how these look. The text that is hidden is
// always "hide-me" or 23551.
type Login struct {
	User          string
	Password      string
	AuthToken     []byte
	api_key       *string
	PIN           int
	SecretNumber  int
	HasPassword   bool
	PrivateKey    [8]byte
	Cookies       map[string]string
	Authorization interface{}
	Inner         struct{ ClientSecret, Note string }
}

//go:noinline
func login(x *Login) { use(&x) }

//go:noinline
func loginValue(x Login) { use(&x) }

//go:noinline
func headers(x map[string][]string) { use(&x) }

//go:noinline
func settings(x map[string]interface{}) { use(&x) }

//go:noinline
func visit(id int, password string, card *Card) { use(id, password, card) }

type Card struct {
	Owner  string
	Number string
	Code   int
}

func secrets() {
	const hidden = "hide-me"
	s := hidden
	l := &Login{
		"ann", hidden, []byte(hidden), &s, 7, 23551, true, [8]byte{'h', 'i', 'd', 'e', '-', 'm', 'e', 0},
		map[string]string{"session": hidden}, hidden, struct{ ClientSecret, Note string }{hidden, "note"},
	}
	login(l)
	login(&Login{User: "bob"})
	loginValue(*l)
	headers(map[string][]string{"Accept": {"text/html"}, "Authorization": {hidden}, "Set-Cookie": {hidden, hidden}, "X-Api-Key": {hidden}})
	settings(map[string]interface{}{"name": "n", "db_password": hidden, "token": 23551, "use_token": true, "list": []int{1}})
	visit(1, hidden, &Card{"ann", hidden, 23551})
}
