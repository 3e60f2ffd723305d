/* SPDX-License-Identifier: Apache-2.0 */
#include "show/beacon.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/intern.h"
#include "base/json.h"
#include "show/call.h"

#include <stdlib.h>
#include <string.h>

/* Destinations are forgotten where a group of them ends and there are more. */
#define TARGETS_MOST 1024u

struct beacons {
    struct beacon_options options;
    struct json *json; /* for texts with escapes */
    struct text object;
    struct intern sources; /* hosts (call.h) */
    struct call_host host; /* the one that was read last */
    struct sorter calls;
    int64_t *ends; /* of each source: the latest one of its flows */
    size_t end_count, end_capacity;
    int64_t first, last; /* starts, of all flows */
    bool any;

    /* In the end: */
    struct intern targets; /* destinations of pairs that came lately */
    uint32_t *hosts;       /* of each of them: how many there are so far */
    size_t host_capacity;
    uint16_t group;         /* of the latest one */
    int64_t *times, *sizes; /* of a pair's flows */
    size_t time_capacity, size_capacity;
    struct intern names;
    struct beacon *found;
    size_t found_count, found_capacity;
    size_t counted; /* of those found: whose hosts are known; of the others, hosts is the target */
};

static const struct json_key keys[] = {{"text", 1}};

static enum result prepare(struct beacons *beacons)
{
    const struct beacon_options *options = &beacons->options;
    enum result result = json_init(&beacons->json, keys, sizeof keys / sizeof *keys);

    if (result == RESULT_OK)
        result = intern_init(&beacons->sources);
    if (result == RESULT_OK)
        result = intern_init(&beacons->targets);
    if (result == RESULT_OK)
        result = intern_init(&beacons->names);
    if (result == RESULT_OK)
        result = sorter_init(&beacons->calls, options->memory, options->folder,
                             &(struct sorter_order){call_rank, call_compare, NULL});
    return result;
}

enum result beacons_init(struct beacons **beacons, const struct beacon_options *options)
{
    enum result result;

    *beacons = calloc(1, sizeof **beacons);
    if (!*beacons)
        return RESULT_NO_MEMORY;
    (*beacons)->options = *options;
    result = prepare(*beacons);
    if (result != RESULT_OK)
        beacons_destroy(beacons);
    return result;
}

void beacons_destroy(struct beacons **beacons)
{
    struct beacons *old = *beacons;

    if (!old)
        return;
    json_destroy(&old->json);
    text_destroy(&old->object);
    intern_destroy(&old->sources);
    intern_destroy(&old->targets);
    intern_destroy(&old->names);
    sorter_destroy(&old->calls);
    free(old->ends);
    free(old->hosts);
    free(old->times);
    free(old->sizes);
    free(old->found);
    free(old);
    *beacons = NULL;
}

/* What a flow says of its ends. */

/* What a string says that stands as it is in a line. */
static enum result read_string(struct beacons *beacons, struct record_text raw,
                               struct record_text *text)
{
    const struct json_member *members;
    size_t used, count;
    enum result result;

    if (!memchr(raw.bytes, '\\', raw.length)) {
        *text = (struct record_text){raw.bytes + 1, raw.length - 2};
        return RESULT_OK;
    }
    beacons->object.length = 0;
    result = text_put_string(&beacons->object, "{\"text\":");
    if (result == RESULT_OK)
        result = text_put(&beacons->object, raw.bytes, raw.length);
    if (result == RESULT_OK)
        result = text_put(&beacons->object, "}", 1);
    if (result == RESULT_OK)
        result = json_read(beacons->json, beacons->object.bytes, beacons->object.length, &used);
    if (result != RESULT_OK)
        return result;
    members = json_members(beacons->json, &count);
    *text = (struct record_text){members[0].text, members[0].length};
    return RESULT_OK;
}

/* The host of an end, without its port, where it has one, and without brackets. */
static struct record_text host_of(struct record_text end, bool has_port)
{
    const char *colon = has_port ? memrchr(end.bytes, ':', end.length) : NULL;

    if (colon && colon > end.bytes)
        end.length = (size_t)(colon - end.bytes);
    if (end.length >= 2 && end.bytes[0] == '[' && end.bytes[end.length - 1] == ']')
        end = (struct record_text){end.bytes + 1, end.length - 2};
    return end;
}

/* Reads src or dst. */
static enum result read_host(struct beacons *beacons, const struct merged *flow,
                             enum record_field field)
{
    struct record_text value = flow->parts.values[field], text;
    enum result result;

    if (value.length == 0) {
        call_host_address(&beacons->host, &flow->ends[field == RECORD_DST]);
        return RESULT_OK;
    }
    result = read_string(beacons, value, &text);
    if (result == RESULT_OK)
        call_host_name(&beacons->host, host_of(text, flow->has_ports));
    return result;
}

/* Whether a filter has said that a flow is uninteresting. */
static bool is_uninteresting(const struct merged *flow)
{
    return record_text_is(flow->parts.rest, "knownUninteresting");
}

/* Flows come in. */

static void note_start(struct beacons *beacons, int64_t start)
{
    beacons->first = beacons->any && beacons->first < start ? beacons->first : start;
    beacons->last = beacons->any && beacons->last > start ? beacons->last : start;
    beacons->any = true;
}

static enum result note_end(struct beacons *beacons, uint32_t src, int64_t end)
{
    int64_t *grown = grow(beacons->ends, beacons->end_count, &beacons->end_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    beacons->ends = grown;
    if (src == beacons->end_count)
        beacons->ends[beacons->end_count++] = end;
    else if (end > beacons->ends[src])
        beacons->ends[src] = end;
    return RESULT_OK;
}

static enum result keep_call(struct beacons *beacons, uint32_t src, const struct merged *flow)
{
    const struct call call = {
        .start = flow->start,
        .end = flow->end,
        .sent = flow->bytes[0],
        .received = flow->bytes[1],
        .src = src,
        .dst = {beacons->host.bytes, beacons->host.length},
    };
    char bytes[CALL_MOST];
    size_t length = call_put(&call, &beacons->sources.seed, bytes);
    enum result result = RESULT_OK;

    if (sorter_full(&beacons->calls))
        result = sorter_spill(&beacons->calls);
    return result == RESULT_OK ? sorter_add(&beacons->calls, bytes, length) : result;
}

enum result beacons_add(struct beacons *beacons, const struct merged *flow)
{
    uint32_t src;
    enum result result = read_host(beacons, flow, RECORD_SRC);

    note_start(beacons, flow->start);
    if (result == RESULT_OK)
        result = intern_add(&beacons->sources, beacons->host.bytes, beacons->host.length, &src);
    if (result == RESULT_OK)
        result = note_end(beacons, src, flow->end);
    if (result != RESULT_OK || (!beacons->options.all && is_uninteresting(flow)))
        return result;
    result = read_host(beacons, flow, RECORD_DST);
    return result == RESULT_OK ? keep_call(beacons, src, flow) : result;
}

/* All are in. */

static void add_up(uint64_t *sum, uint64_t count)
{
    if (__builtin_add_overflow(*sum, count, sum))
        *sum = UINT64_MAX;
}

/* Durations end with the year 9999, and so does their sum, which can be read again. */
static void add_time(int64_t *sum, int64_t time)
{
    *sum = time < TIME_END - *sum ? *sum + time : TIME_END - 1;
}

/* The start of the time that is looked at. */
static int64_t start_of(const struct beacons *beacons)
{
    int64_t span = beacons->options.span;

    return beacons->last - beacons->first > span ? beacons->last - span : beacons->first;
}

bool beacons_cut(const struct beacons *beacons, int64_t *last)
{
    *last = beacons->last;
    return beacons->any && start_of(beacons) > beacons->first;
}

/* A pair as it is found, flow by flow. */
struct finding {
    struct beacon beacon;
    uint32_t src;
    struct call_host dst;
    size_t count;      /* of flows that began within the time, whose times are kept */
    int64_t connected; /* the duration of flows that carried bytes both ways */
};

static int64_t whole_seconds(int64_t time)
{
    return time - time % SECOND;
}

static enum result keep_time(struct beacons *beacons, size_t count, const struct call *call)
{
    int64_t *times = grow(beacons->times, count, &beacons->time_capacity, sizeof *times);
    int64_t *sizes;

    if (!times)
        return RESULT_NO_MEMORY;
    beacons->times = times;
    sizes = grow(beacons->sizes, count, &beacons->size_capacity, sizeof *sizes);
    if (!sizes)
        return RESULT_NO_MEMORY;
    beacons->sizes = sizes;
    times[count] = call->start / SECOND;
    sizes[count] = (int64_t)(call->sent < SCORE_SIZE_MOST ? call->sent : SCORE_SIZE_MOST);
    return RESULT_OK;
}

static enum result take_call(struct beacons *beacons, struct finding *finding,
                             const struct call *call)
{
    struct beacon *beacon = &finding->beacon;
    int64_t start = start_of(beacons), duration = call->end - call->start;
    enum result result = RESULT_OK;

    if (call->end < start)
        return RESULT_OK;
    if (beacon->flows++ == 0 || call->start < beacon->start)
        beacon->start = call->start;
    beacon->end = call->end > beacon->end ? call->end : beacon->end;
    beacon->longest = duration > beacon->longest ? duration : beacon->longest;
    add_time(&beacon->total, duration);
    if (call->sent > 0 && call->received > 0)
        add_time(&finding->connected, duration);
    add_up(&beacon->sent, call->sent);
    add_up(&beacon->received, call->received);
    if (call->start < start)
        return RESULT_OK;
    beacon->when[score_part(beacon->when_start / SECOND, beacon->when_end / SECOND,
                            call->start / SECOND)]++;
    if (finding->count < SCORE_STROBE)
        result = keep_time(beacons, finding->count++, call);
    return result;
}

static bool has_line(const struct beacons *beacons, const struct beacon *beacon)
{
    return (beacon->scored || beacon->strobe || beacon->long_score > 0) &&
           beacon_rank(beacon) >= beacons->options.score;
}

/* Counts a host of a destination. */
static enum result count_host(struct beacons *beacons, const struct call_host *dst,
                              uint32_t *target)
{
    uint32_t count = intern_count(&beacons->targets), *grown;
    enum result result = intern_add(&beacons->targets, dst->bytes, dst->length, target);

    if (result != RESULT_OK)
        return result;
    grown = grow(beacons->hosts, count, &beacons->host_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    beacons->hosts = grown;
    if (*target == count)
        beacons->hosts[*target] = 0;
    beacons->hosts[*target]++;
    return RESULT_OK;
}

/* The hosts of destinations that came are all counted. */
static enum result end_targets(struct beacons *beacons)
{
    for (; beacons->counted < beacons->found_count; beacons->counted++) {
        uint32_t *hosts = &beacons->found[beacons->counted].hosts;

        *hosts = beacons->hosts[*hosts];
    }
    intern_destroy(&beacons->targets);
    return intern_init(&beacons->targets);
}

/* The text of a host, which is kept. */
static enum result name_host(struct beacons *beacons, const char *bytes, size_t length,
                             struct record_text *name)
{
    char room[ADDRESS_TEXT];
    struct record_text text = call_host_text(bytes, length, room);
    uint32_t index;
    enum result result = intern_add(&beacons->names, text.bytes, text.length, &index);

    if (result == RESULT_OK)
        name->bytes = intern_text(&beacons->names, index, &name->length);
    return result;
}

static enum result keep_found(struct beacons *beacons, const struct finding *finding)
{
    struct beacon *found =
        grow(beacons->found, beacons->found_count, &beacons->found_capacity, sizeof *found);
    size_t length;
    const char *src = intern_text(&beacons->sources, finding->src, &length);
    enum result result;

    if (!found)
        return RESULT_NO_MEMORY;
    beacons->found = found;
    found += beacons->found_count;
    *found = finding->beacon;
    result = name_host(beacons, src, length, &found->src);
    if (result == RESULT_OK)
        result = name_host(beacons, finding->dst.bytes, finding->dst.length, &found->dst);
    beacons->found_count += result == RESULT_OK;
    return result;
}

/* All flows of a pair are in. */
static enum result end_pair(struct beacons *beacons, struct finding *finding)
{
    struct beacon *beacon = &finding->beacon;
    struct score_flows flows = {beacon->when_start / SECOND,
                                beacon->when_end / SECOND,
                                beacons->times,
                                beacons->sizes,
                                finding->count,
                                beacon->when};
    enum result result;

    if (beacon->flows == 0)
        return RESULT_OK;
    result = count_host(beacons, &finding->dst, &beacon->hosts);
    if (result != RESULT_OK)
        return result;
    beacon->strobe = finding->count >= SCORE_STROBE;
    beacon->long_score = score_long(finding->connected);
    if (!beacon->strobe && finding->count >= beacons->options.flows)
        beacon->scored = score_flows(&flows, &beacon->score);
    return has_line(beacons, beacon) ? keep_found(beacons, finding) : RESULT_OK;
}

static void begin_pair(const struct beacons *beacons, const struct call *call,
                       struct finding *finding)
{
    finding->beacon = (struct beacon){
        .when_start = whole_seconds(start_of(beacons)),
        .when_end = whole_seconds(beacons->last),
    };
    finding->src = call->src;
    finding->dst.length = call->dst.length;
    memcpy(finding->dst.bytes, call->dst.bytes, call->dst.length);
    finding->count = 0;
    finding->connected = 0;
}

static bool is_of_pair(const struct finding *finding, const struct call *call)
{
    return call->src == finding->src && call->dst.length == finding->dst.length &&
           memcmp(call->dst.bytes, finding->dst.bytes, call->dst.length) == 0;
}

static enum result next_pair(struct beacons *beacons, const struct call *call,
                             struct finding *finding)
{
    enum result result = end_pair(beacons, finding);

    if (result == RESULT_OK && call->group != beacons->group &&
        intern_count(&beacons->targets) > TARGETS_MOST)
        result = end_targets(beacons);
    beacons->group = call->group;
    begin_pair(beacons, call, finding);
    return result;
}

static enum result find_pairs(struct beacons *beacons)
{
    struct finding finding = {.src = 0};
    struct entry entry;
    struct call call;
    enum result result = sorter_read(&beacons->calls);

    while (result == RESULT_OK && (result = sorter_next(&beacons->calls, &entry)) == RESULT_OK) {
        call_take(entry.bytes, &call);
        if (!is_of_pair(&finding, &call))
            result = next_pair(beacons, &call, &finding);
        if (result == RESULT_OK)
            result = take_call(beacons, &finding, &call);
    }
    if (result == RESULT_END)
        result = end_pair(beacons, &finding);
    return result == RESULT_OK ? end_targets(beacons) : result;
}

/* Of all hosts. */
static void set_prevalence(struct beacons *beacons)
{
    uint64_t all = 0;

    for (size_t i = 0; i < beacons->end_count; i++)
        all += beacons->ends[i] >= start_of(beacons);
    /* Each that was found has a host within the span, so that there is one. */
    for (size_t i = 0; i < beacons->found_count && all > 0; i++) {
        struct beacon *beacon = &beacons->found[i];

        beacon->prevalence = (uint32_t)((2000 * (uint64_t)beacon->hosts + all) / (2 * all));
    }
}

uint32_t beacon_rank(const struct beacon *beacon)
{
    if (beacon->strobe)
        return 1000;
    return beacon->score.all > beacon->long_score ? beacon->score.all : beacon->long_score;
}

int beacon_compare(const void *a, const void *b)
{
    const struct beacon *x = a, *y = b;
    int order;

    if (beacon_rank(x) != beacon_rank(y))
        return beacon_rank(x) > beacon_rank(y) ? -1 : 1;
    if (x->flows != y->flows)
        return x->flows > y->flows ? -1 : 1;
    order = record_text_compare(x->src, y->src);
    return order != 0 ? order : record_text_compare(x->dst, y->dst);
}

enum result beacons_finish(struct beacons *beacons)
{
    enum result result = find_pairs(beacons);

    if (result != RESULT_OK)
        return result;
    set_prevalence(beacons);
    if (beacons->found_count > 0)
        qsort(beacons->found, beacons->found_count, sizeof *beacons->found, beacon_compare);
    return RESULT_OK;
}

size_t beacons_count(const struct beacons *beacons)
{
    return beacons->found_count;
}

const struct beacon *beacons_at(const struct beacons *beacons, size_t index)
{
    return &beacons->found[index];
}
