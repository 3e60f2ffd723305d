/* SPDX-License-Identifier: Apache-2.0 */
#include "record/merge.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/sorter.h"
#include "record/extend.h"
#include "record/piece.h"

#include <stdlib.h>
#include <string.h>

/* More records of one conversation than this are added up as soon as no other can equal them. */
#define ORIGINALS_MOST 65536u

/* Texts that go with the name; without its address nothing would tell whom it is of. */
static const uint8_t name_texts[] = {PIECE_DST, PIECE_NAME_SOURCE, PIECE_DST_IP, PIECE_DST_NAME};

#define NAME_TEXTS (sizeof name_texts / sizeof *name_texts)

/* Pieces that are becoming one. */
struct joining {
    const struct piece *first; /* NULL: none */
    struct entry *entry;       /* of the first, in memory */
    int64_t end;
    bool many; /* pieces: their originals are listed, or in the sum */
    struct original *originals;
    size_t count, capacity;
    struct original sum; /* of originals that are not listed any more */
    uint64_t sampling;
    uint8_t bytes_from;
    uint8_t name_rank;
    struct naming naming;
    struct text name[NAME_TEXTS]; /* that are better than those of the first */
    bool has_name;                /* there are such */
};

struct merge {
    struct merge_options options;
    struct hash_seed seed;
    struct sorter pieces, flows; /* by conversation and start; by start */
    struct sorter *out;          /* the one that flows come out of; NULL: not yet */
    struct joining joining;
    bool last;        /* all pieces of a conversation come one after the other, and none later */
    struct text made; /* a piece that was joined */
    struct text extension; /* fields that were added to a record */
    struct text held;      /* the first piece, where the one that was read goes */
    int64_t traffic_date;
    struct merge_counts counts;
    const char *problem;
};

static const struct piece *piece_at(const char *bytes)
{
    return (const struct piece *)(const void *)bytes;
}

/* Of one conversation or two whose hashes are equal. */
static int compare_pieces(const char *a, const char *b)
{
    const struct piece *x = piece_at(a), *y = piece_at(b);
    int order = piece_compare_keys(x, y);

    if (order == 0 && x->start != y->start)
        order = x->start < y->start ? -1 : 1;
    if (order == 0)
        order = x->number < y->number ? -1 : 1;
    return order;
}

/* Of one start. */
static int compare_flows(const char *a, const char *b)
{
    return piece_at(a)->number < piece_at(b)->number ? -1 : 1;
}

enum result merge_init(struct merge **merge, const struct merge_options *options)
{
    struct merge *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->traffic_date = INT64_MAX;
    result = hash_seed_init(&new->seed);
    /* Pieces that remain are copied: a third of the memory goes to where another third was. */
    if (result == RESULT_OK)
        result =
            sorter_init(&new->pieces, options->memory / 3 * 2, options->folder, compare_pieces);
    if (result == RESULT_OK)
        result = sorter_init(&new->flows, options->memory / 4 * 3, options->folder, compare_flows);
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
    for (size_t i = 0; i < NAME_TEXTS; i++)
        text_destroy(&old->joining.name[i]);
    text_destroy(&old->made);
    text_destroy(&old->held);
    text_destroy(&old->extension);
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
    struct record_text texts[PIECE_TEXTS];
    struct original original = piece_original(piece);
    struct naming naming;
    enum result result = RESULT_OK;
    const char *p;

    if (piece->joined == 0)
        return list_original(joining, &original);
    p = piece_take_naming(piece_texts(piece, texts), &naming);
    original.start = 0;
    for (uint32_t i = 0; i < piece->joined && result == RESULT_OK; i++) {
        p = piece_take_original(p, &original, original.start);
        result = list_original(joining, &original);
    }
    return result;
}

static void begin(struct joining *joining, const struct piece *piece)
{
    joining->first = piece;
    joining->end = piece->end;
    joining->many = false;
    joining->count = 0;
    joining->sum = (struct original){.start = 0};
    joining->sampling = piece->sampling;
    joining->bytes_from = piece->bytes_from;
    joining->name_rank = piece->name_rank;
    joining->naming = piece_naming(piece);
    joining->has_name = false;
}

/* A name of the same end, and better known, or as well and earlier. */
static bool has_better_name(const struct joining *joining, const struct piece *piece)
{
    struct naming naming;

    if (piece->name_rank == 0 || piece->source != joining->first->source)
        return false;
    if (piece->name_rank != joining->name_rank)
        return piece->name_rank > joining->name_rank;
    naming = piece_naming(piece);
    return naming.start < joining->naming.start ||
           (naming.start == joining->naming.start && naming.number < joining->naming.number);
}

static enum result take_name(struct joining *joining, const struct piece *piece)
{
    struct record_text texts[PIECE_TEXTS];
    enum result result = RESULT_OK;

    piece_texts(piece, texts);
    for (size_t i = 0; i < NAME_TEXTS && result == RESULT_OK; i++) {
        joining->name[i].length = 0;
        result =
            text_put(&joining->name[i], texts[name_texts[i]].bytes, texts[name_texts[i]].length);
    }
    joining->name_rank = piece->name_rank;
    joining->naming = piece_naming(piece);
    joining->has_name = true;
    return result;
}

static enum result join(struct merge *merge, const struct piece *piece)
{
    struct joining *joining = &merge->joining;
    enum result result = RESULT_OK;

    if (!joining->many)
        result = list_originals(joining, joining->first);
    joining->many = true;
    if (result == RESULT_OK)
        result = list_originals(joining, piece);
    if (result == RESULT_OK && has_better_name(joining, piece))
        result = take_name(joining, piece);
    joining->end = piece->end > joining->end ? piece->end : joining->end;
    if (piece->bytes_from > joining->bytes_from)
        joining->bytes_from = piece->bytes_from;
    if (piece->sampling > joining->sampling)
        joining->sampling = piece->sampling;
    if (merge->last && joining->count > ORIGINALS_MOST)
        settle(merge, piece->start);
    return result;
}

/* The pieces' texts: those of the first, but for the name. */
static enum result put_texts(struct merge *merge)
{
    const struct joining *joining = &merge->joining;
    struct record_text texts[PIECE_TEXTS];

    piece_texts(joining->first, texts);
    for (size_t i = 0; i < NAME_TEXTS && joining->has_name; i++)
        texts[name_texts[i]] =
            (struct record_text){joining->name[i].bytes, joining->name[i].length};
    return piece_put_texts(&merge->made, texts);
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
    struct piece piece = *joining->first;
    struct original sum = joining->sum;
    enum result result;

    drop_doubles(merge);
    for (size_t i = 0; i < joining->count; i++)
        add_up(&sum, &joining->originals[i]);
    memcpy(piece.packets, sum.packets, sizeof piece.packets);
    memcpy(piece.bytes, sum.bytes, sizeof piece.bytes);
    piece.end = joining->end;
    piece.sampling = joining->sampling;
    piece.bytes_from = joining->bytes_from;
    piece.name_rank = joining->name_rank;
    piece.joined = merge->last ? 0 : (uint32_t)joining->count;
    merge->made.length = 0;
    result = text_put(&merge->made, (const char *)&piece, sizeof piece);
    if (result == RESULT_OK)
        result = text_put(&merge->made, piece_key(joining->first), piece.key_length);
    if (result == RESULT_OK)
        result = put_texts(merge);
    return result == RESULT_OK && !merge->last ? put_originals(merge) : result;
}

/*
 * Whether a piece goes with those that are being joined. Before the last time a piece of the other
 * direction does not, for it may have a name that counts when an earlier one comes.
 */
static bool goes_with(const struct merge *merge, const struct piece *piece)
{
    const struct joining *joining = &merge->joining;

    return joining->first && piece->start - joining->end <= merge->options.gap &&
           (merge->last || piece->source == joining->first->source) &&
           piece_compare_keys(piece, joining->first) == 0;
}

/* Adds a piece that is elsewhere. */
static enum result store(struct sorter *sorter, uint64_t rank, const struct text *piece)
{
    char *room = sorter_room(sorter, piece->length);

    if (!room)
        return RESULT_NO_MEMORY;
    memcpy(room, piece->bytes, piece->length);
    return sorter_add(sorter, rank, room, piece->length);
}

/* What was joined takes the place of its first piece. */
static enum result end_in_memory(struct merge *merge)
{
    struct joining *joining = &merge->joining;
    enum result result = RESULT_OK;
    char *room;

    if (joining->first && joining->many) {
        result = make_piece(merge);
        room = result == RESULT_OK ? sorter_room(&merge->pieces, merge->made.length) : NULL;
        if (!room)
            return RESULT_NO_MEMORY;
        memcpy(room, merge->made.bytes, merge->made.length);
        sorter_keep(&merge->pieces, room, merge->made.length);
        joining->entry->bytes = room;
    }
    joining->first = NULL;
    return RESULT_OK;
}

/* Joins pieces of equal hashes. */
static enum result join_in_memory(void *context, struct entry *const *entries, size_t count)
{
    struct merge *merge = context;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        const struct piece *piece = piece_at(entries[i]->bytes);

        if (goes_with(merge, piece)) {
            result = join(merge, piece);
            entries[i]->bytes = NULL;
        } else {
            result = end_in_memory(merge);
            begin(&merge->joining, piece);
            merge->joining.entry = entries[i];
        }
    }
    return result == RESULT_OK ? end_in_memory(merge) : result;
}

/* Memory is used up: what joining leaves of it goes to the disk, unless that is little. */
static enum result make_room(struct merge *merge)
{
    struct sorter *pieces = &merge->pieces;
    enum result result = sorter_join(pieces, join_in_memory, merge);
    size_t bytes = 0;

    if (result != RESULT_OK)
        return result;
    for (size_t i = 0; i < pieces->count; i++)
        bytes += entry_length(&pieces->entries[i]);
    if (sorter_cost(pieces->count, bytes) <= merge->options.memory / 3)
        return sorter_compact(pieces);
    result = sorter_sort(pieces);
    return result == RESULT_OK ? sorter_spill(pieces) : result;
}

enum result merge_add(struct merge *merge, struct record_reader *reader,
                      const struct record *record)
{
    struct record_parts parts;
    enum result result;
    size_t length;
    char *room;
    struct piece *piece;

    merge->problem = "trafficDate is not there, or is not a number of seconds";
    if (record->traffic_date < 0)
        return RESULT_DAMAGED;
    merge->problem = "it starts or ends after the year 9999";
    if (record_start(record) >= TIME_END - record->duration)
        return RESULT_DAMAGED;
    result = sorter_full(&merge->pieces) ? make_room(merge) : RESULT_OK;
    if (result == RESULT_OK)
        result = record_take_apart(reader, &parts);
    if (result == RESULT_OK && merge->options.extend)
        result = record_extend(record, &parts, &merge->extension);
    if (result != RESULT_OK)
        return result;
    room = sorter_room(&merge->pieces, piece_most(&parts));
    if (!room)
        return RESULT_NO_MEMORY;
    length = piece_put(room, record, &parts, merge->counts.records++);
    piece = (struct piece *)(void *)room;
    piece->extended = piece->extended || merge->options.extend;
    if (record->traffic_date < merge->traffic_date)
        merge->traffic_date = record->traffic_date;
    return sorter_add(&merge->pieces, hash_bytes(&merge->seed, piece_key(piece), piece->key_length),
                      room, length);
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

    if (!joining->first)
        return RESULT_OK;
    if (joining->many)
        result = make_piece(merge);
    if (result == RESULT_OK && sorter_full(flows)) {
        result = sorter_sort(flows);
        if (result == RESULT_OK)
            result = sorter_spill(flows);
    }
    return result == RESULT_OK ? store(flows, (uint64_t)joining->first->start, made) : result;
}

static enum result begin_flow(struct merge *merge, const struct entry *entry)
{
    enum result result;

    merge->held.length = 0;
    result = text_put(&merge->held, entry->bytes, entry_length(entry));
    if (result == RESULT_OK)
        begin(&merge->joining, piece_at(merge->held.bytes));
    return result;
}

static enum result join_from_disk(struct merge *merge)
{
    struct entry entry;
    enum result result = sorter_join(&merge->pieces, join_in_memory, merge);

    merge->last = true;
    if (result == RESULT_OK)
        result = sorter_sort(&merge->pieces);
    if (result == RESULT_OK)
        result = sorter_read(&merge->pieces);
    while (result == RESULT_OK && (result = sorter_next(&merge->pieces, &entry)) == RESULT_OK) {
        if (goes_with(merge, piece_at(entry.bytes))) {
            result = join(merge, piece_at(entry.bytes));
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
    if (result == RESULT_OK)
        result = sorter_sort(&merge->flows);
    merge->out = &merge->flows;
    return result;
}

/* The pieces themselves become the flows. */
static enum result sort_in_memory(struct merge *merge)
{
    struct sorter *pieces = &merge->pieces;
    enum result result;

    merge->last = true;
    result = sorter_join(pieces, join_in_memory, merge);
    for (size_t i = 0; i < pieces->count; i++) {
        if (i + 8 < pieces->count)
            __builtin_prefetch(pieces->entries[i + 8].bytes);
        pieces->entries[i].rank = (uint64_t)piece_at(pieces->entries[i].bytes)->start;
    }
    pieces->compare = compare_flows;
    merge->out = pieces;
    return result == RESULT_OK ? sorter_sort(pieces) : result;
}

static enum result finish(struct merge *merge)
{
    enum result result;

    result = merge->pieces.spilled ? join_from_disk(merge) : sort_in_memory(merge);
    if (result == RESULT_OK)
        result = sorter_read(merge->out);
    merge->counts.disk += merge->flows.spill ? spill_bytes(merge->flows.spill) : 0;
    return result;
}

static void get_flow(const struct piece *piece, struct merged *flow)
{
    struct record_text texts[PIECE_TEXTS];

    *flow = (struct merged){
        .start = piece->start,
        .end = piece->end,
        .proto = piece_proto(piece),
        .bytes_from = (enum bytes_from)piece->bytes_from,
        .sampling = piece->sampling,
        .extended = piece->extended,
    };
    for (unsigned i = 0; i < 2; i++) {
        unsigned end = i == 0 ? piece->source : 1u - piece->source;

        flow->packets[i] = piece->packets[end];
        flow->bytes[i] = piece->bytes[end];
        piece_end(piece, end, &flow->ends[i], &flow->ports[i]);
    }
    piece_texts(piece, texts);
    for (size_t i = 0; i < PIECE_FIELDS; i++)
        flow->parts.values[piece_fields[i]] = texts[i];
    flow->parts.rest = texts[PIECE_FIELDS];
}

enum result merge_next(struct merge *merge, struct merged *flow)
{
    struct entry entry;
    enum result result = merge->out ? RESULT_OK : finish(merge);

    if (result == RESULT_OK)
        result = sorter_next(merge->out, &entry);
    if (result != RESULT_OK)
        return result;
    get_flow(piece_at(entry.bytes), flow);
    merge->counts.flows++;
    return RESULT_OK;
}

int64_t merge_traffic_date(const struct merge *merge)
{
    return merge->traffic_date;
}

struct merge_counts merge_counted(const struct merge *merge)
{
    return merge->counts;
}
