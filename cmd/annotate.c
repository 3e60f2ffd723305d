/* SPDX-License-Identifier: Apache-2.0 */
#include "annotate.h"

#include "lanes.h"
#include "secflows.h"
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct work {
    struct annotator *annotator;
    struct secflows secflows;
    struct output *output;
    enum result flushed; /* result of the flush before the last read */
    int error;           /* its errno */
    struct lanes *lanes; /* NULL: there are none */
    bool alone;          /* nor are there to be */
    uint64_t until;      /* where in the input they go on */
};

/* Before reading, which may block unless it is a file: flushes the output. */
static bool flush(void *context, int fd)
{
    struct work *work = context;

    work->until = 0;
    lanes_forget(work->lanes);
    if (!input_is_regular(work->secflows.input)) {
        work->flushed = output_flush(work->output);
        work->error = errno;
    }
    return work->flushed == RESULT_OK && stop_wait(fd);
}

/* Why reading ended early, if not because of a signal. */
static int failed(void *context, enum result result)
{
    const struct work *work = context;

    if (result != RESULT_END)
        return output_failed(result);
    if (work->flushed == RESULT_OK)
        return EX_OK;
    errno = work->error; /* reading has changed errno since */
    return output_failed(work->flushed);
}

/* Lets two lanes work on what is there, once a thread reads ahead. */
static enum result take_more(struct work *work)
{
    const struct lookahead *in = work->secflows.in;

    if (work->alone || in->buffer == in->own)
        return RESULT_OK;
    if (!work->lanes)
        work->alone = lanes_init(&work->lanes, work->annotator) != RESULT_OK;
    return work->alone ? RESULT_OK
                       : lanes_go(work->lanes, &work->secflows, work->output, &work->until);
}

static enum result take(void *context, struct record *record)
{
    struct work *work = context;
    struct annotator *annotator = work->annotator;
    enum result result;

    if (annotator->between && annotator->between(annotator->between_context))
        lanes_forget(work->lanes); /* what they have made is old */
    result = annotator->each(annotator->contexts[0], work->secflows.reader, record, work->output,
                             &annotator->known);
    annotator->records += result == RESULT_OK;
    if (result == RESULT_OK && lookahead_offset(work->secflows.in) >= work->until)
        result = take_more(work);
    return result;
}

static int run_files(struct work *work, char **paths, size_t count)
{
    const struct secflows_use use = {
        .quiet = work->annotator->quiet,
        .take = take,
        .wait = flush,
        .failed = failed,
        .context = work,
    };
    bool go_on;
    int status = secflows_read(&work->secflows, &use, paths, count, &go_on);
    enum result result;

    if (go_on && (result = output_flush(work->output)) != RESULT_OK)
        status = final_status(status, output_failed(result));
    lanes_destroy(&work->lanes);
    output_end(work->output);
    return status;
}

static int work_init(struct work *work)
{
    const struct annotator *annotator = work->annotator;

    work->output = malloc(sizeof *work->output);
    if (!work->output)
        return out_of_memory();
    output_init(work->output, STDOUT_FILENO);
    output_write_behind(work->output, thread_block());
    progress_init(&progress, !annotator->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    return secflows_init(&work->secflows, annotator->fields, annotator->field_count);
}

int annotate(struct annotator *annotator, char **paths, size_t count)
{
    struct work work = {.annotator = annotator};
    int status = work_init(&work);

    if (status == EX_OK && !annotator->quiet)
        tell_inputs(paths, count, "Secflows");
    if (status == EX_OK)
        status = close_output(run_files(&work, paths, count));
    secflows_destroy(&work.secflows);
    free(work.output);
    return status;
}
