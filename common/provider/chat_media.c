/* Images and speech as OpenAI's API makes them, and the many servers that speak
 * alike: a text goes out, pictures or a sound come back (protocol.md 2.6, 6.8).
 * What keys become and what is said of them are those of AI SDK.  It uses no
 * driver's state, so that every driver of that API has it. */
#include "chat.h"

#include "media.h"
#include "request.h"
#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

/* What a voice can be written as, and what that is when neither the bytes nor
 * the reply's head say so. */
static const struct {
	const char *format, *type;
} formats[] = {
    {"mp3", "audio/mpeg"},
    {"opus", "audio/ogg"},
    {"aac", "audio/aac"},
    {"flac", "audio/flac"},
    {"wav", "audio/wav"},
    {"pcm", "audio/pcm"},
};

/* --- what is asked */

/* The model's name without the path that gateways put before it. */
static const char *
bare_name(const char *model)
{
	const char *slash = strrchr(model, '/');

	return slash != NULL ? slash + 1 : model;
}

/* These send base64 anyway and refuse to be asked for it. */
static bool
sends_base64(const char *model)
{
	static const char family[] = "gpt-image-";

	return strncmp(bare_name(model), family, strlen(family)) == 0;
}

/* What is not known to make more makes one, as every model does. */
unsigned
chat_images_at_once(const char *model)
{
	if (sends_base64(model) || strcmp(bare_name(model), "dall-e-2") == 0)
		return 10;
	return 1;
}

static void
ask_images(struct call *call, json_t *body)
{
	static const struct place places[] = {
	    {"prompt", "prompt"}, {"num_images", "n"}, {"size", "size"}};

	json_object_set_new(body, "n", json_integer(1));
	if (!sends_base64(call->ask->model))
		json_object_set_new(
		    body, "response_format", json_string("b64_json"));
	request_config(call, body, places, ARRAY_LEN(places));
}

/* The place of the wanted format in the table; that of mp3 for none, and for
 * one that the vendor does not have. */
static size_t
wanted_format(const struct ask *ask)
{
	struct str wanted =
	    driver_string(json_object_get(ask->config, "output_format"));
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++)
		if (str_is(wanted, formats[i].format))
			return i;
	return 0;
}

static void
ask_speech(struct call *call, json_t *body)
{
	static const struct place places[] = {
	    {"text", "input"},
	    {"voice", "voice"},
	    {"output_format", NULL},
	    {"instructions", "instructions"},
	    {"speed", "speed"},
	};
	const struct ask *ask = call->ask;
	const char *format = formats[wanted_format(ask)].format;
	const json_t *wanted = json_object_get(ask->config, "output_format");

	json_object_set_new(body, "voice", json_string("alloy"));
	json_object_set_new(body, "response_format", json_string(format));
	request_config(call, body, places, ARRAY_LEN(places));
	if (wanted != NULL && !json_is_null(wanted) &&
	    !str_is(driver_string(wanted), format))
		request_ignore(call, "output_format");
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	(void)err;
	json_set_str(body, "model", str_from(call->ask->model));
	if (call->ask->kind == PROMPT_IMAGE)
		ask_images(call, body);
	else
		ask_speech(call, body);
	return 0;
}

int
chat_media_build(struct call *call, struct http_spec *spec, struct err *err)
{
	return chat_request(call,
	    call->ask->kind == PROMPT_IMAGE ? "/images/generations"
					    : "/audio/speech",
	    make_body, spec, err);
}

/* --- what is answered */

static void
emit(struct call *call, const json_t *value, const json_t *usage)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL, .object = value};
	const json_t *total = json_object_get(usage, "total_tokens");
	struct usage used = {
	    .input = driver_tokens(json_object_get(usage, "input_tokens")),
	    .output = driver_tokens(json_object_get(usage, "output_tokens")),
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	};

	call->sink->event(call->sink, &ev);
	driver_finish(call, FINISH_STOP, &used);
}

static int
take_image(json_t *images, const json_t *entry, struct err *err)
{
	json_t *bytes = json_object_get(entry, "b64_json");
	struct str type;
	json_t *image;

	if (json_is_string(json_object_get(entry, "url")) &&
	    !json_is_string(bytes))
		return fail(err, ERR_PROVIDER,
		    "the provider sent a link in place of an image");
	if (!json_is_string(bytes))
		return driver_bad_reply(err);
	type = media_image_type(driver_string(bytes));
	image = json_object();
	json_set_str(
	    image, "mimeType", type.p != NULL ? type : STR("image/png"));
	json_object_set(image, "base64", bytes);
	json_array_append_new(images, image);
	return 0;
}

static int
take_images(const json_t *data, json_t *images, struct err *err)
{
	size_t i;

	if (!json_is_array(data))
		return driver_bad_reply(err);
	if (json_array_size(data) == 0)
		return fail(err, ERR_PROVIDER, "No image generated.");
	for (i = 0; i < json_array_size(data); i++)
		if (take_image(images, json_array_get(data, i), err) < 0)
			return -1;
	return 0;
}

static int
images_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = chat_reply(call, text, err);
	json_t *images;
	int rc;

	if (reply == NULL)
		return -1;
	images = json_array();
	rc = take_images(json_object_get(reply, "data"), images, err);
	if (rc == 0)
		emit(call, images, json_object_get(reply, "usage"));
	json_decref(images);
	return rc;
}

/* The bytes know best, then the reply's head, then the request. */
static struct str
sound_type(const struct ask *ask, struct str head, struct str bytes)
{
	static const char prefix[] = "audio/";
	struct str type = media_audio_type(bytes);
	const char *asked = formats[wanted_format(ask)].type, *semi;

	if (type.p != NULL)
		return type;
	semi = head.len != 0 ? memchr(head.p, ';', head.len) : NULL;
	if (semi != NULL)
		head.len = (size_t)(semi - head.p);
	if (head.len > strlen(prefix) &&
	    memcmp(head.p, prefix, strlen(prefix)) == 0)
		return head;
	return str_from(asked);
}

/* "audio/wav" is in the format "wav". */
static struct str
sound_format(struct str type)
{
	const size_t skip = strlen("audio/");

	if (str_is(type, "audio/mpeg"))
		return STR("mp3");
	return (struct str){type.p + skip, type.len - skip};
}

/* JSON where a sound is due: an error, or nothing that can be used. */
static int
no_sound(struct call *call, struct str text, struct err *err)
{
	if (chat_reply(call, text, err) == NULL)
		return -1;
	return fail(err, ERR_PROVIDER, "No speech audio generated.");
}

static int
speech_body(
    struct call *call, struct str head, struct str bytes, struct err *err)
{
	struct str type;
	json_t *speech;

	if (bytes.len == 0)
		return fail(err, ERR_PROVIDER, "No speech audio generated.");
	if (head.len != 0 && memmem(head.p, head.len, "json", 4) != NULL)
		return no_sound(call, bytes, err);
	type = sound_type(call->ask, head, bytes);
	speech = json_object();
	json_set_str(speech, "mimeType", type);
	json_set_str(speech, "base64", base64_print(call->arena, bytes));
	json_set_str(speech, "format", sound_format(type));
	emit(call, speech, NULL);
	json_decref(speech);
	return 0;
}

int
chat_media_body(
    struct call *call, struct str type, struct str text, struct err *err)
{
	if (call->ask->kind == PROMPT_IMAGE)
		return images_body(call, text, err);
	return speech_body(call, type, text, err);
}
