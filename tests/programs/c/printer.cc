// SPDX-License-Identifier: Apache-2.0
// A consumer of events: copies the bytes it is given, reads the id in front of them and acts by it.
// Optimised, the id lives in a register for a part of event_printer only; finding that register and
// those addresses is what a tracer is asked for.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace events
{

enum class Action : uint64_t {
	text = 0, // texts have ids from 0
	command = 10000,
	file = 20000,
	exit = 30000,
	print,
	clear,
	zero,
	time,
	join,
	error,
	print_value,
	date,
	watch,
	unwatch,
	capture,
	flush,
};

constexpr uint64_t number(Action a)
{
	return static_cast<uint64_t>(a);
}

struct Value {
	uint64_t id;
	uint32_t size;
	uint32_t key;
};

class Session
{
      public:
	bool finalized = false;
	int handled = 0;

	void request_finalize();
	void note(const char *what, const Value &value);

      private:
	std::vector<std::string> log_;
};

void Session::request_finalize()
{
	finalized = true;
}

__attribute__((noinline)) void Session::note(const char *what, const Value &value)
{
	handled++;
	log_.push_back(std::string(what) + std::to_string(value.key));
}

volatile int stop_signal;

__attribute__((noinline)) void event_printer(void *cookie, void *data, int size)
{
	std::vector<uint8_t> aligned;
	aligned.resize(static_cast<size_t>(size));
	memcpy(aligned.data(), data, static_cast<size_t>(size));

	auto session = static_cast<Session *>(cookie);
	auto bytes = aligned.data();
	auto printf_id = *reinterpret_cast<uint64_t *>(bytes);
	auto value = reinterpret_cast<Value *>(bytes);

	if (session->finalized)
		return;
	if (stop_signal) {
		session->request_finalize();
		return;
	}

	if (printf_id == number(Action::exit)) {
		session->handled++;
		session->request_finalize();
		return;
	} else if (printf_id == number(Action::print)) {
		session->note("print ", *value);
	} else if (printf_id == number(Action::print_value)) {
		session->note("value ", *value);
	} else if (printf_id == number(Action::clear)) {
		session->note("clear ", *value);
		value->key = 0;
	} else if (printf_id == number(Action::zero)) {
		session->note("zero ", *value);
		value->size = 0;
	} else if (printf_id == number(Action::time)) {
		session->note("time ", *value);
	} else if (printf_id == number(Action::join)) {
		session->note("join ", *value);
	} else if (printf_id == number(Action::error)) {
		session->note("error ", *value);
	} else if (printf_id == number(Action::date)) {
		session->note("date ", *value);
	} else if (printf_id == number(Action::watch)) {
		session->note("watch ", *value);
	} else if (printf_id == number(Action::unwatch)) {
		session->note("unwatch ", *value);
	} else if (printf_id == number(Action::capture)) {
		session->note("capture ", *value);
	} else if (printf_id == number(Action::flush)) {
		session->note("flush ", *value);
	} else if (printf_id >= number(Action::command) && printf_id < number(Action::file)) {
		session->note("command ", *value);
	} else if (printf_id >= number(Action::file)) {
		session->note("file ", *value);
	} else {
		session->note("text ", *value);
	}
}

// Something generic, for names with brackets in them.
template <typename T> __attribute__((noinline)) T sum(const std::vector<T> &items)
{
	T total = 0;
	for (const T &item : items)
		total += item;
	return total;
}

template double sum<double>(const std::vector<double> &);

} // namespace events

int main()
{
	events::Session session;
	std::vector<int> ids = { 5, 10001, 20002 };

	for (int id = 30001; id < 30010; id++)
		ids.push_back(id);
	ids.push_back(30000);
	for (int id : ids) {
		events::Value value = { static_cast<uint64_t>(id), sizeof(value), 7 };
		events::event_printer(&session, &value, sizeof(value));
	}
	std::vector<double> none;
	if (events::sum(ids) == 0 || events::sum(none) != 0)
		return 1;
	printf("%d events, %s\n", session.handled, session.finalized ? "finalized" : "running");
	return 0;
}
