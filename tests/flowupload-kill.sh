#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload, killed again and again: what is complete arrives. Two at a time, and a full disk.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

start_collector

# complete_hashes: the hashes of the complete samples in the spool
complete_hashes() {
    for file in spool/[0-9]*; do
        [ ! -f "$file" ] || "$tool" -n "$file" | jq -r .hash
    done
}

# Each round has samples of its own, and is killed once: a sample can be in flight then, and known
# already. Every other round it is killed when all samples wait, behind a request that hangs; in the
# others at some time, while requests are answered, some of them slowly.

all_wait() {
    [ "$(find spool -name '[0-9]*' | grep -c .)" = 8 ]
}
round=0
: >hashes
while [ $round -lt 24 ]; do
    n=0
    while [ $n -lt 8 ]; do
        record $((1700000000 + 300 * n)) $((100 * round + n))
        record $((1700000000 + 300 * n)) $((100 * round + n + 50))
        n=$((n + 1))
    done >round.sf
    if [ $((round % 2)) = 0 ]; then
        echo hang >script
    else
        printf 'ok\nslow\nok\nok\nslow\n' >script
    fi
    "$tool" -q -k key -s spool -u "$url" round.sf >out 2>err &
    sender=$!
    if [ $((round % 2)) = 0 ]; then
        wait_for 'all samples of a round' all_wait
    else
        sleep "0.0$((round * 37 % 100))"
    fi
    kill -9 $sender
    wait $sender 2>/dev/null
    complete_hashes >>hashes
    rm -f script
    send </dev/null >out 2>err || tap_fail 'what is left is sent'
    round=$((round + 1))
done
is_empty 'killed'
sort -u hashes >wanted
jq -r .hash accepted.jsonl | sort >arrived
ok 'killed: complete samples were seen' test "$(grep -c . wanted)" -ge 96
is "$(sort -u arrived | comm -23 wanted -)" '' 'killed: every sample that was complete has arrived'
is "$(uniq -c arrived | awk '$1 > 2')" '' 'killed: none more than twice'
is "$(jq -s 'map(select(.bad)) | length' requests.jsonl)" 0 'killed: none was damaged'

# One works, another only adds

mkfifo in
answers hang
"$tool" -k key -s spool -u "$url" --timeout 2 <in >out.first 2>err.first &
first=$!
exec 3>in
record 1700000000 1 >&3
record 1700000000 2 >two.sf
wait_for 'a request' test -f requests.jsonl
# The first one goes on until its input ends: who waits for it waits for ever.
is_status 0 'another one: it does not wait' timeout 60 "$tool" -k key -s spool -u "$url" two.sf
is "$(cat out err)" 'flowupload: spool: another flowupload sends from this spool; 1 sample was added' \
    'another one: it sends nothing, and says so'
both() { # perhaps one of them twice, if an answer takes two seconds
    [ "$(accepted .fileName | tr ' ' '\n' | uniq | tr '\n' ' ')" = 'secflow_1700000000.sf two.sf ' ]
}
ok 'the first one sends both' wait_for 'two samples' both
exec 3>&-
wait $first
is $? 0 'the first one: exit status'
is "$(grep -c . out.first)" 2 'the first one: its lines'
is_empty 'two at a time'

# Limits delete the oldest, rejected samples first

stop_collector
for n in 1 2 3; do
    record 1700000000 $n >day$n.sf
    send --linger 0 day$n.sf >out 2>err
done
mkdir spool/rejected
for file in spool/*; do
    [ ! -f "$file" ] || cp "$file" spool/rejected
done
bytes=$(cat spool/[0-9]* | wc -c)
start_collector "$port"
answers
limited() {
    send --max-bytes $((bytes - 1)) </dev/null
}
is_status 69 '--max-bytes: exit status' limited
is "$(accepted .fileName)" 'day2.sf day3.sf' '--max-bytes: what fits is sent'
is "$(spooled spool/rejected)" '' '--max-bytes: what was rejected goes first'
is "$(cat err)" 'flowupload: spool: 4 samples were deleted, of which 1 waited to be sent: more than --max-bytes' \
    '--max-bytes: message'
rm -rf spool
stop_collector
for n in 1 2 3; do
    send --linger 0 day$n.sf >out 2>err
done
for made in 1735689600000000.day1.sf 0000000001000000.day3.sf; do # the latter by a clock not set
    old=$(echo spool/*".${made#*.}")
    mv "$old" "spool/${made%%.*}.${old#*.}"
done
start_collector "$port"
answers
aged() {
    send --max-age 1h </dev/null
}
is_status 69 '--max-age: exit status' aged
is "$(accepted .fileName)" 'day3.sf day2.sf' '--max-age: what is younger, or of no known age, is sent'
is "$(cat err)" 'flowupload: spool: 1 sample was deleted, of which 1 waited to be sent: older than --max-age' \
    '--max-age: message'
answers 401
send --max-bytes 1 day1.sf >out 2>err
is "$(spooled)" '' '--max-bytes holds where nothing can be sent'
rm -rf spool

# mixed RECORDS DATES: records of that many samples, in turn
mixed() {
    record 1700000000 7 |
        awk -v n="$1" -v dates="$2" '{
            for (i = 0; i < n; i++) {
                line = $0
                sub(/1700000000/, 1700000000 + i % dates, line)
                print line
            }
        }'
}

# A full disk: a file system of 256 KiB, in a namespace of its own

cat >full.sh <<'E2'
tool=$1 url=$2
mount -t tmpfs -o size=256k,mode=700 none spool || exit 99
head -c 200000 /dev/zero >spool/ballast
"$tool" -k key -s spool -u "$url" -i 1 big.sf &
sender=$!
tries=0
while ! grep -q 'no space is left' err && [ $tries -lt 1200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
writes() {
    awk '/^syscw/ { print $2 }' /proc/$sender/io
}
before=$(writes)
while [ "$(writes)" -lt $((before + 2)) ] && [ $tries -lt 600 ]; do # it has tried again
    sleep 0.1
    tries=$((tries + 1))
done
rm spool/ballast
wait $sender
E2
n=0
while [ $n -lt 900 ]; do
    record 1700000000 $n
    n=$((n + 1))
done >big.sf
mkdir spool
answers
for enter in 'unshare -m' 'unshare -rm'; do
    $enter sh -c 'mount -t tmpfs none spool' 2>/dev/null && break
    enter=
done
if [ -n "$enter" ]; then
    is_status 0 'a full disk: exit status' $enter sh full.sh "$tool" "$url"
    is "$(cat err)" 'flowupload: spool: no space is left there; no input is read until there is
flowupload: spool: there is space again' 'a full disk: it is said, once, and that it is over'
    is "$(accepted .secflows)" 900 'a full disk: nothing is lost'
    is "$(jq -c '[.flashes[].srcBytes] == [range(900)]' body)" true 'a full disk: all records, in order'

    # An incomplete sample fills the disk by itself: a part of it is sent first

    cat >small.sh <<'E2'
tool=$1 url=$2 options=$3
mount -t tmpfs -o "$options,mode=700" none spool || exit 99
exec "$tool" -k key -s spool -u "$url" mixed.sf
E2
    for case in '20000 1 size=1m' '20000 8 size=1m' '200 50 size=16m,nr_inodes=20'; do
        # shellcheck disable=SC2086 # words
        set -- $case
        mixed "$1" "$2" >mixed.sf
        answers
        is_status 0 "a disk of $3, $2 samples: exit status" $enter sh small.sh "$tool" "$url" "$3"
        is "$(jq -s 'map(.secflows) | add' accepted.jsonl)" "$1" "a disk of $3, $2 samples: all records arrive"
    done
else
    skip 'a full disk' 'no file system can be mounted here'
fi

# Few files can be open: samples are complete earlier, and nothing is lost

mixed 300 100 >mixed.sf
few() {
    (ulimit -n "$1" && send -q mixed.sf)
}
few_print() {
    (ulimit -n "$1" && "$tool" -n -F ndjson mixed.sf)
}
for files in 24 96; do
    rm -rf spool
    answers
    is_status 0 "$files files: exit status" few $files
    is "$(cat err)" '' "$files files: no message"
    is "$(jq -s 'map(.secflows) | add' accepted.jsonl)" 300 "$files files: all records arrive"
    is_status 0 "$files files, -n: exit status" few_print $files
    is "$(LC_ALL=C sort out | cksum)" "$(LC_ALL=C sort mixed.sf | cksum)" "$files files, -n: all records"
done

stop_collector
done_testing
