/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a collector: the expected form, the status (two bytes), and the body.
 */
#include "send/answer.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {data, size};
    enum answer_form form = fuzz_number(&fuzz, 1) & 1 ? ANSWER_STATUS : ANSWER_API;
    long status = (long)fuzz_number(&fuzz, 2);
    enum verdict verdict = (enum verdict)99;
    struct text id = {0};
    char words[ANSWER_WORDS];

    must(answer_judge(form, status, (const char *)fuzz.at, fuzz.left, &verdict, &id) == RESULT_OK);
    must(verdict <= VERDICT_WRONG_URL);
    must(verdict != VERDICT_ACCEPTED || status / 100 == 2);
    must(id.length <= fuzz.left);
    text_destroy(&id);
    must(answer_words((const char *)fuzz.at, fuzz.left, words) == RESULT_OK);
    must(strlen(words) < sizeof words);
    return 0;
}
