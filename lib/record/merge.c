/* SPDX-License-Identifier: Apache-2.0 */
#include "record/merge.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/sorter.h"
#include "record/piece.h"
#include "record/written.h"

#include <stdlib.h>
#include <string.h>

/*
 * More records of one conversation than this are added up where no other can equal them; and again
 * when there are twice as many as were left the last time.
 */
#define ORIGINALS_MOST 65536u

/* Pieces that are becoming one. */
struct joining {
    bool any, many; /* pieces; many: their originals are listed, or in the sum */
    struct piece first;
    struct entry *entry; /* of the first, in memory */
    struct piece made;   /* what they become, but for its counts */
    struct original *originals;
    size_t count, capacity;
    size_t most;         /* so many originals may be listed before some are added up */
    struct original sum; /* of originals that are not listed any more */
    struct naming naming;
    struct text name; /* texts of a piece whose name is better than that of the first; or empty */
};

struct merge {
    struct merge_options options;
    struct hash_seed seed;
    struct sorter pieces, flows; /* by conversation and start; by start */
    struct sorter *out;          /* the one that flows come out of; NULL: not yet */
    struct joining joining;
    bool last;        /* all pieces of a conversation come one after the other, and none later */
    struct text made; /* a piece */
    struct text held; /* the first piece, where the one that was read goes; values of a flow */
    int64_t traffic_date;
    int64_t earliest, latest; /* start of a record */
    unsigned shift;           /* of the time since the earliest, so that it has 32 bits */
    struct merge_counts counts;
    const char *problem;
};

/* Of one conversation or two whose hashes are equal. */
static int compare_pieces(const char *a, const char *b)
{
    int order = piece_compare_keys(piece_key(a), piece_key(b));

    return order != 0 ? order : piece_compare_starts(a, b);
}

static uint32_t rank_piece(const void *context, const char *bytes)
{
    const struct merge *merge = context;
    struct record_text key = piece_key(bytes);

    return hash_bytes(&merge->seed, key.bytes, key.length);
}

static uint32_t rank_flow(const void *context, const char *bytes)
{
    const struct merge *merge = context;

    return (uint32_t)((uint64_t)(piece_start(bytes) - merge->earliest) >> merge->shift);
}

/* For flows that may come in any order. */
static uint32_t rank_any(const void *context, const char *bytes)
{
    (void)context;
    (void)bytes;
    return 0;
}

static int compare_any(const char *a, const char *b)
{
    (void)a;
    (void)b;
    return 0;
}

enum result merge_init(struct merge **merge, const struct merge_options *options)
{
    static const struct sorter_order any_order = {rank_any, compare_any, NULL};
    struct merge *new = calloc(1, sizeof *new);
    const struct sorter_order by_start = {rank_flow, piece_compare_starts, new};
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->traffic_date = new->earliest = INT64_MAX;
    result = hash_seed_init(&new->seed);
    /* Pieces that remain are copied: a third of the memory goes to where another third was. */
    if (result == RESULT_OK)
        result = sorter_init(&new->pieces, options->memory / 3 * 2, options->folder,
                             &(struct sorter_order){rank_piece, compare_pieces, new});
    if (result == RESULT_OK)
        result = sorter_init(&new->flows, options->memory / 4 * 3, options->folder,
                             options->lean ? &any_order : &by_start);
    if (result == RESULT_OK)
        *merge = new;
    else
        merge_destroy(&new);
    return result;
}

void merge_destroy(struct merge **merge)
{
    struct merge *old = *merge;

    if (!old)
        return;
    sorter_destroy(&old->pieces);
    sorter_destroy(&old->flows);
    free(old->joining.originals);
    text_destroy(&old->joining.name);
    text_destroy(&old->made);
    text_destroy(&old->held);
    free(old);
    *merge = NULL;
}

/* What pieces become. */

static int compare_originals(const void *a, const void *b)
{
    const struct original *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return memcmp(x, y, sizeof *x);
}

/* Counts do not go beyond 64 bits: they stay at the last. */
static void add_count(uint64_t *to, uint64_t count)
{
    if (__builtin_add_overflow(*to, count, to))
        *to = UINT64_MAX;
}

static void add_up(struct original *sum, const struct original *original)
{
    for (unsigned i = 0; i < 2; i++) {
        add_count(&sum->packets[i], original->packets[i]);
        add_count(&sum->bytes[i], original->bytes[i]);
    }
}

/* Sorts the originals, and leaves one of those that are equal. */
static void drop_doubles(struct merge *merge)
{
    struct joining *joining = &merge->joining;
    size_t left = 0;

    qsort(joining->originals, joining->count, sizeof *joining->originals, compare_originals);
    for (size_t i = 0; i < joining->count; i++)
        if (left == 0 || memcmp(&joining->originals[left - 1], &joining->originals[i],
                                sizeof *joining->originals) != 0)
            joining->originals[left++] = joining->originals[i];
    merge->counts.doubles += joining->count - left;
    joining->count = left;
}

/* Adds up the originals that start before a time, of which no more will come. */
static void settle(struct merge *merge, int64_t before)
{
    struct joining *joining = &merge->joining;
    size_t i = 0;

    drop_doubles(merge);
    while (i < joining->count && joining->originals[i].start < before)
        add_up(&joining->sum, &joining->originals[i++]);
    memmove(joining->originals, joining->originals + i,
            (joining->count - i) * sizeof *joining->originals);
    joining->count -= i;
    joining->most = joining->count > ORIGINALS_MOST / 2 ? joining->count * 2 : ORIGINALS_MOST;
}

static enum result list_original(struct joining *joining, const struct original *original)
{
    struct original *grown =
        grow(joining->originals, joining->count, &joining->capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    joining->originals = grown;
    joining->originals[joining->count++] = *original;
    return RESULT_OK;
}

static enum result list_originals(struct joining *joining, const struct piece *piece)
{
    struct original original = piece_original(piece);
    struct piece_texts texts;
    struct naming naming;
    enum result result = RESULT_OK;
    const char *p;

    if (piece->joined == 0)
        return list_original(joining, &original);
    p = piece_take_naming(piece_read_texts(piece->texts, &texts), &naming);
    original.start = 0;
    for (uint64_t i = 0; i < piece->joined && result == RESULT_OK; i++) {
        p = piece_take_original(p, &original, original.start);
        result = list_original(joining, &original);
    }
    return result;
}

static void begin(struct joining *joining, const struct piece *piece)
{
    joining->any = true;
    joining->many = false;
    joining->first = joining->made = *piece;
    joining->count = 0;
    joining->most = ORIGINALS_MOST;
    joining->sum = (struct original){.start = 0};
    joining->naming = piece_naming(piece);
    joining->name.length = 0;
}

/* The better known the name is the more; 0: there is none. */
static int rank_name(const struct piece *piece)
{
    if (piece->name_source == NAME_ORIGINAL)
        return 0;
    return piece->name_source == NAME_SESSION ? 2 : 1;
}

/* A name of the same end, and better known, or as well and earlier. */
static bool has_better_name(const struct joining *joining, const struct piece *piece)
{
    int rank = rank_name(piece), other = rank_name(&joining->made);
    struct naming naming;

    if (rank == 0 || piece->source != joining->first.source)
        return false;
    if (rank != other)
        return rank > other;
    naming = piece_naming(piece);
    return naming.start < joining->naming.start ||
           (naming.start == joining->naming.start && naming.number < joining->naming.number);
}

static enum result take_name(struct joining *joining, const struct piece *piece)
{
    struct piece_texts texts;
    const char *end = piece_read_texts(piece->texts, &texts);

    joining->made.name_source = piece->name_source;
    joining->made.named = piece->named;
    joining->naming = piece_naming(piece);
    joining->name.length = 0;
    return text_put(&joining->name, piece->texts, (size_t)(end - piece->texts));
}

static enum result join(struct merge *merge, const struct piece *piece)
{
    struct joining *joining = &merge->joining;
    struct piece *made = &joining->made;
    enum result result = RESULT_OK;

    if (!joining->many)
        result = list_originals(joining, &joining->first);
    joining->many = true;
    if (result == RESULT_OK)
        result = list_originals(joining, piece);
    if (result == RESULT_OK && has_better_name(joining, piece))
        result = take_name(joining, piece);
    made->end = piece->end > made->end ? piece->end : made->end;
    if (piece->bytes_from > made->bytes_from)
        made->bytes_from = piece->bytes_from;
    if (piece->sampling > made->sampling)
        made->sampling = piece->sampling;
    if (merge->last && joining->count > joining->most)
        settle(merge, piece->start);
    return result;
}

/* The pieces' texts: those of the first, but for the name. */
static void join_texts(const struct joining *joining, struct piece_texts *texts)
{
    struct piece_texts name;

    piece_read_texts(joining->first.texts, texts);
    if (joining->name.length == 0)
        return;
    piece_read_texts(joining->name.bytes, &name);
    texts->told = (texts->told & ~PIECE_NAME_TEXTS) | (name.told & PIECE_NAME_TEXTS);
    name.kept &= PIECE_NAME_TEXTS;
    texts->kept = (texts->kept & ~PIECE_NAME_TEXTS) | name.kept;
    for (unsigned i = 0; i < PIECE_TEXTS; i++)
        if (name.kept >> i & 1)
            texts->values[i] = name.values[i];
}

/* What is behind a piece that may be joined with others later. */
static enum result put_originals(struct merge *merge)
{
    const struct joining *joining = &merge->joining;
    enum result result = piece_put_naming(&merge->made, &joining->naming);
    int64_t before = 0;

    for (size_t i = 0; i < joining->count && result == RESULT_OK; i++) {
        result = piece_put_original(&merge->made, &joining->originals[i], before);
        before = joining->originals[i].start;
    }
    return result;
}

/* Puts the piece together that the pieces have become. */
static enum result make_piece(struct merge *merge)
{
    struct joining *joining = &merge->joining;
    struct piece *made = &joining->made;
    struct piece_texts texts;
    enum result result;

    drop_doubles(merge);
    for (size_t i = 0; i < joining->count; i++)
        add_up(&joining->sum, &joining->originals[i]);
    memcpy(made->packets, joining->sum.packets, sizeof made->packets);
    memcpy(made->bytes, joining->sum.bytes, sizeof made->bytes);
    made->joined = merge->last ? 0 : joining->count;
    join_texts(joining, &texts);
    merge->made.length = 0;
    result = piece_put(&merge->made, made, &texts);
    return result == RESULT_OK && !merge->last ? put_originals(merge) : result;
}

/*
 * Whether a piece goes with those that are being joined. Before the last time a piece of the other
 * direction does not, for it may have a name that counts when an earlier one comes.
 */
static bool goes_with(const struct merge *merge, const struct piece *piece)
{
    const struct joining *joining = &merge->joining;

    return joining->any && piece->start - joining->made.end <= merge->options.gap &&
           (merge->last || piece->source == joining->first.source) &&
           piece_compare_keys(piece->key, joining->first.key) == 0;
}

/* What was joined, of pieces in memory, takes the place of the first. */
static enum result end_in_memory(struct merge *merge)
{
    struct joining *joining = &merge->joining;
    enum result result = RESULT_OK;

    if (joining->any && joining->many) {
        result = make_piece(merge);
        if (result == RESULT_OK)
            result = sorter_add(&merge->pieces, merge->made.bytes, merge->made.length);
        joining->entry->bytes = NULL;
    }
    joining->any = false;
    return result;
}

/* Joins pieces of equal hashes. */
static enum result join_in_memory(void *context, struct entry *entries, size_t count)
{
    struct merge *merge = context;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        struct piece piece;

        piece_read(entries[i].bytes, &piece);
        if (goes_with(merge, &piece)) {
            result = join(merge, &piece);
            entries[i].bytes = NULL;
        } else {
            result = end_in_memory(merge);
            begin(&merge->joining, &piece);
            merge->joining.entry = &entries[i];
        }
    }
    return result == RESULT_OK ? end_in_memory(merge) : result;
}

/* Memory is used up: what joining leaves of it goes to the disk, unless that is little. */
static enum result make_room(struct merge *merge)
{
    struct sorter *pieces = &merge->pieces;
    enum result result = sorter_join(pieces, join_in_memory, merge);

    if (result != RESULT_OK)
        return result;
    return sorter_cost(pieces) <= pieces->memory / 2 ? sorter_compact(pieces)
                                                     : sorter_spill(pieces);
}

static enum result add(struct merge *merge, const struct record *record, struct piece_texts *texts)
{
    int64_t start = record_start(record);
    enum result result = sorter_full(&merge->pieces) ? make_room(merge) : RESULT_OK;

    merge->made.length = 0;
    if (result == RESULT_OK)
        result = piece_put_record(&merge->made, record, texts, merge->counts.records++);
    if (result != RESULT_OK)
        return result;
    if (record->traffic_date < merge->traffic_date)
        merge->traffic_date = record->traffic_date;
    merge->earliest = start < merge->earliest ? start : merge->earliest;
    merge->latest = start > merge->latest ? start : merge->latest;
    return sorter_add(&merge->pieces, merge->made.bytes, merge->made.length);
}

/* The parts without which a lean flow would not be known. */
static void take_lean_parts(const struct record_reader *reader, const struct record *record,
                            struct record_parts *parts)
{
    *parts = (struct record_parts){.rest = record->known->relevance};
    if (record->src.family == 0)
        parts->values[RECORD_SRC] = record_value(reader, RECORD_SRC);
    if (record->dst.family == 0 || record->name.length > 0)
        parts->values[RECORD_DST] = record_value(reader, RECORD_DST);
    if (record->proto == 0)
        parts->values[RECORD_PROTO] = record_value(reader, RECORD_PROTO);
}

static enum result take_parts(const struct merge *merge, struct record_reader *reader,
                              const struct record *record, struct record_parts *parts)
{
    if (!merge->options.lean)
        return record_take_apart(reader, parts);
    take_lean_parts(reader, record, parts);
    return RESULT_OK;
}

enum result merge_add(struct merge *merge, struct record_reader *reader,
                      const struct record *record)
{
    struct record_parts parts;
    struct piece_texts texts;
    enum result result;

    merge->problem = "trafficDate is not there, or is not a number of seconds";
    if (record->traffic_date < 0)
        return RESULT_DAMAGED;
    merge->problem = "it starts or ends after the year 9999";
    if (record_start(record) >= TIME_END - record->duration)
        return RESULT_DAMAGED;
    result = take_parts(merge, reader, record, &parts);
    if (result != RESULT_OK)
        return result;
    piece_get_texts(&parts, &texts);
    return add(merge, record, &texts);
}

/* Leaves the same of the texts of a line that has no relevance. */
static void make_lean(const struct record *record, struct piece_texts *texts)
{
    uint32_t wanted = 0;

    if (record->src.family == 0)
        wanted |= 1u << PIECE_SRC;
    if (record->dst.family == 0 || record->name.length > 0)
        wanted |= 1u << PIECE_DST;
    if (record->proto == 0)
        wanted |= 1u << PIECE_PROTO;
    texts->told &= wanted;
    texts->kept &= wanted;
}

enum result merge_add_line(struct merge *merge, const char *line, size_t length)
{
    struct record record;
    struct piece_texts texts;

    if (!written_read(line, length, &record, &texts) ||
        record_start(&record) >= TIME_END - record.duration)
        return RESULT_DAMAGED;
    if (merge->options.lean)
        make_lean(&record, &texts);
    return add(merge, &record, &texts);
}

const char *merge_problem(const struct merge *merge)
{
    return merge->problem;
}

/* All are in. */

/* What was joined, of pieces from the disk, becomes one of the flows. */
static enum result end_flow(struct merge *merge)
{
    struct joining *joining = &merge->joining;
    struct sorter *flows = &merge->flows;
    enum result result = RESULT_OK;
    const struct text *made = joining->many ? &merge->made : &merge->held;

    if (!joining->any)
        return RESULT_OK;
    if (joining->many)
        result = make_piece(merge);
    if (result == RESULT_OK && sorter_full(flows))
        result = sorter_spill(flows);
    return result == RESULT_OK ? sorter_add(flows, made->bytes, made->length) : result;
}

static enum result begin_flow(struct merge *merge, const struct entry *entry)
{
    struct piece piece;
    enum result result;

    merge->held.length = 0;
    result = text_put(&merge->held, entry->bytes, entry->length);
    if (result != RESULT_OK)
        return result;
    piece_read(merge->held.bytes, &piece);
    begin(&merge->joining, &piece);
    return RESULT_OK;
}

static enum result join_from_disk(struct merge *merge)
{
    struct entry entry;
    enum result result = sorter_join(&merge->pieces, join_in_memory, merge);

    merge->last = true;
    if (result == RESULT_OK)
        result = sorter_read(&merge->pieces);
    while (result == RESULT_OK && (result = sorter_next(&merge->pieces, &entry)) == RESULT_OK) {
        struct piece piece;

        piece_read(entry.bytes, &piece);
        if (goes_with(merge, &piece)) {
            result = join(merge, &piece);
        } else {
            result = end_flow(merge);
            if (result == RESULT_OK)
                result = begin_flow(merge, &entry);
        }
    }
    if (result == RESULT_END)
        result = end_flow(merge);
    merge->counts.disk = spill_bytes(merge->pieces.spill);
    sorter_destroy(&merge->pieces);
    merge->out = &merge->flows;
    return result;
}

/* The pieces themselves become the flows. */
static enum result join_all_in_memory(struct merge *merge)
{
    enum result result;

    merge->last = true;
    result = sorter_join(&merge->pieces, join_in_memory, merge);
    merge->pieces.order = merge->flows.order;
    merge->out = &merge->pieces;
    return result;
}

static enum result finish(struct merge *merge)
{
    enum result result;

    while ((uint64_t)(merge->latest - merge->earliest) >> merge->shift > UINT32_MAX)
        merge->shift++;
    result = merge->pieces.spilled ? join_from_disk(merge) : join_all_in_memory(merge);
    if (result == RESULT_OK)
        result = sorter_read(merge->out);
    merge->counts.disk += merge->flows.spill ? spill_bytes(merge->flows.spill) : 0;
    return result;
}

/* The values that are kept, and those that are told, for which there is room. */
static void get_values(const struct piece_texts *texts, uint32_t wanted, struct told *told,
                       struct record_parts *parts, char *p)
{
    for (uint32_t left = texts->kept & PIECE_FIELD_TEXTS; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);

        parts->values[piece_fields[i]] = texts->values[i];
    }
    if (texts->kept >> PIECE_REST & 1)
        parts->rest = texts->values[PIECE_REST];
    told->dst = parts->values[RECORD_DST];
    for (uint32_t left = wanted & ~texts->kept; left != 0; left &= left - 1) {
        enum record_field field = (enum record_field)piece_fields[__builtin_ctz(left)];
        char *end = told_put(told, field, p);

        parts->values[field] = (struct record_text){p, (size_t)(end - p)};
        if (field == RECORD_DST)
            told->dst = parts->values[field];
        p = end;
    }
}

static enum result get_flow(struct merge *merge, const struct entry *entry, struct merged *flow)
{
    struct piece_texts texts;
    struct piece piece;
    struct told told;

    piece_read(entry->bytes, &piece);
    piece_read_texts(piece.texts, &texts);
    piece_tell(&piece, &told);
    *flow = (struct merged){
        .start = piece.start,
        .end = piece.end,
        .proto = told.proto,
        .bytes_from = (enum bytes_from)piece.bytes_from,
        .sampling = piece.sampling,
        .extended = piece.extended || merge->options.extend,
        .has_ports = told.has_ports,
    };
    for (unsigned i = 0; i < 2; i++) {
        unsigned end = i == 0 ? piece.source : 1u - piece.source;

        flow->packets[i] = piece.packets[end];
        flow->bytes[i] = piece.bytes[end];
        flow->ends[i] = told.ends[i].address;
        flow->ports[i] = told.ends[i].port;
    }
    merge->held.length = 0;
    if (text_reserve(&merge->held, PIECE_FIELDS * TOLD_MOST + 2 * entry->length) != RESULT_OK)
        return RESULT_NO_MEMORY;
    get_values(&texts, texts.told | (merge->options.extend ? PIECE_EXTENDED_TEXTS : 0), &told,
               &flow->parts, merge->held.bytes);
    return RESULT_OK;
}

static enum result next(struct merge *merge, struct entry *entry)
{
    enum result result = merge->out ? RESULT_OK : finish(merge);

    return result == RESULT_OK ? sorter_next(merge->out, entry) : result;
}

enum result merge_next(struct merge *merge, struct merged *flow)
{
    struct entry entry;
    enum result result = next(merge, &entry);

    if (result == RESULT_OK)
        result = get_flow(merge, &entry, flow);
    merge->counts.flows += result == RESULT_OK;
    return result;
}

enum result merge_next_line(struct merge *merge, struct text *lines)
{
    struct entry entry;
    struct piece piece;
    enum result result = next(merge, &entry);

    if (result != RESULT_OK)
        return result;
    piece_read(entry.bytes, &piece);
    result = piece_put_line(lines, &piece, merge->options.extend, merge->traffic_date);
    merge->counts.flows += result == RESULT_OK;
    return result;
}

int64_t merge_traffic_date(const struct merge *merge)
{
    return merge->traffic_date;
}

struct merge_counts merge_counted(const struct merge *merge)
{
    return merge->counts;
}
