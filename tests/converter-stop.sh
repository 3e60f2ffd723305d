#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pcap2flow, zeek2flow, eve2flow, ipfix2flow and vpc2flow: a signal ends them in order, with what they have.

tool_name=zeek2flow
# shellcheck source=tests/zeek2flow-common.sh
. "${srcdir:?}/tests/zeek2flow-common.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
cd "$tmp" || exit 99
mkfifo in
awk 'BEGIN {
    for (i = 0; i < 2000; i++)
        printf "%d 192.168.1.10 %d 8.8.8.8 443 tcp - - - S 1 1\n", i, 10000 + i
}' | conn >zeek2flow.input
"${PYTHON:-python3}" "$srcdir/tests/evelogs.py" 500 >eve2flow.input || bail_out 'no events'
"${PYTHON:-python3}" "$srcdir/tests/vpclogs.py" many 1000 >vpc2flow.input || bail_out 'no flow logs'
"${PYTHON:-python3}" "$srcdir/tests/ipfixmake.py" big 200 >ipfix2flow.input || bail_out 'no messages'
"$bindir/tests/traffic" demo pcap2flow.input >/dev/null || bail_out 'no capture'

# begin FILE...: with the pipe in as its input, and these behind it; sets $process. The pipe is this
# shell's to write to, and has the first half of the input
begin() {
    "$tool" "$@" <in >out 2>err &
    process=$!
    exec 9>in
    head -c "$half" "$tool_name.input" >&9
}

# takes SIGNAL: true if the process is the tool by now, not yet another shell, and has a handler for
# the signal, by its bit in SigCgt
takes() {
    [ "/proc/$process/exe" -ef "$tool" ] || return
    caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$process/status")
    [ $((0x$caught >> ($1 - 1) & 1)) -eq 1 ]
}

# idle: no signal waits for it
idle() {
    grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$process/status"
}

lets_go() {
    ! takes "$1"
}

for tool_name in pcap2flow zeek2flow eve2flow ipfix2flow vpc2flow; do
    tool=$bindir/$tool_name
    half=$(($(wc -c <$tool_name.input) / 2))
    "$tool" $tool_name.input >want.sf || bail_out "$tool_name failed"
    head -c $half $tool_name.input | "$tool" >want-half.sf 2>/dev/null

    for signals in TERM 'TERM TERM' 'HUP TERM'; do
        begin
        ok "$tool_name, $signals: it is ready" until_true takes 15
        for signal in $signals; do
            kill -s "$signal" $process
            ok "$tool_name, $signals: it has taken it" until_true idle
        done
        tail -c "+$((half + 1))" $tool_name.input >&9
        exec 9>&-
        wait $process
        is $? 0 "$tool_name, $signals: exit status"
        ok "$tool_name, $signals: all that came later is there" cmp out want.sf
        is "$(cat err)" '' "$tool_name, $signals: no message"
    done

    # Nothing more comes. The half line or packet at the end counts as nothing
    begin
    ok "$tool_name, a pipe that stays: it is ready" until_true takes 15
    kill $process
    wait $process
    is $? 75 "$tool_name, a pipe that stays: exit status"
    exec 9>&-
    ok "$tool_name, a pipe that stays: what came of it" cmp out want-half.sf
    is "$(cat err)" "$tool_name: standard input: it was not read to its end" "$tool_name, a pipe that stays: message"

    # A file is not read further
    begin - $tool_name.input
    ok "$tool_name, a file behind: it is ready" until_true takes 15
    kill $process
    tail -c "+$((half + 1))" $tool_name.input >&9
    exec 9>&-
    wait $process
    is $? 75 "$tool_name, a file behind: exit status"
    ok "$tool_name, a file behind: what came in front" cmp out want.sf
    is "$(cat err)" "$tool_name: $tool_name.input: it was not read to its end" \
        "$tool_name, a file behind: message"

    begin
    ok "$tool_name, three signals: it is ready" until_true takes 15
    kill -HUP $process
    kill -TERM $process
    ok "$tool_name, three signals: it has taken two" until_true lets_go 15
    kill -TERM $process
    wait $process
    is $? 143 "$tool_name, three signals: exit status"
    exec 9>&-
done

done_testing
