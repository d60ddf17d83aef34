/* What a run was begun with, as the first line of its journal says it.  It
 * refuses to know where that goes. */
#include "run_head.h"

#include "../base/json.h"
#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/limits.h"

#include <inttypes.h>

static const char *
prompt_hash(struct arena *a, const struct node *ast)
{
	uint8_t digest[CRYPT_HASH_LEN];
	char hex[2 * CRYPT_HASH_LEN + 1];
	struct buf b;

	buf_init(&b, LIMIT_BODY_BYTES_MAX);
	ast_print(a, &b, ast);
	crypt_hash(buf_text(&b), digest);
	buf_free(&b);
	hex_print(hex, digest, sizeof(digest));
	return arena_strdup(a, hex);
}

static json_t *
eval_names(const struct row_plan *plan)
{
	json_t *names = json_array();

	for (size_t i = 0; i < plan->n_evals; i++)
		(void)json_array_append_new(
		    names, json_string_nocheck(plan->evals[i]->name));
	return names;
}

const json_t *
run_head(struct arena *a, const struct experiment *e,
    const struct row_plan *plan, const struct sampling *s, bool hidden)
{
	json_t *sampling = json_object_get(plan->data, "sampling");
	json_t *head = json_own(a, json_object());
	char began[CLOCK_TEXT_LEN + 1];

	clock_print(began, clock_wall_ms());
	json_object_set_new(head, "type", json_string("run"));
	json_object_set_new(head, "runId", json_string(plan->run_id));
	json_object_set_new(head, "name", json_string_nocheck(plan->run_name));
	json_object_set_new(
	    head, "dataset", json_string_nocheck(plan->dataset));
	json_object_set_new(
	    head, "prompt", json_string(prompt_hash(a, plan->prompt->ast)));
	if (plan->ask->model != NULL)
		json_object_set_new(
		    head, "model", json_string_nocheck(plan->ask->model));
	json_object_set_new(head, "evals", eval_names(plan));
	json_object_set_new(head, "repeat", json_integer(e->repeat));
	json_object_set_new(head, "shard",
	    json_sprintf("%" PRId64 "/%" PRId64, e->shard + 1, e->shards));
	json_object_set_new(head, "sampling",
	    sampling != NULL ? json_incref(sampling) : json_null());
	if (s->has_seed)
		json_object_set_new(head, "seed", json_real(s->seed));
	if (hidden)
		json_object_set_new(head, "hidden", json_true());
	json_object_set_new(head, "began", json_string(began));
	json_object_set_new(head, "asked", json_incref((json_t *)plan->data));
	return head;
}
