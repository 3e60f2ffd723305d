/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request: a file as it is, or the Secflows of a sample in the form that a collector
 * wants. It is generated while it is read, so memory does not grow with its size.
 *
 * Functions that return a result may return RESULT_NO_MEMORY, or RESULT_SYSTEM if the file cannot
 * be read: see errno.
 */
#ifndef SECFLOW_BODY_H
#define SECFLOW_BODY_H

#include "base/library.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum body_form {
    BODY_FILE,    /* any file, unchanged */
    BODY_LINES,   /* lines, unchanged */
    BODY_DOCUMENT /* NetworkSage's sample document, with the first ten fields of each record */
};

/* 32 hexadecimal digits and a NUL. */
#define BODY_HASH_TEXT 33

/*
 * hash: the first 128 bits of a SHA-256 of the file, of the lines, or of a document's trafficDate
 * and records, each followed by a newline. So equal content has an equal hash, whatever its name.
 */
struct body_facts {
    uint64_t size;    /* bytes that body_read returns in total */
    uint64_t content; /* bytes before compression */
    uint64_t records; /* of a document; otherwise newlines */
    char hash[BODY_HASH_TEXT];
};

struct body;

/*
 * With RESULT_OK the body owns the descriptor, and reads the file from start on. file_name: the
 * name that the document gives; the caller's, and must outlive the body. gzip: compress (RFC 1952);
 * not for a document, which cannot be measured before its hash is known.
 */
MUST_CHECK enum result body_init(struct body **body, int fd, uint64_t start, enum body_form form,
                                 const char *file_name, bool gzip);
void body_destroy(struct body **body);

/*
 * Reads the file once to learn its facts, at most `most` bytes of the body per call, until *done;
 * call it first. RESULT_DAMAGED: a line of a document is not a Secflow with a trafficDate, or there
 * are no lines.
 */
MUST_CHECK enum result body_measure(struct body *body, uint64_t most, bool *done);

const struct body_facts *body_facts(const struct body *body);

/* Reads up to size bytes; *got is 0 at the end. */
MUST_CHECK enum result body_read(struct body *body, char *buffer, size_t size, size_t *got);

/* Starts again from the beginning. */
MUST_CHECK enum result body_rewind(struct body *body);

library_fn body_zlib; /* which compresses */

#endif
