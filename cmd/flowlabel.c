/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowlabel: says what kind of flow each Secflow is. See flowlabel(1).
 */
#include "annotate.h"
#include "base/input.h"
#include "common.h"
#include "options.h"
#include "record/label.h"
#include "record/put.h"

#include <string.h>

static const struct tool_option tool_options[] = {
    {'q', "quiet", NULL, "show no progress, and no note about files without records"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowlabel FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Add to each Secflow its flowCategory, one of 29, and its flowId, which is the same "
             "everywhere for flows of that category to that destination. With no FILE, or when "
             "FILE is -, read standard input.",
    .example = "pcap2flow trace.pcap | flowlabel | jq -r .flowCategory | sort | uniq -c",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

static const char *const fields[] = {"flowCategory", "flowId"};

static enum result label(void *context, struct record_reader *reader, const struct record *record,
                         /* Others write there. NOLINTNEXTLINE(readability-non-const-parameter) */
                         struct output *output, uint64_t *known)
{
    const char *name = label_category(record);
    char category[64], id[LABEL_ID_TEXT + 2] = "\"";
    const char *const values[] = {category, id};

    (void)context;
    (void)known;
    strcpy(put_quote(put_bytes(put_quote(category), name, strlen(name))), "");
    label_id(record, name, id + 1);
    strcpy(id + LABEL_ID_TEXT, "\"");
    return record_write_with(reader, values, output);
}

static int parse_options(struct annotator *annotator, bool *done, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !*done && (option = next_option(&tool, argc, argv)) != -1) {
        if (option == 'q')
            annotator->quiet = true;
        else
            status = common_option(&tool, option, argv, done);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct annotator annotator = {
        .fields = fields,
        .field_count = sizeof fields / sizeof *fields,
        .each = label,
    };
    char **paths;
    size_t count;
    bool done = false;
    int status;

    common_init("flowlabel");
    status = parse_options(&annotator, &done, argc, argv);
    if (status == EX_OK && !done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = annotate(&annotator, paths, count);
    }
    return status;
}
