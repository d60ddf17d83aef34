/* A prompt that a request names instead of bringing it: data.promptPath without
 * data.ast. */
#ifndef PROMPT_NAME_H
#define PROMPT_NAME_H

#include "../wire/job.h"
#include "exec.h"
#include "prompt_file.h"
#include "reply.h"

/* Sets JOB's tree: from the folder of prompts, else from AgentMark's API, as
 * configured.  Without either, and without a name, it fails as job_decode()
 * does for a request without a tree. */
int prompt_named(struct engine *engine, struct arena *a,
    struct prompt_cache *cache, struct job *job, struct reply *reply,
    struct err *err) MUST_USE;

#endif
