/* `merge` and `report`: runs that are over, parts of one or whole, from their
 * journals.  It refuses to run anything. */
#include "cli_prompt.h"
#include "study.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run was, as its journal says. */
struct part {
	const char *run;
	json_t *head;
	int64_t shard, shards;
};

