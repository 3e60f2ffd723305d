/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowmeta: adds to each Secflow what lists know of its destination and behavior. See flowmeta(1).
 */
#include "annotate.h"
#include "base/input.h"
#include "base/number.h"
#include "know/activity.h"
#include "know/domain.h"
#include "know/indicator.h"
#include "know/places.h"
#include "metalists.h"
#include "options.h"
#include "stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STARTER_SET PKGDATADIR "/starter.ndjson"

static const struct tool_option tool_options[] = {
    {'f', "list", "LIST", "a list, or a directory of lists; may be given several times"},
    {'b', "bad", "LIST", "like -f; what it lists is known to be bad"},
    {'g', "good", "LIST", "like -f; what it lists is known to be uninteresting"},
    {'M', "mmdb", "FILE",
     "a MaxMind database, for countries and operators; may be given several "
     "times"},
    {'d', "description", NULL, "add descriptions, too"},
    {'q', "quiet", NULL, "show no progress, and do not tell what lists lack or leave out"},
    {'v', "verbose", NULL, "tell what each list has, and how many records are known"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowmeta FILE"},
    {'l', "lists are given with -f"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Add to each Secflow what lists know of its destination or behavior: title, "
             "relevance, tags, rank, country. Without -f, -b and -g the starter set is used that "
             "comes with this tool. Without FILE, or where FILE is -, read standard input.",
    .example = "pcap2flow trace.pcap | flowmeta -f lists/ | jq -c 'select(.title)'",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){places_libmaxminddb, domain_libpsl, indicator_libidn2,
                                       input_zlib, input_zstd, library_nettle, NULL},
};

enum field {
    FIELD_TITLE,
    FIELD_DESCRIPTION,
    FIELD_RELEVANCE,
    FIELD_KNOWN_BY,
    FIELD_TAGS,
    FIELD_LISTS,
    FIELD_RANK,
    FIELD_COUNTRY,
    FIELD_ASN,
    FIELD_AS_ORG,
    FIELD_ACTIVITY,
    FIELDS
};

static const char *const fields[FIELDS] = {"title",  "description", "relevance", "knownBy",
                                           "tags",   "lists",       "rank",      "dstCountry",
                                           "dstAsn", "dstAsOrg",    "activity"};

#define MMDB_MOST 8

struct flowmeta;

/* What a thread needs to add fields to records. */
struct adder {
    const struct flowmeta *meta;
    struct match match; /* of the record that is being written */
    struct text text;   /* values of fields, each with a NUL behind it */
    size_t at[FIELDS];  /* where in the text they begin, plus 1; 0: there is none */
};

struct flowmeta {
    struct metalists lists;
    const char *paths[MMDB_MOST];     /* of databases */
    struct places *places[MMDB_MOST]; /* NULL: it could not be opened */
    size_t place_count;
    bool descriptions, verbose;
    struct annotator annotator;
    struct adder adders[2];
};

/* Begins the value of a field in the text, and ends it. */
static void begin(struct adder *adder, enum field field)
{
    adder->at[field] = adder->text.length + 1;
}

static enum result end(struct adder *adder, enum result result)
{
    return result == RESULT_OK ? text_put(&adder->text, "", 1) : result;
}

static enum result put_string(struct adder *adder, enum field field, struct record_text string)
{
    if (string.length == 0)
        return RESULT_OK;
    begin(adder, field);
    return end(adder, text_put_json(&adder->text, string.bytes, string.length));
}

static enum result put_word(struct adder *adder, enum field field, const char *word)
{
    return put_string(adder, field, (struct record_text){word, word ? strlen(word) : 0});
}

static enum result put_number(struct adder *adder, enum field field, uint64_t number)
{
    if (number == 0)
        return RESULT_OK;
    begin(adder, field);
    return end(adder, text_print(&adder->text, "%" PRIu64, number));
}

static enum result put_array(struct adder *adder, enum field field,
                             const struct record_text *strings, size_t count)
{
    enum result result = RESULT_OK;

    if (count == 0)
        return RESULT_OK;
    begin(adder, field);
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        result = text_put(&adder->text, i == 0 ? "[" : ",", 1);
        if (result == RESULT_OK)
            result = text_put(&adder->text, strings[i].bytes, strings[i].length);
    }
    if (result == RESULT_OK)
        result = text_put(&adder->text, "]", 1);
    return end(adder, result);
}

static enum result put_place(struct adder *adder, const struct record *record)
{
    struct place place = {.asn = 0};
    enum result result;

    if (record->dst.family == 0)
        return RESULT_OK;
    for (size_t i = 0; i < adder->meta->place_count; i++)
        if (adder->meta->places[i])
            places_find(adder->meta->places[i], &record->dst, &place);
    result = put_string(adder, FIELD_COUNTRY, place.country);
    if (result == RESULT_OK)
        result = put_number(adder, FIELD_ASN, place.asn);
    return result == RESULT_OK ? put_string(adder, FIELD_AS_ORG, place.as_org) : result;
}

static enum result put_match(struct adder *adder)
{
    const struct match *match = &adder->match;
    bool known = match->title.length > 0 || match->relevance != RELEVANCE_NONE;
    enum result result = put_word(adder, FIELD_RELEVANCE, relevance_word(match->relevance));

    if (result == RESULT_OK && known)
        result = put_word(adder, FIELD_KNOWN_BY, match->behavior ? "behavior" : "destination");
    if (result == RESULT_OK)
        result = put_array(adder, FIELD_TAGS, match->tags, match->tag_count);
    if (result == RESULT_OK)
        result = put_array(adder, FIELD_LISTS, match->lists, match->list_count);
    return result == RESULT_OK ? put_number(adder, FIELD_RANK, match->rank) : result;
}

static enum result write_record(struct adder *adder, struct record_reader *reader,
                                struct output *output)
{
    const char *values[FIELDS];

    for (size_t i = 0; i < FIELDS; i++)
        values[i] = adder->at[i] > 0 ? adder->text.bytes + adder->at[i] - 1 : NULL;
    values[FIELD_TITLE] = adder->match.title.bytes;
    values[FIELD_DESCRIPTION] = adder->meta->descriptions ? adder->match.description.bytes : NULL;
    return record_write_with(reader, values, output);
}

/* Opens a database; where that fails, the one that was open stays in use. */
static int open_database(struct places **places, const char *path)
{
    struct places *new = NULL;

    switch (places_open(&new, path)) {
    case RESULT_OK:
        places_close(places);
        *places = new;
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    case RESULT_SYSTEM:
        complain_errno(path, *places ? "cannot open, and the old one stays in use" : "cannot open");
        return EX_NOINPUT;
    default:
        complain(path, *places ? "not a MaxMind database; the old one stays in use"
                               : "not a MaxMind database");
        return EX_DATAERR;
    }
}

static int open_databases(struct flowmeta *meta)
{
    int status = EX_OK;

    for (size_t i = 0; i < meta->place_count; i++)
        status = worse_status(status, open_database(&meta->places[i], meta->paths[i]));
    return status;
}

/* After SIGHUP. What cannot be read again stays as it was, which has been said. */
static bool read_again(void *context)
{
    struct flowmeta *meta = context;

    if (!stop_hangup())
        return false;
    if (metalists_read(&meta->lists) == EX_OSERR)
        complain(NULL, "the lists that were read before stay in use");
    (void)open_databases(meta);
    return true;
}

static enum result add(void *context, struct record_reader *reader, const struct record *record,
                       struct output *output, uint64_t *known)
{
    struct adder *adder = context;
    const struct flowmeta *meta = adder->meta;
    struct record whole = *record;
    enum result result = RESULT_OK;

    record_read_rest(reader, &whole);
    match_find(meta->lists.known, &whole, &adder->match);
    adder->text.length = 0;
    memset(adder->at, 0, sizeof adder->at);
    if (adder->match.any)
        result = put_match(adder);
    if (result == RESULT_OK && meta->place_count > 0)
        result = put_place(adder, &whole);
    if (result == RESULT_OK)
        result = put_word(adder, FIELD_ACTIVITY, activity_of(&adder->match, &whole));
    if (result == RESULT_OK)
        result = write_record(adder, reader, output);
    *known += result == RESULT_OK && adder->match.any;
    return result;
}

static int add_database(struct flowmeta *meta, const char *path)
{
    if (meta->place_count == MMDB_MOST)
        return usage_error("-M: at most %d databases", MMDB_MOST);
    meta->paths[meta->place_count++] = path;
    return EX_OK;
}

static int take_option(struct flowmeta *meta, int option, char **argv, bool *done)
{
    switch (option) {
    case 'f':
        return metalists_add(&meta->lists, optarg, RELEVANCE_NONE);
    case 'b':
        return metalists_add(&meta->lists, optarg, RELEVANCE_BAD);
    case 'g':
        return metalists_add(&meta->lists, optarg, RELEVANCE_UNINTERESTING);
    case 'M':
        return add_database(meta, optarg);
    case 'd':
        meta->descriptions = true;
        return EX_OK;
    case 'q':
        meta->annotator.quiet = meta->lists.quiet = true;
        return EX_OK;
    case 'v':
        meta->verbose = meta->lists.verbose = true;
        return EX_OK;
    default:
        return common_option(&tool, option, argv, done);
    }
}

static void print_summary(const struct flowmeta *meta)
{
    char records[NUMBER_GROUPED], known[NUMBER_GROUPED];

    if (meta->verbose)
        complain(NULL, "%s records, of which lists know %s",
                 number_grouped(records, meta->annotator.records),
                 number_grouped(known, meta->annotator.known));
}

/* Where no option says which lists to use. */
static int add_usual(struct flowmeta *meta)
{
    const char *path = getenv("SECFLOW_LISTS");

    return metalists_add(&meta->lists, path && *path ? path : STARTER_SET, RELEVANCE_NONE);
}

/* Standard input can be a list or records, but not both. */
static int check_input(const struct flowmeta *meta, char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(paths[i], "-") == 0 && metalists_have(&meta->lists, "-"))
            return usage_error("standard input is a list already; give a FILE of records");
    return EX_OK;
}

static int run(struct flowmeta *meta, char **paths, size_t count)
{
    bool usual = meta->lists.source_count == 0;
    int status = EX_OK, lists;

    stop_spare_hangup();
    if (usual)
        status = add_usual(meta);
    lists = status == EX_OK ? metalists_read(&meta->lists) : status;
    if (lists == EX_OSERR)
        return lists;
    if (usual && lists == EX_NOINPUT)
        complain(NULL,
                 "give lists with -f, or name them in SECFLOW_LISTS; the starter set is there "
                 "once Secflow is installed");
    lists = worse_status(lists, open_databases(meta));
    status = annotate(&meta->annotator, paths, count);
    print_summary(meta);
    return final_status(status, lists);
}

int main(int argc, char **argv)
{
    static struct flowmeta meta;
    char **paths;
    size_t count;
    bool done = false;
    int option, status = EX_OK;

    meta.adders[0].meta = meta.adders[1].meta = &meta;
    meta.annotator = (struct annotator){
        .fields = fields,
        .field_count = FIELDS,
        .each = add,
        .contexts = {&meta.adders[0], &meta.adders[1]},
        .between = read_again,
        .between_context = &meta,
    };
    common_init("flowmeta");
    while (status == EX_OK && !done && (option = next_option(&tool, argc, argv)) != -1)
        status = take_option(&meta, option, argv, &done);
    if (status == EX_OK && !done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = check_input(&meta, paths, count);
        if (status == EX_OK)
            status = run(&meta, paths, count);
    }
    metalists_destroy(&meta.lists);
    for (size_t i = 0; i < meta.place_count; i++)
        places_close(&meta.places[i]);
    for (size_t i = 0; i < 2; i++)
        text_destroy(&meta.adders[i].text);
    return status;
}
