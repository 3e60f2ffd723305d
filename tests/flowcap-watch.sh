#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowcap: what it reports to Prometheus, to systemd, and on a terminal.

tool_name=flowcap
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
here=$(cd "$srcdir/tests" && pwd)
python=${PYTHON:-python3}
cd "$tmp" || exit 99
export here python
require_network
"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
sent=$("$bindir/pcap2flow" trace.pcap | packets) # of one flow, in each replay
chmod 755 .
mkdir -m 777 metrics

# metric NAME [FILE]: its value
metric() {
    awk -v name="$1" 'index($0, name "{") == 1 { print $NF }' "${2:-metrics/flowcap.prom}"
}

# Metrics

in_network <<'E2'
start -d 1 --metrics "$PWD/metrics/flowcap.prom"
replay trace.pcap
until_true grep -q '^secflow_capture_packets_total{interface="two0"} [^0]' metrics/flowcap.prom
until_true grep -q '^secflow_capture_records_total{interface="two0"} [^0]' metrics/flowcap.prom
cp metrics/flowcap.prom while.prom
stop
E2
is "$(cat status err)" 0 '--metrics: exit status'
is "$(metric secflow_capture_up while.prom)" 1 '--metrics: it captures'
is "$(metric secflow_capture_packets_total)" "$(jq -rn '[inputs | .srcPkts + .dstPkts] | add + 10' live.sf)" \
    '--metrics: packets, of which ten are local'
is "$(awk '/^secflow_capture_frames_total/ { n += $NF } END { print n }' metrics/flowcap.prom)" \
    "$(metric secflow_capture_packets_total)" '--metrics: what became of each of them'
is "$(metric secflow_capture_records_total)" "$(grep -c '' live.sf)" '--metrics: records, at the end all of them'
is "$(metric secflow_capture_kernel_drops_total)" 0 '--metrics: none was dropped'
ok '--metrics: windows' test "$(metric secflow_capture_windows_total)" -ge 1
ok '--metrics: resident memory' test "$(metric secflow_capture_resident_memory_bytes while.prom)" -gt 1000000
ok '--metrics: when it was started' \
    awk -v now="$(date +%s)" '/^secflow_capture_start_time_seconds/ { exit !($2 <= now && $2 > now - 600) }' while.prom
is "$(ls metrics)" flowcap.prom '--metrics: nothing is left beside the file'
is "$(stat -c %a metrics/flowcap.prom)" 644 '--metrics: everyone may read it'
if command -v promtool >/dev/null; then
    is_status 0 '--metrics: promtool accepts them' sh -c 'promtool check metrics <metrics/flowcap.prom'
    is "$(cat out err)" '' '--metrics: promtool is quiet'
else
    skip '--metrics: promtool is quiet' 'no promtool'
fi
is "$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' metrics/flowcap.prom | sort)" \
    "$(sed -n 's/^\.It Li \(secflow_capture_[a-z_]*\).*/\1/p' "$here/../man/flowcap.8" | sort)" \
    '--metrics: the page has them all'

in_network <<'E2'
start -d 1 --metrics "$PWD/metrics/flowcap.prom"
mv metrics away
until_true grep -q cannot err
replay trace.pcap
mv away metrics
until_true grep -q again err
stop
E2
is "$(sed "s|$PWD/||" err)" 'flowcap: metrics/flowcap.prom: cannot write the metrics: No such file or directory
flowcap: metrics/flowcap.prom: the metrics are written again' \
    'metrics that cannot be written: it is said when that begins and when it ends'
is "$(cat status), $(packets <live.sf)" "0, $sent" \
    'metrics that cannot be written: the capture goes on'

in_network <<'E2'
start -d 1 --metrics "$PWD/metrics/flowcap.prom" --sensor 'the "attic"'
ip link set two0 down
until_true grep -qF 'secflow_capture_up{interface="two0",sensor="the \"attic\""} 0' metrics/flowcap.prom
echo $? >down
stop
E2
is "$(cat down)" 0 '--metrics: an interface that is down is not up; --sensor is a label'

in_network <<'E2'
start -d 1 --metrics "$PWD/metrics/flowcap.prom" -w "$PWD/windows" --keep-bytes 64K
replay trace.pcap
until_true sh -c 'ls windows/*.sf'
stop
E2
is "$(cat status), $(metric secflow_capture_files_written_total)" "0, $(find windows -name '[!.]*.sf' | grep -c '')" '--metrics, -w: files'
is "$(metric secflow_capture_output_up)" 1 '--metrics, -w: they can be written'

# A full disk from the start

rm -f mounted
mkdir -m 777 small
if [ -n "$enter" ]; then
    without=$enter
    enter="$enter -m"
    in_network <<'E2'
mount -t tmpfs -o size=16k,mode=777 none small && echo yes >mounted || exit
head -c 16384 /dev/zero >small/filler
start -d 1 --metrics "$PWD/small/flowcap.prom"
until_true grep -q cannot err
rm small/filler
stop
E2
    enter=$without
fi
if [ -s mounted ]; then
    is "$(cat status; sed "s|$PWD/||" err)" '0
flowcap: small/flowcap.prom: cannot write the metrics: No space left on device
flowcap: small/flowcap.prom: the metrics are written again' \
        'metrics on a disk that is full at the start: it captures all the same'
else
    skip 'metrics on a disk that is full' 'no file system can be mounted'
fi

if [ "$user" = nobody ]; then
    is_status 74 'metrics in a folder of another: exit status' $enter "$tool" -i any -n 1 -d 1 --metrics "$PWD/nobodys.prom"
    is "$(sed "s|$PWD/||" err)" \
        'flowcap: nobodys.prom: cannot write the metrics: the user that flowcap runs as, nobody, must be able to write to the directory' \
        'metrics in a folder of another: message'
else
    skip 'metrics in a folder of another' 'not root'
fi
is_status 64 'metrics into a device: exit status' $enter "$tool" -i any --metrics /dev/null
like "$(cat err)" '^flowcap: --metrics: /dev/null exists and is not a regular file' 'metrics into a device: message'

# Packets that the kernel drops because nobody reads them for a while

in_network <<'E2'
start -d 1000000 -B 256
kill -STOP $cap
tcpreplay -q -i one0 --topspeed --loop 50 trace.pcap >replay.log 2>&1
kill -CONT $cap
until_true grep -q drops err
stop
E2
is "$(sed 's/[1-9][0-9,]* so/N so/; s/[1-9][0-9,]* packets were/N packets were/; s/in [0-9]* s/in T s/' err)" \
    'flowcap: two0: the kernel drops packets: N so far; a larger -B helps, or a filter -f
flowcap: two0: N packets were dropped in T s' 'drops: they are said when they begin, and at the end'

# systemd

in_network <<'E2'
"$python" "$here/service.py" replayed "$tool" -i two0 -Z "$user" -d 1000000 >told 2>err &
cap=$!
until_its_child_captures
replay trace.pcap
: >replayed
wait $cap
echo $? >status
E2
is "$(cat status)" 0 'a service: exit status'
like "$(grep -m 1 -v '^{' told)" '^READY=1 \| STATUS=two0: 0 packets, 0 dropped; the window ends at [0-9:]{8}$' \
    'a service: ready, and how it is'
ok 'a service: signs of life' test "$(grep -c '^WATCHDOG=1$' told)" -ge 2
is "$(tail -n 1 told)" 'STOPPING=1 | STATUS=writing what there is' 'a service: stopping'

# A terminal

in_network <<'E2'
"$python" "$here/terminal.py" ' 5[0-9][0-9] packets' "$tool" -i two0 -Z "$user" -d 1000000 >shown 2>err &
cap=$!
until_its_child_captures
replay trace.pcap
wait $cap
echo $? >status
E2
is "$(cat status)" 0 'a terminal: exit status after Ctrl-C'
like "$(head -n 1 shown)" \
    '^flowcap: capturing from two0; the first window ends at [0-9:]{8}; Ctrl-C ends in order$' \
    'a terminal: what it does'
like "$(grep '^~' shown)" '^~ two0: 5[0-9][0-9] packets, [0-9]* flows in memory, 0 dropped; [0-9]*:[0-9][0-9] left(\^C)?$' \
    'a terminal: how it goes on'
is "$(sed -e 1d -e '/^~ /d' -e 's/^^C//' shown | grep -vc '^{.*}$')" 0 'a terminal: then there are records, one a line'
ok 'a terminal: records' grep -q '^{.*}$' shown

in_network <<'E2'
"$python" "$here/terminal.py" 'no records.*\n' "$tool" -4 -i two0 -Z "$user" -d 1 >shown 2>err &
wait $!
echo $? >status
E2
is "$(cat status) $(sed -n 's/^\(flowcap: two0: no records.*\)/\1/p' shown)" \
    '0 flowcap: two0: no records; -a keeps local traffic and local services, too; leave out -4 or -6' \
    'a terminal, no records: what helps is said once'

# Records of windows while the progress line is shown
in_network <<'E2'
"$python" "$here/terminal.py" '' "$tool" -i two0 -Z "$user" -d 2 --metrics "$PWD/metrics/windows.prom" >shown 2>err &
cap=$!
until_its_child_captures
replay trace.pcap
until_true windows_are 1 metrics/windows.prom
replay trace.pcap
until_true windows_are 3 metrics/windows.prom
pkill -INT -P $cap
wait $cap
echo $? >status
E2
is "$(cat status)" 0 'a terminal, windows: exit status'
is "$(sed -e 1d -e '/^~ two0: /d' shown | grep -vc '^{.*}$')" 0 'a terminal, windows: nothing but records and the line'
is "$(grep -o '^{.*}$' shown | packets)" $((2 * sent)) \
    'a terminal, windows: all records are there'

in_network <<'E2'
"$python" "$here/terminal.py" '' "$tool" -i two0 -Z "$user" -d 1 -n 3 -q >shown 2>err
echo $? >status
E2
is "$(cat status shown)" '0' 'a terminal, -q: nothing'

done_testing
