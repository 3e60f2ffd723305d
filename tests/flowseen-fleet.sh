#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowseen past one machine: the tables for ClickHouse count what a store counts, sent twice or not,
# and what they hold comes home.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

bindir=$(dirname "$tool")
PATH=$bindir:$PATH:/usr/sbin
export PATH
sql=$here/../man/secflow-seen.sql
page=$here/../man/flowseen.1
if ! command -v clickhouse-server >/dev/null || ! command -v curl >/dev/null; then
    skip 'the tables for ClickHouse' 'no clickhouse-server or no curl'
    done_testing
    exit
fi

# recipe N: the Nth literal block of the page about many sensors, for this server
recipe() {
    awk -v n="$1" '
        /^\.S[hs]/ { on = $0 == ".Ss Many sensors" }
        /^\.Ed/ { literal = 0 }
        on && literal && count == n { gsub(/\\e/, "\\"); print }
        /^\.Bd -literal/ { literal = 1; count += on }' "$page" |
        sed -e "s/clickhouse.example:8123/127.0.0.1:$clickhouse_port/" -e 's/flowupload/flowupload -s spool/' \
            -e "s/kafka.example:9092/${broker:-none}/" \
            -e "s/flowcap -i eth0 --sensor web1 /cat records.sf /; s/-s seen.db/-q -s \$store/"
}

# shellcheck source=tests/clickhouse.sh
. "$here/clickhouse.sh"
start_clickhouse

# statements FILE: carries out its statements, one after the other
statements() {
    rm -f statement.*
    grep -v '^--' "$1" | awk 'BEGIN { n = 1 } { print >sprintf("statement.%02d", n) } /;$/ { n++ }'
    for statement in statement.*; do
        grep -q '[^ ]' "$statement" || continue
        query "$(sed 's/;$//' "$statement")" || return
    done
}

ok 'the tables' statements "$sql"
ok 'the tables again' statements "$sql"

# Three samples of web1, two of web2, which share destinations.
for sample in 'web1 1700000000 1' 'web1 1700000300 2' 'web1 1700000600 1' 'web2 1700000000 1' 'web2 1700000900 3'; do
    # shellcheck disable=SC2086 # three words
    set -- $sample
    for host in 1 2 "$3"; do
        printf '{"src":"10.0.0.1:1025","dst":"h%s.d%s.example.com:443","destinationNameSource":"passive",' "$host" "$3"
        printf '"srcPkts":1,"srcBytes":%s,"dstPkts":1,"dstBytes":60,"relativeStart":%s.25,' "$host" "$host"
        printf '"protocolInformation":"","duration":0.0,"trafficDate":"%s.000000","proto":"tcp","sensor":"%s"}\n' "$2" "$1"
    done
done >all.sf
recipe 1 >send.sh
recipe 2 >home.sh
for sensor in web1 web2; do
    grep "\"$sensor\"" all.sf >records.sf
    store=$sensor.db
    export store
    is_status 0 "$sensor sends" sh send.sh
done
flowseen -q -s want.db all.sf >/dev/null
flowseen -s want.db -X | grep key >want
store=home.db
is_status 0 'the lines come home' sh home.sh
is "$(flowseen -s home.db -X)" "$(cat want)" 'they are what one store would have counted'

store=web1.db
grep '"web1"' all.sf >records.sf
is_status 0 'web1 sends again' sh send.sh
grep '"web2"' all.sf | flowlabel | flowseen -q -n -s web2.db >records.sf
store=again.db
is_status 0 'web2, too, from a store that has lost all' sh send.sh
store=home.db
is_status 0 'the lines come home again' sh home.sh
is "$(flowseen -s home.db -X)" "$(cat want)" 'all was counted once'

store=web1.db
is_status 0 'web1 learns what the fleet knows' sh home.sh
is "$(flowseen -s web1.db -X | grep key)" "$(cat want)" 'and counts none of its own samples twice'
is "$(grep '"web1"' all.sf | tail -n 1 | flowseen -q -n -s web1.db | jq -c '[.domainCount, .flowIdSensors]')" '[5,2]' \
    'a record of web1: how common it is in the fleet'
query "SELECT * FROM seenlines WHERE key IN (SELECT key FROM seenlines WHERE sensor = 'web2') FORMAT JSONEachRow" |
    flowseen -s some.db -I
flowseen -s web2.db -X | jq -r 'select(.key) | .key' | sort -u >keys
is "$(flowseen -s some.db -X)" "$(grep -F -f keys want)" 'only the keys that a sensor has itself'

# Kafka in between: its library has a test broker, which runs inside a consumer here.

if command -v kcat >/dev/null; then
    query 'TRUNCATE TABLE seen'
    kcat -X test.mock.num.brokers=1 -d mock -C -t secflow -o beginning -u -b none >got 2>kafka.log &
    server=$!
    ok 'Kafka starts' wait_for Kafka grep -q 'bootstrap.servers=' kafka.log
    broker=$(sed -n 's/.*bootstrap\.servers=\([0-9.:]*\).*/\1/p' kafka.log | head -n 1)
    store=kafka.db
    cp all.sf records.sf
    recipe 3 >send.sh
    recipe 4 >on.sh
    is_status 0 'Kafka: the recipe sends' sh send.sh
    all_there() {
        [ "$(grep -c . got)" = "$(grep -c . all.sf)" ]
    }
    ok 'Kafka: all messages are there' wait_for messages all_there
    is_status 0 'Kafka: they go on' sh on.sh
    is_status 0 'Kafka: and once more' sh on.sh
    store=home2.db
    is_status 0 'Kafka: the lines come home' sh home.sh
    is "$(flowseen -s home2.db -X)" "$(cat want)" 'Kafka: all was counted once'
    kill $server
    wait $server 2>/dev/null
else
    skip 'Kafka' 'no kcat'
fi

stop_clickhouse
done_testing
