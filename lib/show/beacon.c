/* SPDX-License-Identifier: Apache-2.0 */
#include "show/beacon.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/intern.h"
#include "base/json.h"
#include "base/number.h"
#include "base/sorter.h"

#include <stdlib.h>
#include <string.h>

/* A flow, as it is sorted: by its pair, in the order in which it came. */
struct call {
    uint64_t number;
    int64_t start, end;
    uint64_t sent, received;
    uint64_t pair;
};

struct pair {
    uint32_t src, dst;
};

struct beacons {
    struct beacon_options options;
    struct json *json; /* for texts with escapes, and for what filters have added */
    struct text object;
    struct intern sources, destinations;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    struct index index;  /* of the pairs */
    struct sorter calls; /* by the numbers of their pairs */
    int64_t *ends;       /* of each source: the latest one of its flows */
    size_t end_count, end_capacity;
    int64_t first, last; /* starts, of all flows */
    uint64_t count;
    uint32_t *hosts;        /* of each destination, in the end */
    int64_t *times, *sizes; /* of a pair's flows */
    size_t time_capacity, size_capacity;
    struct beacon *found;
    size_t found_count, found_capacity;
};

enum { KEY_TEXT = 1, KEY_RELEVANCE };

static const struct json_key keys[] = {{"text", KEY_TEXT}, {"relevance", KEY_RELEVANCE}};

static struct call call_at(const char *bytes)
{
    struct call call;

    memcpy(&call, bytes, sizeof call);
    return call;
}

static uint32_t rank_call(const void *context, const char *bytes)
{
    (void)context;
    return (uint32_t)call_at(bytes).pair;
}

static int compare_calls(const char *a, const char *b)
{
    return call_at(a).number < call_at(b).number ? -1 : 1;
}

static enum result prepare(struct beacons *beacons)
{
    const struct beacon_options *options = &beacons->options;
    enum result result = json_init(&beacons->json, keys, sizeof keys / sizeof *keys);

    if (result == RESULT_OK)
        result = intern_init(&beacons->sources);
    if (result == RESULT_OK)
        result = intern_init(&beacons->destinations);
    if (result == RESULT_OK)
        result = index_init(&beacons->index);
    if (result == RESULT_OK)
        result = sorter_init(&beacons->calls, options->memory, options->folder,
                             &(struct sorter_order){rank_call, compare_calls, NULL});
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
    intern_destroy(&old->destinations);
    free(old->pairs);
    index_destroy(&old->index);
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

/* Reads an object, and finds its member of that key; no bytes: it has none that is a string. */
static enum result find_member(struct beacons *beacons, uint8_t id, struct record_text *text)
{
    const struct json_member *members;
    size_t used, count;
    enum result result =
        json_read(beacons->json, beacons->object.bytes, beacons->object.length, &used);

    *text = (struct record_text){"", 0};
    if (result != RESULT_OK)
        return result == RESULT_NO_MEMORY ? result : RESULT_OK;
    members = json_members(beacons->json, &count);
    for (size_t i = 0; i < count; i++)
        if (members[i].id == id && members[i].type == JSON_STRING && !members[i].element)
            *text = (struct record_text){members[i].text, members[i].length};
    return RESULT_OK;
}

/* What a string says that stands as it is in a line. */
static enum result read_string(struct beacons *beacons, struct record_text raw,
                               struct record_text *text)
{
    enum result result;

    if (raw.length >= 2 && !memchr(raw.bytes, '\\', raw.length)) {
        *text = (struct record_text){raw.bytes + 1, raw.length - 2};
        return RESULT_OK;
    }
    beacons->object.length = 0;
    result = text_put_string(&beacons->object, "{\"text\":");
    if (result == RESULT_OK)
        result = text_put(&beacons->object, raw.bytes, raw.length);
    if (result == RESULT_OK)
        result = text_put(&beacons->object, "}", 1);
    return result == RESULT_OK ? find_member(beacons, KEY_TEXT, text) : result;
}

/* The host of an end, without its port, where it has one, and without brackets. */
static struct record_text host_of(struct record_text end, bool has_port)
{
    const char *colon = has_port ? memrchr(end.bytes, ':', end.length) : NULL;

    if (colon && colon > end.bytes)
        end.length = (size_t)(colon - end.bytes);
    if (end.length >= 2 && end.bytes[0] == '[' && end.bytes[end.length - 1] == ']')
        end = (struct record_text){end.bytes + 1, end.length - 2};
    end.length = text_cut(end.bytes, end.length, BEACON_NAME_MOST);
    return end;
}

static enum result name_end(struct beacons *beacons, const struct merged *flow,
                            enum record_field field, struct intern *intern, uint32_t *index)
{
    bool has_port = flow->parts.values[RECORD_PROTOCOL_INFORMATION].length <= 2;
    struct record_text text;
    enum result result = read_string(beacons, flow->parts.values[field], &text);

    if (result == RESULT_OK && text.length > 0)
        text = host_of(text, has_port);
    return result == RESULT_OK ? intern_add(intern, text.bytes, text.length, index) : result;
}

/* Whether a filter has said that a flow is uninteresting. */
static enum result is_uninteresting(struct beacons *beacons, const struct merged *flow, bool *is)
{
    static const char word[] = "knownUninteresting";
    struct record_text rest = flow->parts.rest, relevance;
    enum result result;

    *is = false;
    if (beacons->options.all || rest.length == 0 ||
        !memmem(rest.bytes, rest.length, word, sizeof word - 1))
        return RESULT_OK;
    beacons->object.length = 0;
    result = text_put(&beacons->object, "{", 1);
    if (result == RESULT_OK)
        result = text_put(&beacons->object, rest.bytes, rest.length);
    if (result == RESULT_OK)
        result = text_put(&beacons->object, "}", 1);
    if (result == RESULT_OK)
        result = find_member(beacons, KEY_RELEVANCE, &relevance);
    if (result == RESULT_OK)
        *is = relevance.length == sizeof word - 1 &&
              memcmp(relevance.bytes, word, relevance.length) == 0;
    return result;
}

/* Flows come in. */

static bool is_pair(const void *owner, uint32_t number, const void *key)
{
    const struct beacons *beacons = owner;

    return memcmp(&beacons->pairs[number - 1], key, sizeof *beacons->pairs) == 0;
}

static uint32_t hash_of(const struct beacons *beacons, const struct pair *pair)
{
    return hash_pair(&beacons->sources.seed, pair->src, pair->dst);
}

static uint32_t hash_of_number(const void *owner, uint32_t number)
{
    const struct beacons *beacons = owner;

    return hash_of(beacons, &beacons->pairs[number - 1]);
}

static enum result number_pair(struct beacons *beacons, const struct pair *pair, uint32_t *number)
{
    uint32_t hash = hash_of(beacons, pair), count = (uint32_t)beacons->pair_count, *slot;
    struct pair *grown;

    slot = index_find(&beacons->index, hash, is_pair, beacons, pair);
    *number = *slot;
    if (*slot != 0)
        return RESULT_OK;
    grown = grow(beacons->pairs, count, &beacons->pair_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    beacons->pairs = grown;
    if (index_full(&beacons->index, count)) {
        if (index_grow(&beacons->index, count, hash_of_number, beacons) != RESULT_OK)
            return RESULT_NO_MEMORY;
        slot = index_find(&beacons->index, hash, is_pair, beacons, pair);
    }
    beacons->pairs[count] = *pair;
    beacons->pair_count++;
    *number = *slot = count + 1;
    return RESULT_OK;
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

static enum result keep_call(struct beacons *beacons, uint32_t pair, const struct merged *flow)
{
    struct call call = {beacons->count, flow->start,    flow->end,
                        flow->bytes[0], flow->bytes[1], pair};
    enum result result = RESULT_OK;

    if (sorter_full(&beacons->calls))
        result = sorter_spill(&beacons->calls);
    return result == RESULT_OK ? sorter_add(&beacons->calls, (const char *)&call, sizeof call)
                               : result;
}

enum result beacons_add(struct beacons *beacons, const struct merged *flow)
{
    struct pair pair = {.src = 0};
    bool left_out = false;
    uint32_t number;
    enum result result = name_end(beacons, flow, RECORD_SRC, &beacons->sources, &pair.src);

    if (beacons->count++ == 0)
        beacons->first = flow->start;
    beacons->last = flow->start;
    if (result == RESULT_OK)
        result = note_end(beacons, pair.src, flow->end);
    if (result == RESULT_OK)
        result = is_uninteresting(beacons, flow, &left_out);
    if (result != RESULT_OK || left_out)
        return result;
    result = name_end(beacons, flow, RECORD_DST, &beacons->destinations, &pair.dst);
    if (result == RESULT_OK)
        result = number_pair(beacons, &pair, &number);
    return result == RESULT_OK ? keep_call(beacons, number, flow) : result;
}

/* All are in. */

static void add_up(uint64_t *sum, uint64_t count)
{
    if (__builtin_add_overflow(*sum, count, sum))
        *sum = UINT64_MAX;
}

static void add_time(int64_t *sum, int64_t time)
{
    if (__builtin_add_overflow(*sum, time, sum))
        *sum = INT64_MAX;
}

/* The start of the time that is looked at. */
static int64_t start_of(const struct beacons *beacons)
{
    int64_t span = beacons->options.span;

    return beacons->last - beacons->first > span ? beacons->last - span : beacons->first;
}

/* A pair as it is found, flow by flow. */
struct finding {
    struct beacon beacon;
    uint32_t number;   /* of the pair */
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
    if (beacon->flows++ == 0)
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

/* All flows of a pair are in. */
static enum result end_pair(struct beacons *beacons, struct finding *finding)
{
    struct beacon *beacon = &finding->beacon, *grown;
    struct score_flows flows = {beacon->when_start / SECOND,
                                beacon->when_end / SECOND,
                                beacons->times,
                                beacons->sizes,
                                finding->count,
                                beacon->when};

    if (beacon->flows == 0)
        return RESULT_OK;
    beacons->hosts[beacons->pairs[finding->number - 1].dst]++;
    beacon->strobe = finding->count >= SCORE_STROBE;
    beacon->long_score = score_long(finding->connected);
    if (!beacon->strobe && finding->count >= beacons->options.flows)
        beacon->scored = score_flows(&flows, &beacon->score);
    if (!has_line(beacons, beacon))
        return RESULT_OK;
    grown = grow(beacons->found, beacons->found_count, &beacons->found_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    beacons->found = grown;
    beacon->hosts = beacons->pairs[finding->number - 1].dst;
    beacon->src.bytes = intern_text(&beacons->sources, beacons->pairs[finding->number - 1].src,
                                    &beacon->src.length);
    beacon->dst.bytes = intern_text(&beacons->destinations, beacon->hosts, &beacon->dst.length);
    beacons->found[beacons->found_count++] = *beacon;
    return RESULT_OK;
}

static struct finding begin_pair(const struct beacons *beacons, uint32_t number)
{
    return (struct finding){
        .beacon = {.when_start = whole_seconds(start_of(beacons)),
                   .when_end = whole_seconds(beacons->last)},
        .number = number,
    };
}

static enum result find_pairs(struct beacons *beacons)
{
    struct finding finding = {.number = 0};
    struct entry entry;
    enum result result = sorter_read(&beacons->calls);

    while (result == RESULT_OK && (result = sorter_next(&beacons->calls, &entry)) == RESULT_OK) {
        struct call call = call_at(entry.bytes);

        if (call.pair != finding.number) {
            result = end_pair(beacons, &finding);
            finding = begin_pair(beacons, (uint32_t)call.pair);
        }
        if (result == RESULT_OK)
            result = take_call(beacons, &finding, &call);
    }
    return result == RESULT_END ? end_pair(beacons, &finding) : result;
}

/* The hosts of pairs that were found are known only when all were. */
static void fill_hosts(struct beacons *beacons)
{
    uint64_t all = 0;

    for (size_t i = 0; i < beacons->end_count; i++)
        all += beacons->ends[i] >= start_of(beacons);
    /* Each that was found has a host within the span, so that there is one. */
    for (size_t i = 0; i < beacons->found_count && all > 0; i++) {
        struct beacon *beacon = &beacons->found[i];

        beacon->hosts = beacons->hosts[beacon->hosts];
        beacon->prevalence = (uint32_t)((2000 * (uint64_t)beacon->hosts + all) / (2 * all));
    }
}

uint32_t beacon_rank(const struct beacon *beacon)
{
    if (beacon->strobe)
        return 1000;
    return beacon->score.all > beacon->long_score ? beacon->score.all : beacon->long_score;
}

static int compare_texts(struct record_text a, struct record_text b)
{
    int order = memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

int beacon_compare(const void *a, const void *b)
{
    const struct beacon *x = a, *y = b;
    int order;

    if (beacon_rank(x) != beacon_rank(y))
        return beacon_rank(x) > beacon_rank(y) ? -1 : 1;
    if (x->flows != y->flows)
        return x->flows > y->flows ? -1 : 1;
    order = compare_texts(x->src, y->src);
    return order != 0 ? order : compare_texts(x->dst, y->dst);
}

enum result beacons_finish(struct beacons *beacons)
{
    enum result result;

    beacons->hosts = calloc((size_t)intern_count(&beacons->destinations) + 1, sizeof(uint32_t));
    if (!beacons->hosts)
        return RESULT_NO_MEMORY;
    result = find_pairs(beacons);
    if (result != RESULT_OK)
        return result;
    fill_hosts(beacons);
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
