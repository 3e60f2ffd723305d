#!/bin/sh
# Files given to the wrong tool: one line says what each is, and what reads it.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

bindir=$(cd "${BINDIR:?}" && pwd) || bail_out "no $BINDIR"
zeeklogs=$(cd "$srcdir/tests" && pwd)/zeeklogs.py
PATH=$bindir:$PATH
cd "$tmp" || exit 99
"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
"${PYTHON:-python3}" "$zeeklogs" . 200 tsv || bail_out 'no logs'
"${PYTHON:-python3}" "$zeeklogs" . 200 json || bail_out 'no logs'
pcap2flow trace.pcap >trace.sf
flowlabel trace.sf >labelled.sf
{
    printf '\12\15\15\12\0\0\0\34\32\53\74\115\0\1\0\0\377\377\377\377\377\377\377\377\0\0\0\34'
} >trace.pcapng
printf '\14\245\2\0\1\0\0\0' >nfcapd.202611281900
echo '{"timestamp":"2026-11-28T19:00:00.000000+0000","flow_id":1,"event_type":"dns","src_ip":"192.0.2.1"}' >eve.json
printf '\3757zXZ\0' >trace.pcap.xz

# says TOOL FILE WORDS: of that file, and nothing else
says() {
    is_status 65 "$1 $2: exit status" "$1" "$2"
    is "$(cat out err)" "$1: $2: $3" "$1 $2: message"
}

for file in trace.sf labelled.sf; do
    says pcap2flow $file 'no capture: it is Secflows already, which flowlabel and flowupload read'
    says zeek2flow $file 'no Zeek log: it is Secflows already, which flowlabel and flowupload read'
done
for log in conn.tsv.log dns.tsv.log conn.json.log dns.json.log; do
    says pcap2flow $log 'no capture: it is a Zeek log; use: zeek2flow FILE'
    says flowlabel $log 'no Secflows: it is a Zeek log; use: zeek2flow FILE | flowlabel'
done
for capture in trace.pcap trace.pcapng; do
    says zeek2flow $capture 'no Zeek log: it is a capture; use: pcap2flow FILE'
    says flowlabel $capture 'no Secflows: it is a capture; use: pcap2flow FILE | flowlabel'
done
for name in pcap2flow:capture 'zeek2flow:Zeek log' flowlabel:Secflows; do
    says "${name%:*}" eve.json "no ${name#*:}: it is an eve.json of Suricata"
    says "${name%:*}" nfcapd.202611281900 "no ${name#*:}: it is an nfcapd file of nfdump"
    says "${name%:*}" trace.pcap.xz "no ${name#*:}: it is xz-compressed; use: xz -dc FILE | ${name%:*}"
done
is_status 65 'flowupload -n trace.pcap: exit status' flowupload -n trace.pcap
is "$(cat out err)" 'flowupload: trace.pcap: no Secflows: it is a capture; use: pcap2flow FILE | flowupload' \
    'flowupload -n trace.pcap: message'

# What comes behind such a file is still read
is_status 65 'a capture, then Secflows: exit status' flowlabel trace.pcap trace.sf
is "$(cat out)" "$(cat labelled.sf)" 'a capture, then Secflows: records'
is_status 65 'a pipe: exit status' sh -c 'cat trace.pcap | flowlabel'
is "$(cat out err)" 'flowlabel: standard input: no Secflows: it is a capture; use: pcap2flow FILE | flowlabel' \
    'a pipe: message'

done_testing
