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
// Columns that arguments have at least: "(...)", and more in longer lines.
#define ARGS_MIN  5u
#define ARGS_PART 4u
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
	size_t error; // the same of one that stands out in colour: why a call failed
	bool is_coloured;
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
	if (p->quoted++ < (p->is_coloured ? p->error : p->text))
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
	if (p->quoted > (p->is_coloured ? p->error : p->text) && !is_marked)
		put(p, CUT, CUT_COLS);
	return i;
}

// "\x1b[0m", "\x1b[m": back to what is usual.
static bool is_reset(struct str escape)
{
	return str_eq(escape, STR("\x1b[0m")) || str_eq(escape, STR("\x1b[m"));
}

static void walk(struct pass *p, struct str s)
{
	uint32_t code;
	size_t len;
	for (size_t i = 0; i < s.len; i += len) {
		struct str rest = str_from_off(s, i);
		len = escape_len(rest);
		if (len) {
			p->is_coloured = !is_reset(str_first(rest, len));
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

static void run_pass(struct pass *p, struct str s, size_t depth, size_t text, size_t error)
{
	p->depth = depth;
	p->text = text;
	p->error = error;
	p->is_coloured = false;
	p->out.n = p->cols = p->open = p->deepest = p->n_brackets = 0;
	walk(p, s);
}

// Of "(false, 4, <red>error "full"<reset>)" the values in front of what stands out: "(..., <red>".
static void cut_front(struct out_buf *b)
{
	struct str s = out_buf_view(b);
	ptrdiff_t colour = str_find(s, STR("\x1b["));
	if (!s.len || s.p[0] != '(' || colour <= (ptrdiff_t)(1 + CUT_COLS + 2))
		return;
	struct out_buf out = { 0 };
	out_buf_str(&out, STR("(..., "));
	out_buf_str(&out, str_from_off(s, (size_t)colour));
	b->n = 0;
	out_buf_str(b, out_buf_view(&out));
	out_buf_free(&out);
}

// The last resort: so many columns of it. A bracket around all is closed, a colour is ended.
static void cut_end(struct out_buf *b, size_t columns)
{
	struct str s = out_buf_view(b);
	bool is_list = s.len && s.p[0] == '(', has_colour = false;
	size_t tail = CUT_COLS + is_list, room = columns > tail ? columns - tail : 0, cols = 0,
	       i = 0, colour = SIZE_MAX;
	uint32_t code;
	while (i < s.len) {
		size_t escape = escape_len(str_from_off(s, i));
		if (!escape && cols == room)
			break;
		if (escape) {
			has_colour = !is_reset(str_first(str_from_off(s, i), escape));
			colour = has_colour ? i : SIZE_MAX;
		}
		cols += !escape;
		i += escape ? escape : utf8_decode(str_from_off(s, i), &code);
	}
	// Nothing would be in that colour, and dots stand there already.
	size_t behind = colour == SIZE_MAX ? 0 : colour + escape_len(str_from_off(s, colour));
	while (i > behind && s.p[i - 1] == '.')
		i--;
	if (i == behind && has_colour) {
		has_colour = false;
		i = colour;
	}
	b->n = i;
	out_buf_str(b, has_colour ? STR("\x1b[0m") : STR(""));
	out_buf_str(b, CUT);
	out_buf_str(b, is_list ? STR(")") : STR(""));
}

static void fit(struct out_buf *b, size_t columns, bool is_results)
{
	static const size_t texts[] = { 48, 32, 24, 16, 8, 4 }, errors[] = { 64, 48, 32, 24 };
	struct str s = out_buf_view(b);
	if (out_columns(s) <= columns)
		return;
	struct pass p = { 0 };
	// The brackets around all arguments stay.
	size_t least = s.p[0] == '(';
	run_pass(&p, s, DEPTH_MAX, SIZE_MAX, SIZE_MAX);
	for (size_t depth = MIN(p.deepest, (size_t)DEPTH_MAX); depth > least && p.cols > columns;)
		run_pass(&p, s, --depth, SIZE_MAX, SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(texts) && p.cols > columns; i++)
		run_pass(&p, s, least, texts[i], SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(errors) && p.cols > columns; i++)
		run_pass(&p, s, least, 4, errors[i]);
	b->n = 0;
	out_buf_str(b, out_buf_view(&p.out));
	out_buf_free(&p.out);
	if (p.cols > columns && is_results)
		cut_front(b);
	if (out_columns(out_buf_view(b)) > columns)
		cut_end(b, columns);
}

void out_fit(struct out_buf *b, size_t columns)
{
	fit(b, columns, false);
}

// Columns of it when nothing is left out but what is in values.
static size_t short_columns(struct str s)
{
	struct pass p = { 0 };
	run_pass(&p, s, s.len && s.p[0] == '(', SIZE_MAX, SIZE_MAX);
	out_buf_free(&p.out);
	return p.cols;
}

// Arguments give way first: a result is what people look for, and mostly short. Long results are
// worth no more than half of the line with all that is in them.
void out_fit_call(struct out_buf *args, struct out_buf *results, size_t columns)
{
	size_t n_args = out_columns(out_buf_view(args));
	size_t n_results = out_columns(out_buf_view(results));
	if (n_args + n_results <= columns)
		return;
	size_t wanted = MAX(short_columns(out_buf_view(results)), columns / 2);
	wanted = MIN(wanted, n_results);
	size_t left = columns > wanted ? columns - wanted : 0;
	out_fit(args, MAX(left, MIN(n_args, MAX(columns / ARGS_PART, ARGS_MIN))));
	n_args = out_columns(out_buf_view(args));
	fit(results, MAX(columns > n_args ? columns - n_args : 0, ROOM_MIN), true);
}
