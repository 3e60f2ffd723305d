/* SPDX-License-Identifier: Apache-2.0 */
#include "log/vpcread.h"

#include "base/signature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result vpc_ended(struct vpclog *vpc)
{
    if (vpc->finished)
        return RESULT_END;
    vpc->finished = vpc->in.result != RESULT_SYSTEM;
    if (vpc->in.result != RESULT_END)
        return log_cannot_read(&vpc->log, &vpc->in);
    if (vpc->is_json && log_objects_cut(&vpc->objects))
        return log_damaged(&vpc->log, "the input ends inside its JSON array");
    if (vpc->settled || vpc->log.counts.other_rows == 0)
        return RESULT_END;
    snprintf(vpc->log.problem, sizeof vpc->log.problem,
             "not a flow log of a cloud: its members are others");
    return RESULT_DAMAGED;
}

static enum result next_line(struct vpclog *vpc, struct log_row *row, bool *useful)
{
    const char *line;
    size_t length;
    enum result result = lookahead_line(&vpc->in, &line, &length);

    if (result == RESULT_END)
        return vpc_ended(vpc);
    vpc->log.line++;
    if (result == RESULT_DAMAGED)
        return log_damaged(&vpc->log, "it does not end within %u bytes", LOOKAHEAD_BYTES);
    if (length == 0)
        vpc->log.line += lookahead_empty_lines(&vpc->in);
    return length == 0 ? RESULT_OK : vpc_read_line(vpc, line, line + length, row, useful);
}

static enum result not_a_log(struct vpclog *vpc, const char *what)
{
    vpc->finished = true;
    snprintf(vpc->log.problem, sizeof vpc->log.problem, "not a flow log of a cloud: it is %s",
             what);
    return RESULT_DAMAGED;
}

/* Recognizes the form by the first characters. */
static enum result begin(struct vpclog *vpc)
{
    struct lookahead *in = &vpc->in;
    size_t first, head;
    char known[SIGNATURE_TEXT];

    if (!lookahead_need(in, 1) && in->result != RESULT_END)
        return vpc_ended(vpc);
    (void)lookahead_need(in, 4096);
    head = in->end < 4096 ? in->end : 4096;
    if (head >= 3 && memcmp(in->buffer, "\xef\xbb\xbf", 3) == 0)
        in->at = 3; /* a byte order mark */
    for (first = in->at; first < head && isspace(in->buffer[first]); first++)
        ;
    vpc->is_json = first < head && (in->buffer[first] == '{' || in->buffer[first] == '[');
    if (!vpc->is_json)
        first = 0; /* a capture may begin with newlines */
    if (signature_tell(in->buffer + first, head - first, SIGNATURE_VPC, "vpc2flow", known))
        return not_a_log(vpc, known);
    if (memchr(in->buffer, '\0', head))
        return not_a_log(vpc, "binary");
    return vpc->is_json ? vpc_json_init(vpc) : RESULT_OK;
}

static enum result open_log(struct log **log, struct input *input,
                            const struct log_options *options)
{
    struct vpclog *new = malloc(sizeof *new);
    enum result result = RESULT_OK;

    if (!new)
        return RESULT_NO_MEMORY;
    memset(new, 0, offsetof(struct vpclog, in));
    lookahead_init(&new->in, input);
    *log = &new->log;
    if (options->columns)
        result =
            vpc_set_columns(new, options->columns, options->columns + strlen(options->columns));
    new->settled = false;
    return result == RESULT_OK ? begin(new) : result;
}

/* The log is the first member of what was allocated. */
static struct vpclog *of_log(struct log *log)
{
    return (struct vpclog *)(void *)log;
}

static void close_log(struct log **log)
{
    if (*log) {
        struct vpclog *vpc = of_log(*log);

        json_destroy(&vpc->json);
        json_destroy(&vpc->message);
        free(vpc->columns.fields);
        free(vpc->answers);
        free(vpc);
        *log = NULL;
    }
}

static enum result next_row(struct log *log, struct log_row *row)
{
    struct vpclog *vpc = of_log(log);
    bool useful = false;
    enum result result = RESULT_OK;

    while (result == RESULT_OK && !useful) {
        if (vpc->tuple_at < vpc->tuple_count)
            result = vpc_next_tuple(vpc, row, &useful);
        else if (vpc->finished)
            return RESULT_END;
        else
            result = vpc->is_json ? vpc_read_json(vpc, row, &useful) : next_line(vpc, row, &useful);
    }
    return result;
}

const struct log_reader vpc_reader = {.open = open_log, .next = next_row, .close = close_log};
