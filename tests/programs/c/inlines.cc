// SPDX-License-Identifier: Apache-2.0
// Code in which much is inlined: templates, lambdas, algorithms, a base in another class.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace shop
{
template <class T> struct Box {
	T v;
	T get(int k) const
	{
		return v + k;
	}
};

struct Shelf {
	virtual ~Shelf()
	{
	}
	virtual int weigh(std::map<std::string, std::vector<int>> &goods);
};

int Shelf::weigh(std::map<std::string, std::vector<int>> &goods)
{
	int sum = 0;
	for (auto &p : goods) {
		std::sort(p.second.begin(), p.second.end(), [](int a, int b) { return a > b; });
		for (int x : p.second)
			sum += Box<int> { x }.get(sum);
	}
	return sum;
}
} // namespace shop

int main(int argc, char **argv)
{
	std::map<std::string, std::vector<int>> goods;
	for (int i = 0; i < argc * 10; i++)
		goods[std::string(argv[0]) + std::to_string(i % 3)].push_back(i * 7 % 5);
	shop::Shelf shelf;
	std::function<int(int)> more = [&](int k) { return shelf.weigh(goods) + k; };
	std::cout << more(3) << "\n";
}
