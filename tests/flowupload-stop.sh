#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload and flowlabel: a signal to all of a pipeline loses nothing of what its beginning writes
# at its end.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

label=$(dirname "$tool")/flowlabel
url=http://127.0.0.1:9/ # where nobody listens
mkfifo in
n=0
while [ $n -lt 200 ]; do
    record 1700000000 $n
    n=$((n + 1))
done >long.sf

# begin COMMAND...: with the pipe in as its input, which this shell writes to; sets $process
begin() {
    rm -rf spool
    "$@" <in >out 2>err &
    process=$!
    exec 3>in
    head -n 1 long.sf >&3
}

# begun: it has read the first record, so its signal handlers are installed
begun() {
    case $1 in
    label) test -s out ;;
    upload) test -n "$(find spool -name '.[0-9]*')" ;;
    esac
}

# The rest: from a second later on, for two seconds. It is part of what is tested that it is late.
write_late() {
    sleep 1
    n=2
    while [ $n -le 200 ]; do
        sed -n "$n,$((n + 9))p" long.sf >&3
        n=$((n + 10))
        sleep 0.1
    done
}

for signals in TERM 'TERM TERM' 'HUP TERM'; do
    begin "$tool" -k key -s spool -u "$url" -i 60
    ok "$signals: flowupload has begun" wait_for 'a sample' begun upload
    for signal in $signals; do
        kill -s "$signal" $process
        sleep 0.01
    done
    write_late
    exec 3>&-
    wait $process
    is $? 75 "$signals: exit status"
    is "$(cat spool/[0-9]*)" "$(cat long.sf)" "$signals: all that came late is in the spool"
    is "$(grep -c 'not read' err)" 0 "$signals: nothing is said to be unread"
done

# Both ends of a pipe get it at once, as from systemd or Ctrl-C, and again: each round the spool has
# all that the beginning wrote.

cat >begin.sh <<'E2'
trap 'ended=1' TERM
head -n 1 long.sf
while [ -z "$ended" ]; do
    sleep 0.02
done
sleep 0.1
exec sed -n '2,$p' long.sf
E2
round=0
lost=
while [ $round -lt 12 ]; do
    rm -rf spool
    "$tool" -q -k key -s spool -u "$url" -i 60 <in >out 2>err &
    process=$!
    sh begin.sh >in &
    beginning=$!
    wait_for 'a sample' begun upload
    kill $beginning $process
    [ $((round % 2)) = 0 ] || { sleep 0.01 && kill $process; }
    wait $beginning
    wait $process
    [ "$(cat spool/[0-9]*)" = "$(cat long.sf)" ] || lost="$lost $round"
    round=$((round + 1))
done
is "$lost" '' 'both ends are told to stop, again and again: rounds in which something is lost'

# Where nothing can be sent, all of the input is read into the spool, and the status tells of it

start_collector
for status in 401 403; do
    answers $status
    begin "$tool" -k key -s spool -u "$url" -i 1
    wait_for 'a sample' begun upload
    denied() {
        grep -q "HTTP $status .*no permission to upload" err
    }
    ok "$status: it is said" wait_for 'a message' denied
    sed -n '2,$p' long.sf >&3
    exec 3>&-
    wait $process
    is $? 77 "$status: exit status, at the end of the input"
    is "$(cat spool/[0-9]*)" "$(cat long.sf)" "$status: all of it is in the spool"
done

# What was sent when the signal comes gets its answer, so that it is not sent again

for take in '' --take; do
    rm -rf spool folder
    mkdir folder
    cp long.sf folder/long.sf
    answers 'late 1'
    case $take in
    '') "$tool" -k key -s spool -u "$url" long.sf >out 2>err & ;;
    *) "$tool" -k key -s spool -u "$url" --take folder >out 2>err & ;;
    esac
    process=$!
    ok "an answer that is late${take:+, $take}: the request is there" wait_for 'a request' test -f whole
    kill $process
    wait $process
    is $? 0 "an answer that is late${take:+, $take}: exit status"
    is "$(accepted .secflows) $(spooled)" '200 ' "an answer that is late${take:+, $take}: the sample is not left in the spool"
    is "$(jq -r .secflows out)" 200 "an answer that is late${take:+, $take}: the sample is told of"
done

# The same if nobody reads the lines about accepted samples

answers
mkfifo unread
begin sh -c 'exec 4<>unread 5>unread 4>&-; exec "$@" >&5 5>&-' sh "$tool" -k key -s spool -u "$url" -i 1
came() {
    [ -f accepted.jsonl ] && [ "$(grep -c . accepted.jsonl)" -ge "$1" ]
}
ok 'no reader: a sample is accepted' wait_for 'a sample' came 1
sed -n '2,$p' long.sf >&3
exec 3>&-
wait $process
is "$(cat spool/[0-9]*)" "$(sed -n '2,$p' long.sf)" 'no reader: all else is in the spool'
like "$(cat err)" 'cannot write to standard output' 'no reader: it is said'
stop_collector
url=http://127.0.0.1:9/

begin "$tool" -k key -s spool -u "$url" -i 60
ok 'three signals: flowupload has begun' wait_for 'a sample' begun upload
has_got_it() {
    has_ended $process || grep -q '^ShdPnd:.0*$' /proc/$process/status
}
for signal in 1 2 3; do
    kill $process
    wait_for 'a signal to arrive, so that they are three' has_got_it
done
wait $process
is $? 143 'three signals: it ends at once'
exec 3>&-

begin "$tool" -k key -s spool -u "$url" -i 60
ok 'silence: flowupload has begun' wait_for 'a sample' begun upload
kill $process
wait $process
is $? 75 'silence after a signal: exit status'
like "$(cat err)" '^flowupload: standard input: it was not read to its end' 'silence after a signal: message'
exec 3>&-

begin "$label"
ok 'flowlabel has begun' wait_for 'a line' begun label
kill $process
sleep 0.01
kill $process
write_late
exec 3>&-
wait $process
is $? 0 'flowlabel: exit status'
is "$(jq -c .srcBytes out)" "$(jq -c .srcBytes long.sf)" 'flowlabel: all that came late'
begin "$label"
ok 'silence: flowlabel has begun' wait_for 'a line' begun label
kill $process
wait $process
is $? 75 'flowlabel, silence after a signal: exit status'
is "$(cat err)" 'flowlabel: standard input: it was not read to its end' 'flowlabel, silence after a signal: message'
exec 3>&-

# Signals ignored from the start stay ignored: nohup, and background jobs of scripts

for ignored in HUP INT TERM; do
    begin sh -c "trap '' $ignored; exec \"\$@\"" sh "$tool" -k key -s spool -u "$url" -i 60 --linger 0
    ok "SIG$ignored ignored: flowupload has begun" wait_for 'a sample' begun upload
    kill -s $ignored $process
    sleep 6 # longer than it would wait for more
    sed -n '2,$p' long.sf >&3
    exec 3>&-
    wait $process
    is $? 75 "SIG$ignored ignored: exit status"
    is "$(cat spool/[0-9]*)" "$(cat long.sf)" "SIG$ignored ignored: all of it is in the spool"
done

done_testing
