/* The two manual pages, agentmark-fcgi(1) and agentmark-fcgi.yaml(5), in mdoc:
 * made from the tables of commands, options and variables.  It refuses to know
 * what any of them does. */
#include "doc.h"

#include "../common/base/base.h"
#include "cli.h"
#include "version.h"

#include <string.h>

enum { COLUMNS = 78 };

#define PAGE_DATE "November 25, 2026"

/* A word of text: a backslash and a hyphen are roff's own. */
static void
print_word(FILE *out, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			(void)fputs("\\e", out);
		else if (word[i] == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(word[i], out);
	}
}

/* Text in short lines.  A sentence, which two spaces end, begins a line, and a
 * line must not begin as a request of roff's does. */
static void
print_text(FILE *out, const char *text)
{
	size_t column = 0, len, spaces = 1;

	for (; *text != '\0'; text += len + spaces) {
		len = strcspn(text, " ");
		if (column > 0 && (spaces > 1 || column + 1 + len > COLUMNS)) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			(void)fputc(' ', out);
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		print_word(out, text, len);
		column += len + 1;
		spaces = strspn(text + len, " ");
	}
	(void)fputc('\n', out);
}

static void
print_command_options(FILE *out, const struct cli_option *o)
{
	if (o == NULL)
		return;
	(void)fprintf(out, ".Bl -tag -width Ds\n");
	for (; o->name != NULL; o++) {
		(void)fprintf(out, ".It Fl %s", o->name + 1);
		if (o->arg != NULL)
			(void)fprintf(out, " Ar %s", o->arg);
		(void)fputc('\n', out);
		print_text(out, o->help);
	}
	(void)fprintf(out, ".El\n");
}

static void
print_commands(FILE *out)
{
	const struct command *c;

	(void)fprintf(out, ".Sh COMMANDS\nThe value of an option stands behind "
			   "it, or behind an equals sign.\n"
			   ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < cli_n_commands; i++) {
		c = &cli_commands[i];
		(void)fprintf(out, ".It Cm %s%s%s\n", c->name,
		    *c->args != '\0' ? " No " : "", c->args);
		print_text(out, c->help);
		print_command_options(out, cli_options_of(c));
	}
	(void)fprintf(out, ".El\n");
}

static void
print_options(FILE *out)
{
	const struct variable *v;
	const struct option *o;

	(void)fprintf(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < conf_n_options; i++) {
		o = &conf_options[i];
		v = doc_variable(o);
		(void)fprintf(out, ".It Va %s\n", o->key);
		print_text(out, o->help);
		if (o->value != NULL)
			(void)fprintf(
			    out, "The default is\n.Li %s .\n", o->value);
		if (v != NULL)
			(void)fprintf(out, "Variable:\n.Ev %s .\n", v->name);
	}
	(void)fprintf(out, ".El\n");
}

static void
print_variables(FILE *out)
{
	(void)fprintf(out, ".Sh ENVIRONMENT\n"
			   "Variables win over the file.\n"
			   "They may also come as parameters of a request\n"
			   ".Pq SetEnv, fastcgi_param ,\n"
			   "and then hold for that request.\n"
			   ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < conf_n_variables; i++) {
		(void)fprintf(out, ".It Ev %s\n", conf_variables[i].name);
		print_text(out, conf_variables[i].help);
	}
	(void)fprintf(out, ".El\n");
}

static void
print_files(FILE *out)
{
	(void)fprintf(out,
	    ".Sh FILES\n.Bl -tag -width Ds\n.It Pa " CONF_FILE_NAME
	    "\nbeside the program itself, else in the directory above that,\n"
	    "else in the one above that: the first that is there.\n"
	    "One above must be root's, the user's or the owner's of the "
	    "program.\n.It Pa " CONF_FILE_SYSTEM
	    "\nwhen there is none of those.\n.El\n");
}

void
doc_man_program(FILE *out)
{
	(void)fprintf(out,
	    ".Dd " PAGE_DATE "\n.Dt AGENTMARK-FCGI 1\n.Os\n"
	    ".Sh NAME\n.Nm " PROGRAM "\n"
	    ".Nd AgentMark webhook endpoint for CGI and FastCGI\n"
	    ".Sh SYNOPSIS\n.Nm\n.Op Fl -config Ar FILE\n.Op Ar COMMAND\n"
	    ".Sh DESCRIPTION\n.Nm\nis started by a web server.\n"
	    "It verifies the signature of a webhook, renders the prompt in it\n"
	    "as AgentMark does, calls a model and answers with a stream of\n"
	    "JSON lines or with one JSON object.\n"
	    "When descriptor 0 is a listening socket, or one is passed by\n"
	    "systemd's socket activation, it speaks FastCGI, and ends after\n"
	    "the running request at SIGTERM and SIGUSR1;\n"
	    "with a CGI environment it answers one request.\n.Pp\n"
	    "A program that is not configured answers every request with\n"
	    "status 503 and a short code; the log and the command\n"
	    ".Cm check\nsay what is missing.\n.Cm init\nconfigures it.\n");
	print_commands(out);
	(void)fprintf(out,
	    ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
	    ".It Ev AGENTMARK_FCGI_CONFIG\nThe file of the configuration.\n"
	    ".El\n.Pp\nOther variables take the place of options; see\n"
	    ".Xr " CONF_FILE_NAME " 5 .\n");
	print_files(out);
	(void)fprintf(out,
	    ".Sh EXIT STATUS\n"
	    "0 when all went well, 1 when a command failed, 2 when the\n"
	    "program was used wrongly.\n"
	    ".Sh EXAMPLES\nSign a body and send it:\n"
	    ".Bd -literal -offset indent\n"
	    "curl -N -H \"$(" PROGRAM " sign body.json)\" \\e\n"
	    "    --data-binary @body.json http://127.0.0.1/agentmark\n.Ed\n"
	    ".Sh SEE ALSO\n.Xr spawn-fcgi 1 ,\n.Xr " CONF_FILE_NAME
	    " 5 ,\n.Xr systemd.socket 5\n");
}

void
doc_man_file(FILE *out)
{
	(void)fprintf(out,
	    ".Dd " PAGE_DATE "\n.Dt AGENTMARK-FCGI.YAML 5\n.Os\n"
	    ".Sh NAME\n.Nm " CONF_FILE_NAME "\n"
	    ".Nd configuration of " PROGRAM "\n"
	    ".Sh DESCRIPTION\nOne YAML file.\nText may be\n"
	    ".Li env: Ns Ar NAME\n(a variable of the environment) or\n"
	    ".Li file: Ns Ar PATH\n"
	    "(the content of a file, relative to the configuration).\n"
	    "A file with a secret that everybody can read is refused when\n"
	    "the program's user owns it, and is warned of otherwise.\n"
	    "Unknown keys and wrong types are errors that name file and "
	    "line.\n.Pp\n.Dl " PROGRAM " example\n.Pp\n"
	    "prints a file that explains every option;\n"
	    ".Dl " PROGRAM " check\n.Pp\n"
	    "tells what a configuration means and what is wrong with it.\n");
	print_options(out);
	print_variables(out);
	print_files(out);
	(void)fprintf(out,
	    ".Sh EXAMPLES\nThe smallest:\n.Bd -literal -offset indent\n"
	    "webhook:\n  secret: file:/etc/agentmark-fcgi.secret\n"
	    "providers:\n  openai:\n"
	    "    api_key: file:/etc/agentmark-fcgi.key\n.Ed\n"
	    ".Sh SEE ALSO\n.Xr " PROGRAM " 1\n");
}
