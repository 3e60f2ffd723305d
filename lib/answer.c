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

static enum verdict judge_status(long status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return VERDICT_DENIED;
    case 408:
    case 409:
    case 425:
    case 429:
        return VERDICT_AGAIN;
    case 413:
        return VERDICT_TOO_LARGE;
    case 400:
    case 415:
    case 422:
        return VERDICT_REJECTED;
    case 501: /* as 405: not for this method, says RFC 9110 */
        return VERDICT_WRONG_URL;
    default:
        return status < 300 || status / 100 == 5 ? VERDICT_AGAIN : VERDICT_WRONG_URL;
    }
}

enum result answer_judge(enum answer_form form, long status, const char *bytes, size_t length,
                         enum verdict *verdict, struct text *id)
{
    if (form == ANSWER_API && status == 200)
        return judge_api(bytes, length, verdict, id);
    if (form == ANSWER_STATUS && status / 100 == 2)
        *verdict = VERDICT_ACCEPTED;
    else
        *verdict = judge_status(status);
    return RESULT_OK;
}
