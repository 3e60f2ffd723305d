#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The record, the table and the recipes of README, word for word but for the addresses of hosts, and the
# example for cron.

# shellcheck source=tests/network.sh
. "${srcdir:?}/tests/network.sh"

# All of it in a network of its own, if possible.
if [ -z "${inside:-}" ] && command -v ip >/dev/null; then
    choose_network
    if [ -n "$enter" ]; then
        inside=yes exec $enter sh "$0"
    fi
fi

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

bindir=$(dirname "$tool")
top=$(cd "$here/.." && pwd)
mkdir bin home captures one two logs
HOME=$tmp/home
PATH=$tmp/bin:$bindir:$PATH:/usr/sbin:/sbin
export HOME PATH tmp bindir

# block HEADING N: the Nth indented block of README below this heading
block() {
    awk -v heading="$1" -v n="$2" '/^(---*|===*)$/ { on = index(before, heading) == 1 }
        on && /^    / { count += before == ""; if (count == n) print substr($0, 5) }
        { before = $0 }' "$top/README"
}
recipe() {
    block Recipes "$1"
}

is "$(recipe 6 | grep -c kcat) $(recipe 9)" '1 ' 'README has eight recipes'

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
"${PYTHON:-python3}" "$here/zeeklogs.py" . 200 tsv || bail_out 'no logs'
pcap2flow trace.pcap >flows.sf
records=$(grep -c . flows.sf)

ok 'the record at the top is one of the demo capture' grep -qxF "$(block Secflow 1 | tr -d '\n')" flows.sf
mkdir -p build/tests
cp trace.pcap build/tests/demo.pcap
block Secflow 2 >table.sh
is_status 0 'the table at the top: the command' env COLUMNS=76 LC_ALL=C.UTF-8 sh table.sh
is "$(cat out)" "$(block Secflow 3)" 'the table at the top: the command writes it'
block Secflow 4 >page.sh
is_status 0 'the page at the top: the command' sh page.sh
like "$(cat demo.html)" 'cdn.example.org:443' 'the page at the top: the command writes it'
like "$(pcap2flow -V)" "Report bugs to $(grep -o '[a-z]*@secflow[a-z.]*[a-z]' "$top/README")" \
    'README has the address that -V prints'

# Flow logs, from stand-ins of what fetches them
"${PYTHON:-python3}" "$here/ipfixmake.py" . || bail_out 'no flow records'
"${PYTHON:-python3}" "$here/vpclogs.py" trace.pcap 60 flags | gzip >flow.log.gz || bail_out 'no flow log'
echo "cat '$tmp/windows.pcap'" >bin/tcpdump
echo "cat '$tmp/flow.log.gz'" >bin/aws
chmod +x bin/tcpdump bin/aws
recipe 8 | sed -n 1p >recipe.sh
is_status 0 'NetFlow as it comes' sh recipe.sh
like "$(cat out)" '^8\.8\.8\.8:' 'NetFlow as it comes: a table'
recipe 8 | sed -n 2p >recipe.sh
is_status 0 'a flow log in S3' sh recipe.sh
like "$(cat out)" '^198\.97\.190\.53:8443 ' 'a flow log in S3: a table'
rm bin/tcpdump bin/aws

# flowupload gets a spool here, and flowcap becomes the present user.
cat >bin/flowupload <<'END'
#!/bin/sh
exec "$bindir/flowupload" -s "$tmp/spool" "$@"
END
cat >bin/flowcap <<'END'
#!/bin/sh
echo $$ >"$tmp/flowcap.pid"
exec "$bindir/flowcap" -Z "$user" "$@"
END
chmod +x bin/flowupload bin/flowcap
cp key keyfile
cp key home/.secflow.key
[ -z "${inside:-}" ] || ip link set lo up
start_collector

# here: with the collector and the broker of this test
here() {
    sed -e "s|https://collector.example|http://127.0.0.1:$port|" -e "s/kafka.example:9092/${broker:-}/"
}

# Hosts, and what one of them talked to

recipe 1 | sed -n 1p >recipe.sh
is_status 0 'hosts: the recipe' sh recipe.sh
is "$(awk 'NR == 3 { print $1 }' out)" \
    "$(jq -rs 'group_by(.src | sub(":[0-9]+$"; "")) | max_by(map(.srcBytes) | add)[0].src | sub(":[0-9]+$"; "")' flows.sf)" \
    'hosts: the first one has sent the most'
recipe 1 | sed -n 2p >recipe.sh
is_status 0 'one host: the recipe' sh recipe.sh
like "$(cat out)" 'www.example.com:443' 'one host: what it talked to'

# What calls home, and what is new

recipe 7 | sed -n 1p >recipe.sh
is_status 0 'beacons: the recipe' sh recipe.sh
is "$(jq -c '[.dst, .beaconScore]' out)" '["198.97.190.53",1]' 'beacons: what calls home every five seconds'
recipe 7 | sed -n 2p >recipe.sh
is_status 0 'what is new: the recipe' sh recipe.sh
like "$(cat out)" 'SINCE' 'what is new: with the time since when'

# Cron

# as_cron FIELDS: what cron does with the crontab on standard input, whose jobs have so many fields in
# front: in the home directory, with only the crontab's environment, and a % ends the
# command unless it has a backslash.
as_cron() {
    fields=$1
    set --
    while IFS= read -r line; do
        case $line in
        '' | '#'*) ;;
        [A-Z]*=*) set -- "$@" "$line" ;;
        *)
            job=$(printf '%s\n' "$line" |
                sed -e "s/^\([^ ]* *\)\{$fields\}//" -e 's/\([^\\]\)%.*/\1/' -e 's/\\%/%/g')
            (cd home && env -i HOME="$HOME" tmp="$tmp" bindir="$bindir" "$@" sh -c "$job") </dev/null || return
            ;;
        esac
    done
}

for day in yesterday today; do # midnight may come
    mkdir -p "logs/$(date -d $day +%F)"
    for log in conn dns; do
        gzip -c $log.tsv.log >"logs/$(date -d $day +%F)/$log.00:00:00-01:00:00.log.gz"
    done
done
connections=$(zeek2flow conn.tsv.log dns.tsv.log | grep -c .)
recipe 2 | here | sed -e "s|^PATH=|&$tmp/bin:$bindir:|" -e "s|/opt/zeek/logs|$tmp/logs|" >day.cron
answers
is_status 0 'cron: the recipe' as_cron 5 <day.cron
is "$(cat out err)" '' 'cron: there is no mail'
is "$(accepted .secflows)" "$connections" 'cron: the logs of a day are one sample'

here <"$top/cmd/units/flowupload.cron" |
    sed -e "s|^PATH=|&$tmp/bin:$bindir:|" -e "s|/var/log/zeek|$tmp/logs|" -e "s|/var/spool/secflow|$tmp/spool|" \
        -e "s|/etc/secflow/key|$tmp/key|" >day.cron
answers
is_status 0 'cron: the example' as_cron 6 <day.cron
is "$(cat out err)" '' 'cron: the example: there is no mail'
is "$(accepted .secflows)" "$connections" 'cron: the example: the logs of a day are one sample'

# GNU parallel. Hosts are directories, which rsync copies to.

if command -v parallel >/dev/null && command -v rsync >/dev/null; then
    cat >bin/ssh <<END
#!/bin/sh
hosts=$tmp # parallel empties the environment
END
    cat >>bin/ssh <<'END'
while [ "${1#-}" != "$1" ]; do
    shift
done
host=$1
shift
[ "$1" != -- ] || shift
echo "$*" >>"$hosts/$host.log"
cd "$hosts/$host" && HOME=$PWD exec sh -c "$*"
END
    chmod +x bin/ssh
    SHELL=/bin/sh # which parallel would guess where there is none, as on machines that build
    export SHELL
    for n in 1 2 3 4; do
        cp trace.pcap captures/$n.pcap
    done
    pcap2flow captures/*.pcap | sort >day
    recipe 4 >recipe.sh
    is "$(grep -c . recipe.sh)" 2 'parallel: two commands'
    sed -n 1p recipe.sh >cores.sh
    sed -n 2p recipe.sh >hosts.sh
    sed 's/:,//' hosts.sh >others.sh
    for where in cores hosts others; do
        rm -f day.sf
        is_status 0 "parallel: $where" sh $where.sh
        is "$(cat err)" '' "parallel: $where: nothing on standard error"
        sort -o day.sf day.sf
        ok "parallel: $where: the records of all captures" cmp day.sf day
    done
    like "$(cat one.log two.log)" '^rsync --server ' 'parallel: hosts have got captures'
    is "$(find one two -name '*.pcap')" '' 'parallel: and nothing is left there'
else
    skip 'parallel' 'no parallel or no rsync'
fi

# Other tools that read lines. DuckDB is not in Debian.

cp flows.sf day.sf
for tool in mlr vd duckdb; do
    if command -v $tool >/dev/null; then
        recipe 5 | sed -n "/^$tool /p" | sed 's/^vd .*/& -b -o -/' >recipe.sh
        is_status 0 "$tool: the recipe" sh recipe.sh
        like "$(cat out)" 'tcp|example' "$tool: the recipe: it reads the records"
    else
        skip "$tool: the recipe" "no $tool"
    fi
done

# Sensors

if [ -z "${inside:-}" ] || ! command -v tcpreplay >/dev/null || ! command -v ip >/dev/null; then
    skip 'a sensor' 'no network namespace can be made here, or no tcpreplay or no ip'
    skip 'Kafka' 'no network namespace can be made here, or no tcpreplay or no ip'
    done_testing
    exit
fi
server=
trap 'kill $collector $server $(cat flowcap.pid 2>/dev/null) 2>/dev/null; rm -rf "$tmp"' EXIT
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
ip address add 192.0.2.1/24 dev eth0 # with none kcat does not look for addresses of IPv4

captures() {
    awk -v eth0="$(ip -o link show eth0 | cut -d : -f 1)" '$4 == "0003" && $5 == eth0' /proc/net/packet | grep -q .
}

# sense NAME: what the recipe in recipe.sh does with a capture that comes through eth0
sense() {
    sh recipe.sh >out 2>err 3>&- &
    running=$!
    ok "$1: flowcap captures" wait_for flowcap captures || tap_note log "$(cat err)"
    tcpreplay -q -i eth1 -p 5000 trace.pcap >replay.log 2>&1
    until_true has_passed_on
    kill "$(cat flowcap.pid)"
    is_status 0 "$1: the recipe" wait $running
    rm flowcap.pid
}

recipe 3 | here >recipe.sh
answers
sense 'a sensor'
ok 'a sensor: the collector has the records' test "$(jq -s 'map(.secflows) | add' accepted.jsonl)" -ge "$records"
stop_collector

if command -v kcat >/dev/null; then
    kcat -X test.mock.num.brokers=1 -d mock -C -t secflow -o beginning -u -b none >got 2>kafka.log 3>&- &
    server=$!
    ok 'Kafka starts' wait_for Kafka grep -q 'bootstrap.servers=' kafka.log
    broker=$(sed -n 's/.*bootstrap\.servers=\([0-9.:]*\).*/\1/p' kafka.log | head -n 1)
    recipe 6 | here >recipe.sh
    sense 'Kafka'
    packets='[inputs | .srcPkts + .dstPkts] | add'
    all_there() {
        [ "$(jq -n "$packets" got)" = "$(jq -n "$packets" flows.sf)" ]
    }
    ok 'Kafka: messages have all packets' wait_for messages all_there
    kill $server
    wait $server 2>/dev/null
else
    skip 'Kafka' 'no kcat'
fi

done_testing
