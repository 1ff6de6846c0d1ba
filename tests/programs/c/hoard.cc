// SPDX-License-Identifier: Apache-2.0
// The same of C++.
#include <cstdio>
#include <memory>
#include <string>

namespace ns
{
struct Base {
	std::string name;
	virtual ~Base() = default;
};

struct Derived : Base {
	std::string &ref;
	std::unique_ptr<std::string> owned;
	std::shared_ptr<int> shared;
	std::string password;
	Derived *next = nullptr;
	explicit Derived(std::string &r) : ref(r)
	{
	}
};
} // namespace ns

static std::string shared_name = "a name that is referred to";
ns::Derived derived(shared_name);

int main()
{
	derived.name = "short name";
	derived.owned = std::make_unique<std::string>("a name that is owned by a pointer");
	derived.shared = std::make_shared<int>(0x5503);
	derived.password = "a password that nobody may see";
	derived.next = &derived;
	puts("ready");
	fflush(stdout);
	return getchar() == 0;
}
