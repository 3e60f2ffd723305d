#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowreport: the page as text, hostile names, and its manners. How it looks and works in a browser is of
# flowreport-browser.py.

tool_name=flowreport
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

here=$(cd "$srcdir/tests" && pwd)
bindir=$(dirname "$tool")
cd "$tmp" || exit 99

# record SRC DST START DURATION SENT RECEIVED [MORE]: a Secflow of 5 packets each way, but of none where a side sent
# nothing; START and DURATION with decimals
record() {
    printf '{"src":"%s","dst":"%s","destinationNameSource":"passive","srcPkts":%d,"srcBytes":%d,' \
        "$1" "$2" "$(($5 > 0 ? 5 : 0))" "$5"
    printf '"dstPkts":%d,"dstBytes":%d,"relativeStart":%s,"protocolInformation":"","duration":%s,' \
        "$(($6 > 0 ? 5 : 0))" "$6" "$3" "$4"
    printf '"trafficDate":"1700000000.000000","proto":"tcp"%s}\n' "${7:+,$7}"
}

# body FILE: a page without its style and script, which are files of their own
body() {
    sed -e '/^<style>/,/<\/style>$/d' -e 's/sha256-[^'\'']*/HASH/g' -e 's/flowreport [0-9.]* of/flowreport VERSION of/' \
        -e '/<script>/,/^<\/script>/d' "$1"
}

# tidied FILE DESCRIPTION: tidy finds nothing to say, nor does the parser of the HTML standard
html5lib='import html5lib, sys
parser = html5lib.HTMLParser()
parser.parse(open(sys.argv[1], "rb"))
print(*parser.errors, sep="\n", end="")'
tidied() {
    if command -v tidy >/dev/null; then
        is "$(tidy -q -e "$1" 2>&1)" '' "$2: tidy"
    else
        skip "$2: tidy" 'no tidy'
    fi
    if "${PYTHON:-python3}" -c 'import html5lib' 2>/dev/null; then
        is "$("${PYTHON:-python3}" -c "$html5lib" "$1" 2>&1)" '' "$2: html5lib"
    else
        skip "$2: html5lib" 'no html5lib'
    fi
}

# A page of all sections, byte for byte

known='"flowCategory":"someDataDownloadedViaLongSession","flowIdCount":1,"destinationCount":1'
known=$known',"destinationFirstSeen":"2023-11-14T22:13:20.000000Z","domain":"bad.example","rank":70123'
known=$known',"title":"Drop of \u0022Example\u0022","description":"Takes what it is given.","relevance":"knownBad"'
known=$known',"knownBy":"destination","tags":["threat:Trojan","impact:Exfiltration"],"lists":["bad & old"]'
known=$known',"dstCountry":"NL","dstAsn":64500,"dstAsOrg":"Example Net","activity":"Malicious Activity"'
event='"title":"Page loaded, then a drop","knownBy":"event","event":"page-drop","eventId":"00"'
event=$event',"eventStart":"2023-11-14T22:13:21.000000Z","relevance":"seenNearBad","activity":"Attack Vector"'
behavior='"title":"Updates","knownBy":"behavior","relevance":"knownUninteresting","flowIdCount":99'
behavior=$behavior',"destinationCount":120,"activity":"Common Activity","sensor":"tap \u00fc"'
{
    record 192.0.2.1:1025 drop.bad.example:443 1.0 75.5 200 1234567 "$known"
    record 192.0.2.1:1026 drop.bad.example:443 100.0 0.25 300 400
    record 192.0.2.2:1025 www.example:443 0.5 2.0 500 60000 "$event"
    record 192.0.2.2:1026 update.example:80 200.0 3.5 400 50000 "$behavior"
    record 192.0.2.2:1027 203.0.113.9:22 300.0 0.0 0 0
    record 192.0.2.3:1027 '[2001:db8::9]:53' 310.25 0.0 60 120
} >all.sf
is_status 0 'all sections: exit status' "$tool" -t 'A "test" & more' all.sf
is "$(cat err)" '' 'all sections: nothing on standard error'
mv out all.html
body all.html >body
ok 'all sections: the page' diff "$here/flowreport.golden" body
tidied all.html 'all sections'
is "$(sed -n '/^<style>/,/<\/style>$/p' all.html | sed -e '1s/^<style>//' -e '$s/<\/style>$//')" \
    "$(cat "$here/../lib/show/page.css")" 'the style is page.css'
is "$(sed -n '/<script>/,/^<\/script>/p' all.html | sed -e '1s/.*<script>//' -e '$d')" \
    "$(cat "$here/../lib/show/page.js")" 'the script is page.js'
if command -v openssl >/dev/null; then
    for part in css js; do
        hash=$(openssl dgst -sha256 -binary "$here/../lib/show/page.$part" | openssl base64)
        ok "the policy has the hash of page.$part" grep -qF "'sha256-$hash'" all.html
    done
else
    skip 'the hashes of the policy' 'no openssl'
fi
like "$(cat all.html)" "content=\"default-src 'none'; style-src 'sha256-[^']*'; script-src 'sha256-[^']*'; base-uri 'none'; form-action 'none'\">" \
    'the policy allows nothing else'
is "$(grep -c -e ' style=' -e ' on[a-z]*=' -e ' src=' -e 'href="[^#]' -e '@import' -e 'url(' all.html)" 0 \
    'no attribute that a policy would forbid, and nothing to be loaded'

# The same bytes each time

"$tool" -t 'A "test" & more' <all.sf >again.html
ok 'the same records, the same bytes' cmp all.html again.html
gzip -c all.sf >all.gz
head -n 3 all.sf >one.sf
tail -n +4 all.sf >two.sf
"$tool" -t 'A "test" & more' one.sf two.sf >again.html
ok 'out of two files' cmp all.html again.html
"$tool" -t 'A "test" & more' all.gz >again.html
ok 'compressed' cmp all.html again.html

# Each event is one entry, of all its flows, also where they have titles of their own

{
    when='"eventId":"01","event":"e","eventStart":"2023-11-14T22:13:2'
    record 192.0.2.1:1025 a.example:443 1.0 1.0 1000 0 "\"title\":\"A\",\"knownBy\":\"destination\",$when"'1.000000Z"'
    record 192.0.2.1:1026 b.example:443 2.0 1.0 2000 0 "$when"'1.000000Z"'
    record 192.0.2.2:1026 b.example:443 1.0 1.0 4000 0 "$when"'1.000000Z"'
    record 192.0.2.1:1026 b.example:443 4.0 1.0 8000 0 "$when"'4.000000Z","flowIdCount":1'
    record 192.0.2.1:1027 a.example:443 5.0 1.0 16000 0 '"title":"A","knownBy":"destination"'
} >events.sf
"$tool" events.sf >events.html
is "$(sed -n 's/^<li><span class=dim>\(.*\)<\/div>$/\1/p' events.html | sed 's/<[^>]*>/ /g; s/  */ /g')" \
    '22:13:21 E e 192.0.2.1 → a.example:443, b.example:443 · 2 flows · 3 kB sent, 0 B received 
22:13:21 E e 192.0.2.2 → b.example:443 · 1 flow · 4 kB sent, 0 B received 
22:13:24 E e 192.0.2.1 → b.example:443 · 1 flow · 8 kB sent, 0 B received 
22:13:25 D A a.example:443 · 1 flow · 16 kB sent, 0 B received ' 'each event is an entry'

# Sections are there where there is something to show

# sections FILE: the headings
sections() {
    sed -n 's/^<h2[^>]*>\(.*\)<\/h2>$/\1/p' "$1" | paste -sd,
}
is "$(sections all.html)" 'Verdict,Timeline,Events and known behaviors,Destinations,Long connections,Kinds of flows,Hosts,Sensors' \
    'all sections'
is "$(sed -n 's/^<a href="#\([a-z]*\)">.*/\1/p' all.html | paste -sd,)" \
    "$(sed -n 's/^<section id=\([a-z]*\) .*/\1/p' all.html | paste -sd,)" 'the links lead to them'
record 192.0.2.1:1025 a.example:443 0.0 1.0 100 200 >one.sf
"$tool" one.sf >one.html
is "$(sections one.html)" 'Destinations,Kinds of flows,Hosts' 'one flow: sections'
tidied one.html 'one flow'
sed 's/"1700000000.000000"/""/' one.sf >undated.sf
"$tool" undated.sf >undated.html
like "$(body undated.html)" '^<p class=dim>When the flows were is not known\.' 'a flow without a date'
is "$(grep -c -e First -e spark undated.html)" 1 'a flow without a date: no times'
tidied undated.html 'a flow without a date'
{
    record 192.0.2.1:1025 a.example:443 253402300799.0 1.0 1 2 '"title":"Far"'
    record 192.0.2.1:1026 a.example:443 253402300799.999999 253402300799.0 1 2
    record 192.0.2.1:1027 a.example:443 0.0 253402300799.0 1 2
} | sed 's/1700000000.000000/253402300799.000000/' >far.sf
is_status 0 'times that no calendar has: exit status' "$tool" far.sf
like "$(body out)" '^<p class=dim>When the flows were is not known\.' 'times that no calendar has: not known'
{
    cat far.sf one.sf
    record 192.0.2.1:1025 a.example:443 8.0 1.0 100 200
} >farther.sf
is_status 0 'some times that no calendar has: exit status' "$tool" farther.sf
like "$(body out)" '^<p class=dim>2023-11-14 22:13:20 to 22:13:29 UTC, 9 s<' 'some times that no calendar has: the others'
like "$(body out)" '^<p class=dim>Flows by when they began, 100 ms a bar' 'some times that no calendar has: a timeline'
{
    record 192.0.2.1:1025 a.example:443 0.0 1.0 100 200 '"bytesFrom":"ip"'
    record 192.0.2.1:1026 a.example:443 1.0 1.0 100 200 '"bytesFrom":"ip","sampling":100'
} | "$tool" >estimates.html
like "$(body estimates.html)" '^<p>The bytes of 2 flows are estimates' 'estimates are told of'
like "$(body estimates.html)" '^<p>Of 1 flow only a sample of the packets was counted' 'sampling is told of'

# Samples and sensors

for sensor in a b; do
    record 192.0.2.1:1025 a.example:443 0.0 1.0 100 200 "\"sensor\":\"$sensor\""
    record 192.0.2.1:1025 a.example:443 9.0 1.0 100 200 "\"sensor\":\"$sensor\"" | sed 's/1700000000/1700086400/'
done >sensors.sf
"$tool" sensors.sf >sensors.html
like "$(body sensors.html)" '^<li>Samples <b>4</b>' 'samples'
like "$(body sensors.html)" '^<li>Sensors <b>2</b>' 'sensors'
like "$(body sensors.html)" '^<p class=dim>2023-11-14 22:13:20 to 2023-11-15 22:13:30 UTC, 1 d' 'more than a day'

# -n

i=0
while [ $i -lt 40 ]; do
    i=$((i + 1))
    record "192.0.2.$i:1025" "d$i.example:443" $i.0 1.0 $((100 * i)) 200
done >many.sf
record 192.0.2.1:1025 small.example:443 0.0 1.0 1 1 '"title":"Small"' >>many.sf
record 192.0.2.1:1025 new.example:443 0.0 1.0 2 1 '"destinationCount":1' >>many.sf
record 192.0.2.1:1025 quiet.example:443 0.0 1.0 3 0 '"destinationCount":1' >>many.sf
record 192.0.2.1:1025 dull.example:443 0.0 1.0 1 1 '"title":"Dull","relevance":"knownUninteresting"' >>many.sf
record 192.0.2.1:1025 scanned.example:443 0.0 1.0 9 0 '"title":"Connection That Failed","knownBy":"behavior"' >>many.sf
record 192.0.2.1:1025 empty.example:443 0.0 1.0 0 0 '"title":"Connection Kept Open","knownBy":"behavior"' >>many.sf
record 192.0.2.1:1025 silent.example:443 0.0 1.0 0 0 '"destinationCount":1' >>many.sf
record 192.0.2.1:1025 near.example:443 0.0 1.0 1 2 '"relevance":"seenNearBad"' >>many.sf
record 192.0.2.1:1025 bad.example:443 0.0 1.0 1 1 '"relevance":"knownBad"' >>many.sf

# rows SECTION FILE: the names of its rows
rows() {
    sed -n "/^<section id=$1 /,/^<\\/section>/s/^<tr><th scope=row>\\([^ <]*\\).*/\\1/p" "$2" | paste -sd ' '
}
"$tool" -n 6 many.sf >few.html
is "$(rows destinations few.html)" \
    'bad.example:443 near.example:443 d40.example:443 d39.example:443 new.example:443 small.example:443' \
    '-n: what is known, what is new, and the largest, before attempts that failed'
is "$(rows hosts few.html)" '192.0.2.40 192.0.2.39 192.0.2.38 192.0.2.37 192.0.2.36 192.0.2.35' '-n: hosts'
like "$(grep '<caption>' few.html)" '^<div class=scroll><table class=sort><caption><span>6 of 49 shown: those of which something is known, then new ones, then the largest; flowtop -b destination -n 0 lists all\.' \
    '-n: what is left out'
like "$(grep '<caption>' few.html)" '<caption><span>6 of 40 shown: those with the most bytes; flowtop -b source -n 0 lists all\.' '-n: hosts that are left out'
"$tool" -n 0 many.sf >all49.html
is "$(rows destinations all49.html | wc -w)" 49 '-n 0: all'
is "$(grep -c ' shown: ' all49.html)" 0 '-n 0: nothing is left out'

# Long connections

i=0
while [ $i -lt 25 ]; do
    i=$((i + 1))
    record "192.0.2.1:$i" "d$i.example:443" 0.0 $((i * 7 % 25 + 59)).0 100 200 '"start":"2023-11-14T22:13:20.000000Z","windowStart":"2023-11-14T22:10:00.000000Z"'
done >long.sf
"$tool" long.sf >long.html
is "$(sed -n '/^<section id=long /,/^<\/section>/s/^<tr><th scope=row>d\([0-9]*\)\..*/\1/p' long.html | while read -r i; do echo $((i * 7 % 25 + 59)); done | paste -sd ' ')" \
    '83 82 81 80 79 78 77 76 75 74 73 72 71 70 69 68 67 66 65 64' 'the 20 longest, in their order'
sed 's/"dst":"[^"]*"/"dst":"one.example:443"/' long.sf | "$tool" >long.html
is "$(rows long long.html)" one.example:443 'the longest of a host and destination'
like "$(body long.html)" '^<tr><th scope=row>one\.example:443<td class=t>192\.0\.2\.1<td>1 min 23 s<' 'the longest: how long'
like "$(body long.html)" 'flowmerge joins them' 'that windows cut connections is said'

# Hostile texts: each is a destination, title, description, tag, list, category, network and sensor

# hostile TEXT WANT DESCRIPTION: TEXT, as JSON, stands in the page as WANT, all over
hostile() {
    record 192.0.2.1:1025 "$1:443" 0.0 99.0 100 200 \
        "\"sensor\":\"s1\",\"title\":\"$1\",\"description\":\"$1\",\"relevance\":\"knownBad\",\"tags\":[\"$1\"],\"lists\":[\"$1\"],\"flowCategory\":\"$1\",\"dstCountry\":\"$1\",\"dstAsOrg\":\"$1\",\"activity\":\"Impact\"" >hostile.sf
    record "192.0.2.1:1025" 'a.example:443' 9.0 9.0 100 200 '"activity":"Impact"' >>hostile.sf
    is_status 0 "$3: exit status" "$tool" hostile.sf
    mv out hostile.html
    ok "$3: all over" test "$(grep -oF -e "$2" hostile.html | grep -c .)" -ge 9
    ok "$3: UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null hostile.html
    tidied hostile.html "$3"
}

hostile '<script>alert(1)</script>' '&lt;script&gt;alert(1)&lt;/script&gt;' 'a script'
is "$(grep -c '<script>' hostile.html)" 1 'a script: only that of the page'
hostile '\u0022 onmouseover=alert(1) \u0027' '&quot; onmouseover=alert(1) &#39;' 'an attribute'
hostile '&amp;&#60;' '&amp;amp;&amp;#60;' 'references'
hostile '</style></title><!--' '&lt;/style&gt;&lt;/title&gt;&lt;!--' 'the end of an element'
hostile 'a\u202egnp.exe' 'a\xe2\x80\xaegnp.exe' 'writing turned around'
hostile '\u2066x\u2069' '\xe2\x81\xa6x\xe2\x81\xa9' 'writing isolated'
hostile '\u0007\u001b[31mred\u0085\u007f' '\x07\x1b[31mred\xc2\x85\x7f' 'control characters'
hostile '\u0000x' '\x00x' 'a NUL'
hostile 'line\nend\r\ttab' 'line\x0aend\x0d\x09tab' 'the ends of lines'
hostile '%s%n%99999d' '%s%n%99999d' 'a format'
hostile '\u00fc\ud83d\ude00' 'ü😀' 'letters beyond ASCII'
hostile 'javascript:alert(1)' 'javascript:alert(1)' 'an address of a script'
is "$(grep -c '<a [^>]*javascript' hostile.html)" 0 'an address of a script: no link'
hostile 'www.xn--pypal-4ve.com' 'www.xn--pypal-4ve.com' 'an internationalized name'
like "$(body hostile.html)" '^<tr><th scope=row>www\.xn--pypal-4ve\.com:443 <span class=mark title=' 'an internationalized name: marked'
hostile 'XN--80AK6AA92E.example' 'XN--80AK6AA92E.example' 'an internationalized name in capitals'
like "$(body hostile.html)" '^<tr><th scope=row>XN--80AK6AA92E\.example:443 <span class=mark title=' \
    'an internationalized name in capitals: marked'
long=$(printf '%0300d' 0 | sed 's/0/é/g')
hostile "$long" "title=\"$long" 'a long name'
ok 'a long name: 80 characters of it' grep -qF "\">$(printf '%080d' 0 | sed 's/0/é/g')…</span>" hostile.html
hostile "$(printf '%09000d' 0 | sed 's/0/<>/g')" '&lt;&gt;&lt;&gt;' 'a very long name'
ok 'a very long name: a part of it' test "$(wc -c <hostile.html)" -lt 400000

"$tool" -t "$(printf 'z\374rich')" one.sf >title.html
is "$(sed -n 's/<h1>//p' title.html)" 'z\xfcrich</h1>' 'a title that is not UTF-8'
"$tool" -t '' one.sf >title.html
is "$(sed -n 's/<h1>//p' title.html)" 'Network flows</h1>' 'an empty title: the usual one'

# Input

: >empty.sf
is_status 0 'an empty file: exit status' "$tool" empty.sf
is "$(cat err)" 'flowreport: empty.sf: no records: the page says only that' 'an empty file: message'
like "$(body out)" '<p>There was no record: nothing to show.</p>' 'an empty file: the page'
is "$(tail -n 1 out)" '</html>' 'an empty file: a whole page'
tidied out 'an empty file'
is_status 0 '-q, an empty file: exit status' "$tool" -q empty.sf
is "$(cat err)" '' '-q, an empty file: silence'
{
    cat one.sf
    echo 'no JSON'
    echo '{"src":"10.0.0.1:1025"}'
    cat one.sf
} >bad.sf
is_status 65 'bad lines: exit status' "$tool" bad.sf
is "$(cat err)" 'flowreport: bad.sf: line 2: not a Secflow: it does not begin with {
flowreport: bad.sf: line 3: not a Secflow: dst is not there' 'bad lines: messages'
like "$(body out)" '^<li>Flows <b>2</b>' 'bad lines: the others'
like "$(body out)" '^<p>2 lines of the input were damaged and are left out.</p>' 'bad lines: the page says so'
"$bindir/tests/traffic" demo trace.pcap
"$bindir/pcap2flow" -x trace.pcap | "$bindir/flowlabel" >flows.sf
gzip -c flows.sf | head -c 1500 >cut.gz
is_status 65 'cut off gzip: exit status' "$tool" cut.gz
like "$(cat err)" '^flowreport: cut.gz: after line [0-9]+: the gzip data are damaged' 'cut off gzip: message'
is "$(tail -n 1 out)" '</html>' 'cut off gzip: a page'
is_status 66 'no such file: exit status' "$tool" nothing-there one.sf
like "$(body out)" '^<li>Flows <b>1</b>' 'no such file: a page of the others'
is_status 65 'a capture: exit status' "$tool" trace.pcap
like "$(cat err)" 'not Secflows: it is a capture; use: pcap2flow FILE [|] flowreport$' 'a capture: message'

# A capture: what the page says is what jq says

"$tool" flows.sf >flows.html
tidied flows.html 'a capture'
is "$(sed -n 's/^<li>\([A-Z][a-z]*\) <b>\([0-9]*\)<.*/\1 \2/p' flows.html | head -n 3)" \
    "$(jq -rn '[inputs] | "Flows \(length)\nHosts \([.[].srcIp] | unique | length)\nDestinations \([.[].dst] | unique | length)"' flows.sf)" \
    'a capture: counts'
is "$(rows destinations flows.html | tr ' ' '\n' | sort)" "$(jq -r .dst flows.sf | sort -u)" 'a capture: destinations'
is "$(rows kinds flows.html | tr ' ' '\n' | sort)" "$(jq -r .flowCategory flows.sf | sort -u)" 'a capture: categories'
# cells SECTION FILE: of each row the name, and the first two numbers
cells() {
    sed -n "/^<section id=$1 /,/^<\\/section>/s/^<tr><th scope=row>\\([^ <]*\\)<td>\\([^<]*\\)<td>\\([^<]*\\)<.*/\\1 \\2 \\3/p" "$2" | sort
}
is "$(cells hosts flows.html)" \
    "$(jq -rn '[inputs] | group_by(.srcIp)[] | "\(.[0].srcIp) \(length) \([.[].dst] | unique | length)"' flows.sf | sort)" \
    'a capture: flows and destinations of each host'
is "$(cells destinations flows.html)" \
    "$(jq -rn '[inputs] | group_by(.dst)[] | "\(.[0].dst) \(length) \([.[].srcIp] | unique | length)"' flows.sf | sort)" \
    'a capture: flows and hosts of each destination'
is "$(sed 's/,"flowCategory.*/}/' flows.sf | "$tool" | cksum)" "$(cksum <flows.html)" \
    'a capture: what was not labeled is labeled'

# Manners

introduces_itself
cp one.sf ./-q
is_status 0 '-- ends the options' "$tool" -- -q
misused 'an option that is none' --no-such
misused 'rows that are none' -n x one.sf
misused 'too many rows' -n 4294967296 one.sf
misused 'standard input twice' - -
fills_disk one.sf flows.sf
without_output one.sf

# Beacons: lines of flowbeacon, among records and alone

beacon() {
    printf '{"src":"%s","dst":"%s","flows":96,"hosts":1,"prevalence":0.333,"start":"2023-11-14T22:13:20.500000Z",' "$1" "$2"
    printf '"end":"2023-11-15T21:58:22.500000Z","totalDuration":50400.0,"longestDuration":2.0,"srcBytes":9600,'
    printf '"dstBytes":19200%s,"whenStart":"2023-11-14T22:13:20.000000Z","whenEnd":"2023-11-15T21:58:20.000000Z",' "$3"
    printf '"when":[0,0,0,0,0,0,0,0,0,0,0,0,4,0,0,0,0,0,0,0,0,0,0,2]}\n'
}
{
    beacon 192.0.2.1 long.example ',"longScore":0.750'
    record 192.0.2.1:1025 long.example:443 1.0 75.5 200 1234567 ''
    beacon 192.0.2.2 '<b>home' ',"interval":900.0,"jitter":1.5,"beaconScore":0.951,"longScore":1.000'
    beacon 192.0.2.3 strobe.example ',"strobe":true'
} >beacons.sf
is_status 0 'lines of flowbeacon: exit status' "$tool" beacons.sf
cp out beacons.html
is "$(cat err)" '' 'lines of flowbeacon: nothing is said'
is "$(sed -n '/^<section id=beacons /,/^<\/section>/s/^<tr><th scope=row>\([^<]*\)<td class=t>\([^<]*\)<td>\([^<]*\)<td>\([^<]*\)<td>\([^<]*\)<td>\([^<]*\)<td>\([^<]*\)<.*/\1|\2|\3|\4|\5|\6|\7/p' beacons.html)" \
    "&lt;b&gt;home|192.0.2.2|0.951|1.000|15 min|1.5 s|14 h
strobe.example|192.0.2.3|strobe||||14 h
long.example|192.0.2.1||0.750|||14 h" 'beacons: the largest score first'
like "$(body beacons.html)" 'd="M0 9h24V0h2V9h20V4h2V9"' 'beacons: when, as a strip'
like "$(body beacons.html)" '^<a href="#beacons">Beacons</a>$' 'beacons: a link'
is "$(grep -c 'id=long' beacons.html)" 0 'beacons: with them there are no long connections of records'
"$tool" -n 1 beacons.sf >few.html
like "$(body few.html)" '<span>1 of 3 pairs; flowbeacon lists all\.' 'beacons: -n'
tidied beacons.html beacons
sed -n 1p beacons.sf >alone.sf
is_status 0 'beacons alone: exit status' "$tool" alone.sf
is "$(cat err)" '' 'beacons alone: nothing is said'
is "$(sed -n 's/^<section id=\([a-z]*\) .*/\1/p' out)" beacons 'beacons alone: no other section'
for change in 's/"flows":96,//' 's/,2\]/]/' 's/,2\]/,2,2]/' 's/0\.750/1.001/' 's/"192.0.2.1"/192/'; do
    sed "$change" alone.sf >bad.sf
    is_status 65 "$change: exit status" "$tool" bad.sf
    like "$(cat err)" 'bad.sf: line 1: not a Secflow: ' "$change: it is said"
done

# Few samples: rare says little

for count in 4 5; do
    record 192.0.2.1:1025 a.example:443 0.0 1.0 100 200 "\"flowIdCount\":$count,\"activity\":\"Suspicious Activity\"" >rare.sf
    is "$("$tool" rare.sf | grep -c '<p>Few samples were counted so far: no behavior was seen in more than 4')" $((5 - count)) \
        "a behavior in $count samples: few were counted, or not"
done

done_testing
