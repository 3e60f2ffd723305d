#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowcap -w: windows as files in a directory, in a network of its own, and full disks.

tool_name=flowcap
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
tests=$(cd "$srcdir/tests" && pwd)
cd "$tmp" || exit 99
chmod 755 .
export tool bindir tests

misused '-w without a folder' -i lo -w ''
misused '--keep without -w' -i lo --keep 7d
misused '--keep-bytes without -w' -i lo --keep-bytes 1G
misused '--keep of no time' -i lo -w windows --keep 0
misused '--keep-bytes of no size' -i lo -w windows --keep-bytes 1

choose_network
if [ -z "$enter" ]; then
    skip 'windows' 'no network namespace can be made here'
    done_testing
    exit
fi
if ! command -v tcpreplay >/dev/null || ! command -v ip >/dev/null; then
    skip 'windows' 'no tcpreplay or no ip'
    done_testing
    exit
fi

cat >functions.sh <<'E2'
. "$network"
# start ARGUMENTS...: flowcap on two0, in the background; $cap is its process
start() {
    # shellcheck disable=SC2154 # of the environment
    "$tool" -i two0 -Z "$user" -w windows "$@" >out 2>err &
    cap=$!
    until_it_captures
}

replay() {
    tcpreplay -q -i one0 -p 5000 "${@:-trace.pcap}" >replay.log 2>&1 || cat replay.log
}

# stop: ends it and leaves its exit status
stop() {
    kill $cap
    wait $cap
    echo $? >status
}

# file: a window is there as a file
file() {
    ls windows/*.sf >files
}

ip link set lo up
pair one0 two0
E2
# in_network < SCRIPT: with a pair of interfaces, one0 and two0, and these functions
in_network() {
    cat >script.sh
    rm -rf windows out err status
    $enter unshare -m sh -c '. ./functions.sh; . ./script.sh' >network.log 2>&1
}

# others: the files that are not windows of two0
others() {
    find windows -type f ! -name '*-two0*' | sort | tr '\n' ' '
}

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
sent=$("$bindir/pcap2flow" trace.pcap | packets) # of one flow, in each replay

in_network <<'E2'
umask 022
start -d 1
replay
until_true file
replay
stop
E2
is "$(cat status out err)" 0 'windows: nothing is said, on standard output neither'
like "$(ls windows)" '^20[0-9]{6}T[0-9]{6}Z-two0\.sf$' 'windows: the name of a file'
is "$(find windows -name '.?*')" '' 'windows: nothing else is there'
is "$(cat windows/*.sf | packets)" $((2 * sent)) 'windows: no packet is lost'
is "$(for file in windows/*.sf; do jq -r .trafficDate "$file" | sort -u | wc -l; done | sort -u)" 1 \
    'windows: each file is a sample'
is "$(for file in windows/*.sf; do
    time=$(jq -r .trafficDate "$file" | head -n 1)
    TZ=UTC0 date -d "@${time%.*}" "+windows/%Y%m%dT%H%M%SZ-two0.sf"
done)" "$(ls windows/*.sf)" 'windows: files are named by the time of what is in them'
is "$(stat -c %a windows windows/*.sf | sort -u | tr '\n' ' ')" '640 750 ' 'windows: modes'
is "$(stat -c %U windows windows/*.sf | sort -u)" "$user" 'windows: whose they are'

# Starts that fail

if [ "$user" = nobody ]; then
    mkdir rooted
    is_status 77 'a folder of root: exit status' $enter "$tool" -i any -w rooted
    like "$(cat err)" '^flowcap: rooted: nobody.* cannot write there: chown nobody' 'a folder of root: what to do'
    mkdir -m 700 closed
    is_status 77 'a folder that cannot be reached: exit status' $enter "$tool" -i any -w closed/windows
    like "$(cat err)" 'let nobody into its parents' 'a folder that cannot be reached: what to do'
else
    skip 'a folder of root' 'not root'
fi
is_status 74 'no folder above it: exit status' $enter "$tool" -i any -w nowhere/windows
like "$(cat err)" 'cannot make the directory.*; make its parent first' 'no folder above it: what to do'
: >file
is_status 74 'a file in its place: exit status' $enter "$tool" -i any -w file
is_status 69 'no interface: exit status' $enter "$tool" -i nothing0 -w unmade
ok 'no interface: no folder is made' test ! -e unmade

# Removal of old files

in_network <<'E2'
mkdir -m 777 windows
for day in 01 02 03; do echo '{}' >windows/202601${day}T000000Z-eth9.sf; done
echo '{}' >windows/20200101T000000Z-eth9.sf
echo '{}' >windows/other.sf
start -d 1 --keep 1d --metrics windows/metrics -c "$PWD/windows/cache"
until_true test ! -e windows/20260102T000000Z-eth9.sf # before there is a newer one than the third
replay
counts() {
    kill -USR1 $cap
    grep -E 'directory: [0-9]+ windows written, 3 removed' err
}
until_true counts # a moment after the third has gone
stop
E2
is "$(others)" 'windows/20200101T000000Z-eth9.sf windows/cache windows/metrics windows/other.sf ' \
    '--keep: what is older goes, unless no clock was set then'
is "$(grep -cE 'windows: ([1-3]) windows? w(as|ere) removed, older than --keep' err)" 1 '--keep: that is said once, but for the newest, which goes later'
like "$(cat err)" 'directory: [0-9]+ windows written, 3 removed' '--keep: and counted'
like "$(cat windows/metrics)" '^secflow_capture_files_removed_total.*"age".* 3$' '--keep: with metrics and a cache, too'
like "$(cat windows/metrics)" '^secflow_capture_output_up.* 1$' '--metrics: the folder can be written'
in_network <<'E2'
mkdir -m 777 windows
for day in 01 02 03 04; do head -c 40000 /dev/zero >windows/202601${day}T000000Z-eth9.sf; done
start -d 1 --keep-bytes 90K
replay
until_true sh -c 'ls windows | grep two0'
until_true grep removed err
stop
E2
is "$(others)" 'windows/20260103T000000Z-eth9.sf windows/20260104T000000Z-eth9.sf ' \
    '--keep-bytes: the oldest go'
is "$(cat err)" 'flowcap: windows: 2 windows were removed, more than --keep-bytes; from now on they are only counted' \
    '--keep-bytes: that is said'

# A full disk, filled by one file; the rest is little

full() {
    in_network <<E2
mkdir windows && mount -t tmpfs -o size=128k,mode=777 tmpfs windows && echo yes >mounted || exit
head -c 1000000 /dev/zero >windows/filler 2>/dev/null
start -d 1 --metrics "\$PWD/metrics/prom"
replay
until_true grep -q 'No space' err
replay
$1
cp -R windows kept
E2
}
rm -rf kept mounted
mkdir -m 777 metrics
full 'until_true windows_are 4 metrics/prom
rm windows/filler
until_true grep -q "written again" err
stop'
if [ -s mounted ]; then
    rm -rf windows && mv kept windows
    is "$(cat err)" 'flowcap: windows: cannot write: No space left on device; will retry, and windows wait in memory until then
flowcap: windows: windows are written again' 'a full disk: it is said when it begins, and when it ends'
    is "$(cat status)" 0 'a full disk: exit status'
    is "$(cat windows/*.sf | packets)" $((2 * sent)) 'a full disk: no packet is lost'
    full stop
    is "$(cat status)" 74 'told to end while it is full: exit status'
    is "$(cat err)" 'flowcap: windows: cannot write: No space left on device; will retry, and windows wait in memory until then
flowcap: windows: cannot write: No space left on device; the last windows are lost' 'told to end while it is full: messages'
else
    skip 'a full disk' 'no file system can be mounted'
fi

# A directory that somebody removes, and that comes back

in_network <<'E2'
"${PYTHON:-python3}" -c 'import os, socket
systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.umask(0) # so that everyone may write to it from the start
systemd.bind("notify")
while True:
    print(systemd.recv(4096).decode(), flush=True)' >told &
systemd=$!
until_true test -e notify
export NOTIFY_SOCKET="$PWD/notify"
start -d 1
unset NOTIFY_SOCKET
rm -r windows
replay
until_true grep -q 'No such file' err
until_true grep -q '^STATUS=two0: windows cannot be written: No such file or directory; ' told
mkdir -m 777 windows
until_true grep -q 'written again' err
stop
kill $systemd
E2
is "$(cat status)" 0 'a folder that goes and comes: exit status'
ok 'a folder that goes and comes: the status of the service says so while it is gone' \
    grep -q '^STATUS=two0: windows cannot be written: No such file or directory; ' told
is "$(cat windows/*.sf | packets)" "$sent" 'a folder that goes and comes: no packet is lost'

# Killed, with a window partly written to its file

"${PYTHON:-python3}" "$tests/captures.py" made || bail_out 'no captures'
in_network <<'E2'
start -d 1000000 --max-flows 1000 -a
replay made/scan.pcap
until_true sh -c 'cat windows/.*.sf | grep -q .'
kill -9 $cap
wait $cap
ls -A windows >left
start -d 1000000
until_true file
stop
E2
like "$(cat left)" '^\..*-two0\.sf$' 'killed: what was written is there with a dot'
is "$(ls -A windows)" "$(sed 's/^\.//' left)" 'killed: the next one gives it its name'
is "$(tail -c 2 windows/*.sf)" '}' 'killed: of whole lines'
is "$(cat err)" 'flowcap: windows: 1 window was completed that a process which ended early had begun' 'killed: that is said'

# Stops

in_network <<'E2'
"${PYTHON:-python3}" "$tests/stops.py" "$tool" "$user" windows 5 >said 2>&1
echo $? >status
E2
is "$(cat status)" 0 "stops: $(cat said)"

done_testing
