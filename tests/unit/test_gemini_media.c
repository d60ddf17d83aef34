/* Images and speech of Google's models: what is asked of Gemini's own and of
 * Imagen, what becomes of the answers, and the head that samples get. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/provider/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct provider vendor = {
    .name = "google",
    .driver = &driver_gemini,
    .base_url = "https://vendor.test/v1beta",
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

#define MODELS "https://vendor.test/v1beta/models/"
#define SAID(text)                                                             \
	"\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"" text "\"}]" \
	"}]"
#define VOICE(name)                                                            \
	"\"generationConfig\":{\"responseModalities\":[\"AUDIO\"],"            \
	"\"speechConfig\":{\"voiceConfig\":{\"prebuiltVoiceConfig\":{"         \
	"\"voiceName\":\"" name "\"}}}}"

struct request {
	enum prompt_kind kind;
	const char *model, *config, *url, *body, *ignored;
};

static const struct request requests[] = {
    {PROMPT_IMAGE, "gemini-3-pro-image",
	"{\"model_name\":\"m\",\"prompt\":\"A cat\"}",
	MODELS "gemini-3-pro-image:generateContent",
	"{" SAID("A cat") ",\"generationConfig\":{\"responseModalities\":"
			  "[\"TEXT\",\"IMAGE\"]}}",
	""},
    {PROMPT_IMAGE, "gemini-3-pro-image",
	"{\"prompt\":\"p\",\"num_images\":3,\"aspect_ratio\":\"16:9\","
	"\"size\":\"2K\",\"seed\":7,\"max_retries\":1,\"style\":null}",
	MODELS "gemini-3-pro-image:generateContent",
	"{" SAID("p") ",\"generationConfig\":{\"responseModalities\":"
		      "[\"TEXT\",\"IMAGE\"],\"imageConfig\":{\"aspectRatio\":"
		      "\"16:9\",\"imageSize\":\"2K\"},\"seed\":7}}",
	""},
    {PROMPT_IMAGE, "gemini-3-pro-image",
	"{\"prompt\":\"p\",\"size\":\"1024x1024\",\"style\":1}",
	MODELS "gemini-3-pro-image:generateContent",
	"{" SAID("p") ",\"generationConfig\":{\"responseModalities\":"
		      "[\"TEXT\",\"IMAGE\"]}}",
	"size, style"},
    {PROMPT_IMAGE, "models/imagen-4.0-generate-001",
	"{\"prompt\":\"p\",\"aspect_ratio\":\"3:4\",\"num_images\":4,"
	"\"size\":\"1024x1024\",\"seed\":7}",
	MODELS "imagen-4.0-generate-001:predict",
	"{\"instances\":[{\"prompt\":\"p\"}],\"parameters\":{\"sampleCount\":4,"
	"\"aspectRatio\":\"3:4\"}}",
	"size, seed"},
    {PROMPT_IMAGE, "imagen-4.0-fast-generate-001", "{\"prompt\":\"p\"}",
	MODELS "imagen-4.0-fast-generate-001:predict",
	"{\"instances\":[{\"prompt\":\"p\"}],\"parameters\":{"
	"\"sampleCount\":1}}",
	""},
    {PROMPT_SPEECH, "gemini-3.8-flash-tts", "{\"text\":\"Hello\"}",
	MODELS "gemini-3.8-flash-tts:generateContent",
	"{" SAID("Hello") "," VOICE("Kore") "}", ""},
    {PROMPT_SPEECH, "gemini-3.8-flash-tts",
	"{\"text\":\"Hello\",\"voice\":\"Puck\",\"output_format\":\"wav\","
	"\"instructions\":\"Say it gladly:\"}",
	MODELS "gemini-3.8-flash-tts:generateContent",
	"{" SAID("Say it gladly:\\n\\nHello") "," VOICE("Puck") "}", ""},
    {PROMPT_SPEECH, "gemini-3.8-flash-tts",
	"{\"text\":\"Hello\",\"instructions\":\"\",\"output_format\":\"mp3\","
	"\"speed\":2}",
	MODELS "gemini-3.8-flash-tts:generateContent",
	"{" SAID("Hello") "," VOICE("Kore") "}", "speed, output_format"},
};

static void
check_request(const struct request *r)
{
	struct arena *a = arena_new(NULL);
	json_t *config = read_json(r->config), *want = read_json(r->body);
	struct ask ask = ask_for(r->kind, r->model, config);
	struct call *call = driver_call(a, &ask, NULL);
	struct http_spec spec;
	struct err err = {0};
	json_t *got;

	assert_int_equal(driver_gemini.media_build(call, &spec, &err), 0);
	got = json_read(spec.body, &err);
	if (!json_equal(want, got))
		fail_msg("%s: got %s", r->config, spec.body.p);
	assert_string_equal(spec.url, r->url);
	assert_string_equal(spec.headers[0], "Content-Type: application/json");
	assert_string_equal(spec.headers[2], "x-goog-api-key: key");
	assert_string_equal(buf_str(&call->ignored), r->ignored);
	json_decref(got);
	json_decref(want);
	json_decref(config);
	arena_free(a);
}

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
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

#define PARTS(list) "{\"candidates\":[{\"content\":{\"parts\":[" list "]}}]}"
#define SOUND(type, bytes)                                                     \
	PARTS("{\"inlineData\":{\"mimeType\":\"" type "\",\"data\":\"" bytes   \
	      "\"}}")

struct reply {
	enum prompt_kind kind;
	const char *text, *want, *error;
};

static const struct reply replies[] = {
    {PROMPT_IMAGE,
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Here.\"},"
	"{\"thought\":true,\"inlineData\":{\"mimeType\":\"image/png\","
	"\"data\":\"draft\"}},{\"inlineData\":{\"mimeType\":\"image/png\","
	"\"data\":\"/9j/AAAA\"}},{\"inlineData\":{\"mimeType\":\"image/webp\","
	"\"data\":\"AAAA\"}}]},\"finishReason\":\"STOP\"}],"
	"\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":"
	"1290,\"totalTokenCount\":1300,\"thoughtsTokenCount\":5}}",
	"[{\"mimeType\":\"image/jpeg\",\"base64\":\"/9j/AAAA\"},"
	"{\"mimeType\":\"image/webp\",\"base64\":\"AAAA\"}] 5/1295/1300",
	NULL},
    {PROMPT_IMAGE,
	"{\"predictions\":[{\"mimeType\":\"image/png\","
	"\"bytesBase64Encoded\":\"AAAA\"},{\"bytesBase64Encoded\":\"iVBORw\"}]"
	"}",
	"[{\"mimeType\":\"image/png\",\"base64\":\"AAAA\"},"
	"{\"mimeType\":\"image/png\",\"base64\":\"iVBORw\"}] 0/0/0",
	NULL},
    {PROMPT_IMAGE, "{}", NULL, "No image generated."},
    {PROMPT_IMAGE,
	"{\"predictions\":[{\"raiFilteredReason\":\"It shows a child.\"}]}",
	NULL, "No image generated: It shows a child."},
    {PROMPT_IMAGE, "{\"candidates\":[{\"finishReason\":\"IMAGE_SAFETY\"}]}",
	NULL, "No image generated: IMAGE_SAFETY"},
    {PROMPT_IMAGE,
	"{\"candidates\":[{\"finishReason\":\"IMAGE_OTHER\","
	"\"finishMessage\":\"Unable to show it.\"}]}",
	NULL, "No image generated: Unable to show it."},
    {PROMPT_IMAGE,
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"I may not.\"}]}"
	",\"finishReason\":\"STOP\"}]}",
	NULL, "No image generated: I may not."},
    {PROMPT_IMAGE, "{\"promptFeedback\":{\"blockReason\":\"OTHER\"}}", NULL,
	"the prompt was blocked: OTHER"},
    {PROMPT_IMAGE, "{\"error\":{\"message\":\"quota\"}}", NULL, "quota"},
    {PROMPT_IMAGE, "<html>", NULL, "Invalid JSON response"},
    {PROMPT_SPEECH, SOUND("audio/L16;codec=pcm;rate=16000", "AQID/w=="),
	"{\"mimeType\":\"audio/wav\",\"base64\":\""
	"UklGRigAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQQAAAABAgP/\","
	"\"format\":\"wav\"} 0/0/0",
	NULL},
    {PROMPT_SPEECH, SOUND("audio/l16", "AQI="),
	"{\"mimeType\":\"audio/wav\",\"base64\":\""
	"UklGRiYAAABXQVZFZm10IBAAAAABAAEAwF0AAIC7AAACABAAZGF0YQIAAAABAg==\","
	"\"format\":\"wav\"} 0/0/0",
	NULL},
    {PROMPT_SPEECH, SOUND("audio/mpeg; x=y", "SUQz"),
	"{\"mimeType\":\"audio/mpeg\",\"base64\":\"SUQz\",\"format\":\"mp3\"}"
	" 0/0/0",
	NULL},
    {PROMPT_SPEECH, SOUND("audio/ogg", "T2dn"),
	"{\"mimeType\":\"audio/ogg\",\"base64\":\"T2dn\",\"format\":\"ogg\"}"
	" 0/0/0",
	NULL},
    {PROMPT_SPEECH, PARTS("{\"text\":\"No.\"}"), NULL,
	"No speech audio generated: No."},
    {PROMPT_SPEECH, "{\"candidates\":[{\"finishReason\":\"OTHER\"}]}", NULL,
	"No speech audio generated: OTHER"},
    {PROMPT_SPEECH, "[]", NULL, "Invalid JSON response"},
};

static void
check_reply(const struct reply *r)
{
	struct arena *a = arena_new(NULL);
	struct record record = {.sink.event = on_event};
	struct ask ask = ask_for(r->kind, "m", NULL);
	struct guard guard;
	struct call *call;
	struct err err = {0};
	int rc;

	buf_init(&record.text, LIMIT_LINE_BYTES);
	guard_init(&guard, &record.sink, ask.kind, false);
	call = driver_call(a, &ask, &guard.sink);
	rc = driver_gemini.media_body(
	    call, STR("application/json"), str_from(r->text), &err);
	assert_int_equal(rc, r->error != NULL ? -1 : 0);
	if (r->error != NULL)
		assert_string_equal(err.msg, r->error);
	else
		assert_string_equal(buf_str(&record.text), r->want);
	err_free(&err);
	guard_free(&guard);
	buf_free(&record.text);
	arena_free(a);
}

static void
test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++)
		check_reply(&replies[i]);
}

static void
test_at_once(void **state)
{
	(void)state;
	assert_int_equal(driver_gemini.images_at_once("gemini-3-pro-image"), 1);
	assert_int_equal(driver_gemini.images_at_once("models/imagen-4"), 4);
	assert_int_equal(driver_gemini.images_at_once("imagen-4"), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
