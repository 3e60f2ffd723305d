#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vpc2flow: its options, exit statuses and manners.

tool_name=vpc2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

header='version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'

# lines: each line of standard input, SECOND SRC SPORT DST DPORT PROTOCOL, is traffic of three packets with 100 bytes of
# payload
lines() {
    awk '{
        bytes = 3 * (($2 ~ /:/ ? 40 : 20) + ($6 == 17 ? 8 : 20)) + 100
        start = 1700000000 + $1
        print 2, 123456789012, "eni-1", $2, $4, $3, $5, $6, 3, bytes, start, start + 59, "ACCEPT OK"
    }'
}

# looked_up SECOND NAME TYPE ADDRESS: a line of the resolver query log
looked_up() {
    printf '{"version":"1.100000","query_timestamp":"2023-11-14T22:13:%02dZ","query_name":"%s.","query_type":"%s",' \
        "$1" "$2" "$3"
    printf '"rcode":"NOERROR","answers":[{"Rdata":"%s","Type":"%s","Class":"IN"}],"srcaddr":"192.168.1.10"}\n' "$4" "$3"
}

{
    echo "$header"
    lines <<'EOF'
1 192.168.1.10 50001 8.8.8.8 443 6
1 8.8.8.8 443 192.168.1.10 50001 6
2 192.168.1.10 50002 9.9.9.9 123 17
3 fd00::10 50003 2001:4860:4860::8888 443 6
4 fd00::10 50004 2620:fe::9 123 17
5 192.168.1.10 50005 192.168.1.1 443 6
6 192.168.1.10 50006 9.9.9.9 445 6
7 192.168.1.10 0 9.9.9.9 0 47
61 192.168.1.10 50001 8.8.8.8 443 6
EOF
    echo '2 123456789012 eni-1 - - - - - - - 1700000000 1700000060 - NODATA'
} >"$tmp/vpc.log"
{
    looked_up 21 one.example A 8.8.8.8
    looked_up 21 six.example AAAA 2001:4860:4860:0000:0000:0000:0000:8888
    looked_up 21 twice.example A 9.9.9.9
    looked_up 22 Again.Example A 9.9.9.9
} >"$tmp/dns.log"
log=$tmp/vpc.log

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
records "$names" 'names' "$tool" "$log" "$tmp/dns.log" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
50003 six.example:443 passive
50004 [2620:fe::9]:123 original
EOF
gzip -c "$tmp/dns.log" >"$tmp/dns.log.gz"
gzip -c "$log" >"$tmp/vpc.log.gz"
records "$names" 'files in any order, compressed' "$tool" -4 "$tmp/dns.log.gz" "$tmp/vpc.log.gz" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
EOF
cat "$tmp/vpc.log.gz" "$tmp/vpc.log.gz" >"$tmp/twice.log.gz"
records 'inputs.srcPkts' 'two files as one, each with its names' "$tool" -4 "$tmp/twice.log.gz" <<'EOF'
12
6
EOF

# Counts, times, and what -x adds

records 'inputs | "\(.src) \(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes) \(.duration) \(.bytesFrom)"' \
    'windows of both sides are one flow' "$tool" -4 "$log" <<'EOF'
192.168.1.10:50001 6 200 3 100 119 ip
192.168.1.10:50002 3 100 0 0 59 ip
EOF
records '[inputs | keys_unsorted | .[12:] | join(" ")] | unique[]' 'where bytesFrom stands' \
    "$tool" -x --sensor a -4 "$log" <<'EOF'
sensor bytesFrom start srcIp srcPort dstIp dstPort communityId
EOF

# Direction: of two halves that begin in the same second neither is the first, in whatever order they are logged

for order in 1,2 2,1; do
    {
        echo "$header"
        lines <<'EOF' | case $order in 1,2) cat ;; *) tac ;; esac
1 192.168.1.10 5000 8.8.8.8 6000 17
1 8.8.8.8 6000 192.168.1.10 5000 17
EOF
    } >"$tmp/halves.log"
    records 'inputs | "\(.src) > \(.dst)"' "halves, $order: the higher port" "$tool" "$tmp/halves.log" <<'EOF'
8.8.8.8:6000 > 192.168.1.10:5000
EOF
done

# The same flow on several interfaces counts once, and of each side what most of it was seen of

{
    echo "$header"
    lines <<'EOF'
1 192.168.1.10 50001 8.8.8.8 443 6
1 8.8.8.8 443 192.168.1.10 50001 6
61 192.168.1.10 50001 8.8.8.8 443 6
EOF
    lines <<'EOF' | sed 's/eni-1/eni-2/'
1 192.168.1.10 50001 8.8.8.8 443 6
61 192.168.1.10 50001 8.8.8.8 443 6
61 192.168.1.10 50001 8.8.8.8 443 6
EOF
} >"$tmp/two.log"
records 'inputs | "\(.srcPkts) \(.dstPkts)"' 'two interfaces' "$tool" "$tmp/two.log" <<'EOF'
9 3
EOF

# -F

sed 1d "$log" >"$tmp/bare.log"
is "$("$tool" "$tmp/bare.log")" "$("$tool" "$log")" 'the default format needs no names'
awk 'NR > 1 { print $11, $4, $6, $5, $7, $8, $9, $10 }' "$log" >"$tmp/short.log"
is_status 65 'no names: exit status' "$tool" "$tmp/short.log"
is "$(cat "$tmp/err")" "vpc2flow: $tmp/short.log: line 1: no names of columns stand before it, and it is not in the "\
'default format; give them with -F' 'no names: message'
names_given='start srcaddr srcport dstaddr dstport protocol packets bytes'
records "$ports" '-F' "$tool" -F "$names_given" "$tmp/short.log" <<'EOF'
50001 50002 50003 50004
EOF
# shellcheck disable=SC2016
is "$("$tool" --fields '${start} ${srcaddr} ${srcport} ${dstaddr} ${dstport} ${protocol} ${packets} ${bytes}' \
    "$tmp/short.log")" "$("$tool" -F "$names_given" "$tmp/short.log")" '--fields as a format'
misused '-F that is not enough' -F 'srcaddr dstaddr' "$log"
like "$(cat "$tmp/err")" "-F: the column srcport is missing from the names 'srcaddr dstaddr'" '-F that is not enough: message'

# Lost data

{
    cat "$log"
    echo '2 123456789012 eni-1 - - - - - - - 1700000000 1700000060 - SKIPDATA'
} >"$tmp/lost.log"
is_status 0 'SKIPDATA: exit status' "$tool" "$tmp/lost.log" - <"$tmp/lost.log"
is "$(cat "$tmp/err")" 'vpc2flow: counts are too low, since the cloud has lost records; lines that say SKIPDATA: 2' \
    'SKIPDATA: message'
is_status 0 'SKIPDATA, -q: exit status' "$tool" -q "$tmp/lost.log"
is "$(cat "$tmp/err")" '' 'SKIPDATA, -q: silence'

# Damage: the first few lines and the last are told of, the others counted

{
    echo "$header"
    yes broken | head -n 10
    cat "$log"
} >"$tmp/broken.log"
is_status 65 'damage: exit status' "$tool" "$tmp/broken.log"
is "$(grep -c ': line [0-9]*: it does not have the 14 cells that the names are for$' "$tmp/err")" 4 \
    'damage: the first lines, and the last'
like "$(tail -n 1 "$tmp/err")" '7 more' 'damage: how many more'
is "$(cat "$tmp/out")" "$("$tool" "$log")" 'damage: all others are read'
{ gzip -c "$tmp/broken.log" | head -c -8 && printf checksum; } >"$tmp/broken.gz"
is_status 65 'damaged lines of a damaged gzip file: exit status' "$tool" "$tmp/broken.gz"
like "$(tail -n 1 "$tmp/err")" 'damaged in 8 more lines; the last: after line [0-9]+: the gzip data are damaged' \
    'damaged lines of a damaged gzip file: it is named'
tr ' ' , <"$log" >"$tmp/vpc.csv"
sed 's/[^,]*/"&"/g' "$tmp/vpc.csv" >"$tmp/quoted.csv"
tr ' ' '\t' <"$log" >"$tmp/vpc.tsv"
for file in vpc.csv quoted.csv vpc.tsv; do
    is_status 65 "$file: exit status" "$tool" "$tmp/$file"
    like "$(cat "$tmp/err")" "there are no blanks between its cells; use: tr -d '\"' <FILE \| tr ',\\\\t' '  ' \| vpc2flow\$" \
        "$file: message"
    is "$(tr -d '"' <"$tmp/$file" | tr ',\t' '  ' | "$tool")" "$("$tool" "$log")" "$file: the command"
done
printf '{"query_timestamp":"\033[2J"}\n\033[2J\n' >"$tmp/esc.log"
is_status 65 'what a terminal should not see: exit status' "$tool" "$tmp/esc.log"
is "$(grep -c "$(printf '\033')" "$tmp/err")" 0 'what a terminal should not see'
head -c -9 "$tmp/vpc.log.gz" >"$tmp/cut.log.gz"
is_status 65 'a compressed log that is cut off: exit status' "$tool" "$tmp/cut.log.gz"
printf 'PAR1\025\004' >"$tmp/x.parquet"
is_status 65 'Parquet: exit status' "$tool" "$tmp/x.parquet"
like "$(cat "$tmp/err")" 'it is Parquet; use: duckdb -c' 'Parquet: the command'

# -c, as zeek2flow has it

"$tool" -c "$tmp/cache" "$log" "$tmp/dns.log" >"$tmp/out"
is "$(cut -d' ' -f1,2 "$tmp/cache")" '8.8.8.8 one.example
2001:4860:4860::8888 six.example' '-c learns'
records "$names" '-c names' "$tool" -4 -c "$tmp/cache" "$log" <<'EOF'
50001 one.example:443 cache
50002 9.9.9.9:123 original
EOF

# -v, -q, and why there are no records

is_status 0 '-v: exit status' "$tool" -v "$log" "$tmp/dns.log"
is "$(sed 's/[0-9]* KiB/SIZE/' "$tmp/err")" 'vpc2flow: 9 records of traffic and 4 of DNS read, 4 records written, '\
'names of 3 addresses in SIZE; skipped: 1 between local addresses, 1 of local services, 1 of other protocols, '\
'1 without traffic' '-v: the summary'
is_status 0 '-v without names' "$tool" -v "$log"
like "$(cat "$tmp/err")" '^vpc2flow: no resolver query log was read' 'without names: a note'
is_status 0 'no traffic: exit status' "$tool" "$tmp/dns.log"
like "$(cat "$tmp/err")" '^vpc2flow: no records: there are no connections; they stand in flow logs' 'no traffic: why'
is_status 0 'no traffic, -q: exit status' "$tool" -q "$tmp/dns.log"
is "$(cat "$tmp/err")" '' 'no traffic, -q: silence'

tells_sensor "$log"

# Manners

introduces_itself
misused 'unknown option' -Z "$log"
misused 'an option of pcap2flow' -d 60 "$log"
complains 'unknown option -r; files need no option: vpc2flow LOG' -r "$log"
complains 'unknown option -S; flow logs of clouds have no names in them' -S "$log"
misused '-4 with -6' -46 "$log"
misused 'standard input twice' - -
awk 'BEGIN { for (i = 0; i < 20000; i++) print 1, "192.168." int(i / 250) "." i % 250, 50001, "8.8.8.8 443 6" }' |
    lines >"$tmp/big.log"
without_output "$log"
fills_disk "$log" "$tmp/big.log"
if command -v readelf >/dev/null; then
    is "$(readelf -d "$tool" | grep -E 'libpcap|libcurl')" '' 'neither libpcap nor libcurl'
else
    skip 'neither libpcap nor libcurl' 'no readelf'
fi

done_testing
