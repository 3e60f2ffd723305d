/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a collector's answer to a request means.
 */
#ifndef SECFLOW_ANSWER_H
#define SECFLOW_ANSWER_H

#include "base/text.h"

enum verdict {
    VERDICT_ACCEPTED,
    VERDICT_AGAIN,     /* it may be accepted later */
    VERDICT_TOO_LARGE, /* less of it may be accepted */
    VERDICT_REJECTED,  /* it never will be */
    VERDICT_DENIED,    /* nothing will be, until the key or the proxy's is another one */
    VERDICT_WRONG_URL  /* nothing will be at this URL */
};

enum answer_form {
    ANSWER_STATUS, /* any status of 2xx accepts */
    ANSWER_API     /* NetworkSage's: 200 accepts with {"error":false,"body":{"sampleId":"..."}} */
};

/*
 * Judges an HTTP status (RFC 9110; 429 and 425 are of RFC 6585 and RFC 8470) and what came with it.
 * Only 400, 413, 415 and 422 speak of the sample. 409 answers an Idempotency-Key whose first
 * request is still worked on (draft-ietf-httpapi-idempotency-key-header). The sample's id, where
 * the answer has one, becomes the text. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result answer_judge(enum answer_form form, long status, const char *bytes,
                                    size_t length, enum verdict *verdict, struct text *id);

/*
 * What an answer says to people: the text of its JSON that tells of an error, the title of a page
 * of HTML, or its first line that is not blank; "" where there is none. Escaped as text_escape
 * does, and cut where it is long.
 */
#define ANSWER_WORDS 201 /* with the final NUL */
MUST_CHECK enum result answer_words(const char *bytes, size_t length, char words[ANSWER_WORDS]);

#endif
