#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How fast the tools are, and how much memory they take, compared with peers on this machine: progress
# goes to standard output, and the result is one table in BINDIR/bench.txt.
#
#   BINDIR      the build directory
#   BENCHDIR    where captures and logs go, 4.4 GB, and output of as much again; given, they are
#               kept and used again. Default: a directory that is removed at the end
#   BENCHRUNS   rounds that count, 5 by default
#   PYTHON      makes the logs
#
# Every tool reads the same file in turn, and writes a new one. The yardstick is an empty pcap_loop() of libpcap for
# captures, zeek-cut picking ten columns for logs, cat for logs in JSON, zcat and zstd for compressed ones, simdjson (libsimdjson-dev) for eve.json, mawk for flow logs. A
# missed goal is not an error; a tool that fails is.

set -u
: "${BINDIR:?the build directory}"
runs=${BENCHRUNS:-5}
mib=1048576
failed=0
PATH=$PATH:/usr/sbin # of softflowd, where a plain user would not find it

die() {
    echo "bench: $*" >&2
    exit 1
}

if [ -n "${BENCHDIR:-}" ]; then
    dir=$BENCHDIR
    scratch=$dir/scratch.$$
    remove=$scratch
    mkdir -p "$dir" || exit 1
else
    dir=${TMPDIR:-/tmp}/secflow-bench.$$
    scratch=$dir/scratch
    remove=$dir
    mkdir -m 700 "$dir" || exit 1
fi
trap 'rm -rf "$remove"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$scratch" || exit 1

case $BINDIR$dir in
*\'*) die "a quote in a directory name: $BINDIR, $dir" ;;
esac
for tool in pcap2flow zeek2flow eve2flow ipfix2flow vpc2flow flowlabel flowreport flowtop flowbeacon flowmerge flowmeta flowseen flowevent flowupload tests/traffic tests/pcap_loop tests/measure; do
    [ -x "$BINDIR/$tool" ] || die "$BINDIR/$tool: not built"
done

installed() {
    command -v "$1" >/dev/null 2>&1
}

# column NUMBER COMMAND: a figure from the last table; nothing if the command failed
column() {
    awk -v column="$1" -v name="$2" '$1 == name && $2 != "failed:" { print $column }' \
        "$scratch/table"
}

# capture KIND: makes the capture, unless it was kept; an incomplete one never has the final name
capture() {
    file=$dir/$1.pcap
    [ -f "$file" ] && return
    "$BINDIR/tests/traffic" "$1" "$scratch/new.pcap" >/dev/null || die "no capture $1"
    mv "$scratch/new.pcap" "$file" || exit 1
}

# size FILE
size() {
    wc -c <"$1" | awk '{ printf "%d MB", $1 / 1e6 }'
}

# size_of KIND: makes a capture and prints its size
size_of() {
    capture "$1"
    size "$file"
}

# logs NAME ROWS SHAPE...: makes conn and dns in a directory of that name, unless they were kept
logs() {
    name=$1
    shift
    [ -d "$dir/$name" ] && return
    "${PYTHON:-python3}" "$(dirname "$0")/zeeklogs.py" "$scratch/logs" "$@" || die 'no logs'
    mv "$scratch/logs" "$dir/$name" || exit 1
}

# title TEXT: a heading for the rows that follow
title() {
    printf '\n%s\n' "$1"
    printf '\n%s\n' "$1" >>"$scratch/rows"
}

# measure COMMAND...: the table, to standard output, for column(), and as rows of the report
measure() {
    "$BINDIR/tests/measure" -n "$runs" -r "$scratch/out.sf" "$@" >"$scratch/table" || failed=1
    cat "$scratch/table"
    awk 'NR > 1 && $2 == "failed:" { print "  " $0 }
        NR > 1 && $2 != "failed:" { printf "  %-22s %8.2f %8.2f %8.1f %8s\n", $1, $2, $4, $5, $6 }' \
        "$scratch/table" >>"$scratch/rows"
}

# nfpcapd appends to the files of an earlier run and takes longer over it: each run has a new
# directory. softflowd evicts flows above 8192 unless told otherwise; without a
# collector it counts them, and sends nothing.
beside_peers() {
    set -- "pcap_loop='$BINDIR/tests/pcap_loop' '$file'" \
        "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'"
    if installed nfpcapd; then
        new="\$(mktemp -d '$scratch/nf.XXXXXX')"
        set -- "$@" "nfpcapd=nfpcapd -r '$file' -w $new >'$scratch/log' 2>&1"
    fi
    if installed softflowd; then
        set -- "$@" "softflowd=softflowd -d -6 -m 4000000 -r '$file' >'$scratch/log' 2>&1"
    fi
    measure "$@"
    rm -rf "$scratch"/nf.*
}

# verdict TEXT VALUE max|min GOAL
verdict() {
    [ -n "$2" ] || return
    awk -v text="$1" -v value="$2" -v side="$3" -v goal="$4" 'BEGIN {
        met = side == "max" ? value <= goal : value >= goal
        printf "%s: %.2f, goal at %s %s: %s\n", text, value, side == "max" ? "most" : "least", goal,
            met ? "met" : "missed"
    }'
}

# multiple A B: the median wall time of A divided by that of B
multiple() {
    echo "$(column 2 "$1") $(column 2 "$2")" | awk 'NF == 2 && $2 > 0 { print $1 / $2 }'
}

# speed KIND TITLE GOAL
speed() {
    capture "$1"
    title "$2"
    beside_peers
    verdict 'pcap2flow, times the wall time of pcap_loop' "$(column 6 pcap2flow)" max "$3"
    verdict 'nfpcapd, times the median wall time of pcap2flow' "$(multiple nfpcapd pcap2flow)" min 4
}

# peak KIND [COMMAND]: remembers a line for the end
peak() {
    value=$(column 5 "${2:-pcap2flow}")
    echo "$1 ${value:-failed}" >>"$scratch/peaks"
}

# flow_memory KIND [COMMAND]: the same, and what a record costs
flow_memory() {
    peak "$@"
    records=$(wc -l <"$scratch/out.sf")
    bytes=$(column 5 "${2:-pcap2flow}" | awk -v mib=$mib -v records="$records" \
        'records > 0 { print ($1 - 16) * mib / records }')
    verdict "$1, $((records)) records, bytes a record above 16 MiB" "$bytes" max 120 \
        >>"$scratch/verdicts"
}

# session_cost: what reading the handshakes of the big capture adds
session_cost() {
    title 'The same, with the names that flows say themselves'
    measure "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'" \
        "pcap2flow-S='$BINDIR/pcap2flow' -S '$file' >'$scratch/out.sf'"
    verdict 'pcap2flow -S, times the wall time of pcap2flow' "$(column 6 pcap2flow-S)" max 1.3
}

# json_verdict TEXT COMMAND FILE: how fast the command has read the file
json_verdict() {
    verdict "$1, MB a second of CPU time" \
        "$(column 4 "$2" | awk -v bytes="$(wc -c <"$3")" '{ print bytes / $1 / 1e6 }')" min 400
}

# json_speed: the forms of JSON logs, compared with jq picking six columns
json_speed() {
    logs json-logs 500000 json nested escaped
    conn=$dir/json-logs/conn
    title "Half a million rows of conn in JSON: flat, $(size "$conn.json.log"); with ids in an object of \
their own, $(size "$conn.nested.log"); with an escape in each row, $(size "$conn.escaped.log")"
    set -- "cat=cat '$conn.nested.log' >'$scratch/out.sf'"
    for shape in json nested escaped; do
        set -- "$@" "zeek2flow-$shape=$BINDIR/zeek2flow '$conn.$shape.log' >'$scratch/out.sf'"
    done
    if installed jq; then
        set -- "$@" "jq-nested=jq -r '[.ts, .id.orig_h, .id.orig_p, .id.resp_h, .id.resp_p, .proto] | @tsv' \
            '$conn.nested.log' >'$scratch/out.cut'"
    fi
    measure "$@"
    verdict 'zeek2flow, nested, times the wall time of cat' "$(column 6 zeek2flow-nested)" max 10.5
    for shape in json nested escaped; do
        json_verdict "zeek2flow, $shape" zeek2flow-$shape "$conn.$shape.log"
    done
}

# compressed_speed TOOL SUFFIX GOAL: zeek2flow over the same, compressed by that tool, which inflates it into nothing
compressed_speed() {
    installed "$1" || return
    if [ ! -f "$conn.tsv.log.$2" ]; then
        "$1" -c "$conn.tsv.log" >"$scratch/compressed" || exit 1
        mv "$scratch/compressed" "$conn.tsv.log.$2" || exit 1
    fi
    title "The same by $1, $(size "$conn.tsv.log.$2")"
    measure "$1=$1 -dcq '$conn.tsv.log.$2' >/dev/null" \
        "zeek2flow-$2=$BINDIR/zeek2flow '$conn.tsv.log.$2' >'$scratch/out.sf'"
    verdict "zeek2flow, times the wall time of $1 -dc" "$(column 6 "zeek2flow-$2")" max "$3"
}

# log_speed: zeek2flow compared with the tool that picks columns from Zeek's logs
log_speed() {
    logs logs 2000000 tsv json
    conn=$dir/logs/conn dns=$dir/logs/dns
    columns='ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes'
    if installed zeek-cut; then
        first=zeek-cut
        set -- "zeek-cut=zeek-cut $columns <'$conn.tsv.log' >'$scratch/out.sf'"
    elif installed bro-cut; then # what it was called before
        first=bro-cut
        set -- "bro-cut=bro-cut $columns <'$conn.tsv.log' >'$scratch/out.sf'"
    else
        first=mawk
        set -- "mawk=mawk -F '\t' '{ print \$1, \$2, \$3, \$4, \$5, \$6, \$7, \$8, \$9, \$10 }' '$conn.tsv.log' >'$scratch/out.sf'"
    fi
    title "Two million rows of conn, $(size "$conn.tsv.log") of TSV"
    measure "$@" "zeek2flow-tsv=$BINDIR/zeek2flow '$conn.tsv.log' >'$scratch/out.sf'"
    verdict "zeek2flow, TSV, times the wall time of $first" "$(column 6 zeek2flow-tsv)" max 0.8
    flow_memory conn zeek2flow-tsv
    title "The same in JSON, $(size "$conn.json.log")"
    measure "cat=cat '$conn.json.log' >'$scratch/out.sf'" \
        "zeek2flow-json=$BINDIR/zeek2flow '$conn.json.log' >'$scratch/out.sf'"
    verdict 'zeek2flow, JSON, times the wall time of cat' "$(column 6 zeek2flow-json)" max 10.5
    compressed_speed gzip gz .55
    compressed_speed zstd zst 2.8
    title 'The same, with half a million rows of dns'
    measure "zeek2flow-tsv=$BINDIR/zeek2flow '$conn.tsv.log' '$dns.tsv.log' >'$scratch/out.sf'" \
        "zeek2flow-json=$BINDIR/zeek2flow '$conn.json.log' '$dns.json.log' >'$scratch/out.sf'"
}

# eve_log NAME ROWS WORD...: makes a log of that name, unless it was kept
eve_log() {
    eve=$dir/$1
    shift
    [ -f "$eve" ] && return
    "${PYTHON:-python3}" "$(dirname "$0")/evelogs.py" "$@" >"$scratch/eve.json" || die 'no eve.json'
    mv "$scratch/eve.json" "$eve" || exit 1
}

# eve_speed: eve2flow over what a sensor logs, beside jq, which picks eight fields of flow events, and simdjson;
# and over a log of only those events that eve2flow reads
eve_speed() {
    eve_log eve.json 200000 noise live
    title "$(wc -l <"$eve") events of eve.json, $(grep -c '"event_type":"flow"' "$eve") of them flows, $(size "$eve")"
    set -- "eve2flow=$BINDIR/eve2flow '$eve' >'$scratch/out.sf'" "eve2flow-Sx=$BINDIR/eve2flow -Sx '$eve' >'$scratch/out'"
    if c++ -O3 -std=c++17 -o "$scratch/simdjson" "$(dirname "$0")/simdjson_eve.cc" -lsimdjson 2>"$scratch/log"; then
        set -- "$@" "simdjson='$scratch/simdjson' '$eve' >'$scratch/log'"
    fi
    if installed jq; then
        set -- "$@" "jq=jq -r 'select(.event_type == \"flow\") | [.src_ip, .src_port, .dest_ip, .dest_port, .proto, \
            .flow.pkts_toserver, .flow.pkts_toclient, .flow.start] | @tsv' '$eve' >'$scratch/out.cut'"
    fi
    measure "$@"
    json_verdict eve2flow eve2flow "$eve"
    flow_memory eve eve2flow
    eve_log eve-flows.json 250000
    title "$(wc -l <"$eve") flow and dns events, $(size "$eve")"
    measure "eve2flow-flows=$BINDIR/eve2flow '$eve' >'$scratch/out.sf'"
    json_verdict 'eve2flow, flow and dns events' eve2flow-flows "$eve"
}

# vpc_speed: vpc2flow over lines of AWS, beside mawk, which sums two columns, and gzip, which inflates
vpc_speed() {
    vpc=$dir/vpc.log
    if [ ! -f "$vpc.gz" ]; then
        "${PYTHON:-python3}" "$(dirname "$0")/vpclogs.py" many 4000000 >"$scratch/vpc.log" || die 'no flow log'
        gzip -c "$scratch/vpc.log" >"$scratch/vpc.log.gz" || exit 1
        mv "$scratch/vpc.log" "$scratch/vpc.log.gz" "$dir" || exit 1
    fi
    rows=$(wc -l <"$vpc")
    title "$((rows)) lines of AWS' VPC flow log, $(size "$vpc")"
    set -- "mawk=mawk '{ packets += \$9; bytes += \$10 } END { print packets, bytes }' '$vpc' >'$scratch/out.cut'"
    installed mawk || set --
    measure "$@" "vpc2flow=$BINDIR/vpc2flow '$vpc' >'$scratch/out.sf'"
    verdict 'vpc2flow, lines a second of CPU time' \
        "$(column 4 vpc2flow | awk -v rows="$rows" '{ print rows / $1 }')" min 3000000
    flow_memory vpc vpc2flow
    title "The same in gzip, $(size "$vpc.gz")"
    measure "gzip=gzip -dc '$vpc.gz' >/dev/null" "vpc2flow-gz=$BINDIR/vpc2flow '$vpc.gz' >'$scratch/out.sf'"
    verdict 'vpc2flow, times the wall time of gzip -dc' "$(column 6 vpc2flow-gz)" max 1.2
}

# ipfix_speed: ipfix2flow over messages of IPFIX, beside nfdump reading as many flows of its own and printing none
ipfix_speed() {
    ipfix=$dir/flows.ipfix
    if [ ! -f "$ipfix" ]; then
        "${PYTHON:-python3}" "$(dirname "$0")/ipfixmake.py" big 80000 >"$scratch/flows.ipfix" || die 'no messages'
        mv "$scratch/flows.ipfix" "$ipfix" || exit 1
    fi
    records=$((80000 * 24))
    title "$records flow records of IPFIX, $(size "$ipfix")"
    set -- "ipfix2flow='$BINDIR/ipfix2flow' '$ipfix' >'$scratch/out.sf'"
    if installed nfcapd && installed nfdump && installed nfpcapd; then
        capture many
        mkdir "$scratch/nfmany" && nfpcapd -r "$file" -w "$scratch/nfmany" >"$scratch/log" 2>&1
        set -- "$@" "nfdump-null=nfdump -R '$scratch/nfmany' -o null >'$scratch/log' 2>&1"
    fi
    measure "$@"
    verdict 'ipfix2flow, records a second of CPU time' \
        "$(column 4 ipfix2flow | awk -v records="$records" '{ print records / $1 }')" min 3000000
    flow_memory ipfix ipfix2flow
}

# label_speed: flowlabel over the records that zeek2flow has written
label_speed() {
    "$BINDIR/zeek2flow" "$dir/logs/conn.tsv.log" "$dir/logs/dns.tsv.log" >"$scratch/in.sf" ||
        die 'no records'
    records=$(wc -l <"$scratch/in.sf")
    title "$((records)) records, $(size "$scratch/in.sf")"
    measure "flowlabel='$BINDIR/flowlabel' '$scratch/in.sf' >'$scratch/out.sf'"
    verdict 'flowlabel, records a second' \
        "$(column 2 flowlabel | awk -v records="$records" '{ print records / $1 }')" min 3000000
    peak flowlabel flowlabel
}

# beacon_speed: flowbeacon over two million flows
beacon_speed() {
    capture many
    "$BINDIR/pcap2flow" -q "$file" >"$scratch/day.sf" || die 'no records'
    sed 's/"trafficDate":"1/"trafficDate":"2/' "$scratch/day.sf" >"$scratch/later.sf"
    title "$((2 * $(wc -l <"$scratch/day.sf"))) records, of two times a day"
    measure "flowbeacon='$BINDIR/flowbeacon' -w 10000d '$scratch/day.sf' '$scratch/later.sf' >'$scratch/out.nd'"
    verdict 'flowbeacon, CPU seconds for 2 million records' \
        "$(column 4 flowbeacon | awk -v records="$((2 * $(wc -l <"$scratch/day.sf")))" '{ print $1 * 2e6 / records }')" max 2
    peak flowbeacon flowbeacon
    printf '(RITA 5 asks for 4 cores, 16 GB of memory and a database.)\n'
}

# merge_speed: flowmerge over a million flows, whole and in windows, in memory and on the disk; beside sort, which only
# brings lines of equal src together, and Miller, which sums four columns of a tenth of the records
merge_speed() {
    capture many
    "$BINDIR/pcap2flow" "$file" >"$scratch/whole.sf" && "$BINDIR/pcap2flow" -x "$file" >"$scratch/extended.sf" &&
        "$BINDIR/pcap2flow" -x -d 10 "$file" >"$scratch/windows.sf" || die 'no records'
    records=$(wc -l <"$scratch/whole.sf")
    title "$((records)) records, $(size "$scratch/whole.sf"); extended, $(size "$scratch/extended.sf"); \
in windows of 10 seconds, $(wc -l <"$scratch/windows.sf") of them, $(size "$scratch/windows.sf")"
    merge="'$BINDIR/flowmerge' >'$scratch/out.sf'"
    set -- "sort=env LC_ALL=C sort -T '$scratch' '$scratch/whole.sf' >'$scratch/out.cut'"
    if installed mlr; then
        head -n $((records / 10)) "$scratch/whole.sf" >"$scratch/tenth.sf"
        set -- "$@" "mlr-tenth=mlr --ijsonl --ojsonl stats1 -a sum -f srcPkts,srcBytes,dstPkts,dstBytes -g src,dst,proto \
            '$scratch/tenth.sf' >'$scratch/out.cut'"
    fi
    measure "flowmerge=$merge '$scratch/whole.sf'" "$@" "flowmerge-extended=$merge '$scratch/extended.sf'" \
        "flowmerge-windows=$merge '$scratch/windows.sf'" \
        "flowmerge-disk=env TMPDIR='$scratch' $merge --memory 64M '$scratch/windows.sf'"
    verdict 'flowmerge, records a second of CPU time' \
        "$(column 4 flowmerge | awk -v records="$records" '{ print records / $1 }')" min 2000000
    peak flowmerge flowmerge-extended
    for command in flowmerge flowmerge-extended; do
        verdict "$command, bytes a conversation above 2 MiB" \
            "$(column 5 $command | awk -v mib=$mib -v records="$records" '{ print ($1 - 2) * mib / records }')" max 120
    done
}

# meta_speed: flowmeta over the same records, with a million entries, beside grep and a join of jq on a tenth
meta_speed() {
    ranks=$dir/ranks.csv
    if [ ! -f "$ranks" ]; then
        awk 'BEGIN { for (i = 1; i <= 1000000; i++)
            printf "%d,%s%d.example%d.%s\n", i, i % 3 ? "www" : "a", i, i % 70001, i % 2 ? "com" : "org" }' >"$scratch/ranks.csv"
        mv "$scratch/ranks.csv" "$ranks" || exit 1
    fi
    : >"$scratch/nothing.sf"
    tenth=$((records / 10))
    head -n $tenth "$scratch/in.sf" >"$scratch/tenth.sf"
    sed 's/^[0-9]*,//' "$ranks" | head -n 100000 >"$scratch/tenth.names"
    title "$records records beside a million ranks, and for grep and jq a tenth of each"
    set -- "flowmeta='$BINDIR/flowmeta' -qf '$ranks' '$scratch/in.sf' >'$scratch/out.sf'" \
        "flowmeta-load='$BINDIR/flowmeta' -qf '$ranks' '$scratch/nothing.sf'" \
        "grep-tenth=sh -c \"grep -F -f '$scratch/tenth.names' '$scratch/tenth.sf' || true\" >'$scratch/out'"
    if installed jq; then
        set -- "$@" "jq-tenth=jq -c --rawfile names '$scratch/tenth.names' -n '(\$names | split(\"\n\") | \
            map({key: ., value: true}) | from_entries) as \$known | inputs | select(\$known[.dst | split(\":\")[0]])' \
            '$scratch/tenth.sf' >'$scratch/out'"
    fi
    measure "$@"
    verdict 'flowmeta, records a second of CPU time, loading apart' \
        "$(echo "$(column 4 flowmeta) $(column 4 flowmeta-load)" | awk -v records="$records" \
            'NF == 2 && $1 > $2 { print records / ($1 - $2) }')" min 1000000
    verdict 'flowmeta, seconds to load a million entries' "$(column 4 flowmeta-load)" max 0.3
    verdict 'flowmeta, bytes an entry' \
        "$(column 5 flowmeta-load | awk -v mib=$mib '{ print ($1 - 6) * mib / 1000000 }')" max 64
    peak flowmeta flowmeta
}

# in_samples: labels records and makes samples of 300 of them
in_samples() {
    awk '{ sub(/"trafficDate":"[0-9.]*"/, sprintf("\"trafficDate\":\"%d.000000\"", 1700000000 + int(NR / 300) * 300)); print }' |
        "$BINDIR/flowlabel" -q
}

# seen_speed: flowseen over the same records, as samples of 300: as they are, which are spread evenly over 50,000
# sites; and as records come again by Yule and Simon, one in six new, each other one as an earlier one
seen_speed() {
    in_samples <"$scratch/in.sf" >"$scratch/samples.sf"
    awk 'BEGIN { srand(5) }
        NR == 1 || rand() < 0.175 { kept[NR] = $0; from[NR] = NR; print; next }
        { from[NR] = from[int(rand() * (NR - 1)) + 1]; print kept[from[NR]] }' "$scratch/in.sf" |
        in_samples >"$scratch/again.sf"
    head -n $((records / 2)) "$scratch/samples.sf" >"$scratch/half.sf"
    "$BINDIR/flowseen" -qs "$scratch/full.db" "$scratch/samples.sf" >/dev/null || failed=1
    rows=$("$BINDIR/flowseen" -s "$scratch/full.db" -l | sed -n 's/,//g; s/^rows *//p')
    new="true | { rm -f '$scratch/new.db'*; '$BINDIR/flowseen' -s '$scratch/new.db'"
    title "$records records as samples of 300: $rows rows"
    measure "flowseen=$new -q '$scratch/samples.sf' >'$scratch/out.sf'; }" \
        "flowseen-again=$new -q '$scratch/again.sf' >'$scratch/out.sf'; }" \
        "flowseen-half=$new -q '$scratch/half.sf' >'$scratch/out.sf'; }" \
        "flowseen-ask='$BINDIR/flowseen' -qns '$scratch/full.db' '$scratch/samples.sf' >'$scratch/out.sf'" \
        "flowseen-merge=$new -m '$scratch/full.db'; }"
    for command in flowseen flowseen-again; do
        verdict "$command, records a second of CPU time" \
            "$(column 4 $command | awk -v records="$records" '{ print records / $1 }')" min 300000
    done
    verdict 'flowseen -n, records a second of CPU time' \
        "$(column 4 flowseen-ask | awk -v records="$records" '{ print records / $1 }')" min 200000
    verdict 'flowseen -m, rows a second of CPU time' \
        "$(column 4 flowseen-merge | awk -v rows="$rows" '{ print rows / $1 }')" min 900000
    verdict 'flowseen, bytes of the store a row' \
        "$(wc -c <"$scratch/full.db" | awk -v rows="$rows" '{ print $1 / rows }')" max 40
    verdict 'flowseen, memory for all records beside that for half of them' \
        "$(echo "$(column 5 flowseen) $(column 5 flowseen-half)" | awk 'NF == 2 { print $1 / $2 }')" max 1.2
}

# event_speed: flowevent with 100 rules of three steps over those samples, and over one of as many records
event_speed() {
    awk 'BEGIN {
        split("*Upload smallUpload keepAlive *Download* asNeededChannel failedConnection singleResourceLoaded *Channel unidirectional dnsQuery", c, " ")
        for (i = 0; i < 100; i++) {
            where = i % 4 == 0 ? "a" i ".example.com" : i % 4 == 1 ? ".b" i ".example" : i % 4 == 2 ? i * 2 ".0.0.0/8" : ":" 1024 + i
            printf "{\"event\":\"e%d\",\"steps\":[\"%s %s\",\"%s :443\",\"* !:53\"],\"within\":60,\"title\":\"T\"}\n",
                i, c[i % 10 + 1], where, c[int(i / 10) % 10 + 1]
        }
    }' >"$scratch/rules.ndjson"
    title "$records records in samples of 300, and in one; 100 rules"
    measure "flowevent='$BINDIR/flowevent' -qf '$scratch/rules.ndjson' '$scratch/samples.sf' >'$scratch/out.sf'" \
        "flowevent-one='$BINDIR/flowevent' -qf '$scratch/rules.ndjson' '$scratch/in.sf' >'$scratch/out.sf'"
    verdict 'flowevent, records a second of CPU time' \
        "$(column 4 flowevent | awk -v records="$records" '{ print records / $1 }')" min 1000000
    peak flowevent flowevent
}

# top_speed: flowtop over the same records
top_speed() {
    title "The same records as a table"
    measure "flowtop='$BINDIR/flowtop' '$scratch/in.sf' >'$scratch/out'" \
        "flowtop-source='$BINDIR/flowtop' -b source '$scratch/in.sf' >'$scratch/out'" \
        "flowtop-domain='$BINDIR/flowtop' -b domain '$scratch/in.sf' >'$scratch/out'"
    for command in flowtop flowtop-source flowtop-domain; do
        verdict "$command, seconds of CPU time for a million records" \
            "$(column 4 $command | awk -v records="$records" '{ print $1 / records * 1e6 }')" max 1
    done
    peak flowtop flowtop
}

# top_peers: from a capture to the table of its top destinations
top_peers() {
    set -- "pcap2flow-flowtop='$BINDIR/pcap2flow' '$file' | '$BINDIR/flowtop' >'$scratch/out'"
    if installed nfpcapd && installed nfdump; then
        set -- "$@" "nfpcapd-nfdump=true | {
            new=\$(mktemp -d '$scratch/nf.XXXXXX') && nfpcapd -r '$file' -w \$new >'$scratch/log' 2>&1 &&
                nfdump -R \$new -s dstip/bytes -n 20 >'$scratch/out'
        }"
    fi
    if installed argus && installed racluster && installed rasort; then
        set -- "$@" "argus-racluster=argus -r '$file' -w - 2>'$scratch/log' | racluster -r - -m daddr -w - |
            rasort -r - -m bytes -N 20 >'$scratch/out'"
    fi
    title 'The same, from the capture to a table of the top destinations'
    measure "$@"
    rm -rf "$scratch"/nf.*
}

# report_speed: flowreport over a million of the records that flowlabel has written
report_speed() {
    head -n 1000000 "$scratch/out.sf" >"$scratch/million.sf"
    title "A million records with labels, $(size "$scratch/million.sf"), to a page"
    measure "flowreport='$BINDIR/flowreport' '$scratch/million.sf' >'$scratch/million.html'"
    verdict 'flowreport, seconds of CPU time' "$(column 4 flowreport)" max 1
    verdict 'flowreport, KB of the page' "$(wc -c <"$scratch/million.html" | awk '{ print $1 / 1000 }')" max 400
    peak flowreport flowreport
}

# upload_speed: flowupload, from standard input to a collector on loopback that checks nothing, and
# curl sending the same bytes once from a file
upload_speed() {
    head -n 1000000 "$scratch/in.sf" >"$scratch/million.sf"
    title "A million records, $(size "$scratch/million.sf"), to a collector"
    mkdir "$scratch/collector"
    "${PYTHON:-python3}" "$(dirname "$0")/collector.py" "$scratch/collector" &
    collector=$!
    while [ ! -f "$scratch/collector/port" ] && kill -0 $collector; do
        sleep 0.1
    done
    url=http://127.0.0.1:$(cat "$scratch/collector/port")
    upload="'$BINDIR/flowupload' -s '$scratch/spool' <'$scratch/million.sf' >'$scratch/out'"
    set -- "flowupload-ndjson=env SECFLOW_URL=$url/unchecked $upload -F ndjson" \
        "flowupload-networksage=env SECFLOW_URL=$url/upload/unchecked NETWORKSAGE_API_KEY=secret $upload"
    if installed curl; then
        set -- "curl=curl -sS -H Expect: -H Content-Type:application/x-ndjson \
            --data-binary '@$scratch/million.sf' $url/unchecked >'$scratch/out'" "$@"
    fi
    measure "$@"
    kill $collector
    for format in ndjson networksage; do
        verdict "flowupload -F $format, peak MiB" "$(column 5 flowupload-$format)" max 64
    done
}

# versions: of the tools and, where Debian has them, of their peers
versions() {
    "$BINDIR/pcap2flow" --version | head -n 1
    "$BINDIR/tests/pcap_loop" -V
    dpkg-query -W -f '${Package} ${Version}\n' argus-server bro-aux curl nfdump softflowd tcpdump 2>/dev/null |
        sed '/ $/d'
}

{
    printf '%s, %s cores, ' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        "$(getconf _NPROCESSORS_ONLN)"
    uname -srm
    versions | paste -sd, | sed 's/,/, /g' | fmt -w 96
    echo "Medians of $runs rounds in which the commands take turns"
} | tee "$scratch/machine"

speed big "100,000 flows in two million packets, $(size_of big)" 0.6
peak big
session_cost
peak sessions pcap2flow-S
speed hdr "The same, 128 bytes kept of each packet, $(size_of hdr)" 1.2
peak hdr
speed many "A million flows in four million packets, $(size_of many)" 2.2
flow_memory many
top_peers

title "The same over IPv6, $(size_of many6)"
capture many6
measure "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'"
flow_memory many6

log_speed
json_speed
eve_speed
vpc_speed
ipfix_speed
label_speed
top_speed
report_speed
meta_speed
seen_speed
event_speed
beacon_speed
upload_speed
merge_speed

capture hdr
if installed tcpreplay && unshare -n true 2>/dev/null; then
    unshare -n "${SHELL:-/bin/sh}" "$(dirname "$0")/bench-live.sh" "$BINDIR" "$file" >"$scratch/live" ||
        failed=1
    cat "$scratch/live"
else
    printf '\nlive capture: not measured without root and tcpreplay\n'
fi

printf '\npeak MiB\n'
cat "$scratch/peaks"
if [ -f "$scratch/verdicts" ]; then
    cat "$scratch/verdicts"
fi

{
    cat "$scratch/machine"
    printf '\n%-24s %8s %8s %8s %8s\n' '' 'wall s' 'CPU s' 'peak MiB' 'x first'
    cat "$scratch/rows"
    cat "$scratch/live" 2>/dev/null
} >"$BINDIR/bench.txt"
printf '\nThe table: %s\n' "$BINDIR/bench.txt"
exit $failed
