#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowevent: what members of an event are told, rules and what is wrong with them, samples.

tool_name=flowevent
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

bin=$(dirname "$tool")
cd "$tmp" || exit 99

# record SOURCE START DST [MORE [DATE]]: a Secflow
record() {
    printf '{"src":"%s","dst":"%s","destinationNameSource":"passive","srcPkts":5,"srcBytes":500,' "$1" "$3"
    printf '"dstPkts":5,"dstBytes":450,"relativeStart":%s,"protocolInformation":"","duration":1.0,' "$2"
    printf '"trafficDate":"%s.000000","proto":"tcp"%s}\n' "${5:-1700000000}" "${4-}"
}

# tells WANT DESCRIPTION ARGUMENTS...: source port, event and start of each record
told='inputs | [(.src | split(":")[-1]), .event // "-", .eventStart // "-"] | join(" ")'
tells() {
    want=$1 what=$2
    shift 2
    is "$("$tool" "$@" 2>err | jq -nr "$told")" "$want" "$what"
    is "$(cat err)" '' "$what: no message"
}

introduces_itself

# What members are told

cat >rules <<'END'
# a comment, and an entry of a list

{"destination":"cutt.ly:443","title":"Cutt.ly"}
{"event":"clicked","steps":["* cutt.ly:443","* .example"],"within":60,"title":"Link \"Clicked\"","relevance":"seenNearBad","description":"Somebody followed it.","attackVectorTags":["Redirect"],"tags":["own"]}
END
{
    record 10.0.0.1:1 1.0 cutt.ly:443 ',"title":"Cutt.ly","description":"x","knownBy":"destination","tags":["own","destination:URLShortener"],"lists":["l"],"activity":"Common Activity","more":1'
    record 10.0.0.2:2 1.5 www.example:443
    record 10.0.0.1:3 2.0 other.test:443
    record 10.0.0.1:4 2.5 www.example:443 ',"relevance":"knownBad","activity":"Malicious Activity"'
    record 10.0.0.1:5 61.5 www.example:443
} >in.sf
tells '1 clicked 2023-11-14T22:13:21.000000Z
2 - -
3 - -
4 clicked 2023-11-14T22:13:21.000000Z
5 - -' 'a first step, and a second one of the same source in time' -f rules in.sf
"$tool" -f rules in.sf >out.sf
is "$(sed -n '2p;3p;5p' out.sf)" "$(sed -n '2p;3p;5p' in.sf)" 'other records pass byte for byte'
is "$(sed -n 1p out.sf | jq -c 'to_entries[10:] | from_entries | del(.trafficDate, .proto)')" \
    '{"title":"Link \"Clicked\"","description":"Somebody followed it.","knownBy":"event","tags":["own","destination:URLShortener","vector:Redirect"],"lists":["l"],"activity":"Attack Vector","more":1,"relevance":"seenNearBad","eventId":"'"$(printf clicked | sha256sum | cut -c 1-64)"'","event":"clicked","eventStart":"2023-11-14T22:13:21.000000Z"}' \
    'a member: fields that were there are replaced, others added behind'
is "$(sed -n 4p out.sf | jq -c '[.relevance, .activity, .title]')" '["knownBad","Malicious Activity","Link \"Clicked\""]' \
    'relevance and activity are raised, never lowered'
is "$("$tool" -f rules out.sf | cat - out.sf | sort | uniq -c | awk '$1 != 2')" '' 'what is told again is the same'
printf '%s\n' '{"event":"e","steps":["* :443"],"title":"T"}' >bare
is "$("$tool" -f bare in.sf | sed -n 1p | jq -c '[.title, .description]')" '["T",""]' \
    'a title without a description leaves no description of another'
printf '%s\n' '{"event":"e","steps":["* :443"]}' >bare
is "$("$tool" -f bare in.sf | jq -c '[.title, .knownBy, .relevance, .activity, .tags]' | sed -n '1p;2p;4p')" \
    '["Cutt.ly","destination",null,"Common Activity",["own","destination:URLShortener"]]
[null,null,null,"Common Activity",null]
[null,null,"knownBad","Malicious Activity",null]' 'a rule that says no more than its name'

# Two rules

cat >two <<'END'
{"event":"dull","steps":["* cutt.ly:443","*"],"within":60}
{"event":"grave","steps":["*"],"relevance":"knownBad"}
{"event":"later","steps":["*"],"relevance":"knownBad"}
END
is "$("$tool" -f two in.sf | jq -r .event | uniq)" grave 'a record is told of the gravest event, of these of the first'

# Samples

{
    record 10.0.0.1:1 290.0 cutt.ly:443
    record 10.0.0.2:2 250.0 cutt.ly:443
    record 10.0.0.1:3 10.0 www.example:443 '' 1700000300
    record 10.0.0.2:4 40.0 www.example:443 '' 1700000300
} >windows.sf
tells '1 - -
2 - -
3 clicked 2023-11-14T22:18:10.000000Z
4 - -' 'an event goes on from one window into the next, where the rest is told' -f rules windows.sf
sed 's/"within"/"by":"sample",&/' rules >by-sample
tells '1 clicked 2023-11-14T22:13:21.000000Z
2 clicked 2023-11-14T22:13:21.000000Z
3 - -
4 clicked 2023-11-14T22:13:21.000000Z
5 - -' 'by sample' -f by-sample in.sf
tells '1 - -
2 - -
3 - -
4 - -' 'by sample, nothing goes on' -f by-sample windows.sf
{
    record 10.0.0.1:1 1.0 cutt.ly:443 ',"sensor":"a"'
    record 10.0.0.1:2 2.0 www.example:443 ',"sensor":"b"'
    record 10.0.0.1:3 3.0 www.example:443 ',"sensor":"a"'
} >sensors.sf
is "$("$tool" -f by-sample sensors.sf | jq -r '"\(.sensor) \(.event // "-")"' | sort)" 'a clicked
a clicked
b -' 'the samples of two sensors are two'
sed -n '1!G;h;$p' in.sf >reversed.sf
tells '5 - -
4 clicked 2023-11-14T22:13:21.000000Z
3 - -
2 - -
1 clicked 2023-11-14T22:13:21.000000Z' 'the order of the lines does not matter' -f rules reversed.sf

# many sources, more than are kept at once: each is done with before the last has begun
awk 'BEGIN { for (i = 0; i < 6000; i++) for (j = 0; j < 2; j++)
    printf "{\"src\":\"10.0.%d.%d:%d\",\"dst\":\"%s:443\",\"destinationNameSource\":\"passive\",\"srcPkts\":5,\"srcBytes\":500,\"dstPkts\":5,\"dstBytes\":450,\"relativeStart\":%.1f,\"protocolInformation\":\"\",\"duration\":1.0,\"trafficDate\":\"1700000000.000000\"}\n",
        i / 250, i % 250, 1 + j, j ? "www.example" : "cutt.ly", i / 10 + j * 50 }' >many.sf
is "$("$tool" -f rules many.sf | jq -r .event | sort | uniq -c | sed 's/^ *//')" '12000 clicked' 'many sources'
sed 's/60/49.9/' rules >short
is "$("$tool" -f short many.sf | cmp - many.sf && echo same)" same 'many sources, none in time'


# a record that comes late, and pipes

mkfifo pipe
"$tool" -f rules <pipe >late.sf &
exec 4>pipe
sed -n 1,4p in.sf >&4
until_true has_lines late.sf 4
ok 'a sample is complete when nothing of it has come for some time' test "$(grep -c clicked late.sf)" -eq 2
exec 4>&-
wait

# Rules

# says PROBLEM RULE [MORE...]: what is wrong with a rule; the next one is used
says() {
    printf '%s\n' "$2" '{"event":"e","steps":["*"]}' >wrong
    is_status 65 "$1: exit status" "$tool" -f wrong in.sf
    is "$(cat "$tmp/err")" "$tool_name: wrong: line 1: $1" "$1"
    is "$(jq -r .event "$tmp/out" | sort -u)" e "$1: other rules are used"
}

say_step() {
    says "event \"a\": step 1: $1" '{"event":"a","within":3,"steps":["'"$2"'"]}'
}

say_step '"smalUpload" is neither a category nor a destination; did you mean smallUpload?' '!smalUpload'
say_step '"SMALLUPLOAD" is neither a category nor a destination; did you mean smallUpload?' SMALLUPLOAD
say_step '"localhost" is neither a category nor a destination' 'smallUpload localhost'
say_step '"*upload" fits no category; flowlabel(1) lists them' '*upload'
say_step '"@knownbad" is not a relevance; did you mean @knownBad?' @knownbad
say_step '"@" lacks a tag, a relevance or "new" behind it' @
say_step '"!" lacks what it negates' '! *'
say_step '":70000" is not a name, address, network or port' ':70000'
say_step '"https://a.example/" is a URL or the like, which flows do not tell' 'https://a.example/'
say_step 'it is empty; "*" is any flow' ' '
say_step 'it has more than 1024 bytes' "$(printf '%01025d' 0)"
says 'event "a": step 2: it is not a string' '{"event":"a","within":3,"steps":["*",1]}'
says 'event "a": "steps" is not an array of strings' '{"event":"a","within":3,"steps":"*"}'
says 'event "a": it has no "steps"' '{"event":"a","within":3,"steps":[]}'
says 'event "a": it has no "steps"' '{"event":"a","within":3}'
says 'it has steps, but no name: "event"' '{"steps":["*"]}'
says '"event" is not the name of an event, a string' '{"event":1,"steps":["*"]}'
says 'neither a rule, which has "event" and "steps", nor an entry of a list' '{"a":1}'
says 'unknown key "evnt"; did you mean "event"?' '{"evnt":"a","steps":["*"]}'
says 'event "a": unknown key "witihn"; did you mean "within"?' '{"event":"a","steps":["*","*"],"witihn":3}'
says 'event "a": it does not say "within" how many seconds' '{"event":"a","steps":["*","*"],"note":{"withn":3}}'
says 'event "a": "within" is not a number of seconds, such as 60' '{"event":"a","steps":["*","*"],"within":"60"}'
says 'event "a": "by" is neither "src" nor "sample"' '{"event":"a","steps":["*"],"by":"dst"}'
says 'event "a": "ordered" is neither true nor false' '{"event":"a","steps":["*"],"ordered":"no"}'
says 'event "a": "knowBad" is not a relevance; did you mean "knownBad"?' '{"event":"a","steps":["*"],"relevance":"knowBad"}'
says 'event "a": "title" is not a string' '{"event":"a","steps":["*"],"title":["x"]}'
says 'event "a": it has more than 8 steps' '{"event":"a","within":3,"steps":["*","*","*","*","*","*","*","*","*"]}'
says 'event "a": in any order, it can have 6 steps at most' '{"event":"a","within":3,"ordered":false,"steps":["*","*","*","*","*","*","*"]}'
says 'its JSON is cut off; a rule is one line' '{"event":"a",'
says 'something follows the object' '{"event":"a","steps":["*"]} {}'
says "event \"$(printf '%060d' 0)\": the name of the event has more than 128 bytes" '{"event":"'"$(printf '%0129d' 0)"'","steps":["*"]}'

printf '%s\n' '{"event":"a","steps":["*"],"author":"me","references":["x"],"note":{"step":1}}' >"more"
tells "$("$tool" -f "more" in.sf | jq -nr "$told")" 'other keys say nothing' -f more in.sf

# files of lists

mkdir -p lists/more
cp rules lists/more/rules.ndjson
printf 'bad.example\n' >lists/plain
printf '{\n"name":"w","type":"string","list":["x.example"]\n}\n' >lists/misp.json
printf '#fields\tindicator\tindicator_type\n' >lists/z.intel
tells "$("$tool" -f rules in.sf | jq -nr "$told")" 'a directory that also has lists of other formats' -f lists in.sf
is "$("$bin/flowmeta" -f rules in.sf 2>&1 >meta.sf)" '' 'flowmeta passes over rules'
grep steps rules >only
is "$("$bin/flowmeta" -f only in.sf 2>&1 >/dev/null)" '' '... also where there is nothing else'
is "$(jq -r .title meta.sf | sed -n 1p)" Cutt.ly '... and uses the entries beside them'
is_status 65 'a file without rules: exit status' "$tool" -f lists/plain in.sf
is "$(cat "$tmp/err")" "$tool_name: lists/plain: line 1: it does not begin with {
$tool_name: no rules: records pass as they are" 'a file without rules'
is "$(cat "$tmp/out")" "$(cat in.sf)" '... records pass as they are'
: >empty
is_status 65 'an empty file: exit status' "$tool" -f empty in.sf
is "$(cat "$tmp/err")" "$tool_name: empty: it has no rules: these are lines of JSON, as flowevent(1) tells
$tool_name: no rules: records pass as they are" 'an empty file'
is_status 66 'a file that is not there: exit status' "$tool" -f nothing -f rules in.sf
is "$(cat "$tmp/err")" "$tool_name: nothing: cannot open: No such file or directory" 'a file that is not there'
is "$(cat "$tmp/out")" "$(cat out.sf)" '... other rules are used'
is "$("$tool" -f - in.sf <rules)" "$(cat out.sf)" 'rules on standard input'
is "$(gzip -c rules | "$tool" -f - in.sf)" "$(cat out.sf)" '... compressed'
is "$("$tool" -vf rules in.sf 2>&1 >/dev/null)" "$tool_name: rules: 1 rule
$tool_name: 5 records, of which 2 are members of events" '-v'

# SIGHUP: rules are read again, and what was seen for those that stay counts

cat >live <<'END'
{"event":"a-b","steps":["a.example","b.example"],"within":60}
{"event":"old","steps":["c.example"]}
END
{
    for second in 1 2 3 4; do
        record 10.0.0.1:$second $second.0 noise.example:443
    done
    record 10.0.0.1:5 5.0 a.example:443
} >begins.sf
mkfifo in
"$tool" -f live --memory 1K <in >shown 2>err &
pid=$!
exec 3>in
cat begins.sf >&3
until_true has_lines shown 4
is "$(cat shown)" "$(head -n 4 begins.sf)" '--memory: what is settled is written, and what can become a member is held'
echo '{"event":"new","steps":["c.example","nonsense"],"within":9}' >broken
cp live good
mv broken live
kill -HUP $pid
record 10.0.0.1:6 6.0 noise.example:443 >&3
until_true has_lines err 2
is "$(cat err)" "$tool_name: live: line 1: event \"new\": step 2: \"nonsense\" is neither a category nor a destination
$tool_name: the rules that were read before stay in use" 'SIGHUP: rules that make no sense are not used'
rm live
kill -HUP $pid
record 10.0.0.1:7 7.0 noise.example:443 >&3
until_true has_lines err 4
is "$(tail -n 2 err)" "$tool_name: live: cannot open: No such file or directory
$tool_name: the rules that were read before stay in use" 'SIGHUP: nor are none'
{
    echo '{"event":"new","steps":["c.example"]}'
    sed -e '2d' -e 's/}$/,"title":"Both"}/' good
} >live
kill -HUP $pid
record 10.0.0.1:8 8.0 c.example:443 >&3
record 10.0.0.1:9 9.0 b.example:443 >&3
exec 3>&-
wait $pid
is $? 0 'SIGHUP: exit status'
is "$(jq -nr "$told" shown | tail -n 5)" '5 - -
6 - -
7 - -
8 new 2023-11-14T22:13:28.000000Z
9 a-b 2023-11-14T22:13:25.000000Z' 'SIGHUP: new rules, and one that goes on from what it has seen'
is "$(tail -n 1 shown | jq -r .title)" Both 'SIGHUP: what it tells is new'
mkfifo piped
cat good >piped &
writer=$!
"$tool" -f good -f piped --memory 1K <in >shown 2>err &
pid=$!
exec 3>in
wait $writer
{
    cat begins.sf
    for second in 66 67 68 69 70; do
        record 10.0.0.1:$second $second.0 noise.example:443
    done
} >&3
until_true has_lines shown 9
is "$(grep -c . shown)" 9 '--memory: what can no longer become a member is not held'
kill -HUP $pid
record 10.0.0.1:8 71.0 c.example:443 >&3
exec 3>&-
wait $pid
is "$(cat err)" "$tool_name: piped: it is not a file, and so cannot be read again
$tool_name: the rules that were read before stay in use" 'SIGHUP: a pipe is not waited for'
is "$(tail -n 1 shown | jq -r .event)" old '... and its rules stay'

# Misuse, and what every tool does

misused 'no rules' in.sf
misused 'standard input for both' -f - -
misused 'unknown option' -f rules -y
misused 'too little memory' -f rules --memory 1023 in.sf
printf 'x\n' >junk
is_status 65 'damaged lines: exit status' "$tool" -f rules junk
like "$(cat "$tmp/err")" "^$tool_name: junk: line 1: not a Secflow" 'damaged lines: message'
record 10.0.0.1:1 1.0 a.example:443 | sed 's/"1700000000.000000"/1/' >undated
is_status 65 'no traffic date: exit status' "$tool" -f rules undated
is "$(cat "$tmp/err")" "$tool_name: undated: line 1: not a Secflow: trafficDate is not a string of seconds" 'no traffic date'
is_status 66 'no such file' "$tool" -f rules nowhere
full() {
    "$tool" -f rules "$@" >/dev/full
}
if [ -c /dev/full ]; then
    is_status 74 'full disk: exit status' full in.sf
    like "$(cat "$tmp/err")" 'No space left on device$' 'full disk: message'
fi

done_testing
