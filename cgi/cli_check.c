/* The command `check`: a configuration and all it names, or a mount from
 * outside.  It refuses to know what is tried. */
#include "../common/base/log.h"
#include "check.h"
#include "cli_prompt.h"
#include "cli_check.h"
#include "doctor.h"
#include "file.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

/* The longest silence that can be asked for, in seconds. */
enum { MOST_SILENCE = LIMIT_ECHO_DELAY_MS / 1000 };

struct checking {
	const char *url, *secret_file, *silence;
	bool json, offline;
	struct mount_conf mount;
	struct buf secret; /* of the file */
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
	if (conf->code == CONF_BAD_CONFIG)
		return;
	if (!c->json)
		(void)printf("\n");
	doctor_files(d);
	if (!c->offline)
		doctor_network(d);
}

static int
find_secret(struct checking *c, const struct conf *conf, struct err *err)
{
	const char *text;
	struct stat st;

	if (c->secret_file == NULL) {
		if (conf->secrets.n == 0)
			return fail(err, ERR_UNCONFIGURED,
			    "there is no secret to sign with: use "
			    "--secret-file, or a configuration");
		c->mount.key = conf->secrets.items[0].key;
		return 0;
	}
	if (file_read(c->secret_file, &c->secret, &st, NULL, err) == -1)
		return -1;
	text = buf_str(&c->secret);
	c->mount.key = (struct str){text, strcspn(text, "\r\n")};
	if (c->mount.key.len == 0)
		return fail(err, ERR_UNCONFIGURED, "there is no secret in %s",
		    c->secret_file);
	return 0;
}

static void
check_there(struct doctor *d, struct checking *c)
{
	struct err err = {0};

	if (find_secret(c, d->conf, &err) == 0)
		doctor_mount(d, &c->mount);
	else
		doctor_say(d, "secret", DOCTOR_ERROR, NULL, "%s", err.msg);
	err_free(&err);
}

static int
check(struct checking *c, const char *file)
{
	struct conf_source source = {.file = file};
	struct conf *conf = conf_load(&source);
	struct doctor d;
	struct buf json;
	int status;

	log_set_level(LEVEL_ERROR);
	buf_init(&json, LIMIT_LINE_BYTES);
	buf_init(&c->secret, LIMIT_SECRET_BYTES);
	doctor_init(&d, conf, stdout);
	if (c->json)
		d.json = &json;
	if (c->url != NULL)
		check_there(&d, c);
	else
		check_here(&d, c);
	status = doctor_finish(&d);
	buf_free(&c->secret);
	buf_free(&json);
	conf_free(conf);
	return status;
}

static bool
read_seconds(const char *text, int64_t *ms)
{
	char *end;
	long s = strtol(text, &end, 10);

	*ms = (int64_t)s * 1000;
	return end != text && *end == '\0' && s > 0 && s <= MOST_SILENCE;
}

int
cli_check(const char *file, int n_args, char *const *args)
{
	struct checking c = {0};
	const struct {
		const char *name, **value;
		bool *flag;
	} options[] = {
	    {"--url", &c.url, NULL},
	    {"--secret-file", &c.secret_file, NULL},
	    {"--silence", &c.silence, NULL},
	    {"--json", NULL, &c.json},
	    {"--offline", NULL, &c.offline},
	};
	size_t k;
	int i;

	for (i = 0; i < n_args; i++) {
		for (k = 0; k < ARRAY_LEN(options); k++)
			if (strcmp(args[i], options[k].name) == 0)
				break;
		if (k < ARRAY_LEN(options) && options[k].flag != NULL)
			*options[k].flag = true;
		else if (k < ARRAY_LEN(options) && i + 1 < n_args)
			*options[k].value = args[++i];
		else
			return cli_usage("check: unexpected ", args[i]);
	}
	c.mount.url = c.url;
	if (c.silence != NULL && !read_seconds(c.silence, &c.mount.silence_ms))
		return cli_usage(
		    "check: --silence wants seconds, not ", c.silence);
	if (c.url == NULL && (c.secret_file != NULL || c.silence != NULL))
		return cli_usage("check: which --url?", "");
	return check(&c, file);
}
