#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowtop: the table as people see it, whatever names hold, and its manners. Figures: flowtop-sums.py.

tool_name=flowtop
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

cd "$tmp" || exit 99
unset COLUMNS NO_COLOR LC_CTYPE LANG
TERM=xterm LC_ALL=C.UTF-8
export TERM LC_ALL

# record DST START [MORE]: a Secflow of 10 bytes sent and 3000 received; START: of 2023-11-14 22:13:20
record() {
    printf '{"src":"10.0.0.%s:1025","dst":"%s","destinationNameSource":"passive","srcPkts":1,' "${host:-1}" "$1"
    printf '"srcBytes":10,"dstPkts":1,"dstBytes":%s,"relativeStart":%s,"protocolInformation":"",' "${bytes:-3000}" "$2"
    printf '"duration":1.5,"trafficDate":"%s.000000","proto":"tcp"%s}\n' "${date:-1700000000}" "${3:-}"
}

# table WIDTH ARGUMENTS...
table() {
    width=$1
    shift
    COLUMNS=$width "$tool" "$@" 2>&1
}

{
    for second in 0 1 2 3 4 5 6 7; do
        bytes=1000000 record a.example:443 $second
    done
    host=2 record a.example:443 7
    record mail.a-rather-long-name-of-a-host.internal.example.com:8443 12
    bytes=12345678901 record 198.51.100.7:80 22.5
} >flows.sf

is "$(table 60 flows.sf)" '2023-11-14 22:13:20 to 22:13:44 UTC, 24s
DESTINATION               FLOWS HOSTS SENT RECV WHEN
198.51.100.7:80               1     1   10  12G            ▂
a.example:443                 9     2   90 8.0M ▄▄▄▆
mail.a-r…example.com:8443     1     1   10 3.0K       ▂
TOTAL                        11     2  110  12G ▄▄▄▆  ▂    ▂' 'at 60 columns'
{
    record a.example:443 0
    date=1762000000 record b.example:443 0
} >years.sf
like "$(table 200 years.sf | grep TOTAL)" ' 2023-11-14 22:13:20 2025-11-01 12:26:41 ' 'several years: times have the year'
is "$(table 80 -n 2 flows.sf)" '2023-11-14 22:13:20 to 22:13:44 UTC, 24s
DESTINATION     FLOWS HOSTS SENT RECV PKTS LONGEST WHEN
198.51.100.7:80     1     1   10  12G    2    1.5s                       ▂
a.example:443       9     2   90 8.0M   18    1.5s ▂▂▂▂▂▂▂▄
TOTAL              11     2  110  12G   22    1.5s ▂▂▂▂▂▂▂▄    ▂         ▂
2 of 3 destinations; -n 0 shows all' 'at 80 columns, some rows'
is "$(table 200 -b source -k flows flows.sf)" '2023-11-14 22:13:20 to 22:13:44 UTC, 24s
SOURCE      FLOWS DESTS SENT RECV PKTS LONGEST    FIRST     LAST WHEN                     MOSTLY
10.0.0.1       10     3  100  12G   20    1.5s 22:13:20 22:13:44 ▂▂▂▂▂▂▂▂    ▂         ▂  majorResourcesDownloaded
10.0.0.2        1     1   10 3.0K    2    1.5s 22:13:27 22:13:28        ▂                 minorResourcesDownloaded
TOTAL          11     3  110  12G   22    1.5s 22:13:20 22:13:44 ▂▂▂▂▂▂▂▄    ▂         ▂  majorResourcesDownloaded' \
    'at 200 columns, by source'
is "$("$tool" flows.sf | tail -n +2 | head -n 2)" "$(table 200 flows.sf | tail -n +2 | head -n 2)" \
    'what is not a terminal is as wide as that'
is "$(LC_ALL=C table 60 flows.sf | tail -n 2)" 'mail.a-r..xample.com:8443     1     1   10 3.0K       :
TOTAL                        11     2  110  12G ===*  :    :' 'ASCII where the locale is not UTF-8'
is "$(table 60 -k longest flows.sf | sed -n 2p)" 'DESTINATION       FLOWS HOSTS SENT RECV LONGEST WHEN' \
    'the column to sort by is there'
for width in 1 40 50 60 70 80 100 120 160 200 300; do
    widest=$(table $width flows.sf | wc -L)
    ok "at $width columns no line is wider" test "$widest" -le $((width > 40 ? width : 45))
done

# Columns that filters add

{
    record b.example:443 0 ',"title":"Best of B","relevance":"knownUninteresting","flowIdCount":70'
    record c.example:443 0 ',"title":"C\u001b[2J","relevance":"knownBad","flowIdCount":1200'
    record c.example:443 1 ',"title":"Fine","flowIdCount":3'
} >known.sf
is "$(table 100 -k count known.sf)" '2023-11-14 22:13:20 to 22:13:22 UTC, 2.5s
DESTINATION   FLOWS HOSTS SENT RECV PKTS LONGEST SEEN WHEN                     KNOWN AS
c.example:443     2     1   20 6.0K    4    1.5s    3 ▂        ▂               knownBad: C\x1b[2J
b.example:443     1     1   10 3.0K    2    1.5s   70 ▂                        Best of B
TOTAL             3     1   30 9.0K    6    1.5s      ▄        ▂' 'what filters know'

is "$(table 60 known.sf | sed -n 2p)" 'DESTINATION   FLOWS HOSTS SENT RECV PKTS SEEN WHEN' 'what filters know, at 60 columns'
is "$(table 80 known.sf | sed -n 2,3p)" 'DESTINATION   FLOWS HOSTS SENT RECV LONGEST SEEN WHEN         KNOWN AS
c.example:443     2     1   20 6.0K    1.5s    3 ▂   ▂        knownBad: C\x1b[2J' 'what filters know, at 80 columns'

# Hostile names, as JSON, and what is shown of them

while read -r name want; do
    record "$name:1" 0 >hostile.sf
    is "$("$tool" hostile.sf | sed -n '3s/  .*//p')" "$want:1" "hostile: $name"
    is "$("$tool" -j hostile.sf | jq -r .name | od -c)" "$(jq -r .dst hostile.sf | od -c)" "with -j: $name"
    is "$(LC_ALL=C "$tool" hostile.sf | LC_ALL=C tr -d '\012\040-\176' | od -An -c)" '' "in ASCII: $name"
done <<'END'
\u001b[31mred \x1b[31mred
a\rb\n a\x0db\x0a
\u0000\b\u007f \x00\x08\x7f
\u009b2J \xc2\x9b2J
\u202egpj.exe \xe2\x80\xaegpj.exe
\u2066a\u2069 \xe2\x81\xa6a\xe2\x81\xa9
a\u200bb a\xe2\x80\x8bb
a\ufeffb a\xef\xbb\xbfb
e\u0301 e\xcc\x81
\u2028x \xe2\x80\xa8x
\udb40\udc41x \xf3\xa0\x81\x81x
xn--bcher-kva.example xn--bcher-kva.example
b\u00fccher.example bücher.example
END

record '\u4f8b\u3048.example:443' 0 >wide.sf
is "$(table 60 wide.sf | sed -n '2,3s/FLOWS.*\|1  *1 .*/@/p')" 'DESTINATION      @
例え.example:443     @' 'wide characters take two columns'
long=$(printf '%0300d' 0 | sed 's/0/\\u4f8b/g')
record "$long:443" 0 >long.sf
is "$(table 60 long.sf | sed -n '3s/ .*//p')" '例例例例…例例例例例例:443' 'a name that is cut between wide characters'
record "$(printf '%04000d' 0)a:443" 0 >long.sf
is_status 0 'a name of 4000 bytes' "$tool" long.sf

# Nothing steers a terminal with -j either
record '\u001b\u009b\u202e:1' 0 >hostile.sf
is "$("$tool" -j hostile.sf | LC_ALL=C tr -d '\012\040-\176' | od -An -c)" '' '-j escapes what steers a terminal'

# Folding

for i in 1 2 3 4 5 6 7 8; do
    record "h$i.example:1" "$i"
    [ $i -lt 5 ] || record "h$i.example:1" "$i"
done >many.sf
like "$(table 80 --keys 6 many.sf)" '^\(folded\) +[0-9]+ ' 'folding: a row'
like "$(table 80 --keys 6 many.sf)" \
    '^folded: [0-9]+ smaller destinations, to bound memory; each of the others may lack up to [12] flows and [36].0K bytes$' \
    'folding: it is said'
is "$(table 80 --keys 6 many.sf | sed -n 's/^TOTAL *\([0-9]*\) .*/\1/p')" 12 'folding: the total'

# Live input: a window that is of now is shown while the next has not come; old ones are not apart

mkfifo in
"$tool" <in >shown &
exec 3>in
date=$(date +%s) record now.example:443 0 >&3
until_true grep -q TOTAL shown
like "$(cat shown)" '^now.example:443 ' 'live: a window is shown when the input pauses'
date=$(date +%s) record next.example:443 0 >&3
exec 3>&-
wait
is "$(grep -c '^TOTAL' shown)" 2 'live: the next is a table of its own'
is "$(sed -n '/next.example/,$p' shown | grep -c 'now.example')" 0 'live: counting began anew'
is "$(grep -c '^$' shown)" 1 'live: a blank line is in between'

# pauses: old records, and a pause that is seen by a process that waits for as long
pauses() {
    { cat flows.sf && sleep 2 && cat flows.sf; } | "$tool"
}
is "$(pauses | grep -c '^TOTAL  *22 ')" 1 'a pause between old records cuts nothing'

mkfifo stopped
"$tool" <stopped >shown 2>err &
pid=$!
exec 3>stopped
cat flows.sf >&3
takes_term() { # it is no shell any more, and has a handler, by its bit in SigCgt
    [ "/proc/$pid/exe" -ef "$tool" ] &&
        [ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status") >> 14 & 1)) -eq 1 ]
}
until_true takes_term
kill -TERM $pid # not INT, which a shell has its background ignore
exec 3>&-
wait $pid
is "$? $(grep -c '^TOTAL  *11 ' shown) $(cat err)" '0 1 ' 'a signal: what has come is shown'

# Lines that are none

{
    head -n 3 flows.sf
    echo '{"src":'
    tail -n +4 flows.sf
} >bad.sf
is_status 65 'a bad line: exit status' "$tool" bad.sf
is "$(cat out)" "$("$tool" flows.sf)" 'a bad line: all others are shown'
is "$(cat err)" 'flowtop: bad.sf: line 4: not a Secflow: it is cut off' 'a bad line: message'
gzip -c flows.sf >flows.gz
is_status 0 'several files, compressed or not' "$tool" flows.gz flows.sf
like "$(cat out)" '^TOTAL +22 ' 'several files: one table'
gzip -c flows.sf | head -c 100 >cut.gz
is_status 65 'damaged compression: exit status' "$tool" cut.gz
is_status 66 'no such file: exit status' "$tool" missing.sf flows.sf
like "$(cat out)" '^TOTAL +11 ' 'no such file: the others are shown'
: >empty.sf
is_status 0 'an empty file: exit status' "$tool" empty.sf
is "$(cat out err)" 'flowtop: empty.sf: no records: the file is empty' 'an empty file: message'
is_status 0 'an empty pipe: exit status' sh -c 'cat "$2" | "$1"' sh "$tool" empty.sf
is "$(cat out err)" '' 'an empty pipe: silence'
sed 's/,"trafficDate":"[^"]*"//' flows.sf >undated.sf
is_status 0 'no dates: exit status' "$tool" undated.sf
like "$(head -n 1 out)" '^DESTINATION +FLOWS.*MOSTLY$' 'no dates: no time and no WHEN'
is "$("$tool" -j undated.sf | jq -c 'has("first", "last", "when")' | sort -u)" false 'no dates: nor with -j'
for field in srcBytes dstBytes srcPkts dstPkts; do
    sed "s/\"$field\":[0-9]*/\"$field\":18446744073709551615/" flows.sf
done >great.sf
is_status 0 'the greatest counts: exit status' "$tool" -j great.sf
is "$(grep -c '"srcBytes":18446744073709551615' out)" 3 'the greatest counts: sums stop there'

# What flowseen has not added

for column in new count; do
    is_status 0 "not counted, -k $column: exit status" "$tool" -k $column flows.sf
    is "$(cat err)" "flowtop: no record has what -k $column sorts by, so rows are sorted by bytes; flowseen adds it" \
        "not counted, -k $column: a note"
    is "$("$tool" -qk $column flows.sf 2>&1 >out)" '' "not counted, -qk $column: no note"
done
is "$("$tool" -k count known.sf 2>&1 >out)" '' 'counted, -k count: no note'

# Events

is_status 0 'no events: exit status' "$tool" -b event flows.sf
is "$(cat err)" 'flowtop: no record is of an event; flowevent finds events, by rules' 'no events'
is "$(cat out)" '' 'no events: nothing is shown'
is "$("$tool" -qb event flows.sf 2>&1)" '' 'no events, -q'
sed -e '1,2s/}$/,"event":"clicked","title":"Link Clicked","relevance":"seenNearBad"}/' -e '3s/}$/,"event":"other"}/' \
    flows.sf >events.sf
is "$("$tool" -jk flows -b event events.sf | jq -c '[.by, .name, .flows, .hosts, .title]')" \
    '["event","clicked",2,'"$(sed -n 1,2p flows.sf | jq -r '.src | sub(":[0-9]*$"; "")' | sort -u | wc -l)"',"Link Clicked"]
["event","other",1,1,null]' 'events: a row each, of their flows alone'
like "$("$tool" -b event events.sf)" 'EVENT .*KNOWN AS' 'events: the table'
like "$("$tool" -b event events.sf)" 'clicked .*seenNearBad: Link Clicked' '... tells what each is'

# Lines of flowbeacon, among records and alone

# pair SRC DST MORE: a line of flowbeacon
pair() {
    printf '{"src":"%s","dst":"%s","flows":96,"hosts":1,"prevalence":0.333,"start":"2023-11-14T22:13:20.500000Z",' "$1" "$2"
    printf '"end":"2023-11-15T22:58:22.500000Z","totalDuration":50400.0,"longestDuration":2.0,"srcBytes":9600,'
    printf '"dstBytes":19200%s,"whenStart":"2023-11-14T22:13:20.000000Z","whenEnd":"2023-11-15T21:58:20.000000Z",' "$3"
    printf '"when":[0,0,0,0,0,0,0,0,0,0,0,0,4,0,0,0,0,0,0,0,0,0,1,7]}\n'
}
{
    pair 192.0.2.1 long.example ',"longScore":0.750'
    head -n 1 flows.sf
    pair 2001:db8::2 'home\u001b[2J' ',"interval":900.0,"jitter":1.5,"beaconScore":0.951,"timingScore":0.951,"sizeScore":0.951,"histogramScore":0.951,"durationScore":0.951,"longScore":1.000'
    pair 192.0.2.3 strobe.example ',"strobe":true'
    tail -n +2 flows.sf
} >pairs.sf
grep whenStart pairs.sf >alone.sf
is_status 0 'pairs alone: exit status' env COLUMNS=200 "$tool" alone.sf
is "$(cat out)" 'Beacons and long connections
2023-11-14 22:13:20 to 2023-11-15 21:58:20 UTC, 23h45m
DESTINATION    HOST        BEACON  LONG INTERVAL JITTER CONNECTED LONGEST FLOWS HOSTS SENT RECV          FIRST           LAST WHEN
strobe.example 192.0.2.3   strobe                             14h    2.0s    96     1 9.6K  19K 11-14 22:13:20 11-15 22:58:22             ▅         ▂█
home\x1b[2J    2001:db8::2  0.951 1.000      15m   1.5s       14h    2.0s    96     1 9.6K  19K 11-14 22:13:20 11-15 22:58:22             ▅         ▂█
long.example   192.0.2.1          0.750                       14h    2.0s    96     1 9.6K  19K 11-14 22:13:20 11-15 22:58:22             ▅         ▂█' \
    'pairs alone: a table, the largest score first'
is "$(cat err)" '' 'pairs alone: nothing is said'
sed '1s/2023/2021/g' alone.sf >years.sf
like "$(table 200 years.sf | grep long.example)" ' 2021-11-14 22:13:20 2021-11-15 22:58:22 ' 'pairs of several years: their times have the year'
is "$(table 200 pairs.sf)" "$(table 200 flows.sf; echo; cat out)" 'pairs between records: a table below the other'
is "$(table 60 -n 2 alone.sf)" 'Beacons and long connections
2023-11-14 22:13:20 to 2023-11-15 21:58:20 UTC, 23h45m
DESTINATION    HOST        BEACON  LONG HOSTS WHEN
strobe.example 192.0.2.3   strobe           1       ▄    █
home\x1b[2J    2001:db8::2  0.951 1.000     1       ▄    █
2 of 3 pairs; -n 0 shows all' 'pairs at 60 columns, some'
pair ::1 9.9.9.9 ',"strobe":true' >short.sf
like "$(table 200 short.sf)" '^DESTINATION HOST ' 'pairs with short names: whole heads'
for width in 40 50 60 70 80 100 120 160 200 300; do
    widest=$(table $width alone.sf | wc -L)
    ok "pairs: at $width columns no line is wider" test "$widest" -le $((width > 50 ? width : 54))
done
is "$("$tool" -j pairs.sf)" "$("$tool" -j flows.sf; for i in 3 2 1; do sed -n ${i}p alone.sf; done)" 'pairs with -j'
for change in 's/"flows":96,//' 's/,7\]/]/' 's/,7\]/,7,7]/' 's/0\.750/1.001/' 's/"192.0.2.1"/192/' \
    's/"start"/"begin"/' 's/11-15T22/11-13T22/' 's/"whenEnd":"2023/"whenEnd":"2022/'; do
    sed -n "1$change;1p" alone.sf >bad.sf
    is_status 65 "$change: exit status" "$tool" bad.sf
    like "$(cat err)" 'bad.sf: line 1: not a Secflow: ' "$change: it is said"
done

# Manners

introduces_itself
misused 'unknown option' -x flows.sf
misused 'an unknown key' -b nonsense flows.sf
misused 'an unknown column' -k nonsense flows.sf
misused 'an ambiguous key' -b s flows.sf
misused 'a bad number' -n many flows.sf
misused 'no keys' --keys 0 flows.sf
misused 'standard input twice' - -
complains "-b: 'host' is unknown; it can be destination, source, category, domain, port, sensor or event; try 'flowtop --help'" \
    -b host flows.sf
complains "-b: 's' can be source or sensor; try 'flowtop --help'" -b s flows.sf
complains 'unknown option -r; files need no option: flowtop FILE' -r flows.sf
is "$("$tool" -b so flows.sf)" "$("$tool" -b source flows.sf)" 'a key is abbreviated'
without_output flows.sf
fills_disk flows.sf many.sf
first_line() {
    "$tool" -j -n 0 flows.sf | head -n 1 | jq -r .name
}
is "$(first_line)" 198.51.100.7:80 'a closed pipe ends it quietly'

# A terminal

if ! command -v tmux >/dev/null; then
    skip 'a terminal' 'no tmux'
    done_testing
    exit
fi
TMUX_TMPDIR=$tmp
export TMUX_TMPDIR
unset TMUX
screens=0

screen_has_ended() { # the title is the last that tmux has read of the terminal
    [ "$(tmux -L "screen$screens" display-message -p '#{pane_title}')" = ended ]
}

# screen WIDTH HEIGHT COMMAND: what a terminal of that size shows of it, with the sequences of colours
screen() {
    screens=$((screens + 1))
    tmux -L "screen$screens" -f /dev/null -u new-session -d -x "$1" -y "$2" \
        "cd '$tmp'; $3; printf '\033]2;ended\033\\\\'; sleep 600"
    until_true screen_has_ended
    tmux -L "screen$screens" capture-pane -p -e -S - >screen.txt
    tmux -L "screen$screens" kill-server
    sed '/^$/d' screen.txt
}
escape=$(printf '\033')
plain() {
    sed "s/$escape\[[0-9;]*m//g" screen.txt | sed -e 's/ *$//' -e '/^$/d'
}
for width in 60 80 200; do
    screen $width 30 "'$tool' flows.sf" >/dev/null
    is "$(plain)" "$(table $width flows.sf)" "a terminal of $width columns"
done
like "$(head -n 2 screen.txt)" "^$escape\[1mDESTINATION" 'a terminal: heads are bold'
screen 80 30 "LC_ALL=C '$tool' flows.sf" >/dev/null
is "$(plain)" "$(LC_ALL=C table 80 flows.sf)" 'a terminal of ASCII'
screen 80 30 "'$tool' known.sf" >/dev/null
like "$(cat screen.txt)" "$escape\[31m($escape\[49m)?c\.example:443" 'a terminal: what is known to be bad is red'
screen 80 30 "NO_COLOR=1 '$tool' known.sf" >/dev/null
is "$(grep -c "$escape" screen.txt) $(grep -c TOTAL screen.txt)" '0 1' 'NO_COLOR: no colours'
screen 80 30 "TERM=dumb '$tool' known.sf" >/dev/null
is "$(grep -c "$escape" screen.txt) $(grep -c TOTAL screen.txt)" '0 1' 'TERM=dumb: no colours'
i=0
while [ $i -lt 60 ]; do
    i=$((i + 1))
    record "n$i.example:1" 1
done >sixty.sf
screen 80 30 "'$tool' sixty.sf" >/dev/null
is "$(plain | sed -n '1p;$p')" '2023-11-14 22:13:21 to 22:13:22 UTC, 1.5s
25 of 60 destinations; -n 0 shows all' 'a terminal: rows fit its height'
screen 200 30 "cat sixty.sf alone.sf alone.sf alone.sf | '$tool'" >/dev/null
is "$(plain | wc -l) $(plain | grep -c '^n') $(plain | grep -c 'strobe')" '27 11 3' 'a terminal: two tables share its height'
is "$("$tool" sixty.sf | grep -c '^n')" 20 'not a terminal: 20 rows'
is "$("$tool" -n 0 sixty.sf | grep -c '^n')" 60 '-n 0: all rows'

done_testing
