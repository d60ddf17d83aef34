/* Attribute macros that every header of the project uses. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NONNULL __attribute__((nonnull))
#define MUST_USE __attribute__((warn_unused_result))
#else
#define PRINTF_LIKE(fmt, args)
#define NONNULL
#define MUST_USE
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* UTF-8 text of LEN bytes, borrowed, not terminated.  Text that came from JSON
 * may hold lone surrogates as three bytes (WTF-8).  P is NULL when absent. */
struct str {
	const char *p;
	size_t len;
};

/* UTF-16 text of LEN code units, borrowed.  P is NULL when absent. */
struct str16 {
	const uint16_t *p;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

#endif
