/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recorder.h"

#include "flow/communityid.h"

#include <stdlib.h>
#include <string.h>

struct recorder {
    struct recorder_options options;
    struct names *names;
    struct record_text sensor;
};

/* NULL: no text. */
static struct record_text text_of(const char *string)
{
    return (struct record_text){string, string ? strlen(string) : 0};
}

enum result recorder_init(struct recorder **recorder, const struct recorder_options *options)
{
    struct recorder *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->sensor = text_of(options->sensor);
    result = names_init(&new->names, options->names_budget);
    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    *recorder = new;
    return RESULT_OK;
}

void recorder_destroy(struct recorder **recorder)
{
    if (*recorder) {
        names_destroy(&(*recorder)->names);
        free(*recorder);
        *recorder = NULL;
    }
}

struct names *recorder_names(struct recorder *recorder)
{
    return recorder->names;
}

/* Names the destination, in the order of secflow(7), "How a destination gets its name". */
static void name_destination(struct recorder *recorder, const struct flow *flow,
                             struct record *record)
{
    struct name_ref passive, cached;
    bool is_passive, is_cached;

    if (flow->name) {
        record->name_source = NAME_SESSION;
        record->name = (struct record_text){flow->name, flow->name_length};
        return;
    }
    is_passive = names_find(recorder->names, &flow->dst, flow->start, &passive);
    is_cached = !(is_passive && passive.before) && recorder->options.cache &&
                names_find(recorder->options.cache, &flow->dst, flow->start, &cached);

    record->name_source = NAME_ORIGINAL;
    if (is_cached) {
        record->name_source = NAME_CACHE;
        record->name = (struct record_text){cached.text, cached.length};
    } else if (is_passive) {
        record->name_source = NAME_PASSIVE;
        record->name = (struct record_text){passive.text, passive.length};
    }
}

/* The id of the flow's first packet; "" for ICMP whose type was not captured. */
static void identify_flow(const struct flow *flow, char text[COMMUNITYID_TEXT])
{
    const struct address *from = flow->first_from_src ? &flow->src : &flow->dst;
    const struct address *to = flow->first_from_src ? &flow->dst : &flow->src;
    uint16_t sport = flow->first_from_src ? flow->sport : flow->dport;
    uint16_t dport = flow->first_from_src ? flow->dport : flow->sport;

    text[0] = '\0';
    if (has_ports(flow->proto))
        communityid_format(from, to, flow->proto, sport, dport, text);
    else if (flow->icmp_known)
        communityid_format(from, to, flow->proto, flow->icmp_type, flow->icmp_code, text);
}

/* The logged id has the form that meter_connection gives it. */
static void extend_record(const struct flow *flow, char community_id[COMMUNITYID_TEXT],
                          struct record *record)
{
    const char *space = flow->logged_id ? strchr(flow->logged_id, ' ') : NULL;

    record->extended = true;
    if (space && space > flow->logged_id) {
        record->community_id =
            (struct record_text){flow->logged_id, (size_t)(space - flow->logged_id)};
    } else {
        identify_flow(flow, community_id);
        record->community_id = text_of(community_id);
    }
    if (space)
        record->uid = text_of(space + 1);
    if (flow->service)
        record->service = (struct record_text){flow->service, flow->service_length};
}

static enum result write_flow(struct recorder *recorder, const struct flow *flow,
                              const struct window *window)
{
    char community_id[COMMUNITYID_TEXT];
    struct record record = {
        .src = flow->src,
        .dst = flow->dst,
        .sport = flow->sport,
        .dport = flow->dport,
        .proto = flow->proto,
        .src_packets = flow->src_packets,
        .src_bytes = flow->src_bytes,
        .dst_packets = flow->dst_packets,
        .dst_bytes = flow->dst_bytes,
        .traffic_date = window->sample_start,
        .relative_start = flow->start - window->sample_start,
        .duration = flow->last - flow->start,
        .window_start = window->start,
        .sensor = recorder->sensor,
        .bytes_from = flow->bytes_from,
        .sampling = flow->sampling,
    };

    if (!has_ports(flow->proto))
        record.protocol_information = RECORD_ICMP;
    name_destination(recorder, flow, &record);
    if (recorder->options.extended)
        extend_record(flow, community_id, &record);
    return record_write(recorder->options.writer, &record);
}

/* Writes flows from an index on, at most as many as names are prefetched for. */
static enum result write_flows(struct recorder *recorder, const struct flowlist *list,
                               const struct window *window, size_t first, size_t count)
{
    struct flow flows[NAMES_PREFETCH];
    const struct address *destinations[NAMES_PREFETCH] = {NULL};
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count; i++) {
        flowlist_get(list, first + i, &flows[i]);
        destinations[i] = &flows[i].dst;
    }
    names_prefetch(recorder->names, destinations, count);
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = write_flow(recorder, &flows[i], window);
    return result;
}

enum result recorder_write(struct recorder *recorder, struct flowlist *flows,
                           const struct window *window)
{
    size_t count = flowlist_count(flows);
    enum result result = flowlist_sort(flows);

    for (size_t i = 0; i < count && result == RESULT_OK; i += NAMES_PREFETCH)
        result = write_flows(recorder, flows, window, i,
                             count - i < NAMES_PREFETCH ? count - i : NAMES_PREFETCH);
    return result == RESULT_OK ? record_writer_flush(recorder->options.writer) : result;
}

static enum result take_name(void *context, const struct address *address, const char *name,
                             size_t length, int64_t time)
{
    struct recorder *recorder = context;

    return names_add(recorder->names, address, name, length, time);
}

static enum result take_flows(void *context, struct flowlist *flows, const struct window *window)
{
    enum result result = recorder_write(context, flows, window);

    flowlist_destroy(&flows);
    return result;
}

struct sink recorder_sink(struct recorder *recorder)
{
    return (struct sink){recorder, take_name, take_flows};
}
