/* The command `check`: a configuration and all it names, or a mount from
 * outside.  It refuses to know what is tried. */
#include "../common/base/log.h"
#include "check.h"
#include "cli.h"
#include "cli_args.h"
#include "cli_post.h"
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

/* The longest silence that can be asked for, in seconds. */
enum { MOST_SILENCE = LIMIT_ECHO_DELAY_MS / 1000 };

struct checking {
	const char *url, *secret_file, *silence;
	bool json, offline;
	struct mount_conf mount;
};

/* Of a configuration that is wrong not everything is there. */
static void
check_here(struct doctor *d, const struct checking *c)
{
	const struct conf *conf = d->conf;

	if (c->json)
		doctor_notes(d);
	else
		check_print(stdout, conf);
	d->failed = conf->code != CONF_OK;
	if (conf_wrong(conf) != NULL)
		return;
	if (!c->json)
		(void)printf("\n");
	doctor_files(d);
	if (!c->offline)
		doctor_network(d);
}

static void
check_there(struct doctor *d, struct checking *c, const char *file)
{
	struct err err = {0};

	if (cli_secret_needed(
		d->arena, c->secret_file, file, &c->mount.key, &err) == 0)
		doctor_mount(d, &c->mount);
	else
		doctor_say(d, "secret", DOCTOR_ERROR, NULL, "%s", err.msg);
	err_free(&err);
}

static int
check(struct checking *c, const char *file)
{
	struct conf *conf = conf_load(&(struct conf_source){.file = file});
	struct doctor d;
	struct buf json;
	int status;

	log_set_level(LEVEL_ERROR);
	buf_init(&json, LIMIT_LINE_BYTES);
	doctor_init(&d, conf, stdout);
	if (c->json)
		d.json = &json;
	if (c->url != NULL)
		check_there(&d, c, file);
	else
		check_here(&d, c);
	status = doctor_finish(&d);
	buf_free(&json);
	conf_free(conf);
	return status;
}

static bool
read_seconds(const char *text, int64_t *ms)
{
	char *end;
	long s = strtol(text, &end, 10);

	if (end == text || *end != '\0' || s <= 0 || s > MOST_SILENCE)
		return false;
	*ms = (int64_t)s * 1000;
	return true;
}

int
cli_check(const char *file, int n_args, char *const *args)
{
	struct checking c = {0};
	const struct cli_arg known[] = {
	    {"--url", &c.url, NULL},
	    {"--secret-file", &c.secret_file, NULL},
	    {"--silence", &c.silence, NULL},
	    {"--json", NULL, &c.json},
	    {"--offline", NULL, &c.offline},
	};
	int status = cli_args("check", known, ARRAY_LEN(known), n_args, args);

	if (status != 0)
		return status;
	c.mount.url = c.url;
	if (c.silence != NULL && !read_seconds(c.silence, &c.mount.silence_ms))
		return cli_usage(
		    "check: --silence wants seconds, not ", c.silence);
	if (c.url == NULL && (c.secret_file != NULL || c.silence != NULL))
		return cli_usage("check: which --url?", "");
	return check(&c, file);
}
