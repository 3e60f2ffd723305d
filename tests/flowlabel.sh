#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowlabel: a filter that adds two fields, and its behavior.

tool_name=flowlabel
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

cd "$tmp" || exit 99

# record DST: a Secflow without its closing brace
record() {
    printf '{"src":"10.0.0.1:1025","dst":"%s","destinationNameSource":"original","srcPkts":1,' "$1"
    printf '"srcBytes":40,"dstPkts":1,"dstBytes":60,"relativeStart":0.0,"protocolInformation":"",'
    printf '"duration":0.0,"trafficDate":"1700000000.000000","proto":"udp"'
}

dns='"flowCategory":"dnsQuery",'\
'"flowId":"867e4312c6547d99edd52c07b8b3764e5bd11fbf9882ad272f2857227362fd73"'

label_input() {
    printf '%s' "$input" | "$tool"
}

# gives DESCRIPTION INPUT WANT: checks the output for an input, without a message
gives() {
    input=$2
    is_status 0 "$1: exit status" label_input
    is "$(cat err)" '' "$1: no message"
    is "$(cat out)" "$3" "$1"
}

# Fields are added, or replaced, and nothing else is changed

newline='
'
usual=$(record 9.9.9.9:53)
gives 'a record' "$usual}$newline" "$usual,$dns}"
gives 'a line without its newline' "$usual}" "$usual,$dns}"
gives 'unknown fields and blanks' "$usual, \"x\" : [ 1 , {\"dst\":2} ] } $newline" \
    "$usual, \"x\" : [ 1 , {\"dst\":2} ] ,$dns} "
gives 'blank lines' "$newline$usual} $newline 	$newline$newline" "$usual,$dns} "
gives 'a label that is there' "$usual,\"flowId\":\"0\",\"y\":1}$newline" \
    "$usual,\"flowId\":${dns##*:},\"y\":1,${dns%%,*}}"
gives 'labels that are there' "$usual,$dns}$newline" "$usual,$dns}"
gives 'a label whose name has escapes' "$usual,\"flow\\u0049d\":\"0\"}$newline" \
    "$usual,\"flow\\u0049d\":${dns##*:},${dns%%,*}}"
gives 'an object without a name' "$usual,\"\":{\"dst\":\"evil:853\"}}$newline" \
    "$usual,\"\":{\"dst\":\"evil:853\"},$dns}"
gives 'nothing' '' ''

v6=$(record '[2620:fe::9]:53')
echo "$v6}" | "$tool" >out
is "$(jq -r '[.flowCategory, .flowId] | @tsv' out)" \
    "dnsQuery	$(printf 'dnsQuery 07/04/2020 [2620:fe::9]:53' | sha256sum | cut -d ' ' -f 1)" \
    'an IPv6 destination, as sha256sum has its id'
odd=$(record 'a\\032b:80')
printf '%s}\n' "$odd" | "$tool" >out
is "$(jq -r '[.flowCategory, .flowId] | @tsv' out)" \
    "singleResourceLoaded	$(printf '%s' 'singleResourceLoaded 07/04/2020 a\032b:80' |
        sha256sum | cut -d ' ' -f 1)" 'a name with a backslash'
is "$(sed 's/,"flowCategory".*//' out)" "$odd" 'a name with a backslash stays as it is'

# After the converters

"$(dirname "$tool")/tests/traffic" demo trace.pcap
"$(dirname "$tool")/pcap2flow" -x -d 1000000 --sensor 'a "b" \ ü' trace.pcap >flows.sf
is "$(jq -rn '[inputs | has("sensor", "windowStart")] | unique[]' flows.sf)" true \
    'the flows of a capture: they have all fields'
is_status 0 'the flows of a capture: exit status' "$tool" flows.sf
cp out labelled.sf
is "$(sed 's/,"flowCategory":"[A-Za-z]*","flowId":"[0-9a-f]*"}$/}/' labelled.sf)" "$(cat flows.sf)" \
    'the flows of a capture: all of them, with two fields more'
ok 'the flows of a capture: of several kinds' \
    test "$(jq -r .flowCategory labelled.sf | sort -u | grep -c .)" -ge 5
is_status 0 'labelled again' "$tool" labelled.sf
ok 'labelled again: the same' cmp labelled.sf out
gzip -c flows.sf >flows.gz
is_status 0 'files, compressed or not' "$tool" flows.gz flows.sf
is "$(cat out)" "$(cat labelled.sf labelled.sf)" 'files: one after the other'

# A record is written before the next one has come

mkfifo in
"$tool" <in >slow &
exec 3>in
printf '%s}\n%s' "$usual" "$usual" >&3
until_true test -s slow
is "$(cat slow)" "$usual,$dns}" 'a line goes out when its input pauses'
exec 3>&-
wait

# Lines that are not Secflows

{
    echo "$usual}"
    echo 'no JSON'
    echo '{"src":"10.0.0.1:1025"}'
    echo "$usual"
    echo "$usual,\"srcPkts\":-1}"
    printf '{"x":"%1100000d"}\n' 0
    echo "$usual}"
} >bad.sf
is_status 65 'bad lines: exit status' "$tool" bad.sf
is "$(cat out)" "$usual,$dns}
$usual,$dns}" 'bad lines: the others'
is "$(cat err)" 'flowlabel: bad.sf: line 2: not a Secflow: it does not begin with {
flowlabel: bad.sf: line 3: not a Secflow: dst is not there
flowlabel: bad.sf: line 4: not a Secflow: it is cut off
flowlabel: bad.sf: damaged in 2 more lines; the last: line 6: not a Secflow: it does not end within 1 MiB' 'bad lines: messages'
printf '%s}\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nx\n' "$usual" >blank.sf
is_status 65 'behind blank lines: exit status' "$tool" blank.sf
like "$(cat err)" '^flowlabel: blank.sf: line 22: ' 'behind blank lines: message'
{
    printf '%s,"x":"\377"}\n' "$usual"
    printf '%s,"x":"\355\240\200"}\n' "$usual"
    printf '%s,"x":"\\ud800"}\n' "$usual"
    printf '%s,"x":"\000"}\n' "$usual"
    printf '%s,"x":"\303\244\\ud83d\\ude00"}\n' "$usual"
} >bytes.sf
is_status 65 'lines that are not UTF-8: exit status' "$tool" bytes.sf
is "$(cat out)" "$(sed -n '5s/}$//p' bytes.sf),$dns}" 'lines that are not UTF-8: the other'
at=$((${#usual} + 7))
is "$(cat err)" "flowlabel: bytes.sf: line 1: not a Secflow: invalid UTF-8 at byte $at
flowlabel: bytes.sf: line 2: not a Secflow: invalid UTF-8 at byte $at
flowlabel: bytes.sf: line 3: not a Secflow: half of a surrogate pair at byte $at
flowlabel: bytes.sf: line 4: not a Secflow: control character in a string at byte $at" 'lines that are not UTF-8: messages'
printf '{"x":"%1100000d"}\n' 0 >long.sf
is_status 65 'a long line: exit status' "$tool" long.sf
like "$(cat err)" 'line 1: not a Secflow: it does not end within 1 MiB' 'a long line: message'
gzip -c labelled.sf | head -c 1500 >cut.gz
is_status 65 'cut off gzip: exit status' "$tool" cut.gz
like "$(cat err)" '^flowlabel: cut.gz: after line [0-9]+: the gzip data are damaged' \
    'cut off gzip: message'
ok 'cut off gzip: what came before' test "$(grep -c . out)" -gt 0
printf '\050\265\057\375\000\210\041\000\000data' >long.zst
is_status 65 'a frame with a window of 128 MiB: exit status' "$tool" long.zst
like "$(cat err)" '^flowlabel: long.zst: the zstd data need a window .*zstd -dc --long=31' \
    'a frame with a window of 128 MiB: message'
is_status 66 'no such file' "$tool" nothing-there flows.sf
is "$(cat out)" "$(cat labelled.sf)" 'no such file: the others are labelled'

# A byte order mark is skipped, at the start of a file and where cat put it

for file in flows.sf flows.sf; do
    printf '\357\273\277'
    cat $file
done >marked.sf
is_status 0 'a byte order mark: exit status' "$tool" marked.sf
is "$(cat out)" "$(cat labelled.sf labelled.sf)" 'a byte order mark: records'

# Behavior

introduces_itself
cp flows.sf ./-q
is_status 0 '-- ends the options' "$tool" -q -- -q
is "$(cat out)" "$(cat labelled.sf)" '-- ends the options: records'
misused 'unknown option' -x flows.sf
misused 'unknown long option' --nonsense flows.sf
complains 'unknown option --quite; did you mean --quiet?' --quite flows.sf
complains 'unknown option -r; files need no option: flowlabel FILE' -r flows.sf
misused 'standard input twice' - -
i=0
while [ $i -lt 9 ]; do
    cat labelled.sf labelled.sf labelled.sf labelled.sf labelled.sf
    i=$((i + 1))
done >big.sf
without_output flows.sf
fills_disk flows.sf big.sf
first_line() {
    "$tool" big.sf | head -n 1
}
is_status 0 'a closed pipe: exit status' first_line
is "$(cat out err)" "$(head -n 1 labelled.sf)" 'a closed pipe ends it quietly'

done_testing
