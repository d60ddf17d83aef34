/* Repairing unfinished JSON: a text that is whole is never called repaired,
 * and there is a value exactly when there is a state other than failed. */
#include "../../common/base/json.h"
#include "../../common/wire/partial.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = {(const char *)data, len};
	struct err err = {0};
	enum partial state;
	json_t *value, *whole;

	state = partial_parse(text, &value);
	if ((state == PARTIAL_FAILED) != (value == NULL))
		abort();
	whole = json_read(text, &err);
	if (whole != NULL && state == PARTIAL_REPAIRED)
		abort();
	if (whole == NULL && state == PARTIAL_SUCCESSFUL)
		abort();
	err_free(&err);
	json_decref(whole);
	json_decref(value);
	return 0;
}
