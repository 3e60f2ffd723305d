#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload: the network fails, the server fails, the process is killed, and samples arrive.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

start_collector
record 1700000000 1 >one.sf
for n in 1 2 3; do
    record 1700000000 $n >day$n.sf
done

# Retries. The first waits are at most one and two seconds.

for word in 500 503 408 409 425 '429 1' error garbage odd long reset; do
    answers "$word"
    is_status 0 "$word: exit status" send one.sf
    is "$(words)" "${word% *} ok" "$word: tried again, and accepted"
    like "$(cat err)" "^flowupload: $url: .*; will retry" "$word: message"
    like "$(cat err)" "^flowupload: $url: accepts again" "$word: a message that it is over"
    is "$(grep -c . err)" 2 "$word: no other message"
    is "$(jq -r .hash out)" "$(accepted .hash)" "$word: its line"
    is_empty "$word"
done
is "$(grep -c 'server has' err)" 0 'what the server says is not repeated'
answers
is_status 0 '-q: exit status' send -q one.sf
is "$(accepted .fileName)" one.sf '-q: it is accepted'
is "$(cat out err)" '' '-q: nothing is written of it'
answers plain
is_status 0 'an answer without an id: exit status' send one.sf
is "$(jq -c .sampleId out)" null 'an answer without an id: accepted'

answers '429 3'
is_status 0 'Retry-After: exit status' send one.sf
ok 'Retry-After is obeyed' jq -es '.[1].at - .[0].at >= 3' requests.jsonl
like "$(cat err)" "^flowupload: $url: HTTP 429; will retry in 3 s, as it asks$" 'Retry-After: and not later'
answers '429 7200'
is_status 75 'Retry-After of two hours: exit status' send --linger 5 one.sf
like "$(cat err)" "^flowupload: $url: HTTP 429; will retry in 3600 s, though it asks for more$" 'Retry-After of two hours: message'
rm -rf spool
like "$(send -v one.sf 2>&1)" 'one.sf: accepted, in [0-9.]+ s' '-v: a line for each try'
answers 500
send -v one.sf >out 2>err
like "$(cat err)" 'one.sf: HTTP 500 \("because"\), in [0-9.]+ s; failed 1 time in a row, again in [0-9.]+ s' \
    '-v: and for one that fails'
like "$(cat err)" '1 records read, 1 samples made, 1 accepted' '-v: a summary'

answers hang
is_status 0 'a server that hangs: exit status' send --timeout 1 one.sf
like "$(words)" '^hang ok( ok)*$' 'a server that hangs: tried again' # more than once if it takes a second to answer
answers slow
head -c 16000000 /dev/zero >large
is_status 0 'a slow server: exit status' send --timeout 5 --linger 5 -t pcap large
is "$(words)" slow 'a slow server: not given up while bytes move'
is "$(accepted .bytes)" 16000000 'a slow server: it gets all of them'

answers endless
is_status 0 'an answer that does not end: exit status' send one.sf
like "$(cat err)" 'does not accept the sample; will retry; -F ndjson, for other collectors, takes any 2xx$' 'an answer that does not end is cut off'
rm -rf spool
answers endless
is_status 0 'an answer that does not end, to lines: exit status' send_lines one.sf
is "$(jq -r .fileName out)" one.sf 'an answer that does not end, to lines: its status accepts'
rm -rf spool
answers hang
"$tool" -v -k key -s spool -u "$url" one.sf >out 2>err &
sender=$!
ok 'a try that is given up: it has begun' wait_for 'a request' test -s requests.jsonl
kill $sender
wait $sender
like "$(cat err)" 'one.sf: given up before an answer came, after [0-9.]+ s' '-v: a try that is given up'
rm -rf spool

# Samples that are too large are halved

n=0
while [ $n -lt 9 ]; do
    record 1700000000 $n
    n=$((n + 1))
done >nine.sf
wc -c <one.sf >limit
answers
is_status 0 'records one by one: exit status' send_lines nine.sf
is "$(jq -s 'map(.secflows)' -c out)" '[1,1,1,1,1,1,1,1,1]' 'records one by one: nine samples'
is "$(jq -r .hash out | sort -u | grep -c .)" 9 'records one by one: each has a hash of its own'
is_empty 'records one by one'
echo 1500 >limit
for format in networksage ndjson; do
    answers
    [ $format = ndjson ] && sender=send_lines || sender=send
    is_status 0 "halves, $format: exit status" $sender nine.sf
    is "$(jq -s 'map(.secflows) | add' out)" 9 "halves, $format: all records arrive"
    ok "halves, $format: in few requests" test "$(words | wc -w)" -le 6
    is_empty "halves, $format"
done
{
    record 1700000000 1
    record 1700000000 2 | sed "s/example.com/$(printf '%02000d' 0).example/"
    record 1700000000 3
} >wide.sf
answers
is_status 69 'a record that is too large: exit status' send_lines wide.sf
is "$(jq -s 'map(.secflows) | add' out)" 2 'a record that is too large: the others arrive'
is "$(cat spool/rejected/*.sf)" "$(sed -n 2p wide.sf)" 'a record that is too large: it alone is put aside'
is "$(spooled)" '' 'a record that is too large: nothing waits'
rm -rf spool limit

# A sample that the server fails on does not hold up the others

answers 500 ok ok ok
is_status 0 'one of three fails: exit status' send day1.sf day2.sf day3.sf
is "$(accepted .fileName)" 'day2.sf day3.sf day1.sf' 'one of three fails: the others come before it'

# No retries

for word in 400 413 415 422 early; do
    rm -rf spool
    answers "$word"
    is_status 69 "$word: exit status" send day1.sf day2.sf
    is "$(accepted .fileName)" day2.sf "$word: the next sample is sent"
    is "$(spooled)" '' "$word: nothing waits"
    is "$(spooled spool/rejected)" 'records.day1.sf records.day1.sf.answer' "$word: it is put aside"
    like "$(cat err)" "^flowupload: day1.sf: HTTP [1-5].. \\(\"(because|too large)\"\\): moved to spool/rejected$" "$word: message"
    status=$(sed -n 's/.*HTTP \([0-9]*\).*/\1/p' err)
    is "$(head -n 1 spool/rejected/*.answer)" "HTTP $status" "$word: the answer is beside it"
    ok "$word: it is whole" cmp spool/rejected/*.sf day1.sf
done
like "$(cat spool/rejected/*.answer)" 'too large' 'the answer has what the server said'
rm -rf spool
printf 'X-Key: secret\n' >header
chmod 600 header
answers 'echo 422'
is_status 69 'a secret in the answer: exit status' "$tool" -F ndjson -s spool -H @header \
    -u "$lines_url?token=0123456789&x=y" day1.sf
is "$(cat err)" 'flowupload: day1.sf: HTTP 422 ("no field foo\x1b[31m for *** at /flows?***"): moved to spool/rejected' \
    'a secret in the answer: the message has the first line without it'
is "$(grep -c -e secret -e 0123456789 spool/rejected/*.answer)" 0 'nor has the file'
like "$(tail -n 1 spool/rejected/*.answer)" 'and more: [*]{3}$' 'which has the rest'
answers 'echo 403'
send -v day1.sf >out 2>err
like "$(cat err)" 'HTTP 403 \("no field foo.*for \*\*\* at ' 'a key that the collector repeats: the message'
is "$(grep -c secret err)" 0 'a key that the collector repeats: it is in no message'
rm -rf spool

send_rejected() {
    answers 400
    send day1.sf 2>err
}
send_rejected
mv spool/rejected/*.sf spool
answers
drain() {
    send "$@" </dev/null
}
is_status 0 'moved back: exit status' drain
is "$(accepted .fileName)" day1.sf 'moved back, it is sent'
rm -rf spool

# Answers about the URL, not about a sample

for word in 301 302 307 404 405 410 451 501; do
    answers $word
    is_status 69 "$word: exit status" send day1.sf day2.sf
    is "$(spooled)" 'records.day1.sf records.day2.sf' "$word: all samples wait"
    is "$(words)" $word "$word: it is tried once"
    is "$(cat err)" "flowupload: $url: HTTP $word (\"because\"): nothing is accepted at this URL; what is to be sent is kept
flowupload: spool: 2 samples are left, to be sent the next time" "$word: messages"
    rm -rf spool
done

# No permission

echo wrong >wrong
chmod 600 wrong
answers
is_status 77 'a wrong key: exit status' "$tool" -k wrong -s spool -u "$url" day1.sf day2.sf day3.sf
is "$(spooled)" 'records.day1.sf records.day2.sf records.day3.sf' 'a wrong key: all samples wait'
is "$(words)" 401 'a wrong key: it is tried once'
like "$(cat err)" '^flowupload: http.*: HTTP 401 \("because"\): no permission to upload' 'a wrong key: message'
is "$(grep -c -e wrong -e secret err)" 0 'a wrong key: it is in no message'
without_key() {
    "$tool" -s spool -u "$url" </dev/null
}
is_status 77 'no key: exit status' without_key
like "$(cat err)" 'HTTP 401 .*: no permission to upload, and no key was sent \(-k\); ' 'no key: message'
with_variable() {
    NETWORKSAGE_API_KEY=secret "$tool" -s spool -u "$url" </dev/null
}
is_status 0 'a right key from the environment: exit status' with_variable
is "$(accepted .fileName)" 'day1.sf day2.sf day3.sf' 'a right key: the oldest first'
answers 403
is_status 77 '403: exit status' send one.sf
is "$(spooled)" records.one.sf '403: the sample waits'
rm -rf spool
mkfifo in
for answer in 401 404; do # while input goes on it is kept, too
    answers $answer
    "$tool" -k key -s spool -u "$url" -i 1 <in >out 2>err &
    sender=$!
    exec 3>in
    cat day1.sf >&3
    ok "$answer, and a pipe that stays open: it is said" wait_for 'a message' grep -q "HTTP $answer" err
    record 1700000300 2 >&3
    ok "$answer, and a pipe that stays open: what comes is spooled" wait_for 'a sample' waits secflow_1700000300.sf
    record 1700000600 3 >&3
    exec 3>&-
    wait $sender
    is $? $((answer == 401 ? 77 : 69)) "$answer, and a pipe that stays open: exit status"
    is "$(spooled)" 'records.secflow_1700000000.sf records.secflow_1700000300.sf records.secflow_1700000600.sf' \
        "$answer, and a pipe that stays open: all waits"
    is "$(words)" $answer "$answer, and a pipe that stays open: it is tried once"
    rm -rf spool
done

# The end of the input

stop_collector
before=$(date +%s)
is_status 75 'no collector: exit status' send --linger 5 one.sf
ok 'no collector: it is tried for --linger seconds' test $(($(date +%s) - before)) -ge 5
is "$(spooled)" records.one.sf 'no collector: the sample waits'
is "$(grep -c 'will retry' err)" 1 'no collector: it is said once'
like "$(cat err)" '^flowupload: spool: 1 sample is left, to be sent the next time' 'no collector: and what is left'
start_collector "$port"
answers hang
is_status 75 'a server that hangs at the end: exit status' drain --linger 4 --timeout 5
is "$(words)" hang 'a server that hangs at the end: it is waited for up to --timeout'
answers 'late 5'
is_status 0 'a server that answers late: exit status' drain --linger 4
is "$(accepted .fileName)" one.sf 'a server that answers late: what was sent whole is waited for'

# --linger 0 abandons no request that was sent whole, and loses no line

for output in out /dev/null; do
    answers 'late 2'
    "$tool" -k key -s spool -u "$url" --linger 0 one.sf - <in >$output 2>err &
    sender=$!
    exec 3>in
    ok "--linger 0, $output: a request is in flight" wait_for 'a request' test -f whole
    exec 3>&-
    wait $sender
    is $? 0 "--linger 0, $output: exit status"
    is "$(cat err)" '' "--linger 0, $output: no message"
    is "$(accepted .fileName)" one.sf "--linger 0, $output: accepted"
done
is "$(jq -r .fileName out)" one.sf '--linger 0: the line of what was accepted'

# While the collector is away input is read and spooled

stop_collector
"$tool" -k key -s spool -u "$url" -i 1 <in >out 2>err &
sender=$!
exec 3>in
cat day1.sf day2.sf >both.sf
cat both.sf >&3
ok 'away: the sample is spooled' wait_for 'a sample' waits secflow_1700000000.sf
answers
start_collector "$port"
ok 'back: it is sent' wait_for 'a sample' test -f accepted.jsonl
exec 3>&-
wait $sender
is $? 0 'back: exit status'
is "$(accepted .secflows)" 2 'back: it is whole'
is_empty back

# SIGTERM

for signal in TERM HUP; do # not INT, which a shell has its background ignore
    answers hang
    "$tool" -k key -s spool -u "$url" -i 60 day1.sf - <in >out 2>err &
    sender=$!
    exec 3>in
    cat day2.sf >&3
    ok "SIG$signal: a request is in flight" wait_for 'a request' test -f requests.jsonl
    kill -s $signal $sender
    sleep 0.1
    cat day3.sf >&3 # what the other end writes at its end
    exec 3>&-
    wait $sender
    is $? 75 "SIG$signal: exit status"
    is "$(words)" hang "SIG$signal: the answer is not waited for"
    is "$(spooled)" 'records.day1.sf records.secflow_1700000000.sf' "SIG$signal: all is complete"
    is "$(cat spool/*secflow_*)" "$(cat day2.sf day3.sf)" "SIG$signal: with all records that came"
    is "$(cat out)" '' "SIG$signal: nothing is called accepted"
    rm -rf spool
done

# SIGTERM when nothing comes; unread input is reported

mkfifo nobody
for input in nobody in typed closed; do
    case $input in
    nobody) set -- day1.sf nobody ;; # a pipe that nobody writes to
    in) set -- day1.sf in ;;
    typed) set -- -t pcap -N trace.pcap in ;;
    closed) set -- day1.sf ;;
    esac
    answers hang
    if [ $input = closed ]; then # standard output is a pipe that is full
        mkfifo full
        exec 4<>full
        head -c 65536 /dev/zero >&4
        "$tool" -k key -s spool -u "$url" "$@" >full 2>err 4>&- &
        sender=$!
        answers
        ok 'a full pipe: the sample is accepted' wait_for 'a sample' test -f accepted.jsonl
    else
        "$tool" -k key -s spool -u "$url" "$@" >out 2>err &
        sender=$!
        exec 3<>in
        case $input in
        typed) ok 'SIGTERM, typed: it has begun' wait_for 'a sample' sh -c 'ls spool/.[0-9]*' ;;
        *) ok "SIGTERM, $input: it has begun" wait_for 'a request' test -f requests.jsonl ;;
        esac
    fi
    kill $sender
    ok "SIGTERM, $input: it ends" wait_for 'its end' has_ended $sender
    wait $sender
    status=$?
    case $input in
    closed) is $status 74 'a full pipe: exit status' ;;
    typed)
        is $status 75 'SIGTERM, typed: exit status'
        like "$(cat err)" 'in: it was not read to its end' 'SIGTERM, typed: message'
        is "$(spooled)" '' 'SIGTERM, typed: nothing is half there'
        ;;
    *)
        is $status 75 "SIGTERM, $input: exit status"
        is "$(words)" hang "SIGTERM, $input: the answer is not waited for"
        ;;
    esac
    exec 3>&-
    rm -rf spool
done
exec 4>&-
n=0
while [ $n -lt 12 ]; do
    cat large
    n=$((n + 1))
done >larger
answers
"$tool" -k key -s spool -u "$url" in one.sf larger >out 2>err &
sender=$!
exec 3<>in
ok 'SIGTERM, files behind: it has begun' wait_for 'the spool' test -d spool
kill $sender
wait $sender
is $? 75 'SIGTERM, files behind: exit status'
is "$(cat err)" 'flowupload: in: it was not read to its end
flowupload: one.sf: it was not read to its end
flowupload: larger: it was not read to its end' 'SIGTERM, files behind: messages'
exec 3>&-
rm -rf spool larger

# Closed descriptors

closed() {
    "$tool" -k key -s spool -u "$url" <&-
}
is_status 66 'closed standard input: exit status' closed
answers
all_closed() {
    "$tool" -k key -s spool -u "$url" one.sf <&- >&- 2>&-
}
all_closed
is $? 74 'all closed: exit status'
is "$(accepted .fileName)" one.sf 'all closed: the sample is sent'
rm -rf spool

# The end is reached even while attempts fail

answers '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1' '429 1'
is_status 75 'failing at the end: exit status' send --linger 2 one.sf
ok 'failing at the end: soon' test "$(words | wc -w)" -le 4
rm -rf spool

# An entry that cannot be read is reported and does not hold up the others

mkdir -p spool/1000000000000000.1.0.records.folder
answers
is_status 75 'an entry that is a folder: exit status' send one.sf
is "$(accepted .fileName)" one.sf 'an entry that is a folder: the other is sent'
like "$(cat err)" 'spool: 1000000000000000.1.0.records.folder cannot be read: Is a directory' \
    'an entry that is a folder: message'
rm -rf spool
for name in 1000000000000000.1.0.records.pipe .1000000000000000.1.1.records.pipe; do
    mkdir spool
    mkfifo spool/$name
    answers
    case $name in
    .*) want=0 ;;
    *) want=75 ;;
    esac
    is_status $want "a pipe in the spool, $name: exit status" timeout 60 "$tool" -k key -s spool -u "$url" one.sf
    is "$(accepted .fileName)" one.sf "a pipe in the spool, $name: the other is sent"
    rm -rf spool
done
mkdir spool
{
    record 1700000000 1
    printf '\0\0\0\n'
    record 1700000000 2
} >spool/.1000000000000000.1.0.records.torn.sf
answers
is_status 0 'a file that the machine tore: exit status' drain
is "$(accepted '"\(.fileName) \(.secflows)"')" 'torn.sf 1' 'a file that the machine tore: what was whole'
cp one.sf spool/1000000000000000.1.0.records.one.sf.answer
answers
is_status 0 'an answer moved back: exit status' drain
is "$(accepted .fileName)" '' 'an answer moved back is not sent'
rm -rf spool

# A process that was killed leaves whole lines, which are sent the next time

answers
"$tool" -k key -s spool -u "$url" -i 60 <in >out 2>err &
sender=$!
exec 3>in
n=0
while [ $n -lt 2000 ]; do
    record 1700000000 $n
    n=$((n + 1))
done >long.sf
cat long.sf >&3
ok 'killed: some of it is on disk' wait_for 'a part of a sample' \
    sh -c 'test "$(find spool -name ".[0-9]*" -size +100k)"'
kill -9 $sender
exec 3>&-
wait $sender 2>/dev/null
is "$(spooled)" '' 'killed: no sample is complete'
is_status 0 'killed, the next time: exit status' drain
like "$(cat err)" '^flowupload: spool: 1 sample was completed that a process which ended early had begun' \
    'killed, the next time: message'
jq -c '.flashes[].srcBytes' body >numbers
ok 'killed, the next time: hundreds of records' test "$(grep -c . numbers)" -gt 300
is "$(cat numbers)" "$(head -n "$(grep -c . numbers)" long.sf | jq .srcBytes)" \
    'killed, the next time: the first ones, each whole'
is_empty 'killed, the next time'

stop_collector
done_testing
