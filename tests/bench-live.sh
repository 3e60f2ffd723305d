#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench-live.sh BINDIR CAPTURE: the cost of live capture, for flowcap and its peers, each on the same
# replay over a pair of interfaces; to be run by root in a network namespace of its own.
#
# CPU seconds are those of the whole process, for a million packets. What a peer does not report is
# left out.

set -u
bindir=$1
capture=$2
packets=$("$bindir/pcap2flow" -a -v "$capture" 2>&1 >/dev/null | sed -n 's/.*: \([0-9]*\) packets read.*/\1/p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"

ip link set lo up
ip link add one0 type veth peer name two0
for interface in one0 two0; do
    echo 1 >/proc/sys/net/ipv6/conf/$interface/disable_ipv6
    ip link set $interface mtu 9000 up
done
ticks=$(getconf CLK_TCK)

# cpu PID: seconds
cpu() {
    awk -v ticks="$ticks" '{ print ($14 + $15) / ticks }' "/proc/$1/stat"
}

# replay RATE: replays the capture, as fast as possible or at that many packets per second
replay() {
    tcpreplay -q -K -i one0 $1 "$capture" 2>&1 |
        sed -n 's/^Rated: .* \([0-9.]*\) pps.*/\1/p'
}

# under_load NAME RATE COMMAND...: a line of the table
under_load() {
    name=$1
    rate=$2
    shift 2
    command -v "$1" >/dev/null || return 0
    "$@" >"$work/out" 2>"$work/err" &
    tool=$!
    sleep 2
    before=$(cpu $tool)
    pps=$(replay "$rate")
    sleep 1
    seconds=$(cpu $tool | awk -v before="$before" -v n="$packets" '{ print ($1 - before) * 1e6 / n }')
    kill $tool
    wait $tool 2>/dev/null
    drops=$(sed -n -e 's/^\([0-9]*\) packets dropped by kernel/\1/p' \
        -e 's/.* \([0-9]*\) dropped by the kernel.*/\1/p' "$work/err")
    printf '%-10s %12.0f %12.2f %12s\n' "$name" "${pps:-0}" "$seconds" "${drops:--}"
}

printf '%s packets, replayed\n%-10s %12s %12s %12s\n' "$packets" tool 'packets/s' 'CPU s/M' dropped
for rate in '-p 100000' --topspeed; do
    under_load flowcap "$rate" "$bindir/flowcap" -i two0 -d 1000000 -a -v
    under_load tcpdump "$rate" tcpdump -i two0 -w /dev/null
    under_load softflowd "$rate" softflowd -D -i two0 -m 4000000 -p "$work/pid" -c "$work/control"
    under_load argus "$rate" argus -i two0 -w "$work/argus"
done

# Each packet is a new flow, for 30 seconds; windows of 5 seconds end while more come.

# under_flood NAME RATE COMMAND...: a line of the table
under_flood() {
    name=$1
    rate=$2
    shift 2
    command -v "$1" >/dev/null || return 0
    "$@" >/dev/null 2>"$work/err" &
    tool=$!
    sleep 2
    sent=$("$bindir/tests/flood" one0 "$rate" 30)
    sleep 1
    memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$tool/status")
    kill $tool
    wait $tool 2>/dev/null
    drops=$(sed -n -e 's/^\([0-9]*\) packets dropped by kernel/\1/p' \
        -e 's/.* \([0-9]*\) dropped by the kernel.*/\1/p' "$work/err")
    printf '%-14s %12d %12d %12s %12d\n' "$name" "$rate" "$sent" "${drops:--}" $((memory / 1024))
}

printf '\nNew flows for 30 seconds\n%-14s %12s %12s %12s %12s\n' tool 'flows/s' sent dropped 'peak MiB'
for rate in 100000 200000; do
    under_flood 'flowcap' $rate "$bindir/flowcap" -i two0 -v
    under_flood 'flowcap -d 5' $rate "$bindir/flowcap" -i two0 -d 5 -v
    under_flood 'tcpdump' $rate tcpdump -i two0 -s 96 -B 8192 -w /dev/null
done

"$bindir/flowcap" -i two0 >"$work/out" 2>"$work/err" &
tool=$!
sleep 2
before=$(cpu $tool)
sleep 10
cpu $tool | awk -v before="$before" '{ printf "flowcap, idle: %.2f %% of a CPU\n", ($1 - before) * 10 }'
kill $tool
wait $tool 2>/dev/null
