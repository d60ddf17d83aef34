/* Prints how many microseconds the statistics of an experiment take for a row,
 * and how much memory: plain rows, rows that run five times, clusters, a
 * baseline.  A tool for people, not a test. */
#include "../../common/base/buf.h"
#include "../../common/base/json.h"
#include "../../common/run/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { ROWS = 200000, KINDS = 64 };

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static json_t *
make_evals(unsigned i)
{
	struct err err = {0};
	char text[200];
	int n = snprintf(text, sizeof(text),
	    "[{\"name\":\"exact_match\",\"score\":%u,\"passed\":%s},"
	    "{\"name\":\"similar\",\"score\":%.17g,\"passed\":true}]",
	    i % 2, i % 2 != 0 ? "true" : "false", i / (double)KINDS / 1.1);

	return json_read((struct str){text, (size_t)n}, &err);
}

static int
run(const char *name, int64_t repeat, int64_t clusters, bool baseline)
{
	const struct gate gate = {"exact_match", 0.5, true};
	struct summary_conf conf = {.confidence = 0.95,
	    .seed = 1,
	    .gates = &gate,
	    .n_gates = 1,
	    .early = true,
	    .repeat = repeat};
	struct summary *s = summary_new(&conf, NULL);
	struct err err = {0};
	json_t *evals[KINDS], *out;
	double began, added;
	struct rusage use;
	int rc = 0;

	for (unsigned i = 0; i < KINDS; i++)
		evals[i] = make_evals(i);
	began = now();
	for (int64_t i = 0; i < (baseline ? 2 * ROWS : ROWS) && rc == 0; i++) {
		char hash[33], cluster[20];
		struct record r = {.index = i % ROWS / repeat,
		    .repeat = i % repeat,
		    .hash = hash,
		    .ms = i % 3000,
		    .input = 100,
		    .output = 10,
		    .cost = 0.0001,
		    .evals = evals[i * 7 % KINDS]};

		(void)snprintf(hash, sizeof(hash), "%016llx%016llx",
		    (unsigned long long)r.index * 0x9e3779b97f4a7c15u, 0ULL);
		(void)snprintf(
		    cluster, sizeof(cluster), "c%d", (int)(i % 1000));
		r.cluster = clusters > 0 ? cluster : NULL;
		rc = baseline && i < ROWS ? summary_baseline(s, &r, &err)
					  : summary_add(s, &r, &err);
	}
	added = now();
	out = summary_json(s);
	(void)getrusage(RUSAGE_SELF, &use);
	(void)printf("%-22s %6.2f us a row, %6.0f ms for the summary, "
		     "%ld MB\n",
	    name, (added - began) / ROWS * 1e6, (now() - added) * 1e3,
	    use.ru_maxrss / 1024);
	json_decref(out);
	summary_free(s);
	for (unsigned i = 0; i < KINDS; i++)
		json_decref(evals[i]);
	return rc;
}

int
main(void)
{
	return run("rows", 1, 0, false) | run("five repeats", 5, 0, false) |
	       run("1000 clusters", 1, 1000, false) |
	       run("a baseline", 1, 0, true);
}
