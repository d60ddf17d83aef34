/* Reads the body of a webhook once, front to back: `ast` becomes the lean
 * tree, `customProps` JavaScript values, the rest of `data` a Jansson tree.
 * It refuses to know what any job does. */
#include "job.h"

#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

static const char *const type_names[] = {
    [JOB_PROMPT_RUN] = "prompt-run",
    [JOB_DATASET_RUN] = "dataset-run",
    [JOB_GET_EVALS] = "get-evals",
    [JOB_ALERT] = "alert",
};
_Static_assert(ARRAY_LEN(type_names) == JOB__MAX, "a name for every job");

/* One of `ast` and `prompt`: the tree, and what JavaScript would say of the
 * value. */
struct tree {
	struct node *root;
	const char *type; /* typeof; NULL when the key is absent */
	bool truthy;
};

/* `type` and `data`, of the top level or of the wrapper. */
struct envelope {
	struct js type;
	bool has_type, has_data; /* has_data: it is truthy */
	struct tree ast, prompt;
	struct js props;
	json_t *rest;
};

const char *
job_type_name(enum job_type type)
{
	return type_names[type];
}

/* Some proxies encode the tree twice: text that is a JSON object. */
static void
read_tree_text(struct str text, struct arena *a, struct tree *tree)
{
	struct err ignored = {0};
	struct json_in in;

	json_in_init(&in, text, &ignored);
	if (json_in_peek(&in) == JSON_IN_OBJECT &&
	    ast_read(&in, a, &tree->root, &ignored) == 0 &&
	    json_in_finish(&in) == 0)
		tree->type = "object";
	else
		tree->root = NULL;
	json_in_free(&in);
	err_free(&ignored);
}

static int
read_tree(struct json_in *in, struct arena *a, struct tree *tree)
{
	enum json_in_type type = json_in_peek(in);
	struct js value;

	*tree = (struct tree){0};
	if (type == JSON_IN_OBJECT || type == JSON_IN_ARRAY) {
		tree->type = "object";
		tree->truthy = true;
		if (type == JSON_IN_OBJECT)
			return ast_read(in, a, &tree->root, in->err);
		tree->root = arena_zalloc(a, sizeof(*tree->root));
		tree->root->kind = NODE_ROOT;
		return json_in_skip(in);
	}
	if (json_in_js(in, a, &value) < 0)
		return -1;
	tree->type = js_typeof(value);
	tree->truthy = js_truthy(value);
	if (value.type == JS_STRING)
		read_tree_text(utf8_from(a, value.string), a, tree);
	return 0;
}

static int
read_data_member(
    struct json_in *in, struct arena *a, struct str key, struct envelope *env)
{
	json_t *value;
	char *name;

	if (str_is(key, "ast"))
		return read_tree(in, a, &env->ast);
	if (str_is(key, "prompt"))
		return read_tree(in, a, &env->prompt);
	if (str_is(key, "customProps"))
		return json_in_js(in, a, &env->props);
	name = arena_strndup(a, key.p, key.len);
	value = json_in_tree(in);
	if (value == NULL)
		return -1;
	(void)json_object_setn_new_nocheck(env->rest, name, key.len, value);
	return 0;
}

static void
forget_data(struct envelope *env)
{
	env->ast = env->prompt = (struct tree){0};
	env->props = JS_UNDEF;
	json_object_clear(env->rest);
}

static int
read_data(struct json_in *in, struct arena *a, struct envelope *env)
{
	struct js scalar;
	struct str key;
	int more;

	forget_data(env);
	if (json_in_peek(in) != JSON_IN_OBJECT) {
		if (json_in_js(in, a, &scalar) < 0)
			return -1;
		env->has_data = js_truthy(scalar);
		return 0;
	}
	env->has_data = true;
	if (json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0)
		if (read_data_member(in, a, key, env) < 0)
			return -1;
	return more;
}

static int
read_envelope(struct json_in *in, struct arena *a, struct envelope *env,
    struct envelope *inner)
{
	struct str key;
	int more;

	if (json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		int rc;

		if (str_is(key, "type"))
			rc = json_in_js(in, a, &env->type);
		else if (str_is(key, "data"))
			rc = read_data(in, a, env);
		else if (inner != NULL && str_is(key, "event") &&
			 json_in_peek(in) == JSON_IN_OBJECT)
			rc = read_envelope(in, a, inner, NULL);
		else
			rc = json_in_skip(in);
		if (rc < 0)
			return -1;
	}
	env->has_type = js_truthy(env->type);
	return more;
}

static void
envelope_init(struct envelope *env, struct arena *a)
{
	*env = (struct envelope){.type = JS_UNDEF, .props = JS_UNDEF};
	env->rest = json_object();
	(void)json_own(a, env->rest);
}

static int
read_body(struct str body, struct arena *a, struct envelope *top,
    struct envelope *wrapped, struct err *err)
{
	struct json_in in;
	int rc = 0;

	envelope_init(top, a);
	envelope_init(wrapped, a);
	json_in_init(&in, body, err);
	if (body.len == 0)
		goto out; /* is answered as an object without a type */
	if (json_in_peek(&in) == JSON_IN_OBJECT)
		rc = read_envelope(&in, a, top, wrapped);
	else
		rc = json_in_skip(&in);
	if (rc == 0)
		rc = json_in_finish(&in);
out:
	json_in_free(&in);
	return rc;
}

static int
find_type(
    struct envelope *env, struct arena *a, enum job_type *type, struct err *err)
{
	struct str name;

	if (!env->has_type)
		return fail(err, ERR_REQUEST,
		    "Request must include a \"type\" field at the top level: "
		    "{\"type\": \"prompt-run\", \"data\": {...}}");
	if (env->type.type == JS_STRING)
		for (size_t i = 0; i < JOB__MAX; i++)
			if (js_is_string(env->type, type_names[i])) {
				*type = (enum job_type)i;
				return 0;
			}
	name = utf8_from(a, js_to_string(a, env->type));
	return fail(err, ERR_REQUEST,
	    "Expected event.type to be 'prompt-run', 'dataset-run', or "
	    "'get-evals', got: %.*s",
	    (int)name.len, name.p);
}

int
job_without_ast(struct err *err)
{
	return fail(err, ERR_REQUEST,
	    "The request must include the prompt AST in data.ast (not "
	    "data.prompt)");
}

static int
find_ast(struct envelope *env, struct job *job, struct err *err)
{
	const struct tree *tree = &env->ast;

	if (!tree->truthy && env->prompt.truthy)
		tree = &env->prompt; /* the first era's name */
	if (!tree->truthy &&
	    json_is_string(json_object_get(job->data, "promptPath")))
		return 0;
	if (!tree->truthy)
		return job_without_ast(err);
	if (tree->root == NULL)
		return fail(err, ERR_REQUEST,
		    "The AST must be an object, got %s", tree->type);
	job->ast = tree->root;
	return 0;
}

static bool
json_truthy(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_STRING:
		return json_string_length(v) != 0;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	default:
		return true;
	}
}

/* Only an absent shouldStream means the default; null is false (12.5). */
static bool
wants_stream(const json_t *data)
{
	const json_t *options = json_object_get(data, "options");
	const json_t *stream = json_object_get(options, "shouldStream");

	return stream == NULL || json_truthy(stream);
}

int
job_decode(const struct verified *body, struct arena *a, struct job *job,
    struct err *err)
{
	struct envelope top, wrapped, *env = &top;

	*job = (struct job){.props = JS_UNDEF, .signed_by = verified_by(body)};
	if (read_body(verified_body(body), a, &top, &wrapped, err) < 0)
		return -1;
	if (!top.has_type && wrapped.has_type)
		env = &wrapped;
	if (find_type(env, a, &job->type, err) < 0)
		return -1;
	job->data = env->rest;
	job->props = env->props;
	if (job->type == JOB_GET_EVALS)
		return 0;
	if (!env->has_data)
		return fail(err, ERR_REQUEST,
		    "Request must include a \"data\" object with the prompt "
		    "AST and options");
	if (job->type == JOB_ALERT)
		return 0;
	job->stream = wants_stream(job->data);
	return find_ast(env, job, err);
}
