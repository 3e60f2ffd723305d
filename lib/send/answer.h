/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a collector's answer to a request means.
 */
#ifndef SECFLOW_ANSWER_H
#define SECFLOW_ANSWER_H

#include "base/text.h"

enum verdict {
    VERDICT_ACCEPTED,
    VERDICT_AGAIN,     /* may be accepted later */
    VERDICT_TOO_LARGE, /* less of it may be accepted */
    VERDICT_REJECTED,  /* never will be accepted */
    VERDICT_DENIED,    /* nothing will be accepted until the collector's or the proxy's credentials
                          change */
    VERDICT_WRONG_URL  /* nothing will be accepted at this URL */
};

enum answer_form {
    ANSWER_STATUS, /* any 2xx status accepts */
    ANSWER_API     /* NetworkSage's: 200 with {"error":false,"body":{"sampleId":"..."}} accepts */
};

/*
 * Judges an HTTP status (RFC 9110; 429 and 425: RFC 6585 and RFC 8470) and the body that came with
 * it. Only 400, 413, 415 and 422 are about the sample. 409 answers an Idempotency-Key whose first
 * request is still being processed (draft-ietf-httpapi-idempotency-key-header). Stores the sample's
 * id, if the answer has one, in the text. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result answer_judge(enum answer_form form, long status, const char *bytes,
                                    size_t length, enum verdict *verdict, struct text *id);

/*
 * The message of an answer, for people: the error text of its JSON, the title of an HTML page, or
 * its first non-blank line; "" if there is none. Escaped as by text_escape, and cut if long.
 */
#define ANSWER_WORDS 201 /* including the final NUL */
MUST_CHECK enum result answer_words(const char *bytes, size_t length, char words[ANSWER_WORDS]);

#endif
