/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists in any format, asked for flows to what they seem to be about.
 */
#include "know/lists.h"
#include "base/json.h"
#include "fuzz.h"
#include "know/activity.h"
#include "record/recordread.h"

static void count_damage(void *context, uint64_t line, const char *problem)
{
    uint64_t *last = context;

    must(line >= *last && problem[0] != '\0');
    *last = line;
}

/* A text must be a JSON string as it stands, with a NUL behind it. */
static void check_text(struct json *json, struct record_text text)
{
    struct text object = {0};
    size_t used;

    must(text.bytes[0] == '"' && text.bytes[text.length] == '\0');
    must(strlen(text.bytes) == text.length);
    must(text_put_string(&object, "{\"x\":") == RESULT_OK);
    must(text_put(&object, text.bytes, text.length) == RESULT_OK);
    must(text_put_string(&object, "}") == RESULT_OK);
    must(json_read(json, object.bytes, object.length, &used) == RESULT_OK);
    must(used == object.length);
    text_destroy(&object);
}

static void check_match(const struct match *match)
{
    struct json *json;

    must(json_init(&json, NULL, 0) == RESULT_OK);
    if (match->title.length > 0)
        check_text(json, match->title);
    if (match->description.length > 0)
        check_text(json, match->description);
    must(match->tag_count <= MATCH_TAGS && match->list_count <= MATCH_LISTS);
    for (size_t i = 0; i < match->tag_count; i++)
        check_text(json, match->tags[i]);
    for (size_t i = 0; i < match->list_count; i++)
        check_text(json, match->lists[i]);
    json_destroy(&json);
}

/* What a copy knows must be the same. */
static void check_same(const struct match *a, const struct match *b)
{
    must(a->any == b->any && a->relevance == b->relevance && a->behavior == b->behavior);
    must(a->tag_count == b->tag_count && a->list_count == b->list_count && a->rank == b->rank);
    must(a->title.length == b->title.length);
    must(a->title.length == 0 || memcmp(a->title.bytes, b->title.bytes, a->title.length) == 0);
}

static void ask(struct known *known, struct known *copy, const char *line, size_t length)
{
    struct record_reader *reader;
    struct record record;
    static struct match match, other;

    must(record_reader_init(&reader, NULL, 0) == RESULT_OK);
    if (record_read(reader, line, length, &record) == RESULT_OK) {
        record_read_rest(reader, &record);
        match_find(known, &record, &match);
        check_match(&match);
        match_find(copy, &record, &other);
        check_same(&match, &other);
        must(!match.specific || activity_of(&match, &record));
    }
    record_reader_destroy(&reader);
}

/* A flow to a part of the list, as an address or a name. */
static void ask_for(struct known *known, struct known *copy, const char *part, size_t length)
{
    static const char *const sources[] = {"original", "passive"};
    struct text line = {0};

    for (size_t i = 0; i < 2; i++) {
        line.length = 0;
        must(text_put_string(&line, "{\"src\":\"10.0.0.1:1\",\"dst\":") == RESULT_OK);
        must(text_put_json(&line, part, length) == RESULT_OK);
        line.length--;
        must(text_print(&line,
                        ":443\",\"destinationNameSource\":\"%s\",\"srcPkts\":1,\"srcBytes\":40,"
                        "\"dstPkts\":1,\"dstBytes\":60,\"relativeStart\":0.0,"
                        "\"protocolInformation\":\"\",\"duration\":0.0,\"dstIp\":\"192.0.2.1\"}",
                        sources[i]) == RESULT_OK);
        ask(known, copy, line.bytes, line.length);
    }
    text_destroy(&line);
}

static void ask_all(struct known *known, struct known *copy, const char *text, size_t size)
{
    const char *part = text;

    for (size_t i = 0; i <= size; i++)
        if (i == size || strchr(" \t\n\r,\"|^#", text[i])) {
            ask_for(known, copy, part, (size_t)(text + i - part));
            part = text + i + 1;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lookahead in;
    uint64_t last = 0;
    struct list list = {.name = "list", .damaged = count_damage, .context = &last};
    struct known *known, *copy;
    struct input *input;
    enum result result;

    must(input_open_fd(&input, fuzz_file(data, size)) == RESULT_OK);
    lookahead_init(&in, input);
    must(known_init(&known) == RESULT_OK && known_init(&copy) == RESULT_OK);
    result = lists_read(known, &in, &list);
    must(result == RESULT_OK || (result == RESULT_DAMAGED && list.problem[0] != '\0'));
    must(known_ready(known) == RESULT_OK);
    for (size_t i = 0; i < known_lists(known); i++)
        must(known_copy(copy, known, (uint16_t)i) == RESULT_OK);
    must(known_ready(copy) == RESULT_OK);
    must(known_facts(known) <= list.entries);
    if (size < 4096)
        ask_all(known, copy, (const char *)data, size);
    known_destroy(&known);
    known_destroy(&copy);
    input_close(&input);
    return 0;
}
