/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowevent: marks the Secflows that together make up an event, by rules. See flowevent(1).
 */
#include "base/clock.h"
#include "base/input.h"
#include "base/json.h"
#include "base/number.h"
#include "know/activity.h"
#include "know/domain.h"
#include "know/event.h"
#include "know/indicator.h"
#include "options.h"
#include "record/put.h"
#include "rulefiles.h"
#include "samples.h"
#include "stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_LEAST 1024

/* For what rules have seen of the sources of a sensor. */
#define SEEN_MEMORY ((size_t)256 << 20)

enum { OPTION_MEMORY = OPTION_LONG };

static const struct tool_option tool_options[] = {
    {'f', "rules", "RULES", "a file of rules, or a directory of such; may be given several times"},
    {OPTION_MEMORY, "memory", "SIZE",
     "memory for the lines of samples, beyond which they are not held whole (default 256M)"},
    {'q', "quiet", NULL, "show no progress, and no note about files without records or rules"},
    {'v', "verbose", NULL, "tell how many rules there are, and print a summary"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowevent -f RULES FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "-f RULES [OPTION...] [FILE...]",
    .about = "Find what happened step by step: mark the Secflows of a source that match the steps "
             "of a rule, within its time, as members of an event. With no FILE, or when FILE is "
             "-, read standard input.",
    .example = "flowmeta x.sf | flowevent -f rules | jq -c 'select(.event)'",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){domain_libpsl, indicator_libidn2, input_zlib, input_zstd,
                                       library_nettle, NULL},
};

enum field {
    FIELD_TITLE,
    FIELD_DESCRIPTION,
    FIELD_RELEVANCE,
    FIELD_KNOWN_BY,
    FIELD_TAGS,
    FIELD_ACTIVITY,
    FIELD_EVENT_ID,
    FIELD_EVENT,
    FIELD_EVENT_START,
    FIELDS
};

static const char *const fields[FIELDS] = {"title",   "description", "relevance",
                                           "knownBy", "tags",        "activity",
                                           "eventId", "event",       "eventStart"};

struct flowevent {
    struct rulefiles files;
    struct event_rules *rules; /* of these two */
    struct event_rules both[2];
    struct events *events;
    struct samples *samples;
    struct record_reader *writer;
    struct json *json; /* for tags */
    struct output *output;
    size_t memory;
    bool quiet, verbose;

    struct match match; /* of the record that is being written */
    uint64_t records, members;
};

/* The tags of the record and those of the event, each once. */
static void add_tag(struct match *match, struct record_text tag)
{
    match_unite(match->tags, &match->tag_count, MATCH_TAGS, tag);
}

static enum result take_tags(struct flowevent *flowevent, struct record_text tags)
{
    const struct json_member *members;
    enum result result;
    size_t count;

    if (tags.length == 0)
        return RESULT_OK;
    result = json_read_array(flowevent->json, 1, tags.bytes, tags.length);
    if (result != RESULT_OK)
        return result;
    members = json_members(flowevent->json, &count);
    for (size_t i = 0; i < count; i++)
        if (members[i].element && members[i].type == JSON_STRING)
            add_tag(&flowevent->match, (struct record_text){members[i].raw, members[i].raw_length});
    return RESULT_OK;
}

/* What is known of a record together with the event that it is a member of. */
static enum result find_match(struct flowevent *flowevent, const struct record *record,
                              const struct note *note)
{
    struct record_text word = record->known->relevance;
    struct match *match = &flowevent->match;
    enum relevance before =
        word.length > 0 ? relevance_read(word.bytes, word.length) : RELEVANCE_NONE;
    enum result result;

    *match = (struct match){
        .any = true,
        .specific = true,
        .relevance = note->relevance > before ? note->relevance : before,
    };
    result = take_tags(flowevent, record->known->tags);
    for (size_t i = 0; i < note->tag_count; i++)
        add_tag(match, note->tags[i]);
    return result;
}

static enum result put_tags(struct text *text, const struct match *match)
{
    enum result result = RESULT_OK;

    for (size_t i = 0; i < match->tag_count && result == RESULT_OK; i++) {
        result = text_put(text, i == 0 ? "[" : ",", 1);
        if (result == RESULT_OK)
            result = text_put(text, match->tags[i].bytes, match->tags[i].length);
    }
    return result == RESULT_OK ? text_put(text, "]", 2) : result; /* and a NUL */
}

/* Values that are words, in quotes. */
struct words {
    char relevance[32], activity[32], start[40];
};

static const char *quote(char *room, size_t size, const char *word)
{
    snprintf(room, size, "\"%s\"", word);
    return room;
}

static void put_start(char *room, int64_t time)
{
    char *p = put_quote(put_timestamp(put_quote(room), time));

    *p = '\0';
}

/* The title and its description belong together; a rule without a title leaves both. */
static void set_title(const struct note *note, const struct record *record,
                      const char *values[FIELDS])
{
    if (note->title.length == 0)
        return;
    values[FIELD_TITLE] = note->title.bytes;
    values[FIELD_KNOWN_BY] = "\"event\"";
    if (note->description.length > 0)
        values[FIELD_DESCRIPTION] = note->description.bytes;
    else if (record->known->description.length > 0)
        values[FIELD_DESCRIPTION] = "\"\"";
}

/* Writes the record that the writer has read, as a member of an event. */
static enum result write_member(struct flowevent *flowevent, const struct record *record,
                                const struct event_rule *rule, int64_t event_start)
{
    const char *values[FIELDS] = {NULL}, *activity;
    const struct note *note = &rule->note;
    struct words words;
    enum result result = find_match(flowevent, record, note);
    struct text tags = {0};

    if (result == RESULT_OK && note->tag_count > 0) {
        result = put_tags(&tags, &flowevent->match);
        values[FIELD_TAGS] = tags.bytes;
    }
    set_title(note, record, values);
    if (note->relevance != RELEVANCE_NONE && flowevent->match.relevance == note->relevance)
        values[FIELD_RELEVANCE] =
            quote(words.relevance, sizeof words.relevance, relevance_word(note->relevance));
    activity = activity_graver(activity_of(&flowevent->match, record), record->known->activity);
    if (activity)
        values[FIELD_ACTIVITY] = quote(words.activity, sizeof words.activity, activity);
    put_start(words.start, event_start);
    values[FIELD_EVENT_ID] = rule->id;
    values[FIELD_EVENT] = note->source.bytes;
    values[FIELD_EVENT_START] = words.start;
    if (result == RESULT_OK)
        result = record_write_with(flowevent->writer, values, flowevent->output);
    text_destroy(&tags);
    return result;
}

static enum result write_flow(struct flowevent *flowevent, const struct event_flow *flow,
                              const char *line, size_t length)
{
    struct record record;
    enum result result = record_read(flowevent->writer, line, length, &record);

    if (result != RESULT_OK)
        return result;
    record_read_rest(flowevent->writer, &record);
    return write_member(flowevent, &record, &flowevent->rules->list[flow->rule], flow->event_start);
}

/*
 * Writes so many bytes of the lines: those of members with what was found, the others between them
 * as they are.
 */
static enum result write_lines(struct flowevent *flowevent, const struct event_sample *sample,
                               size_t bytes)
{
    const char *lines = sample->lines.bytes;
    size_t written = 0;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < sample->flow_count && sample->members > 0; i++) {
        const struct event_flow *flow = &sample->flows[i];

        if (flow->line >= bytes)
            break;
        if (flow->rule == EVENT_NONE)
            continue;
        result = output_put(flowevent->output, lines + written, flow->line - written);
        if (result == RESULT_OK)
            result = write_flow(flowevent, flow, lines + flow->line, flow->end - flow->line - 1);
        if (result != RESULT_OK)
            return result;
        written = flow->end;
    }
    return output_put(flowevent->output, lines + written, bytes - written);
}

/* Writes so many bytes of the lines, and forgets them. */
static enum result take_lines(struct flowevent *flowevent, struct event_sample *sample,
                              size_t bytes)
{
    enum result result = write_lines(flowevent, sample, bytes);

    if (result == RESULT_OK)
        events_drop(flowevent->events, sample, bytes);
    return result;
}

/* Writes what is settled of a large sample. */
static enum result relieve(void *context, void *large, size_t *left)
{
    struct flowevent *flowevent = context;
    struct event_sample *sample = large;
    enum result result = events_find(flowevent->events, sample);

    if (result == RESULT_OK)
        result = take_lines(flowevent, sample, events_settled(flowevent->events, sample));
    *left = sample->lines.length;
    return result;
}

/* Writes all of a sample that there is so far. */
static enum result cut(void *context, void *begun, size_t *left)
{
    struct flowevent *flowevent = context;
    struct event_sample *sample = begun;
    enum result result = RESULT_OK;

    *left = 0;
    if (sample->lines.length > 0)
        result = events_find(flowevent->events, sample);
    return result == RESULT_OK && sample->lines.length > 0
               ? take_lines(flowevent, sample, sample->lines.length)
               : result;
}

/* Reads the rules again, and goes on with them, if they are all good. */
static enum result read_again(struct flowevent *flowevent)
{
    struct event_rules *old = flowevent->rules, *new = &flowevent->both[old == flowevent->both];
    bool good =
        rulefiles_stay(&flowevent->files) && rulefiles_read(&flowevent->files, new) == EX_OK;
    enum result result = RESULT_OK;

    if (!good)
        complain(NULL, "the rules that were read before stay in use");
    if (good)
        result = samples_each(flowevent->samples, cut);
    if (good && result == RESULT_OK)
        result = events_change(flowevent->events, new);
    if (good && result == RESULT_OK)
        flowevent->rules = new;
    event_rules_destroy(flowevent->rules == new ? old : new);
    return result;
}

static void destroy_sample(void *sample)
{
    if (sample)
        event_sample_destroy(sample);
    free(sample);
}

static enum result begin(void *context, const struct record *record, void **sample)
{
    struct event_sample *new = calloc(1, sizeof *new);
    enum result result = new ? event_sample_init(new, record) : RESULT_NO_MEMORY;

    (void)context;
    if (result != RESULT_OK) {
        destroy_sample(new);
        return result;
    }
    *sample = new;
    return RESULT_OK;
}

static enum result add(void *context, void *sample, const struct record *record, const char *line,
                       size_t length, size_t room)
{
    struct flowevent *flowevent = context;
    enum result result = stop_hangup() ? read_again(flowevent) : RESULT_OK;

    (void)room;
    return result == RESULT_OK ? event_sample_add(sample, flowevent->rules, record, line, length)
                               : result;
}

static enum result complete(void *context, void *complete_sample)
{
    struct flowevent *flowevent = context;
    struct event_sample *sample = complete_sample;
    enum result result = events_find(flowevent->events, sample);

    if (result == RESULT_OK)
        result = write_lines(flowevent, sample, sample->lines.length);
    flowevent->records += sample->records;
    flowevent->members += sample->members;
    destroy_sample(sample);
    return result;
}

static enum result settle(void *context)
{
    struct flowevent *flowevent = context;

    return output_flush(flowevent->output);
}

static void print_summary(const struct flowevent *flowevent)
{
    char records[NUMBER_GROUPED], members[NUMBER_GROUPED];

    complain(NULL, "%s records, of which %s are members of events",
             number_grouped(records, flowevent->records),
             number_grouped(members, flowevent->members));
}

/* Sources come so fast only where somebody makes them up. */
static void tell_forgotten(const struct flowevent *flowevent)
{
    uint64_t forgotten = events_forgotten(flowevent->events);

    if (forgotten > 0)
        complain(NULL,
                 "events may be missing: %" PRIu64
                 " beginnings of events were forgotten, because they "
                 "took too much memory; rules with a shorter \"within\" need less",
                 forgotten);
}

static int start(struct flowevent *flowevent)
{
    const struct samples_use use = {
        .quiet = flowevent->quiet,
        .memory = flowevent->memory,
        .begin = begin,
        .add = add,
        .complete = complete,
        .relieve = relieve,
        .settle = settle,
        .destroy = destroy_sample,
        .context = flowevent,
    };
    enum result result;

    flowevent->output = malloc(sizeof *flowevent->output);
    if (!flowevent->output)
        return out_of_memory();
    output_init(flowevent->output, STDOUT_FILENO);
    result = record_reader_init(&flowevent->writer, fields, FIELDS);
    if (result == RESULT_OK)
        result = json_init(&flowevent->json, NULL, 0);
    if (result == RESULT_OK)
        result = events_init(&flowevent->events, flowevent->rules, SEEN_MEMORY);
    if (result != RESULT_OK)
        return start_failed(result);
    progress_init(&progress, !flowevent->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    return samples_init(&flowevent->samples, &use);
}

static int run(struct flowevent *flowevent, char **paths, size_t count)
{
    enum result result;
    int rules, status;

    stop_spare_hangup();
    flowevent->rules = &flowevent->both[0];
    rules = rulefiles_read(&flowevent->files, flowevent->rules);
    if (rules == EX_OSERR)
        return rules;
    if (flowevent->rules->count == 0)
        complain(NULL, "no rules: records pass as they are");
    status = start(flowevent);
    if (status != EX_OK)
        return status;
    if (!flowevent->quiet)
        tell_inputs(paths, count, "Secflows");
    if (samples_read(flowevent->samples, paths, count, &status)) {
        result = output_flush(flowevent->output);
        if (result != RESULT_OK)
            status = final_status(status, output_failed(result));
        tell_forgotten(flowevent);
        if (flowevent->verbose)
            print_summary(flowevent);
    }
    return close_output(final_status(status, rules));
}

static int take_option(struct flowevent *flowevent, int option, char **argv, bool *done)
{
    switch (option) {
    case 'f':
        return rulefiles_add(&flowevent->files, optarg);
    case OPTION_MEMORY:
        return option_memory(MEMORY_LEAST, &flowevent->memory);
    case 'q':
        flowevent->quiet = flowevent->files.quiet = true;
        return EX_OK;
    case 'v':
        flowevent->verbose = flowevent->files.verbose = true;
        return EX_OK;
    default:
        return common_option(&tool, option, argv, done);
    }
}

/* Standard input can be rules or records, but not both. */
static int check_input(const struct flowevent *flowevent, char **paths, size_t count)
{
    if (flowevent->files.count == 0)
        return usage_error("rules are needed: -f RULES");
    for (size_t i = 0; i < count; i++)
        if (strcmp(paths[i], "-") == 0 && rulefiles_have(&flowevent->files, "-"))
            return usage_error("standard input has the rules already; give a FILE of records");
    return EX_OK;
}

int main(int argc, char **argv)
{
    static struct flowevent flowevent;
    char **paths;
    size_t count;
    bool done = false;
    int option, status = EX_OK;

    common_init("flowevent");
    while (status == EX_OK && !done && (option = next_option(&tool, argc, argv)) != -1)
        status = take_option(&flowevent, option, argv, &done);
    if (status == EX_OK && !done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = check_input(&flowevent, paths, count);
        if (status == EX_OK)
            status = run(&flowevent, paths, count);
    }
    samples_destroy(&flowevent.samples);
    events_destroy(&flowevent.events);
    event_rules_destroy(&flowevent.both[0]);
    event_rules_destroy(&flowevent.both[1]);
    rulefiles_destroy(&flowevent.files);
    record_reader_destroy(&flowevent.writer);
    json_destroy(&flowevent.json);
    free(flowevent.output);
    return status;
}
