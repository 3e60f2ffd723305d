#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Threads that read ahead and write behind change nothing: output, messages and statuses are those of one
# thread. (Small blocks make threads worth while for small files.)

tool_name=pcap2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

bindir=$(dirname "$tool")
here=$(cd "$srcdir/tests" && pwd)
cd "$tmp" || exit 99
"$bindir/tests/traffic" demo one.pcap >/dev/null || bail_out 'no capture'
"${PYTHON:-python3}" "$here/zeeklogs.py" logs 6000 tsv json || bail_out 'no logs'
mv logs/conn.tsv.log logs/conn.json.log .
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
SECFLOW_BLOCK=16384 "$bindir/zeek2flow" conn.tsv.log | SECFLOW_BLOCK=16384 "$bindir/flowlabel" >piped.sf
run 0 flowlabel log.sf
ok 'a pipe between tools with threads' cmp piped.sf 0.out

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
    is "$(cat status)" 141 "a reader that goes away, blocks of $block: status"
    is "$(cat err)" '' "a reader that goes away, blocks of $block: no message"
done

done_testing
