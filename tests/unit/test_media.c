/* Images and speech of OpenAI's API and of Google's models: what is asked, what
 * becomes of the answers, how sounds are told apart, and the head that samples
 * get. */
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

static const struct provider openai = {
    .name = "vendor",
    .driver = &driver_chat,
    .base_url = "https://vendor.test/v1",
    .api_key = "key",
};

static const struct provider google = {
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

/* --- what is asked */

#define OPENAI "https://vendor.test/v1/"
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

static const struct request of_openai[] = {
    {PROMPT_IMAGE, "dall-e-3", "{\"model_name\":\"m\",\"prompt\":\"A cat\"}",
	OPENAI "images/generations",
	"{\"model\":\"dall-e-3\",\"prompt\":\"A cat\",\"n\":1,"
	"\"response_format\":\"b64_json\"}",
	""},
    {PROMPT_IMAGE, "openai/gpt-image-1",
	"{\"prompt\":\"\",\"num_images\":3,\"size\":\"1024x1024\","
	"\"max_retries\":0,\"seed\":null}",
	OPENAI "images/generations",
	"{\"model\":\"openai/gpt-image-1\",\"prompt\":\"\",\"n\":3,"
	"\"size\":\"1024x1024\"}",
	""},
    {PROMPT_IMAGE, "m",
	"{\"prompt\":\"p\",\"seed\":7,\"aspect_ratio\":\"16:9\",\"style\":1}",
	OPENAI "images/generations",
	"{\"model\":\"m\",\"prompt\":\"p\",\"n\":1,"
	"\"response_format\":\"b64_json\"}",
	"seed, aspect_ratio, style"},
    {PROMPT_SPEECH, "tts-1", "{\"model_name\":\"m\",\"text\":\"Hello\"}",
	OPENAI "audio/speech",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"alloy\","
	"\"response_format\":\"mp3\"}",
	""},
    {PROMPT_SPEECH, "tts-1",
	"{\"text\":\"Hello\",\"instructions\":\"\",\"voice\":\"nova\","
	"\"output_format\":\"opus\",\"speed\":1.25}",
	OPENAI "audio/speech",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"nova\","
	"\"response_format\":\"opus\",\"speed\":1.25,\"instructions\":\"\"}",
	""},
    {PROMPT_SPEECH, "tts-1",
	"{\"text\":\"Hello\",\"output_format\":\"midi\",\"pitch\":2}",
	OPENAI "audio/speech",
	"{\"model\":\"tts-1\",\"input\":\"Hello\",\"voice\":\"alloy\","
	"\"response_format\":\"mp3\"}",
	"pitch, output_format"},
};

static const struct request of_google[] = {
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
check_request(
    const struct provider *p, const char *auth, const struct request *r)
{
	struct arena *a = arena_new(NULL);
	json_t *config = read_json(r->config), *want = read_json(r->body);
	struct ask ask = {.provider = p,
	    .model = r->model,
	    .kind = r->kind,
	    .config = config};
	struct call *call = driver_call(a, &ask, NULL);
	struct http_spec spec;
	struct err err = {0};
	json_t *got;

	assert_int_equal(p->driver->media_build(call, &spec, &err), 0);
	got = json_read(spec.body, &err);
	if (!json_equal(want, got))
		fail_msg("%s: got %s", r->config, spec.body.p);
	assert_string_equal(spec.url, r->url);
	assert_string_equal(spec.headers[0], "Content-Type: application/json");
	assert_string_equal(spec.headers[1], r->kind == PROMPT_IMAGE
						 ? "Accept: application/json"
						 : "Accept: */*");
	assert_string_equal(spec.headers[2], auth);
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
	for (i = 0; i < ARRAY_LEN(of_openai); i++)
		check_request(
		    &openai, "Authorization: Bearer key", &of_openai[i]);
	for (i = 0; i < ARRAY_LEN(of_google); i++)
		check_request(&google, "x-goog-api-key: key", &of_google[i]);
}

/* --- what is answered */

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

static const struct reply openai_says[] = {
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

#define PARTS(list) "{\"candidates\":[{\"content\":{\"parts\":[" list "]}}]}"
#define SOUND(type, bytes)                                                     \
	PARTS("{\"inlineData\":{\"mimeType\":\"" type "\",\"data\":\"" bytes   \
	      "\"}}")

static const struct {
	enum prompt_kind kind;
	const char *text, *want, *error;
} google_says[] = {
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
check_reply(const struct provider *p, const struct reply *r)
{
	struct record record = {.sink.event = on_event};
	struct str type = str_from(r->type);
	struct arena *a = arena_new(NULL);
	json_t *config = read_json(r->config);
	struct ask ask = {
	    .provider = p, .model = "m", .kind = r->kind, .config = config};
	struct guard guard;
	struct call *call;
	struct err err = {0};
	int rc;

	buf_init(&record.text, LIMIT_LINE_BYTES);
	guard_init(&guard, &record.sink, r->kind, false);
	call = driver_call(a, &ask, &guard.sink);
	rc = p->driver->media_body(call, type, r->body, &err);
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
	for (i = 0; i < ARRAY_LEN(openai_says); i++)
		check_reply(&openai, &openai_says[i]);
	for (i = 0; i < ARRAY_LEN(google_says); i++) {
		const char *error = google_says[i].error;
		struct reply r = {google_says[i].kind, "{}", "application/json",
		    str_from(google_says[i].text),
		    error != NULL ? error : google_says[i].want};

		check_reply(&google, &r);
	}
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
		struct ask ask = {.provider = &openai,
		    .model = cases[i].model,
		    .kind = PROMPT_IMAGE,
		    .config = config};

		assert_int_equal(images_calls(&ask), cases[i].calls);
		ask.kind = PROMPT_SPEECH;
		assert_int_equal(images_calls(&ask), 0);
		json_decref(config);
	}
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
	    cmocka_unit_test(test_sounds),
	    cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
