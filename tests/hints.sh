#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files given to the wrong tool: one line says what each is, and what reads it. Files without a record, and a
# terminal that is read.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

bindir=$(cd "${BINDIR:?}" && pwd) || bail_out "no $BINDIR"
here=$(cd "$srcdir/tests" && pwd)
zeeklogs=$here/zeeklogs.py
PATH=$bindir:$PATH
cd "$tmp" || exit 99
"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
"${PYTHON:-python3}" "$zeeklogs" . 200 tsv || bail_out 'no logs'
"${PYTHON:-python3}" "$zeeklogs" . 200 json || bail_out 'no logs'
pcap2flow trace.pcap >trace.sf
flowlabel trace.sf >labelled.sf
printf '\12\15\15\12\0\0\0\34\32\53\74\115\0\1\0\0\377\377\377\377\377\377\377\377\0\0\0\34' >trace.pcapng
printf '\14\245\2\0\1\0\0\0' >nfcapd.202611281900
"${PYTHON:-python3}" "$here/evelogs.py" 20 >eve.json || bail_out 'no events'
"${PYTHON:-python3}" "$here/evelogs.py" 20 aws >aws.json || bail_out 'no events'
"${PYTHON:-python3}" "$here/vpclogs.py" many 20 >vpc.log || bail_out 'no flow logs'
"${PYTHON:-python3}" "$here/vpclogs.py" trace.pcap 60 azure >azure.json || bail_out 'no flow logs'
"${PYTHON:-python3}" "$here/vpclogs.py" trace.pcap 60 google >google.json || bail_out 'no flow logs'
printf 'PAR1\025' >vpc.parquet
printf '\3757zXZ\0' >trace.pcap.xz

# says TOOL FILE WORDS: the tool says that about the file, and nothing else
says() {
    is_status 65 "$1 $2: exit status" "$1" "$2"
    is "$(cat out err)" "$1: $2: $3" "$1 $2: message"
}

for file in trace.sf labelled.sf; do
    says pcap2flow $file 'not a capture file: it is Secflows already, which flowtop, flowreport and others read'
    says zeek2flow $file 'not a Zeek log: it is Secflows already, which flowtop, flowreport and others read'
    says eve2flow $file "not Suricata's eve.json: it is Secflows already, which flowtop, flowreport and others read"
    says vpc2flow $file 'not a flow log of a cloud: it is Secflows already, which flowtop, flowreport and others read'
done
for log in conn.tsv.log dns.tsv.log conn.json.log dns.json.log; do
    says pcap2flow $log 'not a capture file: it is a Zeek log; use: zeek2flow FILE'
    says eve2flow $log "not Suricata's eve.json: it is a Zeek log; use: zeek2flow FILE"
    says vpc2flow $log 'not a flow log of a cloud: it is a Zeek log; use: zeek2flow FILE'
    says flowlabel $log 'not Secflows: it is a Zeek log; use: zeek2flow FILE | flowlabel'
done
for capture in trace.pcap trace.pcapng; do
    says zeek2flow $capture 'not a Zeek log: it is a capture; use: pcap2flow FILE'
    says eve2flow $capture "not Suricata's eve.json: it is a capture; use: pcap2flow FILE"
    says vpc2flow $capture 'not a flow log of a cloud: it is a capture; use: pcap2flow FILE'
    says flowlabel $capture 'not Secflows: it is a capture; use: pcap2flow FILE | flowlabel'
done
for log in eve.json aws.json; do
    says pcap2flow $log "not a capture file: it is Suricata's eve.json; use: eve2flow FILE"
    says zeek2flow $log "not a Zeek log: it is Suricata's eve.json; use: eve2flow FILE"
    says vpc2flow $log "not a flow log of a cloud: it is Suricata's eve.json; use: eve2flow FILE"
    says flowlabel $log "not Secflows: it is Suricata's eve.json; use: eve2flow FILE | flowlabel"
done
flowbeacon -m 1 trace.sf >beacons
for name in pcap2flow:'a capture file' zeek2flow:'a Zeek log' "eve2flow:Suricata's eve.json" flowlabel:Secflows \
    flowbeacon:Secflows flowmerge:Secflows; do
    says "${name%:*}" beacons "not ${name#*:}: it is what flowbeacon has found, which flowtop and flowreport show"
done
is_status 0 'flowtop and flowreport read it' sh -c 'flowtop beacons && flowreport beacons'
for log in vpc.log azure.json google.json; do
    says pcap2flow $log 'not a capture file: it is a flow log of a cloud; use: vpc2flow FILE'
    says zeek2flow $log 'not a Zeek log: it is a flow log of a cloud; use: vpc2flow FILE'
    says eve2flow $log "not Suricata's eve.json: it is a flow log of a cloud; use: vpc2flow FILE"
    says flowlabel $log 'not Secflows: it is a flow log of a cloud; use: vpc2flow FILE | flowlabel'
done
parquet="duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv, DELIMITER ' ', HEADER, NULLSTR '-')\""
says vpc2flow vpc.parquet "not a flow log of a cloud: it is Parquet; use: $parquet | vpc2flow"
"${PYTHON:-python3}" "$here/ipfixmake.py" . || bail_out 'no messages'
for messages in halves.ipfix sampling.v5 version-v9-up.flow; do
    says pcap2flow $messages 'not a capture file: it is NetFlow or IPFIX; use: ipfix2flow FILE'
    says zeek2flow $messages 'not a Zeek log: it is NetFlow or IPFIX; use: ipfix2flow FILE'
    says flowlabel $messages 'not Secflows: it is NetFlow or IPFIX; use: ipfix2flow FILE | flowlabel'
done
says eve2flow nfdump.json "not Suricata's eve.json: it is JSON of nfdump; use: ipfix2flow FILE"
says ipfix2flow eve.json "not NetFlow or IPFIX: it is Suricata's eve.json; use: eve2flow FILE"
says ipfix2flow conn.tsv.log 'not NetFlow or IPFIX: it is a Zeek log; use: zeek2flow FILE'
for name in 'pcap2flow:a capture file' 'ipfix2flow:NetFlow or IPFIX' 'zeek2flow:a Zeek log' "eve2flow:Suricata's eve.json" 'vpc2flow:a flow log of a cloud' flowlabel:Secflows; do
    says "${name%:*}" nfcapd.202611281900 \
        "not ${name#*:}: it is an nfcapd file of nfdump; use: TZ=UTC nfdump -q -o json -r FILE | ipfix2flow --timezone UTC"
    says "${name%:*}" trace.pcap.xz "not ${name#*:}: it is xz-compressed; use: xz -dc FILE | ${name%:*}"
done

# Compressed twice, and as PowerShell's > writes
printf '\377\376' >wide-le
iconv -f UTF-8 -t UTF-16LE trace.sf >>wide-le
printf '\376\377' >wide-be
iconv -f UTF-8 -t UTF-16BE trace.sf >>wide-be
gzip -c trace.sf | gzip -c >twice.gz
zstd -qc trace.sf | gzip -c >twice.zst.gz
for name in 'pcap2flow:a capture file' 'ipfix2flow:NetFlow or IPFIX' 'zeek2flow:a Zeek log' "eve2flow:Suricata's eve.json" 'vpc2flow:a flow log of a cloud' flowlabel:Secflows flowtop:Secflows; do
    for file in wide-le wide-be; do
        says "${name%:*}" $file "not ${name#*:}: it is in UTF-16; use: iconv -f UTF-16 -t UTF-8 FILE | ${name%:*}"
    done
    for file in twice.gz twice.zst.gz; do
        says "${name%:*}" $file "not ${name#*:}: it is compressed twice; decompress it once first"
    done
done
is_status 65 'flowupload -n trace.pcap: exit status' flowupload -n trace.pcap
is "$(cat out err)" 'flowupload: trace.pcap: not Secflows: it is a capture; use: pcap2flow FILE | flowupload' \
    'flowupload -n trace.pcap: message'

# Secflows that jq has written over several lines, or as an array
jq . trace.sf >spread.sf
jq -s -c . trace.sf >array.sf
for tool in flowlabel flowmerge flowbeacon flowtop; do
    is_status 65 "$tool, spread over lines: exit status" sh -c "$tool spread.sf >out.other"
    is "$(cat err)" "$tool: spread.sf: not Secflows: it is JSON that is spread over lines; use: jq -c . FILE | $tool" \
        "$tool, spread over lines: message"
done
says flowlabel array.sf "not Secflows: it is an array of JSON; use: jq -c '.[]' FILE | flowlabel"

# Files after such a file are still read
is_status 65 'a capture, then Secflows: exit status' flowlabel trace.pcap trace.sf
is "$(cat out)" "$(cat labelled.sf)" 'a capture, then Secflows: records'
is_status 65 'a pipe: exit status' sh -c 'cat trace.pcap | flowlabel'
is "$(cat out err)" 'flowlabel: standard input: not Secflows: it is a capture; use: pcap2flow FILE | flowlabel' \
    'a pipe: message'

# No record, and no bad line that would tell why

: >empty.sf
gzip -c empty.sf >empty.sf.gz
for file in empty.sf empty.sf.gz; do
    is_status 0 "flowlabel $file: exit status" flowlabel $file
    is "$(cat out err)" "flowlabel: $file: no records: the file is empty" "flowlabel $file: message"
    is_status 0 "flowupload $file: exit status" flowupload -n $file
    is "$(cat out err)" "flowupload: $file: no records: the file is empty" "flowupload $file: message"
    is_status 0 "-q $file: exit status" sh -c "flowlabel -q $file && flowupload -qn $file"
    is "$(cat out err)" '' "-q $file: silence"
done
is_status 0 'a pipe without records: exit status' sh -c 'cat empty.sf | flowlabel | flowupload -n'
is "$(cat out err)" '' 'a pipe without records: silence, for what writes there has said it'

# A terminal

waits() {
    what=$1
    shift
    like "$("${PYTHON:-python3}" "$here/terminal.py" 'Ctrl-D' "$@" </dev/null 2>&1)" \
        "^$1: reading $what from standard input; Ctrl-D ends it" "$*: a terminal"
}
waits 'a capture' pcap2flow
waits 'a log' zeek2flow conn.tsv.log -
waits 'a log' eve2flow
waits 'a log' vpc2flow
waits 'a log' ipfix2flow
waits Secflows flowlabel
waits Secflows flowevent -f empty.sf
waits Secflows flowmeta -f empty.sf
waits Secflows flowseen -s seen.db
waits Secflows flowbeacon
waits Secflows flowreport
waits Secflows flowupload -n
# ends_at_once COMMAND...: on a terminal where Ctrl-D has been pressed; prints what is shown
ends_at_once() {
    "${PYTHON:-python3}" -c 'import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
os.write(terminal, b"\4")
shown = b""
try:
    while True:
        piece = os.read(terminal, 4096)
        if not piece:
            break
        shown += piece
except OSError:
    pass
print(shown.decode().replace("^D\b\b", "").strip())
sys.exit(os.WEXITSTATUS(os.waitpid(child, 0)[1]))' "$@"
}
is_status 0 'Ctrl-D: exit status' ends_at_once flowlabel
is "$(cat out err)" 'flowlabel: reading Secflows from standard input; Ctrl-D ends it' 'Ctrl-D ends it'
is_status 0 '-q, a terminal: exit status' ends_at_once flowlabel -q
is "$(cat out err)" '' '-q, a terminal: silence'

# A file that is given again, by another name as well
ln -s conn.tsv.log current.log
twice='zeek2flow: current.log: the same file as conn.tsv.log: it is read twice
zeek2flow: conn.tsv.log: the same file as current.log: it is read twice'
is_status 0 'a file given again: exit status' zeek2flow conn.tsv.log dns.tsv.log current.log conn.tsv.log
is "$(cat err)" "$twice" 'a file given again: message'
is_status 0 '-q, a file given again: exit status' zeek2flow -q conn.tsv.log conn.tsv.log
is "$(cat err)" '' '-q, a file given again: silence'

# A progress line shows a name without what the terminal would obey.
name=$(printf 'pipe\302\233m')
mkfifo "$name"
for _ in 1 2; do
    yes '{}' | head -n 5000
    sleep 1.2
done >"$name" &
like "$("${PYTHON:-python3}" "$here/terminal.py" '' flowlabel "$name" </dev/null 2>&1)" \
    '^~ pipe\\xc2\\x9bm: 0 MB, ' 'a name with control characters on a progress line: they are escaped'
wait

done_testing
