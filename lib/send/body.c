/* SPDX-License-Identifier: Apache-2.0 */
#include "send/body.h"

#include "base/lookahead.h"
#include "record/recordread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PIECE_BYTES (64u * 1024)

struct body {
    int fd;
    off_t start;
    enum body_form form;
    const char *file_name;
    bool measuring; /* computing the hash and counts */
    struct body_facts facts;
    struct sha256_ctx sha256;

    struct text piece; /* of the content; the bytes before `at` have been returned */
    size_t at;
    bool at_end;  /* nothing follows the piece */
    off_t offset; /* in the file; not for a document */

    struct record_reader *reader; /* for a document: reads its records */
    struct lookahead *lines;
    uint64_t records; /* read so far */

    bool gzip, gzip_ended;
    z_stream stream;
};

static void hash(struct body *body, const char *bytes, size_t length)
{
    if (body->measuring)
        sha256_update(&body->sha256, length, (const uint8_t *)bytes);
}

static enum result file_piece(struct body *body)
{
    const char *p = body->piece.bytes, *end;
    ssize_t got;

    do {
        got = pread(body->fd, body->piece.bytes, body->piece.capacity, body->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return RESULT_SYSTEM;
    body->piece.length = (size_t)got;
    body->offset += got;
    body->at_end = got == 0;
    hash(body, p, (size_t)got);
    for (end = p + got; body->measuring && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        body->facts.records++;
    return RESULT_OK;
}

/* Opens the lines again from the start. */
static enum result rewind_lines(struct body *body)
{
    struct input *input;
    enum result result = RESULT_SYSTEM;
    int fd = fcntl(body->fd, F_DUPFD_CLOEXEC, 3);

    if (fd >= 0 && lseek(fd, body->start, SEEK_SET) >= 0)
        result = input_open_fd(&input, fd);
    if (result != RESULT_OK) {
        if (fd >= 0)
            close(fd);
        return result;
    }
    input_close(&body->lines->input);
    lookahead_init(body->lines, input);
    body->records = 0;
    return RESULT_OK;
}

static enum result next_record(struct body *body, struct record *record)
{
    const char *line;
    size_t length;
    enum result result = lookahead_line(body->lines, &line, &length);

    if (result == RESULT_END && body->lines->result != RESULT_END) {
        errno = body->lines->error;
        return body->lines->result;
    }
    if (result == RESULT_OK)
        result = record_read(body->reader, line, length, record);
    return result == RESULT_OK && record->traffic_date < 0 ? RESULT_DAMAGED : result;
}

/* Writes the object's members that come before the records. */
static enum result put_head(struct body *body, const struct record *first)
{
    struct text *piece = &body->piece;
    char date[32];
    enum result result;

    snprintf(date, sizeof date, "%" PRId64 ".%06" PRId64, first->traffic_date / 1000000,
             first->traffic_date % 1000000);
    hash(body, date, strlen(date));
    hash(body, "\n", 1);
    result = text_print(
        piece, "{\"hash\":\"%s\",\"trafficDate\":\"%s\",\"fileName\":", body->facts.hash, date);
    if (result == RESULT_OK)
        result = text_put_json(piece, body->file_name, strlen(body->file_name));
    return result == RESULT_OK ? text_put_string(piece, ",\"flashes\":[") : result;
}

/* Writes the next record, and what precedes it in the document. */
static enum result put_record(struct body *body, const struct record *record)
{
    struct text *piece = &body->piece;
    enum result result = body->records == 0 ? put_head(body, record) : text_put(piece, ",", 1);
    size_t at = piece->length;

    if (result == RESULT_OK)
        result = record_put_ten(body->reader, piece);
    if (result != RESULT_OK)
        return result;
    hash(body, piece->bytes + at, piece->length - at);
    hash(body, "\n", 1);
    body->records++;
    return RESULT_OK;
}

static enum result document_piece(struct body *body)
{
    struct record record;
    enum result result = next_record(body, &record);

    body->piece.length = 0;
    if (result == RESULT_OK)
        return put_record(body, &record);
    if (result != RESULT_END)
        return result;
    body->at_end = true;
    body->facts.records = body->records;
    return body->records == 0 ? RESULT_DAMAGED : text_put_string(&body->piece, "]}\n");
}

/* Moves to the next piece of the content if this one is used up. */
static enum result fill_piece(struct body *body)
{
    enum result result = RESULT_OK;

    while (result == RESULT_OK && body->at == body->piece.length && !body->at_end) {
        body->at = 0;
        result = body->form == BODY_DOCUMENT ? document_piece(body) : file_piece(body);
        if (body->measuring && result == RESULT_OK)
            body->facts.content += body->piece.length;
    }
    return result;
}

static enum result read_content(struct body *body, char *buffer, size_t size, size_t *got)
{
    enum result result = RESULT_OK;

    while (*got < size) {
        size_t left, part = size - *got;

        result = fill_piece(body);
        left = body->piece.length - body->at;
        if (result != RESULT_OK || left == 0)
            break;
        if (part > left)
            part = left;
        memcpy(buffer + *got, body->piece.bytes + body->at, part);
        body->at += part;
        *got += part;
    }
    return result;
}

static enum result read_gzip(struct body *body, char *buffer, size_t size, size_t *got)
{
    z_stream *stream = &body->stream;
    enum result result = RESULT_OK;

    stream->next_out = (Bytef *)buffer;
    stream->avail_out = (uInt)size;
    while (stream->avail_out > 0 && !body->gzip_ended) {
        size_t left;

        result = fill_piece(body);
        if (result != RESULT_OK)
            break;
        left = body->piece.length - body->at;
        stream->next_in = (Bytef *)body->piece.bytes + body->at;
        stream->avail_in = (uInt)left;
        body->gzip_ended = deflate(stream, left == 0 ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
        body->at = body->piece.length - stream->avail_in;
    }
    *got = size - stream->avail_out;
    return result;
}

enum result body_read(struct body *body, char *buffer, size_t size, size_t *got)
{
    *got = 0;
    if (size > PIECE_BYTES)
        size = PIECE_BYTES;
    return body->gzip ? read_gzip(body, buffer, size, got) : read_content(body, buffer, size, got);
}

enum result body_rewind(struct body *body)
{
    body->piece.length = body->at = 0;
    body->at_end = body->gzip_ended = false;
    body->offset = body->start;
    if (body->gzip && deflateReset(&body->stream) != Z_OK)
        return RESULT_NO_MEMORY;
    return body->form == BODY_DOCUMENT ? rewind_lines(body) : RESULT_OK;
}

/* The hash in a document's head is not known yet, but its length is. */
static void begin_measuring(struct body *body)
{
    memset(body->facts.hash, '0', sizeof body->facts.hash - 1);
    sha256_init(&body->sha256);
    body->measuring = true;
}

static enum result end_measuring(struct body *body)
{
    uint8_t digest[(BODY_HASH_TEXT - 1) / 2];

    body->measuring = false;
    sha256_digest(&body->sha256, sizeof digest, digest);
    base16_encode_update(body->facts.hash, sizeof digest, digest);
    return body_rewind(body);
}

enum result body_measure(struct body *body, uint64_t most, bool *done)
{
    uint64_t end = body->facts.size + most;
    char buffer[4096];
    enum result result = RESULT_OK;
    size_t got = 1;

    *done = !body->measuring;
    if (*done)
        return RESULT_OK;
    while (result == RESULT_OK && got > 0 && body->facts.size < end) {
        result = body_read(body, buffer, sizeof buffer, &got);
        body->facts.size += got;
    }
    *done = got == 0;
    return result == RESULT_OK && *done ? end_measuring(body) : result;
}

static enum result prepare(struct body *body)
{
    if (body->gzip && deflateInit2(&body->stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8,
                                   Z_DEFAULT_STRATEGY) != Z_OK) {
        body->gzip = false; /* nothing to end */
        return RESULT_NO_MEMORY;
    }
    if (body->form != BODY_DOCUMENT) {
        body->piece.bytes = malloc(PIECE_BYTES);
        body->piece.capacity = PIECE_BYTES;
        return body->piece.bytes ? RESULT_OK : RESULT_NO_MEMORY;
    }
    body->lines = malloc(sizeof *body->lines);
    if (!body->lines)
        return RESULT_NO_MEMORY;
    body->lines->input = NULL;
    return record_reader_init(&body->reader, NULL, 0);
}

enum result body_init(struct body **body, int fd, uint64_t start, enum body_form form,
                      const char *file_name, bool gzip)
{
    struct body *new = calloc(1, sizeof *new);
    enum result result;
    int saved;

    if (!new)
        return RESULT_NO_MEMORY;
    new->fd = -1;
    new->start = (off_t)start;
    new->form = form;
    new->file_name = file_name;
    new->gzip = gzip;
    result = prepare(new);
    if (result == RESULT_OK) {
        new->fd = fd;
        result = body_rewind(new);
    }
    if (result == RESULT_OK) {
        begin_measuring(new);
        *body = new;
        return RESULT_OK;
    }
    saved = errno;
    new->fd = -1; /* remains the caller's */
    body_destroy(&new);
    errno = saved;
    return result;
}

void body_destroy(struct body **body)
{
    struct body *old = *body;

    if (!old)
        return;
    if (old->gzip)
        deflateEnd(&old->stream);
    if (old->lines)
        input_close(&old->lines->input);
    free(old->lines);
    record_reader_destroy(&old->reader);
    text_destroy(&old->piece);
    if (old->fd >= 0)
        close(old->fd);
    free(old);
    *body = NULL;
}

const struct body_facts *body_facts(const struct body *body)
{
    return &body->facts;
}

void body_zlib(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "zlib %s", zlibVersion());
}
