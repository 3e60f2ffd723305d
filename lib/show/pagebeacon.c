/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pagebeacon.h"

#include "show/pagewrite.h"

#include <assert.h>

static_assert(SPARK_PARTS == SCORE_PARTS, "a sparkline has the parts of a beacon");

static void put_score_cell(struct html *html, bool there, uint32_t thousandths)
{
    html_put(html, "<td>");
    if (there)
        html_print(html, "%u.%03u", thousandths / 1000, thousandths % 1000);
}

static void put_duration_cell(struct html *html, bool there, int64_t duration)
{
    html_put(html, "<td>");
    if (there)
        html_duration(html, duration);
}

/* A score of a strobe is none of RITA's: it is told in a word. */
static void put_scores(struct html *html, const struct beacon *beacon)
{
    if (beacon->strobe)
        html_put(html, "<td>strobe");
    else
        put_score_cell(html, beacon->scored, beacon->score.all);
    put_score_cell(html, beacon->long_score > 0, beacon->long_score);
    put_duration_cell(html, beacon->scored, beacon->score.interval);
    put_duration_cell(html, beacon->scored, beacon->score.jitter);
}

static void put_amounts(struct html *html, const struct beacon *beacon)
{
    put_duration_cell(html, true, beacon->total);
    put_duration_cell(html, true, beacon->longest);
    html_put(html, "<td>");
    html_count(html, beacon->flows);
    html_put(html, "<td>");
    html_count(html, beacon->hosts);
    html_put(html, "<td>");
    html_bytes(html, beacon->sent);
    html_put(html, "<td>");
    html_bytes(html, beacon->received);
}

static void put_beacon(const struct page_view *view, const struct beacon *beacon)
{
    struct html *html = view->html;

    html_put(html, "<tr><th scope=row>");
    html_name(html, beacon->dst);
    html_put(html, "<td class=t>");
    html_name(html, beacon->src);
    put_scores(html, beacon);
    put_amounts(html, beacon);
    html_put(html, "<td class=t>");
    page_put_time(view, beacon->end);
    page_put_spark(html, beacon->when);
    html_put(html, "\n");
}

static void put_caption(struct html *html, size_t shown, size_t all)
{
    html_put(html, "<div class=scroll><table class=sort><caption><span>");
    if (shown < all) {
        html_count(html, shown);
        html_put(html, " of ");
        html_count(html, all);
        html_put(html, " pairs; flowbeacon lists all. ");
    }
    html_put(html, "Hosts that call a destination again and again, or stay connected, the largest "
                   "score first. A score of 1 is the most regular; an hour connected has 0.5, 12 "
                   "hours have 1.</span></caption>\n");
}

void page_put_beacons(const struct page_view *view, const struct beacon_list *list)
{
    size_t shown = list->count < view->rows ? list->count : view->rows;
    struct html *html = view->html;

    page_begin_section(html, "beacons", "Beacons and long connections");
    put_caption(html, shown, list->count);
    html_put(html, "<thead><tr><th scope=col class=t>Destination<th scope=col class=t>Host"
                   "<th scope=col>Beacon<th scope=col>Long<th scope=col>Interval"
                   "<th scope=col>Jitter<th scope=col>Connected<th scope=col>Longest"
                   "<th scope=col>Flows<th scope=col>Hosts<th scope=col>Sent<th scope=col>Received"
                   "<th scope=col class=t>Last"
                   "<th scope=col class=x>When\n<tbody>\n");
    for (size_t i = 0; i < shown; i++)
        put_beacon(view, &list->beacons[i]);
    html_put(html, "</table></div>");
    page_end_section(html);
}
