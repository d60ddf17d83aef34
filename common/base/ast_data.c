/* Reads what rendering needs of `data`: whether the first statement of its
 * estree is an arrow function, and the names of the parameters.  The rest of
 * the estree, which is most of a posted tree, is passed over. */
#include "ast_in.h"

/* A parameter of an arrow function. */
struct param {
	bool simple;
	struct str16 name;
};

static int
param_type(struct reader *r, void *of)
{
	struct param *param = of;

	return ast_in_is(r, "Identifier", &param->simple);
}

static int
read_param(struct reader *r, struct arrow *arrow)
{
	static const struct member members[] = {
	    {NAME("type"), param_type, 0},
	    {NAME("name"), ast_in_text, offsetof(struct param, name)},
	};
	struct param param = {0};
	struct str16 *names;

	if (json_in_peek(r->in) != JSON_IN_OBJECT) {
		if (json_in_skip(r->in) != 0)
			return -1;
	} else if (ast_in_members(r, members, ARRAY_LEN(members), &param) !=
		   0) {
		return -1;
	}
	if (!param.simple || param.name.p == NULL)
		arrow->simple = false;
	names = arena_grow(r->a, arrow->params, arrow->n_params,
	    arrow->n_params + 1, sizeof(*names));
	names[arrow->n_params++] = param.name;
	arrow->params = names;
	return 0;
}

static int
arrow_params(struct reader *r, void *of)
{
	struct arrow *arrow = of;
	int more;

	arrow->simple = true;
	arrow->n_params = 0;
	if (json_in_peek(r->in) != JSON_IN_ARRAY)
		return json_in_skip(r->in);
	if (json_in_enter(r->in) != 0)
		return -1;
	while ((more = json_in_item(r->in)) > 0)
		if (read_param(r, arrow) != 0)
			return -1;
	return more == 0 && arrow->is_arrow ? 1 : more;
}

static int
arrow_type(struct reader *r, void *of)
{
	struct arrow *arrow = of;

	if (ast_in_is(r, "ArrowFunctionExpression", &arrow->is_arrow) != 0)
		return -1;
	return arrow->is_arrow ? 0 : 1;
}

static int
read_expression(struct reader *r, void *of)
{
	static const struct member members[] = {
	    {NAME("type"), arrow_type, 0},
	    {NAME("params"), arrow_params, 0},
	};
	struct arrow *arrow = of;

	*arrow = (struct arrow){.simple = true};
	if (json_in_peek(r->in) != JSON_IN_OBJECT)
		return json_in_skip(r->in);
	if (ast_in_members(r, members, ARRAY_LEN(members), arrow) != 0)
		return -1;
	return 1;
}

/* Only the first statement counts. */
static int
read_body(struct reader *r, void *of)
{
	static const struct member members[] = {
	    {NAME("expression"), read_expression, 0},
	};
	struct arrow *arrow = of;
	int more;

	*arrow = (struct arrow){.simple = true};
	if (json_in_peek(r->in) != JSON_IN_ARRAY)
		return json_in_skip(r->in);
	if (json_in_enter(r->in) != 0 || (more = json_in_item(r->in)) < 0)
		return -1;
	if (more == 0)
		return 1;
	if (json_in_peek(r->in) == JSON_IN_OBJECT &&
	    ast_in_members(r, members, ARRAY_LEN(members), arrow) != 0)
		return -1;
	return json_in_leave(r->in) == 0 ? 1 : -1;
}

static int
read_estree(struct reader *r, void *of)
{
	static const struct member members[] = {
	    {NAME("body"), read_body, 0},
	};
	const struct arrow **out = of;
	struct arrow *arrow;

	*out = NULL;
	if (json_in_peek(r->in) != JSON_IN_OBJECT)
		return json_in_skip(r->in);
	*out = arrow = arena_zalloc(r->a, sizeof(*arrow));
	arrow->simple = true;
	if (ast_in_members(r, members, ARRAY_LEN(members), arrow) != 0)
		return -1;
	return 1;
}

int
ast_in_data(struct reader *r, void *to)
{
	static const struct member members[] = {
	    {NAME("estree"), read_estree, 0},
	};
	const struct arrow **out = to;

	*out = NULL;
	if (json_in_peek(r->in) != JSON_IN_OBJECT)
		return json_in_skip(r->in);
	return ast_in_members(r, members, ARRAY_LEN(members), to);
}
