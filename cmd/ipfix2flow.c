/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix2flow: turns NetFlow and IPFIX into Secflows. See ipfix2flow(1).
 */
#include "base/timestamp.h"
#include "log/ipfixlog.h"
#include "logs.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_TEMPLATES_MEMORY = OPTION_OWN, OPTION_TIMEZONE };

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
    {OPTION_TIMEZONE, "timezone", "ZONE",
     "zone of the times that nfdump has printed, such as +02:00 (default: UTC, with a note)"},
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
        "messages one after another, is a capture of an exporter's datagrams, or has the JSON or "
        "CSV of nfdump; it may be plain, gzip or zstd. Together they are one sample. With no FILE, "
        "or when FILE is -, read standard input.",
    .example = "tcpdump -i eth0 -U -w - udp port 2055 | ipfix2flow -d 5m | flowtop",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

/* A template of a dozen fields takes about 200 bytes. */
#define MEMORY_LEAST (UINT64_C(64) << 10)

/* "UTC", or an offset from it. */
static int take_zone(struct log_options *options)
{
    char probe[32];
    int64_t time;

    if (strcmp(optarg, "UTC") == 0) {
        options->zone = "Z";
        return EX_OK;
    }
    snprintf(probe, sizeof probe, "2000-01-01T00:00:00%.7s", optarg);
    if (strlen(optarg) > 6 || strlen(optarg) < 5 || !timestamp_read(probe, strlen(probe), &time))
        return usage_error("--timezone %s: neither UTC nor an offset such as +02:00", optarg);
    options->zone = optarg;
    return EX_OK;
}

static int take_option(struct log_options *options, int option)
{
    switch (option) {
    case 'R':
        options->multiply = true;
        return EX_OK;
    case OPTION_TEMPLATES_MEMORY:
        return option_memory(MEMORY_LEAST, &options->memory);
    case OPTION_TIMEZONE:
        return take_zone(options);
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
    .only_others = ", not in other packets of a capture, which pcap2flow converts",
    .windows = true,
};

int main(int argc, char **argv)
{
    return logs_main(&logs, argc, argv);
}
