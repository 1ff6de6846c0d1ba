// SPDX-License-Identifier: Apache-2.0
// What the name of a Go function tells of its parameters.
#include "target/go_params.h"

// "type:.eq.T[go.shape.int]" is made for a type, not from a generic function.
static bool is_type_function(struct str name)
{
	return str_starts(name, STR("type:")) || str_starts(name, STR("type.."));
}

bool is_generic_shape(struct str name)
{
	return str_find(name, STR("[go.shape.")) >= 0 && !is_type_function(name);
}

// The part behind the last closing bracket of type arguments: "" or ".func1" or ".Get".
static struct str after_brackets(struct str name)
{
	return str_from_off(name, (size_t)(str_rfind_byte(name, ']') + 1));
}

bool is_generic_method(struct str name)
{
	return after_brackets(name).len > 1; // ").M" or ".M"
}

bool is_blank_name(struct str name)
{
	return name.len == 0 || str_eq(name, STR("_")) || str_starts(name, STR("~"));
}

// Whether mark stands in s with a number behind it.
static bool has_numbered(struct str s, struct str mark)
{
	for (ptrdiff_t at; (at = str_find(s, mark)) >= 0;) {
		s = str_from_off(s, (size_t)at + mark.len);
		if (s.len && s.p[0] >= '0' && s.p[0] <= '9')
			return true;
	}
	return false;
}

// Function literals ("F.func1", "F.gowrap2", "F.deferwrap1", "F-range1") get no dictionary: they
// capture it.
bool is_go_literal(struct str name)
{
	static const char *const marks[] = { ".func", ".gowrap", ".deferwrap", "-range" };
	struct str tail = is_generic_shape(name) ? after_brackets(name) : name;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (has_numbered(tail, str_from(marks[i])))
			return true;
	return str_ends(name, STR("-fm")) || is_type_function(name);
}

// The last '.' outside of type arguments, -1 if there is none.
static ptrdiff_t last_dot(struct str name)
{
	int depth = 0;
	for (size_t i = name.len; i > 0; i--) {
		char c = name.p[i - 1];
		depth += c == ']' ? 1 : c == '[' ? -1 : 0;
		if (c == '.' && depth == 0)
			return (ptrdiff_t)i - 1;
	}
	return -1;
}

struct str go_last_name(struct str name)
{
	struct str last = str_from_off(name, (size_t)(last_dot(name) + 1));
	const char *args = last.len ? memchr(last.p, '[', last.len) : NULL;
	if (args && args > last.p)
		last.len = (size_t)(args - last.p);
	return str_ends(last, STR(".abi0")) ? str_first(last, last.len - 5) : last;
}

struct str go_plain_name(struct arena *a, struct str name, bool has_stars)
{
	char *out = arena_alloc(a, name.len + 1, 1);
	size_t n = 0;
	int depth = 0;
	if (str_ends(name, STR(".abi0")))
		name.len -= 5;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];
		bool is_star = str_starts(str_from_off(name, i), STR("(*"));
		bool is_end = c == ')' && i + 1 < name.len && name.p[i + 1] == '.';
		depth += c == '[';
		if (!depth && (has_stars || (!is_star && !is_end)))
			out[n++] = c;
		i += !depth && is_star && !has_stars;
		depth -= c == ']' && depth > 0;
	}
	return depth ? name : (struct str) { out, n };
}

struct str receiver_type(struct arena *a, struct str name)
{
	ptrdiff_t dot = last_dot(name);
	if (dot <= 0 || is_go_literal(name))
		return STR("");
	struct str owner = str_first(name, (size_t)dot);
	ptrdiff_t star = str_find(owner, STR(".(*"));
	if (star >= 0 && owner.p[owner.len - 1] == ')') {
		struct str pkg = str_first(owner, (size_t)star);
		struct str type = str_from_off(owner, (size_t)star + 3);
		return arena_printf(a, "*%.*s.%.*s", STR_ARG(pkg), (int)type.len - 1, type.p);
	}
	// A package path has dots before its last '/' only (others are escaped).
	struct str plain = owner;
	const char *args = memchr(plain.p, '[', plain.len);
	if (args)
		plain.len = (size_t)(args - plain.p);
	struct str behind = str_from_off(plain, (size_t)(str_rfind_byte(plain, '/') + 1));
	return str_find(behind, STR(".")) > 0 ? owner : STR("");
}
