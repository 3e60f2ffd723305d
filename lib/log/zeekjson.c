/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's JSON logs: one object per line, or arrays, which may span lines or be on one.
 */
#include "log/zeekread.h"

#include <string.h>

/* Fills the cells; *fields: those that are present. */
static enum result take_members(struct zeeklog *log, uint32_t *fields)
{
    size_t count;
    const struct json_member *members = json_members(log->json, &count);

    memset(log->cells, 0, sizeof log->cells);
    log->answer_count = 0;
    *fields = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json_member *member = &members[i];

        *fields |= UINT32_C(1) << member->id;
        if (member->element) {
            if (member->id == FIELD_ANSWERS && member->type == JSON_STRING &&
                zeek_add_answer(log, member->text, member->length) != RESULT_OK)
                return RESULT_NO_MEMORY;
        } else if (member->type != JSON_NULL && member->type != JSON_CONTAINER &&
                   !log->cells[member->id].text) {
            log->cells[member->id] = (struct cell){member->text, member->length};
        }
    }
    return RESULT_OK;
}

static enum result read_row(struct zeeklog *log, struct log_row *row, bool *useful)
{
    uint32_t fields;
    enum result result = take_members(log, &fields);

    if (result != RESULT_OK)
        return result;
    return zeek_make_row(log, zeek_kind(log, &log->cells[FIELD_PATH], fields), row, useful);
}

static enum result next_object(struct zeeklog *log, struct log_row *row, bool *useful)
{
    enum result result = log_next_object(&log->objects, log->json);

    if (result == RESULT_OK)
        return read_row(log, row, useful);
    return result == RESULT_END ? zeek_ended(log) : result;
}

enum result zeek_json_init(struct zeeklog *log)
{
    log->tsv.set_separator = ',';                             /* for answers in a single string */
    log->tsv.empty.length = log->tsv.unset.length = SIZE_MAX; /* they match nothing */
    log_objects_init(&log->objects, &log->log, &log->in, NULL);
    log->next = next_object;
    return json_init(&log->json, zeek_fields, zeek_field_count);
}
