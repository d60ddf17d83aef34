/* Configurations in files for tests. */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include "../../cgi/conf.h"

#include <sys/stat.h>

#define SECRET "0123456789abcdef"
#define WITH_SECRET "webhook: {secret: " SECRET "}\n"
/* What begins the note of an error in the file. */
#define AT "bad_config agentmark-fcgi.yaml:"

/* The directory, and the file in it. */
extern char conf_dir[];
extern char conf_path[64];

/* Makes and removes the directory; the variables that would count are unset. */
int conf_set_up(void **state);
int conf_tear_down(void **state);

void conf_write(const char *name, mode_t mode, const char *text);

/* For struct conf_source: ARG is name, value, …, NULL. */
const char *conf_param(void *arg, const char *name);

/* Writes TEXT to the file and reads it, with the parameters PAIRS or NULL. */
struct conf *conf_from(const char *text, const char *const *pairs);

/* The notes must be EXPECTED: one a line, each behind its code, without the
 * directory. */
void conf_expect(
    const char *text, const char *const *pairs, const char *expected);

#endif
