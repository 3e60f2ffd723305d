/* SPDX-License-Identifier: Apache-2.0 */
#include "base/input.h"

#include "base/ahead.h"
#include "base/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define RAW_BYTES (64u * 1024)
#define WINDOW_LOG_MAX 25 /* 32 MiB */

/* With fewer blocks, starting a thread would show. Compressed data may become any number of them.
 */
#define BLOCKS_LEFT_MIN 8

enum coding { CODING_UNKNOWN, CODING_NONE, CODING_GZIP, CODING_ZSTD };

struct input {
    size_t block;        /* bytes to read ahead at once; 0: none */
    struct ahead *ahead; /* while not NULL, its thread has everything below that reading changes */
    uint64_t told;       /* bytes of the file that were read for what the caller has */
    bool any_order;      /* blocks are read ahead in any order */
    uint64_t base;       /* the offset in the file at which that began */
    int fd;
    bool regular, at_end;
    bool named_pipe; /* a read at its end looks like one before its beginning */
    uint64_t size, done;
    enum coding coding;
    struct inflater *inflater;
    ZSTD_DCtx *zstd;
    bool in_member; /* the compressed data may not end here */
    bool pending;   /* the last output was full: there may be more without further input */
    bool (*wait)(void *context, int fd);
    void *wait_context;
    size_t raw_at, raw_end;
    uint8_t raw[RAW_BYTES]; /* as read from the file */
    char problem[160];
};

enum result input_open_fd(struct input **input, int fd)
{
    struct input *new;
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return RESULT_SYSTEM;
    if (S_ISDIR(stat.st_mode)) {
        errno = EISDIR;
        return RESULT_SYSTEM;
    }
    new = calloc(1, sizeof *new);
    if (!new)
        return RESULT_NO_MEMORY;
    new->fd = fd;
    new->regular = S_ISREG(stat.st_mode);
    new->named_pipe = S_ISFIFO(stat.st_mode) && fd != STDIN_FILENO;
    new->size = new->regular ? (uint64_t)stat.st_size : 0;
    *input = new;
    return RESULT_OK;
}

enum result input_open(struct input **input, const char *path)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum result result = fd < 0 ? RESULT_SYSTEM : input_open_fd(input, fd);
    int saved = errno;

    if (result != RESULT_OK && fd > STDIN_FILENO)
        close(fd);
    errno = saved;
    return result;
}

void input_close(struct input **input)
{
    struct input *old = *input;

    if (!old)
        return;
    ahead_destroy(&old->ahead);
    inflater_destroy(&old->inflater);
    ZSTD_freeDCtx(old->zstd);
    if (old->fd > STDIN_FILENO)
        close(old->fd);
    free(old);
    *input = NULL;
}

void input_set_wait(struct input *input, bool (*wait)(void *context, int fd), void *context)
{
    input->wait = wait;
    input->wait_context = context;
}

static enum result wait(const struct input *input)
{
    if (!input->wait || input->wait(input->wait_context, input->fd))
        return RESULT_OK;
    errno = ECANCELED;
    return RESULT_SYSTEM;
}

static enum result read_file(struct input *input, void *buffer, size_t size, size_t *got)
{
    ssize_t n;

    if (!input->ahead && wait(input) != RESULT_OK)
        return RESULT_SYSTEM;
    if (input->named_pipe)
        poll(&(struct pollfd){.fd = input->fd, .events = POLLIN}, 1, -1);
    do {
        n = read(input->fd, buffer, size);
        if (n < 0 && errno == EAGAIN) /* somebody made the pipe non-blocking */
            poll(&(struct pollfd){.fd = input->fd, .events = POLLIN}, 1, -1);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n < 0)
        return RESULT_SYSTEM;
    *got = (size_t)n;
    input->done += (uint64_t)n;
    input->at_end = n == 0;
    return n == 0 ? RESULT_END : RESULT_OK;
}

/* Reads more of the file into the free end of the raw buffer, which has some. */
static enum result fill_raw(struct input *input)
{
    size_t got = 0;
    enum result result;

    if (input->raw_at == input->raw_end)
        input->raw_at = input->raw_end = 0;
    result = read_file(input, input->raw + input->raw_end, RAW_BYTES - input->raw_end, &got);
    input->raw_end += got;
    return result;
}

static bool raw_begins(const struct input *input, const void *magic, size_t length)
{
    return input->raw_end - input->raw_at >= length &&
           memcmp(input->raw + input->raw_at, magic, length) == 0;
}

/*
 * Gzip: RFC 1952, with deflate, the only method. Zstandard: RFC 8878, including skippable frames.
 */
static bool begins_gzip(const struct input *input)
{
    return raw_begins(input, "\x1f\x8b\x08", 3);
}

static bool begins_zstd(const struct input *input)
{
    const uint8_t *p = input->raw + input->raw_at;

    return raw_begins(input, "\x28\xb5\x2f\xfd", 4) ||
           (input->raw_end - input->raw_at >= 4 && p[0] >> 4 == 5 &&
            memcmp(p + 1, "\x2a\x4d\x18", 3) == 0);
}

static enum result detect(struct input *input)
{
    enum result result = RESULT_OK;

    while (input->raw_end - input->raw_at < 4 && result == RESULT_OK)
        result = fill_raw(input);
    if (result == RESULT_SYSTEM)
        return result;
    input->coding = CODING_NONE;
    if (begins_gzip(input)) {
        if (inflater_init(&input->inflater) != RESULT_OK)
            return RESULT_NO_MEMORY;
        input->coding = CODING_GZIP;
    } else if (begins_zstd(input)) {
        input->zstd = ZSTD_createDCtx();
        if (!input->zstd ||
            ZSTD_isError(ZSTD_DCtx_setParameter(input->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
            return RESULT_NO_MEMORY;
        input->coding = CODING_ZSTD;
    }
    return RESULT_OK;
}

static enum result damaged(struct input *input, const char *what)
{
    const char *coding = input->coding == CODING_GZIP ? "gzip" : "zstd";
    uint64_t at = input->done - (input->raw_end - input->raw_at);

    snprintf(input->problem, sizeof input->problem, "the %s data are damaged near byte %llu: %s",
             coding, (unsigned long long)at, what);
    return RESULT_DAMAGED;
}

static enum result window_too_large(struct input *input)
{
    snprintf(input->problem, sizeof input->problem,
             "the zstd data need a window of more than %u MiB; "
             "pipe in what 'zstd -dc --long=31' makes of them",
             1u << (WINDOW_LOG_MAX - 20));
    return RESULT_DAMAGED;
}

/* Inflates what is in the raw buffer; *got may be 0. */
static enum result inflate_gzip(struct input *input, void *buffer, size_t size, size_t *got)
{
    struct inflating piece = {input->raw + input->raw_at, input->raw_end - input->raw_at, buffer,
                              size};
    enum result result;

    if (!input->in_member) {
        if (!begins_gzip(input))
            return damaged(input, "no gzip member follows the last one");
        inflater_begin(input->inflater);
        input->in_member = true;
    }
    result = inflater_inflate(input->inflater, &piece);
    input->raw_at = input->raw_end - piece.in_left;
    *got = size - piece.out_left;
    input->in_member = result != RESULT_END;
    input->pending = result == RESULT_OK && piece.out_left == 0;
    if (result == RESULT_DAMAGED)
        return damaged(input, inflater_problem(input->inflater));
    return result == RESULT_END ? RESULT_OK : result;
}

static enum result inflate_zstd(struct input *input, void *buffer, size_t size, size_t *got)
{
    ZSTD_inBuffer in = {input->raw, input->raw_end, input->raw_at};
    ZSTD_outBuffer out = {buffer, size, 0};
    size_t status = ZSTD_decompressStream(input->zstd, &out, &in);

    input->raw_at = in.pos;
    *got = out.pos;
    if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
        return window_too_large(input);
    if (ZSTD_isError(status))
        return damaged(input, ZSTD_getErrorName(status));
    input->in_member = status != 0;
    input->pending = input->in_member && out.pos == out.size;
    return RESULT_OK;
}

/* Between members: true if only zero padding is left in the file. */
static bool only_zeros(const struct input *input)
{
    for (size_t i = input->raw_at; i < input->raw_end; i++)
        if (input->raw[i] != 0)
            return false;
    return true;
}

static enum result read_compressed(struct input *input, void *buffer, size_t size, size_t *got)
{
    enum result result = RESULT_OK;

    *got = 0;
    while (*got == 0 && result == RESULT_OK) {
        size_t left = input->raw_end - input->raw_at;

        if ((left == 0 && !input->pending) || (!input->in_member && left < 4 && !input->at_end)) {
            memmove(input->raw, input->raw + input->raw_at, left);
            input->raw_at = 0;
            input->raw_end = left;
            result = input->at_end ? RESULT_END : fill_raw(input);
            if (result == RESULT_END && input->in_member)
                return damaged(input, "the file ends in the middle of it");
            if (result == RESULT_END && left > 0)
                result = RESULT_OK;
        } else if (!input->in_member && only_zeros(input)) {
            input->raw_at = input->raw_end; /* as gzip does: tapes and block devices pad */
        } else if (input->coding == CODING_GZIP) {
            result = inflate_gzip(input, buffer, size, got);
        } else {
            result = inflate_zstd(input, buffer, size, got);
        }
    }
    return *got > 0 && result != RESULT_NO_MEMORY ? RESULT_OK : result;
}

enum result input_read(struct input *input, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    if (input->problem[0] != '\0')
        return RESULT_DAMAGED;
    if (input->coding == CODING_UNKNOWN) {
        enum result result = detect(input);

        if (result != RESULT_OK)
            return result;
    }
    if (input->coding != CODING_NONE)
        return read_compressed(input, buffer, size, got);
    if (input->raw_at == input->raw_end)
        return input->at_end ? RESULT_END : read_file(input, buffer, size, got);
    *got = input->raw_end - input->raw_at;
    if (*got > size)
        *got = size;
    memcpy(buffer, input->raw + input->raw_at, *got);
    input->raw_at += *got;
    return RESULT_OK;
}

void input_read_ahead(struct input *input, size_t block)
{
    input->block = block;
}

static enum result read_next(void *context, uint64_t at, uint8_t *bytes, size_t size, size_t *got,
                             uint64_t *done)
{
    struct input *input = context;
    enum result result = input_read(input, bytes, size, got);

    (void)at;
    *done = input->done;
    return result;
}

/* For plain files, in any order. */
static enum result read_at(void *context, uint64_t at, uint8_t *bytes, size_t size, size_t *got,
                           uint64_t *done)
{
    const struct input *input = context;
    ssize_t n;

    do
        n = pread(input->fd, bytes, size, (off_t)(input->base + at));
    while (n < 0 && errno == EINTR);
    *got = n > 0 ? (size_t)n : 0;
    *done = input->done + at + *got;
    if (n < 0)
        return RESULT_SYSTEM;
    return n == 0 ? RESULT_END : RESULT_OK;
}

/* Where reading ahead is to begin in a plain file. False: it has no such place. */
static bool find_base(struct input *input)
{
    off_t at = lseek(input->fd, 0, SEEK_CUR);

    if (input->coding != CODING_NONE || input->raw_at != input->raw_end || at < 0)
        return false;
    input->base = (uint64_t)at;
    return true;
}

bool input_start_ahead(struct input *input)
{
    uint64_t left;

    if (input->ahead)
        return true;
    left = input->size > input->done ? input->size - input->done : 0;
    if (input->block == 0 || input->coding == CODING_UNKNOWN ||
        left / input->block < (input->coding == CODING_NONE ? BLOCKS_LEFT_MIN : 1))
        return false;
    input->told = input->done;
    input->any_order = find_base(input);
    if (ahead_init(&input->ahead, input->block, input->any_order,
                   input->any_order ? read_at : read_next, input) != RESULT_OK)
        input->block = 0; /* there is no thread: go on without */
    return input->ahead;
}

bool input_reads_ahead(const struct input *input)
{
    return input->ahead;
}

enum result input_next(struct input *input, const uint8_t *kept, size_t length, uint8_t **bytes,
                       size_t *got)
{
    enum result result = wait(input);

    *got = 0;
    if (result == RESULT_OK) {
        result = ahead_next(input->ahead, kept, length, bytes, got);
        input->told = ahead_done(input->ahead);
        if (result == RESULT_END && input->any_order) /* for who reads on in the same file */
            lseek(input->fd, (off_t)(input->base + input->told - input->done), SEEK_SET);
    }
    return result;
}

const char *input_problem(const struct input *input)
{
    return input->problem;
}

bool input_is_regular(const struct input *input)
{
    return input->regular;
}

void input_progress(const struct input *input, uint64_t *done, uint64_t *size)
{
    *done = input->ahead ? input->told : input->done;
    *size = input->size;
}

void input_zlib(char text[LIBRARY_TEXT])
{
    inflater_library(text);
}

void input_zstd(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "zstd %s", ZSTD_versionString());
}
