#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowbeacon: pairs that call again and again, sessions that windows cut, strobes, hosts, what is left out, and
# its manners. flowbeacon-score.py has its rules written a second time.

tool_name=flowbeacon
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

cd "$tmp" || exit 99
bindir=$(dirname "$tool")
unset TMPDIR
date=1700000000

introduces_itself

# flows COUNT INTERVAL SRC DST PORT DURATION [MORE]: so many, one after the other, each from a port of its own, or all
# from PORT
flows() {
    awk -v count="$1" -v interval="$2" -v src="$3" -v dst="$4" -v port="$5" -v duration="$6" -v date="$date" -v more="${7:-}" '
        BEGIN {
            for (i = 0; i < count; i++) {
                printf "{\"src\":\"%s:%d\",\"dst\":\"%s\",\"destinationNameSource\":\"original\",", src, port ? port : 1024 + i, dst
                printf "\"srcPkts\":3,\"srcBytes\":100,\"dstPkts\":3,\"dstBytes\":200,\"relativeStart\":%d.5,", i * interval
                printf "\"protocolInformation\":\"\",\"duration\":%s,\"trafficDate\":\"%s.000000\",\"proto\":\"tcp\"%s}\n", duration, date, more
            }
        }'
}

# found FIELDS DESCRIPTION ARGUMENTS...: prints these fields of the lines, one a line
found() {
    fields=$1
    description=$2
    shift 2
    is_status 0 "$description: exit status" "$tool" "$@"
    is "$(cat "$tmp/err")" '' "$description: nothing on standard error"
    is "$(jq -r "[$fields] | map(tostring) | join(\" \")" <"$tmp/out")" "$(cat)" "$description"
}

# A beacon, and one long session that windows of 5 minutes cut into parts that look like one
flows 96 900 10.0.0.1 beacon.example:443 0 2.0 >beacon.sf
flows 288 300 10.0.0.2 192.0.2.1:22 50000 299.0 >session.sf
found '.src, .dst, .flows, .beaconScore, .interval, .jitter' 'a beacon' beacon.sf <<'EOF'
10.0.0.1 beacon.example 96 1 900 0
EOF
found '.src, .dst, .flows, .beaconScore, .longScore, .longestDuration' 'a session in windows is no beacon, but long' session.sf <<'EOF'
10.0.0.2 192.0.2.1 1 null 1 86399
EOF
"$bindir/flowmerge" session.sf >whole.sf
is "$("$tool" session.sf)" "$("$tool" whole.sf)" 'joined before, it is the same'
flows 288 300 10.0.0.2 192.0.2.1:22 0 2.0 >calls.sf
found '.flows, .beaconScore, .longScore' 'calls from as many ports are' calls.sf <<'EOF'
288 1 null
EOF

# The form of a line
is "$("$tool" beacon.sf)" '{"src":"10.0.0.1","dst":"beacon.example","flows":96,"hosts":1,"prevalence":1.000,"start":"2023-11-14T22:13:20.500000Z","end":"2023-11-15T21:58:22.500000Z","totalDuration":192.0,"longestDuration":2.0,"srcBytes":9600,"dstBytes":19200,"interval":900.0,"jitter":0.0,"beaconScore":1.000,"timingScore":1.000,"sizeScore":1.000,"histogramScore":1.000,"durationScore":1.000,"whenStart":"2023-11-14T22:13:20.000000Z","whenEnd":"2023-11-15T21:58:20.000000Z","when":[4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4,4]}' \
    'a line'

# Order, hosts and prevalence
{
    cat session.sf beacon.sf calls.sf
    flows 5 7200 10.0.0.3 beacon.example:80 0 2.0
    flows 1 1 10.0.0.4 192.0.2.9:53 0 2.0
} >all.sf
found '.src, .dst, .hosts, .prevalence' 'hosts of a destination, of all that had flows' all.sf <<'EOF'
10.0.0.2 192.0.2.1 1 0.25
10.0.0.1 beacon.example 2 0.5
10.0.0.3 beacon.example 2 0.5
EOF
found '.src, .beaconScore' '-t: pairs of that score' -t 0.9 all.sf <<'EOF'
10.0.0.2 1
10.0.0.1 1
EOF
found '.src, .beaconScore' '-m: so many flows at least' -m 97 all.sf <<'EOF'
10.0.0.2 1
EOF
found '.flows, .start, .end' '-w: the last part of the time' -w 1h beacon.sf <<'EOF'
5 2023-11-15T20:58:20.500000Z 2023-11-15T21:58:22.500000Z
EOF
found '.flows, .start, .longScore' '-w: what began before and goes on' -w 1h session.sf <<'EOF'
1 2023-11-14T22:13:20.500000Z 1
EOF
{
    cat beacon.sf
    date=1800000000 flows 1 1 10.0.0.7 192.0.2.9:53 0 2.0
} >future.sf
is_status 0 'a flow of the future: exit status' "$tool" future.sf
is "$(cat out err)" 'flowbeacon: no pairs: the time that is looked at ends with the last flow, at 2027-01-15 08:00:00 UTC, and earlier flows were left out; look at more time with -w, or leave that flow out if its clock was wrong' \
    'a flow of the future: why there are no pairs'
is "$("$tool" -q future.sf 2>&1)" '' 'a flow of the future, -q: silence'
is "$("$tool" -w 5000d future.sf 2>&1 | jq -r .src)" 10.0.0.1 'a flow of the future, -w: the pair'
{
    cat beacon.sf
    date=1699000000 flows 1 1 10.0.0.7 192.0.2.9:53 0 2.0
    date=1699000000
    flows 9 600 10.0.0.8 192.0.2.9:53 0 2.0
} >old.sf
found '.src, .hosts, .prevalence' 'what is older than a day does not count' old.sf <<'EOF'
10.0.0.1 1 1
EOF
date=1700000000

# More destinations than are counted at a time: each has its hosts
awk -v date="$date" 'BEGIN {
    for (i = 0; i < 24000; i++) {
        printf "{\"src\":\"10.0.0.%d:%d\",\"dst\":\"host%d.example:443\",\"destinationNameSource\":\"passive\",", i / 12000 + 1, i % 60000 + 1, i % 3000
        printf "\"srcPkts\":1,\"srcBytes\":1,\"dstPkts\":1,\"dstBytes\":1,\"relativeStart\":%d.0,", i / 3
        printf "\"protocolInformation\":\"\",\"duration\":0.0,\"trafficDate\":\"%s.000000\",\"proto\":\"tcp\"}\n", date
    }
}' >many.sf
flows 4 600 10.0.0.3 host7.example:443 0 2.0 | sed 's/original/passive/' >>many.sf
"$tool" many.sf >many.nd
is "$(jq -r '.hosts' <many.nd | sort | uniq -c | awk '{ print $1, $2 }')" "5998 2
3 3" 'many destinations: the hosts of each'
is "$("$tool" --memory 2M many.sf | cmp - many.nd && echo same)" same 'many destinations, on the disk: the same'

# Forms of ends
{
    flows 4 600 '[2001:db8::1]' '[2001:db8::2]:443' 0 2.0
    flows 4 600 10.0.0.1 'a\\\\092b\\u0041.example:443' 0 2.0
} >ends.sf
found '.src, .dst' 'addresses without brackets, names without escapes' ends.sf <<'EOF'
10.0.0.1 a\092bA.example
2001:db8::1 2001:db8::2
EOF
flows 4 600 10.0.0.1 198.51.100.7:0 0 2.0 | sed 's/:[0-9]*","dst":"198.51.100.7:0"/","dst":"2001:db8::3"/; s/"10.0.0.1/"2001:db8::4/
    s/"protocolInformation":""/"protocolInformation":"ICMP"/; s/"proto":"tcp"/"proto":"icmp6"/' >ping.sf
found '.src, .dst' 'ICMP has no ports' ping.sf <<'EOF'
2001:db8::4 2001:db8::3
EOF
{
    flows 3 600 '[2001:db8::1]' '[2001:DB8:0::2]:443' 0 2.0
    flows 3 1800 '[2001:db8:0:0::1]' '[2001:db8::2]:80' 0 2.0 | sed 's/original/session/'
} >forms.sf
found '.src, .dst, .flows' 'an address is the same however it is written' -m 3 forms.sf <<'EOF'
2001:db8::1 2001:db8::2 6
EOF

# What flowmeta calls uninteresting
{
    cat beacon.sf
    flows 96 900 10.0.0.5 ntp.example:123 0 0.1 ',"title":"x","relevance": "knownUninteresting","tags":[]'
    flows 96 900 10.0.0.6 news.example:443 0 0.1 ',"title":"\\"relevance\\":\\"knownUninteresting\\"","relevance":"knownBad"'
} >known.sf
found '.src, .prevalence' 'what is uninteresting is left out, but its host counts' known.sf <<'EOF'
10.0.0.1 0.333
10.0.0.6 0.333
EOF
found '.src, .prevalence' '-a keeps it' -a known.sf <<'EOF'
10.0.0.1 0.333
10.0.0.5 0.333
10.0.0.6 0.333
EOF

# A strobe: 86,400 flows
flows 86400 1 10.0.0.1 192.0.2.1:80 0 0.1 >strobe.sf
sed '$d' strobe.sf >nearly.sf
found '.flows, .strobe, .beaconScore, ([.when[]] | add)' 'a strobe has no score' -t 1 strobe.sf <<'EOF'
86400 true null 86400
EOF
found '.flows, .strobe, .beaconScore' 'a flow less has' nearly.sf <<'EOF'
86399 null 1
EOF
found '.flows, .strobe, .beaconScore' 'on the disk it is the same' --memory 2M nearly.sf <<'EOF'
86399 null 1
EOF
"$tool" --memory 2M strobe.sf all.sf >disk
is "$("$tool" strobe.sf all.sf | cmp - disk && echo same)" same 'on the disk, all lines are the same'
is "$(cat all.sf strobe.sf | tac | "$tool" | cmp - disk && echo same)" same 'in another order, too'

# Hostile input: times and counts at their limits, long names
long=$(printf '%01500d' 0)
{
    flows 4 600 10.0.0.1 "$long.example:443" 0 2.0 | sed 's/"srcBytes":100/"srcBytes":18446744073709551615/'
    flows 40 600 10.0.0.2 192.0.2.1:443 0 9000000000.0
} >limits.sf
found '.src, (.dst | length), (.srcBytes > 1.8e19)' 'long names are cut, sums stop' limits.sf <<'EOF'
10.0.0.2 9 false
10.0.0.1 1024 true
EOF
is "$("$tool" limits.sf | sed -n 's/.*"srcBytes":\([0-9]*\).*"dst.*/\1/p' | tail -1)" 18446744073709551615 'sums stop'
"$tool" limits.sf >limits.nd
is_status 0 'flowtop reads sums at their limits' "$bindir/flowtop" limits.nd

# Damaged input
{
    head -2 beacon.sf
    echo '{"src":1}'
    sed 1,2d beacon.sf
    head -1 beacon.sf | sed 's/,"trafficDate":"[^"]*"//'
} >bad.sf
is_status 65 'damaged lines: exit status' "$tool" bad.sf
like "$(cat err)" 'bad.sf: line 3: ' 'damaged lines are named'
like "$(cat err)" 'line 98: trafficDate is not there' 'a record without a date'
is "$(cat out)" "$("$tool" beacon.sf)" 'the others count'
: >empty.sf
is_status 0 'no records: exit status' "$tool" empty.sf
is "$(cat out)" '' 'no records: no lines'
like "$(cat err)" 'no records' 'no records: said'
is_status 66 'no such file: exit status' "$tool" none.sf beacon.sf
is "$(cat out)" "$("$tool" beacon.sf)" 'no such file: the others count'

# Manners
TMPDIR=$tmp/none
export TMPDIR
is_status 74 'no folder for temporary files' "$tool" --memory 2M strobe.sf
like "$(cat err)" "^flowbeacon: $tmp/none: cannot keep flows in a temporary file" 'no folder: message'
like "$(cat err)" 'set TMPDIR to a directory with more space, or give more --memory' 'no folder: what to do'
unset TMPDIR
without_output beacon.sf
fills_disk beacon.sf
complains "-t: '1.1' is not a score from 0 to 1, such as 0.8; try 'flowbeacon --help'" -t 1.1 beacon.sf
misused '-t that is not a number' -t high
misused '-w of nothing' -w 0
misused '-m of no flow' -m 0
misused 'little memory' --memory 1M
complains 'unknown option -d; -w tells how much time to look at' -d 5m beacon.sf

done_testing
