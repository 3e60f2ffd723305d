#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ipfix2flow: what it reads, its options, exit statuses and manners.

tool_name=ipfix2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

make=$(cd "$srcdir/tests" && pwd)/ipfixmake.py
"${PYTHON:-python3}" "$make" "$tmp/made" || bail_out 'no messages'
cd "$tmp/made" || exit 99

times='inputs | "\(.src) > \(.dst) \(.srcPkts) \(.srcBytes) \(.start[17:]) \(.duration)"'

# The two halves of a conversation begin together

records "$flows" 'halves' "$tool" halves.ipfix <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 2 50
192.168.1.10:50002 > 8.8.8.8:443 3 100 2 50
192.168.1.10:50003 > 8.8.8.8:53 3 100 2 50
END
records '[inputs.bytesFrom] | unique[]' 'bytes are estimates' "$tool" halves.ipfix <<'END'
ip
END

# Versions, and their times

for version in v5 v9-up s ms us ns before since; do
    records "$times" "version $version" "$tool" -x "version-$version.flow" <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 21.000000Z 2
192.168.1.10:50002 > 8.8.8.8:53 3 100 22.000000Z 1
END
done
records "$times" 'uptime whose zero is not known: the latest end is the time of the message' "$tool" -x version-latest.flow <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 18.000000Z 2
192.168.1.10:50002 > 8.8.8.8:53 3 100 19.000000Z 1
END

# Fields

records "$flows" 'reduced sizes, variable length, enterprises, padding' "$tool" fields.ipfix <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 0 0
[fd00::10]:50002 > [2001:4860:4860::8888]:443 2 100 0 0
END
records "$flows" 'both directions in a record, and who began' "$tool" biflows.ipfix <<'END'
192.168.1.10:50001 > 8.8.8.8:443 2 50 3 100
192.168.1.10:443 > 8.8.8.8:50002 3 100 2 50
192.168.1.10:50003 > 8.8.8.8:443 2 50 3 100
192.168.1.10:50004 > 8.8.8.8:443 3 100 2 50
END
records "$flows" 'counters that run on count once' "$tool" totals.ipfix <<'END'
192.168.1.10:50001 > 8.8.8.8:443 11 157 0 0
END

# Sampling

rates='inputs | "\(.src | split(":")[-1]) \(.srcPkts) \(.srcBytes) \(.sampling)"'
records "$rates" 'rates of sampling' "$tool" sampling.ipfix sampling.v5 <<'END'
50001 3 100 10
50002 3 100 20
50003 3 100 null
50004 3 100 100
50005 3 100 50
END
records "$rates" '-R' "$tool" -R sampling.ipfix sampling.v5 <<'END'
50001 30 1000 10
50002 60 2000 20
50003 3 100 null
50004 300 10000 100
50005 150 5000 50
END

# Templates

for files in 'late-data.ipfix late-template.ipfix' 'late-template.ipfix late-data.ipfix'; do
    # shellcheck disable=SC2086 # two files
    records "$ports" "templates in a file of their own: $files" "$tool" $files <<'END'
50001
END
done
records "$ports" 'a template after its data' "$tool" late-both.ipfix <<'END'
50001 50002
END
records "$flows" 'a template that changes' "$tool" changed.ipfix <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 0 0
192.168.1.10:50002 > 8.8.8.8:443 3 100 0 0
END
records "$ports" 'a template that is withdrawn' "$tool" -q withdrawn.ipfix <<'END'
50001
END
is_status 0 'templates that never come: exit status' "$tool" -v lost.ipfix
is "$(cat "$tmp/err")" 'ipfix2flow: 50 sets of data were skipped because their templates are not in the input; exporters repeat '\
'them every few minutes: read a longer capture, or also the file that has them
ipfix2flow: 0 flow records read, 0 records written; skipped: 50 sets of data without their template' \
    'templates that never come are told of once'
is_status 0 'templates that never come, -q: exit status' "$tool" -q lost.ipfix
is "$(cat "$tmp/err")" '' 'templates that never come, -q: silence'

# Captures

records "$ports" 'exporters whose templates have one number; a flow that both saw counts once' "$tool" exporters.pcap <<'END'
50001 50002 50003
END
records "$flows" 'what both saw' sh -c "'$tool' exporters.pcap | head -n 1" <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 0 0
END
gzip -c exporters.pcap >exporters.pcap.gz
is "$("$tool" exporters.pcap.gz)" "$("$tool" exporters.pcap)" 'a compressed capture'
records 'inputs | "\(.src | split(":")[-1]) \(.windowStart[17:19])"' '-d: windows are those in which a message came' \
    "$tool" -x -d 2 windows.pcap <<'END'
50001 00
50002 02
50003 02
50009 04
END

# Messages one after another

records "$ports" 'versions one after another' "$tool" -q mixed.flow <<'END'
50002 50003 50004 50001 50005
END
records "$ports" 'zeros between them' "$tool" -q zeros.flow <<'END'
50002 50003
END
is_status 65 'other bytes between them: exit status' "$tool" garbage.flow
is "$(cat "$tmp/err")" 'ipfix2flow: garbage.flow: after message 1: not a message; 35 bytes skipped' 'other bytes between them: message'
records "$ports" 'other bytes between them: the rest' sh -c "'$tool' garbage.flow 2>/dev/null || true" <<'END'
50003 50001
END
is_status 0 'half a message at the end: exit status' "$tool" -v half.flow
like "$(cat "$tmp/err")" '1 at the end of a log, not yet written whole' 'half a message at the end: -v counts it'
is_status 65 'an impossible set: exit status' "$tool" bad-set.flow
is "$(cat "$tmp/err")" 'ipfix2flow: bad-set.flow: message 1: set 256 has an impossible length' 'an impossible set: message'
is "$(jq -r .src "$tmp/out")" 192.168.1.10:50003 'an impossible set: the next message'
is_status 65 'records without length: exit status' "$tool" no-length.flow
is "$(cat "$tmp/err")" 'ipfix2flow: no-length.flow: message 1: set 2 has a broken template' 'records without length: message'
is_status 0 'an empty file: exit status' "$tool" empty.flow

# What nfdump prints

for file in nfdump.json nfdump.ndjson; do
    records "$times" "$file" "$tool" -x --timezone UTC $file <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 21.500000Z 1.5
[fd00::10]:50002 > [2001:4860:4860::8888]:53 1 100 21.500000Z 1.5
END
done
records "$times" 'nfdump.csv' "$tool" -x --timezone UTC nfdump.csv <<'END'
192.168.1.10:50001 > 8.8.8.8:443 3 100 21.000000Z 2
[fd00::10]:50002 > [2001:4860:4860::8888]:53 1 100 21.000000Z 2
END
for event in 1 4 2; do # created, an alert, deleted
    jq --arg event $event 'map(if .src_port == 50002 then .event_id = $event else . end)' nfdump.json >event$event.json
done
records "$ports" 'a firewall flow that nfdump says was created' "$tool" --timezone UTC event1.json <<'END'
50001
END
records "$ports" 'an alert' "$tool" --timezone UTC event4.json <<'END'
50001
END
records "$ports" 'another event' "$tool" --timezone UTC event2.json <<'END'
50001 50002
END
records '[inputs.start] | unique[]' '--timezone' "$tool" -x --timezone +02:00 nfdump.json <<'END'
2023-11-14T20:13:21.500000Z
END
is_status 0 'without --timezone: exit status' "$tool" -x nfdump.json
is "$(jq -r .start "$tmp/out" | uniq)" 2023-11-14T22:13:21.500000Z 'without --timezone: UTC'
like "$(cat "$tmp/err")" '^ipfix2flow: nfdump prints local times' 'without --timezone: a note'
is_status 65 'malformed flows of nfdump: exit status' "$tool" --timezone UTC nfdump-bad.json
is "$(sed 's/JSON: .*/JSON/' "$tmp/err")" 'ipfix2flow: nfdump-bad.json: flow 2: malformed: first
ipfix2flow: nfdump-bad.json: flow 3: not JSON' 'malformed flows of nfdump: messages'
is "$(jq -r .src "$tmp/out")" '192.168.1.10:50001
[fd00::10]:50002' 'malformed flows of nfdump: the others'
misused '--timezone that is none' --timezone Berlin nfdump.json

# Memory: what waits is bounded; a flood of templates leaves those in use

"${PYTHON:-python3}" "$make" flood >flood.ipfix || bail_out 'no flood'
is_status 0 'a flood: exit status' "$tool" -v --templates-memory 64K flood.ipfix
like "$(cat "$tmp/err")" 'skipped because their templates are not in the input' 'a flood: what waited for templates is told of'
is "$(jq -r .src "$tmp/out" | sort -u | wc -l | tr -d ' ')" 200 'a flood: the templates in use stay'
misused 'too little memory' --templates-memory 1K halves.ipfix
misused 'a window of no length' -d 0 halves.ipfix

# Which traffic

is_status 0 '-v: exit status' "$tool" -v halves.ipfix
is "$(cat "$tmp/err")" 'ipfix2flow: 6 flow records read, 3 records written' '-v: the summary'
records "$ports" '-6' "$tool" -6 fields.ipfix <<'END'
50002
END
is_status 0 '-L: exit status' "$tool" -L 8.8.8.0/24 halves.ipfix
is "$(cat "$tmp/err")" 'ipfix2flow: no records: 6 connections between local addresses; -a keeps them' '-L: why there are no records'
printf '8.8.8.8 one.example 2023-11-14\n' >"$tmp/cache"
records "$names" '-c names' sh -c "'$tool' -c '$tmp/cache' halves.ipfix | head -n 1" <<'END'
50001 one.example:443 cache
END

# Other files

printf '\14\245\2\0\1\0\0\0' >nfcapd.1
echo 'Date first seen             Duration     Proto' >head.txt
echo '2023-11-14 22:13:20.210     00:00:00.000 UDP' >line.txt
echo '2023-11-14 22:13:20,2023-11-14 22:13:20,0.000' >headless.csv
text='text; if nfdump printed it, use its -o json, or -o csv without -q$'
for file in nfcapd.1:'an nfcapd file of nfdump' halves.sf:'Secflows already' head.txt:"$text" line.txt:"$text" \
    headless.csv:"$text"; do
    [ "${file%%:*}" != halves.sf ] || "$tool" halves.ipfix >halves.sf
    is_status 65 "${file%%:*}: exit status" "$tool" "${file%%:*}"
    like "$(cat "$tmp/err")" "^ipfix2flow: ${file%%:*}: not NetFlow or IPFIX: it is ${file#*:}" "${file%%:*}: message"
done
printf '\324\303\262\241\2\0\4\0' >cut.pcap
is_status 65 'a capture that is cut off in its header: exit status' "$tool" cut.pcap
is "$(cat "$tmp/err")" 'ipfix2flow: cut.pcap: not a capture file, or one cut off in its header' \
    'a capture that is cut off in its header: message'
"${tool%/*}/tests/traffic" demo packets.pcap 2>"$tmp/err" || bail_out 'no capture'
is_status 0 'a capture of other packets: exit status' "$tool" packets.pcap
like "$(cat "$tmp/err")" '^ipfix2flow: no records: there are no connections; .* packets of a capture, which pcap2flow converts$' \
    'a capture of other packets: message'

tells_sensor halves.ipfix

# Manners

introduces_itself
misused 'unknown option' -Z halves.ipfix
complains 'unknown option -r; files need no option: ipfix2flow FILE' -r halves.ipfix
misused '-4 with -6' -46 halves.ipfix
misused 'standard input twice' - -
"${PYTHON:-python3}" "$make" big 3000 >big.ipfix || bail_out 'no big file'
without_output halves.ipfix
fills_disk halves.ipfix big.ipfix
if command -v readelf >/dev/null; then
    is "$(readelf -d "$tool" | grep -E 'libpcap|libcurl')" '' 'neither libpcap nor libcurl'
else
    skip 'neither libpcap nor libcurl' 'no readelf'
fi

done_testing
