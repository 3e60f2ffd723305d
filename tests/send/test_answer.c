/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers mean: by status, and by what NetworkSage's API says in them.
 */
#include "../tap.h"
#include "send/answer.h"

static const char *const words[] = {"accepted", "again",  "too large",
                                    "rejected", "denied", "wrong URL"};

/* Judges an answer from memory that ends where it does; the id is set to "before" first. */
static enum result judge(enum answer_form form, long status, const char *bytes, size_t length,
                         enum verdict *verdict, char *id, size_t room)
{
    uint8_t *copy = exact_copy(bytes, length);
    struct text text = {0};
    enum result result;

    need(text_put_string(&text, "before") == RESULT_OK, "no memory");
    result = answer_judge(form, status, (const char *)copy, length, verdict, &text);
    snprintf(id, room, "%.*s", (int)text.length, text.bytes);
    text_destroy(&text);
    exact_free(copy, length);
    return result;
}

/* The meaning of a status by itself, and for the API with an accepting body. */
static const struct {
    long status;
    enum verdict by_status, by_api;
} statuses[] = {
    {0, VERDICT_AGAIN, VERDICT_AGAIN},           {100, VERDICT_AGAIN, VERDICT_AGAIN},
    {101, VERDICT_AGAIN, VERDICT_AGAIN},         {200, VERDICT_ACCEPTED, VERDICT_ACCEPTED},
    {201, VERDICT_ACCEPTED, VERDICT_AGAIN},      {202, VERDICT_ACCEPTED, VERDICT_AGAIN},
    {204, VERDICT_ACCEPTED, VERDICT_AGAIN},      {299, VERDICT_ACCEPTED, VERDICT_AGAIN},
    {300, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {301, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {302, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {304, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {307, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {400, VERDICT_REJECTED, VERDICT_REJECTED},
    {401, VERDICT_DENIED, VERDICT_DENIED},       {402, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {403, VERDICT_DENIED, VERDICT_DENIED},       {404, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {405, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {410, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {407, VERDICT_DENIED, VERDICT_DENIED},       {408, VERDICT_AGAIN, VERDICT_AGAIN},
    {409, VERDICT_AGAIN, VERDICT_AGAIN},         {411, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {413, VERDICT_TOO_LARGE, VERDICT_TOO_LARGE}, {415, VERDICT_REJECTED, VERDICT_REJECTED},
    {422, VERDICT_REJECTED, VERDICT_REJECTED},   {425, VERDICT_AGAIN, VERDICT_AGAIN},
    {429, VERDICT_AGAIN, VERDICT_AGAIN},         {431, VERDICT_WRONG_URL, VERDICT_WRONG_URL},
    {499, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {500, VERDICT_AGAIN, VERDICT_AGAIN},
    {501, VERDICT_WRONG_URL, VERDICT_WRONG_URL}, {502, VERDICT_AGAIN, VERDICT_AGAIN},
    {503, VERDICT_AGAIN, VERDICT_AGAIN},         {504, VERDICT_AGAIN, VERDICT_AGAIN},
    {507, VERDICT_AGAIN, VERDICT_AGAIN},         {599, VERDICT_AGAIN, VERDICT_AGAIN},
};

static void test_statuses(void)
{
    static const char body[] = "{\"error\":false,\"body\":{\"sampleId\":\"17\"}}";

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        enum verdict verdict = VERDICT_DENIED;
        long status = statuses[i].status;
        char id[64];

        is_int(judge(ANSWER_STATUS, status, body, strlen(body), &verdict, id, sizeof id), RESULT_OK,
               "status %ld", status);
        is_str(words[verdict], words[statuses[i].by_status], "status %ld: its verdict", status);
        is_str(id, "before", "status %ld: no id is read", status);
        is_int(judge(ANSWER_API, status, body, strlen(body), &verdict, id, sizeof id), RESULT_OK,
               "API, status %ld", status);
        is_str(words[verdict], words[statuses[i].by_api], "API, status %ld: its verdict", status);
        is_str(id, status == 200 ? "17" : "before", "API, status %ld: the id", status);
    }
}

/* By status alone, whatever the body. */
static void test_status_only(void)
{
    static const char *const bodies[] = {"", "x", "{", "{\"error\":true}", "{\"error\":false}"};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        enum verdict verdict = VERDICT_DENIED;
        char id[64];

        is_int(judge(ANSWER_STATUS, 200, bodies[i], strlen(bodies[i]), &verdict, id, sizeof id),
               RESULT_OK, "200 with '%s'", bodies[i]);
        is_str(words[verdict], "accepted", "is accepted");
    }
}

/* The API's answers with 200. */
static const struct {
    const char *body;
    enum verdict verdict;
    const char *id;
} answers[] = {
    {"{\"error\":false,\"body\":{\"sampleId\":\"abc-1\"}}", VERDICT_ACCEPTED, "abc-1"},
    {"{\"body\":{\"sampleId\":\"abc-1\"},\"error\":false}", VERDICT_ACCEPTED, "abc-1"},
    {"{\"error\":false}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":{}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":null}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":\"sampleId\"}", VERDICT_ACCEPTED, "before"},
    {" \t\r\n{ \"error\" : false , \"body\" : { \"sampleId\" : \"x\" } } \r\n\t ", VERDICT_ACCEPTED,
     "x"},
    {"{\"error\":false,\"body\":{\"sampleId\":\"\"}}", VERDICT_ACCEPTED, ""},
    {"{\"error\":false,\"body\":{\"sampleId\":\"a\\\"\\\\\\u0041\\/\"}}", VERDICT_ACCEPTED,
     "a\"\\A/"},
    {"{\"error\":false,\"body\":{\"sampleId\":17}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":{\"sampleId\":null}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":{\"sampleId\":[\"a\"]}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":{\"sampleId\":{\"a\":\"b\"}}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"body\":{\"more\":{\"sampleId\":\"a\"}}}", VERDICT_ACCEPTED, "before"},
    {"{\"error\":false,\"sampleId\":\"a\"}", VERDICT_ACCEPTED, "before"},
    {"{\"err\\u006fr\":false}", VERDICT_ACCEPTED, "before"},
    {"{\"x\":[1,{\"error\":true}],\"error\":false}", VERDICT_ACCEPTED, "before"},
    /* there is an error, or it does not say that there is none */
    {"{\"error\":true}", VERDICT_AGAIN, "before"},
    {"{\"error\":true,\"body\":\"no\"}", VERDICT_AGAIN, "before"},
    {"{\"error\":\"false\"}", VERDICT_AGAIN, "before"},
    {"{\"error\":\"\"}", VERDICT_AGAIN, "before"},
    {"{\"error\":null}", VERDICT_AGAIN, "before"},
    {"{\"error\":0}", VERDICT_AGAIN, "before"},
    {"{\"error\":{}}", VERDICT_AGAIN, "before"},
    {"{\"error\":{\"error\":false}}", VERDICT_AGAIN, "before"},
    {"{\"error\":[]}", VERDICT_AGAIN, "before"},
    {"{\"error\":[false]}", VERDICT_AGAIN, "before"},
    {"{\"error\":[[false]]}", VERDICT_AGAIN, "before"},
    {"{\"Error\":false}", VERDICT_AGAIN, "before"},
    {"{}", VERDICT_AGAIN, "before"},
    {"{\"body\":{}}", VERDICT_AGAIN, "before"},
    {"{\"body\":{\"error\":false}}", VERDICT_AGAIN, "before"},
    {"{\"x\":[{\"error\":false}]}", VERDICT_AGAIN, "before"},
    {"{\"error\":false,\"error\":true}", VERDICT_AGAIN, "before"},
    /* not a JSON object */
    {"", VERDICT_AGAIN, "before"},
    {" \r\n", VERDICT_AGAIN, "before"},
    {"OK", VERDICT_AGAIN, "before"},
    {"false", VERDICT_AGAIN, "before"},
    {"<html>{\"error\":false}</html>", VERDICT_AGAIN, "before"},
    {"[]", VERDICT_AGAIN, "before"},
    {"[{\"error\":false}]", VERDICT_AGAIN, "before"},
    {"\"error\":false", VERDICT_AGAIN, "before"},
    {"{\"error\":false", VERDICT_AGAIN, "before"},
    {"{\"error\":fals", VERDICT_AGAIN, "before"},
    {"{\"error\":false,", VERDICT_AGAIN, "before"},
    {"{\"error\":false,}", VERDICT_AGAIN, "before"},
    {"{\"error\":falsey}", VERDICT_AGAIN, "before"},
    {"{error:false}", VERDICT_AGAIN, "before"},
    {"{\"error\":false,\"body\":{\"sampleId\":\"a", VERDICT_AGAIN, "before"},
    {"{\"error\":false}x", VERDICT_AGAIN, "before"},
    {"{\"error\":false} ,", VERDICT_AGAIN, "before"},
    {"{\"error\":false}{\"error\":false}", VERDICT_AGAIN, "before"},
    {"{\"error\":false,\"body\":{\"sampleId\":\"a\"}}\n}", VERDICT_AGAIN, "before"},
    {"\xef\xbb\xbf{\"error\":false}", VERDICT_AGAIN, "before"},
};

static void test_api(void)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        enum verdict verdict = VERDICT_DENIED;
        const char *body = answers[i].body;
        char id[64];

        is_int(judge(ANSWER_API, 200, body, strlen(body), &verdict, id, sizeof id), RESULT_OK,
               "API answer %zu", i);
        is_str(words[verdict], words[answers[i].verdict], "API answer %zu: its verdict", i);
        is_str(id, answers[i].id, "API answer %zu: the id", i);
    }
}

/* No prefix of an accepting answer accepts. */
static void test_cut_off(void)
{
    static const char body[] = "{\"error\":false,\"body\":{\"sampleId\":\"a\\u0042c\",\"x\":[1]}}";
    size_t wrong = 0;

    for (size_t length = 0; length < sizeof body - 1; length++) {
        enum verdict verdict = VERDICT_ACCEPTED;
        char id[64];

        wrong += judge(ANSWER_API, 200, body, length, &verdict, id, sizeof id) != RESULT_OK ||
                 verdict != VERDICT_AGAIN || strcmp(id, "before") != 0;
    }
    is_int(wrong, 0, "cut off anywhere, it does not accept");
}

static void test_nul(void)
{
    static const char before[] = "\0{\"error\":false}", behind[] = "{\"error\":false}\0";
    enum verdict verdict = VERDICT_ACCEPTED;
    char id[64];

    is_int(judge(ANSWER_API, 200, before, sizeof before - 1, &verdict, id, sizeof id), RESULT_OK,
           "a NUL before the object");
    is_str(words[verdict], "again", "does not accept");
    verdict = VERDICT_ACCEPTED;
    is_int(judge(ANSWER_API, 200, behind, sizeof behind - 1, &verdict, id, sizeof id), RESULT_OK,
           "a NUL behind it");
    is_str(words[verdict], "again", "does not accept");
}

/* The message for people. */
static const struct {
    const char *body, *words;
} said[] = {
    {"", ""},
    {" \r\n\t", ""},
    {"unknown field foo", "unknown field foo"},
    {"\r\n  first \t line  \r\nsecond", "first line"},
    {"{\"error\":true,\"body\":\"because\"}", "because"},
    {"{\"error\":\"invalid_token\",\"error_description\":\"it has expired\"}", "it has expired"},
    {"{\"error\":{\"type\":\"x\",\"reason\":\"no such index\"},\"status\":404}", "no such index"},
    {"{\"code\":4,\"text\":\"Invalid token\"}", "Invalid token"},
    {"{\"title\":\"Bad\",\"detail\":\"line 3\\n is\\u0009bad\"}", "line 3 is bad"},
    {"{\"message\":\"\",\"title\":\"Bad\"}", "Bad"},
    {"{\"message\":\"\\u001b[31mred\\u009b\\u00e9\"}", "\\x1b[31mred\\xc2\\x9b\xc3\xa9"},
    {"{\"code\":17}", "{\"code\":17}"},
    {"{\"message\":\"cut", "{\"message\":\"cut"},
    {"{}", "{}"},
    {"[\"message\"]\n", "[\"message\"]"},
    {"<html>\r\n<head><TITLE>413 Too\n Large</TITLE></head>", "413 Too Large"},
    {"<html><title>no end", "no end"},
    {"<title>", "<title>"},
    {"<p>no title</p>\n", "<p>no title</p>"},
    {"bad \xff\xc3 bytes", "bad \\xff\\xc3 bytes"},
};

static void test_words(void)
{
    char text[1000], got[ANSWER_WORDS];

    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        size_t length = strlen(said[i].body);
        uint8_t *copy = exact_copy(said[i].body, length);

        is_int(answer_words((const char *)copy, length, got), RESULT_OK, "words of answer %zu", i);
        is_str(got, said[i].words, "are those for people");
        exact_free(copy, length);
    }
    memset(text, 'x', sizeof text);
    is_int(answer_words(text, sizeof text, got), RESULT_OK, "a long line");
    is_int(strlen(got), ANSWER_WORDS - 1, "is cut");
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    is_int(answer_words(text, sizeof text, got), RESULT_OK, "one of other characters");
    is_int(strlen(got), ANSWER_WORDS - 1, "on a whole one");
    memset(text, '\x1b', sizeof text);
    is_int(answer_words(text, sizeof text, got), RESULT_OK, "one of control characters");
    is_int(strlen(got), (ANSWER_WORDS - 1) / 4 * 4, "on a whole escape");
}

int main(void)
{
    test_statuses();
    test_status_only();
    test_api();
    test_cut_off();
    test_nul();
    test_words();
    return done();
}
