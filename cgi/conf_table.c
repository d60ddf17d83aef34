/* Every option of the program, once.  It refuses to know how an option is read
 * or shown. */
#include "conf_table.h"

#include "../common/base/limits.h"

#include <stddef.h>

#define IN_CONF(field) offsetof(struct conf, field)
#define IN_PROVIDER(field) offsetof(struct conf_provider, field)
#define IN_MODEL(field) offsetof(struct conf_model, field)
#define IN_SECRET(field) offsetof(struct conf_secret, field)

enum { HOUR = 3600, DAY = 24 * HOUR };

static const char *const signatures[] = {"required", "optional", "off", NULL};
static const char *const styles[] = {"2.1", "2.2", NULL};
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
    {.key = "webhook.signature",
	.type = OPTION_CHOICE,
	.offset = IN_CONF(signature),
	.choices = signatures,
	.value = "required",
	.help = "Whether a request must be signed.  With optional a signature "
		"is verified where there is one; with off anybody may use "
		"the program, so put it behind something that asks who it "
		"is."},

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
	.help = "Where models are served.  There are always openai (driver "
		"chat, https://api.openai.com/v1) and echo (driver echo: it "
		"repeats the last user message and needs no key); what is "
		"said here changes or adds to them."},
    {.key = "providers.NAME.driver",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(driver),
	.value = "chat",
	.help = "The protocol that is spoken: chat (OpenAI's chat "
		"completions, which many vendors speak) or echo."},
    {.key = "providers.NAME.base_url",
	.type = OPTION_TEXT,
	.offset = IN_PROVIDER(base_url),
	.example = "http://127.0.0.1:8000/v1",
	.help = "What comes before /chat/completions."},
    {.key = "providers.NAME.api_key",
	.type = OPTION_TEXT,
	.secret = true,
	.offset = IN_PROVIDER(api_key),
	.example = "env:NAME_API_KEY",
	.help = "The key that is sent; none when it is not set."},
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
	.help = "Whether schemas of objects are sent as strict ones."},

    {.key = "models",
	.type = OPTION_LIST,
	.offset = IN_CONF(model_list),
	.size = sizeof(struct conf_model),
	.help = "Which provider serves which model: exact names first, then "
		"patterns in this order, then provider/model, then the "
		"default provider.  Patterns for OpenAI's names (gpt-, o1, "
		"o3, o4, chatgpt-) follow those given here."},
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
    {.key = "default_provider",
	.type = OPTION_TEXT,
	.offset = IN_CONF(default_provider),
	.example = "openai",
	.help = "The provider of names that nothing else matches; without it "
		"such a name is an error."},

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
	.type = OPTION_NAMES,
	.offset = IN_CONF(eval_list),
	.example = "exact_match",
	.help = "The names that get-evals answers with."},

    {.key = "heartbeat",
	.type = OPTION_SECONDS,
	.offset = IN_CONF(settings.heartbeat_ms),
	.max = HOUR,
	.value = "1",
	.help = "After so many seconds of silence a stream carries a blank "
		"line, so that a web server notices a client that left; 0 "
		"for none."},

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

    {.key = "echo",
	.type = OPTION_GROUP,
	.help = "The built-in model echo/NAME."},
    {.key = "echo.delay_ms",
	.type = OPTION_NUMBER,
	.offset = IN_CONF(settings.echo_delay_ms),
	.max = 60000,
	.value = "0",
	.help = "Milliseconds between two of its words."},

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
		"or a file."},
};
const size_t conf_n_options = ARRAY_LEN(conf_options);

const struct variable conf_variables[] = {
    {"AGENTMARK_FCGI_CONFIG", NULL, true, "The configuration file."},
    {"AGENTMARK_WEBHOOK_SECRET", "webhook.secret", true,
	"The secret that requests are signed with."},
    {"AGENTMARK_FCGI_SIGNATURE", "webhook.signature", true,
	"Whether a request must be signed."},
    {"OPENAI_API_KEY", "providers.openai.api_key", true, "OpenAI's key."},
    {"OPENAI_BASE_URL", "providers.openai.base_url", true,
	"Where OpenAI's API is, up to and with /v1."},
};
const size_t conf_n_variables = ARRAY_LEN(conf_variables);

const struct preset conf_presets[] = {
    {"providers.openai.driver", "chat"},
    {"providers.openai.base_url", "https://api.openai.com/v1"},
    {"providers.echo.driver", "echo"},
};
const size_t conf_n_presets = ARRAY_LEN(conf_presets);

const struct preset_model conf_preset_models[] = {
    {"^gpt-", "openai"},
    {"^o[134](-|$)", "openai"},
    {"^chatgpt-", "openai"},
};
const size_t conf_n_preset_models = ARRAY_LEN(conf_preset_models);
