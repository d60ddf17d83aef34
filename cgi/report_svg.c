/* Draws intervals and histograms.  It refuses to know what is measured. */
#include "report_svg.h"

#include "../common/base/html.h"

#include <inttypes.h>
#include <math.h>

enum {
	INTERVAL_WIDTH = 240,
	INTERVAL_HEIGHT = 20,
	HISTOGRAM_WIDTH = 360,
	HISTOGRAM_HEIGHT = 120,
	AXIS = 16, /* below the bars, for its labels */
	MARGIN = 6 /* so that marks at the ends are seen */
};

static double
place(double from, double to, double value, double width)
{
	double part = to > from ? (value - from) / (to - from) : 0.5;

	return MARGIN + fmin(fmax(part, 0), 1) * (width - 2 * MARGIN);
}

static void
begin(struct buf *b, int width, int height, const char *text)
{
	buf_addf(b,
	    "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	    "role=\"img\"><title>",
	    width, height, width, height);
	html_puts(b, text);
	buf_adds(b, "</title>");
}

static void
line(struct buf *b, const char *class, double x1, double y1, double x2,
    double y2)
{
	buf_addf(b,
	    "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
	    "y2=\"%.1f\"/>",
	    class, x1, y1, x2, y2);
}

void
svg_interval(struct buf *b, const struct svg_interval *i)
{
	const double w = INTERVAL_WIDTH, middle = INTERVAL_HEIGHT / 2.0;
	double low = place(i->from, i->to, i->low, w);
	double high = place(i->from, i->to, i->high, w);

	begin(b, INTERVAL_WIDTH, INTERVAL_HEIGHT, i->text);
	line(b, "axis", MARGIN, middle, w - MARGIN, middle);
	if (!isnan(i->mark)) {
		double x = place(i->from, i->to, i->mark, w);

		line(b, "mark", x, 1, x, INTERVAL_HEIGHT - 1);
	}
	if (!isnan(low) && !isnan(high)) {
		line(b, "range", low, middle, high, middle);
		line(b, "range", low, middle - 4, low, middle + 4);
		line(b, "range", high, middle - 4, high, middle + 4);
	}
	buf_addf(b, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
	    place(i->from, i->to, i->value, w), middle);
	buf_adds(b, "</svg>");
}

size_t
svg_bin(const struct svg_histogram *h, double score)
{
	double part =
	    h->to > h->from ? (score - h->from) / (h->to - h->from) : 0;
	double bin = floor(part * SVG_BINS);

	return bin < 0 ? 0 : bin >= SVG_BINS ? SVG_BINS - 1 : (size_t)bin;
}

static void
bars(struct buf *b, const struct svg_histogram *h, double floor_at)
{
	double width = (HISTOGRAM_WIDTH - 2.0 * MARGIN) / SVG_BINS, height;
	double step = (h->to - h->from) / SVG_BINS;
	int64_t most = 1;

	for (size_t i = 0; i < SVG_BINS; i++)
		if (h->counts[i] > most)
			most = h->counts[i];
	for (size_t i = 0; i < SVG_BINS; i++) {
		if (h->counts[i] == 0)
			continue;
		height = fmax(
		    (floor_at - 8) * (double)h->counts[i] / (double)most, 1);
		buf_addf(b,
		    "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		    "height=\"%.1f\"><title>%.4g to %.4g: %" PRId64
		    "</title></rect>",
		    MARGIN + width * (double)i + 0.5, floor_at - height,
		    width - 1, height, h->from + step * (double)i,
		    h->from + step * (double)(i + 1), h->counts[i]);
	}
}

void
svg_histogram(struct buf *b, const struct svg_histogram *h)
{
	const double floor_at = HISTOGRAM_HEIGHT - AXIS;
	double low = place(h->from, h->to, h->low, HISTOGRAM_WIDTH);
	double high = place(h->from, h->to, h->high, HISTOGRAM_WIDTH);
	double mean = place(h->from, h->to, h->value, HISTOGRAM_WIDTH);

	begin(b, HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, h->text);
	if (!isnan(low) && !isnan(high))
		buf_addf(b,
		    "<rect class=\"band\" x=\"%.1f\" y=\"0\" width=\"%.1f\" "
		    "height=\"%.1f\"/>",
		    low, fmax(high - low, 1), floor_at);
	bars(b, h, floor_at);
	line(b, "axis", MARGIN, floor_at, HISTOGRAM_WIDTH - MARGIN, floor_at);
	if (!isnan(mean))
		line(b, "mark", mean, 0, mean, floor_at);
	buf_addf(b,
	    "<text x=\"%d\" y=\"%d\">%.4g</text>"
	    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g</text></svg>",
	    MARGIN, HISTOGRAM_HEIGHT - 3, h->from, HISTOGRAM_WIDTH - MARGIN,
	    HISTOGRAM_HEIGHT - 3, h->to);
}
