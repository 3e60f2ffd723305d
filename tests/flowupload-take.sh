#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload --take: files of a directory become samples, and none of them is lost.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

label=$(dirname "$tool")/flowlabel

# take ARGUMENTS...: takes files from the directory "in", in the background; sets $taker
take() {
    "$tool" -k key -s spool -u "$url" --take in "$@" >out 2>err &
    taker=$!
}

# is_tool: it is no longer the shell, which would swallow a signal
is_tool() {
    [ "$(readlink "/proc/$taker/exe")" = "$(realpath "$tool")" ]
}

# end_take: a signal ends it; its status is that of this function
end_take() {
    wait_for 'the tool' is_tool
    kill "$taker"
    wait "$taker"
}

# put NAME COMMAND...: the command's output becomes the file NAME in "in", atomically
put() {
    file=$1
    shift
    "$@" >"in/.$file"
    mv "in/.$file" "in/$file"
}

gone() {
    for gone in "$@"; do
        [ ! -e "in/$gone" ] || return 1
    done
}

# came N: that many samples were accepted, and flowupload knows
came() {
    [ -f accepted.jsonl ] && [ "$(grep -c . accepted.jsonl)" -ge "$1" ] && [ "$(grep -c . out)" -ge "$1" ]
}

waits_none() {
    [ "$(spooled)" = '' ]
}

said() {
    grep -q "$1" err
}

zipped() {
    { record 1700000000 2 && record 1700000300 3; } | "$@"
}

start_collector

# What is taken, and what is left alone

mkdir in
put b.sf record 1700000000 1
put a.sf.gz zipped gzip
put c.sf.zst zipped zstd -q
put empty.sf printf ''
put blank.sf printf '\n \n'
record 1700000000 9 >in/.hidden.sf
record 1700000000 9 >in/other.txt
record 1700000000 9 >elsewhere
ln -s ../elsewhere in/link.sf
mkfifo in/pipe.sf
mkdir in/folder.sf
answers
take
ok 'files are taken' wait_for 'files to go' gone a.sf.gz b.sf c.sf.zst empty.sf blank.sf
ok 'and sent' wait_for 'samples' came 5
put d.sf record 1700000000 4
ok 'as are files that come later' wait_for 'a sample' came 6
end_take
is $? 0 'taken: exit status'
is "$(accepted .fileName)" 'a.sf.gz a.sf.gz b.sf c.sf.zst c.sf.zst d.sf' 'taken: the least name first, as they are called'
is "$(accepted .secflows)" '1 1 1 1 1 1' 'taken: samples by their dates'
is "$(cd in && find . -mindepth 1 | LC_ALL=C sort | tr '\n' ' ')" './.hidden.sf ./folder.sf ./link.sf ./other.txt ./pipe.sf ' \
    'taken: what is not a file of Secflows, or is still written, is left'
is "$(cat err)" '' 'taken: no message'
is "$(grep -c . out)" 6 'taken: a line for each sample'
is_empty 'taken'

# A file with more samples than are held, and what -b and -N do

rm -rf in
mkdir in
several() {
    n=0
    while [ $n -lt 7 ]; do
        record 1700000000 $n
        n=$((n + 1))
    done
}
put a.sf several
answers
take -b 3 -N name.sf
ok '-b: samples' wait_for 'samples' came 3
end_take
is "$(accepted .secflows)" '3 3 1' '-b: so many records each'
is "$(accepted .fileName)" 'name.sf name.sf name.sf' '-N: their name'
many_dates() {
    record 1700000000 7 | awk '{ for (i = 0; i < 300; i++) { line = $0; sub(/1700000000/, 1700000000 + i, line); print line } }'
}
put a.sf many_dates
answers
(ulimit -n 64 && exec "$tool" -k key -s spool -u "$url" --take in >out 2>err) &
taker=$!
ok 'few files: samples' wait_for 'samples' came 300
end_take
is $? 0 'few files: exit status'
is "$(accepted .secflows | tr ' ' '\n' | sort -u)" 1 'few files: all of them'
is "$(cat err)" '' 'few files: no message'

# The directory comes and goes

rm -rf in
answers
take
ok 'no folder: it is said' wait_for 'a message' said 'No such file'
mkdir in
put a.sf record 1700000000 1
ok 'a folder that comes: a sample' wait_for 'a sample' came 1
is "$(sed -n 2p err)" 'flowupload: in: files can be taken from it now' 'a folder that comes: it is said, after one message'
rm -rf in
ok 'a folder that goes: it is said' wait_for 'a message' sh -c '[ "$(grep -c "No such file" err)" = 2 ]'
mkdir in
put b.sf record 1700000000 2
ok 'a folder that comes back: a sample' wait_for 'a sample' came 2
end_take
is $? 0 'a folder that comes and goes: exit status'

# Bad input affects only itself

rm -rf in
mkdir in
put a.sf printf 'some\nwords\n'
put b.sf sh -c 'echo words; cat' <elsewhere
zipped gzip >whole.gz
put c.sf.gz head -c $(($(wc -c <whole.gz) - 9)) whole.gz
put d.sf record 1700000000 8
echo before >in/a.sf.bad
answers
take
ok 'bad files: samples' wait_for 'samples' came 4
ok 'bad files: they go' wait_for 'files to go' gone a.sf b.sf c.sf.gz d.sf
end_take
is $? 0 'bad files: exit status'
is "$(accepted .fileName | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'b.sf c.sf.gz d.sf ' 'bad files: what can be read is taken'
is "$(cd in && echo *)" 'a.sf-2.bad a.sf.bad c.sf.gz.bad' 'bad files: what cannot be read is kept'
is "$(cat in/a.sf.bad in/a.sf-2.bad)" 'before
some
words' 'bad files: and nothing is written over'
is "$(cat err)" 'flowupload: in/a.sf: line 1: not a Secflow: it does not begin with {
flowupload: in/a.sf: line 2: not a Secflow: it does not begin with {
flowupload: in/a.sf: nothing in it is a Secflow; it is kept as a.sf-2.bad
flowupload: in/b.sf: line 1: not a Secflow: it does not begin with {
flowupload: in/c.sf.gz: after line 2: the gzip data are damaged near byte '"$(wc -c <in/c.sf.gz.bad)"': the file ends in the middle of it
flowupload: in/c.sf.gz: what could be read of it was taken; it is kept as c.sf.gz.bad' 'bad files: messages'

# What cannot be opened or removed, as another user than root

if [ "$(id -u)" != 0 ]; then
    as=
elif setpriv --reuid=65534 --clear-groups test -x "$tool" 2>/dev/null; then
    as='setpriv --reuid=65534 --clear-groups'
    chmod 755 .
else
    as=none
fi
if [ "$as" != none ]; then
    rm -rf in spool
    mkdir in spool
    put a.sf record 1700000000 1
    put b.sf record 1700000000 2
    chmod 0 in/a.sf
    [ -z "$as" ] || chown 65534 in spool
    answers
    $as "$tool" -F ndjson -s spool -u "$lines_url" --take in >out 2>err &
    taker=$!
    ok 'a file without rights: the other one is sent' wait_for 'a sample' came 1
    chmod 644 in/a.sf
    ok 'a file with rights again: it is sent' wait_for 'a sample' came 2
    ok 'and goes' wait_for 'a file to go' gone a.sf
    is "$(cat err)" 'flowupload: in/a.sf: cannot open: Permission denied; will retry' \
        'a file without rights: it is said, once'
    chmod 555 in
    ok 'a folder without rights: it is said' wait_for 'a message' said 'in: no files can be taken'
    end_take
    is $? 0 'without rights: exit status'

    # In a directory such as /tmp, files of others can be taken, but neither removed nor renamed

    rm -rf in spool
    mkdir -m 1777 in spool
    chmod 755 spool
    put a.sf record 1700000000 1
    put b.sf.gz head -c $(($(wc -c <whole.gz) - 9)) whole.gz
    put c.sf printf 'words\n'
    [ -z "$as" ] || chown 65534 spool
    if [ -n "$as" ]; then
        answers
        $as "$tool" -F ndjson -s spool -u "$lines_url" --take in >out 2>err &
        taker=$!
        ok 'a sticky folder: samples' wait_for 'samples' came 3
        ok 'a sticky folder: it is said' wait_for 'messages' sh -c '[ "$(grep -c "cannot be re" err)" = 3 ]'
        chmod 777 in
        ok 'what can be removed then goes' wait_for 'a file to go' gone a.sf
        end_take
        is "$(cd in && echo *)" 'b.sf.gz c.sf' 'what is bad stays'
        is "$(accepted .secflows)" '1 1 1' 'a sticky folder: each file is taken once'
        is "$(grep -c 'cannot be re' err)" 3 'a sticky folder: it is said once for each'
    else
        skip 'a sticky folder' 'not root'
    fi
    rm -rf in spool
else
    skip 'without rights' 'no other user can run the tool'
fi

# A file that another process writes to is not taken before that ends

rm -rf in
mkdir in
put a.sf record 1700000000 1
record 1700000000 1 >one.sf
answers
take --filter 'cat; echo >>runs; until [ -e go ]; do sleep 0.1; done'
ok 'a file that is written to: it is read' wait_for 'the filter' test -s runs
cat one.sf one.sf >>in/a.sf
: >go
ok 'a file that is written to: it is sent' wait_for 'a sample' came 1
end_take
is "$(accepted .secflows)" 3 'a file that is written to: as a whole'
ok 'a file that is written to: it was read again' test "$(grep -c '' runs)" -ge 2
is "$(cat err)" '' 'a file that is written to: no message'

# Filters

answers
put a.sf record 1700000000 1
put b.sf printf '\n'
put c.sf record 1700000000 3
take_lines() {
    "$tool" -F ndjson -s spool -u "$lines_url" --take in "$@" >out 2>err &
    taker=$!
}
take_lines --filter "'$label' -q"
ok 'a filter: files go' wait_for 'files to go' gone a.sf b.sf c.sf
ok 'a filter: samples' wait_for 'samples' came 2
end_take
is $? 0 'a filter: exit status'
is "$(jq -r '.srcBytes, .flowCategory' body | head -n 1)" 3 'a filter: the record'
ok 'a filter: what it adds' jq -e .flowCategory body
is "$(cat err)" '' 'a filter: no message'
is_empty 'a filter'

answers
put a.sf record 1700000000 1
put b.sf record 1700000000 2
put c.sf record 1700000000 3
take_lines --metrics metrics.prom --filter 'echo >>tries; cat >all; cat all; ! grep -q "srcBytes\":2" all'
ok 'a filter that fails on one: the others are sent' wait_for 'samples' came 2
ok 'a filter that fails on one: the others go' wait_for 'files to go' gone a.sf c.sf
tried_again() {
    [ "$(grep -c '' tries)" -ge 4 ]
}
ok 'a filter that fails on one: it is tried again' wait_for 'a second try' tried_again
end_take
is $? 0 'a filter that fails on one: exit status'
is "$(accepted .secflows)" '1 1' 'a filter that fails on one: nothing of it is sent'
is "$(cat in/b.sf)" "$(record 1700000000 2)" 'a filter that fails on one: it stays'
is "$(cat err)" 'flowupload: in/b.sf: the filter ended with status 1; the file stays, and is tried again' \
    'a filter that fails on one: it is said, once'
like "$(cat metrics.prom)" '^secflow_upload_filter_failures_total [1-9]' 'a filter that fails on one: metrics'
is_empty 'a filter that fails on one'

rm -rf in
mkdir in
for n in 1 2 3 4 5 6 7 8 9; do
    put $n.sf record 1700000000 $n
done
answers
take_lines --filter 'kill -9 $$'
ok 'a filter that fails on all: it is said' wait_for 'a message' said '3.sf'
end_take
is $? 0 'a filter that fails on all: exit status'
is "$(head -n 1 err)" 'flowupload: in/1.sf: the filter was ended by signal 9 (Killed); the file stays, and is tried again' \
    'a filter that fails on all: message'
is "$(cat in/*.sf | wc -l | tr -d ' ')" 9 'a filter that fails on all: all of them stay'
is_empty 'a filter that fails on all'

rm -rf in
mkdir in
put a.sf record 1700000000 1
put b.sf printf 'words\n'
answers
take_lines --filter "exec '$label'"
ok 'a filter of what is not a Secflow: it goes' wait_for 'files to go' gone a.sf b.sf
end_take
is "$(cd in && echo *)" b.sf.bad 'a filter of what is not a Secflow: it is kept'

# The command gets three descriptors, and default signal handling

put a.sf record 1700000000 1
put b.sf record 1700000000 2
answers
cat >filter.sh <<'E2'
for fd in 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19 20; do
    [ ! -e /proc/$$/fd/$fd ] || echo $fd >>fds
done
for signal in PIPE HUP TERM USR1; do
    sh -c 'kill -s $1 $$; echo $1 >>signals' sh $signal
done
cat
E2
take_lines --filter '. ./filter.sh'
ok 'what a filter is run with: samples' wait_for 'samples' came 2
end_take
is "$(cat fds 2>/dev/null)" '' 'a filter has standard descriptors only'
is "$(cat signals 2>/dev/null)" '' 'a filter does not ignore signals'

# While a file is read, another one gets its name, and is taken as well

rm -rf in
mkdir in
put a.sf record 1700000000 1
record 1700000000 2 >in/.new
answers
take_lines --filter 'mv in/.new in/a.sf 2>none; cat'
ok 'a file that another one replaces: samples' wait_for 'samples' came 2
ok 'a file that another one replaces: both go' wait_for 'the file to go' gone a.sf
end_take
is "$(jq -r .key accepted.jsonl | sort -u | grep -c .)" 2 'a file that another one replaces: neither is lost'
is_empty 'a file that another one replaces'

# While another process takes files from the directory, none is taken

if command -v flock >/dev/null; then
    rm -rf in
    mkdir in
    put a.sf record 1700000000 1
    answers
    exec 9<in
    flock 9
    take 9<&-
    wait_for 'the tool' is_tool
    is "$(ls in)" a.sf 'a folder of which another process takes files: they stay'
    exec 9<&-
    ok 'when that has ended: a sample' wait_for 'a sample' came 1
    ok 'and the file goes' wait_for 'the file to go' gone a.sf
    end_take
    is "$(cat err)" '' 'a folder of which another process takes files: no message'
else
    skip 'a folder of which another process takes files' 'no flock'
fi

# A filter that does not end: other samples are delivered meanwhile, and it is killed

rm -rf in
mkdir in
put a.sf record 1700000000 1
put b.sf record 1700000000 2
answers 503 503
take_lines --filter 'cat >all; cat all; grep -q "srcBytes\":1" all || { echo $$ >pid; exec sleep 1000; }'
ok 'a filter that does not end: what came before is delivered' wait_for 'a sample' came 1
wait_for 'the second run' test -s pid
end_take
is $? 0 'a filter that does not end: exit status'
is "$(cat in/b.sf)" "$(record 1700000000 2)" 'a filter that does not end: the file stays'
ok 'a filter that does not end: it is ended' test ! -e "/proc/$(cat pid)"
like "$(cat err)" 'HTTP 503; will retry' 'a filter that does not end: messages'
is "$(grep -c filter err)" 0 'a filter that does not end: it is not taken for a failure'
is_empty 'a filter that does not end'

# One that hangs, for minutes and for an hour of a clock that is set

if [ "${SANITIZERS:-no}" = no ]; then
    rm -rf in
    mkdir in
    put a.sf record 1700000000 1
    answers
    echo 0 >ahead
    LD_PRELOAD=$(dirname "$tool")/tests/clock.so CLOCK_AHEAD=$tmp/ahead \
        "$tool" -F ndjson -s spool -u "$lines_url" --take in --filter 'echo >started; exec sleep 1000' >out 2>err &
    taker=$!
    ok 'a filter that hangs: it is started' wait_for 'the filter' test -f started
    is "$(cat err)" '' 'a filter that hangs: at first nothing is said'
    # passes SECONDS MESSAGE: they pass, and it is said
    passes() {
        echo "$1" >.ahead && mv .ahead ahead
        kill -USR1 $taker # so that it looks at the clock
        wait_for "$2" said "$2"
    }
    ok 'a filter that hangs: after a minute it is said' passes 60 'has not ended'
    ok 'a filter that hangs: after an hour it is killed' passes 3600 'was killed'
    end_take
    is $? 0 'a filter that hangs: exit status'
    is "$(grep -v 'samples* wait' err)" 'flowupload: in/a.sf: the filter has not ended for a minute; it is killed after an hour
flowupload: in/a.sf: the filter had not ended after an hour, and was killed; the file stays, and is tried again' \
        'a filter that hangs: messages'
    is "$(ls in)" a.sf 'a filter that hangs: the file stays'
    is_empty 'a filter that hangs'
else
    skip 'a filter that hangs' 'sanitizers want to be loaded first'
fi

# All of the group gets a signal, as systemd sends it: nothing is lost, and nothing comes twice

rm -rf in spool
mkdir in
answers
round=0
while [ $round -lt 20 ]; do
    put $round.sf record 1700000000 $round
    take_lines --filter 'sleep 0.05; cat; sleep 0.05'
    sleep "0.$((round % 5))$((round * 7 % 10))"
    pkill -P $taker 2>/dev/null # the filter, in a group of its own
    end_take
    case $? in
    0 | 143) ;; # 143: it had hardly begun
    *) tap_fail "round $round: exit status" ;;
    esac
    round=$((round + 1))
done
take_lines
ok 'stopped again and again: all files go' wait_for 'files to go' sh -c '[ "$(ls in)" = "" ]'
ok 'stopped again and again: all samples come' wait_for 'samples' waits_none
end_take
is "$(jq -r '"\(.key) \(.secflows)"' accepted.jsonl | sort -u | awk '{ print $2 }' | uniq -c | tr -s ' ')" ' 20 1' \
    'stopped again and again: all of each file, and nothing else'
is_empty 'stopped again and again'

# If nothing can be sent, all files are taken, and the status says so

rm -rf in
mkdir in
put a.sf record 1700000000 1
answers 403 403 403
take
ok 'no right: it is said' wait_for 'a message' said 'no permission'
put b.sf record 1700000000 2
ok 'no right: files are taken' wait_for 'files to go' gone a.sf b.sf
end_take
is $? 77 'no right: exit status'
is "$(spooled)" 'records.a.sf records.b.sf' 'no right: they wait'
rm script
take
ok 'a right again: they are sent' wait_for 'samples' came 2
end_take
is $? 0 'a right again: exit status'
stop_collector
put c.sf record 1700000000 3
take
ok 'no collector: files are taken' wait_for 'a file to go' gone c.sf
end_take
is $? 0 'no collector: what is left is not a failure'
is "$(spooled)" 'records.c.sf' 'no collector: it waits'
start_collector "$port"
answers 400
take
ok 'a rejection: it is said' wait_for 'a message' said 'rejected'
end_take
is $? 0 'a rejection is not a failure of a service'

# Killed again and again: each sample comes, none is half of one

round=0
rm -rf in spool accepted.jsonl
mkdir in
while [ $round -lt 30 ]; do
    n=0
    while [ $n -lt 4 ]; do
        two() {
            record 1700000000 $((100 * round + n))
            record 1700000000 $((100 * round + n + 50))
        }
        put $round.$n.sf two
        n=$((n + 1))
    done
    "$tool" -F ndjson -s spool -u "$lines_url" --take in >out 2>err &
    taker=$!
    sleep "0.0$((round * 37 % 100))"
    kill -9 $taker
    wait $taker 2>/dev/null
    round=$((round + 1))
done
take_lines
ok 'killed: all files go' wait_for 'files to go' sh -c '[ "$(ls in)" = "" ]'
ok 'killed: all samples come' wait_for 'samples' waits_none
end_take
is "$(jq -r .key accepted.jsonl | sort -u | grep -c .)" 120 'killed: nothing else comes'
is "$(accepted .secflows | tr ' ' '\n' | sort -u)" 2 'killed: no sample is half of one'
is_empty 'killed'

# A full disk: files stay until there is space

cat >full.sh <<'E2'
tool=$1 url=$2
mount -t tmpfs -o size=256k,mode=700 none spool || exit 99
head -c 200000 /dev/zero >spool/ballast
"$tool" -k key -s spool -u "$url" --take in &
taker=$!
tries=0
while ! grep -q 'no space is left' err && [ $tries -lt 1200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
ls in >left
rm spool/ballast
while [ "$(grep -c . out)" != 2 ] && [ $tries -lt 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill $taker
wait $taker
E2
rm -rf in spool
mkdir in spool
big() {
    record 1700000000 7 | awk '{ for (i = 0; i < 600; i++) print }'
}
put a.sf record 1700000000 1
put b.sf big
answers
for enter in 'unshare -m' 'unshare -rm'; do
    $enter sh -c 'mount -t tmpfs none spool' 2>/dev/null && break
    enter=
done
if [ -n "$enter" ]; then
    is_status 0 'a full disk: exit status' $enter sh full.sh "$tool" "$url"
    is "$(cat left)" b.sf 'a full disk: what there is no room for stays'
    is "$(accepted .secflows)" '1 600' 'a full disk: all of it is sent in the end'
    is "$(cat err)" 'flowupload: spool: no space is left there; files stay where they are until there is
flowupload: spool: files are taken again' 'a full disk: it is said, once, and that it is over'
    # A file larger than the whole spool does not hold up the others

    cat >more.sh <<'E2'
mount -t tmpfs -o size=64k,mode=700 none spool || exit 99
"$1" -k key -s spool -u "$2" --take in &
taker=$!
tries=0
while [ "$(grep -c . out)" != 1 ] && [ $tries -lt 1200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill $taker
wait $taker
E2
    rm -rf in spool
    mkdir in spool
    put a.sf big
    put b.sf record 1700000000 1
    answers
    is_status 0 'more than the spool: exit status' $enter sh more.sh "$tool" "$url"
    is "$(ls in), $(accepted .secflows)" 'a.sf, 1' 'more than the spool: the file stays, another one goes'
    is "$(cat err)" 'flowupload: spool: no space is left there; files stay where they are until there is
flowupload: spool: files are taken again' 'more than the spool: it is said once'
else
    skip 'a full disk' 'no file system can be mounted here'
fi

stop_collector
done_testing
