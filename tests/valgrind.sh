#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each tool under valgrind, over small inputs: no error, and no memory lost at the end.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

bindir=$(dirname "$tool")
reason=
command -v valgrind >/dev/null || reason='no valgrind'
[ "${SANITIZERS:-no}" = no ] || reason='sanitizers have memory of their own'
if [ -n "$reason" ]; then
    skip 'valgrind finds nothing' "$reason"
    done_testing
    exit
fi

# In glibc, the checked memmove and memcpy are one function, which valgrind takes for the
# latter.
cat >"$tmp/suppressions" <<'E2'
{
   memmove_chk
   Memcheck:Overlap
   fun:__memcpy_chk
}
E2

# under_valgrind TOOL ARGUMENTS...: exit status 99 means findings, which are in the file "found"
under_valgrind() {
    program=$bindir/$1
    shift
    valgrind --quiet --log-file=found --suppressions="$tmp/suppressions" --error-exitcode=99 --leak-check=full \
        --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible \
        "$program" "$@"
}

# clean WANT DESCRIPTION TOOL ARGUMENTS...: the tool exits with WANT
clean() {
    want=$1
    description=$2
    shift 2
    is_status "$want" "$description: exit status" under_valgrind "$@"
    is "$(cat found)" '' "$description: valgrind finds nothing"
}

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
"${PYTHON:-python3}" "$here/captures.py" made || bail_out 'no captures'
"${PYTHON:-python3}" "$here/zeeklogs.py" . 100 || bail_out 'no logs'
rm made/big.pcap made/scan.pcap # more of the same

clean 65 'pcap2flow: captures good and bad' pcap2flow -a -x made/*
clean 0 'pcap2flow: names, a cache' pcap2flow -S -v -c cache trace.pcap trace.pcap
clean 0 'pcap2flow: as one, in windows, with a filter' \
    pcap2flow -m -T -d 60 -f 'tcp or udp' -L 9.9.9.9 trace.pcap made/merge-*.pcap
clean 64 'pcap2flow: misuse' pcap2flow -f 'port nonsense' trace.pcap
clean 66 'pcap2flow: no file' pcap2flow nothing.pcap

clean 0 'zeek2flow: logs of all shapes' zeek2flow -a -x -S -c cache conn.*.log dns.*.log
{ head -n 3 conn.json.log && echo nonsense && head -c 3000 conn.json.log; } >cut.log
clean 65 'zeek2flow: a log that is cut off' zeek2flow cut.log
clean 65 'zeek2flow: no log' zeek2flow trace.pcap

for shape in v1 'v3 netflow live' aws 'noise cee'; do
    # shellcheck disable=SC2086
    "${PYTHON:-python3}" "$here/evelogs.py" 100 $shape >"eve.${shape%% *}.json" || bail_out 'no events'
done
clean 0 'eve2flow: events of all shapes' eve2flow -a -x -S -c cache eve.*.json
{ cat eve.v1.json && echo nonsense && head -c 3000 eve.v3.json; } >cut.json
clean 65 'eve2flow: a log that is cut off' eve2flow -v cut.json
clean 65 'eve2flow: no log' eve2flow trace.pcap

for shape in flags azure google; do
    "${PYTHON:-python3}" "$here/vpclogs.py" trace.pcap 60 $shape >vpc.$shape.log || bail_out 'no flow logs'
done
echo '{"events":[{"message":"{\"query_timestamp\":\"2023-11-14T22:13:20Z\",\"query_name\":\"a.example.\",'\
'\"answers\":[{\"Rdata\":\"9.9.9.9\",\"Type\":\"A\"}]}"}]}' >vpc.names.log
clean 0 'vpc2flow: logs of all clouds' vpc2flow -a -x -c cache vpc.*.log
{ cat vpc.flags.log && echo nonsense && head -c 3000 vpc.google.log; } >cut.log
clean 65 'vpc2flow: a log that is cut off' vpc2flow -v cut.log
head -c 3000 vpc.azure.log >cut.json
clean 65 'vpc2flow: JSON that is cut off' vpc2flow -v cut.json
clean 65 'vpc2flow: no log' vpc2flow trace.pcap

"$bindir/pcap2flow" trace.pcap >flows.sf
clean 0 'flowlabel' flowlabel flows.sf
{ cat flows.sf && echo '{"src":1}' && echo nonsense; } >bad.sf
clean 65 'flowlabel: no records' flowlabel bad.sf
clean 0 'flowtop' flowtop flows.sf
clean 0 'flowtop, folding' flowtop --keys 3 -j flows.sf
clean 0 'flowreport' flowreport flows.sf
clean 65 'flowreport: no records' flowreport -n 3 bad.sf

clean 0 'flowmeta: the starter set' flowmeta -d -f "$here/../man/starter.ndjson" flows.sf
"${PYTHON:-python3}" "$here/mmdb.py" place.mmdb '{"9.0.0.0/8": {"country": {"iso_code": "NL"}}}' || bail_out 'no database'
printf '1,example.com\n2,org\n' >top.csv
printf '#fields\tindicator\tindicator_type\tmeta.desc\n9.9.9.9\tIntel::ADDR\tx\n' >x.intel
printf '# a,dst_ip,dst_port,malware\n"x","9.9.9.9","53","y"\n' >x.csv
printf '{\n"name":"x","type":"cidr","list":["9.0.0.0/8","9.9.0.0/16","9.0.0.0/8"]}' >x.json
printf '127.0.0.1 a.example\n||b.example^\nstra\303\237e.example\na b c\n' >hosts
clean 65 'flowmeta: lists of all formats' \
    flowmeta -v -f top.csv -b x.intel -g x.csv -f x.json -f hosts -f trace.pcap -M place.mmdb flows.sf
clean 66 'flowmeta: no list' flowmeta -f nothing flows.sf
clean 0 'flowmerge' flowmerge -vx flows.sf flows.sf
clean 65 'flowmerge: no records' flowmerge bad.sf
clean 0 'flowbeacon' flowbeacon -m 1 flows.sf flows.sf
clean 65 'flowbeacon: no records' flowbeacon bad.sf

start_collector
for n in 1 2; do
    record 1700000000 $n >day$n.sf
done
printf 'X-Token: secret\n' >headers
chmod 600 headers
answers 500 400 ok
clean 69 'flowupload: failed, refused, accepted' flowupload -v -k key -s spool -u "$url" day1.sf day2.sf
answers
clean 0 'flowupload: lines' flowupload -F ndjson -H @headers -s spool -u "$lines_url" flows.sf
clean 0 'flowupload: a file as it is' flowupload -k key -s spool -t zeek -u "$url" conn.tsv.log dns.tsv.log
clean 0 'flowupload: documents' flowupload -n flows.sf
stop_collector
clean 75 'flowupload: no collector' flowupload -k key -s spool -u "$url" --linger 0 day1.sf

clean 0 'flowcap: interfaces' flowcap -D
clean 69 'flowcap: no interface' flowcap -i nothing0
skip 'flowcap: live' 'valgrind knows no seccomp(2); AddressSanitizer has tests/flowcap.sh'

done_testing
