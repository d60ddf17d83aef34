/* Images and speech of OpenAI's API: what is asked, what becomes of the
 * answers, and how sounds are told apart. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/provider/guard.h"
#include "../../common/provider/media.h"
#include "../../common/run/images.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct provider vendor = {
    .name = "vendor",
    .driver = &driver_chat,
    .base_url = "https://vendor.test/v1",
    .api_key = "key",
};

static json_t *
read_json(const char *text)
{
	struct err err = {0};
	json_t *json = json_read(str_from(text), &err);

	if (json == NULL)
		fail_msg("%s: %s", text, err.msg);
	return json;
}

static struct ask
ask_for(enum prompt_kind kind, const char *model, const json_t *config)
{
	return (struct ask){
	    .provider = &vendor,
	    .model = model,
	    .kind = kind,
	    .config = config,
	};
}

struct request {
	enum prompt_kind kind;
	const char *model, *config, *body, *ignored;
};

static const struct request requests[] = {
    {PROMPT_IMAGE, "dall-e-3", "{\"model_name\":\"m\",\"prompt\":\"A cat\"}",
	"{\"model\":\"dall-e-3\",\"prompt\":\"A cat\",\"n\":1,"
	"\"response_format\":\"b64_json\"}",
	""},
    {PROMPT_IMAGE, "openai/gpt-image-1",
	"{\"prompt\":\"\",\"num_images\":3,\"size\":\"1024x1024\","
	"\"max_retries\":0,\"seed\":null}",
	"{\"model\":\"openai/gpt-image-1\",\"prompt\":\"\",\"n\":3,"
	"\"size\":\"1024x1024\"}",
	""},
    {PROMPT_IMAGE, "m",
	"{\"prompt\":\"p\",\"seed\":7,\"aspect_ratio\":\"16:9\",\"style\":1}",
	"{\"model\":\"m\",\"prompt\":\"p\",\"n\":1,"
	"\"response_format\":\"b64_json\"}",
	"seed, aspect_ratio, style"},
    {PROMPT_SPEECH, "tts-1", "{\"model_name\":\"m\",\"text\":\"Hello\"}",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"alloy\","
	"\"response_format\":\"mp3\"}",
	""},
    {PROMPT_SPEECH, "tts-1",
	"{\"text\":\"Hello\",\"instructions\":\"\",\"voice\":\"nova\","
	"\"output_format\":\"opus\",\"speed\":1.25}",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"nova\","
	"\"response_format\":\"opus\",\"speed\":1.25,\"instructions\":\"\"}",
	""},
    {PROMPT_SPEECH, "tts-1",
	"{\"text\":\"Hello\",\"output_format\":\"midi\",\"pitch\":2}",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"alloy\","
	"\"response_format\":\"mp3\"}",
	"pitch, output_format"},
};

static void
check_request(const struct request *r)
{
	bool image = r->kind == PROMPT_IMAGE;
	struct arena *a = arena_new(NULL);
	json_t *config = read_json(r->config), *want = read_json(r->body);
	struct ask ask = ask_for(r->kind, r->model, config);
	struct call *call = driver_call(a, &ask, NULL);
	struct http_spec spec;
	struct err err = {0};
	json_t *got;

	assert_int_equal(driver_chat.media_build(call, &spec, &err), 0);
	got = json_read(spec.body, &err);
	if (!json_equal(want, got))
		fail_msg("%s: got %s", r->config, spec.body.p);
	assert_string_equal(
	    spec.url, image ? "https://vendor.test/v1/images/generations"
			    : "https://vendor.test/v1/audio/speech");
	assert_string_equal(spec.headers[0], "Content-Type: application/json");
	assert_string_equal(spec.headers[1],
	    image ? "Accept: application/json" : "Accept: */*");
	assert_string_equal(spec.headers[2], "Authorization: Bearer key");
	assert_string_equal(buf_str(&call->ignored), r->ignored);
	json_decref(got);
	json_decref(want);
	json_decref(config);
	arena_free(a);
}

static void
test_requests(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(requests); i++)
		check_request(&requests[i]);
}

/* The last object and the end, as one line. */
struct record {
	struct sink sink;
	struct buf text;
};

static void
on_event(struct sink *self, const struct event *ev)
{
	struct record *r = (struct record *)self;

	if (ev->type == EVENT_OBJECT_FINAL)
		json_print(&r->text, ev->object);
	else if (ev->type == EVENT_FINISH)
		buf_addf(&r->text, " %d/%d/%d", (int)ev->finish.usage.input,
		    (int)ev->finish.usage.output, (int)ev->finish.usage.total);
	else
		buf_adds(&r->text, "another event");
}

struct reply {
	enum prompt_kind kind;
	const char *config, *type;
	struct str body;
	const char *want; /* or the error */
};

/* As STR, in tables. */
#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
#define PNG "iVBORw0KGgo="

static const struct reply replies[] = {
    {PROMPT_IMAGE, "{}", "application/json",
	BYTES("{\"data\":[{\"b64_json\":\"" PNG
	      "\"},{\"b64_json\":\"/9j/4AAQ\",\"revised_prompt\":\"x\"},"
	      "{\"b64_json\":\"AAAA\",\"url\":\"u\"}],"
	      "\"usage\":{\"input_tokens\":4,\"output_tokens\":10,"
	      "\"total_tokens\":15}}"),
	"[{\"mimeType\":\"image/png\",\"base64\":\"" PNG
	"\"},{\"mimeType\":\"image/jpeg\",\"base64\":\"/9j/4AAQ\"},"
	"{\"mimeType\":\"image/png\",\"base64\":\"AAAA\"}] 4/10/15"},
    {PROMPT_IMAGE, "{}", "", BYTES("{\"data\":[]}"), "No image generated."},
    {PROMPT_IMAGE, "{}", "", BYTES("{\"data\":[{\"url\":\"https://x\"}]}"),
	"the provider sent a link in place of an image"},
    {PROMPT_IMAGE, "{}", "", BYTES("{\"data\":[{}]}"), "Invalid JSON response"},
    {PROMPT_IMAGE, "{}", "", BYTES("{}"), "Invalid JSON response"},
    {PROMPT_IMAGE, "{}", "", BYTES("<html>"), "Invalid JSON response"},
    {PROMPT_IMAGE, "{}", "", BYTES("{\"error\":{\"message\":\"no\"}}"), "no"},
    {PROMPT_SPEECH, "{}", "audio/mpeg", BYTES("\xff\xfb\x90\x44"),
	"{\"mimeType\":\"audio/mpeg\",\"base64\":\"//uQRA==\","
	"\"format\":\"mp3\"} 0/0/0"},
    {PROMPT_SPEECH, "{}", "application/octet-stream",
	BYTES("RIFF\0\0\0\0WAVEfmt "),
	"{\"mimeType\":\"audio/wav\",\"base64\":\"UklGRgAAAABXQVZFZm10IA==\","
	"\"format\":\"wav\"} 0/0/0"},
    {PROMPT_SPEECH, "{\"output_format\":\"pcm\"}", "audio/pcm; rate=24000",
	BYTES("\0\1"),
	"{\"mimeType\":\"audio/pcm\",\"base64\":\"AAE=\","
	"\"format\":\"pcm\"} 0/0/0"},
    {PROMPT_SPEECH, "{\"output_format\":\"pcm\"}", "", BYTES("\0\1\2"),
	"{\"mimeType\":\"audio/pcm\",\"base64\":\"AAEC\","
	"\"format\":\"pcm\"} 0/0/0"},
    {PROMPT_SPEECH, "{}", "audio/mpeg", BYTES(""),
	"No speech audio generated."},
    {PROMPT_SPEECH, "{}", "application/json",
	BYTES("{\"error\":{\"message\":\"no voice\"}}"), "no voice"},
    {PROMPT_SPEECH, "{}", "application/json", BYTES("{}"),
	"No speech audio generated."},
};

static void
check_reply(const struct reply *r)
{
	struct record record = {.sink.event = on_event};
	struct str type = str_from(r->type);
	struct arena *a = arena_new(NULL);
	json_t *config = read_json(r->config);
	struct ask ask = ask_for(r->kind, "m", config);
	struct guard guard;
	struct call *call;
	struct err err = {0};
	int rc;

	buf_init(&record.text, LIMIT_LINE_BYTES);
	guard_init(&guard, &record.sink, r->kind, false);
	call = driver_call(a, &ask, &guard.sink);
	rc = driver_chat.media_body(call, type, r->body, &err);
	assert_string_equal(rc == 0 ? buf_str(&record.text) : err.msg, r->want);
	assert_int_equal(guard.done, rc == 0);
	err_free(&err);
	guard_free(&guard);
	buf_free(&record.text);
	json_decref(config);
	arena_free(a);
}

static void
test_replies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(replies); i++)
		check_reply(&replies[i]);
}

static void
test_sounds(void **state)
{
	static const struct {
		struct str bytes;
		const char *type;
	} cases[] = {
	    {BYTES("ID3\4"), "audio/mpeg"},
	    {BYTES("\xff\xf3"), "audio/mpeg"},
	    {BYTES("\xff\xf1\x50"), "audio/aac"},
	    {BYTES("OggS\0"), "audio/ogg"},
	    {BYTES("fLaC"), "audio/flac"},
	    {BYTES("\0\0\0\x18"
		   "ftypM4A "),
		"audio/mp4"},
	    {BYTES("\x1a\x45\xdf\xa3"), "audio/webm"},
	    {BYTES("RIFF\0\0\0\0WAV"), NULL},
	    {BYTES("\xff"), NULL},
	    {BYTES(""), NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str type = media_audio_type(cases[i].bytes);

		if (cases[i].type == NULL)
			assert_null(type.p);
		else
			assert_string_equal(type.p, cases[i].type);
	}
}

/* As many calls as AI SDK makes. */
static void
test_calls(void **state)
{
	static const struct {
		const char *model, *config;
		size_t calls;
	} cases[] = {
	    {"mock-image", "{}", 1},
	    {"mock-image", "{\"num_images\":3}", 3},
	    {"dall-e-3", "{\"num_images\":2}", 2},
	    {"dall-e-2", "{\"num_images\":10}", 1},
	    {"dall-e-2", "{\"num_images\":11}", 2},
	    {"openai/gpt-image-1", "{\"num_images\":20}", 2},
	    {"openai/gpt-image-1", "{\"num_images\":0}", 1},
	    {"mock-image", "{\"num_images\":-5}", 1},
	    {"mock-image", "{\"num_images\":1.5}", 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *config = read_json(cases[i].config);
		struct ask ask = ask_for(PROMPT_IMAGE, cases[i].model, config);

		assert_int_equal(images_calls(&ask), cases[i].calls);
		ask.kind = PROMPT_SPEECH;
		assert_int_equal(images_calls(&ask), 0);
		json_decref(config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_sounds),
	    cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
