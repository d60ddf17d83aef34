/* Prints each double that comes in on standard input, eight bytes in the
 * machine's order, as a line: what tests/tools/doubles.mjs compares. */
#include "../../common/base/js.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line that does not read back is a mistake of the reader. */
static void
check_reading(const char *text, size_t len, double d)
{
	const char *next;
	double back;

	if (d - d != 0)
		return;
	if (js_number_read(text, text + len, &back, &next) && back == d &&
	    next == text + len)
		return;
	(void)fprintf(stderr, "%s does not read back\n", text);
	exit(1);
}

int
main(void)
{
	char line[JS_NUMBER_LEN], bytes[65536];
	size_t have = 0, i, len;
	ssize_t n;
	double d;

	while (
	    (n = read(STDIN_FILENO, bytes + have, sizeof(bytes) - have)) > 0) {
		have += (size_t)n;
		for (i = 0; have - i >= sizeof(d); i += sizeof(d)) {
			memcpy(&d, bytes + i, sizeof(d));
			len = js_number_print(line, d);
			check_reading(line, len, d);
			line[len] = '\n';
			(void)fwrite(line, 1, len + 1, stdout);
		}
		have -= i;
		memmove(bytes, bytes + i, have);
		(void)fflush(stdout);
	}
	return 0;
}
