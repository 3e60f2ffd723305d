/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request carries: a file as it is, or the Secflows of a sample in the form that a collector
 * wants. It is made while it is read, so that memory does not grow with it.
 *
 * All that returns a result may return RESULT_NO_MEMORY, or RESULT_SYSTEM: errno says why the file
 * cannot be read.
 */
#ifndef SECFLOW_BODY_H
#define SECFLOW_BODY_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum body_form {
    BODY_FILE,    /* any file, as it is */
    BODY_LINES,   /* lines, as they are */
    BODY_DOCUMENT /* NetworkSage's sample document, with the first ten fields of each record */
};

/* 32 hexadecimal digits and NUL. */
#define BODY_HASH_TEXT 33

/*
 * hash: the first 128 bits of a SHA-256: of the file, of the lines, or of a document's trafficDate
 * and records, each with a newline behind it. So equal content has an equal hash, whatever it is
 * called.
 */
struct body_facts {
    uint64_t size;    /* bytes that body_read gives */
    uint64_t content; /* bytes before they were compressed */
    uint64_t records; /* of a document; else newlines */
    char hash[BODY_HASH_TEXT];
};

struct body;

/*
 * A descriptor of a file, which becomes the body's with RESULT_OK, and is read from start on.
 * file_name: what the document
 * says that it is called; the caller's, and to outlive the body. gzip: compressed (RFC 1952); not
 * for a document, which cannot be measured before its hash is known.
 */
MUST_CHECK enum result body_init(struct body **body, int fd, uint64_t start, enum body_form form,
                                 const char *file_name, bool gzip);
void body_destroy(struct body **body);

/*
 * Reads the file once to learn its facts, which comes first; so many bytes of the body a call,
 * until it is *done. RESULT_DAMAGED: a line of a document is not a Secflow with a trafficDate, or
 * there is no line.
 */
MUST_CHECK enum result body_measure(struct body *body, uint64_t most, bool *done);

const struct body_facts *body_facts(const struct body *body);

/* Reads up to size bytes; *got is 0 at the end. */
MUST_CHECK enum result body_read(struct body *body, char *buffer, size_t size, size_t *got);

/* From the beginning again. */
MUST_CHECK enum result body_rewind(struct body *body);

#endif
