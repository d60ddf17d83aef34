/* Every option of the program, once.  It refuses to know how an option is read
 * or shown. */
#include "conf_table.h"

#include "../common/base/limits.h"
#include "conf_vendor.h"

#include <stddef.h>

#define IN_CONF(field) offsetof(struct conf, field)
#define IN_PROVIDER(field) offsetof(struct conf_provider, field)
#define IN_MODEL(field) offsetof(struct conf_model, field)
#define IN_SECRET(field) offsetof(struct conf_secret, field)
#define IN_PRICE(field) offsetof(struct conf_price, field)
#define IN_EVAL(field) offsetof(struct conf_eval, field)
#define IN_TOOL(field) offsetof(struct conf_tool, field)
#define IN_MCP(field) offsetof(struct conf_mcp, field)
#define IN_COLLECTOR(field) offsetof(struct conf_collector, field)
#define IN_ALERT(field) offsetof(struct conf_alert, field)

enum { HOUR = 3600, DAY = 24 * HOUR, MILLION = 1000000, BILLION = 1000000000 };

static const char *const signatures[] = {"required", "optional", "off", NULL};
static const char *const styles[] = {"2.1", "2.2", NULL};
static const char *const apis[] = {"auto", "true", "false", NULL};
static const char *const transports[] = {"auto", "http", "sse", NULL};
static const char *const encodings[] = {"json", "protobuf", NULL};
static const char *const caches[] = {"off", "requested", "always", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

const struct option conf_options[] = {
    {.key = "webhook",
	.type = OPTION_GROUP,
	.help = "Which requests are accepted."},
    {.key = "webhook.secret",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_CONF(secret),
	.example = "env:AGENTMARK_WEBHOOK_SECRET",
	.help = "The secret that requests are signed with.  Neither empty "
		"nor the word DEFAULT, which everybody knows."},
    {.key = "webhook.models",
	.type = OPTION_NAMES,
	.offset = IN_CONF(secret_scope.models),
	.literal = true,
	.example = "[openai/gpt-4o-mini, ollama/*]",
	.help = "Models that a request that webhook.secret signed may use, by"
		" the names that prompts have: * stands for any text, ? for "
		"one character, and an empty list for none.  Without it all "
		"may be used."},
    {.key = "webhook.tools",
	.type = OPTION_NAMES,
	.offset = IN_CONF(secret_scope.tools),
	.literal = true,
	.example = "[search_*]",
	.help = "Tools that a request that webhook.secret signed may use, in "
		"the same way."},
    {.key = "webhook.datasets",
	.type = OPTION_NAMES,
	.offset = IN_CONF(secret_scope.datasets),
	.literal = true,
	.example = "[ci/*]",
	.help = "Datasets, by their paths below the root."},
    {.key = "webhook.budget",
	.type = OPTION_GROUP,
	.help = "What a request that webhook.secret signed may spend, in US "
		"dollars.  Calls that would go over it are refused (402)."},
    {.key = "webhook.budget.run",
	.type = OPTION_REAL,
	.offset = IN_CONF(secret_scope.run),
	.max = MILLION,
	.example = "0.50",
	.help = "In one request, which may lower it by data.maxCostUsd."},
    {.key = "webhook.budget.day",
	.type = OPTION_REAL,
	.offset = IN_CONF(secret_scope.day),
	.max = MILLION,
	.example = "5",
	.help = "In a day of UTC."},
    {.key = "webhook.budget.month",
	.type = OPTION_REAL,
	.offset = IN_CONF(secret_scope.month),
	.max = MILLION,
	.example = "50",
	.help = "In a month of UTC."},
    {.key = "webhook.secrets",
	.type = OPTION_LIST,
	.offset = IN_CONF(secret_list),
	.size = sizeof(struct conf_secret),
	.shorthand = "value",
	.help = "More secrets that are accepted as well, so that a secret can "
		"be replaced while both are in use.  An item may be the "
		"secret alone."},
    {.key = "webhook.secrets[].name",
	.type = OPTION_TEXT,
	.offset = IN_SECRET(name),
	.example = "last-year",
	.help = "What the log calls it."},
    {.key = "webhook.secrets[].value",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_SECRET(value),
	.example = "file:/etc/agentmark-fcgi.old-secret",
	.help = "The secret."},
    {.key = "webhook.secrets[].models",
	.type = OPTION_NAMES,
	.offset = IN_SECRET(scope.models),
	.literal = true,
	.example = "[openai/gpt-4o-mini, ollama/*]",
	.help = "Models that a request that it signed may use, by the names "
		"that prompts have: * stands for any text, ? for one "
		"character, and an empty list for none.  Without it all may "
		"be used."},
    {.key = "webhook.secrets[].tools",
	.type = OPTION_NAMES,
	.offset = IN_SECRET(scope.tools),
	.literal = true,
	.example = "[search_*]",
	.help = "Tools that a request that it signed may use, in the same "
		"way."},
    {.key = "webhook.secrets[].datasets",
	.type = OPTION_NAMES,
	.offset = IN_SECRET(scope.datasets),
	.literal = true,
	.example = "[ci/*]",
	.help = "Datasets, by their paths below the root."},
    {.key = "webhook.secrets[].budget",
	.type = OPTION_GROUP,
	.help = "What a request that it signed may spend, in US dollars.  "
		"Calls that would go over it are refused (402)."},
    {.key = "webhook.secrets[].budget.run",
	.type = OPTION_REAL,
	.offset = IN_SECRET(scope.run),
	.max = MILLION,
	.example = "0.50",
	.help = "In one request, which may lower it by data.maxCostUsd."},
    {.key = "webhook.secrets[].budget.day",
	.type = OPTION_REAL,
	.offset = IN_SECRET(scope.day),
	.max = MILLION,
	.example = "5",
	.help = "In a day of UTC."},
    {.key = "webhook.secrets[].budget.month",
	.type = OPTION_REAL,
	.offset = IN_SECRET(scope.month),
	.max = MILLION,
	.example = "50",
	.help = "In a month of UTC."},
    {.key = "webhook.signature",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(signature),
	.choices = signatures,
	.value = "required",
	.help = "Whether a request must be signed.  With optional a signature "
		"is verified where there is one; with off anybody may use "
		"the program, so put it behind something that asks who it "
		"is."},

    {.key = "webhook.unsigned",
	.type = OPTION_GROUP,
	.help = "The same for requests that are not signed, where signature "
		"is optional or off."},
    {.key = "webhook.unsigned.models",
	.type = OPTION_NAMES,
	.offset = IN_CONF(unsigned_scope.models),
	.literal = true,
	.example = "[openai/gpt-4o-mini, ollama/*]",
	.help = "Models that they may use, by the names that prompts have: * "
		"stands for any text, ? for one character, and an empty list "
		"for none.  Without it all may be used."},
    {.key = "webhook.unsigned.tools",
	.type = OPTION_NAMES,
	.offset = IN_CONF(unsigned_scope.tools),
	.literal = true,
	.example = "[search_*]",
	.help = "Tools that they may use, in the same way."},
    {.key = "webhook.unsigned.datasets",
	.type = OPTION_NAMES,
	.offset = IN_CONF(unsigned_scope.datasets),
	.literal = true,
	.example = "[ci/*]",
	.help = "Datasets, by their paths below the root."},
    {.key = "webhook.unsigned.budget",
	.type = OPTION_GROUP,
	.help = "What they may spend, in US dollars.  Calls that would go "
		"over it are refused (402)."},
    {.key = "webhook.unsigned.budget.run",
	.type = OPTION_REAL,
	.offset = IN_CONF(unsigned_scope.run),
	.max = MILLION,
	.example = "0.50",
	.help = "In one request, which may lower it by data.maxCostUsd."},
    {.key = "webhook.unsigned.budget.day",
	.type = OPTION_REAL,
	.offset = IN_CONF(unsigned_scope.day),
	.max = MILLION,
	.example = "5",
	.help = "In a day of UTC."},
    {.key = "webhook.unsigned.budget.month",
	.type = OPTION_REAL,
	.offset = IN_CONF(unsigned_scope.month),
	.max = MILLION,
	.example = "50",
	.help = "In a month of UTC."},

    {.key = "limits", .type = OPTION_GROUP, .help = "Ceilings."},
    {.key = "limits.body_bytes",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(body_bytes),
	.min = 1024,
	.max = LIMIT_BODY_BYTES_MAX,
	.value = "10485760",
	.help = "The largest request body; a larger one is answered 413."},

    {.key = "providers",
	.type = OPTION_MAP,
	.offset = IN_CONF(provider_list),
	.size = sizeof(struct conf_provider),
	.help = "Where models are served.  Many vendors are there without "
		"being named, as openai, anthropic, google, bedrock, azure, "
		"mistral, ollama and echo, which repeats the last user message "
		"and needs no key; the command providers prints all of them, "
		"with their drivers, addresses and the variables of their "
		"keys.  What is said here changes or adds to them."},
    {.key = "providers.NAME.driver",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(driver),
	.value = "chat",
	.help = "The protocol that is spoken: chat (OpenAI's chat completions, "
		"which many vendors speak), anthropic (Anthropic's messages), "
		"responses (OpenAI's Responses API), gemini (Google's "
		"generateContent), bedrock (Amazon Bedrock's Converse), "
		"ollama (its own API), mastra and mastra-v0 (a Mastra "
		"server's agents), command and claude-agent (programs, see "
		"exec) or echo."},
    {.key = "providers.NAME.base_url",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(base_url),
	.example = "http://127.0.0.1:8000/v1",
	.help = "What comes before /chat/completions or /responses, before "
		"/messages of anthropic, before /models of gemini, before "
		"/api/chat of ollama, before /api/agents of mastra, before "
		"/model of bedrock.  {region} and "
		"{resource} stand for the options of these names."},
    {.key = "providers.NAME.region",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(region),
	.example = "eu-central-1",
	.help = "Where it is served, for addresses and signatures; us-east-1 "
		"where it is not set."},
    {.key = "providers.NAME.resource",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(resource),
	.example = "my-resource",
	.help = "The resource that is asked, for addresses: Azure's."},
    {.key = "providers.NAME.api_key",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_PROVIDER(api_key),
	.example = "env:NAME_API_KEY",
	.help = "The key that is sent; none when it is not set."},
    {.key = "providers.NAME.api_keys",
	.type = OPTION_NAMES,
	.secret = true,
	.offset = IN_PROVIDER(api_keys),
	.example = "[env:NAME_API_KEY_1, env:NAME_API_KEY_2]",
	.help = "More keys, which calls take in turns with api_key.  One "
		"that is refused (401, 403, 429) rests, and the next one is "
		"tried at once."},
    {.key = "providers.NAME.key_header",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(key_header),
	.example = "api-key",
	.help = "The header that carries the key alone, in place of a bearer's "
		"Authorization.  Of chat and responses only; azure has "
		"api-key."},
    {.key = "providers.NAME.access_key",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_PROVIDER(access_key),
	.example = "env:AWS_ACCESS_KEY_ID",
	.help = "Of bedrock: the first part of a key that requests are signed "
		"with (Signature Version 4), where there is no api_key.  An "
		"api_key of the form ACCESS:SECRET signs, too."},
    {.key = "providers.NAME.secret_key",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_PROVIDER(secret_key),
	.example = "env:AWS_SECRET_ACCESS_KEY",
	.help = "The second part."},
    {.key = "providers.NAME.session_token",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_PROVIDER(session_token),
	.example = "env:AWS_SESSION_TOKEN",
	.help = "What goes with a key that expires."},
    {.key = "providers.NAME.headers",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_PROVIDER(headers),
	.example = "X-Team: prompts",
	.help = "More headers for every call."},
    {.key = "providers.NAME.strict_schemas",
	.type = OPTION_BOOL,
	.offset = IN_PROVIDER(strict_schemas),
	.value = "false",
	.help = "Whether schemas of objects are sent as strict ones.  Of "
		"bedrock: whether the vendor holds answers to the schema, "
		"which not all models can, instead of a tool that is called "
		"with the object."},
    {.key = "providers.NAME.quirks",
	.type = OPTION_NAMES,
	.offset = IN_PROVIDER(quirks),
	.literal = true,
	.example = "[no_stream_options, top_k]",
	.help = "In what a server differs from OpenAI's chat completions, in "
		"place of what is known of it; the command providers explains "
		"them."},
    {.key = "providers.NAME.limits",
	.type = OPTION_GROUP,
	.help = "What may be asked of it, by all processes that share the "
		"store together."},
    {.key = "providers.NAME.limits.concurrent",
	.type = OPTION_NUMBER,
	.offset = IN_PROVIDER(limits.concurrent),
	.max = LIMIT_ROWS_AT_ONCE,
	.value = "0",
	.help = "Calls at once; 0 for no limit."},
    {.key = "providers.NAME.limits.requests_per_minute",
	.type = OPTION_NUMBER,
	.offset = IN_PROVIDER(limits.requests),
	.max = MILLION,
	.value = "0",
	.help = "Calls within 60 seconds; 0 for no limit."},
    {.key = "providers.NAME.limits.tokens_per_minute",
	.type = OPTION_NUMBER,
	.offset = IN_PROVIDER(limits.tokens),
	.max = (int64_t)MILLION * MILLION,
	.value = "0",
	.help = "Tokens within 60 seconds, estimated before a call and "
		"corrected by its usage; 0 for no limit."},
    {.key = "providers.NAME.limits.wait",
	.type = OPTION_SECONDS,
	.offset = IN_PROVIDER(limits.wait_ms),
	.max = HOUR,
	.value = "60",
	.help = "How many seconds a call may wait for its turn before it "
		"fails."},
    {.key = "providers.NAME.exec",
	.type = OPTION_NAMES,
	.offset = IN_PROVIDER(exec),
	.literal = true,
	.item = "EXECUTOR",
	.example = "[./executors/answer, --brief]",
	.help = "A program that answers prompts itself, and its arguments, no "
		"shell (docs/executors.md); the driver is command where none "
		"is named.  A name with a slash is relative to this file, "
		"another is looked up in PATH.  The driver claude-agent runs "
		"claude where it is not set."},
    {.key = "providers.NAME.env",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_PROVIDER(env),
	.example = "NAME_API_KEY: env:NAME_API_KEY",
	.help = "Variables that the program gets beside PATH, HOME, LANG and "
		"TZ."},
    {.key = "providers.NAME.dir",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(dir),
	.literal = true,
	.example = "/srv/executors",
	.help = "The directory that it runs in, relative to this file."},
    {.key = "providers.NAME.workers",
	.type = OPTION_NUMBER,
	.offset = IN_PROVIDER(workers),
	.max = LIMIT_POOL_WORKERS,
	.value = "0",
	.help = "So many processes of it stay and serve call after call; with "
		"0 each call starts one.  Of command only."},
    {.key = "providers.NAME.options",
	.type = OPTION_TREE,
	.offset = IN_PROVIDER(options),
	.example = "{permission_mode: plan}",
	.help = "What one driver alone knows."},

    {.key = "models",
	.type = OPTION_LIST,
	.offset = IN_CONF(model_list),
	.size = sizeof(struct conf_model),
	.help = "Which provider serves which model: exact names first, then "
		"patterns in this order, then provider/model, then the default "
		"provider.  Patterns for OpenAI's names (gpt-, o1, o3, o4, "
		"chatgpt-, dall-e-, tts-), Anthropic's (claude-) and Google's "
		"(gemini-) follow those given here."},
    {.key = "models[].match",
	.type = OPTION_TEXT,
	.offset = IN_MODEL(match),
	.example = "^llama",
	.help = "A regular expression (PCRE2) that the name matches."},
    {.key = "models[].name",
	.type = OPTION_TEXT,
	.offset = IN_MODEL(name),
	.help = "Or the exact name."},
    {.key = "models[].provider",
	.type = OPTION_TEXT,
	.offset = IN_MODEL(provider),
	.example = "NAME",
	.help = "The provider that serves it."},
    {.key = "models[].model",
	.type = OPTION_TEXT,
	.offset = IN_MODEL(model),
	.help = "The vendor's name for it, where that is another one."},
    {.key = "models[].fallback",
	.type = OPTION_NAMES,
	.offset = IN_MODEL(fallback),
	.literal = true,
	.example = "[anthropic/claude-sonnet-4-5]",
	.help = "Models that are tried in this order when its provider cannot "
		"be reached, refuses or is too slow, as long as nothing of "
		"the answer has gone out."},
    {.key = "models[].executor",
	.type = OPTION_TEXT,
	.offset = IN_MODEL(executor),
	.literal = true,
	.example = "ai-sdk-v4",
	.help = "What runs its prompts, as the option executor."},
    {.key = "default_provider",
	.type = OPTION_TEXT,
	.offset = IN_CONF(default_provider),
	.example = "openai",
	.help = "The provider of names that nothing else matches; without it "
		"such a name is an error."},
    {.key = "executor",
	.type = OPTION_TEXT,
	.offset = IN_CONF(executor),
	.literal = true,
	.example = "direct",
	.help = "What runs prompts: direct (the provider of the model, with "
		"the semantics of AI SDK 5), ai-sdk-v4 (the same with those "
		"of AI SDK 4), or the name of a provider whose driver runs "
		"prompts itself, such as command and claude-agent, whatever "
		"provider the model's name says."},

    {.key = "prices",
	.type = OPTION_MAP,
	.offset = IN_CONF(price_list),
	.size = sizeof(struct conf_price),
	.help = "What models cost, in US dollars, where the built-in prices "
		"are wrong or have none: a model's name, or a pattern with * "
		"and ?, as provider/model or as the vendor calls it.  A name "
		"stands for those that go on behind a - or another such "
		"character as well."},
    {.key = "prices.NAME.input",
	.type = OPTION_REAL,
	.offset = IN_PRICE(input),
	.max = MILLION,
	.example = "2.5",
	.help = "For a million tokens that go in."},
    {.key = "prices.NAME.cached",
	.type = OPTION_REAL,
	.offset = IN_PRICE(cached),
	.max = MILLION,
	.example = "1.25",
	.help = "For a million of those that the vendor reads from its cache;"
		" as input when it is not set."},
    {.key = "prices.NAME.output",
	.type = OPTION_REAL,
	.offset = IN_PRICE(output),
	.max = MILLION,
	.example = "10",
	.help = "For a million tokens that come out."},
    {.key = "prices.NAME.image",
	.type = OPTION_REAL,
	.offset = IN_PRICE(image),
	.max = MILLION,
	.example = "0.04",
	.help = "For an image that is made."},
    {.key = "prices.NAME.characters",
	.type = OPTION_REAL,
	.offset = IN_PRICE(characters),
	.max = MILLION,
	.example = "15",
	.help = "For a million characters that are spoken."},
    {.key = "prices.NAME.call",
	.type = OPTION_REAL,
	.offset = IN_PRICE(call),
	.max = MILLION,
	.example = "0.01",
	.help = "For every call, whatever it says; also what is reserved for "
		"an executor that tells its cost afterwards."},

    {.key = "spending", .type = OPTION_GROUP, .help = "How money is counted."},
    {.key = "spending.unpriced",
	.type = OPTION_TEXT,
	.offset = IN_CONF(unpriced),
	.literal = true,
	.value = "refuse",
	.help = "What a model that has no price costs: US dollars for a "
		"million tokens, or refuse, which refuses it where a budget "
		"holds.  Models of echo, ollama and executors cost nothing "
		"unless prices says so."},
    {.key = "spending.max_output_tokens",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(max_output),
	.min = 1,
	.max = MILLION,
	.value = "4096",
	.help = "The max_tokens of prompts that set none, where a budget "
		"holds: what a call may cost must be known before."},

    {.key = "templates",
	.type = OPTION_GROUP,
	.help = "How prompts are rendered."},
    {.key = "templates.markdown",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(markdown),
	.choices = styles,
	.value = "2.1",
	.help = "Which release of mdast-util-to-markdown the Markdown of "
		"messages is like: 2.1, which AgentMark was locked to, or "
		"2.2, which a fresh installation of it gets.  They differ in "
		"escapes, such as that of snake_case."},

    {.key = "evals",
	.type = OPTION_MAP,
	.offset = IN_CONF(eval_list),
	.size = sizeof(struct conf_eval),
	.shorthand = "builtin",
	.help = "The evals that get-evals lists and experiments may choose: a "
		"list of built-in ones, or a mapping of names.  Each is one "
		"of use, exec, http, judge and similar; an item without any "
		"is the built-in eval of its name.  Without evals all "
		"built-in ones are declared.  A declared name shadows a "
		"built-in one; a prompt may use any built-in one, declared "
		"or not.  The command evals prints what is built in."},
    {.key = "evals.builtin",
	.type = OPTION_NAMES,
	.offset = IN_CONF(builtin_list),
	.literal = true,
	.example = "all",
	.help = "Built-in evals that are declared beside the others: their "
		"names, or all."},
    {.key = "evals.NAME.use",
	.type = OPTION_TEXT,
	.offset = IN_EVAL(use),
	.example = "contains_any",
	.help = "A built-in eval."},
    {.key = "evals.NAME.options",
	.type = OPTION_TREE,
	.offset = IN_EVAL(options),
	.example = "{values: [yes, sure]}",
	.help = "Its options.  Those of a judge are props of its prompt; "
		"swap: true asks again with output and expected output "
		"exchanged."},
    {.key = "evals.NAME.not",
	.type = OPTION_BOOL,
	.offset = IN_EVAL(negate),
	.value = "false",
	.help = "Passes what would fail: the score becomes 1 - score.  This "
		"and the options up to timeout are for evals of any kind."},
    {.key = "evals.NAME.weight",
	.type = OPTION_REAL,
	.offset = IN_EVAL(weight),
	.max = MILLION,
	.example = "2",
	.help = "Is written into each result, for whoever computes a mean."},
    {.key = "evals.NAME.threshold",
	.type = OPTION_REAL,
	.offset = IN_EVAL(threshold),
	.min = -MILLION,
	.max = MILLION,
	.example = "0.5",
	.help = "The score from which on the eval has passed, whatever it "
		"says itself."},
    {.key = "evals.NAME.transform",
	.type = OPTION_GROUP,
	.help = "What is done to the output before the eval sees it."},
    {.key = "evals.NAME.transform.pointer",
	.type = OPTION_TEXT,
	.offset = IN_EVAL(pointer),
	.literal = true,
	.example = "/answer",
	.help = "A JSON pointer: the eval sees only that part of the output."},
    {.key = "evals.NAME.transform.strip_fences",
	.type = OPTION_BOOL,
	.offset = IN_EVAL(strip_fences),
	.value = "false",
	.help = "Whether a Markdown fence around the output is taken off."},
    {.key = "evals.NAME.timeout",
	.type = OPTION_SECONDS,
	.offset = IN_EVAL(timeout_ms),
	.max = HOUR,
	.value = "30",
	.help = "Seconds that it may take for one row."},
    {.key = "evals.NAME.exec",
	.type = OPTION_NAMES,
	.offset = IN_EVAL(exec),
	.literal = true,
	.item = "COMMAND",
	.example = "[./evals/tone, --strict]",
	.help = "A command and its arguments, no shell: it reads one JSON "
		"object in a line and writes one.  A name with a slash is "
		"relative to this file, another is looked up in PATH."},
    {.key = "evals.NAME.workers",
	.type = OPTION_NUMBER,
	.offset = IN_EVAL(workers),
	.max = LIMIT_POOL_WORKERS,
	.value = "0",
	.help = "So many processes of it stay and get line after line; with 0 "
		"each row starts one."},
    {.key = "evals.NAME.http",
	.type = OPTION_TEXT,
	.offset = IN_EVAL(http),
	.item = "SERVICE",
	.example = "https://example.com/eval",
	.help = "A URL that one JSON object is posted to and that answers "
		"with one."},
    {.key = "evals.NAME.secret",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_EVAL(secret),
	.example = "env:EVAL_SECRET",
	.help = "What the POST is signed with, as webhooks are; without it "
		"there is no signature."},
    {.key = "evals.NAME.judge",
	.type = OPTION_TEXT,
	.offset = IN_EVAL(judge),
	.literal = true,
	.item = "JUDGE",
	.example = "judges/factuality.prompt.mdx",
	.help = "A prompt that gives score, label and reason, relative to "
		"this file: its source (.mdx), or what `agentmark build` "
		"makes of it."},
    {.key = "evals.NAME.models",
	.type = OPTION_NAMES,
	.offset = IN_EVAL(models),
	.example = "[gpt-4o, gpt-4.1]",
	.help = "The models that judge, each with one vote; without them it "
		"is the prompt's own."},
    {.key = "evals.NAME.similar",
	.type = OPTION_TEXT,
	.offset = IN_EVAL(similar),
	.item = "MEANING",
	.example = "openai/text-embedding-3-small",
	.help = "A model of embeddings: the score is the cosine of output and "
		"expected output."},

    {.key = "tools",
	.type = OPTION_MAP,
	.offset = IN_CONF(tool_list),
	.size = sizeof(struct conf_tool),
	.help = "The tools that prompts may name in `tools`; each is one of "
		"exec and http."},
    {.key = "tools.NAME.exec",
	.type = OPTION_NAMES,
	.offset = IN_TOOL(exec),
	.literal = true,
	.example = "[./tools/weather, --metric]",
	.help = "A command and its arguments, no shell: it reads the arguments "
		"of a call as one JSON object in a line and writes one line "
		"of JSON, {\"error\": TEXT} when it failed.  A name with a "
		"slash is relative to this file, another is looked up in "
		"PATH."},
    {.key = "tools.NAME.workers",
	.type = OPTION_NUMBER,
	.offset = IN_TOOL(workers),
	.max = LIMIT_POOL_WORKERS,
	.value = "0",
	.help = "So many processes of it stay and get call after call; with 0 "
		"each call starts one."},
    {.key = "tools.NAME.env",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_TOOL(env),
	.example = "WEATHER_KEY: env:WEATHER_KEY",
	.help = "Its environment, beside PATH, HOME, LANG and TZ."},
    {.key = "tools.NAME.description",
	.type = OPTION_TEXT,
	.offset = IN_TOOL(description),
	.literal = true,
	.example = "Get the weather for a location",
	.help = "What a model is told about it."},
    {.key = "tools.NAME.parameters",
	.type = OPTION_TREE,
	.offset = IN_TOOL(parameters),
	.example = "{type: object, properties: {location: {type: string}}}",
	.help = "A JSON Schema of its arguments, or file:PATH of one, relative "
		"to this file.  Arguments that do not fit are refused, and "
		"the model is told why."},
    {.key = "tools.NAME.timeout",
	.type = OPTION_SECONDS,
	.offset = IN_TOOL(timeout_ms),
	.max = HOUR,
	.value = "30",
	.help = "Seconds that one call may take."},
    {.key = "tools.NAME.http",
	.type = OPTION_TEXT,
	.offset = IN_TOOL(http),
	.item = "SERVICE",
	.example = "https://example.com/tools/search",
	.help = "A URL that {\"name\", \"arguments\"} is posted to and that "
		"answers with JSON, {\"error\": TEXT} when it failed."},
    {.key = "tools.NAME.secret",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_TOOL(secret),
	.example = "env:TOOL_SECRET",
	.help = "What the POST is signed with, as webhooks are; without it "
		"there is no signature."},

    {.key = "mcp",
	.type = OPTION_MAP,
	.offset = IN_CONF(mcp_list),
	.size = sizeof(struct conf_mcp),
	.help = "Servers of the Model Context Protocol, whose tools prompts "
		"name as mcp://NAME/TOOL or mcp://NAME/*; each is one of exec "
		"and url.  In all values env(\"VARIABLE\") stands for a "
		"variable of the environment, which must be set."},
    {.key = "mcp.NAME.exec",
	.type = OPTION_NAMES,
	.offset = IN_MCP(exec),
	.literal = true,
	.example = "[./mcp/files, --read-only]",
	.help = "A command and its arguments, no shell, that speaks over "
		"standard input and output.  A name with a slash is relative "
		"to this file, another is looked up in PATH.  Each process of "
		"this program starts one of its own when it is first needed, "
		"and keeps it."},
    {.key = "mcp.NAME.env",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_MCP(env),
	.example = "API_KEY: env:NAME_API_KEY",
	.help = "Its environment, beside PATH, HOME, LANG and TZ."},
    {.key = "mcp.NAME.dir",
	.type = OPTION_TEXT,
	.offset = IN_MCP(dir),
	.example = "/srv",
	.help = "The directory that it runs in, relative to this file."},
    {.key = "mcp.NAME.timeout",
	.type = OPTION_SECONDS,
	.offset = IN_MCP(timeout_ms),
	.max = HOUR,
	.value = "30",
	.help = "Seconds that each of its answers may take."},
    {.key = "mcp.NAME.url",
	.type = OPTION_TEXT,
	.offset = IN_MCP(url),
	.item = "REMOTE",
	.example = "https://example.com/mcp",
	.help = "Where a server is over HTTP."},
    {.key = "mcp.NAME.headers",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_MCP(headers),
	.example = "Authorization: Bearer env(REMOTE_TOKEN)",
	.help = "More headers for every request to it; they go to no other "
		"host."},
    {.key = "mcp.NAME.transport",
	.type = OPTION_CHOICE,
	.offset = IN_MCP(transport),
	.choices = transports,
	.value = "auto",
	.help = "http is streamable HTTP, sse the transport of 2024-11-05; "
		"auto tries them in this order."},

    {.key = "alerts",
	.type = OPTION_MAP,
	.offset = IN_CONF(alert_list),
	.size = sizeof(struct conf_alert),
	.help = "Where alerts go: each is one of slack, teams, discord, "
		"pagerduty, webhook, mail, exec, syslog and file.  The reply "
		"does not wait for them; what fails is tried again for three "
		"days."},
    {.key = "alerts.NAME.slack",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(slack),
	.example = "env:SLACK_WEBHOOK_URL",
	.help = "The URL of an incoming webhook of Slack."},
    {.key = "alerts.NAME.types",
	.type = OPTION_NAMES,
	.offset = IN_ALERT(types),
	.literal = true,
	.example = "[cost, error_rate]",
	.help = "Only alerts of these types: cost, latency, error_rate, "
		"evaluation_score or any other.  This and the options up to "
		"timeout are for all ways."},
    {.key = "alerts.NAME.status",
	.type = OPTION_NAMES,
	.offset = IN_ALERT(status),
	.literal = true,
	.example = "triggered",
	.help = "Only alerts in these states: triggered, resolved."},
    {.key = "alerts.NAME.above",
	.type = OPTION_REAL,
	.offset = IN_ALERT(above),
	.min = -BILLION,
	.max = BILLION,
	.example = "20",
	.help = "Only alerts whose threshold is at least that, so that a "
		"higher one goes to other people.  An alert without a "
		"threshold goes everywhere."},
    {.key = "alerts.NAME.below",
	.type = OPTION_REAL,
	.offset = IN_ALERT(below),
	.min = -BILLION,
	.max = BILLION,
	.example = "100",
	.help = "Only alerts whose threshold is at most that."},
    {.key = "alerts.NAME.title",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(title),
	.literal = true,
	.example = "\"{type} {status}\"",
	.help = "A title instead of the built-in one: {type}, {status}, {id}, "
		"{value}, {threshold}, {window}, {message} and {timestamp} "
		"stand for what the alert says.  Of slack, teams, discord, "
		"pagerduty, mail and syslog."},
    {.key = "alerts.NAME.text",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(text),
	.literal = true,
	.example = "\"{message} ({value} of {threshold} in {window})\"",
	.help = "The text, in the same way; without it the alert's message."},
    {.key = "alerts.NAME.timeout",
	.type = OPTION_SECONDS,
	.offset = IN_ALERT(timeout_ms),
	.max = 300,
	.value = "10",
	.help = "Seconds that one attempt may take."},
    {.key = "alerts.NAME.teams",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(teams),
	.item = "TEAM",
	.example = "env:TEAMS_WEBHOOK_URL",
	.help = "The URL of a workflow of Microsoft Teams that begins when a "
		"webhook request is received."},
    {.key = "alerts.NAME.discord",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(discord),
	.item = "CHANNEL",
	.example = "env:DISCORD_WEBHOOK_URL",
	.help = "The URL of a webhook of Discord."},
    {.key = "alerts.NAME.pagerduty",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(pagerduty),
	.item = "ON_CALL",
	.example = "env:PAGERDUTY_KEY",
	.help = "An integration key of PagerDuty's Events API v2.  What was "
		"triggered is resolved by the same alert."},
    {.key = "alerts.NAME.url",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(url),
	.example = "https://events.eu.pagerduty.com/v2/enqueue",
	.help = "Where PagerDuty takes events, when that is not "
		"https://events.pagerduty.com/v2/enqueue."},
    {.key = "alerts.NAME.webhook",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(webhook),
	.item = "SERVICE",
	.example = "https://example.com/alerts",
	.help = "A URL that the event itself is posted to.  The same event has "
		"the same Idempotency-Key."},
    {.key = "alerts.NAME.secret",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(secret),
	.example = "env:ALERT_SECRET",
	.help = "What the POST is signed with, as webhooks are; without it "
		"there is no signature."},
    {.key = "alerts.NAME.mail",
	.type = OPTION_GROUP,
	.item = "PEOPLE",
	.help = "Mail by SMTP."},
    {.key = "alerts.NAME.mail.server",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(server),
	.example = "smtp://mail.example.com:587",
	.help = "The mail server; smtps:// speaks TLS from the start, and with "
		"smtp:// TLS is used where the server offers it."},
    {.key = "alerts.NAME.mail.user",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(user),
	.example = "agentmark",
	.help = "Who logs in; without it nobody does."},
    {.key = "alerts.NAME.mail.password",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_ALERT(password),
	.example = "env:SMTP_PASSWORD",
	.help = "The password, which is never sent without TLS."},
    {.key = "alerts.NAME.mail.from",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(from),
	.example = "AgentMark <agentmark@example.com>",
	.help = "The sender's address."},
    {.key = "alerts.NAME.mail.to",
	.type = OPTION_NAMES,
	.offset = IN_ALERT(to),
	.example = "[ops@example.com]",
	.help = "Addresses that it goes to."},
    {.key = "alerts.NAME.exec",
	.type = OPTION_NAMES,
	.offset = IN_ALERT(exec),
	.literal = true,
	.item = "COMMAND",
	.example = "[./page, --loud]",
	.help = "A command and its arguments, no shell, with the event as one "
		"line of JSON on its standard input.  A name with a slash is "
		"relative to this file, another is looked up in PATH.  A "
		"status other than 0 is a failure."},
    {.key = "alerts.NAME.syslog",
	.type = OPTION_BOOL,
	.offset = IN_ALERT(syslog),
	.item = "SYSTEM",
	.example = "true",
	.help = "Whether it goes to the system's log."},
    {.key = "alerts.NAME.file",
	.type = OPTION_TEXT,
	.offset = IN_ALERT(file),
	.literal = true,
	.item = "ARCHIVE",
	.example = "/var/log/agentmark-alerts.ndjson",
	.help = "A file to which the event is added as one line of JSON; a "
		"relative path is relative to this file."},

    {.key = "datasets",
	.type = OPTION_GROUP,
	.help = "Where experiments find their rows."},
    {.key = "datasets.root",
	.type = OPTION_TEXT,
	.offset = IN_CONF(root),
	.example = "datasets",
	.help = "A directory, relative to this file, which must exist; paths "
		"in requests are below it."},
    {.key = "datasets.api",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(api),
	.choices = apis,
	.value = "auto",
	.help = "Whether datasets are read from AgentMark's API.  With auto "
		"they are when agentmark.api_key and agentmark.app_id are "
		"set, or agentmark.dev_server is."},

    {.key = "prompts",
	.type = OPTION_GROUP,
	.help = "Where prompts are found that a request names (promptPath) and "
		"does not bring (ast)."},
    {.key = "prompts.root",
	.type = OPTION_TEXT,
	.offset = IN_CONF(prompt_root),
	.example = "agentmark",
	.help =
	    "A directory of .prompt.mdx files, or of what `agentmark build` "
	    "wrote, relative to this file, which must exist.  What prompts "
	    "import lies below it too."},
    {.key = "prompts.api",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(prompt_api),
	.choices = apis,
	.value = "false",
	.help = "Whether prompts that are not below the root are asked of "
		"AgentMark's API; with auto as for datasets."},

    {.key = "agentmark", .type = OPTION_GROUP, .help = "Access to AgentMark."},
    {.key = "agentmark.base_url",
	.type = OPTION_TEXT,
	.offset = IN_CONF(base_url),
	.value = "https://api.agentmark.co",
	.help = "Where its API is."},
    {.key = "agentmark.api_key",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_CONF(api_key),
	.example = "env:AGENTMARK_API_KEY",
	.help = "The key of the API; it is sent only beside an app_id."},
    {.key = "agentmark.app_id",
	.type = OPTION_TEXT,
	.offset = IN_CONF(app_id),
	.example = "my-app",
	.help = "The app that the key is for."},
    {.key = "agentmark.dev_server",
	.type = OPTION_TEXT,
	.offset = IN_CONF(dev_server),
	.example = "http://localhost:9418",
	.help = "The API of `agentmark dev`, which sets the variable.  It "
		"wins over base_url, and neither key nor app_id is sent to "
		"it."},
    {.key = "agentmark.scores",
	.type = OPTION_BOOL,
	.offset = IN_CONF(wants_scores),
	.value = "false",
	.help = "Whether the scores of experiments are posted to AgentMark, "
		"each once.  `agentmark run-experiment` posts them too: where "
		"it is used they would be there twice."},

    {.key = "experiments",
	.type = OPTION_GROUP,
	.help = "Ceilings of experiments."},
    {.key = "experiments.concurrency",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.max_concurrency),
	.min = 1,
	.max = LIMIT_ROWS_AT_ONCE,
	.value = "100",
	.help = "Rows of one experiment that run at once, whatever a request "
		"asks for."},
    {.key = "experiments.at_once",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.max_experiments),
	.max = LIMIT_EXPERIMENTS,
	.value = "4",
	.help = "Experiments that run at once on this machine, so that "
		"workers stay free for prompts; 0 for no ceiling."},
    {.key = "experiments.state_dir",
	.type = OPTION_TEXT,
	.offset = IN_CONF(state_dir),
	.example = "/run/agentmark-fcgi",
	.help = "The directory in which running experiments are counted and "
		"their journals are kept, relative to this file; without it "
		"what systemd's StateDirectory names, else "
		"agentmark-fcgi-UID below TMPDIR or /tmp, which may not "
		"outlast the machine.  All that share the ceiling need the "
		"same."},
    {.key = "experiments.journal",
	.type = OPTION_BOOL,
	.offset = IN_CONF(wants_journals),
	.value = "true",
	.help = "Whether the rows of every experiment are kept as they end, "
		"so that one that was cut off can be gone on with, and a "
		"later one be compared with it.  telemetry.hide_inputs and "
		"hide_outputs hold for what is kept."},
    {.key = "experiments.retention_days",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.journal_days),
	.max = 36500,
	.value = "30",
	.help = "How long a journal is kept after its last line; 0 for ever.  "
		"Old ones go when an experiment begins, and with `purge`."},
    {.key = "experiments.run_seconds",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.run_ms),
	.max = 30 * DAY,
	.value = "0",
	.help = "After so many seconds an experiment starts no more rows, and "
		"gives up those that run when a tenth of it has passed again: "
		"it ends with a line that names the run, which can be gone on "
		"with.  For hosts that kill what runs long: a little less "
		"than their limit.  0 for no limit."},
    {.key = "experiments.cache",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(cache_use),
	.choices = caches,
	.value = "requested",
	.help = "Whether answers of models are kept in a file beside the "
		"store and given again to the same question: never, when a "
		"request asks for it, or always, for single prompts too.  "
		"Where telemetry.hide_inputs or hide_outputs is set nothing "
		"is kept."},
    {.key = "experiments.cache_bytes",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.answers.bytes),
	.min = LIMIT_CACHE_BYTES_MIN,
	.max = LIMIT_CACHE_BYTES_MAX,
	.value = "1073741824",
	.help = "What kept answers may take of the disk; the oldest ones go "
		"first."},
    {.key = "experiments.cache_days",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.answers.days),
	.min = 1,
	.max = 36500,
	.value = "90",
	.help = "For how long an answer is kept."},

    {.key = "store",
	.type = OPTION_TEXT,
	.offset = IN_CONF(store),
	.example = "/var/lib/agentmark-fcgi/store.db",
	.help =
	    "The file, relative to this one, in which all processes on "
	    "this machine keep what they must agree on: rates, leases, "
	    "budgets, counters, runs and what is still to be delivered; "
	    "without it one of this configuration's own beside the locks "
	    "of experiments.state_dir.  It is made when it is needed.  With "
	    "none nothing is kept, limits do not hold, and budgets of days "
	    "and months cannot be configured."},

    {.key = "heartbeat",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.heartbeat_ms),
	.max = HOUR,
	.value = "1",
	.help = "After so many seconds of silence a stream carries a blank "
		"line, so that a web server notices a client that left; 0 "
		"for none."},
    {.key = "stop_timeout",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(stop_ms),
	.max = DAY,
	.value = "0",
	.help = "After so many seconds from SIGTERM on, a request that still "
		"runs ends with an error line, as it does at a second "
		"SIGTERM; 0 waits for its end.  For those who send SIGKILL "
		"soon, as mod_fcgid does."},

    {.key = "timeouts",
	.type = OPTION_GROUP,
	.help = "How long a provider may take, in seconds; 0 is no limit."},
    {.key = "timeouts.connect",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.clocks.connect),
	.max = DAY,
	.value = "10",
	.help = "Until the connection stands."},
    {.key = "timeouts.first_token",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.clocks.first),
	.max = DAY,
	.value = "300",
	.help = "Until the answer begins."},
    {.key = "timeouts.idle",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.clocks.idle),
	.max = DAY,
	.value = "300",
	.help = "Between two pieces of the answer."},
    {.key = "timeouts.total",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.clocks.total),
	.max = DAY,
	.value = "0",
	.help = "For the whole call."},

    {.key = "retries",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.max_retries),
	.max = LIMIT_ATTEMPTS - 1,
	.value = "2",
	.help = "How often a call that failed is repeated where the prompt "
		"does not say it (max_retries)."},

    {.key = "validate_objects",
	.type = OPTION_BOOL,
	.offset = IN_CONF(settings.validate_objects),
	.value = "false",
	.help = "Whether an object must match the prompt's schema; one that "
		"does not is an error that says where."},

    {.key = "attachments",
	.type = OPTION_GROUP,
	.help = "Images and files that prompts name by their address.  Most "
		"vendors fetch them; for those that do not (Ollama, Bedrock, "
		"files of chat completions) we may."},
    {.key = "attachments.fetch",
	.type = OPTION_BOOL,
	.offset = IN_CONF(settings.fetch.allowed),
	.value = "false",
	.help = "Whether we fetch: over https alone, from public addresses "
		"alone (checked when the connection is made), without a proxy "
		"and without following redirects."},
    {.key = "attachments.max_bytes",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.fetch.max_bytes),
	.min = 1024,
	.max = LIMIT_REPLY_BYTES,
	.value = "20971520",
	.help = "The largest attachment that is fetched."},
    {.key = "attachments.timeout",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.fetch.timeout_ms),
	.max = HOUR,
	.value = "30",
	.help = "For one attachment."},

    {.key = "echo",
	.type = OPTION_GROUP,
	.help = "The built-in model echo/NAME.  echo/delay-MS waits so many "
		"milliseconds between two words, whatever is set here."},
    {.key = "echo.delay_ms",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.echo_delay_ms),
	.max = 60000,
	.value = "0",
	.help = "Milliseconds between two of its words."},

    {.key = "telemetry",
	.type = OPTION_GROUP,
	.help = "Traces and metrics (docs/telemetry.md).  Without a collector "
		"nothing is recorded."},
    {.key = "telemetry.agentmark",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(tracing.agentmark),
	.choices = apis,
	.value = "auto",
	.help = "Whether traces go to AgentMark.  With auto they do when "
		"agentmark.api_key and agentmark.app_id are set, or "
		"agentmark.dev_server is."},
    {.key = "telemetry.gzip",
	.type = OPTION_BOOL,
	.offset = IN_CONF(tracing.gzip),
	.value = "true",
	.help = "Whether they are compressed on their way to AgentMark."},
    {.key = "telemetry.environment",
	.type = OPTION_TEXT,
	.offset = IN_CONF(tracing.environment),
	.example = "staging",
	.help = "The environment that AgentMark files them under."},
    {.key = "telemetry.pull_request",
	.type = OPTION_TEXT,
	.offset = IN_CONF(tracing.pull_request),
	.example = "42",
	.help = "The pull request that AgentMark files them under."},
    {.key = "telemetry.hide_inputs",
	.type = OPTION_BOOL,
	.offset = IN_CONF(tracing.hide_inputs),
	.value = "false",
	.help = "Leaves out what goes into models and tools: messages, props, "
		"rows of datasets, arguments."},
    {.key = "telemetry.hide_outputs",
	.type = OPTION_BOOL,
	.offset = IN_CONF(tracing.hide_outputs),
	.value = "false",
	.help = "Leaves out what comes of them: answers, results of tools, "
		"reasons of evals."},
    {.key = "telemetry.media_bytes",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(tracing.media_bytes),
	.max = LIMIT_STORE_ITEM_BYTES,
	.value = "65536",
	.help = "Images, speech and files longer than this, in base64, are "
		"left out of traces."},
    {.key = "telemetry.collectors",
	.type = OPTION_MAP,
	.offset = IN_CONF(tracing.collectors),
	.size = sizeof(struct conf_collector),
	.help = "Where traces go beside AgentMark, by OTLP/HTTP."},
    {.key = "telemetry.collectors.NAME.url",
	.type = OPTION_TEXT,
	.offset = IN_COLLECTOR(url),
	.example = "http://127.0.0.1:4318",
	.help = "What comes before /v1/traces and /v1/metrics."},
    {.key = "telemetry.collectors.NAME.headers",
	.type = OPTION_HEADERS,
	.secret = true,
	.offset = IN_COLLECTOR(headers),
	.example = "X-Api-Key: env:COLLECTOR_KEY",
	.help = "More headers for every request to it."},
    {.key = "telemetry.collectors.NAME.encoding",
	.type = OPTION_CHOICE,
	.offset = IN_COLLECTOR(encoding),
	.choices = encodings,
	.value = "protobuf",
	.help = "How they are written down."},
    {.key = "telemetry.collectors.NAME.gzip",
	.type = OPTION_BOOL,
	.offset = IN_COLLECTOR(gzip),
	.value = "true",
	.help = "Whether they are compressed."},
    {.key = "telemetry.collectors.NAME.metrics",
	.type = OPTION_BOOL,
	.offset = IN_COLLECTOR(metrics),
	.value = "false",
	.help = "Whether it gets metrics, once a minute."},

    {.key = "status",
	.type = OPTION_GROUP,
	.help = "What the program tells of itself."},
    {.key = "status.token",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_CONF(status_token),
	.example = "env:STATUS_TOKEN",
	.help = "Who sends it as a bearer's Authorization, as the password "
		"that a browser asks for, or as X-Status-Token, gets by GET "
		"of /status below the endpoint a page with what runs and ran, "
		"and of /metrics the metrics, as Prometheus reads them.  "
		"Without it nobody does."},

    {.key = "log", .type = OPTION_GROUP, .help = "What is written down."},
    {.key = "log.level",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(log_level),
	.choices = levels,
	.value = "info",
	.help = "How much."},
    {.key = "log.target",
	.type = OPTION_TEXT,
	.offset = IN_CONF(log_target),
	.value = "stderr",
	.help = "Where to: stderr (which some web servers throw away), syslog, "
		"journald, or a file, which may be rotated at any time."},
    {.key = "log.format",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(log_format),
	.choices = formats,
	.value = "logfmt",
	.help = "How: one line a fact in either."},
};
const size_t conf_n_options = ARRAY_LEN(conf_options);

/* The keys of all vendors that have one. */
#define KEY_OF(name, title, driver, url, variable, quirks)                     \
	{variable, "providers." name ".api_key", true, title ": the key."},
#define NO_KEY(name, title, driver, url, quirks)

const struct variable conf_variables[] = {
    {"AGENTMARK_FCGI_CONFIG", NULL, true, "The configuration file."},
    {"AGENTMARK_WEBHOOK_SECRET", "webhook.secret", true,
	"The secret that requests are signed with."},
    {"AGENTMARK_FCGI_SIGNATURE", "webhook.signature", true,
	"Whether a request must be signed."},
    {"AGENTMARK_FCGI_STOP_TIMEOUT", "stop_timeout", false,
	"Seconds from SIGTERM on until a running request is ended."},
    CONF_VENDORS(KEY_OF, NO_KEY){"OPENAI_BASE_URL", "providers.openai.base_url",
	true, "Where OpenAI's API is, up to and with /v1."},
    {"AZURE_RESOURCE_NAME", "providers.azure.resource", true,
	"The resource of Azure OpenAI."},
    {"AWS_REGION", "providers.bedrock.region", true,
	"Where Amazon Bedrock is asked."},
    {"AWS_ACCESS_KEY_ID", "providers.bedrock.access_key", true,
	"Who asks Amazon Bedrock."},
    {"AWS_SECRET_ACCESS_KEY", "providers.bedrock.secret_key", true,
	"What requests to Amazon Bedrock are signed with."},
    {"AWS_SESSION_TOKEN", "providers.bedrock.session_token", true,
	"What goes with a key of Amazon's that expires."},
    {"AGENTMARK_BASE_URL", "agentmark.base_url", true,
	"Where AgentMark's API is."},
    {"AGENTMARK_API_KEY", "agentmark.api_key", true,
	"The key of AgentMark's API."},
    {"AGENTMARK_APP_ID", "agentmark.app_id", true,
	"The app that the key is for."},
    {"AGENTMARK_DEV_SERVER", "agentmark.dev_server", true,
	"The API of `agentmark dev`, instead of AgentMark's."},
    {"AGENTMARK_ENVIRONMENT", "telemetry.environment", true,
	"The environment that AgentMark files traces under."},
    {"AGENTMARK_PR_NUMBER", "telemetry.pull_request", true,
	"The pull request that AgentMark files traces under."},
    {"AGENTMARK_HIDE_INPUTS", "telemetry.hide_inputs", true,
	"Whether traces leave out what goes into models and tools."},
    {"AGENTMARK_HIDE_OUTPUTS", "telemetry.hide_outputs", true,
	"Whether traces leave out what comes of them."},
};
const size_t conf_n_variables = ARRAY_LEN(conf_variables);

const struct preset_model conf_preset_models[] = {
    {"^gpt-", "openai"},
    {"^o[134](-|$)", "openai"},
    {"^(chatgpt|dall-e|tts)-", "openai"},
    {"^claude-", "anthropic"},
    {"^gemini-", "google"},
};
const size_t conf_n_preset_models = ARRAY_LEN(conf_preset_models);
