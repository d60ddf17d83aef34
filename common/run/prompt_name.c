/* Finds the prompt that a request names.  It refuses to know what is run. */
#include "prompt_name.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "api.h"
#include "stream.h"

#include <string.h>

/* --- AgentMark's API */

struct fetch {
	struct http *http;
	struct buf body;
	int status;
	bool ended;
	struct err err;
};

static void
on_head(void *arg, int status)
{
	struct fetch *f = arg;

	f->status = status;
}

static void
on_data(void *arg, struct str bytes)
{
	struct fetch *f = arg;

	buf_add(&f->body, bytes.p, bytes.len);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct fetch *f = arg;

	f->ended = true;
	if (how != HTTP_OK)
		(void)fail(&f->err, ERR_PROMPT,
		    "AgentMark's API did not send the prompt: %s", reason);
}

/* The refusal's own words; a name without its ending gets a hint
 * (protocol.md 3.3). */
static int
refuse(const struct fetch *f, struct str name, struct err *err)
{
	static const char full[] = ".prompt.mdx";
	const size_t n = sizeof(full) - 1;
	struct err bad = {0};
	json_t *body = json_read(buf_text(&f->body), &bad);
	const char *words = api_words(body);
	bool hint =
	    f->status == 404 &&
	    (name.len < n || memcmp(name.p + name.len - n, full, n) != 0);

	(void)fail(err, f->status == 404 ? ERR_REQUEST : ERR_PROMPT,
	    "AgentMark's API answered %d when it was asked for the prompt "
	    "%.*s%s%s%s",
	    f->status, (int)name.len, name.p, words != NULL ? ": " : "",
	    words != NULL ? words : "",
	    hint ? " (prompts are addressed by their full path, "
		   "NAME.prompt.mdx)"
		 : "");
	json_decref(body);
	err_free(&bad);
	return -1;
}

/* {"data": tree} */
static int
read_answer(
    struct arena *a, struct str text, struct node **ast, struct err *err)
{
	struct json_in in;
	struct str key;
	int more = -1;

	json_in_init(&in, text, err);
	if (json_in_peek(&in) == JSON_IN_OBJECT && json_in_enter(&in) == 0)
		while ((more = json_in_key(&in, &key)) > 0) {
			if (key.len == 4 && memcmp(key.p, "data", 4) == 0)
				more = ast_read(&in, a, ast, err);
			else
				more = json_in_skip(&in);
			if (more < 0)
				break;
		}
	json_in_free(&in);
	if (more == 0 && *ast != NULL)
		return 0;
	return fail(err, ERR_PROMPT, "AgentMark's API sent no prompt");
}

static int
fetch(struct engine *engine, struct arena *a, struct str name, struct fetch *f,
    struct reply *reply, struct err *err)
{
	const struct settings *s = engine->settings;
	const struct http_events events = {on_head, on_data, on_end, f};
	struct http_request request =
	    api_request(a, &s->prompts.api, name, "application/json");
	struct stream stream;
	bool there = true;

	request.clocks = s->clocks;
	request.max_body = LIMIT_BODY_BYTES;
	f->http = http_start(engine->loop, &request, &events, err);
	if (f->http == NULL)
		return -1;
	stream_start(&stream, engine, reply);
	while (!f->ended && there)
		there = stream_turn(&stream, true);
	stream_stop(&stream);
	http_free(f->http);
	if (!there)
		return stream_fail(&stream, err);
	if (f->err.code != ERR_NONE)
		return fail(err, f->err.code, "%s", f->err.msg);
	if (f->status < 200 || f->status > 299)
		return refuse(f, name, err);
	return 0;
}

static int
ask_api(struct engine *engine, struct arena *a, struct str name,
    const struct node **ast, struct reply *reply, struct err *err)
{
	struct fetch f = {0};
	struct node *root = NULL;
	struct str text;
	int rc;

	buf_init(&f.body, LIMIT_BODY_BYTES);
	rc = fetch(engine, a, name, &f, reply, err);
	if (rc == 0) {
		/* The tree may borrow from it. */
		text.p = arena_strndup(a, buf_str(&f.body), f.body.len);
		text.len = f.body.len;
		rc = read_answer(a, text, &root, err);
	}
	*ast = root;
	buf_free(&f.body);
	err_free(&f.err);
	return rc;
}

/* --- */

int
prompt_named(struct engine *engine, struct arena *a, struct prompt_cache *cache,
    struct job *job, struct reply *reply, struct err *err)
{
	const struct prompts_conf *conf = &engine->settings->prompts;
	struct str name = json_str(json_object_get(job->data, "promptPath"));
	struct err missing = {0};
	int rc;

	if (name.len == 0 || (conf->root == NULL && conf->api.base == NULL))
		return job_without_ast(err);
	if (conf->root == NULL)
		return ask_api(engine, a, name, &job->ast, reply, err);
	rc = prompt_cache_read(cache, conf->root, name, &job->ast, &missing);
	if (rc == -1 && missing.code == ERR_REQUEST && conf->api.base != NULL)
		rc = ask_api(engine, a, name, &job->ast, reply, err);
	else if (rc == -1)
		err_move(err, &missing);
	err_free(&missing);
	return rc;
}
