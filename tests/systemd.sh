#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The units of the Debian package under a systemd that was booted for them, in namespaces of its own on
# an overlay of this machine's root: traffic of a pair of interfaces arrives at a collector, whatever is
# done to the services. Not part of `make check`: make check TESTS='tests/deb.sh tests/systemd.sh'

# If this test is killed, so is everything that it started.
if [ -z "${in_namespace:-}" ] && unshare -m true 2>/dev/null; then
    in_namespace=yes exec unshare -m sh "$0"
fi

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"
# shellcheck source=tests/package.sh
. "$srcdir/tests/package.sh"

tests=$(cd "$srcdir/tests" && pwd)
page=$tests/../man/secflow-sensor.7
interface=br-lan0 # one whose name has a -, as those of bridges often have
capture=flowcap@$interface
sent=0

# Booting

# missing: what a boot needs and is missing here, as the reason to skip
missing() {
    [ -n "${in_namespace:-}" ] || echo 'no mount namespace can be made here'
    [ -x /lib/systemd/systemd ] || echo 'no systemd'
    for program in dh ip jq nsenter ps setpriv; do
        command -v $program >/dev/null || echo "no $program"
    done
    [ -n "$hierarchy" ] || echo 'no cgroup2 is mounted'
    getent passwd secflow flowcap >/dev/null && echo 'the package is here already'
    unshare --mount --pid --fork --uts --ipc --net --cgroup true 2>/dev/null || echo 'no namespaces can be made here'
}

# boot: $init is the process of systemd, and $cgroup its group, below which all processes are
boot() {
    mkdir -p "$cgroup" || return
    # shellcheck disable=SC2016 # of the inner shell
    setpriv --pdeathsig KILL sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$cgroup" \
        unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup \
        sh "$tests/boot.sh" $root "$tmp/shared" >"$tmp/console" 2>&1 &
    machine=$!
    within 30 is_up
}

is_up() {
    init=$(cat /proc/$machine/task/$machine/children) && init=${init% } && [ -n "$init" ] &&
        inside systemctl is-active multi-user.target
}

# inside COMMAND...: run it there. All but the user's and the time's namespace
inside() {
    nsenter -t "$init" -m -p -u -i -n -C -r -w \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# halt: ends all processes there; they are gone when unshare has ended
halt() {
    [ -z "${machine:-}" ] || {
        kill -KILL "$init" 2>/dev/null || kill -KILL $machine
        wait $machine
        machine=
    } 2>/dev/null
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
}

# within SECONDS COMMAND...: true if it succeeds within that many seconds, or on a slow machine ten times as many
within() {
    deadline=$(($(date +%s) + 10 * $1))
    shift
    until "$@" >"$tmp/last" 2>&1; do
        if [ "$(date +%s)" -ge $deadline ]; then
            echo "this did not come: $*"
            cat "$tmp/last"
            return 1
        fi
        sleep 0.05
    done
}

has_ended() {
    ! kill -0 "$init"
}

# network: loopback, and a pair of interfaces on which nothing speaks by itself
network() {
    inside sh -ec "
        ip link set lo up
        ip link add $interface type veth peer name far
        for end in $interface far; do
            echo 1 >/proc/sys/net/ipv6/conf/\$end/disable_ipv6
            ip link set \$end up
        done"
}

fails() {
    ! "$@"
}

# Services

# property UNIT NAME: a property of the unit
property() {
    inside systemctl show -P "$2" "$1"
}

# configure PATH LINE...: /etc/secflow/environment, with the collector's path. Windows are short
configure() {
    path=$1
    shift
    printf '%s\n' "SECFLOW_URL=http://127.0.0.1:$port$path" "FLOWCAP_OPTIONS=-d 2" "$@" >$root/etc/secflow/environment
}

# journal ARGUMENT...: messages
journal() {
    inside journalctl --sync
    inside journalctl -q -o cat "$@"
}

said() { # REGEX ARGUMENT...: a message is like that
    regex=$1
    shift
    journal "$@" | grep -Eq -e "$regex"
}

has_substate() { # UNIT STATE
    [ "$(property "$1" SubState)" = "$2" ]
}

is_anew() { # UNIT PROCESS: it runs, as another process
    [ "$(property "$1" ActiveState)" = active ] && [ "$(property "$1" MainPID)" != "$2" ]
}

# Traffic

# send COUNT: sends that many packets to the interface, each of a new flow
send() {
    inside python3 /mnt/send.py far $sent "$1" && sent=$((sent + $1))
}

# The records that the collector accepted, each sample once
arrived() {
    jq -s 'unique_by(.key) | map(.secflows) | add // 0' "$tmp/shared/collector/accepted.jsonl"
}

have_arrived() {
    [ "$(arrived)" -ge $sent ]
}

# all_arrive DESCRIPTION
all_arrive() {
    within 30 have_arrived >"$tmp/why" || true
    is "$(arrived)" "$sent" "$1" || {
        tap_note why "$(cat "$tmp/why")"
        tap_note folders "$(inside ls -lR /var/lib/secflow /var/spool/secflow)"
        tap_note journal "$(journal -n 30 -t flowcap -t flowupload -t systemd)"
        false
    }
}

is_spooled() {
    [ -z "$(inside find /var/lib/secflow -name '*.sf')" ] && inside find /var/spool/secflow -name '*.records.*' | grep .
}

is_in_folder() {
    inside find /var/lib/secflow -name '[!.]*.sf' | grep .
}

# The collector has a script of what it answers; see collector.py
start_collector() {
    rm -f "$tmp/shared/collector/port"
    inside systemd-run -q --unit=collector python3 /mnt/collector.py /mnt/collector "$port" &&
        within 10 test -s "$tmp/shared/collector/port" && port=$(cat "$tmp/shared/collector/port")
}

stop_collector() {
    inside systemctl stop collector
}

hierarchy=$(findmnt -nfo TARGET -t cgroup2)
cgroup=$hierarchy$(sed -n 's/^0:://p' /proc/self/cgroup)/secflow-test.$$
why_not=$(missing | head -n 1)
if [ -z "$why_not" ] && ! mount_overlay >"$tmp/mounts" 2>&1; then
    why_not="no overlay of the root: $(tail -n 1 "$tmp/mounts")"
fi
if [ -n "$why_not" ]; then
    skip 'units under systemd' "$why_not"
    done_testing
    exit
fi

# Uses an existing build, unless something is newer
package=$(echo "$BINDIR"/deb/secflow_*.deb)
if [ ! -f "$package" ] || [ -n "$(find "$srcdir/cmd" "$srcdir/lib" "$srcdir/build-aux" -newer "$package")" ]; then
    ok 'the package is built' build || bail_out 'no package'
    package=$(echo "$BINDIR"/deb/secflow_*.deb)
fi
mkdir "$tmp/shared" "$tmp/shared/collector"
chmod 755 "$tmp"
cp "$package" "$tests/collector.py" "$tmp/shared"
: >"$tmp/shared/collector/accepted.jsonl"
cat >"$tmp/shared/send.py" <<'END'
"""send.py INTERFACE FIRST COUNT: so many TCP segments with SYN, each of a flow that has its number."""
import socket, struct, sys, time

first, count = map(int, sys.argv[2:])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for number in range(first, first + count):
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, b"\x08\0\0\1", b"\x09\0\0\1")
    tcp = struct.pack("!HHIIBBHHH", 10000 + number, 443, 0, 0, 0x50, 2, 0, 0, 0)
    out.send(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + bytes(6))
# Until none waits in the queue of a processor (Linux before 5.10 does not say); others send, too
limit = time.monotonic() + 60
while (time.monotonic() < limit
       and any([*line.split(), *["0"] * 12][11].strip("0") for line in open("/proc/net/softnet_stat"))):
    time.sleep(0.01)
END

trap 'halt; rm -rf "$tmp"' EXIT
boot >"$tmp/boot" || bail_out "systemd does not boot: $(cat "$tmp/boot" "$tmp/console")"
network || bail_out 'no interfaces'
port=0
start_collector || bail_out 'no collector'
clean=$(traces)

# Installed

ok 'the package is installed' install_package
is "$(inside systemctl list-units --no-legend --plain 'flow*')" '' 'nothing runs'

# The user's steps: two lines, and a command

(umask 077 && echo secret >$root/etc/secflow/key)
configure /upload
inside sh -c '
    for unit in flowcap@ flowupload; do
        mkdir -p /run/systemd/system/$unit.service.d
        printf "[Service]\nRestartSec=200ms\nWatchdogSec=8\n" >/run/systemd/system/$unit.service.d/test.conf
    done
    systemctl daemon-reload'
ok 'flowcap is enabled and started' inside systemctl -q enable --now $capture
ok 'and flowupload with it' within 10 inside systemctl is-active flowupload
send 100
all_arrive 'what is captured arrives' || bail_out 'nothing else can be seen'
is "$(inside ps -o user:20=,group:20=,comm= -C flowcap,flowupload | sort | awk '{ print $1, $2, $3 }')" \
    'flowcap secflow flowcap
secflow secflow flowupload' 'each has a user of its own'
for file in /run/flowcap/$interface.prom /run/flowupload/flowupload.prom; do
    is "$(inside stat -c %a $file)" 644 "$file can be read"
done
like "$(property $capture StatusText)" . "flowcap tells systemd how it is: $(property $capture StatusText)"
like "$(property flowupload StatusText)" . "so does flowupload: $(property flowupload StatusText)"
look=$(sed -n '/^systemctl status/,/^\.Ed/p' "$page" | sed "/^\.Ed/d; s/eth0/$interface/g")
ok 'what secflow-sensor(7) has one look at is there' inside sh -ec "$look"

# Ends, and comes back

stops=0
while [ $stops -lt 20 ] && inside systemctl start $capture && send 50 && inside systemctl stop $capture; do
    [ "$(property $capture Result)" = success ] || break
    stops=$((stops + 1))
done
is $stops 20 'it is stopped 20 times'
all_arrive 'none is lost by that'
inside systemctl start $capture
stops=0
while [ $stops -lt 5 ] && send 50 && inside systemctl restart $capture flowupload; do
    stops=$((stops + 1))
done
is $stops 5 'both are restarted'
all_arrive 'none is lost by that'

for unit in $capture flowupload; do
    process=$(property $unit MainPID)
    send 50
    inside systemctl kill -s USR1 $unit
    ok "SIGUSR1: the counters of $unit are in the journal" within 10 said '[0-9]+ (packets|samples|records)' _PID="$process"
    is "$(property $unit MainPID)" "$process" 'and it goes on'
    inside systemctl kill -s HUP $unit
    ok "SIGHUP: $unit ends, and comes back" within 10 is_anew $unit "$process"
    all_arrive 'none is lost by that'
done

# Failures

ok 'a missing interface: the start fails' fails inside systemctl start flowcap@nope
like "$(journal -t flowcap)" 'nope.*(no such|there is no|not there|No such)' 'the journal says why'
like "$(journal -t systemd)" 'flowcap@nope.*status=69' 'so does the status'
inside systemctl stop flowcap@nope

stop_collector
send 50
ok 'a collector that is away: windows come to the spool' within 20 is_spooled
start_collector
all_arrive 'and to the collector when it is back'

echo 403 >"$tmp/shared/collector/script"
send 50
ok 'a collector that refuses the key: the journal says so' within 20 said 'HTTP 403' -t flowupload
send 50
ok 'windows come to the spool' within 20 is_spooled
inside systemctl restart flowupload
all_arrive 'which the next start sends'

# Directories that are gone: it fails, and comes back when they do
for folder in /var/lib/secflow /var/spool/secflow; do
    inside rm -rf $folder
    ok "$folder is missing: the start fails" fails inside systemctl restart flowupload
    ok 'and is tried again' within 10 has_substate flowupload auto-restart
    [ $folder = /var/lib/secflow ] || inside install -dm 700 -o secflow -g secflow $folder
    inside systemctl restart $capture # which makes its own
    ok 'and succeeds when it is back' within 20 inside systemctl is-active flowupload
done
send 50
all_arrive 'and all arrive again'

# Options

rm $root/etc/secflow/key
awk '/^#!\/bin\/bash$/ { script = 1 } /^\.Ed/ { script = 0 } script' "$page" >$root/etc/secflow/filter
chmod 755 $root/etc/secflow/filter
filter=$(sed -n 's/^FLOWUPLOAD_OPTIONS=\(--filter .*\/filter\)$/\1/p' "$page")
configure /lines "FLOWUPLOAD_OPTIONS=-F ndjson $filter"
inside systemctl restart flowupload
send 50
all_arrive "no key, and $filter: all arrive"
is "$(jq -r .flowCategory "$tmp/shared/collector/body" | sort -u)" failedConnection 'with what the filter added'
is "$(jq -r .sensor "$tmp/shared/collector/body" | sort -u)" "$(inside hostname)" 'and the name of the host'

before=$sent
sed -i /SECFLOW_URL/d $root/etc/secflow/environment
inside systemctl stop flowupload
ok 'no collector: flowcap is restarted' inside systemctl restart $capture
ok 'flowupload says what it needs' within 10 said SECFLOW_URL -t flowupload -n 3
ok 'and is not' within 10 has_substate flowupload dead
send 50
ok 'a window is in the folder' within 20 is_in_folder
configure /lines "FLOWUPLOAD_OPTIONS=-F ndjson"
inside systemctl start flowupload
all_arrive 'which arrives once there is one'

# Upgraded

# From a version with a timer, whose service could not be enabled
inside sh -c '
    rm -f /var/lib/systemd/deb-systemd-helper-enabled/flowupload.service.*
    mkdir -p /etc/systemd/system/timers.target.wants
    ln -s /lib/systemd/system/flowupload.timer /etc/systemd/system/timers.target.wants/
    sed -i "/^Description/s/$/ of before/" /lib/systemd/system/flowcap@.service
    systemctl daemon-reload'
before="$(property $capture MainPID) $(property flowupload MainPID)"
send 50
ok 'the package is upgraded' install_package
for unit in $capture flowupload; do
    ok "$unit runs anew" within 10 is_anew $unit "${before%% *}"
    before=${before##* }
done
is "$(property $capture Description)" "Secflows of $interface" 'and as its new unit says'
is "$(inside systemctl is-enabled flowupload; inside find /etc/systemd -name flowupload.timer)" enabled \
    'the service takes the place of the timer of older versions'
send 50
all_arrive 'none is lost by that'

is "$(journal -t systemd | grep -i watchdog)" '' 'all the time both gave signs of life'

# A reboot

inside systemctl stop collector
send 50
inside systemctl start --no-block poweroff.target
ok 'the machine ends' within 30 has_ended
halt
boot >"$tmp/boot" || bail_out "systemd does not boot again: $(cat "$tmp/boot" "$tmp/console")"
network
ok 'started again, it captures' within 20 inside systemctl is-active $capture
start_collector
send 50
all_arrive 'none is lost by that'

# Removal

ok 'it is purged' inside dpkg --purge secflow
is "$(traces)" "$clean" 'without a trace'
is "$(inside ps -o args= -C flowcap,flowupload)" '' 'and without a process'
is "$(inside find /run/flowcap /run/flowupload 2>/dev/null)" '' 'nor anything in /run'
done_testing
