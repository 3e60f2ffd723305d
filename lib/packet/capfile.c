/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/capread.h"

#include "base/signature.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result capfile_damaged(struct capfile *capfile, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(capfile->problem, sizeof capfile->problem, format, args);
    va_end(args);
    return RESULT_DAMAGED;
}

/* Appends to the recorded problem. */
__attribute__((format(printf, 2, 3))) static void add_problem(struct capfile *capfile,
                                                              const char *format, ...)
{
    size_t used = strlen(capfile->problem);
    va_list args;

    va_start(args, format);
    vsnprintf(capfile->problem + used, sizeof capfile->problem - used, format, args);
    va_end(args);
}

enum result capfile_ended(struct capfile *capfile)
{
    errno = capfile->in.error;
    if (capfile->finished || capfile->in.result != RESULT_DAMAGED)
        return capfile->finished ? RESULT_END : capfile->in.result;
    capfile->finished = true;
    if (capfile->frames == 0)
        return capfile_damaged(capfile, "%s", input_problem(capfile->in.input));
    return capfile_damaged(capfile, "after packet %llu: %s", (unsigned long long)capfile->frames,
                           input_problem(capfile->in.input));
}

enum result capfile_resume(struct capfile *capfile, bool (*begins)(struct capfile *))
{
    uint64_t from = lookahead_offset(&capfile->in);

    do {
        capfile->in.at++;
        if (begins(capfile)) {
            add_problem(capfile, "; %llu bytes skipped",
                        (unsigned long long)(lookahead_offset(&capfile->in) - from));
            return RESULT_DAMAGED;
        }
    } while (lookahead_need(&capfile->in, 1));
    add_problem(capfile, "; nothing after it can be read (%llu bytes)",
                (unsigned long long)(lookahead_offset(&capfile->in) - from));
    if (capfile->in.result == RESULT_DAMAGED) {
        add_problem(capfile, "; %s", input_problem(capfile->in.input));
        capfile->finished = true;
    }
    return RESULT_DAMAGED;
}

static enum result not_a_capture(struct capfile *capfile)
{
    size_t left = capfile->in.end - capfile->in.at;
    char known[SIGNATURE_TEXT];

    if (capfile->in.result == RESULT_SYSTEM || capfile->in.result == RESULT_NO_MEMORY)
        return capfile->in.result;
    if (capfile->in.result == RESULT_DAMAGED)
        return capfile_ended(capfile);
    capfile->finished = true;
    if (left == 0)
        return capfile_damaged(capfile, "not a capture file: it is empty");
    if (signature_tell(capfile->in.buffer + capfile->in.at, left, SIGNATURE_CAPTURE, "pcap2flow",
                       known))
        return capfile_damaged(capfile, "not a capture file: it is %s", known);
    return capfile_damaged(capfile, left < 24 ? "not a capture file, or one cut off in its header"
                                              : "not a capture file: neither pcap nor pcapng");
}

static enum result begin(struct capfile *capfile)
{
    if (pcap_begin(capfile))
        capfile->next = pcap_next;
    else if (pcapng_begin(capfile))
        capfile->next = pcapng_next;
    else
        return not_a_capture(capfile);
    return RESULT_OK;
}

static struct capfile *new_capfile(struct input *input)
{
    struct capfile *new = malloc(sizeof *new);

    if (new) {
        memset(new, 0, offsetof(struct capfile, in));
        lookahead_init(&new->in, input);
    }
    return new;
}

enum result capfile_open(struct capfile **capfile, struct input *input)
{
    struct capfile *new = new_capfile(input);

    if (!new)
        return RESULT_NO_MEMORY;
    *capfile = new;
    return begin(new);
}

enum result capfile_continue(struct capfile **capfile, const struct lookahead *in)
{
    struct capfile *new = new_capfile(in->input);

    if (!new)
        return RESULT_NO_MEMORY;
    *capfile = new;
    lookahead_continue(&new->in, in);
    return begin(new);
}

void capfile_close(struct capfile **capfile)
{
    if (*capfile) {
        free((*capfile)->pcapng.interfaces);
        free(*capfile);
        *capfile = NULL;
    }
}

enum result capfile_next(struct capfile *capfile, struct frame *frame)
{
    return capfile->next(capfile, frame);
}

const char *capfile_problem(const struct capfile *capfile)
{
    return capfile->problem;
}

uint64_t capfile_frames(const struct capfile *capfile)
{
    return capfile->frames;
}
