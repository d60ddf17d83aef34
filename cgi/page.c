/* Prints tables.  It refuses to know what is in them. */
#include "page.h"

#include <math.h>

void
page_table(struct buf *b, const char *label, const char *const *titles)
{
	buf_adds(b, "<div class=\"wide\" tabindex=\"0\"");
	if (label != NULL)
		buf_addf(b, " role=\"region\" aria-labelledby=\"%s\"", label);
	else
		buf_adds(b, " role=\"group\"");
	buf_adds(b, ">\n<table>\n<thead><tr>");
	for (; *titles != NULL; titles++)
		if (**titles == '#')
			buf_addf(b, "<th scope=\"col\" class=\"n\">%s</th>",
			    *titles + 1);
		else
			buf_addf(b, "<th scope=\"col\">%s</th>", *titles);
	buf_adds(b, "</tr></thead>\n<tbody>\n");
}

void
page_table_end(struct buf *b)
{
	buf_adds(b, "</tbody>\n</table>\n</div>\n");
}

void
page_cell(struct buf *b, const char *class, const char *text)
{
	if (class != NULL)
		buf_addf(b, "<td class=\"%s\">", class);
	else
		buf_adds(b, "<td>");
	html_puts(b, text);
	buf_adds(b, "</td>");
}

void
page_number(struct buf *b, const char *format, double value)
{
	buf_adds(b, "<td class=\"n\">");
	if (!isnan(value))
		buf_addf(b, format, value);
	buf_adds(b, "</td>");
}
