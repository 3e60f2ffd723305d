/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vpc2flow: turns flow logs of AWS, Azure and Google Cloud into Secflows. See vpc2flow(1).
 */
#include "log/vpclog.h"
#include "logs.h"

static const struct tool_option tool_options[] = {
    {'F', "fields", "NAMES",
     "names of the columns of AWS, in their order, for logs that do not begin with them"},
    {'q', "quiet", NULL,
     "show no progress, and no note if there are no records or records were lost"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names and the Community ID to each record"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE",
     "limit on memory for names (default 16M, or 1.5 times the logs if that is more)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: vpc2flow LOG"},
    {'S', "flow logs of clouds have no names in them"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [LOG...]",
    .about = "Turn flow logs of AWS, Azure and Google Cloud into Secflows, one JSON object per "
             "line, with names from Route 53's resolver query logs. The kind of each LOG is "
             "recognized by content (plain, gzip or zstd); together they are one sample. With no "
             "LOG, or when LOG is -, read standard input.",
    .example = "aws s3 cp s3://BUCKET/KEY.log.gz - | vpc2flow | flowtop",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

static int take_option(struct log_options *options, int option)
{
    const char *lacks;

    if (option != 'F')
        return -1;
    lacks = vpc_lacks(optarg);
    if (lacks)
        return usage_error("%s: the column %s is missing from the names '%s'", option_typed(),
                           lacks, optarg);
    options->columns = optarg;
    return EX_OK;
}

static const struct logs logs = {
    .name = "vpc2flow",
    .tool = &tool,
    .reader = &vpc_reader,
    .take_option = take_option,
    .connections = "records of traffic",
    .names = "of DNS",
    .other_rows = "of other kinds",
    .lost = "counts are too low, since the cloud has lost records; lines that say SKIPDATA",
    .no_connections = "flow logs of AWS, Azure or Google Cloud",
    .no_names = "no resolver query log was read",
};

int main(int argc, char **argv)
{
    return logs_main(&logs, argc, argv);
}
