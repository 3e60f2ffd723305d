#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload: what it reports on SIGUSR1, to Prometheus and to systemd.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

# metric NAME: its value; NAME may have labels
metric() {
    awk -v name="$1" '$1 == name { print $2 }' metrics.prom
}

has_metric() {
    [ "$(metric "$1")" = "$2" ]
}

said() {
    grep -q "$1" err
}

# keeps_usr1: it is ready for that signal, which is 0x200 in the mask
keeps_usr1() {
    grep -q '^SigBlk:.*[2367abef]..$' "/proc/$process/status"
}
counts() {
    kill -s USR1 "$process"
    grep -Eq "^flowupload: $asked" err
}
# tells DESCRIPTION REGEX: on SIGUSR1 it prints counters
tells() {
    asked=$2
    wait_for 'it to be ready for signals' keeps_usr1
    ok "$1: it prints counters" wait_for "$2" counts
}

start_collector
at='[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9:]{8}Z$'

# Metrics, while files are taken

mkdir in
record 1700000000 1 >in/a.sf
echo words >in/b.sf
record 1700000000 2 >in/c.sf
answers ok 400
"$tool" -k key -s spool -u "$url" --take in --metrics metrics.prom >out 2>err &
process=$!
settled() {
    [ "$(grep -c . requests.jsonl)" = 2 ] && [ -e in/b.sf.bad ] && said 'rejected'
}
ok '--take: all is done' wait_for 'all' settled
answers '503 3600'
record 1700000000 3 >in/.d.sf
mv in/.d.sf in/d.sf
ok '--take: one more fails' wait_for 'a message' said 'will retry'
tells '--take' "3 records read, 4 files taken, 3 samples made; 1 accepted, 1 rejected, 0 deleted; .*; the last one was accepted at $at"
ok '--metrics: they are written while it runs' wait_for 'metrics' has_metric secflow_upload_records_total 3
kill $process
wait $process
is $? 0 '--metrics: exit status'
is "$(stat -c %a metrics.prom)" 644 '--metrics: everyone may read it'
while read -r name value; do
    is "$(metric "$name")" "$value" "--metrics: $name"
done <<'E2'
secflow_upload_records_total 3
secflow_upload_files_total 4
secflow_upload_bad_files_total 1
secflow_upload_filter_failures_total 0
secflow_upload_samples_made_total 3
secflow_upload_samples_rejected_total 1
secflow_upload_samples_deleted_total 0
secflow_upload_requests_total{outcome="4xx"} 1
secflow_upload_requests_total{outcome="5xx"} 1
secflow_upload_requests_total{outcome="3xx"} 0
secflow_upload_requests_total{outcome="error"} 0
secflow_upload_spool_samples{state="rejected"} 1
E2
ok '--metrics: when a sample was accepted last' \
    awk -v now="$(date +%s)" '/^secflow_upload_last_accepted_timestamp_seconds/ { exit !($2 <= now && $2 > now - 600) }' metrics.prom
is "$(find . -name 'metrics.prom*' | grep -c .)" 1 '--metrics: nothing is left beside the file'

# All metrics, and what waits

rm -rf spool err
stop_collector
record 1700000000 4 | "$tool" -k key -s spool -u "$url" --linger 0 --metrics metrics.prom >out 2>err
is "$(metric 'secflow_upload_spool_samples{state="waiting"}')" 1 'what waits: samples'
is "$(metric 'secflow_upload_spool_bytes{state="waiting"}')" "$(cat spool/[0-9]* | wc -c | tr -d ' ')" 'what waits: bytes'
is "$(metric secflow_upload_last_accepted_timestamp_seconds)" '' 'none was accepted: no time'
start_collector "$port"
record 1700000000 5 >one.sf
answers ok '503 3600'
"$tool" -k key -s spool -u "$url" --linger 5 --metrics metrics.prom one.sf >out 2>err
if command -v promtool >/dev/null; then
    is_status 0 '--metrics: promtool accepts them' sh -c 'promtool check metrics <metrics.prom'
    is "$(cat out err)" '' '--metrics: promtool is quiet'
else
    skip '--metrics: promtool is quiet' 'no promtool'
fi
is "$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' metrics.prom | sort)" \
    "$(sed -n 's/^\.It Li \(secflow_upload_[a-z_]*\).*/\1/p' "$here/../man/flowupload.1" | sort)" \
    '--metrics: the page has them all'
mkdir folder
misused '--metrics with a folder' -k key -s spool -u "$url" --metrics folder
answers
is_status 0 '--metrics that cannot be written: exit status' send --metrics nowhere/metrics.prom one.sf
is "$(cat err)" 'flowupload: nowhere/metrics.prom: the metrics cannot be written: No such file or directory; will retry' \
    '--metrics that cannot be written: it is said, once'

# SIGUSR1 in every mode

keeps_usr1_first
rm -rf spool
mkfifo pipe
for mode in "-k key -s spool -u $url" '-n'; do
    rm -f err
    # shellcheck disable=SC2086 # words
    "$tool" $mode -i 1000 <pipe >out 2>err &
    process=$!
    exec 3>pipe
    record 1700000000 1 >&3
    tells "a pipe, ${mode%% *}" '1 records read, '
    exec 3>&-
    wait $process
    is $? 0 "a pipe, ${mode%% *}: exit status"
done
rm -f err
answers hang
"$tool" -k key -s spool -u "$url" one.sf >out 2>err &
process=$!
wait_for 'a request' test -f requests.jsonl
tells 'at the end of the input' "1 records read, .*; 1 sample waits, [0-9]+ bytes; none was accepted since $at"
kill $process
wait $process
rm -rf spool
for word in 401 404 503; do
    rm -rf err spool
    answers $word $word
    : >requests.jsonl
    mkfifo again
    "$tool" -v -i 1000 -k key -s spool -u "$url" one.sf - <again >out 2>err &
    process=$!
    exec 3>again
    wait_for "a message of $word" grep -q "HTTP $word" err
    case $word in
    401) why='HTTP 401: no permission to upload' ;;
    404) why='HTTP 404: nothing is accepted at this URL' ;;
    *) why='HTTP 503' ;;
    esac
    tells "what keeps samples waiting, $word" ".*; $why; 1 sample waits, "
    kill -s KILL $process
    wait $process
    exec 3>&-
    rm again
done
rm -rf spool

# To systemd, replaced by a script

answers
rm -rf in spool
mkdir in
record 1700000000 1 >in/a.sf
"${PYTHON:-python3}" "$here/service.py" environment "$tool" -k key -s spool -u "$url" --take in \
    -q --filter 'env >.environment; mv .environment environment; cat' >told 2>err
is $? 0 'a service: exit status'
like "$(cat told)" '^READY=1 \| STATUS=0 samples wait, 0 bytes; none was accepted since ' 'a service: it is ready'
like "$(tail -n 1 told)" '^STOPPING=1 \| STATUS=' 'a service: it ends'
is "$(grep -c -e NOTIFY_SOCKET -e WATCHDOG environment)" 0 'a service: its filter has nothing of it'
is "$(cat err)" '' 'a service: no message'

stop_collector
done_testing
