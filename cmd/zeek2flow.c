/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zeek2flow: turns Zeek logs into Secflows. See zeek2flow(1).
 */
#include "log/zeeklog.h"
#include "logs.h"

static const struct tool_option tool_options[] = {
    {'q', "quiet", NULL, "show no progress, and no note if there are no records"},
    {'S', "session-names", NULL, "prefer the names that are in the ssl, quic and http logs"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names, the Community ID, and Zeek's uid and service to each "
     "record"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE",
     "limit on memory for names (default 16M, or 1.5 times the logs if that is more)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: zeek2flow LOG"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [LOG...]",
    .about = "Turn Zeek's conn logs into Secflows, one JSON object per line, with names from its "
             "dns logs. The kind of each LOG is recognized by content (TSV or JSON; plain, gzip or "
             "zstd). With no LOG, or when LOG is -, read standard input.",
    .example = "zeek2flow conn.log dns.log | jq -r .dst | sort | uniq -c | sort -rn",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

static const struct logs logs = {
    .name = "zeek2flow",
    .tool = &tool,
    .reader = &zeek_reader,
    .connections = "rows of conn",
    .names = "of dns",
    .sessions = "of ssl, quic and http",
    .other_rows = "of other logs",
    .no_connections = "Zeek's conn log",
    .no_names = "no dns log was read",
};

int main(int argc, char **argv)
{
    return logs_main(&logs, argc, argv);
}
