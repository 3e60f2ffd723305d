/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pagelong.h"

#include "record/label.h"
#include "show/pagewrite.h"

#include <string.h>

void page_long_destroy(struct page_long *longest)
{
    for (unsigned i = 0; i < LONG_MOST; i++)
        text_destroy(&longest->connections[i].texts);
}

static enum result fill(struct long_connection *connection, const struct record *record)
{
    struct record_text category = label_text(record);
    const struct record_text parts[] = {record->source, record->destination, category};
    enum result result = RESULT_OK;

    connection->texts.length = 0;
    for (unsigned i = 0; i < 3 && result == RESULT_OK; i++)
        result = text_put(&connection->texts, parts[i].bytes, parts[i].length);
    connection->source = record->source.length;
    connection->destination = record->destination.length;
    connection->category = category.length;
    connection->start = record_start(record);
    connection->duration = record->duration;
    connection->sent = record->src_bytes;
    connection->received = record->dst_bytes;
    return result;
}

/* Whether the connection is of the record's source and destination. */
static bool is_of(const struct long_connection *connection, const struct record *record)
{
    return connection->source == record->source.length &&
           connection->destination == record->destination.length &&
           memcmp(connection->texts.bytes, record->source.bytes, connection->source) == 0 &&
           memcmp(connection->texts.bytes + connection->source, record->destination.bytes,
                  connection->destination) == 0;
}

/* The one that gives way to the record: that of its pair, else the shortest, or an empty one. */
static unsigned find_place(const struct page_long *longest, const struct record *record)
{
    unsigned place = 0;

    while (place < longest->count && !is_of(&longest->connections[place], record))
        place++;
    return place < LONG_MOST ? place : LONG_MOST - 1;
}

enum result page_long_add(struct page_long *longest, const struct record *record)
{
    struct long_connection *at = longest->connections, replaced;
    unsigned place;

    longest->cut = longest->cut || record->window_start >= 0;
    if (record->duration < LONG_LEAST ||
        (longest->count == LONG_MOST && record->duration <= at[LONG_MOST - 1].duration))
        return RESULT_OK;
    place = find_place(longest, record);
    if (place < longest->count && at[place].duration >= record->duration)
        return RESULT_OK;
    if (place == longest->count)
        longest->count++;
    replaced = at[place];
    for (; place > 0 && at[place - 1].duration < record->duration; place--)
        at[place] = at[place - 1];
    at[place] = replaced;
    return fill(&at[place], record);
}

static void put_connection(const struct page_view *view, const struct long_connection *one)
{
    struct html *html = view->html;
    const char *texts = one->texts.bytes;
    enum page_kind kind =
        page_kind((struct record_text){texts + one->source + one->destination, one->category});

    html_put(html, "<tr><th scope=row>");
    html_name(html, (struct record_text){texts + one->source, one->destination});
    html_put(html, "<td class=t>");
    html_name(html, (struct record_text){texts, one->source});
    html_put(html, "<td>");
    html_duration(html, one->duration);
    html_put(html, "<td class=t>");
    page_put_time(view, one->start);
    html_put(html, "<td>");
    html_bytes(html, one->sent);
    html_put(html, "<td>");
    html_bytes(html, one->received);
    html_print(html, "<td class=\"t k%u\">%s\n", kind, page_kind_name(kind));
}

void page_put_long(const struct page_view *view, const struct page_long *longest)
{
    struct html *html = view->html;

    page_begin_section(html, "long", "Long connections");
    html_put(html, "<div class=scroll><table class=sort><caption><span>");
    if (longest->count == LONG_MOST)
        html_print(html, "The %u longest, one of each host and destination.", LONG_MOST);
    else
        html_put(html, "The longest of each host and destination that lasted a minute or more.");
    if (longest->cut)
        html_put(html,
                 " Time was cut into windows, and connections with it; flowmerge joins them.");
    html_put(html, "</span></caption>\n<thead><tr><th scope=col class=t>Destination"
                   "<th scope=col class=t>Host<th scope=col>Duration<th scope=col class=t>Start"
                   "<th scope=col>Sent<th scope=col>Received<th scope=col class=t>Kind\n<tbody>\n");
    for (unsigned i = 0; i < longest->count; i++)
        put_connection(view, &longest->connections[i]);
    html_put(html, "</table></div>");
    page_end_section(html);
}
