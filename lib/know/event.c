/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of each rule and source, a run keeps for each part of the steps that was reached the latest time
 * at which that part can have begun, and which flows it consists of: a run that began earlier never
 * completes where this one does not. A part is, with ordered steps, the first so many of them, and
 * otherwise any set of steps.
 *
 * A flow is tried from the largest part to the smallest, so that it is in no part twice.
 */
#include "know/event.h"

#include "base/grow.h"
#include "base/hash.h"
#include "base/index.h"
#include "record/put.h"

#include <stdlib.h>
#include <string.h>

/* Sensors of which runs are kept from sample to sample; the one not seen for longest is forgotten.
 */
#define STREAMS_MOST 256u

#define NO_RULE EVENT_RULES

/* A part of a run; a rule of n steps has n - 1 members in it at most, of which the rest is unused.
 */
struct part {
    int64_t start;      /* of its first member; negative: it was not reached */
    uint32_t members[]; /* flows, counted in the stream */
};

/* A rule and a source, or, by sample, the number of the sample; its parts lie among all parts. */
struct run {
    uint32_t rule, source;
    size_t parts;
    int64_t event_start, event_end; /* of the latest event; negative: there was none */
};

/* All runs of a sensor. */
struct stream {
    size_t sensor_length;
    char sensor[SENSOR_MAX];
    int64_t until;      /* start of the latest flow */
    uint32_t sample;    /* the latest one, counted in the stream */
    uint64_t number;    /* of it among all */
    uint32_t flow_base; /* what the number of its first flow is in the stream; not 0 */
    uint32_t flow_end;  /* and that of the next flow to come */
    struct intern sources;
    uint64_t *begun; /* of each source, which rules may have a run: a bit by number modulo 64 */
    size_t begun_count, begun_capacity;
    struct run *runs;
    size_t run_count, run_capacity;
    uint64_t *parts; /* memory for them */
    size_t part_count, part_capacity;
    size_t sweep_at;    /* so many runs */
    size_t drop_at;     /* so many sources */
    size_t memory;      /* bytes of runs and parts */
    int64_t oldest;     /* the least of the runs' latest times, when last swept */
    uint64_t forgotten; /* runs that could have mattered */
    struct index index;
    struct hash_seed seed;
};

struct events {
    const struct event_rules *rules;
    struct stream *streams[STREAMS_MOST]; /* the one of the latest sample first */
    size_t stream_count;
    size_t memory;      /* of each */
    uint64_t forgotten; /* of those that are gone */
    uint64_t sample_count;

    uint32_t *order; /* flows of a sample, by start */
    size_t order_capacity;
    uint32_t *mapped; /* sources of the sample: theirs in the stream */
    size_t mapped_capacity;
    uint8_t *masks;    /* by rule: which of its steps a flow matches */
    uint16_t *touched; /* rules whose masks are not 0 */
};

/* Samples. */

enum result event_sample_init(struct event_sample *sample, const struct record *record)
{
    *sample = (struct event_sample){
        .sensor_length = record->sensor.length, .first = INT64_MAX, .last = -1};
    if (record->sensor.length > 0)
        memcpy(sample->sensor, record->sensor.bytes, record->sensor.length);
    return intern_init(&sample->sources);
}

void event_sample_destroy(struct event_sample *sample)
{
    text_destroy(&sample->lines);
    free(sample->flows);
    free(sample->matches);
    intern_destroy(&sample->sources);
}

static enum result put_line(struct event_sample *sample, const char *line, size_t length)
{
    struct text *lines = &sample->lines;

    if (text_reserve(lines, length + 1) != RESULT_OK)
        return RESULT_NO_MEMORY;
    *put_bytes(lines->bytes + lines->length, line, length) = '\n';
    lines->length += length + 1;
    return RESULT_OK;
}

static enum result put_match(struct event_sample *sample, uint32_t step)
{
    uint32_t *grown =
        grow(sample->matches, sample->match_count, &sample->match_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    sample->matches = grown;
    sample->matches[sample->match_count++] = step;
    return RESULT_OK;
}

/* Adds the flow of the line added last, which matches steps. */
static enum result put_flow(struct event_sample *sample, const struct record *record, size_t length,
                            const uint32_t *steps, size_t count)
{
    struct event_flow flow = {
        .line = sample->lines.length - length - 1,
        .end = sample->lines.length,
        .start = record_start(record),
        .matches = (uint32_t)sample->match_count,
        .match_count = (uint32_t)count,
        .rule = EVENT_NONE,
    };
    struct event_flow *grown =
        grow(sample->flows, sample->flow_count, &sample->flow_capacity, sizeof *grown);
    struct record_text source = record->source;
    enum result result = grown ? RESULT_OK : RESULT_NO_MEMORY;

    if (result != RESULT_OK)
        return result;
    sample->flows = grown;
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = put_match(sample, steps[i]);
    if (result == RESULT_OK)
        result = intern_add(&sample->sources, source.length > 0 ? source.bytes : "", source.length,
                            &flow.source);
    sample->flows[sample->flow_count++] = flow;
    return result;
}

enum result event_sample_add(struct event_sample *sample, struct event_rules *rules,
                             const struct record *record, const char *line, size_t length)
{
    int64_t start = record_start(record);
    const uint32_t *steps;
    size_t count;
    enum result result = put_line(sample, line, length);

    if (result == RESULT_OK)
        result = event_steps_match(rules->steps, record, &steps, &count);
    if (result != RESULT_OK)
        return result;
    sample->records++;
    sample->first = start < sample->first ? start : sample->first;
    sample->last = start > sample->last ? start : sample->last;
    return count > 0 ? put_flow(sample, record, length, steps, count) : RESULT_OK;
}

/* Streams. */

static void destroy_stream(struct stream *stream)
{
    intern_destroy(&stream->sources);
    index_destroy(&stream->index);
    free(stream->begun);
    free(stream->runs);
    free(stream->parts);
    free(stream);
}

static enum result make_stream(const struct event_sample *sample, size_t memory,
                               struct stream **stream)
{
    struct stream *new = calloc(1, sizeof *new);
    enum result result = new ? hash_seed_init(&new->seed) : RESULT_NO_MEMORY;

    if (result == RESULT_OK)
        result = intern_init(&new->sources);
    if (result == RESULT_OK)
        result = index_init(&new->index);
    if (result != RESULT_OK) {
        if (new)
            destroy_stream(new);
        return result;
    }
    new->sensor_length = sample->sensor_length;
    memcpy(new->sensor, sample->sensor, sample->sensor_length);
    new->until = -1;
    new->sweep_at = new->drop_at = INDEX_MIN / 2;
    new->memory = memory;
    new->flow_base = new->flow_end = 1;
    *stream = new;
    return RESULT_OK;
}

static bool is_of(const struct stream *stream, const struct event_sample *sample)
{
    return stream->sensor_length == sample->sensor_length &&
           memcmp(stream->sensor, sample->sensor, sample->sensor_length) == 0;
}

/* The stream that a sample is of, which it puts first. */
static enum result find_stream(struct events *events, const struct event_sample *sample,
                               struct stream **stream)
{
    size_t at = 0;
    enum result result = RESULT_OK;

    while (at < events->stream_count && !is_of(events->streams[at], sample))
        at++;
    if (at < events->stream_count)
        *stream = events->streams[at];
    else
        result = make_stream(sample, events->memory, stream);
    if (result != RESULT_OK)
        return result;
    if (at == STREAMS_MOST) {
        events->forgotten += events->streams[--at]->forgotten;
        destroy_stream(events->streams[at]);
    } else {
        events->stream_count += at == events->stream_count;
    }
    memmove(events->streams + 1, events->streams, at * sizeof *stream);
    events->streams[0] = *stream;
    return RESULT_OK;
}

static bool is_run(const void *owner, uint32_t number, const void *key)
{
    const struct stream *stream = owner;
    const struct run *run = &stream->runs[number - 1], *wanted = key;

    return run->rule == wanted->rule && run->source == wanted->source;
}

static uint32_t hash_run(const void *owner, uint32_t number)
{
    const struct stream *stream = owner;
    const struct run *run = &stream->runs[number - 1];

    return hash_pair(&stream->seed, run->rule, run->source);
}

/* Parts. */

/* In words of 64 bits: the start, and two members each. */
static size_t part_words(const struct event_rule *rule)
{
    return 1 + rule->step_count / 2u;
}

static size_t part_count(const struct event_rule *rule)
{
    return rule->unordered ? (UINT32_C(1) << rule->step_count) - 2 : rule->step_count - 1u;
}

static size_t run_words(const struct event_rule *rule)
{
    return part_count(rule) * part_words(rule);
}

static struct part *part_at(const struct stream *stream, const struct run *run,
                            const struct event_rule *rule, size_t number)
{
    return (struct part *)(stream->parts + run->parts + number * part_words(rule));
}

/* The latest time that a run tells of; negative: it tells nothing. */
static int64_t latest_of(const struct stream *stream, const struct run *run,
                         const struct event_rule *rule)
{
    int64_t latest = run->event_end;

    for (size_t i = 0; i < part_count(rule); i++) {
        const struct part *part = part_at(stream, run, rule, i);

        latest = part->start > latest ? part->start : latest;
    }
    return latest;
}

/* Whether anything that is kept can still matter to a flow from now on. */
static bool is_alive(const struct stream *stream, const struct run *run,
                     const struct event_rule *rule, int64_t latest)
{
    if (rule->by_sample && run->source != stream->sample)
        return false;
    return latest >= 0 && stream->until - latest <= rule->within;
}

/* How much there may be before it is looked through again, so that this takes little time in all.
 */
static size_t twice(size_t kept)
{
    return kept < INDEX_MIN / 4 ? INDEX_MIN / 2 : kept * 2;
}

/* Notes that a source has a run of a rule. */
static void note_begun(const struct event_rules *rules, struct stream *stream,
                       const struct run *run)
{
    if (!rules->list[run->rule].by_sample)
        stream->begun[run->source] |= UINT64_C(1) << run->rule % 64;
}

static bool may_have_begun(const struct stream *stream, uint32_t source, uint16_t rule)
{
    return stream->begun[source] >> rule % 64 & 1;
}

/* Before runs are forgotten. */
static void forget_begun(const struct event_rules *rules, struct stream *stream)
{
    for (size_t i = 0; i < stream->run_count; i++)
        if (!rules->list[stream->runs[i].rule].by_sample)
            stream->begun[stream->runs[i].source] = 0;
}

/*
 * Forgets runs that cannot matter any more, or whose latest time is before since. map: for each
 * rule the number that it gets, or NO_RULE, whose runs are forgotten, too; NULL: the rules stay.
 */
static void sweep_into(const struct event_rules *rules, struct stream *stream, int64_t since,
                       const uint16_t *map)
{
    size_t kept = 0, words = 0;

    forget_begun(rules, stream);
    stream->oldest = stream->until;
    for (size_t i = 0; i < stream->run_count; i++) {
        struct run run = stream->runs[i];
        const struct event_rule *rule = &rules->list[run.rule];
        int64_t latest = latest_of(stream, &run, rule);

        if (!is_alive(stream, &run, rule, latest) || (map && map[run.rule] == NO_RULE))
            continue;
        if (latest < since) {
            stream->forgotten++;
            continue;
        }
        stream->oldest = latest < stream->oldest ? latest : stream->oldest;
        memmove(stream->parts + words, stream->parts + run.parts,
                run_words(rule) * sizeof *stream->parts);
        run.parts = words;
        if (map)
            run.rule = map[run.rule];
        if (!rule->by_sample)
            stream->begun[run.source] |= UINT64_C(1) << run.rule % 64;
        words += run_words(rule);
        stream->runs[kept++] = run;
    }
    stream->run_count = kept;
    stream->part_count = words;
    stream->sweep_at = twice(kept);
    index_renew(&stream->index, (uint32_t)kept, hash_run, stream);
}

static void sweep(const struct event_rules *rules, struct stream *stream)
{
    sweep_into(rules, stream, 0, NULL);
}

static size_t run_bytes(const struct stream *stream)
{
    return stream->run_count * sizeof *stream->runs + stream->part_count * sizeof *stream->parts;
}

/*
 * Forgets the runs that nothing was seen of for longest, until half of the memory is free: those of
 * the first half of the time that there is any of, and again.
 */
static void forget_oldest(const struct event_rules *rules, struct stream *stream)
{
    sweep(rules, stream);
    while (run_bytes(stream) > stream->memory / 2)
        sweep_into(rules, stream, stream->oldest + (stream->until - stream->oldest) / 2 + 1, NULL);
}

/* Keeps only the sources that still have runs. */
static enum result drop_sources(const struct event_rules *rules, struct stream *stream)
{
    uint32_t *map = calloc(intern_count(&stream->sources) + 1u, sizeof *map);

    if (!map)
        return RESULT_NO_MEMORY;
    sweep(rules, stream);
    for (size_t i = 0; i < stream->run_count; i++)
        if (!rules->list[stream->runs[i].rule].by_sample)
            map[stream->runs[i].source] = 1;
    intern_keep(&stream->sources, map);
    for (size_t i = 0; i < stream->run_count; i++)
        if (!rules->list[stream->runs[i].rule].by_sample)
            stream->runs[i].source = map[stream->runs[i].source];
    free(map);
    stream->begun_count = intern_count(&stream->sources);
    if (stream->begun_count > 0)
        memset(stream->begun, 0, stream->begun_count * sizeof *stream->begun);
    for (size_t i = 0; i < stream->run_count; i++)
        note_begun(rules, stream, &stream->runs[i]);
    stream->drop_at = twice(intern_count(&stream->sources));
    index_renew(&stream->index, (uint32_t)stream->run_count, hash_run, stream);
    return RESULT_OK;
}

/* Before the numbers of flows end: those that runs have are of earlier samples. */
static void forget_members(const struct event_rules *rules, struct stream *stream)
{
    for (size_t i = 0; i < stream->run_count; i++) {
        const struct event_rule *rule = &rules->list[stream->runs[i].rule];

        for (size_t j = 0; j < part_count(rule); j++)
            memset(part_at(stream, &stream->runs[i], rule, j)->members, 0,
                   (part_words(rule) - 1) * sizeof(uint64_t));
    }
}

/* Begins a sample. One that begins before the one before it ended does not continue it. */
static void begin_sample(struct events *events, struct stream *stream, struct event_sample *sample)
{
    sample->number = stream->number = ++events->sample_count;
    stream->sample++;
    stream->flow_base = stream->flow_end;
    if (sample->first >= stream->until)
        return;
    stream->run_count = stream->part_count = 0;
    index_renew(&stream->index, 0, hash_run, stream);
}

/* Numbers the flows of a sample that are new. */
static enum result number_flows(const struct event_rules *rules, struct stream *stream,
                                const struct event_sample *sample)
{
    if (sample->flow_count >= EVENT_NONE - stream->flow_base) {
        forget_members(rules, stream);
        stream->flow_base = 1;
    }
    stream->flow_end = stream->flow_base + (uint32_t)sample->flow_count;
    return intern_count(&stream->sources) >= stream->drop_at ? drop_sources(rules, stream)
                                                             : RESULT_OK;
}

static enum result reserve_parts(struct stream *stream, size_t more)
{
    size_t wanted = stream->part_capacity > 0 ? stream->part_capacity * 2 : 1024;
    uint64_t *grown;

    if (stream->parts && stream->part_capacity - stream->part_count >= more)
        return RESULT_OK;
    if (wanted < stream->part_count + more)
        wanted = stream->part_count + more;
    grown = realloc(stream->parts, wanted * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    stream->parts = grown;
    stream->part_capacity = wanted;
    return RESULT_OK;
}

static enum result make_run(const struct event_rules *rules, struct stream *stream,
                            struct run *wanted)
{
    const struct event_rule *rule = &rules->list[wanted->rule];
    struct run *grown;
    enum result result = RESULT_OK;

    if (run_bytes(stream) >= stream->memory)
        forget_oldest(rules, stream);
    else if (stream->run_count >= stream->sweep_at)
        sweep(rules, stream);
    if (index_full(&stream->index, (uint32_t)stream->run_count))
        result = index_grow(&stream->index, (uint32_t)stream->run_count, hash_run, stream);
    if (result == RESULT_OK)
        result = reserve_parts(stream, run_words(rule));
    if (result != RESULT_OK)
        return result;
    grown = grow(stream->runs, stream->run_count, &stream->run_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    stream->runs = grown;
    wanted->parts = stream->part_count;
    wanted->event_start = wanted->event_end = -1;
    stream->part_count += run_words(rule);
    memset(stream->parts + wanted->parts, 0xff, run_words(rule) * sizeof *stream->parts);
    stream->runs[stream->run_count++] = *wanted;
    note_begun(rules, stream, wanted);
    *index_find(&stream->index, hash_pair(&stream->seed, wanted->rule, wanted->source), is_run,
                stream, wanted) = (uint32_t)stream->run_count;
    return RESULT_OK;
}

/* The run of a rule and a source; NULL: it has not begun, and the steps matched do not begin it. */
static enum result find_run(const struct event_rules *rules, struct stream *stream,
                            uint32_t rule_number, uint32_t source, uint8_t mask, struct run **run)
{
    const struct event_rule *rule = &rules->list[rule_number];
    struct run wanted = {.rule = rule_number, .source = rule->by_sample ? stream->sample : source};
    uint32_t number =
        *index_find(&stream->index, hash_pair(&stream->seed, wanted.rule, wanted.source), is_run,
                    stream, &wanted);
    enum result result = RESULT_OK;

    *run = NULL;
    if (number == 0 && !rule->unordered && !(mask & 1))
        return RESULT_OK;
    if (number == 0) {
        result = make_run(rules, stream, &wanted);
        number = (uint32_t)stream->run_count;
    }
    if (result == RESULT_OK)
        *run = &stream->runs[number - 1];
    return result;
}

/* Finding. */

/* A flow that is tried with a run. */
struct attempt {
    const struct event_rules *rules;
    struct stream *stream;
    struct event_sample *sample;
    const struct event_rule *rule;
    struct run *run;
    uint32_t flow; /* its number in the stream */
    int64_t now;
};

/* A flow is told of one event: of the gravest. */
static void mark(const struct attempt *attempt, uint32_t number)
{
    struct event_flow *flow;
    uint32_t rule = attempt->run->rule;

    if (number < attempt->stream->flow_base)
        return; /* of an earlier sample */
    flow = &attempt->sample->flows[number - attempt->stream->flow_base];
    if (flow->rule != EVENT_NONE && !event_rules_precede(attempt->rules, rule, flow->rule))
        return;
    attempt->sample->members += flow->rule == EVENT_NONE;
    flow->rule = rule;
    flow->event_start = attempt->run->event_start;
}

/* Completes a run: with a part, NULL if the flow is all of it. Runs that overlap are one event. */
static void complete(const struct attempt *attempt, const struct part *part, size_t members)
{
    struct run *run = attempt->run;
    int64_t start = part ? part->start : attempt->now;

    if (run->event_end < 0 || start > run->event_end)
        run->event_start = start;
    run->event_end = attempt->now;
    for (size_t i = 0; part && i < members; i++)
        mark(attempt, part->members[i]);
    mark(attempt, attempt->flow);
}

static bool is_in_time(const struct attempt *attempt, const struct part *part)
{
    return part->start >= 0 && attempt->now - part->start <= attempt->rule->within;
}

/* Sets a part to another with the flow behind it; from: NULL, the flow alone. */
static void extend(const struct attempt *attempt, struct part *part, const struct part *from,
                   size_t members)
{
    part->start = from ? from->start : attempt->now;
    if (from)
        memcpy(part->members, from->members, members * sizeof *part->members);
    part->members[members] = attempt->flow;
}

static void try_ordered(const struct attempt *attempt, uint8_t mask)
{
    for (size_t step = attempt->rule->step_count; step-- > 0;) {
        struct part *before =
            step > 0 ? part_at(attempt->stream, attempt->run, attempt->rule, step - 1) : NULL;

        if (!(mask >> step & 1) || (before && !is_in_time(attempt, before)))
            continue;
        if (step + 1 == attempt->rule->step_count)
            complete(attempt, before, step);
        else
            extend(attempt, part_at(attempt->stream, attempt->run, attempt->rule, step), before,
                   step);
    }
}

/* The latest part that the flow makes up a set of steps with; NULL: the flow alone is it. */
static bool find_rest(const struct attempt *attempt, uint8_t mask, size_t set, struct part **latest)
{
    bool any = false;

    *latest = NULL;
    for (size_t step = 0; step < attempt->rule->step_count; step++) {
        size_t rest = set & ~((size_t)1 << step);
        struct part *part;

        if (!(mask & set & (size_t)1 << step))
            continue;
        if (rest == 0)
            return true;
        part = part_at(attempt->stream, attempt->run, attempt->rule, rest - 1);
        if (is_in_time(attempt, part) && (!any || part->start > (*latest)->start)) {
            *latest = part;
            any = true;
        }
    }
    return any;
}

/* Sets of steps are numbers, with a bit for each step; part i is of the set i + 1. */
static void try_unordered(const struct attempt *attempt, uint8_t mask)
{
    size_t all = ((size_t)1 << attempt->rule->step_count) - 1;

    for (size_t set = all; set > 0; set--) {
        size_t members = (size_t)__builtin_popcountll(set) - 1;
        struct part *rest, *part;

        if (!find_rest(attempt, mask, set, &rest))
            continue;
        if (set == all) {
            complete(attempt, rest, members);
            continue;
        }
        part = part_at(attempt->stream, attempt->run, attempt->rule, set - 1);
        if (part->start <= (rest ? rest->start : attempt->now))
            extend(attempt, part, rest, members);
    }
}

static enum result try_rule(struct events *events, struct stream *stream,
                            struct event_sample *sample, uint32_t flow, uint16_t rule)
{
    uint8_t mask = events->masks[rule];
    struct attempt attempt = {
        .rules = events->rules,
        .stream = stream,
        .sample = sample,
        .rule = &events->rules->list[rule],
        .flow = stream->flow_base + flow,
        .now = sample->flows[flow].start,
    };
    enum result result = find_run(events->rules, stream, rule,
                                  events->mapped[sample->flows[flow].source], mask, &attempt.run);

    if (result != RESULT_OK || !attempt.run)
        return result;
    if (attempt.rule->unordered)
        try_unordered(&attempt, mask);
    else
        try_ordered(&attempt, mask);
    return RESULT_OK;
}

/* Collects, by rule, which steps a flow matches, and tries each rule. */
static enum result try_flow(struct events *events, struct stream *stream,
                            struct event_sample *sample, uint32_t number)
{
    const struct event_flow *flow = &sample->flows[number];
    const struct event_rules *rules = events->rules;
    uint32_t source = events->mapped[flow->source];
    enum result result = RESULT_OK;
    size_t count = 0;

    for (uint32_t i = 0; i < flow->match_count; i++) {
        uint32_t step = sample->matches[flow->matches + i];

        for (uint32_t j = rules->first_uses[step]; j < rules->first_uses[step + 1]; j++) {
            struct event_use use = rules->uses[j];

            if (!use.begins && stream->begun[source] == 0)
                break;
            if (!use.begins && !may_have_begun(stream, source, use.rule))
                continue;
            if (events->masks[use.rule] == 0)
                events->touched[count++] = use.rule;
            events->masks[use.rule] |= (uint8_t)(1 << use.at);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (result == RESULT_OK)
            result = try_rule(events, stream, sample, number, events->touched[i]);
        events->masks[events->touched[i]] = 0;
    }
    return result;
}

static int compare_flows(const void *left, const void *right, void *context)
{
    const struct event_flow *flows = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    if (flows[a].start != flows[b].start)
        return flows[a].start < flows[b].start ? -1 : 1;
    return a < b ? -1 : 1;
}

/* Lists the flows that are new by start; equal ones as they came. */
static enum result sort_flows(struct events *events, const struct event_sample *sample)
{
    size_t count = sample->flow_count - sample->tried;
    bool sorted = true;

    for (size_t i = 0; i < count; i++) {
        uint32_t *grown = grow(events->order, i, &events->order_capacity, sizeof *grown);
        const struct event_flow *flow = &sample->flows[sample->tried + i];

        if (!grown)
            return RESULT_NO_MEMORY;
        events->order = grown;
        grown[i] = (uint32_t)(sample->tried + i);
        sorted = sorted && (i == 0 || flow[-1].start <= flow->start);
    }
    if (!sorted)
        qsort_r(events->order, count, sizeof *events->order, compare_flows, sample->flows);
    return RESULT_OK;
}

/* For the sources that are new. */
static enum result add_begun(struct stream *stream)
{
    while (stream->begun_count < intern_count(&stream->sources)) {
        uint64_t *grown =
            grow(stream->begun, stream->begun_count, &stream->begun_capacity, sizeof *grown);

        if (!grown)
            return RESULT_NO_MEMORY;
        stream->begun = grown;
        grown[stream->begun_count++] = 0;
    }
    return RESULT_OK;
}

/* Finds the sources of the sample among those of the stream. */
static enum result map_sources(struct events *events, const struct event_sample *sample,
                               struct stream *stream)
{
    uint32_t count = intern_count(&sample->sources);
    enum result result = RESULT_OK;

    for (uint32_t i = 0; i < count && result == RESULT_OK; i++) {
        uint32_t *grown = grow(events->mapped, i, &events->mapped_capacity, sizeof *grown);
        const char *text;
        size_t length;

        if (!grown)
            return RESULT_NO_MEMORY;
        events->mapped = grown;
        text = intern_text(&sample->sources, i, &length);
        result = intern_add(&stream->sources, text, length, &events->mapped[i]);
    }
    return result == RESULT_OK ? add_begun(stream) : result;
}

enum result events_find(struct events *events, struct event_sample *sample)
{
    struct stream *stream = NULL;
    enum result result = find_stream(events, sample, &stream);
    int64_t after = -1;

    if (result == RESULT_OK)
        result = sort_flows(events, sample);
    if (result != RESULT_OK)
        return result;
    if (sample->number == stream->number && sample->number > 0)
        after = stream->until;
    else
        begin_sample(events, stream, sample);
    result = number_flows(events->rules, stream, sample);
    if (result == RESULT_OK)
        result = map_sources(events, sample, stream);
    for (size_t i = 0; i < sample->flow_count - sample->tried && result == RESULT_OK; i++) {
        int64_t start = sample->flows[events->order[i]].start;

        if (start < after)
            continue;
        stream->until = start;
        result = try_flow(events, stream, sample, events->order[i]);
    }
    stream->until = sample->last;
    sample->tried = sample->flow_count;
    sample->match_count = 0;
    return result;
}

/* The first flow of the sample that a part has, or so far the least. */
static uint32_t least_member(const struct stream *stream, const struct event_rule *rule,
                             const struct part *part, size_t members, uint32_t least)
{
    if (part->start < 0 || stream->until - part->start > rule->within)
        return least;
    for (size_t i = 0; i < members; i++)
        if (part->members[i] >= stream->flow_base && part->members[i] < least)
            least = part->members[i];
    return least;
}

size_t events_settled(const struct events *events, const struct event_sample *sample)
{
    const struct stream *stream = events->streams[0];
    uint32_t least = stream->flow_end;

    for (size_t i = 0; i < stream->run_count; i++) {
        const struct run *run = &stream->runs[i];
        const struct event_rule *rule = &events->rules->list[run->rule];

        for (size_t j = 0; j < part_count(rule); j++)
            least =
                least_member(stream, rule, part_at(stream, run, rule, j),
                             rule->unordered ? (size_t)__builtin_popcountll(j + 1) : j + 1, least);
    }
    return least == stream->flow_end ? sample->lines.length
                                     : sample->flows[least - stream->flow_base].line;
}

void events_drop(struct events *events, struct event_sample *sample, size_t bytes)
{
    struct event_flow *flows = sample->flows;
    size_t gone = 0;

    while (gone < sample->flow_count && flows[gone].line < bytes)
        gone++;
    for (size_t i = gone; i < sample->flow_count; i++) {
        flows[i - gone] = flows[i];
        flows[i - gone].line -= bytes;
        flows[i - gone].end -= bytes;
    }
    sample->flow_count = sample->tried = sample->flow_count - gone;
    events->streams[0]->flow_base += (uint32_t)gone;
    sample->lines.length -= bytes;
    if (sample->lines.length > 0)
        memmove(sample->lines.bytes, sample->lines.bytes + bytes, sample->lines.length);
}

/* For each of the rules the first of others that looks for the same; each of these only once. */
static enum result map_rules(const struct event_rules *rules, const struct event_rules *others,
                             uint16_t *map)
{
    struct intern sought;
    uint32_t *numbers = calloc(others->count + 1, sizeof *numbers), number;
    enum result result = intern_init(&sought);

    if (!numbers)
        result = RESULT_NO_MEMORY;
    for (size_t i = 0; i < others->count && result == RESULT_OK; i++) {
        uint32_t before = intern_count(&sought);

        result = intern_add(&sought, (const char *)others->list[i].sought,
                            sizeof others->list[i].sought, &number);
        if (result == RESULT_OK && number == before)
            numbers[number] = (uint32_t)i;
    }
    for (size_t i = 0; i < rules->count && result == RESULT_OK; i++) {
        map[i] = NO_RULE;
        if (!intern_find(&sought, (const char *)rules->list[i].sought, sizeof rules->list[i].sought,
                         &number))
            continue;
        map[i] = (uint16_t)numbers[number];
        numbers[number] = NO_RULE;
    }
    intern_destroy(&sought);
    free(numbers);
    return result;
}

enum result events_change(struct events *events, const struct event_rules *rules)
{
    uint8_t *masks = calloc(rules->count + 1, sizeof *masks);
    uint16_t *touched = calloc(rules->count + 1, sizeof *touched);
    uint16_t *map = calloc(events->rules->count + 1, sizeof *map);
    enum result result =
        masks && touched && map ? map_rules(events->rules, rules, map) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(masks);
        free(touched);
        free(map);
        return result;
    }
    for (size_t i = 0; i < events->stream_count; i++)
        sweep_into(events->rules, events->streams[i], 0, map);
    free(map);
    free(events->masks);
    free(events->touched);
    events->masks = masks;
    events->touched = touched;
    events->rules = rules;
    return RESULT_OK;
}

uint64_t events_forgotten(const struct events *events)
{
    uint64_t forgotten = events->forgotten;

    for (size_t i = 0; i < events->stream_count; i++)
        forgotten += events->streams[i]->forgotten;
    return forgotten;
}

enum result events_init(struct events **events, const struct event_rules *rules, size_t memory)
{
    struct events *new = calloc(1, sizeof *new);

    *events = new;
    if (!new)
        return RESULT_NO_MEMORY;
    new->rules = rules;
    new->memory = memory;
    new->masks = calloc(rules->count + 1, sizeof *new->masks);
    new->touched = calloc(rules->count + 1, sizeof *new->touched);
    return new->masks &&new->touched ? RESULT_OK : RESULT_NO_MEMORY;
}

void events_destroy(struct events **events)
{
    struct events *old = *events;

    if (!old)
        return;
    while (old->stream_count > 0)
        destroy_stream(old->streams[--old->stream_count]);
    free(old->order);
    free(old->mapped);
    free(old->masks);
    free(old->touched);
    free(old);
    *events = NULL;
}
