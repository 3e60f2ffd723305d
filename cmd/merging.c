/* SPDX-License-Identifier: Apache-2.0 */
#include "merging.h"

#include "stop.h"

#include <stdlib.h>
#include <unistd.h>

/* Files that may be large go there where nothing else is said: /tmp is often in memory itself. */
#define FOLDER "/var/tmp"

int merging_init(struct merging *merging)
{
    const char *folder = getenv("TMPDIR");
    enum result result;

    merging->options.folder = folder && *folder ? folder : FOLDER;
    merging->output = malloc(sizeof *merging->output);
    if (!merging->output)
        return out_of_memory();
    output_init(merging->output, STDOUT_FILENO);
    progress_init(&progress, !merging->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    result = merge_init(&merging->merge, &merging->options);
    return result == RESULT_OK ? secflows_init(&merging->secflows, NULL, 0) : start_failed(result);
}

void merging_destroy(struct merging *merging)
{
    secflows_destroy(&merging->secflows);
    merge_destroy(&merging->merge);
    free(merging->output);
}

int merging_failed(const struct merging *merging, enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(merging->options.folder, merging->problem);
    complain(NULL, "set TMPDIR to a directory with more space, or give more --memory");
    return EX_IOERR;
}

static enum result take(void *context, struct record *record)
{
    struct merging *merging = context;
    enum result result;

    record_read_rest(merging->secflows.reader, record);
    record_read_source(merging->secflows.reader, record);
    result = merge_add(merging->merge, merging->secflows.reader, record);
    if (result != RESULT_DAMAGED)
        return result;
    secflows_damaged(&merging->secflows, merge_problem(merging->merge));
    return RESULT_OK;
}

static enum result take_first(void *context, const char *line, size_t length)
{
    struct merging *merging = context;

    return merge_add_line(merging->merge, line, length);
}

/* Why reading ended early, if not because of a signal. */
static int failed(void *context, enum result result)
{
    return result == RESULT_END ? EX_OK : merging_failed(context, result);
}

int merging_read(struct merging *merging, char **paths, size_t count, bool *go_on)
{
    const struct secflows_use use = {
        .quiet = merging->quiet,
        .take = take,
        .failed = failed,
        .context = merging,
    };

    merging->secflows.take_first = take_first;
    merging->secflows.context = merging;
    return secflows_read(&merging->secflows, &use, paths, count, go_on);
}
