#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zeek2flow: its options, exit statuses and behavior.

# shellcheck source=tests/zeek2flow-common.sh
. "${srcdir:?}/tests/zeek2flow-common.sh"

conn >"$tmp/conn.log" <<'EOF'
1 192.168.1.10 50001 8.8.8.8 443 tcp - - - S 1 1
2 192.168.1.10 50002 9.9.9.9 123 udp - - - Dd 1 1
3 fd00::10 50003 2001:4860:4860::8888 443 tcp - - - S 1 1
4 fd00::10 50004 2620:fe::9 123 udp - - - Dd 1 1
5 192.168.1.10 50005 192.168.1.1 443 tcp - - - S 1 1
6 192.168.1.10 50006 9.9.9.9 445 tcp - - - S 1 1
7 192.168.1.10 50007 9.9.9.9 445 sctp - - - - 1 1
EOF
{
    look_up 1 one.example 8.8.8.8
    look_up 1 six.example 2001:4860:4860::8888
    look_up 1 twice.example 9.9.9.9
    look_up 2 again.example 9.9.9.9
    echo '1 192.168.1.10 5353 224.0.0.251 5353 udp inside.local 9.0.0.4'
} | dns >"$tmp/dns.log"
log=$tmp/conn.log

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
records "$ports" '-L makes networks local' \
    "$tool" -L 8.8.8.0/24 -L 2001:4860::/32 "$log" <<'EOF'
50002 50004
EOF
records "$names" '-4 learns names of both families' "$tool" -4 "$log" "$tmp/dns.log" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
EOF

# -c

# cached: the content of the cache, with each day as DAY
cached() {
    sed -E 's/ [0-9]{4}-[0-9]{2}-[0-9]{2}$/ DAY/' "$cache"
}

cache=$tmp/cache
records "$names" 'a cache that does not exist yet' "$tool" -c "$cache" "$log" "$tmp/dns.log" <<'EOF'
50001 one.example:443 passive
50002 again.example:123 passive
50003 six.example:443 passive
50004 [2620:fe::9]:123 original
EOF
is "$(cached)" '8.8.8.8 one.example DAY
2001:4860:4860::8888 six.example DAY' 'it has learned the addresses of one name'
records "$names" 'what was learned is used' "$tool" -c "$cache" "$log" <<'EOF'
50001 one.example:443 cache
50002 9.9.9.9:123 original
50003 six.example:443 cache
50004 [2620:fe::9]:123 original
EOF
echo nonsense >"$cache"
is_status 65 'a bad cache' "$tool" -c "$cache" "$log"
like "$(cat "$tmp/err")" "^zeek2flow: $cache: line 1 " 'a bad cache: message'

# -v, -q

is_status 0 '-v: exit status' "$tool" -v "$log" "$tmp/dns.log"
is "$(sed 's/[0-9]* KiB/SIZE/' "$tmp/err")" 'zeek2flow: 7 rows of conn and 5 of dns read, '\
'4 records written, names of 3 addresses in SIZE; skipped: '\
'1 between local addresses, 1 of local services, 1 of other protocols, 1 of DNS on other ports' \
    '-v: the summary'
is_status 0 '-v without names' "$tool" -v "$log"
like "$(cat "$tmp/err")" '^zeek2flow: no dns log was read' '-v without names: a note'
records "$ports" '-q' "$tool" -q "$log" <<'EOF'
50001 50002 50003 50004
EOF

# Logs that give no record say why, and what helps.

conn >"$tmp/local.log" <<'END'
1 192.168.1.10 50001 10.0.0.1 443 tcp - - - S 1 1
2 192.168.1.10 50002 10.0.0.1 443 tcp - - - S 1 1
3 192.168.1.10 50003 9.9.9.9 445 tcp - - - S 1 1
END
is_status 0 'no records: exit status' "$tool" "$tmp/local.log"
is "$(cat "$tmp/err")" 'zeek2flow: no records: 2 connections between local addresses, '\
'1 of local services; -a keeps them' 'no records: why'
: >"$tmp/empty.log"
is_status 0 'no connections: exit status' "$tool" "$tmp/empty.log"
is "$(cat "$tmp/err")" "zeek2flow: no records: there are no connections; they stand in Zeek's conn log" \
    'no connections: why'
is_status 0 'no records, -q: exit status' "$tool" -q "$tmp/local.log" "$tmp/empty.log"
is "$(cat "$tmp/err")" '' 'no records, -q: silence'

tells_sensor "$log"

# Behavior

introduces_itself
cp "$log" "$tmp/-4"
records "$ports" '-- ends the options' in_tmp -6 -- -4 <<'EOF'
50003 50004
EOF
misused 'unknown option' -Z "$log"
misused 'an option of pcap2flow' -d 60 "$log"
misused 'unknown long option' --nonsense "$log"
misused 'option without its argument' -c
is_status 64 'an unknown option behind an argument' "$tool" -c --cache -zq "$log"
like "$(cat "$tmp/err")" '^zeek2flow: unknown option -z;' 'an unknown option behind an argument: message'
complains 'unknown option -r; files need no option: zeek2flow LOG' -r "$log"
misused '-L no network' -L nonsense "$log"
misused '-4 with -6' -46 "$log"
misused 'standard input twice' - -

awk 'BEGIN {
    for (i = 0; i < 20000; i++)
        printf "%d 192.168.%d.%d 50001 8.8.8.8 443 tcp - - - S 1 1\n", i, i / 250, i % 250
}' | conn >"$tmp/big.log"
without_output "$log"
fills_disk "$log" "$tmp/big.log"
first_line() {
    "$tool" "$tmp/big.log" | head -n 1
}
records "$ports" 'a closed pipe ends it quietly' first_line <<'EOF'
50001
EOF
records '[inputs] | length' 'output larger than a pipe' "$tool" "$tmp/big.log" <<'EOF'
20000
EOF

# Checks what it is linked with.
if command -v readelf >/dev/null; then
    libraries=$(readelf -d "$tool")
    like "$libraries" 'NEEDED.*libzstd' 'the libraries that it links'
    is "$(echo "$libraries" | grep -E 'libpcap|libcurl')" '' 'neither libpcap nor libcurl'
else
    skip 'neither libpcap nor libcurl' 'no readelf'
fi

done_testing
