#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload: records become samples, samples become requests.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

start_collector

# One sample, as the API wants it

for n in 1 2 3; do
    record 1700000000 $n
done >one.sf
answers
from_stdin() {
    send "$@" <one.sf
}
is_status 0 'a sample: exit status' from_stdin
is "$(cat err)" '' 'a sample: nothing on standard error'
document=$(cat body)
is "$(jq -c '[.trafficDate, .fileName, [.flashes[].srcBytes]]' body)" \
    '["1700000000.000000","secflow_1700000000.sf",[1,2,3]]' 'a sample: its document'
is "$(jq -c '.flashes[0] | keys_unsorted' body)" \
    '["src","dst","destinationNameSource","srcPkts","srcBytes","dstPkts","dstBytes","relativeStart","protocolInformation","duration"]' \
    'a sample: the ten fields, in their order'
hash=$(jq -r .hash body)
like "$hash" '^[0-9a-f]{32}$' 'a sample: a hash of 32 digits'
is "$hash" "$({
    echo 1700000000.000000
    jq -c '.flashes[]' body
} | sha256sum | cut -c 1-32)" 'a sample: the hash is what the manual says'
is "$(cat out)" "{\"sampleId\":\"id-1\",\"hash\":\"$hash\",\"fileName\":\"secflow_1700000000.sf\",\
\"secflows\":3,\"bytes\":$(wc -c <body),\"url\":\"$url\"}" 'a sample: the line on standard output'
is "$(jq -r '.headers | [.apikey, ."User-Agent", ."Idempotency-Key", .Expect] | @tsv' requests.jsonl)" \
    "secret	flowupload/$("$tool" -V | sed -n '1s/.* //p')	\"$hash\"	" 'a sample: headers'
is_empty 'a sample'
is "$(stat -c %a spool)" 700 'the spool is of mode 0700'

is_status 0 'again: exit status' from_stdin
is "$(jq -r .hash out)" "$hash" 'again: the same hash'
is "$(jq -r .sampleId out)" id-2 'again: another id, as the collector says'

is_status 0 '-N: exit status' from_stdin -N 'a "name" with ü.sf'
is "$(jq -r .fileName out body && tail -n 1 accepted.jsonl | jq -r .fileName)" 'a "name" with ü.sf
a "name" with ü.sf
a "name" with ü.sf' '-N: the name'

# The same document without sending

print() {
    "$tool" -n "$@"
}
is_status 0 '-n: exit status' print one.sf
is "$(cat out)" "$(printf '%s\n' "$document" | sed 's/secflow_1700000000.sf/one.sf/')" \
    '-n: the document, with the name of the file'
is "$(cat err)" '' '-n: no message'
labelled() {
    "$(dirname "$tool")/flowlabel" one.sf | "$tool" -n
}
is_status 0 '-n of labelled records: exit status' labelled
is "$(cat out)" "$document" '-n of labelled records: the ten fields only'
sed 's/"src":/"x":[1,{"src":2}],"src":/; s/}$/,"src\\u0050kts":7}/; s/:/ : /g; s/1 : 1/1:1/; s/com : /com:/' \
    one.sf >odd.sf
is_status 0 '-n of other fields, blanks and escapes: exit status' print -N one.sf odd.sf
is "$(jq -c .flashes out)" "$(jq -c '.flashes | map(.srcPkts = 7)' body)" \
    '-n of other fields, blanks and escapes: the same ten fields'
print_lines() {
    "$tool" -n -F ndjson odd.sf one.sf
}
is_status 0 '-n -F ndjson: exit status' print_lines
is "$(cat out)" "$(cat odd.sf one.sf)" '-n -F ndjson: the lines as they are'

# Samples are distinguished

for n in 1 2 3; do
    record 1700000000 $n
    record 1700000300 1$n
    record 1700000600 2$n
done >mixed.sf
is_status 0 'alternating samples: exit status' print -N x mixed.sf
is "$(jq -rs 'sort_by(.trafficDate)[] | "\(.trafficDate) \([.flashes[].srcBytes])"' out)" \
    '1700000000.000000 [1,2,3]
1700000300.000000 [11,12,13]
1700000600.000000 [21,22,23]' 'alternating samples: each whole'
for sensor in a b/c a b/c; do
    record 1700000000 1 | sed "s|}\$|,\"sensor\":\"$sensor\"}|"
    record 1700000000 2
done >sensors.sf
is_status 0 'samples of two sensors: exit status' print sensors.sf
is "$(jq -rs 'sort_by(.fileName)[] | "\(.trafficDate) \(.fileName) \([.flashes[].srcBytes])"' out)" \
    '1700000000.000000 sensors.sf [2,2,2,2]
1700000000.000000 sensors_a.sf [1,1]
1700000000.000000 sensors_b_c.sf [1,1]' 'samples of two sensors, and of none: each whole, in a file of its own'
is "$(jq -c '.flashes[0] | keys_unsorted' out | sort -u)" "$(jq -c '.flashes[0] | keys_unsorted' body)" \
    'samples of two sensors: the ten fields'
answers
sensors() {
    send <sensors.sf
}
is_status 0 'samples of two sensors, sent: exit status' sensors
is "$(jq -r .fileName out | sort)" 'secflow_1700000000.sf
secflow_1700000000_a.sf
secflow_1700000000_b_c.sf' 'samples of two sensors, sent: their names'
is_status 0 '-b: exit status' print -b 2 one.sf
is "$(jq -c '[.flashes[].srcBytes]' out)" '[1,2]
[3]' '-b: samples of that many records'
is_status 0 '-b 1 of alternating samples' print -b 1 mixed.sf
is "$(grep -c . out)" 9 '-b 1: a sample a record'
is_status 0 'two files: exit status' print one.sf mixed.sf
is "$(jq -r '"\(.fileName) \(.flashes | length)"' out | LC_ALL=C sort)" 'mixed.sf 3
mixed.sf 3
mixed.sf 3
one.sf 3' 'two files: their samples stay apart, and have their names'
n=0
while [ $n -lt 200 ]; do
    record $((1700000000 + n)) 1
    n=$((n + 1))
done >many.sf
is_status 0 'two hundred samples: exit status' print many.sf
is "$(jq -r .trafficDate out | sort -u | grep -c .)" 200 'two hundred samples: each a document'
is_status 0 'two hundred samples, sent: exit status' send many.sf
is "$(jq -r .hash out | sort -u | grep -c .)" 200 'two hundred samples, sent: as many ids'
is "$(jq -r .peer requests.jsonl | tail -n 200 | sort -u | grep -c .)" 1 \
    'two hundred samples, sent: over one connection'
is_empty 'two hundred samples, sent'

# A sample is complete when no more of its records come

mkfifo in
answers
"$tool" -k key -s spool -u "$url" -i 1 <in >out 2>err &
sender=$!
exec 3>in
{
    record 1700000000 1
    record 1700000300 1
    record 1700000300 2
    printf '{"src":' # and no more of it
} >pause.sf
cat pause.sf >&3 # at once, so that there is no other pause
two_accepted() {
    [ "$(grep -c . accepted.jsonl)" = 2 ]
}
ok 'a pause: the samples are sent' wait_for 'two samples' two_accepted
is "$(accepted .secflows)" '1 2' 'a pause: each with its records'
exec 3>&-
wait $sender
is $? 65 'a pause: the cut off line is told by the status'
like "$(cat err)" 'standard input: line 4: not a Secflow: it is cut off' 'a pause: and by a message'

# Lines that are not Secflows

{
    record 1700000000 1
    echo 'no JSON'
    record 1700000000 2 | sed 's/,"trafficDate":"[^"]*"//'
    record 1700000000 3 | sed 's/"trafficDate":"[^"]*"/"trafficDate":1700000000/'
    echo
    record 1700000000 4 | tr -d '\n'
} >bad.sf
answers
is_status 65 'bad lines: exit status' send bad.sf
is "$(cat err)" 'flowupload: bad.sf: line 2: not a Secflow: it does not begin with {
flowupload: bad.sf: line 3: not a Secflow: trafficDate is not a string of seconds
flowupload: bad.sf: line 4: not a Secflow: trafficDate is not a string of seconds' 'bad lines: messages'
is "$(jq -c '[.flashes[].srcBytes]' body)" '[1,4]' 'bad lines: the others are sent'
{
    record 1700000000 1
    record 1700000000 2 | sed 's/}$/,"x":"\\ud800"}/'
    record 1700000000 3 | sed 's/}$/,"x":"!"}/' | tr '!' '\377'
    record 1700000000 4
} >bytes.sf
print_bytes() {
    "$tool" -n -F "$1" bytes.sf
}
is_status 65 'lines that are not UTF-8, ndjson: exit status' print_bytes ndjson
is "$(cat out)" "$(sed -n '1p; 4p' bytes.sf)" 'lines that are not UTF-8, ndjson: the others'
is_status 65 'lines that are not UTF-8, documents: exit status' print_bytes networksage
is "$(jq -c '[.flashes[].srcBytes]' out)" '[1,4]' 'lines that are not UTF-8, documents: the others'
answers
is_status 66 'a missing file: exit status' send nothing.sf one.sf
is "$(accepted .fileName)" one.sf 'a missing file: the others are sent'
answers
gzip -c one.sf >one.gz
is_status 0 'gzip: exit status' send one.gz
is "$(accepted '"\(.fileName) \(.secflows)"')" 'one.gz 3' 'gzip: inflated'
answers
is_status 0 'no records: exit status' send /dev/null
is "$(cat out err)" '' 'no records: nothing is said or sent'

# Files sent unchanged

printf 'not really a capture \377\000' >trace.pcap
printf '#conn\n' >conn.log
printf '#dns\n' >dns.log
for type in pcap pcapng secflow zeek; do
    answers
    is_status 0 "-t $type: exit status" send -t $type trace.pcap
    is "$(accepted '"\(.type) \(.fileName) \(.bytes)"')" "$type trace.pcap 23" "-t $type: the file"
    ok "-t $type: as it is" cmp body trace.pcap
    is "$(jq -c '[.hash, .secflows, .bytes]' out)" \
        "[\"$(sha256sum trace.pcap | cut -c 1-32)\",null,23]" "-t $type: its line"
done
answers
is_status 0 '-t pcap: two files' send -t pcap trace.pcap ./conn.log
is "$(accepted .fileName)" 'trace.pcap conn.log' '-t pcap: two files, two samples'
answers
is_status 0 '-t zeek with a dns log: exit status' send -t zeek conn.log dns.log
is "$(accepted '"\(.type) \(.fileName) \(.dns)"')" 'zeek conn.log dns_conn.log' \
    '-t zeek with a dns log: one sample'
ok '-t zeek with a dns log: both as they are' sh -c 'cmp body conn.log && cmp dns dns.log'
is_empty '-t zeek with a dns log'
typed_stdin() {
    send -t pcap -N piped.pcap - <trace.pcap
}
answers
is_status 0 '-t pcap of standard input: exit status' typed_stdin
is "$(accepted .fileName)" piped.pcap '-t pcap of standard input: the file'
is_status 66 '-t: a missing file' send -t pcap nothing.pcap
is_empty '-t: a missing file'

# Lines

answers
cat one.sf odd.sf >two.sf
is_status 0 'ndjson: exit status' send_lines two.sf
ok 'ndjson: the lines as they are' cmp body two.sf
is "$(jq -r '.headers | [."Content-Type", ."Content-Length", .apikey, ."Idempotency-Key"] | @tsv' requests.jsonl)" \
    "application/x-ndjson	$(($(wc -c <two.sf)))		\"$(sha256sum two.sf | cut -c 1-32)\"" 'ndjson: headers'
is "$(jq -c '[.sampleId, .secflows, .bytes]' out)" "[null,6,$(wc -c <two.sf)]" 'ndjson: the line'
printf 'X-Key: secret\r\n\nAuthorization: Bearer x:y\n' >headers
chmod 600 headers
answers
is_status 0 'ndjson with headers: exit status' send_lines -H @headers -H 'content-type: application/json' \
    one.sf
is "$(jq -c '.headers | [.Authorization, ."X-Key", ."content-type", ."Content-Type"]' requests.jsonl)" \
    '["Bearer x:y","secret","application/json",null]' 'ndjson with headers: these, and no other type'
answers
is_status 0 '-z: exit status' send_lines -z many.sf one.sf
is "$(jq -r '.headers."Content-Encoding"' requests.jsonl | sort -u)" gzip '-z: the header'
ok '-z: the lines, compressed' cmp body one.sf
is "$(jq -r .bytes out | tail -n 1)" "$(($(wc -c <one.sf)))" '-z: bytes are those of the lines'

# What waits in the spool has no format yet

stop_collector
is_status 75 'no collector: exit status' send --linger 0 one.sf
is "$(spooled)" 'records.one.sf' 'no collector: the sample waits'
ok 'no collector: it waits as it is' cmp spool/*.records.one.sf one.sf
is_status 75 'a capture without a collector: exit status' send --linger 0 -t pcap trace.pcap
start_collector "$port"
answers
drain_lines() {
    send_lines </dev/null
}
is_status 75 'drained as lines: exit status' drain_lines
is "$(accepted .secflows)" 3 'drained as lines: the sample'
like "$(cat err)" '1 of them are not Secflows, and need -F networksage' \
    'drained as lines: what cannot be sent stays'
drain() {
    send </dev/null
}
is_status 0 'drained: exit status' drain
is "$(accepted '"\(.type) \(.fileName)"' | sed 's/.*null //')" 'pcap trace.pcap' 'drained: the capture'
is_empty 'drained'

stop_collector
done_testing
