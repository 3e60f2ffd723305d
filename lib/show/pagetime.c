/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pagewrite.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "show/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BARS_MOST 150u
#define TABLE_MOST 24u
#define TICKS_MOST 7u
#define BARS_LEAST 4u /* less is no timeline */

/* Of the drawing, in its own units: a bar with the gap behind it, and all the height. */
#define BAR_WIDTH 4u
#define HEIGHT 160u

/* How much of the height of the picture the bars have; the rest is for the ticks: per cent. */
#define PLOT_PERCENT 85u

/* Equal parts of time, which begin at multiples of what people reckon in. */
struct scale {
    int64_t start, width; /* microseconds; the width is one of whole milliseconds */
    size_t parts;
};

static struct scale make_scale(int64_t first, int64_t last, size_t most)
{
    static const int64_t widths[] = {
        SECOND / 1000,    SECOND / 500,      SECOND / 200,      SECOND / 100,    SECOND / 50,
        SECOND / 20,      SECOND / 10,       SECOND / 5,        SECOND / 2,      SECOND,
        2 * SECOND,       5 * SECOND,        10 * SECOND,       15 * SECOND,     30 * SECOND,
        60 * SECOND,      120 * SECOND,      300 * SECOND,      600 * SECOND,    900 * SECOND,
        1800 * SECOND,    3600 * SECOND,     7200 * SECOND,     10800 * SECOND,  21600 * SECOND,
        43200 * SECOND,   86400 * SECOND,    172800 * SECOND,   604800 * SECOND, 2592000 * SECOND,
        7776000 * SECOND, 31536000 * SECOND, 157680000 * SECOND};
    size_t i = 0;
    int64_t width = widths[0];

    while ((uint64_t)(last / width - first / width) >= most)
        width = ++i < sizeof widths / sizeof *widths ? widths[i] : width * 2;
    return (struct scale){first / width * width, width, (size_t)(last / width - first / width) + 1};
}

static int64_t scale_end(const struct scale *scale)
{
    return scale->start + scale->width * (int64_t)scale->parts;
}

static struct scale bars_of(const struct page_view *view)
{
    return make_scale(view->span.start, view->span.last_start, BARS_MOST);
}

bool page_has_timeline(const struct page_view *view)
{
    return view->span.start >= 0 && bars_of(view).parts >= BARS_LEAST;
}

/* How many flows of each kind began in each part: rows of the kinds, behind each other. */
static uint64_t *count_kinds(const struct page_view *view, const struct scale *scale)
{
    uint64_t *counts = calloc(KIND_COUNT * scale->parts, sizeof *counts);
    uint32_t count = summary_count(view->categories);

    for (uint32_t i = 0; counts && i < count; i++) {
        const struct summary_entry *entry = summary_at(view->categories, i);
        enum page_kind kind = page_kind(summary_name(view->categories, entry));

        summary_when(entry, scale->start, scale_end(scale), scale->parts,
                     counts + (size_t)kind * scale->parts);
    }
    return counts;
}

static uint64_t flows_of_kind(const struct page_view *view, enum page_kind kind)
{
    uint32_t count = summary_count(view->categories);
    uint64_t flows = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct summary_entry *entry = summary_at(view->categories, i);

        if (page_kind(summary_name(view->categories, entry)) == kind)
            flows += entry->flows;
    }
    return flows;
}

static void put_legend(const struct page_view *view)
{
    struct html *html = view->html;

    html_put(html, "<ul class=legend>\n");
    for (enum page_kind kind = 0; kind < KIND_COUNT; kind++) {
        uint64_t flows = flows_of_kind(view, kind);

        if (flows == 0)
            continue;
        html_print(html, "<li class=k%u>%s <span class=dim>", kind, page_kind_name(kind));
        html_count(html, flows);
        html_put(html, "</span>\n");
    }
    html_put(html, "</ul>\n");
}

static uint64_t largest_bar(const uint64_t *counts, size_t parts)
{
    uint64_t largest = 0;

    for (size_t part = 0; part < parts; part++) {
        uint64_t sum = 0;

        for (unsigned kind = 0; kind < KIND_COUNT; kind++)
            sum += counts[kind * parts + part];
        largest = sum > largest ? sum : largest;
    }
    return largest;
}

/* The step between lines: 1, 2 or 5 times a power of ten, of which at most four are needed. */
static uint64_t line_step(uint64_t largest)
{
    uint64_t power = 1;

    while (largest / 40 >= power)
        power *= 10;
    for (unsigned i = 1; i <= 5; i += i == 1 ? 1 : 3)
        if (power * i * 4 >= largest)
            return power * i;
    return power * 10;
}

/* count / top of the height, rounded down. Both are less than 2^57. */
static unsigned height_of(uint64_t count, uint64_t top)
{
    return (unsigned)(count * HEIGHT / top);
}

/* Lines behind the bars. */
static void put_lines(struct html *html, size_t parts, uint64_t step, uint64_t top)
{
    html_put(html, "<path class=l d=\"");
    for (uint64_t at = 0; at <= top; at += step)
        html_print(html, "M0 %uh%zu", HEIGHT - height_of(at, top), parts * BAR_WIDTH);
    html_put(html, "\"/>");
}

/* One path a kind, each bar a rectangle of it; a bar that is there is seen. */
static void put_bars(struct html *html, const uint64_t *counts, size_t parts, uint64_t top,
                     uint64_t *below)
{
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        bool any = false;

        for (size_t part = 0; part < parts; part++) {
            uint64_t count = counts[kind * parts + part];
            unsigned base = height_of(below[part], top), height;

            if (count == 0)
                continue;
            below[part] += count;
            height = height_of(below[part], top) - base;
            height = height > 0 ? height : 1;
            if (!any)
                html_print(html, "\n<path class=k%u d=\"", kind);
            html_print(html, "M%zu %uv-%uh%uv%uz", part * BAR_WIDTH, HEIGHT - base, height,
                       BAR_WIDTH - 1, height);
            any = true;
        }
        html_put(html, any ? "\"/>" : "");
    }
}

/* What the lines stand for, in the margin before them. */
static void put_line_texts(struct html *html, uint64_t step, uint64_t top)
{
    for (uint64_t at = step; at <= top; at += step) {
        unsigned down = (HEIGHT - height_of(at, top)) * PLOT_PERCENT * 10 / HEIGHT;

        html_print(html, "<text class=e x=-8 y=\"%u.%u%%\" dy=4>", down / 10, down % 10);
        html_count(html, at);
        html_put(html, "</text>");
    }
}

/* What a tick says: a date, a time of day, or that with its milliseconds. */
static void put_tick_text(struct html *html, int64_t time, int64_t width)
{
    char text[UNITS_TEXT];

    units_time(text, time);
    if (width >= 3600 * SECOND && time % (DAY_SECONDS * SECOND) == 0)
        html_print(html, "%.5s", text + UNITS_AFTER_YEAR);
    else if (width >= 60 * SECOND)
        html_print(html, "%.5s", text + UNITS_TIME_OF_DAY);
    else if (width >= SECOND)
        html_print(html, "%s", text + UNITS_TIME_OF_DAY);
    else
        html_print(html, "%s.%03u", text + UNITS_TIME_OF_DAY, (unsigned)(time / 1000 % 1000));
}

static void put_ticks(struct html *html, const struct scale *scale)
{
    int64_t end = scale_end(scale), range = (end - scale->start) / 1000;
    struct scale ticks = make_scale(scale->start, end, TICKS_MOST);
    bool odd = true; /* one that narrow screens have no room for */

    for (size_t i = 0; i < ticks.parts; i++) {
        int64_t time = ticks.start + ticks.width * (int64_t)i;
        unsigned along; /* of a thousand */

        if (time < scale->start || time > end)
            continue;
        along = (unsigned)((time - scale->start) / range);
        odd = !odd;
        html_print(html, "<text class=\"%s%s\" x=\"%u.%u%%\" y=\"%u%%\" dy=17>",
                   along < 40    ? "b"
                   : along > 960 ? "e"
                                 : "m",
                   odd ? " o" : "", along / 10, along % 10, PLOT_PERCENT);
        put_tick_text(html, time, ticks.width);
        html_put(html, "</text>");
    }
    html_put(html, "\n");
}

static enum result put_picture(const struct page_view *view, const struct scale *scale)
{
    uint64_t *counts = count_kinds(view, scale), *below = calloc(scale->parts, sizeof *below);
    struct html *html = view->html;

    if (counts && below) {
        uint64_t largest = largest_bar(counts, scale->parts), step = line_step(largest);
        uint64_t top = largest > 0 ? (largest + step - 1) / step * step : step;

        html_print(html,
                   "<div class=time role=img aria-label=\"Flows of each kind over time; the table "
                   "below has their numbers\">\n<svg viewBox=\"0 0 %zu %u\" "
                   "preserveAspectRatio=none>",
                   scale->parts * BAR_WIDTH, HEIGHT);
        put_lines(html, scale->parts, step, top);
        put_bars(html, counts, scale->parts, top, below);
        html_put(html, "</svg>\n<svg>");
        put_line_texts(html, step, top);
        put_ticks(html, scale);
        html_put(html, "</svg>\n</div>\n");
    }
    free(counts);
    free(below);
    return counts && below ? RESULT_OK : RESULT_NO_MEMORY;
}

static void put_table_head(const struct page_view *view)
{
    struct html *html = view->html;

    html_put(html, "<details><summary>The same in numbers</summary><div class=scroll><table>"
                   "<caption><span>Flows that began from then on.</span></caption>\n"
                   "<thead><tr><th scope=col class=t>From");
    for (enum page_kind kind = 0; kind < KIND_COUNT; kind++)
        if (flows_of_kind(view, kind) > 0)
            html_print(html, "<th scope=col>%s", page_kind_name(kind));
    html_put(html, "\n<tbody>\n");
}

static enum result put_table(const struct page_view *view)
{
    struct scale scale = make_scale(view->span.start, view->span.last_start, TABLE_MOST);
    uint64_t *counts = count_kinds(view, &scale);
    struct html *html = view->html;

    if (!counts)
        return RESULT_NO_MEMORY;
    put_table_head(view);
    for (size_t part = 0; part < scale.parts; part++) {
        char text[UNITS_TEXT];

        units_time(text, scale.start + scale.width * (int64_t)part);
        html_print(html, "<tr><th scope=row>%s", text);
        for (enum page_kind kind = 0; kind < KIND_COUNT; kind++) {
            if (flows_of_kind(view, kind) == 0)
                continue;
            html_put(html, "<td>");
            html_count(html, counts[(size_t)kind * scale.parts + part]);
        }
        html_put(html, "\n");
    }
    html_put(html, "</table></div></details>");
    free(counts);
    return RESULT_OK;
}

enum result page_put_timeline(const struct page_view *view)
{
    struct scale scale = bars_of(view);
    struct html *html = view->html;
    enum result result;

    page_begin_section(html, "timeline", "Timeline");
    html_put(html, "<p class=dim>Flows by when they began, ");
    html_duration(html, scale.width);
    html_put(html, " a bar.</p>\n");
    put_legend(view);
    result = put_picture(view, &scale);
    if (result == RESULT_OK)
        result = put_table(view);
    page_end_section(html);
    return result;
}
