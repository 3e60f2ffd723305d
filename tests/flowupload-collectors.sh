#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload: the recipes of its manual page, against the collectors that are installed here.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

bindir=$(dirname "$tool")
PATH=$bindir:$PATH:/usr/sbin
export PATH
page=$here/../man/flowupload.1
"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
pcap2flow trace.pcap >flows.sf
records=$(grep -c . flows.sf)

# recipe SECTION N: the Nth literal block of a collector's section
recipe() {
    awk -v section="$1" -v n="$2" '
        /^\.S[hs]/ { on = $0 == ".Ss " section }
        /^\.Ed/ { literal = 0 }
        on && literal && count == n { gsub(/\\e/, "\\"); print }
        /^\.Bd -literal/ { literal = 1; count += on }' "$page"
}

if command -v clickhouse-server >/dev/null && command -v curl >/dev/null; then
    # shellcheck source=tests/clickhouse.sh
    . "$here/clickhouse.sh"
    start_clickhouse
    ok 'ClickHouse: the table' query "$(clickhouse_recipe 1)"
    clickhouse_recipe 2 | sed -e "s/clickhouse.example:8123/127.0.0.1:$clickhouse_port/" \
        -e 's/flowupload/flowupload -s spool/' >recipe.sh
    is_status 0 'ClickHouse: the recipe' sh recipe.sh
    pcap2flow -x trace.pcap >extended.sf
    for column in srcIp srcPort dstIp dstPort proto srcPkts srcBytes dstPkts dstBytes duration trafficDate communityId; do
        is "$(query "SELECT $column FROM secflow" | sort)" "$(jq -r ".$column // 0" extended.sf | sort)" \
            "ClickHouse: each record has its $column"
    done
    is "$(query 'SELECT toUnixTimestamp(start) FROM secflow' | sort)" \
        "$(jq -r '.start[:19] + "Z" | fromdate' extended.sf | sort)" 'ClickHouse: and its time'
    is "$(query 'SELECT destination FROM secflow' | sort)" "$(jq -r '.dstName // .dstIp' extended.sf | sort)" \
        'ClickHouse: the destination is the name, or the address where there is none'

    # Of one sensor, with a label, and with a field that the table lacks.
    pcap2flow -x -d 5m --sensor one trace.pcap | flowlabel | jq -c '.other = 1' >labelled.sf
    sed 's/pcap2flow -x trace.pcap/cat labelled.sf/' recipe.sh >labelled.sh
    is_status 0 'ClickHouse: the recipe, with more fields' sh labelled.sh
    is "$(query "SELECT flowCategory, toUnixTimestamp(windowStart) FROM secflow WHERE sensor = 'one'" | sort)" \
        "$(jq -r '[.flowCategory, (.windowStart[:19] + "Z" | fromdate)] | @tsv' labelled.sf | sort)" \
        'ClickHouse: and what else it has'
    is_status 0 'ClickHouse: the recipe, with what was sent before' sh labelled.sh
    is "$(query 'SELECT count() FROM secflow FINAL')" $((2 * records)) 'ClickHouse: each record is there once'
    stop_clickhouse
else
    skip 'ClickHouse' 'no clickhouse-server or no curl'
fi

if command -v kcat >/dev/null; then
    # Its library has a test broker, which runs inside a consumer here.
    kcat -X test.mock.num.brokers=1 -d mock -C -t secflow -o beginning -u -b none >got 2>kafka.log &
    server=$!
    trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
    ok 'Kafka starts' wait_for Kafka grep -q 'bootstrap.servers=' kafka.log
    broker=$(sed -n 's/.*bootstrap\.servers=\([0-9.:]*\).*/\1/p' kafka.log | head -n 1)
    recipe Kafka 1 | sed "s/kafka.example:9092/$broker/" >recipe.sh
    is_status 0 'Kafka: the recipe' sh recipe.sh
    all_there() {
        [ "$(grep -c . got)" = "$records" ]
    }
    ok 'Kafka: as many messages as records' wait_for messages all_there
    is "$(sort got)" "$(sort flows.sf)" 'Kafka: each message is a record'

    # A broker that is unreachable at first; a forwarder to it starts once it was missed.
    cat >forward.py <<'E2'
import socket, sys, threading

def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client = server.accept()[0]
    broker = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    for pair in ((client, broker), (broker, client)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
E2
    hold_port
    away=$held
    held=
    sed "s/$broker/127.0.0.1:$away/; s/ -X/ -X reconnect.backoff.max.ms=200 -X/" recipe.sh >away.sh
    sh away.sh >away.out 2>away.log &
    recipe=$!
    ok 'Kafka: a broker that is away is missed' wait_for kcat grep -q 'Connection refused' away.log
    "${PYTHON:-python3}" forward.py "$away" "${broker##*:}" 3>&- &
    forward=$!
    trap 'kill $server $forward 2>/dev/null; rm -rf "$tmp"' EXIT
    is_status 0 'Kafka: once it is there the recipe ends well' wait $recipe
    all_twice() {
        [ "$(grep -c . got)" = $((2 * records)) ]
    }
    ok 'Kafka: and all records are there again' wait_for messages all_twice
    kill $server $forward
    wait $server $forward 2>/dev/null
else
    skip 'Kafka' 'no kcat'
fi

# Requests to those that cannot be installed here.

start_collector
for name in Vector 'Fluent Bit'; do
    host=$(echo "$name" | tr 'A-Z' 'a-z' | tr -d ' ').example
    recipe "$name" 2 | sed -e "s/$host:[0-9]*/127.0.0.1:$port/" -e 's/zeek2flow conn.log/cat flows.sf/' \
        -e 's/flowupload/flowupload -s spool/' >recipe.sh
    answers
    is_status 0 "$name: the recipe" sh recipe.sh
    is "$(accepted .secflows)" "$records" "$name: all records are sent"
    cp requests.jsonl "$host"
done
is "$(jq -r '.headers | [."Content-Type", ."Content-Encoding"] | @tsv' vector.example)" \
    'application/x-ndjson	gzip' 'Vector: lines, compressed'
is "$(jq -r '[.headers."Content-Type", .path] | @tsv' fluentbit.example)" \
    'application/json	/secflow' 'Fluent Bit: the type that it wants, and the tag'
stop_collector

done_testing
