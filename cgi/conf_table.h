/* The one table of options: the reader, --help, the example file and the
 * manual page are made from it. */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf.h"

enum option_type {
	OPTION_GROUP,	/* a mapping of the options below it */
	OPTION_LIST,	/* a sequence of such mappings */
	OPTION_MAP,	/* a mapping of names to such mappings */
	OPTION_NAMES,	/* a sequence of texts, or one text */
	OPTION_HEADERS, /* a mapping of names to texts */
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_REAL,	/* a number that may have a sign and a fraction */
	OPTION_SECONDS, /* may have a fraction; kept as milliseconds */
	OPTION_CHOICE,
	OPTION_BOOL,
	OPTION_TREE, /* a mapping of anything, typed as YAML's core schema */
	OPTION__MAX
};

/* KEY is the whole path; what is below a list has "[]." in it, what is below
 * an item of a map ".NAME.".  A map may have options of its own as well, which
 * are no items; their fields are in struct conf. */
struct option {
	const char *key;
	enum option_type type;
	bool secret;	       /* its value is never shown */
	bool literal;	       /* env: and file: mean nothing in it */
	size_t offset;	       /* of the field in struct conf or in the item */
	size_t size;	       /* of an item of a list or map */
	const char *shorthand; /* the option below it that a bare text sets, of
				* a list, or a sequence, of a map */
	int64_t min, max;
	const char *const *choices;
	const char *value;   /* the default, or NULL */
	const char *example; /* where the default would explain nothing */
	const char *item;    /* in the example it begins an item of this name */
	const char *help;
};
extern const struct option conf_options[];
extern const size_t conf_n_options;

/* Variables of the environment.  Those that a request may bring are few:
 * what a web server's SetEnv or fastcgi_param sets, never a client's header. */
struct variable {
	const char *name;
	const char *key; /* the option that it sets; NULL: the file's name */
	bool per_request;
	const char *help;
};
extern const struct variable conf_variables[];
extern const size_t conf_n_variables;

/* Patterns of models' names that follow those of the file. */
struct preset_model {
	const char *match, *provider;
};
extern const struct preset_model conf_preset_models[];
extern const size_t conf_n_preset_models;

/* Where the file is looked for, in this order, when none is named. */
#define CONF_FILE_NAME "agentmark-fcgi.yaml"
#define CONF_FILE_SYSTEM "/etc/agentmark-fcgi.yaml"

#endif
