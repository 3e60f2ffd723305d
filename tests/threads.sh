#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Threads that read ahead and write behind change nothing: output, messages and statuses are those of one
# thread. (Small blocks make threads worth while for small files.)

tool_name=pcap2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
here=$(cd "$srcdir/tests" && pwd)
cd "$tmp" || exit 99
"$bindir/tests/traffic" demo one.pcap >/dev/null || bail_out 'no capture'
"${PYTHON:-python3}" "$here/zeeklogs.py" logs 6000 tsv json || bail_out 'no logs'
mv logs/conn.tsv.log logs/conn.json.log .
"${PYTHON:-python3}" "$here/evelogs.py" 3000 >eve.json || bail_out 'no events'
"${PYTHON:-python3}" "$here/vpclogs.py" many 6000 >vpc.txt || bail_out 'no flow logs'
"${PYTHON:-python3}" "$here/ipfixmake.py" big 300 >flows.ipfix || bail_out 'no messages'
SECFLOW_BLOCK=0
export SECFLOW_BLOCK
"$bindir/zeek2flow" conn.tsv.log >log.sf || bail_out 'no records'

# run BLOCK TOOL ARGUMENT...: all that comes of it, in BLOCK.out and BLOCK.err
run() {
    block=$1
    run_tool=$bindir/$2
    shift 2
    SECFLOW_BLOCK=$block "$run_tool" "$@" >"$block.out" 2>"$block.err"
    echo "ends with $?" >>"$block.err"
}

# same TOOL FILE BLOCK...: in blocks of these sizes comes what comes without threads
same() {
    same_tool=$1
    input=$2
    shift 2
    run 0 "$same_tool" "$input"
    for block in "$@"; do
        run "$block" "$same_tool" "$input"
        ok "$same_tool $input, blocks of $block: output" cmp "$block.out" 0.out
        is "$(cat "$block.err")" "$(cat 0.err)" "$same_tool $input, blocks of $block: messages and status"
    done
}

# damaged FILE: makes bad-FILE, with other bytes in the middle, and cut-FILE
damaged() {
    size=$(wc -c <"$1")
    head -c $((size * 9 / 10)) "$1" >"cut-$1"
    {
        head -c $((size * 6 / 10)) "$1"
        printf 'other bytes'
        tail -c +$((size * 6 / 10 + 12)) "$1"
    } >"bad-$1"
}

for file in one.pcap conn.tsv.log conn.json.log flows.ipfix log.sf; do
    case $file in
    *.pcap) reader=pcap2flow ;;
    *.log) reader=zeek2flow ;;
    *.ipfix) reader=ipfix2flow ;;
    *) reader=flowlabel ;;
    esac
    damaged $file
    same $reader $file 3000 16384
    for form in cut-$file bad-$file; do
        same $reader "$form" 3000
    done
    gzip -k $file
    damaged $file.gz
    same $reader $file.gz 3000
    same $reader cut-$file.gz 3000 131072
    same $reader bad-$file.gz 131072
    if command -v zstd >/dev/null; then
        zstd -q $file
        damaged $file.zst
        same $reader $file.zst 3000
        same $reader bad-$file.zst 131072
    fi
done

# A first read that gives little, so that the kind of file is told from what a thread has read
{
    head -c 3 flows.ipfix | gzip
    tail -c +4 flows.ipfix | gzip
} >two.ipfix.gz
same ipfix2flow two.ipfix.gz 3000

run 0 zeek2flow -v conn.tsv.log conn.tsv.log.gz conn.json.log
run 16384 zeek2flow -v conn.tsv.log conn.tsv.log.gz conn.json.log
ok 'several files: output' cmp 16384.out 0.out
is "$(cat 16384.err)" "$(cat 0.err)" 'several files: messages and status'

# Damage in many places, and rows of all kinds with all that belongs to them
for file in conn.tsv.log conn.json.log eve.json vpc.txt; do
    awk 'NR > 2000 && NR % 97 == 0 { print "{broken"; next } { print }' $file >"many-$file"
done
awk -F '\t' '!/^#/ { printf "{\"ts\":%s,\"uid\":\"%s\",\"server_name\":\"%d.example.org\"}\n", $1, $2, NR % 100 }' \
    conn.tsv.log >ssl.log
for form in tsv json; do
    same zeek2flow many-conn.$form.log 3000
    run 0 zeek2flow -Sxv many-conn.$form.log logs/dns.$form.log ssl.log
    run 3000 zeek2flow -Sxv many-conn.$form.log logs/dns.$form.log ssl.log
    ok "all kinds of rows, $form: output" cmp 3000.out 0.out
    is "$(cat 3000.err)" "$(cat 0.err)" "all kinds of rows, $form: messages and status"
done
same eve2flow many-eve.json 3000
same vpc2flow many-vpc.txt 3000
SECFLOW_BLOCK=16384 "$bindir/zeek2flow" conn.tsv.log | SECFLOW_BLOCK=16384 "$bindir/flowlabel" >piped.sf
run 0 flowlabel log.sf
ok 'a pipe between tools with threads' cmp piped.sf 0.out

# Lanes: between records there is what one thread alone has to work on, and both go on behind it
{
    printf '\357\273\277'
    head -n 1500 log.sf
    printf '\n \n\n'
    sed -n '1501,1530p' log.sf | sed G
    printf 'not JSON\n{"src":"10.0.0.1:1","dst":"cut'
    sed -n '1531,3000p' log.sf
    echo '{}'
    sed -n '3001,4000p' log.sf | sed '150~250s/"dst":/"dest":/; 200~333s/^/ /'
    for i in 4001 4041; do # more than output takes at once
        sed -n ${i}p log.sf | sed 's/}$/,"x":"/' | tr -d '\n'
        head -c 132000 /dev/zero | tr '\0' x
        printf '"}\n'
        sed -n "$i,$((i + 40))p" log.sf
    done
    head -c 1100000 /dev/zero | tr '\0' 1
    sed -n '4001,$p' log.sf
    head -c 3000 /dev/zero | tr '\0' '\n'
    printf '\357\273\277'
    head -n 700 log.sf
    printf '{'
    head -n 1 log.sf | tr -d '\n'
} >mixed.sf
head -n 2000 log.sf | head -c -1 >tail.sf
jq -c '{destination: (.dst | sub(":[0-9]+$"; "")), title: "A title of \(.srcBytes) bytes", relevance: "bad", tags: ["a", "b"]}' log.sf |
    sort -u | head -n 300 >list.ndjson
for i in 1 2 3; do
    cat log.sf
done >log.sf.three
random=$(($(od -An -N2 -tu2 /dev/urandom) + 500))
gzip -k mixed.sf

# lanes COMMAND FILES BLOCK...: the same as `same`
lanes() {
    command=$1
    files=$2
    shift 2
    # shellcheck disable=SC2086
    run 0 $command $files
    for block in "$@"; do
        # shellcheck disable=SC2086
        run "$block" $command $files
        ok "$command $files, blocks of $block: output" cmp "$block.out" 0.out
        is "$(cat "$block.err")" "$(cat 0.err)" "$command $files, blocks of $block: messages and status"
    done
}

several='tail.sf mixed.sf log.sf tail.sf'
lanes flowlabel mixed.sf 700 16384 262144 $random
lanes flowlabel "$several" 3000
lanes flowlabel mixed.sf.gz 100003
lanes 'flowmeta -dv -f list.ndjson' "$several" 16384 262144 $random
like "$(cat 0.err)" '^flowmeta: [0-9,]* records, of which lists know [1-9]' 'flowmeta: lists know some'

# A stop while the other end of a pipe waits: all that was read is written, in whole lines
run 0 flowlabel log.sf.three
mkfifo pipe
SECFLOW_BLOCK=16384 "$bindir/flowlabel" log.sf.three >pipe 2>stop.err &
pid=$!
exec 3<pipe
head -c 4096 <&3 >stop.out
kill -TERM $pid
cat <&3 >>stop.out
exec 3<&-
wait $pid
is "$?: $(cat stop.err)" '75: flowlabel: log.sf.three: it was not read to its end' 'a stop: status and message'
ok 'a stop: all lines are whole' test "$(tail -c 1 stop.out | od -An -c)" = "$(printf '\n' | od -An -c)"
ok 'a stop: what was read is written' cmp -n "$(wc -c <stop.out)" stop.out 0.out
ok 'a stop: not all was read' test "$(wc -c <stop.out)" -lt "$(wc -c <0.out)"

# SIGHUP while lanes have more than was written: what comes after it is of the new list only
echo 192.0.2.9 >live
grep '"proto":"tcp"' log.sf | head -n 1 | jq -c '.dst = "192.0.2.9:80"' | sed ':again; p; b again' | head -n 20000 |
    sed '50~150s/^/damaged /' >listed.sf
SECFLOW_BLOCK=65536 "$bindir/flowmeta" -q -f live listed.sf >pipe 2>hangup.err &
pid=$!
exec 3<pipe
head -c 4096 <&3 >hangup.out
echo 192.0.2.10 >live
kill -HUP $pid
cat <&3 >>hangup.out
exec 3<&-
wait $pid
is $? 65 'SIGHUP with lanes: status, because of damage'
is "$(sed 's/.*"lists".*/old/; /^old$/!s/.*/new/' hangup.out | uniq | tr '\n' ' ')" 'old new ' 'SIGHUP with lanes: the new list from one line on'

for block in 0 16384; do
    SECFLOW_BLOCK=$block "$bindir/flowlabel" log.sf.three >/dev/full 2>>full.err
    echo "ends with $?" >>full.err
done
is "$(uniq full.err | head -n 2)" "$(head -n 2 full.err)" 'a full disk, with lanes'
is "$(wc -l <full.err)" 4 'a full disk: one message each'

# A stop in the middle of a file, whose records nobody takes: those so far come out
idle() {
    grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$process/status"
}
"${PYTHON:-python3}" "$here/ipfixmake.py" big 1500 >long.ipfix || bail_out 'no messages'
"$bindir/ipfix2flow" -d 1m long.ipfix >whole.sf || bail_out 'no records'
mkfifo taken
for block in 0 3000; do
    SECFLOW_BLOCK=$block "$bindir/ipfix2flow" -d 1m long.ipfix >taken 2>err &
    process=$!
    exec 8<taken
    head -c 1000 <&8 >stopped.sf
    kill $process
    ok "a stop, blocks of $block: it has come" until_true idle
    cat <&8 >>stopped.sf
    exec 8<&-
    wait $process
    is $? 75 "a stop, blocks of $block: status"
    is "$(cat err)" 'ipfix2flow: long.ipfix: it was not read to its end' "a stop, blocks of $block: message"
    window=$(sed -n '$s/.*"trafficDate":"\([0-9.]*\)".*/\1/p' stopped.sf)
    grep -v "\"trafficDate\":\"$window\"" stopped.sf >ended.sf
    head -n "$(grep -c '' ended.sf)" whole.sf | cmp - ended.sf >differ
    is "$(cat differ)" '' "a stop, blocks of $block: the windows that had ended"
    ok "a stop, blocks of $block: not all is read" test "$(grep -c '' stopped.sf)" -lt "$(grep -c '' whole.sf)"
done

# limited BLOCK: no file larger than 300 or 600 KB can be written. Prints the status and the size
limited() {
    (
        ulimit -f 600
        SECFLOW_BLOCK=$1
        trap '' XFSZ
        "$bindir/zeek2flow" conn.tsv.log >limited.sf 2>limited.err
        echo "$? $(wc -c <limited.sf) $(cat limited.err)"
    )
}
want=$(limited 0)
like "$want" '^74 (307200|614400) zeek2flow: ' 'a full disk' # shells differ in their unit
is "$(limited 4096)" "$want" 'a full disk, with threads'

# The reader of the output goes away
for block in 0 4096; do
    {
        SECFLOW_BLOCK=$block "$bindir/zeek2flow" conn.tsv.log 2>err
        echo $? >status
    } | head -c 200000 >/dev/null
    {
        SECFLOW_BLOCK=$block "$bindir/flowlabel" log.sf.three 2>>err
        echo $? >>status
    } | head -c 200000 >/dev/null
    is "$(cat status)" "$(printf '141\n141')" "a reader that goes away, blocks of $block: statuses"
    is "$(cat err)" '' "a reader that goes away, blocks of $block: no message"
done

done_testing
