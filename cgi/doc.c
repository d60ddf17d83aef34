/* Help and example, neither of which can forget an option.  It refuses to know
 * what an option does. */
#include "doc.h"

#include "../common/base/base.h"
#include "cli.h"
#include "conf_table.h"
#include "version.h"

#include <stdbool.h>
#include <string.h>

const struct variable *
doc_variable(const struct option *o)
{
	size_t i;

	for (i = 0; i < conf_n_variables; i++)
		if (conf_variables[i].key != NULL &&
		    strcmp(conf_variables[i].key, o->key) == 0)
			return &conf_variables[i];
	return NULL;
}

/* Prints TEXT in lines of at most WIDTH columns, PREFIX before each. */
static void
print_wrapped(FILE *out, const char *prefix, const char *text, size_t width)
{
	size_t room = width - strlen(prefix), len, shown;

	while (*text != '\0') {
		len = strlen(text);
		if (len > room) {
			len = room;
			while (len > 0 && text[len] != ' ')
				len--;
			if (len == 0)
				len = strcspn(text, " ");
		}
		shown = len;
		while (shown > 0 && text[shown - 1] == ' ')
			shown--;
		(void)fprintf(out, "%s%.*s\n", prefix, (int)shown, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void
help_options(FILE *out, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		(void)fprintf(out, "      %s%s%s\n", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		print_wrapped(out, "          ", o->help, 78);
	}
}

void
doc_help(FILE *out)
{
	const struct command *c;
	size_t i;

	(void)fprintf(out,
	    "usage: " PROGRAM " [--config FILE] COMMAND\n"
	    "\n"
	    "A web server starts this program as CGI or FastCGI; it answers "
	    "AgentMark's\nwebhooks.  A person may use these commands, with "
	    "options as --name VALUE or\n--name=VALUE:\n\n");
	for (i = 0; i < cli_n_commands; i++) {
		c = &cli_commands[i];
		(void)fprintf(out, "  %s%s%s\n", c->name,
		    *c->args != '\0' ? " " : "", c->args);
		print_wrapped(out, "      ", c->help, 78);
		help_options(out, cli_options_of(c));
	}
	(void)fprintf(out, "\nThe configuration is the file of --config, or of "
			   "AGENTMARK_FCGI_CONFIG, or\n" CONF_FILE_NAME
			   " beside the program, or up to two directories "
			   "above it, or\n" CONF_FILE_SYSTEM ".\nOptions:\n\n");
	for (i = 0; i < conf_n_options; i++) {
		(void)fprintf(out, "  %s", conf_options[i].key);
		if (conf_options[i].value != NULL)
			(void)fprintf(out, " (%s)", conf_options[i].value);
		(void)fprintf(out, "\n");
		print_wrapped(out, "      ", conf_options[i].help, 78);
	}
	(void)fprintf(out, "\nVariables, which win over the file:\n\n");
	for (i = 0; i < conf_n_variables; i++)
		(void)fprintf(out, "  %-26s %s\n", conf_variables[i].name,
		    conf_variables[i].help);
}

/* How deep a key stands; "[]" and NAME are a level each. */
static int
depth(const char *key)
{
	int n = 0;

	for (; *key != '\0'; key++)
		n += *key == '.';
	return n;
}

static const char *
last_part(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot != NULL ? dot + 1 : key;
}

static const char *
shown_value(const struct option *o)
{
	if (o->example != NULL)
		return o->example;
	return o->value != NULL ? o->value : "";
}

/* What is below a list begins with "- " at its first option. */
static bool
is_first_of_item(size_t i)
{
	return conf_options[i - 1].type == OPTION_LIST;
}

static bool
is_named(size_t i)
{
	return strstr(conf_options[i].key, ".NAME.") != NULL;
}

/* The name of the map's item that the option is the first of, or NULL. */
static const char *
item_name(size_t i)
{
	if (!is_named(i))
		return NULL;
	return is_named(i - 1) ? conf_options[i].item : "NAME";
}

/* Where the name stands that an item's keys stand below. */
static int
name_indent(const char *key)
{
	const char *end = strstr(key, ".NAME.") + 1;
	int n = 0;

	for (; key < end; key++)
		n += *key == '.';
	return 2 * n;
}

static void
print_example_option(FILE *out, size_t i)
{
	const struct option *o = &conf_options[i];
	int indent = 2 * depth(o->key);
	const char *dash = "";

	if (strstr(o->key, "[].") != NULL)
		dash = is_first_of_item(i) ? "- " : "  ";
	switch (o->type) {
	case OPTION_GROUP:
		(void)fprintf(out, "%s%*s%s%s:\n", indent == 0 ? "" : "#",
		    indent, "", dash, last_part(o->key));
		break;
	case OPTION_HEADERS:
		(void)fprintf(out, "#%*s%s:\n#%*s%s\n", indent, "",
		    last_part(o->key), indent + 2, "", o->example);
		break;
	default:
		(void)fprintf(out, "#%*s%s%s:%s%s\n", indent, "", dash,
		    last_part(o->key), *shown_value(o) != '\0' ? " " : "",
		    shown_value(o));
	}
}

void
doc_example(FILE *out)
{
	const struct variable *v;
	const char *name;
	char prefix[32];
	size_t i;
	int indent;

	(void)fprintf(out,
	    "# Configuration of " PROGRAM ": the file of --config, or of\n"
	    "# AGENTMARK_FCGI_CONFIG, or " CONF_FILE_NAME
	    " beside the program,\n# or up to two directories above it, "
	    "or " CONF_FILE_SYSTEM
	    ".\n# Variables of the environment win over it.\n#\n"
	    "# Text may be env:NAME (a variable) or file:PATH (a file's "
	    "content; relative\n# to this file).  What stands here behind a # "
	    "is what holds without it, or an\n# example.  `" PROGRAM
	    " check` tells what a configuration means.\n");
	for (i = 0; i < conf_n_options; i++) {
		indent = 2 * depth(conf_options[i].key);
		(void)snprintf(prefix, sizeof(prefix), "%*s# ", indent, "");
		(void)fprintf(out, "\n");
		if ((name = item_name(i)) != NULL)
			(void)fprintf(out, "#%*s%s:\n\n",
			    name_indent(conf_options[i].key), "", name);
		print_wrapped(out, prefix, conf_options[i].help, 78);
		v = doc_variable(&conf_options[i]);
		if (v != NULL)
			(void)fprintf(out, "%sVariable: %s\n", prefix, v->name);
		print_example_option(out, i);
	}
}
