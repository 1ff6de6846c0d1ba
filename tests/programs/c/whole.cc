// SPDX-License-Identifier: Apache-2.0
// Whole values of C++, in the same way as whole.c: classes, what they are derived from,
// std::string.
#include <cstdint>
#include <cstdio>
#include <string>

#define SHOWN(name, type)                                    \
	__attribute__((noinline)) void name(type x)          \
	{                                                    \
		__asm__ volatile("" : : "g"(&x) : "memory"); \
	}

namespace shop
{

enum State { open_state, paid_state = 3 };

struct Base {
	int id;
	const char *label;
};

class Order : public Base
{
      public:
	Order(int id, const char *label, std::string name, State state)
	    : Base { id, label }, name_(std::move(name)), state_(state)
	{
	}
	void follow(Order *next)
	{
		next_ = next;
	}

	static int made;

      private:
	std::string name_;
	State state_;
	bool paid_ = false;
	Order *next_ = nullptr;
	struct {
		int a, b;
	} inner_ = { 0, 1 };
};

int Order::made = 1;

template <typename T> struct Pair {
	T first, second;
};

struct Account {
	std::string user, password, empty;
};

SHOWN(order, Order *)
SHOWN(pair, Pair<int> *)
SHOWN(account, Account *)
SHOWN(text, std::string *)

} // namespace shop

static void say(const std::string &line)
{
	std::printf("%s\n", line.c_str());
	std::fflush(stdout);
}

int main()
{
	using namespace shop;
	std::string text_of(400, 'y'), long_name = "a name that does not fit into the object";
	Order first(1, "first", "short", paid_state), second(0, nullptr, long_name, open_state);
	std::string shown = "shop::Order{.Base = {.id = 1, .label = \"first\"}, .name_ = "
			    "\"short\", .state_ = paid_state, "
			    ".inner_ = {.b = 1}}";
	say("order &" + shown);
	order(&first);
	second.follow(&first);
	say("order &shop::Order{.name_ = \"" + long_name + "\", .next_ = &" + shown +
	    ", .inner_ = {.b = 1}}");
	order(&second);
	say("order NULL");
	order(nullptr);
	Pair<int> two = { 1, 0 };
	say("pair &shop::Pair<int>{.first = 1}");
	pair(&two);
	Account ann = { "ann", "hide-me", "" };
	say("account &shop::Account{.user = \"ann\", .password = <redacted>, .empty = \"\"}");
	account(&ann);
	for (std::string s : { std::string("short"), std::string(""), long_name,
			       std::string("a\0b", 3), text_of }) {
		std::string quoted = s.size() == 3 ? "a\\x00b" : s.substr(0, 256);
		say("text &\"" + quoted + (s.size() > 256 ? "\"..." : "\""));
		text(&s);
	}
	return 0;
}
