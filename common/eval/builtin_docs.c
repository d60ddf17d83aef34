/* Prints docs/evals.md, so that what is written about evals is what the table
 * says.  It refuses to know more about an eval than its row. */
#include "builtin.h"

#include "score.h"

static const char opening[] =
    "# Built-in evals\n"
    "\n"
    "<!-- Made from the table in common/eval/builtin.c by `agentmark-fcgi "
    "evals`. -->\n"
    "\n"
    "A prompt names its evals in `test_settings.evals`; every row of an "
    "experiment is\n"
    "scored by each. A built-in eval works under its own name without being "
    "declared;\n"
    "declare it in the configuration to set options or to give it another "
    "name.\n"
    "\n"
    "What is scored is the row's output: the text of a text prompt, the value "
    "of an\n"
    "object prompt. Where an eval needs text, a value is its compact JSON. "
    "What it is\n"
    "compared with is the row's `expected_output`, unless an option says "
    "otherwise.\n"
    "\n"
    "Every eval gives a `score` from 0 to 1 and `passed`. Evals that can only "
    "say yes\n"
    "or no score 1 or 0; graded ones pass from 0.5 on unless their text says\n"
    "otherwise, and `threshold` of the configuration moves that; `not` turns "
    "a result\n"
    "around. A row that cannot be scored (no expected output, a pattern that "
    "is none)\n"
    "fails that eval with the reason and keeps the row.\n"
    "\n"
    "Text is Unicode: characters are code points, and lower case follows "
    "Unicode. A\n"
    "metric takes texts of up to 1 MiB; `levenshtein` and `rouge_l`, whose "
    "work grows\n"
    "with the product of both lengths, take two texts of about 150,000 "
    "characters\n"
    "(or words).\n";

static const char *const types[] = {
    [EVAL_TEXT] = "text",
    [EVAL_TEXTS] = "text or list of texts",
    [EVAL_NUMBER] = "number",
    [EVAL_BOOL] = "true or false",
    [EVAL_JSON] = "any value",
};

/* A bar would end the cell of a table. */
static void
add_cell(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
}

static void
add_options(struct buf *b, const struct eval_option *o)
{
	if (o == NULL)
		return;
	buf_adds(b, "\n| option | value | meaning |\n|---|---|---|\n");
	for (; o->name != NULL; o++) {
		buf_addf(b, "| `%s` | %s | ", o->name, types[o->type]);
		add_cell(b, o->help);
		buf_adds(b, " |\n");
	}
}

static void
add_phrases(struct buf *b)
{
	buf_adds(b, "\n## The phrases of `is_refusal`\n\n"
		    "In any case of letters, with straight or curly "
		    "apostrophes:\n\n");
	for (size_t i = 0; refusal_phrases[i] != NULL; i++)
		buf_addf(b, "* %s\n", refusal_phrases[i]);
}

void
builtin_print_docs(struct buf *b)
{
	buf_adds(b, opening);
	for (size_t i = 0; i < n_builtins; i++) {
		buf_addf(
		    b, "\n## %s\n\n%s\n", builtins[i].name, builtins[i].help);
		add_options(b, builtins[i].options);
	}
	add_phrases(b);
}
