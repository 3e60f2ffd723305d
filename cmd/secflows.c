/* SPDX-License-Identifier: Apache-2.0 */
#include "secflows.h"

#include "base/clock.h"
#include "base/files.h"
#include "stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int secflows_init(struct secflows *secflows, const char *const *names, size_t count)
{
    *secflows = (struct secflows){.in = malloc(sizeof *secflows->in)};
    return secflows->in && record_reader_init(&secflows->reader, names, count) == RESULT_OK
               ? EX_OK
               : out_of_memory();
}

void secflows_destroy(struct secflows *secflows)
{
    record_reader_destroy(&secflows->reader);
    free(secflows->in);
}

/* Starts reading what was opened. */
static int begin(struct secflows *secflows, const char *path, enum result opened)
{
    secflows->path = path;
    secflows->damages = (struct damages){.path = path};
    secflows->number = 0;
    secflows->any = false;
    switch (opened) {
    case RESULT_OK:
        lookahead_init(secflows->in, secflows->input);
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    default:
        complain_errno(path, "cannot open");
        return EX_NOINPUT;
    }
}

int secflows_open(struct secflows *secflows, const char *path)
{
    return begin(secflows, path, input_open(&secflows->input, path));
}

int secflows_open_fd(struct secflows *secflows, const char *path, int fd)
{
    enum result result = input_open_fd(&secflows->input, fd);

    if (result != RESULT_OK)
        files_close(fd);
    return begin(secflows, path, result);
}

static bool is_blank(const char *line, size_t length)
{
    size_t i = 0;

    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
        i++;
    return i == length;
}

void secflows_damaged(struct secflows *secflows, const char *problem)
{
    char text[256];

    snprintf(text, sizeof text, "line %" PRIu64 ": %s", secflows->number, problem);
    add_damage(&secflows->damages, text);
}

/*
 * Skips a byte order mark, which some editors write at the start of a file, and cat then puts
 * anywhere.
 */
static void skip_mark(const char **line, size_t *length)
{
    if (*length >= 3 && memcmp(*line, "\xef\xbb\xbf", 3) == 0) {
        *line += 3;
        *length -= 3;
    }
}

/* Recognizes the kind of file from what is in the buffer with its first line. */
static void look_at_kind(struct secflows *secflows)
{
    const struct lookahead *in = secflows->in;
    enum signature_kind wanted = secflows->take_line ? SIGNATURE_BEACONS : SIGNATURE_SECFLOWS;

    if (in->offset > 0 ||
        !signature_tell(in->buffer, in->end, wanted, tool_name(), secflows->other))
        secflows->other[0] = '\0';
}

/* True, after printing a message, if a bad line shows that the file has no Secflows at all. */
static bool is_another_kind(struct secflows *secflows)
{
    if (secflows->any || secflows->other[0] == '\0')
        return false;
    complain(secflows->path, "not Secflows: it is %s", secflows->other);
    secflows->damages.count++;
    return true;
}

static void report_progress(const struct secflows *secflows)
{
    uint64_t done, size;

    input_progress(secflows->input, &done, &size);
    progress_show(&progress, input_name(secflows->path), done, size, secflows->number, "lines");
}

void secflows_took(struct secflows *secflows, size_t bytes, uint64_t lines)
{
    secflows->in->at += bytes;
    secflows->number += lines;
    secflows->any = secflows->any || lines > 0;
    if (progress_due_now(&progress, clock_monotonic()))
        report_progress(secflows);
}

enum result secflows_next(struct secflows *secflows, struct record *record, const char **line,
                          size_t *length)
{
    enum result result;

    while ((result = lookahead_line(secflows->in, line, length)) == RESULT_OK ||
           result == RESULT_DAMAGED) {
        secflows->number++;
        if (progress_due(&progress))
            report_progress(secflows);
        if (secflows->number == 1)
            look_at_kind(secflows);
        if (result == RESULT_DAMAGED) {
            if (is_another_kind(secflows))
                return RESULT_END;
            secflows_damaged(secflows, "not a Secflow: it does not end within 1 MiB");
            continue;
        }
        skip_mark(line, length);
        if (is_blank(*line, *length)) {
            secflows->number += lookahead_empty_lines(secflows->in);
            continue;
        }
        if (secflows->take_first) {
            result = secflows->take_first(secflows->context, *line, *length);
            secflows->any = secflows->any || result == RESULT_OK;
            if (result == RESULT_OK)
                continue;
            if (result != RESULT_DAMAGED)
                return result;
        }
        result = record_read(secflows->reader, *line, *length, record);
        if (result == RESULT_DAMAGED && secflows->take_line) {
            result = secflows->take_line(secflows->context, *line, *length);
            secflows->any = secflows->any || result == RESULT_OK;
            if (result == RESULT_OK)
                continue;
        }
        secflows->any = secflows->any || result == RESULT_OK;
        if (result != RESULT_DAMAGED)
            return result;
        if (is_another_kind(secflows))
            return RESULT_END;
        secflows_damaged(secflows, record_problem(secflows->reader));
    }
    return result;
}

int input_ended(const struct lookahead *in, const char *path, uint64_t line)
{
    switch (in->result) {
    case RESULT_DAMAGED:
        if (line > 0)
            complain(path, "after line %" PRIu64 ": %s", line, input_problem(in->input));
        else
            complain(path, "%s", input_problem(in->input));
        return EX_DATAERR;
    case RESULT_SYSTEM:
        if (in->error == ECANCELED) /* done by the tool itself */
            return EX_OK;
        errno = in->error;
        complain_errno(path, "cannot read further");
        return EX_NOINPUT;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    default:
        return EX_OK;
    }
}

void secflows_tell_empty(const struct secflows *secflows)
{
    if (!secflows->any && secflows->damages.count == 0 && secflows->in->result == RESULT_END &&
        input_is_regular(secflows->input)) {
        progress_clear(&progress);
        complain(secflows->path, "no records: the file is empty");
    }
}

int secflows_close(struct secflows *secflows)
{
    int status;

    progress_clear(&progress);
    secflows->damaged += secflows->damages.count;
    status = end_damages(&secflows->damages);
    status = worse_status(status, input_ended(secflows->in, secflows->path, secflows->number));
    input_close(&secflows->input);
    return status;
}

static int read_file(struct secflows *secflows, const struct secflows_use *use, const char *path,
                     bool *go_on)
{
    struct record record;
    const char *line;
    size_t length;
    enum result result;
    int status = secflows_open(secflows, path);

    if (status != EX_OK)
        return status;
    input_set_wait(secflows->input, use->wait ? use->wait : stop_wait_input, use->context);
    input_read_ahead(secflows->input, thread_block());
    while ((result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK)
        if ((result = use->take(use->context, &record)) != RESULT_OK)
            break;
    if (result != RESULT_END || secflows->in->error == ECANCELED) {
        status = use->failed(use->context, result);
        *go_on = status == EX_OK;
        if (*go_on) {
            complain(path, "it was not read to its end");
            status = EX_TEMPFAIL;
        }
    }
    if (!use->quiet)
        secflows_tell_empty(secflows);
    return final_status(status, secflows_close(secflows));
}

int secflows_read(struct secflows *secflows, const struct secflows_use *use, char **paths,
                  size_t count, bool *go_on)
{
    int status = EX_OK;

    *go_on = true;
    for (size_t i = 0; i < count && *go_on; i++)
        status = final_status(status, read_file(secflows, use, paths[i], go_on));
    return status;
}
