#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From records to what is new today: flowlabel, flowseen, and what flowtop and flowreport show of it.

tool_name=flowseen
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

bindir=$(cd "$(dirname "$tool")" && pwd)
cd "$tmp" || exit 99

# record DATE DST: a Secflow of the sample of that date
record() {
    printf '{"src":"10.0.0.1:1025","dst":"%s","destinationNameSource":"passive","srcPkts":1,' "$2"
    printf '"srcBytes":40,"dstPkts":1,"dstBytes":60,"relativeStart":2.5,"protocolInformation":"",'
    printf '"duration":0.0,"trafficDate":"%s.000000","proto":"tcp"}\n' "$1"
}

# Ten days, and today
for day in 0 1 2 3 4 5 6 7 8 9; do
    record $((1700000000 + day * 86400)) www.example.com:443
    record $((1700000000 + day * 86400)) a.b.example.co.uk:443
    record $((1700000000 + day * 86400)) 203.0.113.1:443 | sed 's/passive/original/'
done >before.sf
for host in www.example.com mail.example.com new.test c.example.co.uk; do
    record 1700900000 $host:443
done >today.sf
record 1700900000 203.0.113.1:443 | sed 's/passive/original/' >>today.sf
record 1700900000 203.0.113.9:443 | sed 's/passive/original/' >>today.sf
"$bindir/flowlabel" before.sf | "$tool" -q -s seen.db >/dev/null
"$bindir/flowlabel" today.sf | "$tool" -q -s seen.db >seen.sf

# new ARGUMENTS...: name, and since when, of each row of the table
new() {
    COLUMNS=100 LC_ALL=C "$bindir/flowtop" "$@" seen.sf |
        awk 'NR == 2 { at = index($0, " SINCE") - 11 } NR > 2 { print $1, substr($0, at, 17) }' | sed 's/ *$//; s/  */ /g'
}

is "$(new -b domain -k new)" '203.0.113.9 2023-11-25 08:13
new.test 2023-11-25 08:13
example.com 2023-11-14 22:13
203.0.113.1 2023-11-14 22:13
example.co.uk 2023-11-14 22:13
TOTAL' 'flowtop -b domain -k new: what is new comes first'
is "$(new -k new | sed -n '1,4s/ .*//p')" '203.0.113.9:443
c.example.co.uk:443
mail.example.com:443
new.test:443' 'flowtop -k new: destinations'
is "$("$bindir/flowtop" -j -b domain -k new seen.sf | jq -r '.domainFirstSeen // .destinationFirstSeen' | head -n 2)" \
    '2023-11-25T08:13:22.000000Z
2023-11-25T08:13:22.000000Z' 'flowtop -j: since when'
is "$("$bindir/flowtop" -j -k count -n 0 seen.sf | jq -r '.flowIdCount' | tail -n 1)" 11 'flowtop -k count: how often'
is "$("$bindir/flowtop" -b domain -k new today.sf | grep -c SINCE)" 1 'flowtop -k new: of records that were not counted'
"$bindir/flowreport" seen.sf >page
like "$(cat page)" 'First seen' 'flowreport: a column for it'
like "$(grep 'www\.example\.com' page)" '2023-11-14' 'flowreport: since when'
"$bindir/flowreport" today.sf >page
is "$(grep -c 'First seen' page)" 0 'flowreport: none where nothing was counted'

done_testing
