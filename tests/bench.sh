#!/bin/sh
# How fast the tools are, and how much memory they take, beside their peers on this machine.
#
#   BINDIR      the build directory
#   BENCHDIR    where captures and logs go, 3.7 GB, and output of as much again; given, they are
#               kept and used again. Default: a directory that is removed at the end
#   BENCHRUNS   rounds that count, 5 by default
#   PYTHON      makes the logs
#
# Every tool reads the same file in turn. The yardstick is an empty pcap_loop() of libpcap for
# captures, and zeek-cut picking six columns for logs. A goal that is missed is no error; a tool that
# fails is.

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
for tool in pcap2flow zeek2flow flowlabel flowupload tests/traffic tests/pcap_loop tests/measure; do
    [ -x "$BINDIR/$tool" ] || die "$BINDIR/$tool: not built"
done

installed() {
    command -v "$1" >/dev/null 2>&1
}

# column NUMBER COMMAND: a figure of the table of the capture measured last; nothing if it failed
column() {
    awk -v column="$1" -v name="$2" '$1 == name && $2 != "failed:" { print $column }' \
        "$scratch/table"
}

# capture KIND: makes the capture, unless it was kept; a part of one never has the final name
capture() {
    file=$dir/$1.pcap
    [ -f "$file" ] && return
    "$BINDIR/tests/traffic" "$1" "$scratch/new.pcap" >/dev/null || die "no capture $1"
    mv "$scratch/new.pcap" "$file" || exit 1
}

# logs: makes conn and dns in TSV and JSON, unless they were kept
logs() {
    [ -d "$dir/logs" ] && return
    "${PYTHON:-python3}" "$(dirname "$0")/zeeklogs.py" "$scratch/logs" 2000000 tsv json ||
        die 'no logs'
    mv "$scratch/logs" "$dir/logs" || exit 1
}

# measure COMMAND...: the table, to standard output and for column()
measure() {
    "$BINDIR/tests/measure" -n "$runs" "$@" >"$scratch/table" || failed=1
    cat "$scratch/table"
}

# nfpcapd appends to the files of an earlier run and takes longer over it: each run has a new
# directory. softflowd throws flows out above 8192 unless told that there may be more; without a
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

# multiple A B: the median wall time of A as a multiple of that of B
multiple() {
    echo "$(column 2 "$1") $(column 2 "$2")" | awk 'NF == 2 && $2 > 0 { print $1 / $2 }'
}

# speed KIND GOAL
speed() {
    capture "$1"
    printf '\n%s.pcap, %s bytes\n' "$1" "$(($(wc -c <"$file")))"
    beside_peers
    verdict 'pcap2flow, times the wall time of pcap_loop' "$(column 6 pcap2flow)" max "$2"
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
    printf '\nbig.pcap, with and without session names\n'
    measure "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'" \
        "names='$BINDIR/pcap2flow' -S '$file' >'$scratch/out.sf'"
    verdict 'pcap2flow -S, times the wall time of pcap2flow' "$(column 6 names)" max 1.3
}

# log_speed: zeek2flow beside the tool that picks columns out of Zeek's logs
log_speed() {
    logs
    conn=$dir/logs/conn dns=$dir/logs/dns
    columns='ts id.orig_h id.orig_p id.resp_h id.resp_p proto'
    if installed zeek-cut; then
        first=zeek-cut
        set -- "zeek-cut=zeek-cut $columns <'$conn.tsv.log' >'$scratch/out.cut'"
    elif installed bro-cut; then # what it was called before
        first=bro-cut
        set -- "bro-cut=bro-cut $columns <'$conn.tsv.log' >'$scratch/out.cut'"
    else
        first=mawk
        set -- "mawk=mawk -F '\t' '{ print \$1, \$3, \$4, \$5, \$6, \$7 }' '$conn.tsv.log' >'$scratch/out.cut'"
    fi
    printf '\nTwo million rows of conn, %s bytes TSV and %s JSON; half a million of dns\n' \
        "$(($(wc -c <"$conn.tsv.log")))" "$(($(wc -c <"$conn.json.log")))"
    measure "$@" \
        "with-dns=$BINDIR/zeek2flow '$conn.tsv.log' '$dns.tsv.log' >'$scratch/out.sf'" \
        "json-dns=$BINDIR/zeek2flow '$conn.json.log' '$dns.json.log' >'$scratch/out.sf'" \
        "json=$BINDIR/zeek2flow '$conn.json.log' >'$scratch/out.sf'" \
        "tsv=$BINDIR/zeek2flow '$conn.tsv.log' >'$scratch/out.sf'"
    verdict "zeek2flow, TSV, times the wall time of $first" "$(column 6 tsv)" max 2
    verdict 'zeek2flow, JSON, MB/s' \
        "$(column 2 json | awk -v bytes="$(wc -c <"$conn.json.log")" '{ print bytes / $1 / 1e6 }')" min 400
    flow_memory conn tsv
}

# label_speed: flowlabel over the records that zeek2flow has written
label_speed() {
    "$BINDIR/zeek2flow" "$dir/logs/conn.tsv.log" "$dir/logs/dns.tsv.log" >"$scratch/in.sf" ||
        die 'no records'
    records=$(wc -l <"$scratch/in.sf")
    printf '\n%s records, %s bytes\n' "$((records))" "$(($(wc -c <"$scratch/in.sf")))"
    measure "flowlabel='$BINDIR/flowlabel' '$scratch/in.sf' >'$scratch/out.sf'"
    verdict 'flowlabel, records a second of CPU time' \
        "$(column 4 flowlabel | awk -v records="$records" '{ print records / $1 }')" min 1000000
    peak flowlabel flowlabel
}

# upload_speed: flowupload, from standard input to a collector on loopback that looks at nothing, and
# curl sending the same bytes once from a file
upload_speed() {
    head -n 1000000 "$scratch/in.sf" >"$scratch/million.sf"
    printf '\n1000000 records to a collector, %s bytes\n' "$(($(wc -c <"$scratch/million.sf")))"
    mkdir "$scratch/collector"
    "${PYTHON:-python3}" "$(dirname "$0")/collector.py" "$scratch/collector" &
    collector=$!
    while [ ! -f "$scratch/collector/port" ] && kill -0 $collector; do
        sleep 0.1
    done
    url=http://127.0.0.1:$(cat "$scratch/collector/port")
    upload="'$BINDIR/flowupload' -s '$scratch/spool' <'$scratch/million.sf' >'$scratch/out'"
    set -- "ndjson=env SECFLOW_URL=$url/unchecked $upload -F ndjson" \
        "networksage=env SECFLOW_URL=$url/upload/unchecked NETWORKSAGE_API_KEY=secret $upload"
    if installed curl; then
        set -- "curl=curl -sS -H Expect: -H Content-Type:application/x-ndjson \
            --data-binary '@$scratch/million.sf' $url/unchecked >'$scratch/out'" "$@"
    fi
    measure "$@"
    kill $collector
    for format in ndjson networksage; do
        printf 'flowupload -F %s, records a second: %.0f\n' "$format" \
            "$(column 2 $format | awk '{ print 1000000 / $1 }')"
        verdict "flowupload -F $format, peak MiB" "$(column 5 $format)" max 64
    done
}

versions() {
    "$BINDIR/pcap2flow" --version | head -n 1
    "$BINDIR/zeek2flow" --version
    "$BINDIR/flowcap" --version
    "$BINDIR/flowlabel" --version
    "$BINDIR/flowupload" --version
    "$BINDIR/tests/pcap_loop" -V
    if installed nfpcapd; then
        nfpcapd -V 2>&1 | awk '{ sub(/: Version:/, " version"); print }'
    else
        echo 'nfpcapd: not installed'
    fi
    if installed softflowd; then
        softflowd -h 2>&1 | sed -n 's/.*\(softflowd version [0-9.]*[0-9]\).*/\1/p' | head -n 1
    else
        echo 'softflowd: not installed'
    fi
}

sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
uname -srm
versions
echo "wall and CPU time: medians of $runs rounds; x first: median of the ratios of wall time"

speed big 1.0
peak big
session_cost
peak sessions names
speed hdr 1.5
peak hdr
speed many 4
flow_memory many

capture many6
printf '\nmany6.pcap, %s bytes\n' "$(($(wc -c <"$file")))"
measure "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'"
flow_memory many6

log_speed
label_speed
upload_speed

capture hdr
if installed tcpreplay && unshare -n true 2>/dev/null; then
    printf '\n'
    unshare -n "${SHELL:-/bin/sh}" "$(dirname "$0")/bench-live.sh" "$BINDIR" "$file" || failed=1
else
    printf '\nlive capture: not measured without root and tcpreplay\n'
fi

printf '\npeak MiB\n'
cat "$scratch/peaks"
if [ -f "$scratch/verdicts" ]; then
    cat "$scratch/verdicts"
fi
exit $failed
