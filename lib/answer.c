#include "answer.h"

#include "json.h"

#include <string.h>

enum { KEY_ERROR = 1, KEY_ID };

static const struct json_key keys[] = {{"error", KEY_ERROR}, {"body.sampleId", KEY_ID}};

#define KEYS (sizeof keys / sizeof *keys)

static bool is_false(const struct json_member *member)
{
    return member->type == JSON_BOOLEAN && member->text[0] == 'f';
}

/* Accepted is what says that there is no error; nothing but blanks may follow it. */
static enum result read_answer(struct json *json, const char *bytes, size_t length,
                               enum verdict *verdict, struct text *id)
{
    enum result result;
    const struct json_member *members;
    size_t used, count;

    while (length > 0 && memchr(" \t\r\n", *bytes, 4)) {
        bytes++;
        length--;
    }
    if (length == 0 || *bytes != '{')
        return RESULT_OK;
    result = json_read(json, bytes, length, &used);
    if (result != RESULT_OK)
        return result == RESULT_NO_MEMORY ? result : RESULT_OK;
    for (; used < length; used++)
        if (!memchr(" \t\r\n", bytes[used], 4))
            return RESULT_OK;
    members = json_members(json, &count);
    for (size_t i = 0; i < count; i++) {
        if (members[i].element)
            continue;
        if (members[i].id == KEY_ERROR)
            *verdict = is_false(&members[i]) ? VERDICT_ACCEPTED : VERDICT_AGAIN;
        if (members[i].id == KEY_ID && members[i].type == JSON_STRING) {
            id->length = 0;
            result = text_put(id, members[i].text, members[i].length);
        }
    }
    return result;
}

static enum result judge_api(const char *bytes, size_t length, enum verdict *verdict,
                             struct text *id)
{
    struct json *json;
    enum result result = json_init(&json, keys, KEYS);

    *verdict = VERDICT_AGAIN;
    if (result != RESULT_OK)
        return result;
    result = read_answer(json, bytes, length, verdict, id);
    json_destroy(&json);
    return result;
}

enum result answer_judge(enum answer_form form, long status, const char *bytes, size_t length,
                         enum verdict *verdict, struct text *id)
{
    if (form == ANSWER_API && status == 200)
        return judge_api(bytes, length, verdict, id);
    if (status == 401 || status == 403 || status == 407)
        *verdict = VERDICT_DENIED;
    else if (status / 100 == 2)
        *verdict = form == ANSWER_STATUS ? VERDICT_ACCEPTED : VERDICT_AGAIN;
    else if (status == 408 || status == 425 || status == 429 || status < 200 ||
             (status >= 500 && status != 501))
        *verdict = VERDICT_AGAIN;
    else
        *verdict = VERDICT_REJECTED;
    return RESULT_OK;
}
