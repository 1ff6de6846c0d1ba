// SPDX-License-Identifier: Apache-2.0
// Source text to tokens. Private to script/: hides blanks, comments, escapes and number formats.
#ifndef SCRIPT_LEXER_H
#define SCRIPT_LEXER_H

#include "script/script.h"

enum token_kind {
	TOK_END,         // the end of the text
	TOK_WORD,        // pid, struct, if: keywords are words too
	TOK_INT,         // value
	TOK_REAL,        // value: the bits of a double
	TOK_STR,         // "text", escapes resolved
	TOK_VAR,         // $x: text is x
	TOK_PARAM,       // $1: value
	TOK_PARAM_COUNT, // $#
	TOK_MAP,         // @x: text is x
	TOK_HASH,        // #
	TOK_LPAREN,      // (
	TOK_RPAREN,      // )
	TOK_LBRACKET,    // [
	TOK_RBRACKET,    // ]
	TOK_LBRACE,      // {
	TOK_RBRACE,      // }
	TOK_COMMA,       // ,
	TOK_SEMI,        // ;
	TOK_COLON,       // :
	TOK_QUESTION,    // ?
	TOK_DOT,         // .
	TOK_DOTDOT,      // ..
	TOK_ARROW,       // ->
	TOK_ASSIGN,      // =
	TOK_OP_ASSIGN,   // +=, and the others: op
	TOK_INC,         // ++
	TOK_DEC,         // --
	TOK_NOT,         // !
	TOK_TILDE,       // ~
	TOK_BINARY,      // an operator that stands between two values: op. Minus, star and
			 // ampersand too, wherever they stand
};

struct token {
	enum token_kind kind;
	enum expr_op op;
	struct span span;
	struct str text;
	struct number num;
};

// What a text is, from which follows what is expected of it.
enum text_kind {
	TEXT_SCRIPT,
	TEXT_HEADER, // of C: functions and variables may stand in it
	TEXT_SYSTEM, // a header that is not the user's: nothing in it is an error
};

// Copied and put back to look ahead.
struct lexer {
	enum text_kind kind;
	struct arena *arena;
	struct diag *diag;
	uint32_t source;
	struct str text;
	size_t pos;
	size_t end;     // of what is read: the text's, or that of a part
	bool is_quiet;  // report nothing: this text is only looked at, or skipped
	bool has_chars; // 'x' is a number here, as in C
	bool is_cut;    // a string or comment without an end was reported; it took what follows
};

struct token lex_next(struct lexer *l);

// Skips blanks, comments and escaped line ends. False at the end.
bool lex_skip_blanks(struct lexer *l);

// Reports, unless the lexer is quiet; true if it did.
bool lex_error(struct lexer *l, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);

// What stands between quotes, the first of which is at l->pos; goes on behind the second.
struct str lex_string(struct lexer *l);

static inline bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_word(char c)
{
	return is_word_start(c) || is_digit(c);
}

static inline bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
