#!/bin/sh
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

# free_port: that nobody listens at
free_port() {
    "${PYTHON:-python3}" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

if command -v clickhouse-server >/dev/null && command -v curl >/dev/null; then
    cat >config.xml <<E2
<yandex>
  <logger><level>error</level><console>1</console></logger>
  <http_port>0</http_port>
  <listen_host>127.0.0.1</listen_host>
  <path>$tmp/data/</path>
  <tmp_path>$tmp/data/tmp/</tmp_path>
  <user_files_path>$tmp/data/files/</user_files_path>
  <mark_cache_size>10000000</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
E2
    cat >users.xml <<'E2'
<yandex>
  <profiles><default></default></profiles>
  <users><test><password>secret</password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></test></users>
  <quotas><default></default></quotas>
</yandex>
E2
    printf 'X-ClickHouse-User: test\nX-ClickHouse-Key: secret\n' >headers
    chmod 600 headers
    free_port=$(free_port)
    sed -i "s/>0</>$free_port</" config.xml
    clickhouse-server --config-file=config.xml >clickhouse.log 2>&1 &
    server=$!
    trap 'kill -9 $server 2>/dev/null; rm -rf "$tmp"' EXIT
    query() {
        curl -sf -H @headers --data-binary "$1" "http://127.0.0.1:$free_port/"
    }
    ok 'ClickHouse starts' wait_for ClickHouse query 'SELECT 1' || tap_note log "$(cat clickhouse.log)"
    ok 'ClickHouse: the table' query "$(recipe ClickHouse 1)"
    recipe ClickHouse 2 | sed -e "s/clickhouse.example:8123/127.0.0.1:$free_port/" \
        -e 's/flowupload/flowupload -s spool/' >recipe.sh
    is_status 0 'ClickHouse: the recipe' sh recipe.sh
    is "$(query 'SELECT count(), sum(srcBytes), uniqExact(dst) FROM secflow')" \
        "$(jq -rs '[length, (map(.srcBytes) | add), (map(.dst) | unique | length)] | @tsv' flows.sf)" \
        'ClickHouse: all records are there'
    pcap2flow -x trace.pcap | sed 's/pcap2flow -x/pcap2flow/' | flowlabel >labelled.sf
    sed 's/pcap2flow trace.pcap/cat labelled.sf/' recipe.sh >labelled.sh
    is_status 0 'ClickHouse: the recipe, with more fields' sh labelled.sh
    is "$(query 'SELECT count() FROM secflow')" $((2 * records)) 'ClickHouse: they are there, too'
    kill -9 $server
    wait $server 2>/dev/null
else
    skip 'ClickHouse' 'no clickhouse-server or no curl'
fi

if command -v kcat >/dev/null; then
    # Its library has a broker for tests, which lives within a consumer here.
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

    # A broker that is away at first: what leads to it takes its place once it was missed.
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
    away=$(free_port)
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

# Of those that cannot be installed here, what is sent to them.

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
