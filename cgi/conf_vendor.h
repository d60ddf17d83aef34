/* Where models are served without being told: one row for each vendor, which
 * presets, variables, the help and docs/providers.md are made from. */
#ifndef CONF_VENDOR_H
#define CONF_VENDOR_H

#include "../common/provider/quirk.h"

#include <stdio.h>

/* KEYED(name, title, driver, base URL, variable of its key, quirks) and
 * BARE(name, title, driver, base URL or NULL, quirks) of those who need none.
 * What stands in braces in a URL is the option of that name. */
#define CONF_VENDORS(KEYED, BARE)                                              \
	KEYED("openai", "OpenAI", "chat", "https://api.openai.com/v1",         \
	    "OPENAI_API_KEY", 0)                                               \
	KEYED("anthropic", "Anthropic", "anthropic",                           \
	    "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", 0)            \
	KEYED("google", "Google Gemini", "gemini",                             \
	    "https://generativelanguage.googleapis.com/v1beta",                \
	    "GEMINI_API_KEY", 0)                                               \
	KEYED("bedrock", "Amazon Bedrock", "bedrock",                          \
	    "https://bedrock-runtime.{region}.amazonaws.com",                  \
	    "AWS_BEARER_TOKEN_BEDROCK", 0)                                     \
	KEYED("azure", "Azure OpenAI", "chat",                                 \
	    "https://{resource}.openai.azure.com/openai/v1",                   \
	    "AZURE_OPENAI_API_KEY", 0)                                         \
	KEYED("cerebras", "Cerebras", "chat", "https://api.cerebras.ai/v1",    \
	    "CEREBRAS_API_KEY", QUIRK_NO_PENALTIES)                            \
	KEYED("cohere", "Cohere", "chat",                                      \
	    "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY",        \
	    QUIRK_NO_STREAM_OPTIONS | QUIRK_NO_STRICT)                         \
	KEYED("deepseek", "DeepSeek", "chat", "https://api.deepseek.com",      \
	    "DEEPSEEK_API_KEY",                                                \
	    QUIRK_JSON_OBJECT | QUIRK_NO_STRICT | QUIRK_NO_SEED)               \
	KEYED("fireworks", "Fireworks AI", "chat",                             \
	    "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY",      \
	    QUIRK_TOP_K)                                                       \
	KEYED("groq", "Groq", "chat", "https://api.groq.com/openai/v1",        \
	    "GROQ_API_KEY", 0)                                                 \
	KEYED("mistral", "Mistral AI", "chat", "https://api.mistral.ai/v1",    \
	    "MISTRAL_API_KEY", QUIRK_RANDOM_SEED | QUIRK_NO_STREAM_OPTIONS)    \
	KEYED("openrouter", "OpenRouter", "chat",                              \
	    "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", QUIRK_TOP_K) \
	KEYED("perplexity", "Perplexity", "chat", "https://api.perplexity.ai", \
	    "PERPLEXITY_API_KEY",                                              \
	    QUIRK_NO_STREAM_OPTIONS | QUIRK_NO_STRICT | QUIRK_NO_STOP |        \
		QUIRK_NO_SEED)                                                 \
	KEYED("together", "Together AI", "chat",                               \
	    "https://api.together.xyz/v1", "TOGETHER_API_KEY", QUIRK_TOP_K)    \
	KEYED("xai", "xAI", "chat", "https://api.x.ai/v1", "XAI_API_KEY", 0)   \
	KEYED("vllm", "vLLM", "chat", "http://127.0.0.1:8000/v1",              \
	    "VLLM_API_KEY", QUIRK_TOP_K)                                       \
	BARE("ollama", "Ollama", "ollama", "http://127.0.0.1:11434", 0)        \
	BARE("llamacpp", "llama.cpp's server", "chat",                         \
	    "http://127.0.0.1:8080/v1", QUIRK_TOP_K)                           \
	BARE("lmstudio", "LM Studio", "chat", "http://127.0.0.1:1234/v1",      \
	    QUIRK_TOP_K)                                                       \
	BARE("echo", "The last user message", "echo", NULL, 0)

struct vendor {
	const char *name, *title, *driver;
	const char *base_url; /* NULL: it has none */
	const char *variable; /* of its key, or NULL */
	unsigned quirks;
};
extern const struct vendor conf_vendors[];
extern const size_t conf_n_vendors;

/* The table of vendors as Markdown, what drivers can do, and what the quirks
 * mean. */
void conf_vendors_print(FILE *out) NONNULL;

#endif
