#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# eve2flow: its options, exit statuses and manners.

tool_name=eve2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

# flows: each line of standard input, SECOND SRC SPORT DST DPORT PROTO FLAGS, is a flow event of three
# packets each way with 100 bytes of payload
flows() {
    awk '{
        bytes = 3 * (14 + ($2 ~ /:/ ? 40 : 20) + ($6 == "UDP" ? 8 : 20)) + 100 + ($7 ~ /[23abe]$/ ? 20 : 0)
        time = sprintf("2023-11-14T22:13:%02d.000000+0000", $1)
        printf "{\"timestamp\":\"%s\",\"flow_id\":%d,\"event_type\":\"flow\",\"src_ip\":\"%s\",\"src_port\":%d,", \
            time, NR, $2, $3
        printf "\"dest_ip\":\"%s\",\"dest_port\":%d,\"proto\":\"%s\",\"app_proto\":\"failed\",\"flow\":{", $4, $5, $6
        printf "\"pkts_toserver\":3,\"pkts_toclient\":3,\"bytes_toserver\":%d,\"bytes_toclient\":%d,", bytes, bytes
        printf "\"start\":\"%s\",\"end\":\"%s\",\"age\":0},", time, time
        printf "\"tcp\":{\"tcp_flags_ts\":\"%s\",\"tcp_flags_tc\":\"%s\"}}\n", $7, $7
    }'
}

# looked_up SECOND NAME TYPE ADDRESS [PORT]: a dns event
looked_up() {
    printf '{"timestamp":"2023-11-14T22:13:%02d.000000+0000","flow_id":99,"event_type":"dns","src_port":40000,' "$1"
    printf '"dest_port":%d,"dns":{"version":2,"type":"answer","rrname":"%s","grouped":{"%s":["%s"]}}}\n' "${5:-53}" \
        "$2" "$3" "$4"
}

flows >"$tmp/eve.json" <<'EOF'
1 192.168.1.10 50001 8.8.8.8 443 TCP 1b
2 192.168.1.10 50002 9.9.9.9 123 UDP 00
3 fd00::10 50003 2001:4860:4860::8888 443 TCP 1b
4 fd00::10 50004 2620:fe::9 123 UDP 00
5 192.168.1.10 50005 192.168.1.1 443 TCP 1b
6 192.168.1.10 50006 9.9.9.9 445 TCP 1b
7 192.168.1.10 50007 9.9.9.9 445 SCTP 00
EOF
{
    looked_up 1 one.example A 8.8.8.8
    looked_up 1 six.example AAAA 2001:4860:4860:0000:0000:0000:0000:8888
    looked_up 1 twice.example A 9.9.9.9
    looked_up 2 again.example A 9.9.9.9
    looked_up 1 inside.local A 9.0.0.4 5353
    echo '{"event_type":"stats","stats":{}}'
} >"$tmp/dns.json"
log=$tmp/eve.json

# Which traffic

records "$ports" 'both families, only the Internet' "$tool" "$log" <<'EOF'
50001 50002 50003 50004
EOF
records "$ports" '-4' "$tool" -4 "$log" <<'EOF'
50001 50002
EOF
records "$ports" '-6' "$tool" -6 "$log" <<'EOF'
50003 50004
EOF
records "$ports" '-a' "$tool" -a "$log" <<'EOF'
50001 50002 50003 50004 50005 50006
EOF
records "$ports" '-L makes networks local' "$tool" -L 8.8.8.0/24 -L 2001:4860::/32 "$log" <<'EOF'
50002 50004
EOF
records "$names" 'names' "$tool" "$log" "$tmp/dns.json" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
50003 six.example:443 passive
50004 [2620:fe::9]:123 original
EOF
gzip -c "$tmp/dns.json" >"$tmp/dns.json.gz"
gzip -c "$log" >"$tmp/eve.json.gz"
records "$names" 'files in any order, compressed' "$tool" -4 "$tmp/dns.json.gz" "$tmp/eve.json.gz" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
EOF
if command -v zstd >/dev/null; then
    zstd -qc "$log" >"$tmp/eve.json.zst"
    is "$("$tool" "$tmp/eve.json.zst")" "$("$tool" "$log")" 'Zstandard'
else
    skip 'Zstandard' 'no zstd'
fi

# Bytes

bytes='inputs | "\(.src | split(":")[-1]) \(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes) \(.bytesFrom)"'
records "$bytes" 'payload of frames on Ethernet' "$tool" "$log" <<'EOF'
50001 3 100 3 100 frame
50002 3 100 3 100 frame
50003 3 100 3 100 frame
50004 3 100 3 100 frame
EOF
records "$bytes" '-l, another link' "$tool" -4 -l 16 "$log" <<'EOF'
50001 3 94 3 94 frame
50002 3 94 3 94 frame
EOF
records "$bytes" '-l 0, IP packets' "$tool" -4 --link-header 0 "$log" <<'EOF'
50001 3 142 3 142 ip
50002 3 142 3 142 ip
EOF
records '[inputs | keys_unsorted | .[12:] | join(" ")] | unique[]' 'where bytesFrom stands' \
    "$tool" -x --sensor a -4 "$log" <<'EOF'
sensor bytesFrom start srcIp srcPort dstIp dstPort communityId uid
EOF
misused '-l that is too long' -l 129 "$log"
misused '-l that is not a number' -l ethernet "$log"

# Direction: the SYN, else ports; the earliest piece of a conversation decides.

flows >"$tmp/turned.json" <<'EOF'
1 8.8.8.8 443 192.168.1.10 50001 TCP 1b
2 8.8.8.8 443 192.168.1.10 50002 TCP 18
3 8.8.8.8 53 192.168.1.10 50003 UDP 00
9 192.168.1.10 50004 8.8.8.8 443 TCP 1b
4 8.8.8.8 443 192.168.1.10 50004 TCP 1b
EOF
records 'inputs | "\(.src) > \(.dst) \(.srcPkts)"' 'direction' "$tool" "$tmp/turned.json" <<'EOF'
8.8.8.8:443 > 192.168.1.10:50001 3
192.168.1.10:50002 > 8.8.8.8:443 3
192.168.1.10:50003 > 8.8.8.8:53 3
8.8.8.8:443 > 192.168.1.10:50004 6
EOF

# -S: names that clients said, before or after the flow event

{
    cat "$log" "$tmp/dns.json"
    echo '{"flow_id":1,"event_type":"tls","tls":{"sni":"said.example"}}'
    echo '{"flow_id":1,"event_type":"tls","tls":{"sni":"later.example"}}'
    echo '{"flow_id":3,"event_type":"http","http":{"hostname":"Web.example:8080","url":"/","http_method":"GET"}}'
    echo '{"flow_id":77,"event_type":"tls","tls":{"sni":"nobody.example"}}'
} >"$tmp/said.json"
records "$names" '-S' "$tool" -S "$tmp/said.json" <<'EOF'
50001 said.example:443 session
50002 again.example:123 passive
50003 web.example:443 session
50004 [2620:fe::9]:123 original
EOF
records "$names" 'without -S' "$tool" -4 "$tmp/said.json" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
EOF

# A live file, which ends in half a line

head -c -30 "$log" >"$tmp/live.json"
is_status 0 'half a line at the end: exit status' "$tool" -v "$tmp/live.json" "$tmp/dns.json"
like "$(cat "$tmp/err")" '1 at the end of a log, not yet written whole' 'half a line at the end: -v counts it'
records "$ports" 'half a line at the end: the rest' "$tool" "$tmp/live.json" <<'EOF'
50001 50002 50003 50004
EOF
{
    cat "$tmp/live.json"
    echo
    cat "$log"
} >"$tmp/half.json"
is_status 65 'half a line in the middle: exit status' "$tool" "$tmp/half.json"
is "$(cat "$tmp/err")" "eve2flow: $tmp/half.json: line 7: its JSON object does not end" \
    'half a line in the middle: message'

# Damage: the first few lines and the last are told of, the others counted

{
    yes broken | head -n 10
    cat "$log"
} >"$tmp/broken.json"
is_status 65 'damage: exit status' "$tool" "$tmp/broken.json"
is "$(grep -c ': line [0-9]*: no JSON object where one should begin$' "$tmp/err")" 4 'damage: the first lines, and the last'
like "$(tail -n 1 "$tmp/err")" '7 more' 'damage: how many more'
is "$(cat "$tmp/out")" "$("$tool" "$log")" 'damage: all others are read'
printf '{"event_type":"flow","proto":"TCP","src_ip":"\033[2J"}\n\033[2J\n' >"$tmp/esc.json"
is_status 65 'what a terminal should not see: exit status' "$tool" "$tmp/esc.json"
is "$(grep -c "$(printf '\033')" "$tmp/err")" 0 'what a terminal should not see'
head -c -9 "$tmp/eve.json.gz" >"$tmp/cut.json.gz"
is_status 65 'a compressed log that is cut off: exit status' "$tool" "$tmp/cut.json.gz"

# -c, as zeek2flow has it

"$tool" -c "$tmp/cache" "$log" "$tmp/dns.json" >"$tmp/out"
is "$(cut -d' ' -f1,2 "$tmp/cache")" '8.8.8.8 one.example
2001:4860:4860::8888 six.example' '-c learns'
records "$names" '-c names' "$tool" -4 -c "$tmp/cache" "$log" <<'EOF'
50001 one.example:443 cache
50002 9.9.9.9:123 original
EOF

# -v, -q, and why there are no records

is_status 0 '-v: exit status' "$tool" -v "$log" "$tmp/dns.json"
is "$(sed 's/[0-9]* KiB/SIZE/' "$tmp/err")" 'eve2flow: 7 flow and netflow events and 5 of dns read, '\
'4 records written, names of 3 addresses in SIZE; skipped: 1 between local addresses, 1 of local services, '\
'1 of other protocols, 1 of DNS on other ports, 1 other events' '-v: the summary'
is_status 0 '-v without names' "$tool" -v "$log"
like "$(cat "$tmp/err")" '^eve2flow: no dns event was read' '-v without names: a note'
echo '{"event_type":"stats"}' >"$tmp/stats.json"
is_status 0 'no flows: exit status' "$tool" "$tmp/stats.json"
like "$(cat "$tmp/err")" '^eve2flow: no records: there are no connections; they stand in flow events' 'no flows: why'
is_status 0 'no flows, -q: exit status' "$tool" -q "$tmp/stats.json"
is "$(cat "$tmp/err")" '' 'no flows, -q: silence'

# A flow event tells the source, whatever comes before it: newest first, as search engines export

netflow() {
    printf '{"event_type":"netflow","src_ip":"%s","src_port":%s,"dest_ip":"%s","dest_port":%s,"proto":"%s",' "$@"
    printf '"netflow":{"pkts":2,"bytes":200,"start":"2023-11-14T22:13:20.000000+0000",'
    printf '"end":"2023-11-14T22:13:21.000000+0000"},"tcp":{"tcp_flags":"1b"}}\n'
}
for proto in TCP UDP; do
    {
        printf '{"event_type":"flow","src_ip":"192.168.1.10","src_port":5000,"dest_ip":"8.8.8.8","dest_port":6000,'
        printf '"proto":"%s","flow":{"pkts_toserver":2,"pkts_toclient":2,"bytes_toserver":200,"bytes_toclient":200,' $proto
        printf '"start":"2023-11-14T22:13:20.000000+0000","end":"2023-11-14T22:13:21.000000+0000"},'
        printf '"tcp":{"tcp_flags_ts":"1b","tcp_flags_tc":"1b"}}\n'
        netflow 192.168.1.10 5000 8.8.8.8 6000 $proto
        netflow 8.8.8.8 6000 192.168.1.10 5000 $proto
    } >"$tmp/sides.json"
    for order in '1p 2p 3p' '3p 2p 1p' '3p 1p 2p' '2p 3p 1p'; do
        for line in $order; do
            sed -n "$line" "$tmp/sides.json"
        done >"$tmp/order.json"
        is "$("$tool" "$tmp/order.json" | jq -r '[.src, .srcPkts, .dstPkts] | join(" ")')" '192.168.1.10:5000 2 2' \
            "flow and netflow events of $proto, $order: the source"
    done
done

tells_sensor "$log"

# Manners

introduces_itself
misused 'unknown option' -Z "$log"
misused 'an option of pcap2flow' -d 60 "$log"
complains 'unknown option -r; files need no option: eve2flow LOG' -r "$log"
misused '-4 with -6' -46 "$log"
misused 'standard input twice' - -
awk 'BEGIN { for (i = 0; i < 20000; i++) print 1, "192.168." int(i / 250) "." i % 250, 50001, "8.8.8.8 443 TCP 1b" }' |
    flows >"$tmp/big.json"
without_output "$log"
fills_disk "$log" "$tmp/big.json"
if command -v readelf >/dev/null; then
    is "$(readelf -d "$tool" | grep -E 'libpcap|libcurl')" '' 'neither libpcap nor libcurl'
else
    skip 'neither libpcap nor libcurl' 'no readelf'
fi

done_testing
