// SPDX-License-Identifier: Apache-2.0
// Values that have to fit into a line: the text of a value is shortened where a reader misses
// least.
//
//	(s=&main.Store{mu: sync.Mutex{...}, n: 3}, key="user/7")
//	(s=&main.Store{...}, key="user/7")
#include "base/utf8.h"
#include "out/out.h"

#define CUT       STR("...")
#define CUT_COLS  3u
#define DEPTH_MAX 64u
#define ARGS_PART 2u // arguments have that part of a line at least
#define ROOM_MIN  8u

// A bracket that is open.
struct bracket {
	size_t at;    // where the output was behind it
	size_t cols;  // likewise
	size_t depth; // 0: what is in it belongs to a name
};

// One pass over the text.
struct pass {
	size_t depth; // what is nested deeper is left out
	size_t text;  // characters of a string that stay
	struct out_buf out;
	size_t cols;    // of out
	size_t deepest; // brackets of the text
	size_t open, n_brackets;
	struct bracket brackets[DEPTH_MAX];
	size_t quoted; // characters of the string at hand
};

// The length of a colour's escape sequence; 0: it is none.
static size_t escape_len(struct str s)
{
	if (s.len < 2 || s.p[0] != 0x1b || s.p[1] != '[')
		return 0;
	for (size_t i = 2; i < s.len; i++)
		if (s.p[i] >= '@' && s.p[i] <= '~')
			return i + 1;
	return s.len;
}

size_t out_columns(struct str s)
{
	size_t n = 0;
	uint32_t code;
	for (size_t i = 0; i < s.len;) {
		size_t escape = escape_len(str_from_off(s, i));
		n += !escape;
		i += escape ? escape : utf8_decode(str_from_off(s, i), &code);
	}
	return n;
}

static void put(struct pass *p, struct str s, size_t cols)
{
	out_buf_str(&p->out, s);
	p->cols += cols;
}

// Brackets that belong to the name of a type or function are not taken apart: map[string]int,
// main.(*Store).Get.
static bool opens(struct str s, size_t i)
{
	char c = s.p[i], before = i ? s.p[i - 1] : ' ', next = i + 1 < s.len ? s.p[i + 1] : ' ';
	if (c == '{')
		return true;
	if (c == '(')
		return before != '.' && next != '*';
	bool is_list = before == ' ' || before == '[' || before == '(' || before == '{';
	return c == '[' && is_list && next != ']';
}

static void open_bracket(struct pass *p, bool is_part)
{
	p->open += is_part;
	p->deepest = MAX(p->deepest, p->open);
	if (p->n_brackets < DEPTH_MAX)
		p->brackets[p->n_brackets] =
			(struct bracket) { p->out.n, p->cols, is_part ? p->open : 0 };
	p->n_brackets++;
}

static void close_bracket(struct pass *p)
{
	if (!p->n_brackets || --p->n_brackets >= DEPTH_MAX)
		return;
	const struct bracket *b = &p->brackets[p->n_brackets];
	p->open -= b->depth > 0;
	if (b->depth <= p->depth || p->cols - b->cols <= CUT_COLS)
		return;
	p->out.n = b->at;
	p->cols = b->cols;
	put(p, CUT, CUT_COLS);
}

// A character in quotes, or an escape like \n; how long it is.
static size_t put_quoted(struct pass *p, struct str s)
{
	uint32_t code;
	size_t len = s.p[0] == '\\' && s.len > 1 ? 2 : utf8_decode(s, &code);
	if (p->quoted++ < p->text)
		put(p, str_first(s, len), len == 2 && s.p[0] == '\\' ? 2 : 1);
	return len;
}

// From behind the first quote to behind the last one.
static size_t put_string(struct pass *p, struct str s)
{
	size_t i = 0;
	p->quoted = 0;
	while (i < s.len && s.p[i] != '"')
		i += put_quoted(p, str_from_off(s, i));
	put(p, STR("\""), 1);
	i += i < s.len;
	bool is_marked = str_starts(str_from_off(s, i), CUT);
	if (p->quoted > p->text && !is_marked)
		put(p, CUT, CUT_COLS);
	return i;
}

static void walk(struct pass *p, struct str s)
{
	uint32_t code;
	size_t len;
	for (size_t i = 0; i < s.len; i += len) {
		struct str rest = str_from_off(s, i);
		len = escape_len(rest);
		if (len) {
			put(p, str_first(rest, len), 0);
			continue;
		}
		if (s.p[i] == '}' || s.p[i] == ')' || s.p[i] == ']')
			close_bracket(p);
		len = utf8_decode(rest, &code);
		put(p, str_first(rest, len), 1);
		if (s.p[i] == '{' || s.p[i] == '(' || s.p[i] == '[')
			open_bracket(p, opens(s, i));
		else if (s.p[i] == '"')
			len += put_string(p, str_from_off(rest, 1));
	}
}

static void run_pass(struct pass *p, struct str s, size_t depth, size_t text)
{
	p->depth = depth;
	p->text = text;
	p->out.n = p->cols = p->open = p->deepest = p->n_brackets = 0;
	walk(p, s);
}

// The last resort: so many columns of it. A bracket around all is closed, a colour is ended.
static void cut_end(struct out_buf *b, size_t columns)
{
	struct str s = out_buf_view(b);
	bool is_list = s.len && s.p[0] == '(', has_colour = false;
	size_t tail = CUT_COLS + is_list, room = columns > tail ? columns - tail : 0, cols = 0,
	       i = 0;
	uint32_t code;
	while (i < s.len) {
		size_t escape = escape_len(str_from_off(s, i));
		if (!escape && cols == room)
			break;
		has_colour |= escape > 0;
		cols += !escape;
		i += escape ? escape : utf8_decode(str_from_off(s, i), &code);
	}
	b->n = i;
	out_buf_str(b, has_colour ? STR("\x1b[0m") : STR(""));
	out_buf_str(b, CUT);
	out_buf_str(b, is_list ? STR(")") : STR(""));
}

void out_fit(struct out_buf *b, size_t columns)
{
	static const size_t texts[] = { 48, 32, 24, 16, 8, 4 };
	struct str s = out_buf_view(b);
	if (out_columns(s) <= columns)
		return;
	struct pass p = { 0 };
	// The brackets around all arguments stay.
	size_t least = s.p[0] == '(';
	run_pass(&p, s, DEPTH_MAX, SIZE_MAX);
	for (size_t depth = MIN(p.deepest, (size_t)DEPTH_MAX); depth > least && p.cols > columns;)
		run_pass(&p, s, --depth, SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(texts) && p.cols > columns; i++)
		run_pass(&p, s, least, texts[i]);
	b->n = 0;
	out_buf_str(b, out_buf_view(&p.out));
	out_buf_free(&p.out);
	if (p.cols > columns)
		cut_end(b, columns);
}

// Arguments give way first: a result is what people look for, and mostly short.
void out_fit_call(struct out_buf *args, struct out_buf *results, size_t columns)
{
	size_t n_args = out_columns(out_buf_view(args));
	size_t n_results = out_columns(out_buf_view(results));
	if (n_args + n_results <= columns)
		return;
	size_t left = columns > n_results ? columns - n_results : 0;
	out_fit(args, MAX(MAX(left, columns / ARGS_PART), ROOM_MIN));
	n_args = out_columns(out_buf_view(args));
	out_fit(results, MAX(columns > n_args ? columns - n_args : 0, ROOM_MIN));
}
