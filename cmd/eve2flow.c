/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve2flow: turns Suricata's flow and dns events into Secflows. See eve2flow(1).
 */
#include "log/evelog.h"
#include "logs.h"

static const struct tool_option tool_options[] = {
    {'l', "link-header", "BYTES",
     "bytes of a frame in front of its IP packet, which Suricata counts, too (default 14, of "
     "Ethernet; 0: bytes count from the IP packet on)"},
    {'q', "quiet", NULL, "show no progress, and no note if there are no records"},
    {'S', "session-names", NULL, "prefer the names that are in tls, quic and http events"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names, the Community ID, and Suricata's flow_id and app_proto "
     "to each record"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE",
     "limit on memory for names (default 16M, or 1.5 times the logs if that is more)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: eve2flow LOG"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [LOG...]",
    .about =
        "Turn flow events of Suricata's eve.json into Secflows, one JSON object per line, with "
        "names from its dns events. Each LOG may be plain, gzip or zstd; together they are "
        "one sample. With no LOG, or when LOG is -, read standard input.",
    .example = "eve2flow eve.json | jq -r .dst | sort | uniq -c | sort -rn",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

/* Far more than any link layer has. */
#define LINK_HEADER_MOST 128

static int take_option(struct log_options *options, int option)
{
    uint64_t bytes;
    int status;

    if (option != 'l')
        return -1;
    status = option_number("bytes", 0, LINK_HEADER_MOST, &bytes);
    if (status == EX_OK)
        options->frame_header = (uint8_t)bytes;
    return status;
}

static const struct logs logs = {
    .name = "eve2flow",
    .tool = &tool,
    .reader = &eve_reader,
    .options = {.frame_header = 14},
    .take_option = take_option,
    .connections = "flow and netflow events",
    .names = "of dns",
    .sessions = "of tls, quic and http",
    .other_rows = "other events",
    .no_connections = "flow events of eve.json (suricata.yaml: outputs, eve-log, types)",
    .no_names = "no dns event was read",
};

int main(int argc, char **argv)
{
    return logs_main(&logs, argc, argv);
}
