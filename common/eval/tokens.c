/* Splits text as the published implementations of metrics do, so that scores
 * can be compared with theirs: google-research's rouge_score, sacreBLEU and
 * SQuAD's evaluation script.  It refuses to know what is counted. */
#include "tokens.h"

#include "text.h"
#include "../base/buf.h"
#include "../base/utf.h"

#include <string.h>
#include <unictype.h>

void
vocab_init(struct vocab *v, struct arena *a)
{
	v->arena = a;
	pairs_init(&v->pairs);
}

void
vocab_free(struct vocab *v)
{
	pairs_free(&v->pairs);
}

/* The number of a word is that of its last byte in a tree of all words, in
 * which 0 is the root. */
static uint32_t
word_id(struct vocab *v, struct str word)
{
	uint32_t id = 0;

	for (size_t i = 0; i < word.len; i++)
		id = pairs_id(&v->pairs, id, (unsigned char)word.p[i]) + 1;
	return id;
}

struct ids
tokens_words(struct vocab *v, struct str text)
{
	uint32_t *ids = arena_array(v->arena, text.len / 2 + 1, sizeof(*ids));
	size_t i = 0, n = 0;
	struct str word;

	while ((word = text_word(text, &i)).p != NULL)
		ids[n++] = word_id(v, word);
	return (struct ids){ids, n};
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

struct ids
tokens_rouge(struct vocab *v, struct str text)
{
	struct str lower = text_lower(v->arena, text);
	uint32_t *ids = arena_array(v->arena, lower.len / 2 + 1, sizeof(*ids));
	size_t i = 0, n = 0, start;

	while (i < lower.len) {
		if (!is_alnum(lower.p[i])) {
			i++;
			continue;
		}
		for (start = i; i < lower.len && is_alnum(lower.p[i]);)
			i++;
		ids[n++] = word_id(v, (struct str){lower.p + start, i - start});
	}
	return (struct ids){ids, n};
}

/* --- 13a: a row of replacements, each over the whole text */

/* What one replacement reads, and what it writes. */
struct pass {
	struct str in;
	struct buf out;
};

static void
turn(struct pass *p, struct arena *a)
{
	p->in = (struct str){
	    arena_strndup(a, buf_str(&p->out), p->out.len), p->out.len};
	buf_clear(&p->out);
}

static void
replace(struct pass *p, struct arena *a, const char *from, const char *to)
{
	size_t len = strlen(from), i = 0;

	if (!text_contains(p->in, (struct str){from, len}))
		return;
	while (i < p->in.len) {
		if (p->in.len - i >= len &&
		    memcmp(p->in.p + i, from, len) == 0) {
			buf_adds(&p->out, to);
			i += len;
		} else {
			buf_addc(&p->out, p->in.p[i++]);
		}
	}
	turn(p, a);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_point(char c)
{
	return c == '.' || c == ',';
}

/* The space and ASCII punctuation, but for the apostrophe, the hyphen and
 * points. */
static bool
stands_alone(char c)
{
	return (c >= ' ' && c <= '~') && strchr("'-.,", c) == NULL &&
	       !is_digit(c) && !(c >= 'A' && c <= 'Z') &&
	       !(c >= 'a' && c <= 'z');
}

static void
split_punctuation(struct pass *p, struct arena *a)
{
	for (size_t i = 0; i < p->in.len; i++) {
		char c = p->in.p[i];

		if (stands_alone(c))
			buf_addf(&p->out, " %c ", c);
		else
			buf_addc(&p->out, c);
	}
	turn(p, a);
}

/* Splits pairs of bytes of which FIRST and SECOND hold; each byte belongs to
 * one pair at most, as with a regular expression. */
static void
split_pairs(struct pass *p, struct arena *a, bool (*first)(char),
    bool (*second)(char), const char *fmt)
{
	const char *s = p->in.p;
	size_t i = 0;

	while (i < p->in.len) {
		if (i + 1 < p->in.len && first(s[i]) && second(s[i + 1])) {
			buf_addf(&p->out, fmt, s[i], s[i + 1]);
			i += 2;
		} else {
			buf_addc(&p->out, s[i++]);
		}
	}
	turn(p, a);
}

static bool
is_no_digit(char c)
{
	return !is_digit(c);
}

static bool
is_hyphen(char c)
{
	return c == '-';
}

struct ids
tokens_13a(struct vocab *v, struct str text)
{
	struct pass p;

	/* A pass writes at most three bytes for one, three times. */
	buf_init(&p.out, 27 * text.len + 32);
	p.in = text;
	while (p.in.len > 0 && (unsigned char)p.in.p[p.in.len - 1] < 0x80 &&
	       text_is_space((unsigned char)p.in.p[p.in.len - 1]))
		p.in.len--;
	replace(&p, v->arena, "<skipped>", "");
	replace(&p, v->arena, "-\n", "");
	replace(&p, v->arena, "\n", " ");
	replace(&p, v->arena, "&quot;", "\"");
	replace(&p, v->arena, "&amp;", "&");
	replace(&p, v->arena, "&lt;", "<");
	replace(&p, v->arena, "&gt;", ">");
	buf_addc(&p.out, ' ');
	buf_add(&p.out, p.in.p, p.in.len);
	buf_addc(&p.out, ' ');
	turn(&p, v->arena);
	split_punctuation(&p, v->arena);
	split_pairs(&p, v->arena, is_no_digit, is_point, "%c %c ");
	split_pairs(&p, v->arena, is_point, is_no_digit, " %c %c");
	split_pairs(&p, v->arena, is_digit, is_hyphen, "%c %c ");
	buf_free(&p.out);
	return tokens_words(v, p.in);
}

/* --- SQuAD */

static bool
is_ascii_punct(uint32_t cp)
{
	return cp > ' ' && cp < 0x7f && !is_alnum((char)(cp | 0x20));
}

/* What \w of Python's regular expressions matches, but for the underscore,
 * which is punctuation and gone by then. */
static bool
is_word(uint32_t cp)
{
	return uc_is_general_category_withtable(
	    cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

static bool
is_article(struct str word)
{
	return str_is(word, "a") || str_is(word, "an") || str_is(word, "the");
}

/* Appends TEXT with a space for each article. */
static void
drop_articles(struct buf *b, struct str text)
{
	size_t i = 0;

	while (i < text.len) {
		size_t at = i, end;
		bool word = is_word(utf8_next(text, &i));

		end = i;
		while (i < text.len && is_word(utf8_next(text, &i)) == word)
			end = i;
		i = end;
		if (is_article((struct str){text.p + at, end - at}))
			buf_addc(b, ' ');
		else
			buf_add(b, text.p + at, end - at);
	}
}

struct ids
tokens_squad(struct vocab *v, struct str text)
{
	struct str lower = text_lower(v->arena, text);
	struct buf bare, kept;
	size_t i = 0;
	struct ids ids;

	buf_init(&bare, lower.len + 1);
	buf_init(&kept, lower.len + 1);
	while (i < lower.len) {
		size_t at = i;

		if (!is_ascii_punct(utf8_next(lower, &i)))
			buf_add(&bare, lower.p + at, i - at);
	}
	drop_articles(&kept, buf_text(&bare));
	ids = tokens_words(v, buf_text(&kept));
	buf_free(&bare);
	buf_free(&kept);
	return ids;
}

struct ids
tokens_chars(struct arena *a, struct str text, bool spaces)
{
	uint32_t *ids = arena_array(a, text.len + 1, sizeof(*ids));
	size_t i = 0, n = 0;

	while (i < text.len) {
		uint32_t cp = utf8_next(text, &i);

		if (cp == UTF8_BAD)
			cp = 0xfffd;
		if (spaces || !text_is_space(cp))
			ids[n++] = cp;
	}
	return (struct ids){ids, n};
}
