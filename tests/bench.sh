#!/bin/sh
# How fast pcap2flow is, and how much memory it takes, beside its peers on this machine.
#
#   BINDIR      the build directory
#   BENCHDIR    where the captures go, 2.3 GB, and output of as much again; given, the captures are
#               kept and used again. Default: a directory that is removed at the end
#   BENCHRUNS   rounds that count, 5 by default
#
# Every tool reads the same file in turn, and the yardstick is an empty pcap_loop() of libpcap. A
# goal that is missed is no error; a tool that fails is.

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
for tool in pcap2flow tests/traffic tests/pcap_loop tests/measure; do
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
    verdict 'pcap2flow, times the wall time of pcap_loop' "$(column 7 pcap2flow)" max "$2"
    verdict 'nfpcapd, times the median wall time of pcap2flow' "$(multiple nfpcapd pcap2flow)" min 4
}

# peak KIND: remembers a line for the end
peak() {
    value=$(column 5 pcap2flow)
    echo "$1 ${value:-failed}" >>"$scratch/peaks"
}

# flow_memory KIND: the same, and what a record costs
flow_memory() {
    peak "$1"
    records=$(wc -l <"$scratch/out.sf")
    bytes=$(column 5 pcap2flow | awk -v mib=$mib -v records="$records" \
        'records > 0 { print ($1 - 16) * mib / records }')
    verdict "$1, $((records)) records, bytes a record above 16 MiB" "$bytes" max 120 \
        >>"$scratch/verdicts"
}

versions() {
    "$BINDIR/pcap2flow" --version | head -n 1
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
speed hdr 1.5
peak hdr
speed many 4
flow_memory many

capture many6
printf '\nmany6.pcap, %s bytes\n' "$(($(wc -c <"$file")))"
measure "pcap2flow='$BINDIR/pcap2flow' '$file' >'$scratch/out.sf'"
flow_memory many6

printf '\npcap2flow, peak MiB\n'
cat "$scratch/peaks"
if [ -f "$scratch/verdicts" ]; then
    cat "$scratch/verdicts"
fi
exit $failed
