# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of zeek2flow: the tool, and logs written as words in columns.

tool_name=zeek2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

# tsv PATH FIELDS: a log of that #path; its rows come on standard input, words for cells
tsv() {
    printf '#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n'
    printf '#path\t%s\n#fields\t' "$1"
    { echo "$2" && cat; } | tr -s ' ' '\t'
}

# conn, dns: logs with the usual columns
conn() {
    tsv conn "ts id.orig_h id.orig_p id.resp_h id.resp_p proto duration orig_bytes resp_bytes \
history orig_pkts resp_pkts"
}

dns() {
    tsv dns 'ts id.orig_h id.orig_p id.resp_h id.resp_p proto query answers'
}

# look_up TIME QUERY ANSWERS: a row of dns
look_up() {
    echo "$1 192.168.1.10 40000 192.168.1.1 53 udp $2 $3"
}
