#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowcap: its records of traffic on a pair of interfaces, in a network of its own, and its behavior.

tool_name=flowcap
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
captures=$(cd "$srcdir/tests" && pwd)/captures.py
cd "$tmp" || exit 99
export bindir

introduces_itself
keeps_usr1_first
misused 'no interface'
misused 'two filters' -i lo -f tcp udp
: >here.pcap
complains "unexpected argument 'eth0'; did you mean -i eth0?" eth0 port 53
complains "unexpected argument 'port'; did you mean -f 'port 53'?" -i lo port 53
complains 'it captures from interfaces; for a file use: pcap2flow here.pcap' here.pcap
misused 'unknown option' -i lo -X
for number in 0 -1 x ''; do
    misused "-d '$number'" -i lo -d "$number"
    misused "-n '$number'" -i lo -n "$number"
    misused "-B '$number'" -i lo -B "$number"
    misused "--max-flows '$number'" -i lo --max-flows "$number"
done
try="; try 'flowcap --help'"
complains "no interface: give -i INTERFACE; -D lists them$try"
complains "-B: '255' is less than 256K$try" -i lo -B 255
complains "-B: '255K' is less than 256K$try" -i lo -B 255K
complains "--buffer-size: '2G' is more than 1G$try" -i lo --buffer 2G
complains "-B: '1048577' is more than 1G$try" -i lo -B 1048577
complains 'unknown option -r; pcap2flow reads captures: pcap2flow FILE' -r trace.pcap
misused '-4 with -6' -i lo -4 -6
misused '--sensor with a newline' -i lo --sensor "$(printf 'a\nb')"
misused 'any and another interface' -i lo -i any
misused 'an interface twice' -i lo -i two0,lo
like "$(cat err)" '-i: lo is named twice' 'an interface twice: which'
misused 'too many interfaces' -i a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q

require_network
# Except times, which are those of the replay
flows='inputs | [.src, .dst, .destinationNameSource, .srcPkts, .srcBytes, .dstPkts, .dstBytes,
    .protocolInformation, .proto] | @tsv'
# same DESCRIPTION FILE OPTION...: live.sf equals pcap2flow's output for the file
same() {
    description=$1
    file=$2
    shift 2
    is "$(jq -rn "$flows" live.sf | sort)" "$("$bindir/pcap2flow" "$@" "$file" | jq -rn "$flows" | sort)" \
        "$description: the records of pcap2flow"
}

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
sent=$("$bindir/pcap2flow" trace.pcap | packets) # of one flow, in each replay
"${PYTHON:-python3}" "$captures" made || bail_out 'no captures'
in_network <<'E2'
start -d 1000000
grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|NoNewPrivs|Seccomp):' /proc/$cap/status >rights
cat /proc/$cap/task/*/status | grep -E '^Cap(Eff|Prm):' >>rights
replay trace.pcap
kill -USR1 $cap
until_true grep -q packets err
stop
E2
same 'a capture, replayed' trace.pcap
is "$(cat status)" 0 'a capture, replayed: exit status'
like "$(cat err)" '^flowcap: two0: 5[0-9][0-9] packets, 0 dropped by the kernel, 0 by the interface;' \
    'SIGUSR1: counters'
is "$(jq -rn '[inputs.relativeStart] | . == sort' live.sf)" true 'records are sorted'
if [ "$user" = nobody ]; then
    like "$(cat rights)" 'Uid:.65534.65534.65534.65534' 'rights: root has become nobody'
    like "$(cat rights)" 'Groups:.*[^0-9]*$' 'rights: without groups'
fi
is "$(sed -n 's/Cap[EP]*[a-z]*:.//p' rights | sort -u)" 0000000000000000 'rights: no capability'
ok 'rights: of the process, and of its two threads' test "$(grep -c CapEff rights)" -ge 3
like "$(cat rights)" 'NoNewPrivs:.1' 'rights: no new ones'
if [ "${SANITIZERS:-no}" != no ]; then
    skip 'rights: a sandbox' 'sanitizers need more'
else
    like "$(cat rights)" 'Seccomp:.2' 'rights: a sandbox'
fi

if command -v tcpprep >/dev/null && tcpprep -a client -i trace.pcap -o sides >out 2>&1; then
    in_network <<'E2'
start -d 1000000 -a
send -c sides -i one0 -I two0 -p 2000 trace.pcap
stop
E2
    same 'both directions' trace.pcap -a
else
    skip 'both directions' 'no tcpprep'
fi

for options in -4 -6 -S -T -x '-f tcp' '-L 9.9.9.9'; do
    in_network <<E2
start -d 1000000 $options
replay trace.pcap
stop
E2
    # shellcheck disable=SC2086 # a list of words
    same "$options" trace.pcap $options
done
like "$(head -n 1 live.sf)" '^\{"src"' 'records are there'

in_network <<'E2'
start -x -d 1000000 --sensor 'tap 1'
replay trace.pcap
stop
E2
same '-x, --sensor' trace.pcap
is "$(jq -rn '[inputs | [.sensor, (.windowStart | sub("[.]0{6}Z$"; "Z") | fromdate) % 1000000]] |
    unique[] | @json' live.sf)" '["tap 1",0]' '-x, --sensor: the sensor, and the start of the window'

# Tags that the kernel strips
for filter in 'vlan 100' 'vlan and host 8.8.8.8' 'not vlan'; do
    in_network <<E2
start -d 1000000 -a -f '$filter'
replay made/link-vlan.pcap made/link-qinq.pcap made/link-ethernet.pcap
stop
E2
    is "$(jq -rn "$flows" live.sf | sort)" \
        "$("$bindir/pcap2flow" -a -m -f "$filter" made/link-vlan.pcap made/link-qinq.pcap made/link-ethernet.pcap |
            jq -rn "$flows" | sort)" "-f '$filter': the records of pcap2flow"
done

# Captures of other link types cannot be replayed here; on "any", packets are counted on both sides

in_network <<'E2'
"$tool" -i any -Z "$user" -d 1000000 >live.sf 2>err &
cap=$!
until_it_captures
replay trace.pcap
stop
E2
is "$(jq -rn '[inputs.dst] | unique | join(" ")' live.sf)" \
    "$("$bindir/pcap2flow" trace.pcap | jq -rn '[inputs.dst] | unique | join(" ")')" '-i any: the destinations'

in_network <<'E2'
"$tool" -i any -Z "$user" -a -d 1000000 >live.sf 2>err &
cap=$!
until_it_captures
replay made/link-[emtv]*.pcap made/link-pppoe.pcap made/tunnel-*.pcap
stop
E2
sums='[inputs | [.dst, .srcPkts, .srcBytes]] | group_by(.[0])[] | [.[0][0], (map(.[1]) | add), (map(.[2]) | add)]'
is "$(jq -rn "$sums | .[1] /= 2 | .[2] /= 2 | @tsv" live.sf)" \
    "$("$bindir/pcap2flow" -a -m made/link-[emtv]*.pcap made/link-pppoe.pcap made/tunnel-*.pcap | jq -rn "$sums | @tsv")" \
    '-i any: link layers, tunnels'

# Windows

in_network <<'E2'
start -d 1 -n 2
wait $cap
echo $? >status
E2
is "$(cat status)" 0 '-n on an idle link: exit status'
is "$(cat live.sf err)" '' '-n on an idle link: nothing to say'
in_network <<'E2'
start -d 2
replay trace.pcap
until_true test -s live.sf
echo $? >status
replay trace.pcap
stop
E2
ok 'a window is written when it ends' test "$(jq -rn '[inputs.trafficDate] | unique | length' live.sf)" -ge 2
is "$(packets <live.sf)" $((2 * sent)) \
    'windows: no packet is lost between them'
is "$(jq -rn '[inputs | select(.dst == "192.168.1.20:49880")] | length' live.sf)" 0 \
    'windows: a flow keeps its direction'

in_network <<'E2'
start -d 1
kill -STOP $cap
replay trace.pcap
sleep 3 # windows
kill -CONT $cap
until_true test -s live.sf
stop
E2
ok 'a stall of several windows: what waited is of few samples' \
    test "$(jq -rn '[inputs.trafficDate] | unique | length' live.sf)" -le 3
is "$(packets <live.sf)" "$sent" \
    'a stall of several windows: no packet is lost'

# Headers around packets

in_network <<'E2'
start -d 1000000 -a
replay made/link-[emqtv]*.pcap made/link-pppoe.pcap made/tunnel-*.pcap made/fragments.pcap
stop
E2
is "$(jq -rn "$flows" live.sf | sort)" \
    "$("$bindir/pcap2flow" -a -m made/link-[emqtv]*.pcap made/link-pppoe.pcap made/tunnel-*.pcap made/fragments.pcap |
        jq -rn "$flows" | sort)" 'link layers, tunnels, fragments: the records of pcap2flow'

# Payload, and attempts to let more of it in

for options in -p -S; do
    if [ "${SANITIZERS:-no}" != no ]; then
        skip "$options: payload in memory" 'sanitizers have too much memory to search'
        continue
    fi
    in_network <<E2
start -d 1000000 $options
"\${PYTHON:-python3}" "$(dirname "$captures")/markers.py" \$cap one0 $options >found 2>&1
echo \$? >found.status
stop
E2
    if [ "$(cat found.status)" = 77 ]; then
        skip "$options: payload in memory" "$(cat found)"
    else
        is "$(cat found.status found)" 0 "$options: payload in memory"
    fi
done

# A limit of flows in memory

cp made/scan.pcap .
in_network <<'E2'
start -d 1000000 --max-flows 1000 -a -v
replay scan.pcap
stop
E2
total='[inputs | .srcPkts + .dstPkts] | add'
is "$(jq -rn "$total" live.sf)" "$("$bindir/pcap2flow" -a scan.pcap | jq -rn "$total")" \
    '--max-flows: no packet is lost'
like "$(cat err)" ' [1-9][0-9]* of them early' '--max-flows: it is said that records were written early'

# Interfaces come and go

in_network <<'E2'
start -d 1000000
ip link set two0 down
until_true grep -q 'is down; waiting for it' err
ip link set two0 up
until_true grep -q again err
until_connected one0 two0
replay trace.pcap
ip link del two0
until_true grep -q disappeared err
pair one0 two0
until_true sh -c 'test "$(grep -c again err)" = 2'
replay trace.pcap
stop
E2
is "$(cat status)" 0 'an interface that comes and goes: exit status'
is "$(cat err)" 'flowcap: two0: the interface is down; waiting for it
flowcap: two0: capturing from it again
flowcap: two0: the interface has disappeared; waiting for it
flowcap: two0: capturing from it again' 'an interface that comes and goes: messages'
is "$(packets <live.sf)" $((2 * sent)) \
    'an interface that comes and goes: the window is not lost'

# An interface is captured by name; since 6.2, Linux allows renaming it while it is up

in_network <<'E2'
start -d 1000000
ip link set two0 name three0 2>/dev/null || exit
echo yes >renamed
until_true sh -c 'tcpreplay -q -i one0 made/link-ethernet.pcap >replay.log 2>&1; grep -q "waiting for it" err'
replay trace.pcap
ip link add four0 type veth peer name two0
echo 1 >/proc/sys/net/ipv6/conf/two0/disable_ipv6
ip link set four0 up
ip link set two0 up
until_true grep -q again err
until_connected four0 two0
send -i four0 -p 5000 trace.pcap
stop
E2
if [ -s renamed ]; then
    is "$(cat err)" 'flowcap: two0: the interface has another name now: three0; waiting for it
flowcap: two0: capturing from it again' 'an interface with another name: messages'
    is "$(packets <live.sf)" "$sent" \
        'an interface with another name: the next one of that name is captured'
else
    skip 'an interface with another name' 'Linux is too old'
fi

# Several interfaces: those of a tap, each of which has one direction

if [ -s sides ]; then
    in_network <<'E2'
pair three0 four0
start -i four0 -d 1000000 -a
ip -d link show two0 | grep -o 'promiscuity [0-9]*' >promiscuous
ip -d link show four0 | grep -o 'promiscuity [0-9]*' >>promiscuous
send -c sides -i one0 -I three0 -p 2000 trace.pcap
stop
E2
    same 'two interfaces, a direction each' trace.pcap -a
    is "$(cat status err)" 0 'two interfaces: exit status'
    is "$(cat promiscuous)" 'promiscuity 1
promiscuity 1' 'two interfaces: both are promiscuous'
    is "$(jq -rn '[inputs.trafficDate] | unique | length' live.sf)" 1 'two interfaces: one sample'
else
    skip 'two interfaces, a direction each' 'no tcpprep'
fi

in_network <<'E2'
pair three0 four0
start -i four0 -d 1000000
ip link set four0 down
until_true grep -q 'is down' err
replay trace.pcap
ip link set four0 up
until_true grep -q again err
until_connected three0 four0
send -i three0 -p 5000 trace.pcap
ip link del three0
until_true grep -q 'four0: .*disappeared' err
pair three0 four0
replay trace.pcap
send -i three0 -p 5000 trace.pcap
ip link set two0 name five0 2>/dev/null && echo yes >several.renamed && until_true grep -q five0 err
replay trace.pcap
ip link del one0
wait $cap
echo $? >status
E2
is "$(grep -v five0 err)" 'flowcap: four0: the interface is down; waiting for it, capturing from the others
flowcap: four0: capturing from it again
flowcap: four0: it has disappeared; restart flowcap to capture from it again
flowcap: two0,four0: all of the interfaces have disappeared' \
    'two interfaces that come and go: messages'
is "$(packets <live.sf)" $((4 * sent)) \
    'two interfaces that come and go: all packets are there, but those of another that gets a name'
is "$(cat status)" 69 'two interfaces that have disappeared: exit status'
if [ -s several.renamed ]; then
    is "$(grep -m 1 five0 err)" 'flowcap: two0: capturing from it goes on; the interface has another name now: five0' \
        'two interfaces, one is renamed: message'
else
    skip 'two interfaces, one is renamed' 'Linux is too old'
fi
in_network <<'E2'
"$tool" -i two0,nothing0 2>err
echo $? >status
ip link set one0 down
"$tool" -i two0 -i one0 2>>err
echo $? >>status
E2
is "$(cat status)" '69
69' 'two interfaces, one is not there, or down: exit status'
is "$(sed 's/there are: .*/there are: .../' err)" \
    'flowcap: two0,nothing0: nothing0: no such interface; there are: ...
flowcap: two0,one0: one0: the interface is down' 'two interfaces, one is not there, or down: messages'

# The reader of the output

in_network <<'E2'
mkfifo reader
chmod 755 .
mkdir -m 777 metrics
exec 3<>reader
"$tool" -i two0 -Z "$user" -d 1 --metrics "$PWD/metrics/prom" >reader 2>err 3>&- &
cap=$!
until_it_captures
replay trace.pcap
until_true windows_are 2 metrics/prom
replay trace.pcap
until_true windows_are 4 metrics/prom
kill $cap
exec 4<reader
cat <&4 >live.sf 3>&- &
cat=$!
exec 3>&- 4<&-
wait $cap
echo $? >status
wait $cat
E2
is "$(cat status)" 0 'a reader that stalls: exit status'
is "$(packets <live.sf)" $((2 * sent)) \
    'a reader that stalls: gets everything later'
in_network <<'E2'
{ sh -c 'echo $$ >pid; exec "$tool" -i two0 -Z "$user" -d 1' 2>err; echo $? >status; } | true &
until_true test -s pid
cap=$(cat pid)
until_it_captures
replay trace.pcap
until_true test -s status
E2
is "$(cat status)" 74 'a reader that is gone: exit status'
like "$(cat err)" '^flowcap: cannot write to standard output: Broken pipe' 'a reader that is gone: message'

# Many long names, which take memory and return it: more than the sandbox allows a thread by default

PYTHONPATH=$(dirname "$captures") "${PYTHON:-python3}" -c '
import captures as c
names = [c.says([b"%06d" % i, bytes(63), bytes(63)], *("9.%d.%d.%d" % (i >> 8, i & 255, j) for j in range(60)))
         for i in range(3000)]
open("names.pcap", "wb").write(c.pcap(c.each_second(names)))' || bail_out 'no capture'
in_network <<'E2'
start -d 1 -v --names-memory 1M
tcpreplay -q -i one0 -p 1000 names.pcap >replay.log 2>&1
replay trace.pcap
stop
E2
is "$(cat status)" 0 'many names: exit status'
like "$(cat err)" ' [1-9][0-9]* forgotten for lack of space' 'many names: those that were forgotten are counted'
is "$(packets <live.sf)" "$sent" \
    'many names: all packets are there'

# Standard error that nobody reads, and a terminal that hangs up

in_network <<'E2'
mkfifo messages
exec 3<>messages
dd if=/dev/zero of=messages bs=4096 count=100 oflag=nonblock 2>dd.log
"$tool" -i two0 -Z "$user" -d 1000000 -v >live.sf 2>messages 3>&- &
cap=$!
until_it_captures
kill -USR1 $cap
replay trace.pcap
kill -HUP $cap
wait $cap
echo $? >status
E2
is "$(cat status)" 0 'a full standard error, SIGHUP: exit status'
is "$(packets <live.sf)" "$sent" \
    'a full standard error, SIGHUP: all is there'

# Another process has the name cache locked, all the time

if command -v flock >/dev/null; then
    in_network <<'E2'
chmod 755 .
mkdir -m 777 locked
: >locked/cache
chmod 666 locked/cache
exec 3<locked/cache
flock 3
start -d 1 -c "$PWD/locked/cache" -v 3<&-
replay trace.pcap
until_true grep -q 'learns once that is over' err
replay trace.pcap
stop
E2
    is "$(cat status)" 74 'a locked name cache: exit status'
    is "$(grep -c 'learns once that is over' err), $(grep -c 'it was not updated' err)" '1, 1' \
        'a locked name cache: it is said once, and at the end'
    is "$(packets <live.sf)" $((2 * sent)) \
        'a locked name cache: the capture goes on'
    is "$(cat locked/cache)" '' 'a locked name cache: it is as it was'
else
    skip 'a locked name cache' 'no flock'
fi

# Told to end when packets have only just come; and a damaged cache

in_network <<'E2'
echo nonsense >cache
chmod 666 cache
chmod 755 .
start -d 1000000 -c "$PWD/cache"
kill -STOP $cap # so that it has read none of them
send -i one0 --topspeed trace.pcap
kill $cap
kill -CONT $cap
wait $cap
echo $? >status
E2
is "$(packets <live.sf)" "$sent" \
    'told to end: what has come is there'
is "$(cat status)" 65 'a damaged cache: exit status'

# The cache is updated at the end of windows

in_network <<'E2'
mkdir -m 777 shared
chmod 755 .
start -d 1 -c "$PWD/shared/cache"
replay trace.pcap
until_true grep -q cdn.example.org shared/cache
cat shared/cache >meanwhile
stop
E2
is "$(cat status err)" 0 'a name cache: exit status'
like "$(cat meanwhile)" ' cdn.example.org [0-9-]*$' 'a name cache: it has learned'

# Without root, but with the capability

if [ "$user" = nobody ] && command -v setcap >/dev/null && command -v setpriv >/dev/null; then
    chmod 755 .
    cp "$tool" capable && chmod 755 capable && setcap cap_net_raw+ep capable
    n=0
    while [ $n -lt 4 ]; do
        is_status 0 'the capability alone: exit status' $enter setpriv --reuid 65534 --clear-groups \
            ./capable -i any -d 1 -n 1
        n=$((n + 1))
    done
else
    skip 'the capability alone' 'not root, or no setcap'
fi

# What cannot be captured

is_status 69 'no such interface: exit status' $enter "$tool" -i nothing0
is "$(cat err)" 'flowcap: nothing0: no such interface; there are: any, lo (-D lists details)' \
    'no such interface: message'
is_status 64 'a bad filter: exit status' $enter "$tool" -i any -f 'port nonsense'
like "$(cat err)" '^flowcap: -f: ' 'a bad filter: message'
is_status 64 'VLANs on any: exit status' $enter "$tool" -i any -f 'tcp or vlan'
like "$(cat err)" '^flowcap: -f: .*; on several interfaces it sees packets, not frames' 'VLANs on any: message'
in_network <<'E2'
echo 4096 >/proc/sys/net/core/optmem_max && echo yes >small
"$tool" -i two0 -Z "$user" -f tcp >live.sf 2>err
echo $? >status
E2
if [ -s small ]; then
    is "$(cat status)" 64 'a filter that the kernel finds too long: exit status'
    like "$(cat err)" 'too long.* net.core.optmem_max' 'a filter that the kernel finds too long: message'
else
    skip 'a filter that the kernel finds too long' 'its limit cannot be set here'
fi
is_status 64 'no such user: exit status' $enter "$tool" -i any -Z no-such-user
like "$(cat err)" 'there is no user no-such-user' 'no such user: message'
if [ "$user" = nobody ] && command -v setpriv >/dev/null; then
    chmod 755 "$tmp"
    is_status 77 'no right: exit status' setpriv --reuid 65534 --clear-groups --bounding-set -all \
        "$tool" -i lo
    like "$(cat err)" 'setcap cap_net_raw\+ep' 'no right: how to get it'
else
    skip 'no right' 'not root, or no setpriv'
fi
in_network <<'E2'
ip link set two0 down
"$tool" -D >live.sf 2>err
echo $? >status
E2
is "$(cat status err)" 0 '-D: exit status'
is "$(cut -f 1 live.sf | sort)" 'any
lo
one0
two0' '-D: the interfaces, and nothing that is none'
like "$(cat live.sf)" '^two0	(.*; )?down$' '-D: one is down'
is "$(grep -c 'down$' live.sf)" 1 '-D: the others are not'

done_testing
