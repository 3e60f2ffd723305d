#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pcap2flow: its options, exit statuses and behavior.

# shellcheck source=tests/pcap2flow-common.sh
. "${srcdir:?}/tests/pcap2flow-common.sh"

pairs='inputs | "\(.trafficDate) \(.src) > \(.dst)"'

# Which traffic

records "$ports" 'both families, only the Internet' "$tool" "$cap/families.pcap" <<'EOF'
50001 50002 50003 50004
EOF
records "$ports" '-4' "$tool" -4 "$cap/families.pcap" <<'EOF'
50001 50002
EOF
records "$ports" '-6' "$tool" -6 "$cap/families.pcap" <<'EOF'
50003 50004
EOF
records "$ports" '-a' "$tool" -a "$cap/families.pcap" <<'EOF'
50001 50002 50003 50004 50005
EOF
records "$ports" '-L makes a network local' "$tool" -L 8.8.8.0/24 "$cap/families.pcap" <<'EOF'
50002 50003 50004
EOF
records "$ports" '-L more than once' \
    "$tool" -L 8.8.8.0/24 -L 2001:4860::/32 "$cap/families.pcap" <<'EOF'
50002 50004
EOF
records "$ports" '-L: the network and nothing beside it' \
    "$tool" -L 8.8.9.0/24 -L 8.8.8.128/25 -L 9.9.9.8/31 "$cap/families.pcap" <<'EOF'
50001 50003 50004
EOF
records "$ports" '-L with one side still on the Internet' \
    "$tool" -L 9.9.9.0/24 "$cap/transit.pcap" <<'EOF'
50001
EOF

# -f

records "$ports" '-f' "$tool" -f 'tcp port 443' "$cap/families.pcap" <<'EOF'
50001 50003
EOF
records "$flows" '-f on interfaces of differing link type' \
    "$tool" -f 'host 8.8.8.8' "$cap/format-interfaces.pcapng" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 2 100 1 0
EOF
records "$flows" '-f that only one interface matches' \
    "$tool" -f 'src host 8.8.8.8' "$cap/format-interfaces.pcapng" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 0 0 1 0
EOF
records '' '-f that nothing matches' "$tool" -qf 'port 1' "$cap/families.pcap" </dev/null

# -d. The columns: the window, microseconds from BASE, the flow, its duration.

windows='(1700000000 / 60 | floor) as $first | inputs | (.trafficDate | tonumber) as $date |
    "\(($date / 60 | floor) - $first) " +
    "\(($date - 1700000000 + .relativeStart) * 1000000 | round) \(.src) > \(.dst) " +
    "\(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes) \(.duration * 1000000 | round)"'
records "$windows" '-d cuts at multiples of its seconds, a flow keeps its source and name' \
    "$tool" -d 60 "$cap/windows.pcap" <<'EOF'
0 10000000 192.168.1.10:1025 > www.example.com:8080 2 100 1 0 29999999
1 40000000 192.168.1.10:1025 > www.example.com:8080 1 50 1 200 1000000
1 50000000 192.168.1.10:50001 > 9.9.9.9:123 1 48 0 0 0
2 100000000 192.168.1.10:1025 > www.example.com:8080 1 0 1 300 1500000
EOF
# The window that the late packet would belong to has been written.
records "$windows" '-d: a late packet is counted in the window that is open' \
    "$tool" -d 60 "$cap/windows-late.pcap" <<'EOF'
0 39000000 192.168.1.10:50001 > 9.9.9.9:123 1 1 0 0 0
0 39500000 192.168.1.10:50001 > 9.9.9.9:123 3 1110 0 0 1500000
EOF
records 'inputs | "\(.src) \(.srcBytes) \(.dst) \(.dstBytes)"' '-d: who opened a flow is remembered for a day' \
    "$tool" -d 60 "$cap/windows-days.pcap" <<'EOF'
192.168.1.10:1025 0 8.8.8.8:8080 0
192.168.1.10:1025 0 8.8.8.8:8080 20
8.8.8.8:8080 30 192.168.1.10:1025 0
EOF
records '[inputs.trafficDate] | unique | length' '-d: a window is a sample' \
    "$tool" -d 60 "$cap/windows.pcap" <<'EOF'
3
EOF
for seconds in 1 7 300; do
    records '[inputs] | group_by([.src, .dst])[] | "\(.[0].src) > \(.[0].dst) " +
        "\(map(.srcPkts) | add) \(map(.srcBytes) | add) " +
        "\(map(.dstPkts) | add) \(map(.dstBytes) | add)"' \
        "-d $seconds: the windows add up to the whole" \
        "$tool" -d $seconds "$cap/windows.pcap" <<'EOF'
192.168.1.10:1025 > www.example.com:8080 4 150 3 500
192.168.1.10:50001 > 9.9.9.9:123 1 48 0 0
EOF
done

records 'inputs | "\(.start) \(.windowStart)"' '-x with -d: the start of the window' \
    "$tool" -x -d 60 "$cap/windows.pcap" <<'EOF'
2023-11-14T22:13:30.000000Z 2023-11-14T22:13:00.000000Z
2023-11-14T22:14:00.000000Z 2023-11-14T22:14:00.000000Z
2023-11-14T22:14:10.000000Z 2023-11-14T22:14:00.000000Z
2023-11-14T22:15:00.000000Z 2023-11-14T22:15:00.000000Z
EOF
records '[inputs | has("windowStart")] | unique[]' '-x without -d: no window' \
    "$tool" -x "$cap/windows.pcap" <<'EOF'
false
EOF
records '[inputs | keys_unsorted | .[12:15] | join(" ")] | unique[]' \
    '-x with -d: the place of the window' "$tool" -x -d 60 "$cap/windows.pcap" <<'EOF'
start windowStart srcIp
EOF
records '[inputs | has("windowStart")] | unique[]' '-d without -x: no window' \
    "$tool" -d 60 "$cap/windows.pcap" <<'EOF'
false
EOF

# --sensor

tells_sensor "$cap/windows.pcap"

# -m

records "$pairs" 'each file is a sample, in the order of the arguments' \
    "$tool" "$cap/merge-b.pcap" "$cap/merge-a.pcap" "$cap/merge-c.pcap" <<'EOF'
1700000010.000000 8.8.8.8:8080 > 192.168.1.10:1025
1700000010.000000 192.168.1.10:50001 > 9.9.9.9:123
1700000000.000000 192.168.1.10:1025 > www.example.com:8080
1700000020.000000 8.8.8.8:8080 > 192.168.1.10:1025
EOF
for order in 'a b c' 'c a b' 'b c a'; do
    set --
    for part in $order; do
        set -- "$@" "$cap/merge-$part.pcap"
    done
    records 'inputs | "\(.trafficDate) \(.src) > \(.dst) \(.srcPkts) \(.srcBytes) " +
        "\(.dstPkts) \(.dstBytes)"' "-m makes one sample of files in the order $order" \
        "$tool" -m "$@" <<'EOF'
1700000000.000000 192.168.1.10:1025 > www.example.com:8080 2 30 1 20
1700000000.000000 192.168.1.10:50001 > 9.9.9.9:123 1 0 0 0
EOF
done

# -c

# cached: the content of the cache, with each day as DAY
cached() {
    sed -E 's/ [0-9]{4}-[0-9]{2}-[0-9]{2}$/ DAY/' "$cache"
}

cache=$tmp/cache
records "$names" 'a cache that does not exist yet' "$tool" -c "$cache" "$cap/cache-learn.pcap" <<'EOF'
50001 one.example:443 passive
EOF
is "$(cached)" '1.1.1.1 one.example DAY
8.8.8.8 odd\032one DAY
9.9.9.9 nine.example DAY
100.0.0.1 hundred.example DAY
2001:4860:4860::8888 six.example DAY' 'the cache has learned, sorted by address'
records "$names" 'what was learned is used' "$tool" -c "$cache" "$cap/families.pcap" <<'EOF'
50001 odd\032one:443 cache
50002 nine.example:123 cache
50003 six.example:443 cache
50004 [2620:fe::9]:123 original
EOF

# The last line has no newline, but counts as a line.
printf '8.0.4.1 cached1.example\n8.0.4.2 cached2.example\n8.0.4.3 cached3.example' >"$cache"
records "$names" 'a name before the flow, then the cache, then a name after it' \
    "$tool" -c "$cache" "$cap/cache-use.pcap" <<'EOF'
50001 cached1.example:443 cache
50002 before.example:443 passive
50003 cached3.example:443 cache
EOF
is "$(cached)" '8.0.4.1 cached1.example DAY
8.0.4.2 before.example DAY
8.0.4.3 after.example DAY' 'a newer name replaces an older one'

# bad_cache DESCRIPTION LINE: the cache's LINE is bad.
bad_cache() {
    cp "$cache" "$tmp/cache-before"
    is_status 65 "$1: exit status" "$tool" -c "$cache" "$cap/cache-learn.pcap"
    like "$(cat "$tmp/err")" "^pcap2flow: $cache: ?(line )?$2($|[^0-9])" "$1: message"
    is "$(jq -rn "$ports" "$tmp/out")" 50001 "$1: records"
    ok "$1: the file is left alone" cmp "$cache" "$tmp/cache-before"
}

printf '8.8.8.8 good.example\nno-address bad.example\n9.9.9.9 fine.example\n' >"$cache"
bad_cache 'a cache line without an address' 2
printf '8.8.8.8 good.example\n8.8.9.9 good.example\n9.9.9.9\n' >"$cache"
bad_cache 'a cache line without a name' 3

# together: eight processes learn fifty names each; prints the exit statuses other than 0.
together() {
    for process in 1 2 3 4 5 6 7 8; do
        "$tool" -qc "$cache" "$cap/cache-$process.pcap" || echo "status $?" &
    done
    wait
}

rm -f "$cache"
records '' 'eight processes share a cache' together </dev/null
for process in 1 2 3 4 5 6 7 8; do
    name=1
    while [ $name -le 50 ]; do
        echo "11.0.$process.$name n$name.p$process.example DAY"
        name=$((name + 1))
    done
done >"$tmp/cache-want"
ok 'eight processes share a cache: nothing is lost' eval 'cached | diff "$tmp/cache-want" -'

# --names-memory, --cache-age

is_status 0 'names as many as there are' "$tool" -v "$cap/names-many.pcap"
is "$(jq -rn "$names" "$tmp/out")" '50001 many.example:443 passive
50002 many.example:443 passive
50003 many.example:443 passive' 'names as many as there are: all are known'
like "$(cat "$tmp/err")" 'names of 45000 addresses in [0-9]+ KiB' '-v: what names take'
is "$(grep 'no room' "$tmp/err")" '' 'names as many as there are: nothing is forgotten'
is_status 0 '--names-memory' "$tool" --names-memory 1M "$cap/names-many.pcap"
is "$(jq -rn "$names" "$tmp/out")" '50001 9.0.0.0:443 original
50002 many.example:443 passive
50003 many.example:443 passive' '--names-memory: the oldest go'
like "$(cat "$tmp/err")" \
    '^pcap2flow: there was no room for [0-9]+ names of addresses, the oldest, in 1 MiB; --names-memory' \
    '--names-memory: which is said'
seq 45000 | awk '{ printf "9.0.%d.%d many.example 2026-11-28\n", $1 / 256, $1 % 256 }' >"$cache"
is_status 0 '--names-memory and a cache' "$tool" --names-memory 1M -c "$cache" "$cap/families.pcap"
like "$(cat "$tmp/err")" "^pcap2flow: $cache: there was no room for [0-9]+ of its names; --names-memory" \
    '--names-memory and a cache: which is said, too'
for size in 1023K 1048575 0 -1 M 1T 1.5M 99999999999G ''; do
    is_status 64 "--names-memory $size" "$tool" --names-memory "$size" "$cap/families.pcap"
done
for size in 1M 1048576 64M 1G 1024K; do
    is_status 0 "--names-memory $size" "$tool" "--names-memory=$size" "$cap/families.pcap"
done
for age in 0 86399 23h 0d 36501d 1w 1.5d '' d; do
    is_status 64 "--cache-age $age" "$tool" --cache-age "$age" "$cap/families.pcap"
done
day=86400
today=$(date +%s)
for age in 2d 48h 2880m 172800 172800s; do
    printf '1.1.1.1 old.example %s\n1.1.1.2 young.example %s\n' \
        "$(date -ud "@$((today - 4 * day))" +%F)" "$(date -ud "@$((today - day))" +%F)" >"$cache"
    is_status 0 "--cache-age $age: exit status" "$tool" --cache-age "$age" -c "$cache" \
        "$cap/cache-use.pcap"
    is "$(cached)" '1.1.1.2 young.example DAY
8.0.4.2 before.example DAY
8.0.4.3 after.example DAY' "--cache-age $age: what was not seen for longer leaves"
done

# -v, -q

"$tool" "$cap/counts.pcap" >"$tmp/plain"
is_status 0 '-v: exit status' "$tool" -v "$cap/counts.pcap"
ok '-v: the records are the same' cmp "$tmp/out" "$tmp/plain"
summary=$(cat "$tmp/err")
like "$summary" '(^|[^0-9])23 packets|packets[^0-9]* 23($|[^0-9])' '-v: packets read'
like "$summary" '(^|[^0-9])11 records|records[^0-9]* 11($|[^0-9])' '-v: records written'
like "$summary" '(^|[^0-9])7[^0-9]* local|local[^0-9]* 7($|[^0-9])' '-v: packets between locals'
like "$summary" '(^|[^0-9])3[^0-9]* damaged|damaged[^0-9]* 3($|[^0-9])' '-v: damaged packets'
records "$ports" '-q' "$tool" -q "$cap/families.pcap" <<'EOF'
50001 50002 50003 50004
EOF

# A file that gives no record says why, and what helps. empty WHY FILE OPTION...

empty() {
    why=$1
    file=$2
    shift 2
    is_status 0 "$file without records: exit status" "$tool" "$@" "$cap/$file"
    is "$(cat "$tmp/out")" '' "$file without records: no output"
    is "$(cat "$tmp/err")" "pcap2flow: $cap/$file: no records: $why" "$file without records: why"
    is_status 0 "$file without records, -q: exit status" "$tool" -q "$@" "$cap/$file"
    is "$(cat "$tmp/err")" '' "$file without records, -q: silence"
}

empty 'there are no packets' no-packets.pcap
empty 'there are no packets' no-packets.pcapng
empty '2 packets between local addresses; -a keeps them' dns-only.pcap
empty '10 packets of local services; -a keeps them' empty-services.pcap
empty '3 packets damaged' empty-damaged.pcap
empty '3 packets cut off in their headers; capture more bytes of each' empty-cut.pcap
empty '1 packet with times out of range; editcap -t shifts times' empty-time.pcapng
empty '1 packet of 802.11, encrypted or aggregated; decrypt the capture first' wifi-protected.pcap
empty '1 packet of other IP protocols; without -T tunnels are opened' tunnel-gre.pcap -T
empty '5 packets filtered out; a wider -f lets them through' families.pcap -f 'port 1'
empty '3 packets of the other address family; leave out -4 or -6' format-micro-big.pcap -6
empty '1 packet not IP, 2 between local addresses, 1 of local services; -a keeps them' \
    empty-mixed.pcap
is_status 0 'one of two files without records: exit status' \
    "$tool" "$cap/dns-only.pcap" "$cap/families.pcap"
is "$(grep -c . "$tmp/out") $(grep -c . "$tmp/err")" '4 1' 'one of two files without records: a word'
is_status 0 '-m, one of two files without records: exit status' \
    "$tool" -m "$cap/dns-only.pcap" "$cap/families.pcap"
is "$(cat "$tmp/err")" '' '-m, one of two files without records: silence'
is_status 0 '-m without records: exit status' "$tool" -m "$cap/dns-only.pcap" "$cap/no-packets.pcap"
is "$(cat "$tmp/err")" 'pcap2flow: no records: 2 packets between local addresses; -a keeps them' \
    '-m without records: why'

# Help, version, the end of options

introduces_itself

cp "$cap/families.pcap" "$tmp/-4"
records "$ports" '-- ends the options' in_tmp -6 -- -4 <<'EOF'
50003 50004
EOF

file=$cap/families.pcap
misused 'unknown option' -Z "$file"
misused 'unknown long option' --nonsense "$file"
misused 'option without its argument' -d
misused '-d 0' -d 0 "$file"
misused '-d -5' -d -5 "$file"
misused '-d not a time' -d 10x "$file"
is "$(cat "$tmp/err")" "pcap2flow: -d: '10x' is not a time such as 90s, 5m or 12h; try 'pcap2flow --help'" \
    '-d: not a time: message'
misused '-d 0s' -d 0s "$file"
is "$(cat "$tmp/err")" "pcap2flow: -d: '0s' is less than 1s; try 'pcap2flow --help'" '-d: too short: message'
misused '-d a unit alone' -d m "$file"
misused '-d two units' -d 5mm "$file"
misused '-d too long' -d 10001d "$file"
is "$(cat "$tmp/err")" "pcap2flow: -d: '10001d' is more than 10000d; try 'pcap2flow --help'" \
    '-d: too long: message'
misused '-d beyond all numbers, with a unit' -d 18446744073709551615d "$file"
misused '--cache-age of hours' --cache-age 23h "$file"
is "$(cat "$tmp/err")" "pcap2flow: --cache-age: '23h' is less than 1d; try 'pcap2flow --help'" \
    '--cache-age: too short: message'
misused '--names-memory of too little' --names-memory 1023K "$file"
is "$(cat "$tmp/err")" "pcap2flow: --names-memory: '1023K' is less than 1M; try 'pcap2flow --help'" \
    '--names-memory: too little: message'
for pair in '90 90s' '120 2m' '7200 2h' '172800 2d'; do
    is "$("$tool" -d "${pair#* }" "$file" | cksum)" "$("$tool" -d "${pair% *}" "$file" | cksum)" \
        "-d ${pair#* } is -d ${pair% *}"
done
misused '-d nothing' -d '' "$file"
is "$("$tool" --window 90 --ext --local=8.8.8.8 "$file" | cksum)" "$("$tool" -d 90 -x -L 8.8.8.8 "$file" | cksum)" \
    'long names, and short forms of them'
try="; try 'pcap2flow --help'"
complains 'unknown option --vebrose; did you mean --verbose?' --vebrose "$file"
complains 'unknown option --windwo; did you mean --window?' --windwo=90 "$file"
complains "unknown option --nonsense$try" --nonsense "$file"
complains "option --s can be any of --session-names --sensor$try" --s "$file"
complains "option --merge takes no argument$try" --merge=1 "$file"
complains "option --window needs an argument: --window TIME$try" "$file" --wind
complains "option -d needs an argument: -d TIME$try" "$file" -xd
complains "--window: '10x' is not a time such as 90s, 5m or 12h$try" "$file" --wind=10x
complains 'unknown option -i; flowcap captures from an interface' -i lo
complains 'unknown option -r; files need no option: pcap2flow FILE' -r "$file"
misused '-d beyond all numbers' -d 99999999999999999999 "$file"
misused '-L no network' -L nonsense "$file"
misused '-L prefix too long' -L 10.0.0.0/33 "$file"
misused '-L prefix too long for IPv6' -L fd00::/129 "$file"
misused '-L prefix no number' -L 10.0.0.0/8x "$file"
misused '-f no filter' -f 'no such filter (' "$file"

# Output that fails

without_output "$cap/families.pcap"
fills_disk "$cap/families.pcap" "$cap/big.pcap"

first_line() {
    "$tool" "$cap/big.pcap" | head -n 1
}

records "$ports" 'a closed pipe ends it quietly' first_line <<'EOF'
50001
EOF
records '[inputs] | length' 'output larger than a pipe' "$tool" "$cap/big.pcap" <<'EOF'
20000
EOF

is_status 64 'standard input twice' "$tool" - -
is_status 64 '-4 with -6' "$tool" -46 "$cap/windows.pcap"
mkfifo "$tmp/fifo"
is_status 66 '-c: a pipe is no cache' "$tool" -c "$tmp/fifo" "$cap/windows.pcap"
ok '-c: and stays what it is' test -p "$tmp/fifo"

done_testing
