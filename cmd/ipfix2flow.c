/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix2flow: turns NetFlow and IPFIX into Secflows. See ipfix2flow(1).
 */
#include "log/ipfixlog.h"
#include "logs.h"

enum { OPTION_TEMPLATES_MEMORY = OPTION_OWN };

static const struct tool_option tool_options[] = {
    {'d', "window", "TIME",
     "split the output into time windows of this length, each its own sample"},
    {'q', "quiet", NULL, "show no progress, and no note if there are no records"},
    {'R', "multiply", NULL,
     "multiply packets and bytes by the sampling rate where the exporter says it"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names and the Community ID to each record"},
    {OPTION_TEMPLATES_MEMORY, "templates-memory", "SIZE",
     "limit on memory for templates, and for data that wait for one (default 16M)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: ipfix2flow FILE"},
    {'S', "flow records have no session names"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about =
        "Turn NetFlow 5, NetFlow 9 and IPFIX into Secflows, one JSON object per line. Each FILE "
        "has "
        "messages one after another, or is a capture of an exporter's datagrams; it may be plain, "
        "gzip or zstd. Together they are one sample. With no FILE, or when FILE is -, read "
        "standard "
        "input.",
    .example = "tcpdump -i eth0 -U -w - udp port 2055 | ipfix2flow -d 5m | flowtop",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

/* A template of a dozen fields takes about 200 bytes. */
#define MEMORY_LEAST (UINT64_C(64) << 10)

static int take_option(struct log_options *options, int option)
{
    switch (option) {
    case 'R':
        options->multiply = true;
        return EX_OK;
    case OPTION_TEMPLATES_MEMORY:
        return option_memory(MEMORY_LEAST, &options->memory);
    default:
        return -1;
    }
}

static const struct logs logs = {
    .name = "ipfix2flow",
    .tool = &tool,
    .reader = &ipfix_reader,
    .options = {.memory = (size_t)16 << 20},
    .take_option = take_option,
    .connections = "flow records",
    .other_rows = "that are not flows",
    .no_connections = "NetFlow 5, NetFlow 9 and IPFIX",
    .windows = true,
};

int main(int argc, char **argv)
{
    return logs_main(&logs, argc, argv);
}
