#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The spool as an operator sees it: --status, --retry-rejected, and its bounds.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

status() {
    "$tool" --status -s spool "$@"
}

# status_of PROGRAM: the result of a jq program on --status -j
status_of() {
    status -j | jq -cr "$1"
}

state_of_spool() {
    find spool -printf '%p %i %s %T@ %C@ %m\n' | LC_ALL=C sort
}

mkfifo in
for n in 1 2 3; do
    record 1700000000 $n >day$n.sf
done
bytes=$(cat day1.sf | wc -c)

# Misuse

misused '--status with a file' --status one.sf
misused '--status with -n' --status -n
misused '--status with --retry-rejected' --status --retry-rejected
misused '-j without --status' -j -n one.sf
misused '--retry-rejected with -n' --retry-rejected -n one.sf
misused '--retry-rejected of a file without a URL' --retry-rejected one.sf
for option in --status --retry-rejected; do
    is_status 66 "$option of no spool: exit status" "$tool" $option -s none
    is "$(cat "$tmp/err")" 'flowupload: none: no such spool; use -s to say where it is' "$option of no spool: message"
    ok "$option of no spool: it is not made" test ! -e none
done

# An empty one

mkdir spool
is_status 0 'an empty spool: exit status' status
is "$(cat "$tmp/out")" 'spool: nothing waits, and nothing was rejected' 'an empty spool: a line'
is "$(status_of .)" '{"spool":"spool","bytes":0,"delivering":false,"process":null,"waiting":{"samples":0,"bytes":0,"since":null},"writing":{"samples":0,"bytes":0,"since":null},"rejected":{"samples":0,"bytes":0,"since":null,"list":[],"reasons":[]}}' \
    'an empty spool: JSON'
is "$(find spool -mindepth 1)" '' 'an empty spool: nothing is made there'

# Samples of all sorts

start_collector
answers 400 'echo 422'
day=$(date -u +%Y-%m-%d)
send -q day1.sf day2.sf >out 2>err
like "$(status | head -n 1)" '^spool: [0-9.]+K? in all$' 'rejected samples: nothing waits for somebody to deliver it'
stop_collector
send --linger 0 -q day3.sf >out 2>err
cp day3.sf spool/.1700000000000000.1.0.records.begun.sf
state_of_spool >before
is_status 0 'samples: exit status' status
cp "$tmp/out" table
state_of_spool >after
ok 'samples: nothing is touched' cmp before after
today="($day|$(date -u +%Y-%m-%d))T" # midnight may come
like "$(sed -n 1p table)" "^spool: [0-9.]+K? in all; nothing is being delivered now$" 'samples: the first line'
like "$(sed -n 2p table)" "^waiting  +1 sample +$bytes  since ${today}[0-9:]+Z$" 'samples: what waits'
like "$(sed -n 3p table)" "^writing  +1 sample +$bytes  since 2023-11-14T22:13:20Z$" 'samples: what is written'
like "$(sed -n 4p table)" "^rejected +2 samples +$((2 * bytes))  since $today" 'samples: what was rejected'
is "$(sed -n '5,6p' table)" '
rejected:' 'samples: a list'
like "$(sed -n 7p table)" "^  ${today}[0-9:]+Z +$bytes  day2.sf: HTTP 422 \(\"no field foo.x1b\[31m for \*\*\* at /upload" \
    'samples: the newest first, and what the collector said'
like "$(sed -n 8p table)" "^  ${today}[0-9:]+Z +$bytes  day1.sf: HTTP 400 \(\"because\"\)$" 'samples: the next'
is "$(wc -l <table)" 8 'samples: no other line'
is "$(status_of '[.waiting.samples, .waiting.bytes, .writing.samples, .rejected.samples, .rejected.bytes]')" \
    "[1,$bytes,1,2,$((2 * bytes))]" 'JSON: counts'
is "$(status_of .bytes)" "$(find spool -type f -exec cat {} + | wc -c)" 'JSON: the bytes of all files'
is "$(status_of '.rejected.list[0] | [keys_unsorted, .fileName, .kind, .bytes, .reason, .answer]')" \
    "[[\"rejectedAt\",\"begunAt\",\"fileName\",\"kind\",\"bytes\",\"reason\",\"answer\"],\"day1.sf\",\"records\",$bytes,\"HTTP 400\",\"because\"]" \
    'JSON: what was rejected, the oldest first'
like "$(status_of '.rejected.list[0].rejectedAt, .rejected.list[0].begunAt, .waiting.since')" \
    "^${today}[0-9:]+Z" 'JSON: times'
is "$(status_of .rejected.reasons)" '[{"reason":"HTTP 400","samples":1},{"reason":"HTTP 422","samples":1}]' 'JSON: reasons'

# While a process delivers

start_collector "$port"
answers hang
"$tool" -k key -s spool -u "$url" </dev/null >out 2>err &
sender=$!
ok 'delivering: a request is on its way' wait_for 'a request' test -s requests.jsonl
if [ -r /proc/locks ]; then
    is "$(status_of '[.delivering, .process]')" "[true,$sender]" 'delivering: JSON says who'
    like "$(status | head -n 1)" "; process $sender delivers now$" 'delivering: so does the table'
else
    skip 'delivering: who' 'no /proc/locks'
fi

# Rejected samples move back meanwhile

is_status 0 '--retry-rejected: exit status' "$tool" --retry-rejected -s spool
is "$(cat "$tmp/err")" 'flowupload: spool: 2 rejected samples were moved back, to be sent' '--retry-rejected: message'
is "$(find spool/rejected -type f)" '' '--retry-rejected: nothing is left there'
waiting=$(spooled)
like "$waiting" 'day1.sf .*day2.sf .*day3.sf' '--retry-rejected: all wait'
ok '--retry-rejected: the process goes on' kill -0 $sender
kill -TERM $sender
wait $sender
answers
retry() {
    send --retry-rejected -q "$@" </dev/null
}
is_status 0 '--retry-rejected with a URL, where nothing was rejected: exit status' retry
is "$(cat "$tmp/err")" 'flowupload: spool: 0 rejected samples were moved back, to be sent' \
    '--retry-rejected with a URL, where nothing was rejected: message'
is "$(accepted .fileName | tr ' ' '\n' | sort | tr '\n' ' ')" 'begun.sf day1.sf day2.sf day3.sf ' \
    '--retry-rejected: all are sent'
is_empty '--retry-rejected'
answers 400
send -q day1.sf >out 2>err
answers
is_status 0 '--retry-rejected with a URL: exit status' retry day2.sf
is "$(accepted .fileName)" 'day1.sf day2.sf' '--retry-rejected with a URL: it is sent, as is what comes'
is_empty '--retry-rejected with a URL'

# A log with its companion, a part, and a name that is taken

rm -rf spool
mkdir -p spool/rejected
echo log >spool/rejected/1700000000000001.1.0.zeek.conn.log
echo dns >spool/rejected/1700000000000001.1.0.dns.conn.log
echo why >spool/rejected/1700000000000001.1.0.zeek.conn.log.answer
cp day1.sf spool/rejected/1700000000000002.1.0.records.one.sf
cp day2.sf spool/rejected/1700000000000003.1.0.records.two.sf
cp day3.sf spool/1700000000000003.1.0.records.two.sf
is_status 0 'a log and others: exit status' "$tool" --retry-rejected -s spool
is "$(cat "$tmp/err")" 'flowupload: spool: 2 rejected samples were moved back, to be sent
flowupload: spool: 1 not, since a file of the same name waits' 'a log and others: messages'
is "$(spooled)" 'dns.conn.log records.one.sf records.two.sf zeek.conn.log' 'a log and others: what waits'
is "$(spooled spool/rejected)" records.two.sf 'a log and others: what is left'
ok 'a log and others: what waited is as it was' cmp day3.sf spool/*.two.sf

# Many rejected samples

rm -rf spool
mkdir -p spool/rejected
seq 10000 | (cd spool/rejected && awk '{
    name = sprintf("17%014d.1.0.records.%d.sf", $1, $1)
    printf "{}\n" >name
    printf "HTTP %d\n{\"error\":\"sample %d\"}", $1 % 4 ? 400 : 422, $1 >(name ".answer")
    close(name)
    close(name ".answer")
}')
status >table
like "$(sed -n 4p table)" '^rejected +10000 samples' 'many: all are counted'
is "$(grep -c ' HTTP ' table)" 12 'many: the newest have a line, and each reason'
like "$(grep -m 1 HTTP table)" ' 10000.sf: HTTP 422 \("sample 10000"\)$' 'many: the newest first'
like "$(tail -n 2 table | head -n 1)" '^ +7500 samples  HTTP 400$' 'many: the rest by reason'
like "$(tail -n 1 table)" '^ +2500 samples  HTTP 422$' 'many: each reason'
is "$(status_of '[(.rejected.list | length), .rejected.list[9999].fileName]')" '[10000,"10000.sf"]' 'many: JSON has all'
is_status 0 'many move back' "$tool" --retry-rejected -s spool
is "$(find spool -maxdepth 1 -name '*.sf' | wc -l)" 10000 'many: all wait'
is "$(find spool/rejected -type f | wc -l)" 0 'many: nothing is left there'
rm -rf spool

# --max-bytes holds while a request hangs, however fast samples come, and keeps the sample being sent

answers hang
for n in 1 2 3 4 5 6 7 8 9; do
    record 1700000000 $n >fast$n.sf
done
"$tool" -k key -s spool -u "$url" --max-bytes $((3 * bytes)) fast1.sf - <"$tmp/in" >out 2>err &
sender=$!
exec 3>"$tmp/in"
ok 'a bound: a request is on its way' wait_for 'a request' test -s requests.jsonl
for n in 2 3 4 5 6 7 8 9; do
    record 170000000$n $n >&3
done
exec 3>&-
within_bound() {
    [ "$(spooled)" = 'records.fast1.sf records.secflow_1700000008.sf records.secflow_1700000009.sf' ] && grep -q deleted err
}
ok 'a bound: samples go while the request is on its way, but for what is sent, and the newest' \
    wait_for 'samples to go' within_bound || tap_note waits "$(spooled)"
is "$(words)" hang 'a bound: the request is still the first'
kill -TERM $sender
wait $sender
is $? 69 'a bound: exit status'
rm -rf spool

# The limit is also checked early if much was added

answers hang
send --max-bytes $((3 * bytes)) --linger 0 fast?.sf >out 2>err
ok 'a bound: it is looked at as samples come' test "$(grep -c deleted err)" -ge 3
is "$(spooled | wc -w)" 3 'a bound: it holds'
rm -rf spool

# A directory that others can write to is refused

mkdir spool
chmod 777 spool
is_status 77 'a spool for everyone: exit status' send one.sf
is "$(cat "$tmp/err")" 'flowupload: spool: cannot be the spool: others can write to it; run: chmod go-w' \
    'a spool for everyone: message'
rm -rf spool

# What root leaves in another user's spool belongs to that user

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && [ -n "$(getent passwd daemon)" ]; then
    chmod 755 "$tmp"
    mkdir -m 700 spool
    chown daemon: spool
    answers 400 '503 60' '503 60'
    send -q --linger 0 day1.sf >out 2>err
    send --linger 0 day2.sf >out 2>err
    is "$(spooled; spooled spool/rejected)" 'records.day2.sfrecords.day1.sf records.day1.sf.answer' \
        'a spool of another: root has filled it'
    is "$(find spool ! -user daemon)" '' 'a spool of another: all of it is that user'"'"'s'
    as_daemon() {
        setpriv --reuid=daemon --regid=daemon --clear-groups "$tool" "$@"
    }
    answers
    is_status 0 'a spool of another: its user moves back what was rejected' as_daemon --retry-rejected -s spool
    NETWORKSAGE_API_KEY=secret as_daemon -s spool -u "$url" </dev/null >out 2>err
    is "$(accepted .fileName)" 'day1.sf day2.sf' 'a spool of another: its user sends it'
    rm -rf spool
else
    skip 'a spool of another' 'not root, or no setpriv'
fi

# No permission

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && [ -n "$(getent passwd nobody)" ]; then
    mkdir -m 700 spool
    chmod 755 "$tmp"
    as_nobody() {
        setpriv --reuid=nobody --clear-groups "$tool" "$@"
    }
    is_status 77 'no right: exit status' as_nobody --status -s spool
    is "$(cat "$tmp/err")" 'flowupload: spool: no permission to read it; run: sudo flowupload --status -s spool' \
        'no right: message, root being the owner'
    chown daemon spool
    is_status 77 'no right: exit status, another owner' as_nobody --status -j -s spool
    is "$(cat "$tmp/err")" 'flowupload: spool: no permission to read it; run: sudo -u daemon flowupload --status -j -s spool' \
        'no right: message, with the owner'
    chmod 755 spool
    is_status 0 'who may only read it looks at it' as_nobody --status -s spool
    rm -rf spool
else
    skip 'no right' 'not root, or no setpriv'
fi

# A sample that could not be synced: a retry would seem to succeed, though the data are lost

unsynced() {
    truncate -s 100000 counts
    LD_PRELOAD=$bindir/tests/faults.so FAULT_COUNTS=counts FAULT_CALL=fsync FAULT_AT=1 FAULT_ERRNO=28 send -q "$@"
}

if [ "$SANITIZERS" = no ]; then
    bindir=${tool%/*}
    mkdir spool
    answers
    is_status 74 'a disk that is full once it is synced: exit status' unsynced day1.sf
    is "$(cat "$tmp/err")" 'flowupload: spool: cannot write samples: No space left on device' \
        'a disk that is full once it is synced: message'
    is "$(accepted .fileName)" '' 'a disk that is full once it is synced: nothing is sent'
    rm -rf spool
else
    skip 'a disk that is full once it is synced' 'a sanitizer has an allocator of its own'
fi

stop_collector
done_testing
