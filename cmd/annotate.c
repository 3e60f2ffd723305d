/* SPDX-License-Identifier: Apache-2.0 */
#include "annotate.h"

#include "secflows.h"
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct work {
    const struct annotator *annotator;
    struct secflows secflows;
    struct output *output;
    enum result flushed; /* result of the flush before the last read */
    int error;           /* its errno */
};

/* Reading may block: before that, flushes the output. */
static bool flush(void *context, int fd)
{
    struct work *work = context;

    work->flushed = output_flush(work->output);
    work->error = errno;
    return work->flushed == RESULT_OK && stop_wait(fd);
}

/* Why a file was not read to its end. */
static int end_early(const struct work *work, enum result result)
{
    if (result != RESULT_END)
        return output_failed(result);
    errno = work->error; /* reading has changed errno since */
    return output_failed(work->flushed);
}

/* True if a signal ended reading; prints so. */
static bool was_stopped(const struct work *work, const char *path)
{
    if (work->secflows.in->error != ECANCELED || work->flushed != RESULT_OK)
        return false;
    complain(path, "it was not read to its end");
    return true;
}

/* Sets *go_on to false if there is no point in continuing. */
static int run_file(struct work *work, const char *path, bool *go_on)
{
    const struct annotator *annotator = work->annotator;
    struct secflows *secflows = &work->secflows;
    struct record record;
    const char *line;
    size_t length;
    enum result result;
    int status = secflows_open(secflows, path);

    if (status != EX_OK)
        return status;
    input_set_wait(secflows->input, flush, work);
    while ((result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK)
        if ((result = annotator->each(annotator->context, secflows->reader, &record,
                                      work->output)) != RESULT_OK)
            break;
    *go_on = result == RESULT_END && work->flushed == RESULT_OK;
    if (!*go_on)
        status = end_early(work, result);
    else if (was_stopped(work, path))
        status = EX_TEMPFAIL;
    if (!annotator->quiet)
        secflows_tell_empty(secflows);
    return final_status(status, secflows_close(secflows));
}

static int run_files(struct work *work, char **paths, size_t count)
{
    int status = EX_OK;
    bool go_on = true;
    enum result result;

    for (size_t i = 0; i < count && go_on; i++)
        status = final_status(status, run_file(work, paths[i], &go_on));
    if (go_on && (result = output_flush(work->output)) != RESULT_OK)
        status = final_status(status, output_failed(result));
    return status;
}

static int work_init(struct work *work)
{
    const struct annotator *annotator = work->annotator;

    work->output = malloc(sizeof *work->output);
    if (!work->output)
        return out_of_memory();
    output_init(work->output, STDOUT_FILENO);
    progress_init(&progress, !annotator->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    return secflows_init(&work->secflows, annotator->fields, annotator->field_count);
}

int annotate(const struct annotator *annotator, char **paths, size_t count)
{
    struct work work = {.annotator = annotator};
    int status = work_init(&work);

    if (status == EX_OK && !annotator->quiet)
        tell_terminal(paths, count, "Secflows");
    if (status == EX_OK)
        status = close_output(run_files(&work, paths, count));
    secflows_destroy(&work.secflows);
    free(work.output);
    return status;
}
