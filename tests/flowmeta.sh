#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowmeta: what lists know of a record, in every format; precedence; lists that are hostile or change.

tool_name=flowmeta
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

# The starter set is where make install puts it.
SECFLOW_LISTS=$(cd "$srcdir/man" && pwd)/starter.ndjson
export SECFLOW_LISTS
starter=$(cd "$srcdir/man" && pwd)/starter.ndjson
mmdb=$(cd "$srcdir/tests" && pwd)/mmdb.py
traffic=$(dirname "$tool")/tests/traffic
pcap2flow=$(dirname "$tool")/pcap2flow
flowlabel=$(dirname "$tool")/flowlabel
cd "$tmp" || exit 99

# record DST [IP [MORE]]: a Secflow of a named destination, or of an address
record() {
    printf '{"src":"10.0.0.1:1025","dst":"%s","destinationNameSource":"%s","srcPkts":1,' "$1" \
        "$([ "${2-}" ] && echo passive || echo original)"
    printf '"srcBytes":40,"dstPkts":1,"dstBytes":60,"relativeStart":0.0,"protocolInformation":"",'
    printf '"duration":0.0,"trafficDate":"1700000000.000000","proto":"tcp"'
    [ "${2-}" ] && printf ',"dstIp":"%s"' "$2"
    printf '%s}\n' "${3-}"
}

added='del(.src, .dst, .destinationNameSource, .srcPkts, .srcBytes, .dstPkts, .dstBytes,
    .relativeStart, .protocolInformation, .duration, .trafficDate, .proto, .dstIp, .activity)'

# knows DESCRIPTION WANT DST [IP [MORE]]: what the list named list adds to a record, but activity
knows() {
    what=$1 want=$2
    shift 2
    is "$(record "$@" | "$tool" -f list 2>err | jq -c "$added")" "$want" "$what"
    is "$(cat err)" '' "$what: no message"
}

plain='{"lists":["list"]}'
bad='{"relevance":"knownBad","knownBy":"destination","lists":["list"]}'

# Plain lists

cat >list <<'END'
# a comment
! another
; and another

Example.COM.
198.51.100.7
2001:db8::7     # a server
192.0.2.0/24 ; a network
2001:db8:1::/48
2001:db8:2::ff/120
name.test:8080
203.0.113.5:4444
[2001:db8::9]:4444
:9001
*.wild.test
.dot.test
xn--mnchen-3ya.test
straße.test
END
knows 'a name' "$plain" example.com:443 203.0.113.1
knows 'a name below' "$plain" www.example.com:443 203.0.113.1
knows 'a name that only ends alike' '{}' notexample.com:443 203.0.113.1
knows 'an address' "$plain" 198.51.100.7:80
knows 'the address of a name' "$plain" other.test:80 198.51.100.7
knows 'an IPv6 address' "$plain" '[2001:db8::7]:80'
knows 'a network' "$plain" 192.0.2.200:80
knows 'an address beside a network' '{}' 192.0.3.0:80
knows 'an IPv6 network' "$plain" other.test:80 2001:db8:1:ffff::1
knows 'an IPv6 network whose address is not its first' "$plain" '[2001:db8:2::1]:80'
knows 'an address beside it' '{}' '[2001:db8:2::100]:80'
knows 'a name and its port' "$plain" name.test:8080 203.0.113.1
knows 'a name and another port' '{}' name.test:8081 203.0.113.1
knows 'an address and its port' "$plain" 203.0.113.5:4444
knows 'an address of a name and its port' "$plain" other.test:4444 203.0.113.5
knows 'an address and another port' '{}' 203.0.113.5:4445
knows 'an IPv6 address and its port' "$plain" '[2001:db8::9]:4444'
knows 'a port' "$plain" 203.0.113.1:9001
knows 'below a wildcard' "$plain" a.b.wild.test:1 203.0.113.1
knows 'below a dot' "$plain" a.b.dot.test:1 203.0.113.1
knows 'an international name as the list has it in ASCII' "$plain" xn--mnchen-3ya.test:1 203.0.113.1
knows 'an international name as the list has it in UTF-8' "$plain" xn--strae-oqa.test:1 203.0.113.1
is "$(record example.com:443 203.0.113.1 | "$tool" -b list | jq -c "$added")" "$bad" '-b'
is "$(record example.com:443 203.0.113.1 | "$tool" -g list | jq -c .relevance)" \
    '"knownUninteresting"' '-g'

printf 'a.test\nhttps://b.test/x\nhttps://b.test/y\n' >list
record a.test:1 | "$tool" -b list >out 2>err
is "$(jq -c .relevance out)" '"knownBad"' 'names with some URLs: the names'
is "$(cat err)" \
    'flowmeta: list: plain list: 1 entry, and 2 left out that flows tell nothing of, such as URLs and hashes' \
    'names with some URLs: message'
is "$(record a.test:1 | "$tool" -q -b list 2>&1 >out)" '' 'names with some URLs: -q'

# Hosts files: no name below, none of the machine's own

cat >list <<'END'
127.0.0.1 localhost
::1 ip6-localhost ip6-loopback
0.0.0.0 0.0.0.0
0.0.0.0 ads.example.com tracker.example.com # two
127.0.0.1	localhost.localdomain
END
knows 'hosts: a name' "$plain" ads.example.com:443 203.0.113.1
knows 'hosts: a second name' "$plain" tracker.example.com:443 203.0.113.1
knows 'hosts: not below' '{}' x.ads.example.com:443 203.0.113.1
knows 'hosts: not localhost' '{}' localhost:443 127.0.0.1

# Adblock lists

cat >list <<'END'
[Adblock Plus 2.0]
! Title: x
||ads.example.com^
||all.example.com^$important
||some.example.com^$domain=other.test
||path.example.com/banner
@@||good.example.com^
example.org##.banner
/banner[0-9]+/
END
knows 'adblock: a name' "$plain" ads.example.com:443 203.0.113.1
knows 'adblock: below' "$plain" x.ads.example.com:443 203.0.113.1
knows 'adblock: with an option' "$plain" all.example.com:443 203.0.113.1
for name in some path good; do
    knows "adblock: a rule for more than names, $name" '{}' $name.example.com:443 203.0.113.1
done
record example.com:1 203.0.113.1 | "$tool" -v -f list >out 2>err
like "$(cat err)" '^flowmeta: list: adblock list: 2 entries, and 5 left out that flows tell nothing of' \
    'adblock: what is counted'

# Ranks

printf '1,google.com\r\n2,com\r\n3,workers.dev\r\n4,www.example.org\r\n' >list
knows 'a rank' '{"rank":1}' google.com:443 203.0.113.1
knows 'a rank of the name above' '{"rank":1}' www.google.com:443 203.0.113.1
knows 'a rank that is its own' '{"rank":3}' workers.dev:443 203.0.113.1
knows 'a rank that is not inherited from where everybody registers' '{}' x.workers.dev:443 203.0.113.1
knows 'a rank that is not inherited from a public suffix' '{}' example.com:443 203.0.113.1
knows 'a rank that is not inherited upwards' '{}' example.org:443 203.0.113.1

# What says itself that it is for all names below is, whoever registers them

echo '{"destination":".web.app","destinationTags":["CloudHostingPlatform"]}' >list
knows 'all below: a name' '{"tags":["destination:CloudHostingPlatform"],"lists":["list"]}' \
    phish.web.app:443 203.0.113.1

# MISP warninglists

cat >list <<'END'
{
  "name": "List of \"known\" things", "description": "x", "version": 1, "type": "hostname",
  "matching_attributes": ["domain"], "list": ["example.com", "Example.ORG"]
}
END
knows 'a warninglist of hosts' '{"lists":["List of \"known\" things"]}' a.example.org:443 203.0.113.1
echo '{"name":"n","description":"x","version":1,"type":"cidr","list":["192.0.2.0/24","2001:db8::/32"]}' >list
knows 'a warninglist of networks' '{"lists":["n"]}' 192.0.2.1:443
echo '{"name":"n","description":"x","version":1,"type":"string","list":["example.com"]}' >list
knows 'a warninglist of strings' '{"lists":["n"]}' example.com:443 203.0.113.1
knows 'a warninglist of strings: not below' '{}' a.example.com:443 203.0.113.1
echo '{"name":"n","description":"x","version":1,"type":"regex","list":["/x/"]}' >list
record example.com:443 | "$tool" -f list >/dev/null 2>err
is "$(cat err)" \
    'flowmeta: list: MISP warninglist: no entries, and 1 left out that flows tell nothing of, such as URLs and hashes' \
    'a warninglist of patterns'

# Zeek Intel

{
    printf '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n'
    printf '198.51.100.7\tIntel::ADDR\tfeed "a"\tA server\t-\n'
    printf '192.0.2.0/24\tIntel::SUBNET\tfeed b\t-\t-\n'
    printf 'evil.example\tIntel::DOMAIN\t-\tA name\t-\n'
    printf 'http://evil.example/x\tIntel::URL\tfeed b\tA page\t-\n'
    printf 'd41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tfeed b\tA file\t-\n'
} >list
knows 'Intel: an address' \
    '{"title":"A server","relevance":"knownBad","knownBy":"destination","lists":["feed \"a\""]}' \
    198.51.100.7:80
knows 'Intel: a network' '{"relevance":"knownBad","knownBy":"destination","lists":["feed b"]}' \
    192.0.2.9:80
knows 'Intel: a name' \
    '{"title":"A name","relevance":"knownBad","knownBy":"destination","lists":["list"]}' \
    evil.example:80 203.0.113.1
knows 'Intel: exact names' '{}' www.evil.example:80 203.0.113.1
printf '#fields\tmeta.source\tindicator_type\tindicator\nx\tIntel::ADDR\t198.51.100.7\n' >list
knows 'Intel: columns by name' '{"relevance":"knownBad","knownBy":"destination","lists":["x"]}' \
    198.51.100.7:80

# abuse.ch

threatfox() {
    cat <<END
################################################################
# ThreatFox IOCs: recent                                       #
################################################################
#
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias","malware_printable","last_seen_utc","confidence_level",$1"reference","tags","anonymous","reporter"
"2026-01-01 00:00:00", "1", "203.0.113.66:4443", "ip:port", "botnet_cc", "win.x", "None", "Cobalt Strike", "", "100", $2"", "a,b c", "0", "who"
"2026-01-01 00:00:00", "2", "evil.example", "domain", "botnet_cc", "win.x", "None", "X, ""Y""", "", "100", $2"", "None", "0", "who"
"2026-01-01 00:00:00", "3", "http://evil.example/x", "url", "payload_delivery", "win.x", "None", "X", "", "100", $2"", "None", "0", "who"
END
}
threatfox '' '' >list
cobalt='{"title":"Cobalt Strike","relevance":"knownBad","knownBy":"destination","tags":["threat:botnet_cc","a","b c"],"lists":["list"]}'
knows 'ThreatFox' "$cobalt" 203.0.113.66:4443
threatfox '"is_compromised",' '"False", ' >list
knows 'ThreatFox with a column more' "$cobalt" 203.0.113.66:4443
knows 'ThreatFox: another port' '{}' 203.0.113.66:443
is "$(record evil.example:80 203.0.113.1 | "$tool" -f list | jq -rc '.title, .tags')" 'X, ""Y""
["threat:botnet_cc"]' 'ThreatFox: a name, and a comma and quotes in quotes'
printf '# comment\n# first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\n2021-01-17 07:30:05,203.0.113.66,443,online,2026-01-01,Emotet\n' >list
knows 'Feodo' '{"title":"Emotet","relevance":"knownBad","knownBy":"destination","lists":["list"]}' \
    203.0.113.66:443
printf '"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\r\n"2021-01-17 07:30:05","203.0.113.66","443","online","2026-01-01","Emotet"\r\n' >list
knows 'Feodo with quotes' '{"title":"Emotet","relevance":"knownBad","knownBy":"destination","lists":["list"]}' \
    203.0.113.66:443

# Secflow's own

id=$(record known.test:443 203.0.113.1 | "$flowlabel" | jq -r .flowId)
cat >list <<END
{"destination":"cutt.ly:443","title":"Cutt.ly","description":"Shortens","relevance":"","destinationTags":["URLShortener"],"attackVectorTags":["Redirect"],"activityPurposeTags":["ExternalLink"],"impactsTags":["Execution"],"threatTags":["Phishing"],"securityTags":["Captcha"],"associatedAppOrServiceTags":["X"],"platformHintTags":["Y"],"tags":["z"]}
{"category":"singleResourceLoaded","destination":"cutt.ly:443","title":"Data Loading from Cutt.ly"}
{"flowId":"$id","title":"A behavior"}
# a comment

{"name":"short.test","relevance":"seenNearBad","tags":["t"]}
{"destination":"exact.test","title":"Exact"}
END
knows 'own: a behavior wins, tags are united' \
    '{"title":"Data Loading from Cutt.ly","knownBy":"behavior","tags":["destination:URLShortener","vector:Redirect","purpose:ExternalLink","impact:Execution","threat:Phishing","security:Captcha","app:X","platform:Y","z"],"lists":["list"]}' \
    cutt.ly:443 203.0.113.1
knows 'own: a flowId, without a label in the record' \
    '{"title":"A behavior","knownBy":"behavior","lists":["list"]}' known.test:443 203.0.113.1
knows 'own: name, relevance and tags alone' \
    '{"relevance":"seenNearBad","knownBy":"destination","tags":["t"],"lists":["list"]}' \
    short.test:443 203.0.113.1
knows 'own: exact names' '{}' www.exact.test:443 203.0.113.1
is "$(record cutt.ly:53 203.0.113.1 | "$tool" -d -f list)" "$(record cutt.ly:53 203.0.113.1)" \
    'own: another port'
echo '{"destination":"a.test","title":"T","description":"D"}' >list
is "$(record a.test:53 203.0.113.1 | "$tool" -d -f list | jq -r .description)" D '-d'
knows 'without -d' '{"title":"T","knownBy":"destination","lists":["list"]}' a.test:53 203.0.113.1

printf '# a comment\n\n{"destination":"a.test","title":"\\"list\\": x","tags":["list","Event"]}\n' >list
knows 'own: a comment comes first, and words of other formats' \
    '{"title":"\"list\": x","knownBy":"destination","tags":["list","Event"],"lists":["list"]}' \
    a.test:53 203.0.113.1

# mistaken DESCRIPTION PROBLEM WANT LINE: a line is told of, and what else it says is used
mistaken() {
    printf '# a comment\n%s\n' "$4" >list
    record a.test:1 192.0.2.1 >a.sf
    is_status 65 "own: $1: exit status" "$tool" -f list a.sf
    is "$(cat err)" "flowmeta: list: line 2: $2" "own: $1: message"
    is "$(jq -c "$added" out)" "$3" "own: $1: the rest"
}
named='{"title":"x","knownBy":"destination","lists":["list"]}'
mistaken 'a mistyped key' 'unknown key "relevence"; did you mean "relevance"?' "$named" \
    '{"destination":"a.test","relevence":"knownBad","title":"x"}'
mistaken 'a mistyped relevance' '"KnownBad" is not a relevance; did you mean "knownBad"?' "$named" \
    '{"destination":"a.test","relevance":"KnownBad","title":"x"}'
mistaken 'an unknown relevance' '"odd" is not a relevance' "$named" \
    '{"destination":"a.test","relevance":"odd","title":"x"}'
mistaken 'a mistyped category' '"singleResourceLoad" is not a category; did you mean "singleResourceLoaded"?' '{}' \
    '{"category":"singleResourceLoad","destination":"a.test","title":"x"}'
mistaken 'a mistyped destination' 'unknown key "destinaton"; did you mean "destination"?
flowmeta: list: metadata of Secflow: no entries' '{}' '{"destinaton":"a.test"}'
mistaken 'a number for a text' '"description" is not a string' "$named" \
    '{"destination":"a.test","title":"x","description":7}'
mistaken 'a number for a tag' '"tags" is not an array of strings' "$named" \
    '{"destination":"a.test","title":"x","tags":[7]}'
printf '%s\n' '{"destination":"a.test","title":"x","relevance":"","description":null,"type":"t","x":{"titel":1},"source":"s","tags":[]}' >list
knows 'own: other keys, and values that say nothing' "$named" a.test:1 192.0.2.1

# Precedence: each line is more specific than those below it

category=singleResourceLoaded
cat >order <<END
{"category":"$category","destination":"a.b.example.com:443","title":"behavior"}
{"destination":"a.b.example.com:443","title":"name:port"}
{"destination":"a.b.example.com","title":"name"}
{"destination":"192.0.2.1:443","title":"address:port"}
{"destination":"192.0.2.1","title":"address"}
{"destination":".b.example.com","title":"long parent"}
{"destination":".example.com","title":"parent"}
{"destination":"192.0.2.0/25","title":"long network"}
{"destination":"192.0.2.0/24","title":"network"}
{"category":"$category","destination":":443","title":"behavior of a port"}
{"destination":":443","title":"port"}
{"category":"$category","title":"category"}
END
lines=$(grep -c . order)
i=1
while [ "$i" -le "$lines" ]; do
    tail -n "+$i" order | sort -R >list
    want=$(sed -n "${i}p" order | jq -r .title)
    is "$(record a.b.example.com:443 192.0.2.1 | "$tool" -f list | jq -r .title)" "$want" \
        "precedence: $want"
    i=$((i + 1))
done
for relevance in '' knownUninteresting seenNearBad knownBad; do
    printf '{"destination":"a.test","title":"%s","relevance":"%s","tags":["%s"]}\n' \
        "${relevance:-none}" "$relevance" "${relevance:-none}"
done >list
is "$(record a.test:1 192.0.2.1 | "$tool" -f list | jq -c '[.title, .relevance, .tags]')" \
    '["knownBad","knownBad",["none","knownUninteresting","seenNearBad","knownBad"]]' \
    'equally specific: the gravest'
echo '{"destination":"a.test","title":"first"}' >one
echo '{"destination":"a.test","title":"second"}' >two
is "$(record a.test:1 192.0.2.1 | "$tool" -f one -f two | jq -c '[.title, .lists]')" \
    '["first",["one","two"]]' 'equally specific and grave: the order of -f'
is "$(record a.test:1 192.0.2.1 | "$tool" -f two -f one | jq -c '[.title, .lists]')" \
    '["second",["two","one"]]' 'equally specific and grave: the other order of -f'
is "$(record a.test:1 192.0.2.1 | "$tool" -f two -b one | jq -r .title)" first \
    'equally specific: graver wins over the order of -f'

printf '{"category":"%s","destination":"a.test","title":"first"}\n' $category >one
printf '{"category":"%s","destination":"a.test:443","title":"second"}\n' $category >two
is "$(record a.test:443 192.0.2.1 | "$tool" -f one -f two | jq -r .title)" first \
    'two behaviors: the order of -f'
is "$(record a.test:443 192.0.2.1 | "$tool" -f two -f one | jq -r .title)" second \
    'two behaviors: the other order of -f'
echo '{"destination":"a.test","title":"second"}' >two

# Activity

# activity DESCRIPTION WANT LINE [MORE]
activity() {
    printf '%s\n' "$3" >list
    is "$(record a.test:443 192.0.2.1 "${4-}" | "$tool" -q -f list | jq -r .activity)" "$2" "activity: $1"
}
activity 'known bad' 'Malicious Activity' '{"destination":"a.test","relevance":"knownBad"}'
activity 'known bad, with a vector' 'Malicious Activity' \
    '{"destination":"a.test","relevance":"knownBad","attackVectorTags":["Redirect"]}'
activity 'known bad, with an impact' Impact \
    '{"destination":"a.test","relevance":"knownBad","impactsTags":["Execution"]}'
activity 'a vector' 'Attack Vector' '{"destination":"a.test","attackVectorTags":["Redirect"]}'
activity 'a vector and an impact' 'Attack Vector' \
    '{"destination":"a.test","attackVectorTags":["Redirect"],"impactsTags":["Execution"]}'
activity 'an impact' Impact '{"destination":"a.test","impactsTags":["Execution"]}'
activity 'anything else' 'Common Activity' '{"destination":"a.test","title":"T"}'
activity 'a rank' 'Common Activity' '1,a.test'
activity 'a port' null '{"destination":":443","title":"T"}'
activity 'a category' null '{"category":"singleResourceLoaded","title":"T"}'
activity 'a port, seen in four samples' 'Suspicious Activity' '{"destination":":443","title":"T"}' \
    ',"flowIdCount":4'
activity 'a port that is uninteresting' 'Common Activity' \
    '{"destination":":443","relevance":"knownUninteresting"}' ',"flowIdCount":4'
activity 'a behavior' 'Common Activity' \
    '{"category":"singleResourceLoaded","destination":"a.test:443","title":"T"}'
activity 'nothing' null '1,b.test'
activity 'seen in five samples' 'Common Activity' '1,b.test' ',"flowIdCount":5'
activity 'seen in four samples' 'Suspicious Activity' '1,b.test' ',"flowIdCount":4'
record a.test:53 192.0.2.1 ',"flowIdCount":1' >rare.sf
is "$("$tool" -f list rare.sf)" "$(cat rare.sf)" 'activity: a rare query is not suspicious'

# What nothing is known of stays as it is; the rest of the line always does

"$traffic" demo trace.pcap
"$pcap2flow" -x --sensor 'a "b" \ ü' trace.pcap | "$flowlabel" >flows.sf
echo nothing.test >list
is_status 0 'nothing known: exit status' "$tool" -f list flows.sf
ok 'nothing known: byte for byte' cmp out flows.sf
is_status 0 'the starter set: exit status' "$tool" -f "$starter" flows.sf
cp out known.sf
ok 'the starter set knows something of a capture' grep -q '"title":"' known.sf
is "$(jq -c 'del(.title, .relevance, .knownBy, .tags, .lists, .activity)' known.sf)" \
    "$(jq -c . flows.sf)" 'nothing else changes'
is_status 0 'twice: exit status' "$tool" -f "$starter" known.sf
ok 'twice: the same' cmp out known.sf
ok 'the starter set: every line has a title' \
    test "$(jq -s 'map(select(.title | length > 3)) | length' "$starter")" -eq "$(grep -c . "$starter")"
record a.test:1 192.0.2.1 | "$tool" -v -f "$starter" >/dev/null 2>err
like "$(cat err)" '^flowmeta: .*starter.ndjson: metadata of Secflow: 54 entries$' \
    'the starter set: all of it is understood'

# MaxMind databases

if command -v "${PYTHON:-python3}" >/dev/null; then
    "${PYTHON:-python3}" "$mmdb" place.mmdb '{"192.0.2.0/24": {"country": {"iso_code": "NL", "names": {"en": "x"}}},
        "2001:db8::/32": {"country": {"iso_code": "DE"}}, "198.51.100.0/25": {"country": {"iso_code": 7}},
        "203.0.113.0/24": {"country": {"iso_code": "A\"\udcff"}}}'
    "${PYTHON:-python3}" "$mmdb" as.mmdb '{"192.0.0.0/16": {"autonomous_system_number": 64496,
        "autonomous_system_organization": "Some \"Net\""}}'
    echo nothing.test >list

    # places DESCRIPTION WANT DST [IP]
    places() {
        what=$1 want=$2
        shift 2
        is "$(record "$@" | "$tool" -f list -M place.mmdb -M as.mmdb | jq -c "$added")" "$want" "database: $what"
    }
    places 'country and operator' '{"dstCountry":"NL","dstAsn":64496,"dstAsOrg":"Some \"Net\""}' 192.0.2.1:1
    places 'the address of a name' '{"dstCountry":"NL","dstAsn":64496,"dstAsOrg":"Some \"Net\""}' a.test:1 192.0.2.1
    places 'IPv6' '{"dstCountry":"DE"}' '[2001:db8::1]:1'
    places 'a name without an address' '{}' a.test:1
    places 'nothing known' '{}' 9.9.9.9:1
    places 'a number for a text' '{}' 198.51.100.1:1
    places 'what is not UTF-8' '{"dstCountry":"A\"�"}' 203.0.113.1:1
    record 192.0.2.1:1 >a.sf
    for size in 1 20 100 200 300; do
        head -c $size place.mmdb >cut.mmdb
        is_status 65 "database: cut off at $size bytes" "$tool" -q -f list -M cut.mmdb a.sf
    done
    head -c 400 place.mmdb | cat - as.mmdb >odd.mmdb
    "$tool" -q -f list -M odd.mmdb a.sf >out 2>err
    ok 'database: a damaged one: the record is a Secflow' "$flowlabel" out
    # It is cut off, in place, while it is in use.
    mkfifo pipe
    "$tool" -f list -M place.mmdb <pipe >placed 2>placed.err &
    pid=$!
    exec 3>pipe
    # place_again LINES: sends a record, and waits until so many have come out
    place_again() {
        cat a.sf >&3
        until_true has_lines placed "$1"
    }
    place_again 1
    : >place.mmdb
    place_again 2
    kill -HUP $pid
    place_again 3
    "${PYTHON:-python3}" "$mmdb" place.mmdb '{"192.0.2.0/24": {"country": {"iso_code": "DE"}}}'
    kill -HUP $pid
    place_again 4
    exec 3>&-
    wait $pid
    is "$? $(jq -r .dstCountry placed | tr '\n' ' ')" '0 NL NL NL DE ' \
        'database: cut off while it is in use, opened again on SIGHUP, and then a new one'
    is "$(cat placed.err)" 'flowmeta: place.mmdb: not a MaxMind database; the old one stays in use' \
        'database: one that cannot be opened again'
else
    skip 'MaxMind databases' 'no python3'
fi

# Directories, compressed lists

mkdir -p lists/deep lists/.git
echo 1,a.test | gzip >lists/top.csv.gz
echo b.test >lists/deep/deep.txt
echo c.test >lists/.git/config
is "$(record a.test:1 192.0.2.1 | "$tool" -f lists | jq -c "$added")" '{"rank":1}' 'a directory'
is "$(record b.test:1 192.0.2.1 | "$tool" -f lists/ | jq -c "$added")" '{"lists":["deep"]}' \
    'a directory in it'
is "$(record c.test:1 192.0.2.1 | "$tool" -f lists | jq -c "$added")" '{}' 'hidden ones are passed over'
mkfifo lists/deep/fifo
is "$(record b.test:1 192.0.2.1 | timeout 60 "$tool" -f lists | jq -c "$added")" '{"lists":["deep"]}' \
    'a FIFO in a directory is passed over'
ln -s .. lists/deep/up
record b.test:1 192.0.2.1 | "$tool" -v -f lists >/dev/null 2>err
is "$(grep -c 'entr[iy]\|too deep' err)" 2 'a link to a directory that it lies in is passed over'

# Lists that are none, or damaged: said, and the rest goes on

# refuses DESCRIPTION STATUS MESSAGE LIST: with another list that is good
refuses() {
    record a.test:1 192.0.2.1 >a.sf
    is_status "$2" "$1: exit status" "$tool" -f "$4" -f two a.sf
    is "$(cat err)" "flowmeta: $4: $3" "$1: message"
    is "$(jq -c "$added" out)" '{"title":"second","knownBy":"destination","lists":["two"]}' \
        "$1: the other list"
}
refuses 'no such list' 66 'cannot open: No such file or directory' nothing-there
refuses 'a capture' 65 'not a list: it is a capture' trace.pcap
refuses 'Secflows' 65 'not a list: it is Secflows already' flows.sf
printf '#separator \\x09\n#fields\tts\tuid\n' >list
refuses 'a Zeek log' 65 'not a list: it is a Zeek log' list
printf '\001\000\002' >list
refuses 'binary' 65 'not a list: it is not text; a MaxMind database is given with -M' list
echo '{"Event":{"info":"x"}}' >list
refuses 'a MISP event' 65 'not a list: it is a MISP event; secflow-meta(5) says how to convert it' list
printf '{\n"type":"bundle","objects":[]}' >list
refuses 'a STIX bundle' 65 'not a list: it is a STIX bundle; secflow-meta(5) says how to convert it' list
printf '{\n"a":1}' >list
refuses 'other JSON' 65 'not a list: it is JSON, but neither metadata nor a MISP warninglist' list
printf '{\n"a":' >list
refuses 'JSON that is cut off' 65 'not a list: its JSON is cut off' list
printf 'two words\nok.test\nin..valid\n' >list
refuses 'bad lines' 65 'line 1: not one name, address or network
flowmeta: list: line 3: not a name, address, network or port' list
printf '{"destination":"ok.test"}\n{"title":"x"}\n{"destination":"a b"}\n{"category":"c","destination":"192.0.2.0/24"}\n{"flowId":"0"}\n{"des\n' >list
record ok.test:1 | "$tool" -f list >/dev/null 2>err
like "$(cat err)" 'line 2: neither destination nor category nor flowId' 'own: a line about nothing'
like "$(cat err)" 'damaged in 2 more lines' 'own: the others are counted'
: >list
refuses 'an empty list' 0 'plain list: no entries' list
printf 'https://a.test/x\nd41d8cd98f00b204e9800998ecf8427e\na@b.test\n' >list
refuses 'nothing that applies' 0 \
    'plain list: no entries, and 3 left out that flows tell nothing of, such as URLs and hashes' list
gzip -c flows.sf | head -c 200 >list
is_status 65 'a list whose compression is damaged' "$tool" -f list a.sf

# No list makes a record invalid

printf '{"destination":"a.test","title":"\\u0000\\ud83d\\ude00\\"\\\\ \\n","relevance":"x\\"y","tags":["\\u001f","%0500d"],"description":"%09000d"}\n' 7 8 >list
printf 'a.test\n' >"$(printf 'odd "\\\t\377name')"
record a.test:1 192.0.2.1 | "$tool" -d -f list -f "$(printf 'odd "\\\t\377name')" >out 2>err
ok 'a hostile list: the record is a Secflow' "$flowlabel" out
is "$(jq -c '[.relevance, (.tags[1] | length), (.description | length), .lists[1]]' out)" \
    '[null,64,1024,"odd \"\\\t�name"]' 'a hostile list: what is too long is cut'
printf '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\na.test\tIntel::DOMAIN\t\377\001"\t\303("\n' >list
record a.test:1 192.0.2.1 | "$tool" -f list >out 2>err
ok 'a list that is not UTF-8: the record is a Secflow' "$flowlabel" out
i=0
while [ $i -lt 300 ]; do
    printf '{"destination":"a.test","title":"%d","tags":["%d"]}\n' $i $i
    i=$((i + 1))
done >list
record a.test:1 192.0.2.1 | "$tool" -f list >out 2>err
is "$(jq -c '[.title, (.tags | length)]' out)" '["0",64]' 'a name with 300 entries'
like "$(cat err)" '^flowmeta: 236 entries are left out' 'a name with 300 entries: message'
{
    head -c 100000000 /dev/zero | tr '\0' a
    printf '\nok.test\n'
} >list
record ok.test:1 192.0.2.1 | "$tool" -f list >out 2>err
is "$(jq -c "$added" out)" "$plain" 'a line of 100 MB: the others'
is "$(cat err)" 'flowmeta: list: line 1: it does not end within 1 MiB' 'a line of 100 MB: message'
{
    printf '{"name":"x","type":"string","list":["'
    head -c 100000000 /dev/zero | tr '\0' a
    printf '","ok.test"]}'
} >list
record ok.test:1 192.0.2.1 | "$tool" -f list >out 2>err
is "$(jq -c "$added" out)" '{}' 'a document of 100 MB'
is "$(cat err)" 'flowmeta: list: not a list: a JSON document of more than 64 MiB' \
    'a document of 100 MB: message'
rm list

# SIGHUP reads lists again while records come

mkfifo in
echo old.test >live
echo kept.test >gone
echo whole.test | gzip >broken.gz
mkfifo piped
echo piped.test >piped &
"$tool" -f live -f gone -f broken.gz -f piped <in >slow 2>slow.err &
pid=$!
exec 3>in

# next DESCRIPTION WANT DST: what becomes of a record that is sent now
number=0
next() {
    number=$((number + 1))
    record "$3:1" 192.0.2.1 >&3
    until_true has_lines slow $number
    is "$(tail -n 1 slow | jq -c "$added")" "$2" "$1"
}
next 'before SIGHUP' '{"lists":["live"]}' old.test
echo new.test >live.new
mv live.new live
rm gone
{
    echo half.test
    seq -f '%.0f.half.test' 1 100000
} | gzip | head -c 100000 >broken.new
mv broken.new broken.gz
kill -HUP $pid
next 'after SIGHUP: what is new' '{"lists":["live"]}' new.test
next 'after SIGHUP: what is gone' '{}' old.test
next 'after SIGHUP: a list that is gone stays in use' '{"lists":["gone"]}' kept.test
next 'after SIGHUP: a list that is damaged stays in use' '{"lists":["broken"]}' whole.test
next 'after SIGHUP: half of it is not used' '{}' half.test
next 'after SIGHUP: a list that was a pipe stays in use' '{"lists":["piped"]}' piped.test
is "$(grep -c 'what it held before stays in use' slow.err)" 2 'after SIGHUP: both are told of'
kill -HUP $pid
next 'SIGHUP again: still in use' '{"lists":["gone"]}' kept.test
echo back.test >gone
kill -HUP $pid
next 'a list is back' '{"lists":["gone"]}' back.test
next 'a list is back: the old one is gone' '{}' kept.test
exec 3>&-
wait $pid
is $? 0 'after SIGHUP: exit status'

# Manners

introduces_itself
misused 'unknown option' -x flows.sf
complains 'unknown option --lists; did you mean --list?' --lists flows.sf
is "$(record ssh.test:22 192.0.2.1 | "$tool" | jq -c '[.title != null, .lists]')" \
    '[true,["starter"]]' 'SECFLOW_LISTS'
record ssh.test:22 192.0.2.1 | SECFLOW_LISTS=none.ndjson "$tool" >out 2>err
is "$(cat err)" "flowmeta: none.ndjson: cannot open: No such file or directory
flowmeta: give lists with -f, or name them in SECFLOW_LISTS; the starter set is there once Secflow is installed" \
    'without the usual lists: what to do'
without_output flows.sf
misused 'standard input as list and records' -f - -
echo a.test >list
from_stdin() {
    "$tool" -f - a.sf <list
}
record a.test:1 192.0.2.1 >a.sf
is_status 0 'standard input as a list' from_stdin
is "$(jq -c .lists out)" '["standard input"]' 'standard input as a list: its name'
is_status 66 'no such database' "$tool" -M nothing-there -f two flows.sf
mkfifo fifo.mmdb
is_status 66 'a database that is a FIFO' timeout 60 "$tool" -M fifo.mmdb -f two flows.sf
is_status 66 'a database that is a device' timeout 60 "$tool" -M /dev/null -f two flows.sf
is_status 65 'a database that is none' "$tool" -M two -f two flows.sf
like "$(cat err)" '^flowmeta: two: not a MaxMind database$' 'a database that is none: message'

done_testing
