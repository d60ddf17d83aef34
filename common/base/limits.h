/* Every ceiling of the program has its name and its reason here. */
#ifndef AM_LIMITS_H
#define AM_LIMITS_H

/* The reference takes 10 MB; an AST is 10 to 40 times its source. */
#define LIMIT_BODY_BYTES (10u * 1024 * 1024)
/* What a configuration may raise the body limit to: lengths stay far from
 * overflow even when a body grows sixfold while it is printed. */
#define LIMIT_BODY_BYTES_MAX (256u * 1024 * 1024)
/* Jansson's own reader stops at 2048; nothing of ours recurses deeper. */
#define LIMIT_JSON_DEPTH 2048
/* Trees are walked recursively: deep enough for any document that a person
 * wrote, shallow enough for an 8 MB stack with sanitizers on. */
#define LIMIT_AST_DEPTH 256
/* Nesting of a JavaScript expression in a document. */
#define LIMIT_MDX_JS_DEPTH 200
/* Files that import files that import files. */
#define LIMIT_IMPORT_DEPTH 16
/* A prompt's source with all that it imports and refers to. */
#define LIMIT_PROMPT_FILES_BYTES (4u * 1024 * 1024)
/* References of schemas that lead to references. */
#define LIMIT_REFERENCE_DEPTH 50
/* Text that looked like tags for lines, and was none: read this often, as a
 * multiple of the document, at most. */
#define LIMIT_MDX_LOOKAHEAD 32
/* Nesting of one template expression. */
#define LIMIT_EXPR_DEPTH 200
/* Nesting of YAML collections, and how many nodes aliases may expand to. */
#define LIMIT_YAML_DEPTH 100
#define LIMIT_YAML_NODES 200000
/* Anchors of one YAML document: they are searched one by one. */
#define LIMIT_YAML_ANCHORS 1000
/* A template may not grow its output beyond this (16 x the body limit). */
#define LIMIT_RENDER_BYTES (160u * 1024 * 1024)
/* Nodes that the ForEach tags of one rendering make: arrays may be as long as
 * a request, and loops nest. */
#define LIMIT_LOOP_NODES 1000000u
/* The Markdown printer: trees may be deeper than they came (a ForEach body
 * adds its own), and what it writes and moves in total, in UTF-16 units, is a
 * few times its output, unless the tree was made to be expensive. */
#define LIMIT_PRINT_DEPTH 512
#define LIMIT_PRINT_STEPS (512u * 1024 * 1024)
/* The text of one error: whole template expressions are quoted in it. */
#define LIMIT_ERR_BYTES (64u * 1024)
/* One event of a provider's stream, and one whole reply (images are large). */
#define LIMIT_FRAME_BYTES (16u * 1024 * 1024)
#define LIMIT_REPLY_BYTES (128u * 1024 * 1024)
/* The head of a request to a provider, as it is signed: keys and session tokens
 * are a few kB. */
#define LIMIT_HEADERS_BYTES (256u * 1024)
/* How much of a provider's error page is read for its message. */
#define LIMIT_ERROR_BODY_BYTES (64u * 1024)
/* The text that a streamed object may grow to. */
#define LIMIT_OBJECT_BYTES (16u * 1024 * 1024)
/* One line of our own NDJSON. */
#define LIMIT_LINE_BYTES (160u * 1024 * 1024)
/* Tool calls of one answer: more than any prompt can mean. */
#define LIMIT_TOOL_CALLS 128u
/* Tools of one prompt, those of servers among them: names are searched one by
 * one, and vendors take a hundred or so. */
#define LIMIT_TOOLS 1000u
/* Steps of one answer, whatever max_calls says: each is a call that costs. */
#define LIMIT_STEPS 100u
/* The answer of a tool, which goes to a model, and all that a command may write
 * for one call, logs included. */
#define LIMIT_TOOL_ANSWER_BYTES (4u * 1024 * 1024)
#define LIMIT_TOOL_OUTPUT_BYTES (16u * 1024 * 1024)
/* MCP servers: one message either way (files are read through them), what one
 * may write without being asked, its tools and their pages, things said that
 * nobody asked for, and an address or a session's name. */
#define LIMIT_MCP_MESSAGE_BYTES (16u * 1024 * 1024)
#define LIMIT_MCP_OUTPUT_BYTES (64u * 1024 * 1024)
#define LIMIT_MCP_TOOLS 1000u
#define LIMIT_MCP_PAGES 100u
#define LIMIT_MCP_NOISE 1000u
#define LIMIT_MCP_SESSION_BYTES 2048u
/* A model's name (the longest are of clouds): what a pattern tries grows with
 * its square. */
#define LIMIT_MODEL_BYTES 2048u
/* Calls that one prompt of images may take: each is a transfer, and paid. */
#define LIMIT_IMAGE_CALLS 32u
/* Patterns of schemas and of the regex eval: how often one may try at one place
 * of a text, memory for one search, and what a search may do over all places
 * where it starts (a fraction of a second); and bytes of the eval's. */
#define LIMIT_REGEX_MATCHES 100000u
#define LIMIT_PATTERN_BYTES (64u * 1024)
#define LIMIT_REGEX_HEAP_KB (16u * 1024)
#define LIMIT_REGEX_STEPS (20u * 1000 * 1000)
/* Text metrics: bytes of one text, and blocks of 64 cells of the table that
 * edit distances fill: two texts of 100 kB need 160 million, half a second. */
#define LIMIT_METRIC_BYTES (1024u * 1024)
#define LIMIT_EDIT_STEPS (400u * 1000 * 1000)
/* Brackets in a text that may begin JSON: each is read until it is none. */
#define LIMIT_JSON_TRIES 100u
/* JSON Schema: schemas that are applied inside one another (each takes two or
 * three frames of the stack), names of schemas (they are searched one by one),
 * and how many schemas, members, items and values are looked at in all: some
 * seconds' worth, far above what any answer of a model needs. */
#define LIMIT_SCHEMA_DEPTH 2048
#define LIMIT_SCHEMA_NAMES 1000
#define LIMIT_SCHEMA_STEPS (10u * 1000 * 1000)
/* Attempts of one call, whatever max_retries says. */
#define LIMIT_ATTEMPTS 20
/* The head of one of our replies: its lines are all short and our own. */
#define LIMIT_HEAD_BYTES 1024
/* One line of the log: what is longer is cut.  The journal gets it beside its
 * fields, and does not take datagrams of any size. */
#define LIMIT_LOG_BYTES 4096
#define LIMIT_LOG_JOURNAL_BYTES (3 * LIMIT_LOG_BYTES)
/* An id in the log that somebody else made, and in our answer. */
#define LIMIT_LOG_ID_BYTES 64
/* A configuration file, and a secret's file. */
#define LIMIT_CONF_BYTES (1024u * 1024)
#define LIMIT_SECRET_BYTES (64u * 1024)
/* Directories above the program's own that are searched for a configuration:
 * from public_html/cgi-bin up to the one that holds public_html. */
#define LIMIT_CONF_LEVELS 2
/* Secrets that one configuration may list (two suffice for a rotation). */
#define LIMIT_SECRETS 16
/* What a configuration may raise its ceilings of experiments to: every row
 * that runs is a transfer and a descriptor, every worker a process. */
#define LIMIT_ROWS_AT_ONCE 1000
#define LIMIT_EXPERIMENTS 1000
#define LIMIT_POOL_WORKERS 64
/* The answer of an eval (a score and a sentence), and all that a command may
 * write for one of them, logs included. */
#define LIMIT_EVAL_ANSWER_BYTES (1024u * 1024)
#define LIMIT_EVAL_OUTPUT_BYTES (8u * 1024 * 1024)
/* One line of a dataset, inflated: one prompt's input and expectation. */
#define LIMIT_DATASET_LINE_BYTES (16u * 1024 * 1024)
/* What a call for the next row may look at before it lets others work. */
#define LIMIT_DATASET_SLICE_BYTES (1024u * 1024)
/* What may wait of a dataset that comes faster than its rows run. */
#define LIMIT_DATASET_QUEUE_BYTES (1024u * 1024)
/* What a dataset from the network may take of the disk. */
#define LIMIT_SPOOL_BYTES (INT64_C(8) * 1024 * 1024 * 1024)
/* A journal of an experiment: what is taken of the disk ahead, so that rows
 * that run can be written when it is full (a hundred of them have some 50 kB),
 * what may wait for one write, and the number of rows, repeats counted, that a
 * run may have done to be gone on with: each is a bit in memory. */
#define LIMIT_JOURNAL_AHEAD_BYTES (INT64_C(512) * 1024)
#define LIMIT_JOURNAL_WRITE_BYTES (256u * 1024)
#define LIMIT_JOURNAL_ROWS (INT64_C(1) << 30)
/* How often old journals are looked for. */
#define LIMIT_JOURNAL_PURGE_MS (INT64_C(3600) * 1000)
/* What a request for an experiment may ask for: repeats of a row, parts of a
 * dataset, gates. */
#define LIMIT_REPEATS 1000
#define LIMIT_SHARDS 10000
#define LIMIT_GATES 100u
/* Rows that an estimate renders. */
#define LIMIT_ESTIMATE_ROWS 50
/* The store: how long one question to it may wait for others, or for one who
 * makes the file, how long it is left alone after it failed, and how often the
 * log is told. */
#define LIMIT_STORE_WAIT_MS 500
#define LIMIT_STORE_MAKE_MS 3000
#define LIMIT_STORE_PAUSE_MS 1000
#define LIMIT_STORE_LOG_MS 60000
/* How often it is looked whether the file is still there, and for what is too
 * old in it. */
#define LIMIT_STORE_LOOK_MS 1000
#define LIMIT_STORE_SWEEP_MS (10 * 60 * 1000)
/* Rows of one kind that one sweep takes out: others wait meanwhile. */
#define LIMIT_STORE_SWEEP_ROWS 500
/* SQLite's log of what was written is written back when it has so many pages;
 * by a process that ends it is emptied earlier, since the next one, when it is
 * alone, has to read all of it. */
#define LIMIT_STORE_LOG_PAGES 1000
#define LIMIT_STORE_LOG_PAGES_LEFT 100
/* What it may take of the disk, and broken files that are put aside. */
#define LIMIT_STORE_BYTES (INT64_C(1) * 1024 * 1024 * 1024)
#define LIMIT_STORE_BROKEN 3
/* Words of two texts that are compared with one another (their product is
 * memory), and bytes of one text in a report. */
#define LIMIT_DIFF_WORDS 2000
#define LIMIT_REPORT_TEXT_BYTES (20 * 1024)
/* Past runs that are kept, texts of one of them, and counters: their labels
 * hold names that a caller may choose. */
#define LIMIT_STORE_RUNS 10000
#define LIMIT_STORE_TEXT_BYTES 1000
#define LIMIT_STORE_COUNTERS 10000
/* A lease or a reservation whose process cannot be asked ends after so long. */
#define LIMIT_STORE_HELD_MS (INT64_C(6) * 3600 * 1000)
/* Ends that could not be written and are tried again. */
#define LIMIT_STORE_OWED 1000u
/* One thing to be delivered, and how long its key is remembered. */
#define LIMIT_STORE_ITEM_BYTES (16u * 1024 * 1024)
#define LIMIT_STORE_KEY_MS (INT64_C(7) * 24 * 3600 * 1000)
/* How long a budget is kept after its end. */
#define LIMIT_STORE_BUDGET_MS (INT64_C(40) * 24 * 3600 * 1000)
/* Kept answers: the file of all of them, one of them with its question, those
 * that are like a question and are compared with it, and old ones that go at
 * once to make room. */
#define LIMIT_CACHE_BYTES_MIN (INT64_C(1) * 1024 * 1024)
#define LIMIT_CACHE_BYTES_MAX (INT64_C(1) * 1024 * 1024 * 1024 * 1024)
#define LIMIT_CACHE_ANSWER_BYTES (32u * 1024 * 1024)
#define LIMIT_CACHE_LIKE 8
#define LIMIT_CACHE_DROP 64
/* What waits for all others while it is emptied. */
#define LIMIT_CACHE_PURGE_MS 60000
/* Columns of a CSV file: more than any prompt has props. */
#define LIMIT_CSV_COLUMNS 4096u
/* The command `experiment`: prompts times models (each is a run that is paid
 * for), and reports that it writes. */
#define LIMIT_STUDY_RUNS 100u
#define LIMIT_STUDY_OUTPUTS 10u
/* An argument that lists rows. */
#define LIMIT_STUDY_ROWS 1000000
/* The terminal's width as it says itself. */
#define LIMIT_TERMINAL_COLUMNS 1000

/* One argument of a program: Linux takes 128 kB. */
#define LIMIT_ARG_BYTES (128u * 1024 - 1)
/* What waits to be delivered in memory, where there is no store, for each
 * route; and what one batch may hold. */
#define LIMIT_DELIVER_ITEMS 1000u
#define LIMIT_DELIVER_BYTES (32u * 1024 * 1024)
#define LIMIT_DELIVER_BATCH_BYTES (4u * 1024 * 1024)
/* CGI processes that deliver at once behind their replies. */
#define LIMIT_LINGERING 4
/* One alert: most have some hundred bytes, and PagerDuty takes 512 kB. */
#define LIMIT_ALERT_BYTES (256u * 1024)
/* A score of an eval as it is sent: a name and words about it, and many of
 * them in one request; and the reply, which says something of each. */
#define LIMIT_SCORE_TEXT_BYTES 4096u
#define LIMIT_SCORE_BYTES (128u * 1024)
#define LIMIT_SCORES_REPLY_BYTES (1024u * 1024)
/* A route's name: it is in labels of counters and in the journal. */
#define LIMIT_DELIVER_NAME_BYTES 80
/* Spans of one trace, and attributes and events of one span: a run with a
 * hundred steps of tools has some hundreds. */
#define LIMIT_TRACE_SPANS 2000u
#define LIMIT_SPAN_ATTRS 200u
#define LIMIT_SPAN_EVENTS 100u
/* Attachments of one prompt that are fetched: each is a transfer. */
#define LIMIT_FETCHES 32u
/* FastCGI workers of one pool: each is a process that serves one request. */
#define LIMIT_GATE_WORKERS 1000
/* How slowly a request may make the built-in model speak, which holds a worker:
 * the longest silence that servers are usually told to bear. */
#define LIMIT_ECHO_DELAY_MS (15 * 60 * 1000)
/* What a check reads of one answer, and moments it keeps of when it came. */
#define LIMIT_DOCTOR_REPLY_BYTES (1024u * 1024)
#define LIMIT_DOCTOR_MOMENTS 256u
/* What a CGI process reads of a body that it refused, so that its answer
 * arrives: a few times what anybody sends. */
#define LIMIT_CGI_REST_BYTES (64u * 1024 * 1024)
/* Requests to our own little HTTP server: a head, the line before a chunk, and
 * clients at once, each with a body in memory. */
#define LIMIT_HTTPD_HEAD_BYTES (32u * 1024)
#define LIMIT_HTTPD_LINE_BYTES 1024u
#define LIMIT_HTTPD_CLIENTS 100u
/* What waits for one of its clients to read: more is a caller that did not
 * stop when it was asked to. */
#define LIMIT_HTTPD_OUT_BYTES (8u * 1024 * 1024)
/* How long a client may take for a head and for a body, how long it may not
 * read, how long a connection is kept that asks nothing, and how long one is
 * listened to that was refused. */
#define LIMIT_HTTPD_HEAD_MS 10000
#define LIMIT_HTTPD_BODY_MS 60000
#define LIMIT_HTTPD_WRITE_MS 60000
#define LIMIT_HTTPD_IDLE_MS 30000
#define LIMIT_HTTPD_LINGER_MS 3000
/* Statistics of an experiment: parts (rows that wait for their repeats, and
 * clusters) that are kept in memory, about 200 bytes each, and not on disk;
 * units whose values are kept for resampling, where it still says something
 * else than the usual formulas; evals; for how many tries pass@k is given; and
 * scores, which are summed as whole numbers. */
#define LIMIT_SUMMARY_PARTS 50000u
#define LIMIT_SUMMARY_UNITS 5000u
#define LIMIT_SUMMARY_EVALS 1000u
#define LIMIT_SUMMARY_TRIES 100
#define LIMIT_SUMMARY_SCORE 1e12

#endif
