/* Images and speech of Google's models (protocol.md 2.6, 6.8): Gemini's own
 * give them as parts of an answer, Imagen has a method to itself.  Speech comes
 * as bare samples, which get a head that players know.  It uses no driver's
 * state. */
#include "gemini.h"

#include "media.h"
#include "request.h"
#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <stdlib.h>
#include <string.h>

/* What Google's samples are unless their type says so, and the head of a WAV
 * file of one channel of 16 bits. */
enum { DEFAULT_RATE = 24000, MAX_RATE = 1000000, WAV_HEAD = 44 };

/* --- what is asked */

static bool
is_imagen(const char *model)
{
	static const char family[] = "imagen";
	const char *slash = strrchr(model, '/');

	model = slash != NULL ? slash + 1 : model;
	return strncmp(model, family, strlen(family)) == 0;
}

/* Imagen makes four; Gemini's own make one, whatever is asked for. */
unsigned
gemini_images_at_once(const char *model)
{
	return is_imagen(model) ? 4 : 1;
}

static json_t *
value_of(const struct ask *ask, const char *key)
{
	json_t *value = json_object_get(ask->config, key);

	return value == NULL || json_is_null(value) ? NULL : value;
}

static void
add_text(json_t *body, struct str text)
{
	json_object_set_new(body, "contents",
	    json_pack("[{s:s, s:[o]}]", "role", "user", "parts",
		request_text(NULL, text)));
}

static void
ask_imagen(struct call *call, json_t *body)
{
	static const struct place places[] = {
	    {"prompt", NULL},
	    {"num_images", "sampleCount"},
	    {"aspect_ratio", "aspectRatio"},
	};
	json_t *instance = json_object(), *parameters = json_object();

	request_forward(instance, "prompt", call->ask->config, "prompt");
	json_object_set_new(parameters, "sampleCount", json_integer(1));
	request_config(call, parameters, places, ARRAY_LEN(places));
	json_object_set_new(body, "instances", json_pack("[o]", instance));
	json_object_set_new(body, "parameters", parameters);
}

/* Sizes are 1K, 2K and 4K there; one in pixels has no place. */
static bool
is_size(struct str size)
{
	return size.len == 2 && size.p[0] >= '1' && size.p[0] <= '9' &&
	       size.p[1] == 'K';
}

static void
ask_image(struct call *call, json_t *body)
{
	static const struct place places[] = {
	    {"prompt", NULL},
	    {"num_images", NULL},
	    {"aspect_ratio", NULL},
	    {"seed", "seed"},
	    {"size", NULL},
	};
	const struct ask *ask = call->ask;
	json_t *config =
	    json_pack("{s:[ss]}", "responseModalities", "TEXT", "IMAGE");
	json_t *image = json_object(), *size = value_of(ask, "size");

	add_text(body, driver_string(value_of(ask, "prompt")));
	request_forward(image, "aspectRatio", ask->config, "aspect_ratio");
	if (size != NULL && is_size(driver_string(size)))
		json_object_set(image, "imageSize", size);
	else if (size != NULL)
		request_ignore(call, "size");
	if (json_object_size(image) != 0)
		json_object_set(config, "imageConfig", image);
	json_decref(image);
	request_config(call, config, places, ARRAY_LEN(places));
	json_object_set_new(body, "generationConfig", config);
}

/* How it is to be spoken is said before what is to be spoken. */
static void
ask_speech(struct call *call, json_t *body)
{
	static const struct place places[] = {
	    {"text", NULL},
	    {"voice", NULL},
	    {"output_format", NULL},
	    {"instructions", NULL},
	};
	const struct ask *ask = call->ask;
	struct str text = driver_string(value_of(ask, "text"));
	struct str how = driver_string(value_of(ask, "instructions"));
	struct str format = driver_string(value_of(ask, "output_format"));
	json_t *config = json_pack("{s:[s]}", "responseModalities", "AUDIO");
	json_t *voice = json_pack("{ss}", "voiceName", "Kore");
	const char *both;

	if (how.len != 0 && text.p != NULL) {
		both = arena_printf(call->arena, "%.*s\n\n%.*s", (int)how.len,
		    how.p, (int)text.len, text.p);
		text = str_from(both);
	}
	add_text(body, text);
	request_config(call, config, places, ARRAY_LEN(places));
	request_forward(voice, "voiceName", ask->config, "voice");
	json_object_set_new(config, "speechConfig",
	    json_pack(
		"{s:{s:o}}", "voiceConfig", "prebuiltVoiceConfig", voice));
	json_object_set_new(body, "generationConfig", config);
	if (format.p != NULL && !str_is(format, "wav"))
		request_ignore(call, "output_format");
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	(void)err;
	if (call->ask->kind != PROMPT_IMAGE)
		ask_speech(call, body);
	else if (is_imagen(call->ask->model))
		ask_imagen(call, body);
	else
		ask_image(call, body);
	return 0;
}

int
gemini_media_build(struct call *call, struct http_spec *spec, struct err *err)
{
	bool imagen =
	    call->ask->kind == PROMPT_IMAGE && is_imagen(call->ask->model);

	gemini_address(call, spec, imagen ? "predict" : "generateContent");
	return request_body(call, make_body, spec, err);
}

/* --- what is answered */

static void
emit(struct call *call, const json_t *value, const json_t *usage)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL, .object = value};
	struct usage used = gemini_usage(usage);

	call->sink->event(call->sink, &ev);
	driver_finish(call, FINISH_STOP, &used);
}

static void
add_image(json_t *images, json_t *base64, struct str type)
{
	struct str found = media_image_type(driver_string(base64));
	json_t *image = json_object();

	if (found.p != NULL)
		type = found;
	json_set_str(
	    image, "mimeType", type.p != NULL ? type : STR("image/png"));
	json_object_set(image, "base64", base64);
	json_array_append_new(images, image);
}

static void
take_predictions(json_t *images, const json_t *predictions)
{
	json_t *base64;
	size_t i;

	for (i = 0; i < json_array_size(predictions); i++) {
		const json_t *made = json_array_get(predictions, i);

		base64 = json_object_get(made, "bytesBase64Encoded");
		if (json_is_string(base64))
			add_image(images, base64,
			    driver_string(json_object_get(made, "mimeType")));
	}
}

static const json_t *
parts_of(const json_t *reply)
{
	const json_t *candidate =
	    json_array_get(json_object_get(reply, "candidates"), 0);

	return json_object_get(json_object_get(candidate, "content"), "parts");
}

/* Drafts that a model made while it thought are no answer. */
static void
take_parts(json_t *images, const json_t *parts)
{
	json_t *base64;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);
		const json_t *data = json_object_get(part, "inlineData");

		base64 = json_object_get(data, "data");
		if (json_is_string(base64) &&
		    !json_is_true(json_object_get(part, "thought")))
			add_image(images, base64,
			    driver_string(json_object_get(data, "mimeType")));
	}
}

/* What a model says in place of what it was to make: its words, or why it
 * stopped, or why Imagen filtered what it made. */
static int
nothing(const json_t *reply, const char *what, struct err *err)
{
	const json_t *parts = parts_of(reply);
	const json_t *candidate =
	    json_array_get(json_object_get(reply, "candidates"), 0);
	const json_t *prediction =
	    json_array_get(json_object_get(reply, "predictions"), 0);
	const struct str reasons[] = {
	    driver_string(json_object_get(prediction, "raiFilteredReason")),
	    driver_string(json_object_get(json_array_get(parts, 0), "text")),
	    driver_string(json_object_get(candidate, "finishMessage")),
	    driver_string(json_object_get(candidate, "finishReason")),
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].len != 0 && !str_is(reasons[i], "STOP"))
			return fail(err, ERR_PROVIDER, "%s: %.*s", what,
			    (int)reasons[i].len, reasons[i].p);
	return fail(err, ERR_PROVIDER, "%s.", what);
}

static int
images_body(struct call *call, const json_t *reply, struct err *err)
{
	json_t *images = json_array();
	int rc = 0;

	take_predictions(images, json_object_get(reply, "predictions"));
	take_parts(images, parts_of(reply));
	if (json_array_size(images) != 0)
		emit(call, images, json_object_get(reply, "usageMetadata"));
	else
		rc = nothing(reply, "No image generated", err);
	json_decref(images);
	return rc;
}

/* "audio/L16;codec=pcm;rate=24000" are samples of 16 bits. */
static bool
is_samples(struct str type)
{
	static const char raw[] = "audio/l16";

	return type.len >= strlen(raw) &&
	       strncasecmp(type.p, raw, strlen(raw)) == 0;
}

static unsigned
rate_of(struct str type)
{
	const char *at = memmem(type.p, type.len, "rate=", 5);
	unsigned long rate =
	    at != NULL ? strtoul(at + 5, NULL, 10) : DEFAULT_RATE;

	return rate == 0 || rate > MAX_RATE ? DEFAULT_RATE : (unsigned)rate;
}

static char *
put(char *p, size_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*p++ = (char)(unsigned char)(value >> 8 * i & 0xff);
	return p;
}

/* RIFF's WAVE form: one channel of 16 bits. */
static struct str
make_wav(struct arena *a, struct str samples, unsigned rate)
{
	char *wav = arena_alloc(a, WAV_HEAD + samples.len), *p = wav;

	p = mempcpy(p, "RIFF", 4);
	p = put(p, samples.len + WAV_HEAD - 8, 4);
	p = mempcpy(p, "WAVEfmt ", 8);
	p = put(p, 16, 4);
	p = put(p, 1, 2); /* linear samples */
	p = put(p, 1, 2);
	p = put(p, rate, 4);
	p = put(p, (size_t)rate * 2, 4);
	p = put(p, 2, 2);
	p = put(p, 16, 2);
	p = mempcpy(p, "data", 4);
	p = put(p, samples.len, 4);
	memcpy(p, samples.p, samples.len);
	return (struct str){wav, WAV_HEAD + samples.len};
}

/* What is no bare samples goes on as it is, under the name of its type. */
static json_t *
make_speech(struct arena *a, json_t *base64, struct str type)
{
	struct str bytes, format;
	json_t *speech = json_object();
	const char *semi;

	if (!is_samples(type)) {
		semi = memchr(type.p, ';', type.len);
		if (semi != NULL)
			type.len = (size_t)(semi - type.p);
		format = type.len > 6 ? (struct str){type.p + 6, type.len - 6}
				      : type;
		json_set_str(speech, "mimeType", type);
		json_object_set(speech, "base64", base64);
		json_set_str(speech, "format",
		    str_is(format, "mpeg") ? STR("mp3") : format);
		return speech;
	}
	bytes = media_decode(a, driver_string(base64));
	bytes = make_wav(a, bytes, rate_of(type));
	json_set_str(speech, "mimeType", STR("audio/wav"));
	json_set_str(speech, "base64", base64_print(a, bytes));
	json_set_str(speech, "format", STR("wav"));
	return speech;
}

static int
speech_body(struct call *call, const json_t *reply, struct err *err)
{
	const json_t *parts = parts_of(reply), *data = NULL;
	json_t *base64 = NULL, *speech;
	struct str type;
	size_t i;

	for (i = 0; i < json_array_size(parts) && base64 == NULL; i++) {
		data = json_object_get(json_array_get(parts, i), "inlineData");
		base64 = json_object_get(data, "data");
	}
	if (driver_string(base64).len == 0)
		return nothing(reply, "No speech audio generated", err);
	type = driver_string(json_object_get(data, "mimeType"));
	if (type.p == NULL)
		type = STR("audio/L16");
	speech = make_speech(call->arena, base64, type);
	emit(call, speech, json_object_get(reply, "usageMetadata"));
	json_decref(speech);
	return 0;
}

int
gemini_media_body(
    struct call *call, struct str type, struct str text, struct err *err)
{
	const json_t *reply = gemini_reply(call, text, err);

	(void)type;
	if (reply == NULL)
		return -1;
	return call->ask->kind == PROMPT_IMAGE ? images_body(call, reply, err)
					       : speech_body(call, reply, err);
}
