#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowseen: what it adds, each sample counted once, counters, merging, stores that are not usable.

tool_name=flowseen
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

flowlabel=$(dirname "$tool")/flowlabel
cd "$tmp" || exit 99

# record DATE DST [NAME-SOURCE [MORE]]: a Secflow of the sample of that date
record() {
    printf '{"src":"10.0.0.1:1025","dst":"%s","destinationNameSource":"%s","srcPkts":1,' "$2" \
        "${3:-passive}"
    printf '"srcBytes":40,"dstPkts":1,"dstBytes":60,"relativeStart":2.5,"protocolInformation":"",'
    printf '"duration":0.0,"trafficDate":"%s.000000","proto":"tcp"%s}\n' "$1" "${4-}"
}

added='{flowIdCount, flowIdSensors, flowIdFirstSeen, flowIdLastSeen, destinationCount,
    destinationFirstSeen, domain, domainCount, domainFirstSeen} | with_entries(select(.value)) |
    [.[]] | map(tostring) | join(" ")'

# adds WANT DESCRIPTION ARGUMENTS...: what is added to the records on standard input
adds() {
    want=$1 what=$2
    shift 2
    is "$("$tool" "$@" 2>err | jq -r "$added")" "$want" "$what"
    is "$(cat err)" '' "$what: no message"
}

introduces_itself

# What is added

at=2023-11-14T22:13:22Z later=2023-11-14T22:30:02Z
record 1700000000 www.example.co.uk:443 >one.sf
record 1700001000 www.example.co.uk:443 >two.sf
record 1700001000 other.example.co.uk:443 >>two.sf
adds "1 1 $at 1 $at example.co.uk 1 $at" 'the first sample' -s a.db one.sf
adds "2 1 $at $at 2 $at example.co.uk 2 $at
1 1 $later 1 $later example.co.uk 2 $at" 'the second' -s a.db two.sf
adds "2 1 $at 2 $at example.co.uk 2 $at
1 1 $later 1 $later example.co.uk 2 $at" 'the second again: counted once' -s a.db two.sf
adds "2 1 $at $later 2 $at example.co.uk 2 $at" 'the first again: last seen is in another' -s a.db one.sf
is "$(stat -c %a a.db)" 600 'the store is for its user alone'
is "$(find . -name 'a.db.*')" '' 'nothing is left beside it'

# the values of a key
rm -f a.db*
adds "1 1 $at 1 $at example.co.uk 1 $at
2 1 $at $at 2 $at example.co.uk 2 $at
1 1 $later 1 $later example.co.uk 2 $at" 'both in one transaction' -s a.db one.sf two.sf
is "$("$tool" -s a.db -X | grep -c '"n":2')" 3 'three keys are of both'
key=$(printf 'domain example.co.uk' | sha256sum | cut -c 1-32)
is "$("$tool" -s a.db -X | jq -c "select(.key == \"$key\") | [.n, .first, .last]")" \
    '[2,1700000002,1700001002]' 'the key of a domain'
key=$(printf 'destination www.example.co.uk:443' | sha256sum | cut -c 1-32)
is "$("$tool" -s a.db -X | jq -c "select(.key == \"$key\") | .n")" 2 'the key of a destination'
key=$("$flowlabel" one.sf | jq -r '.flowId[:32]')
is "$("$tool" -s a.db -X | jq -c "select(.key == \"$key\") | .n")" 2 'the key of a behavior'
is "$(strings -a a.db | grep -c 'example\|10\.0\.0')" 0 'the store names nobody'

"$flowlabel" one.sf | sed 's/"flowId":"./"flowId":"z/' >bad-id.sf
"$tool" -s id.db bad-id.sf >/dev/null
is "$("$tool" -s id.db -X | jq -c "select(.key == \"$key\") | .n")" 1 'a flowId that is none is worked out'
own=00112233445566778899aabbccddeeff
record 1700000000 x.test:1 passive ",\"flowId\":\"$own$own\"" | "$tool" -s id.db --captures >/dev/null
record 1700000001 x.test:1 passive ",\"flowId\":\"$own$own\"" | "$tool" -s id.db >/dev/null
is "$("$tool" -s id.db -X | jq -c "select(.key == \"$own\") | .n")" 1 'a flowId in the record is used'

record 1700000000 203.0.113.1:443 original >ip.sf
adds "1 1 $at 1 $at" 'an address has no domain' -s ip.db ip.sf
record 1700002000 203.0.113.1:443 cache | "$tool" -s ip.db | jq -c .domain >out
is "$(cat out)" null 'nor has an address that is called a name'
record 1700003000 co.uk:443 | "$tool" -s ip.db | jq -c .domain >out
is "$(cat out)" null 'nor has a suffix'
record 1700003001 localhost:443 | "$tool" -s ip.db | jq -c .domain >out
is "$(cat out)" null 'nor has a name without a dot'
is "$("$tool" -s a.db -n one.sf | jq -cS 'del(.flowIdCount, .flowIdSensors, .flowIdFirstSeen,
    .flowIdLastSeen, .destinationCount, .destinationFirstSeen, .domain, .domainCount, .domainFirstSeen)')" \
    "$(jq -cS . one.sf)" 'all else stays'
is "$("$tool" -s a.db -n one.sf | "$tool" -s a.db -n)" "$("$tool" -s a.db -n one.sf)" \
    'fields that are there are replaced'

# A key that occurs twice in a sample counts once, and its times are the first and the last
{
    record 1700000000 a.test:1
    record 1700000000 a.test:1 | sed 's/"relativeStart":2.5/"relativeStart":9.0/'
} | "$tool" -s twice.db >/dev/null
is "$("$tool" -s twice.db -X | jq -c 'select(.key) | [.n, .first, .last]' | sort -u)" \
    '[1,1700000002,1700000009]' 'a key that occurs twice counts once'

# Samples that alternate are one each
{
    record 1700000000 a.test:1
    record 1700000001 a.test:1
    record 1700000000 b.test:1
    record 1700000001 b.test:1
} | "$tool" -s turn.db | jq -r '.destinationCount' | sort | uniq -c | sed 's/^ *//' >out
is "$(cat out)" '2 1
2 2' 'samples that alternate'
is "$("$tool" -s turn.db -l | sed -n 's/^samples *//p')" 2 'they are two'

# Asking

"$tool" -s a.db -X >before
record 1700009000 www.example.co.uk:443 >three.sf
adds "3 1 $at $later 3 $at example.co.uk 3 $at" '-n: as if it were counted' -n -s a.db three.sf
adds "2 1 $at 2 $at example.co.uk 2 $at
1 1 $later 1 $later example.co.uk 2 $at" '-n: of a sample that was counted' -n -s a.db two.sf
record 1700009000 www.example.co.uk:443 passive ',"sensor":"web1"' >web.sf
adds "3 2 $at $later 3 $at example.co.uk 3 $at" '-n: by another sensor' -n -s a.db web.sf
is "$("$tool" -s a.db -X | cmp - before && echo same)" same '-n: nothing is counted'
is_status 74 'no directory for the store' "$tool" -s none/a.db one.sf
is "$(cat "$tmp/err")" 'flowseen: none/a.db: cannot create the store: No such file or directory' 'no directory: message'
is_status 66 '-n: no store' "$tool" -n -s none.db one.sf
is "$(cat "$tmp/err")" 'flowseen: none.db: cannot open the store: No such file or directory' '-n: no store: message'
ok '-n: no store is made' test ! -e none.db

# Counters

record 1700000000 a.test:1 passive ',"sensor":"s1"' | "$tool" -s s.db >/dev/null
record 1700000001 a.test:1 passive ',"sensor":"s2"' | "$tool" -s s.db --sensor no >/dev/null
record 1700000002 a.test:1 | "$tool" -s s.db --sensor s1 >/dev/null
record 1700000003 a.test:1 | "$tool" -s s.db | jq -c '[.flowIdCount, .flowIdSensors]' >out
is "$(cat out)" '[4,3]' 'sensors: of the record, of --sensor, the store itself'
record 1700000004 a.test:1 | "$tool" -s s.db --captures | jq -c '[.flowIdCount, .flowIdSensors]' >out
is "$(cat out)" '[5,4]' '--captures: each sample is one'
for store in c1 c2; do "$tool" -s $store.db --captures one.sf two.sf >/dev/null; done
"$tool" -s c1.db -X >want
"$tool" -s c1.db -m c2.db
is "$("$tool" -s c1.db -X | cmp - want && echo same)" same '--captures: merged, each counts once'
"$tool" -s d1.db one.sf >/dev/null
"$tool" -s d2.db two.sf >/dev/null
"$tool" -s d1.db -m d2.db d2.db d1.db
adds "2 2 $at $later 2 $at example.co.uk 2 $at" 'stores of two sensors, merged' -s d1.db one.sf
adds "2 2 $at 2 $at example.co.uk 2 $at
1 1 $later 1 $later example.co.uk 2 $at" 'samples of the other store are not counted again' -s d1.db two.sf

# Lines

"$tool" -s d1.db -X >lines
"$tool" -s e.db -I lines
is "$("$tool" -s e.db -X | cmp - lines && echo same)" same '-I reads what -X writes'
"$tool" -s e.db -I lines lines
is "$("$tool" -s e.db -X | cmp - lines && echo same)" same '-I twice is once'
is "$(jq -r 'select(.key) | .key' lines | sed 's/^[89a-f]/ &/' | LC_ALL=C sort -c 2>&1)" '' \
    '-X: in the order of keys, as integers'
key=0123456789abcdef0123456789abcdef
printf '{"key":"%s","sensor":"s1","n":"7","first":5,"last":9}\n' $key | "$tool" -s s.db -I
is "$("$tool" -s s.db -X | grep $key | jq -c 'del(.counter)')" "{\"key\":\"$key\",\"n\":7,\"first\":5,\"last\":9}" \
    '-I: a sensor by its name, a number as a string'
is "$("$tool" -s s.db -l | sed -n 's/^counters *//p')" 4 '-I: it is the sensor that counted before'
while IFS= read -r line; do
    is_status 65 "-I: $line" sh -c 'printf "%s\n" "$1" | "$2" -s e.db -I' sh "$line" "$tool"
    like "$(cat "$tmp/err")" '^flowseen: standard input: line 1: not a line of flowseen -X: ' "-I: $line: message"
done <<'END'
{}
{"key":"0123","counter":"0123456789abcdef","n":1,"first":1,"last":2}
{"key":"0123456789abcdef0123456789abcdeX","counter":"0123456789abcdef","n":1,"first":1,"last":2}
{"key":"0123456789abcdef0123456789abcdef","n":1,"first":1,"last":2}
{"key":"0123456789abcdef0123456789abcdef","counter":"0123456789abcdef","n":0,"first":1,"last":2}
{"key":"0123456789abcdef0123456789abcdef","counter":"0123456789abcdef","n":1099511627777,"first":1,"last":2}
{"key":"0123456789abcdef0123456789abcdef","counter":"0123456789abcdef","n":1,"first":3,"last":2}
{"key":"0123456789abcdef0123456789abcdef","counter":"0123456789abcdef","n":1,"first":3,"last":253402300800}
{"sample":"12"}
x
{"key":
END
is "$("$tool" -s e.db -X | cmp - lines && echo same)" same '-I: of such lines nothing is merged'

# Forgetting

now=$(($(date +%s) - 60))
record $now new.test:1 >new.sf
record 1700000000 old.test:1 >old.sf
"$tool" -s f.db old.sf new.sf >/dev/null
is "$("$tool" -v -s f.db -e 30d </dev/null 2>&1 | head -n 1)" \
    'flowseen: 0 records of 0 samples; 3 rows forgotten' '-e and -v: how much is forgotten'
is "$("$tool" -s f.db -X | jq -c 'select(.key) | .n' | wc -l)" 3 '-e: what is old is forgotten'
is "$("$tool" -s f.db -l | sed -n 's/^samples *//p')" 2 '-e: samples are not'
"$tool" -s f.db old.sf | jq -c .destinationCount >out
is "$(cat out)" 1 '-e: a sample that was forgotten counts itself'
is "$("$tool" -s f.db -X | jq -c 'select(.key) | .n' | wc -l)" 3 '-e: a sample that is known is not counted again'
record $((now + 400000000)) future.test:1 >future.sf
for file in old.sf future.sf; do "$tool" -s g.db -e 30d $file; done | jq -c .destinationCount >out
is "$(cat out)" '1
1' '-e: while counting'
is "$("$tool" -s g.db -X | jq -c 'select(.key)' | wc -l)" 6 \
    '-e: the age is that before the newest sample, but for those of the future'
"$tool" -s g.db -e 30d new.sf >/dev/null
"$tool" -s new.db new.sf future.sf >/dev/null
is "$("$tool" -s g.db -X | jq -c 'select(.key) | [.key, .n]')" "$("$tool" -s new.db -X | jq -c 'select(.key) | [.key, .n]')" \
    '-e: a newer sample makes others old'

# Young stores

is_status 0 '-v' "$tool" -v -s a.db one.sf
is "$(cat "$tmp/err")" 'flowseen: 1 record of 1 sample; 1 counted before
flowseen: a.db: the store is young: 2 samples of 0 days; what is new to it need not be rare before 100 samples and 7 days' \
    '-v: a young store'
seq 1700000000 8000 1700799999 | while read -r date; do record "$date" a.test:1; done >many.sf
is_status 0 '-v: a hundred samples' "$tool" -v -s many.db many.sf
is "$(cat "$tmp/err")" 'flowseen: 100 records of 100 samples' '-v: a store of 100 samples and 9 days is not young'
is "$(tail -n 1 "$tmp/out" | jq -c .destinationCount)" 100 'a hundred samples in one transaction'

# Stores that are none

# refuses WANT-STATUS MESSAGE DESCRIPTION FILE: nothing in it, or beside it, changes
refuses() {
    before=$(cat "$4"* | sha256sum; ls "$4"*)
    for how in '' -n -X -l -I; do
        is_status "$1" "$3: $how" "$tool" -s "$4" ${how:+"$how"} </dev/null
        is "$(cat "$tmp/err")" "flowseen: $4: $2" "$3: $how: message"
    done
    is "$(cat "$4"* | sha256sum; ls "$4"*)" "$before" "$3: nothing changed"
}

echo 'some words' >words
refuses 65 'not a store of flowseen' 'a file of words' words
: >nothing
refuses 65 'not a store of flowseen' 'an empty file' nothing
mkdir folder
refuses 65 'not a store of flowseen: it is not a regular file' 'a directory' folder
mkfifo pipe
is_status 65 'a pipe' "$tool" -s pipe one.sf
ln -s a.db link
refuses 65 'it is a symbolic link; name the store itself' 'a symbolic link' link
if command -v sqlite3 >/dev/null; then
    sqlite3 other.db 'CREATE TABLE t(a); INSERT INTO t VALUES(1)'
    refuses 65 'not a store of flowseen, but the database of another program' 'another program' other.db
    cp a.db version.db
    sqlite3 version.db 'PRAGMA user_version=7' >/dev/null
    refuses 65 'a store of version 7; this flowseen knows version 2: use the one that made it' \
        'another version' version.db
    is "$(sqlite3 a.db 'PRAGMA integrity_check')" ok 'SQLite finds nothing wrong'
    cp many.db damaged.db
    printf 'not a b-tree page at all' | dd of=damaged.db bs=4096 seek=1 conv=notrunc 2>/dev/null
    is_status 65 'a damaged store' "$tool" -s damaged.db -X
    like "$(cat "$tmp/err")" '^flowseen: damaged.db: the store is damaged; use a copy of it$' \
        'a damaged store: message'
    for wrong in first=-1 last=253402300800 'first=900000000000000, last=first' last=0; do
        cp a.db times.db
        sqlite3 times.db "UPDATE seen SET $wrong"
        is_status 65 "a store with $wrong" "$tool" -s times.db -l
        is "$(cat "$tmp/out" "$tmp/err")" 'flowseen: times.db: the store is damaged; use a copy of it' \
            "a store with $wrong: message"
    done
else
    skip 'stores of other programs and versions' 'no sqlite3'
fi
head -c 9000 a.db >short.db
refuses 65 'the store is cut off; use a copy of it' 'a store that is cut off' short.db
is_status 65 '-m: of several stores one is none' "$tool" -s d1.db -m words e.db
is "$(cat "$tmp/err")" 'flowseen: words: not a store of flowseen' '-m: message'
is_status 66 '-m: a store is not there' "$tool" -s d1.db -m none.db
ok '-m: it is not made' test ! -e none.db

# Without the right to write

# without_right ARGUMENTS...: the tool as a user who cannot write here
without_right() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$tool" "$@"
    else
        "$tool" "$@"
    fi
}

mkdir readonly
cp a.db 'readonly/a%41?.db'
chmod 444 readonly/*
chmod 555 readonly
chmod 755 "$tmp"
if [ "$(id -u)" != 0 ] || { command -v setpriv >/dev/null && without_right -V >/dev/null 2>&1; }; then
    is "$(without_right -n -s 'readonly/a%41?.db' one.sf 2>&1)" "$("$tool" -n -s a.db one.sf)" \
        'a directory that cannot be written: -n'
    is "$(without_right -X -s 'readonly/a%41?.db' 2>&1)" "$("$tool" -s a.db -X)" \
        'a directory that cannot be written: -X'
    is_status 77 'a store that cannot be written' without_right -s 'readonly/a%41?.db' three.sf
    is "$(head -n 1 "$tmp/err")" 'flowseen: readonly/a%41?.db: the store cannot be written; -n only asks' \
        'a store that cannot be written: message'
    is_status 77 'a new store in a directory that cannot be written' without_right -s readonly/new.db three.sf
    is_status 77 '-m: a store that cannot be written' without_right -s 'readonly/a%41?.db' -m a.db
    is "$(ls readonly)" 'a%41?.db' 'nothing is left in it'
    chmod 755 readonly
    is "$("$tool" -s m.db -m 'readonly/a%41?.db'; "$tool" -s m.db -X | wc -l)" "$("$tool" -s a.db -X | wc -l)" \
        '-m: from a store without the right to write'
else
    skip 'stores without the right to write' 'no setpriv'
fi
chmod -R u+w readonly

# Another process writes

if command -v sqlite3 >/dev/null; then
    cp a.db busy.db
    mkfifo hold
    sqlite3 busy.db <hold >/dev/null 2>&1 &
    exec 9>hold
    echo '.bail on
BEGIN IMMEDIATE;
.shell touch held' >&9
    # What else tried the lock could take it from sqlite3, which does not wait for it.
    ok 'another process writes' until_true test -e held
    is_status 0 'it can be asked meanwhile' "$tool" -n -s busy.db one.sf
    is_status 75 'it cannot be counted' "$tool" -s busy.db three.sf
    is "$(cat "$tmp/err")" 'flowseen: busy.db: another process is writing to the store; try again
flowseen: busy.db: records pass on without counts until the store can be used' 'it cannot be counted: message'
    is "$(cat "$tmp/out")" "$(cat three.sf)" 'the records pass on'
    exec 9>&-
    wait
    is "$("$tool" -s busy.db three.sf | jq -c .flowIdCount)" 3 'afterwards it can'
else
    skip 'another process writes' 'no sqlite3'
fi

# Input and output

{
    record 1700000000 a.test:1
    echo rubbish
    record 1700000000 b.test:1
} >mixed.sf
is_status 65 'damaged input' "$tool" -s i.db mixed.sf
is "$(wc -l <"$tmp/out")" 2 'damaged input: all else is written'
record 1700000000 a.test:1 | sed 's/"trafficDate":"[^"]*"/"trafficDate":"x"/' >undated.sf
is_status 65 'no date' "$tool" -s i.db undated.sf
is_status 66 'no file' "$tool" -s i.db nowhere.sf one.sf
is "$(wc -l <"$tmp/out")" 1 'no file: the other is read'
if [ -c /dev/full ]; then
    is_status 74 'full output' sh -c '"$1" -s i.db "$2" >/dev/full' sh "$tool" many.sf
    is_status 74 'full output: -X' sh -c '"$1" -s many.db -X >/dev/full' sh "$tool"
fi

# A store is made only where there is something to write

printf '#separator \\x09\n#fields\tts\tuid\n' >conn.log
: >empty.sf
# makes_none STATUS ARGUMENTS...
makes_none() {
    want=$1
    shift
    is_status "$want" "no new store: $*" "$tool" -s typo.db "$@"
    is "$(ls typo.db* 2>/dev/null)" '' "no new store: $*: there is none"
}
makes_none 66 -m none.db
makes_none 65 -m words
makes_none 66 -I none
makes_none 65 -I one.sf
makes_none 66 none.sf
makes_none 65 conn.log
makes_none 0 -q -v -e 30d empty.sf
is "$(cat "$tmp/err")" "flowseen: 0 records of 0 samples
flowseen: typo.db: the store is young: 0 samples of 0 days; what is new to it need not be rare before 100 samples and 7 days" \
    'no new store: summary'
ln -s nowhere.db dangling.db
is_status 65 'a symbolic link that leads nowhere' "$tool" -s dangling.db one.sf
is "$(cat "$tmp/out")" '' 'a symbolic link that leads nowhere: nothing is read'

misused 'no store'  one.sf
misused 'two tasks' -s a.db -X -l
misused '-m without a store' -s a.db -m
misused '-X with a file' -s a.db -X one.sf
misused '-n with -m' -s a.db -n -m d2.db
misused '-e with -n' -s a.db -n -e 1d
misused '--sensor with --captures' -s a.db --sensor a --captures
misused '--sensor with a control character' -s a.db --sensor "$(printf 'a\tb')"
misused '-e 0' -s a.db -e 0

done_testing
