#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowmerge: parts of conversations become one record, on the disk where memory ends, and its manners.
# merges.py has its rules written a second time.

tool_name=flowmerge
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

cd "$tmp" || exit 99
bindir=$(dirname "$tool")
unset TMPDIR
date=1700000000
proto=tcp
kind=
source=original

# record SRC DST START DURATION COUNTS [MORE]: a Secflow, whose COUNTS are four numbers
record() {
    # shellcheck disable=SC2086
    printf '{"src":"%s","dst":"%s","destinationNameSource":"%s","srcPkts":%s,"srcBytes":%s,"dstPkts":%s,"dstBytes":%s,' \
        "$1" "$2" "$source" $5
    printf '"relativeStart":%s,"protocolInformation":"%s","duration":%s,' "$3" "$kind" "$4"
    printf '"trafficDate":"%s.000000","proto":"%s"%s}\n' "$date" "$proto" "${6:-}"
}

# becomes DESCRIPTION [ARGUMENTS...]: in.sf becomes what is in want, without a message
becomes() {
    description=$1
    shift
    is_status 0 "$description: exit status" "$tool" "$@" in.sf
    is "$(cat err)" '' "$description: no message"
    is "$(cat out)" "$(cat want)" "$description"
}

a=10.0.0.1:50000
b=192.0.2.1:443

# What is joined

{ record $a $b 0.0 100.0 '1 2 3 4' && record $a $b 400.0 0.5 '10 20 30 40'; } >in.sf
record $a $b 0.0 400.5 '11 22 33 44' >want
becomes 'a gap of exactly five minutes'
{ record $a $b 0.0 100.0 '1 2 3 4' && record $a $b 400.000001 0.5 '10 20 30 40'; } >in.sf
cp in.sf want
becomes 'a gap of a microsecond more'
becomes '-g 299, a gap of 300 seconds' -g 299
{ record $a $b 0.0 1.0 '1 2 3 4' && record $a $b 1.0 1.0 '10 20 30 40'; } >in.sf
record $a $b 0.0 2.0 '11 22 33 44' >want
becomes '-g 0, no gap' -g 0
{ record $a $b 0.5 1.0 '1 2 3 4' && record $a $b 0.0 2.0 '10 20 30 40'; } >in.sf
becomes 'one within the other' -g 0
{ record $b $a 1.0 1.0 '30 40 10 20' && record $a $b 0.0 1.0 '1 2 3 4'; } >in.sf
becomes 'sides exchanged: the part that starts first tells the source'
c='[2001:db8::1]:50000'
d='[2001:db8::2]:443'
{ record $c $d 0.0 1.0 '1 2 3 4' && record $d $c 1.0 1.0 '30 40 10 20'; } >in.sf
record $c $d 0.0 2.0 '11 22 33 44' >want
becomes IPv6
proto=icmp kind=ICMP
{ record 10.0.0.1 192.0.2.1 0.0 1.0 '1 0 3 0' && record 192.0.2.1 10.0.0.1 1.0 1.0 '30 0 10 0'; } >in.sf
record 10.0.0.1 192.0.2.1 0.0 2.0 '11 0 33 0' >want
becomes ICMP
proto=tcp kind=
{
    record $a $b 0.0 1.0 '1 2 3 4'
    record $a 192.0.2.1:444 0.0 1.0 '1 2 3 4'
    record 10.0.0.2:50000 $b 0.0 1.0 '1 2 3 4'
    record $a 192.0.2.2:443 0.0 1.0 '1 2 3 4'
    record $a www.example.com:443 0.0 1.0 '1 2 3 4'
    record $a "$d" 0.0 1.0 '1 2 3 4'
    proto=udp
    record $a $b 0.0 1.0 '1 2 3 4'
    proto=tcp
} >in.sf
cp in.sf want
becomes 'what differs in an end or in the protocol is not joined'
{ record laptop "$b" 0.0 1.0 '1 2 3 4' && record laptop "$b" 2.0 1.0 '1 2 3 4'; } >in.sf
record laptop "$b" 0.0 3.0 '2 4 6 8' >want
becomes 'a source that is not an address'
{ record $a $b 0.0 1.0 '18446744073709551615 2 3 4' && record $a $b 1.0 1.0 '1 2 3 4'; } >in.sf
record $a $b 0.0 2.0 '18446744073709551615 4 6 8' >want
becomes 'counts do not go beyond 64 bits'

# One sample

{
    record $a $b 5.0 1.0 '1 2 3 4'
    date=1699999999
    record $a 192.0.2.9:80 1.5 1.0 '1 2 3 4'
    record $a 192.0.2.8:80 6.0 1.0 '1 2 3 4'
    date=1700000000
} >in.sf
{
    date=1699999999
    record $a 192.0.2.9:80 1.5 1.0 '1 2 3 4'
    record $a $b 6.0 1.0 '1 2 3 4'
    record $a 192.0.2.8:80 6.0 1.0 '1 2 3 4'
    date=1700000000
} >want
becomes 'the earliest sample begins it; what starts at once stays in its order'
for time in 2023-11-14T22:13:20 2023-11-14T22:18:20; do
    record $a $b 10.0 290.0 '1 2 3 4' ",\"sensor\":\"x\",\"start\":\"${time%20}30.000000Z\",\"windowStart\":\"$time.000000Z\",\
\"srcIp\":\"10.0.0.1\",\"srcPort\":50000,\"dstIp\":\"192.0.2.1\",\"dstPort\":443,\"communityId\":\"1:x\",\"uid\":\"$time\""
    date=1700000300
done >in.sf
date=1700000000
record $a $b 10.0 590.0 '2 4 6 8' ',"sensor":"x","start":"2023-11-14T22:13:30.000000Z","srcIp":"10.0.0.1","srcPort":50000,'\
'"dstIp":"192.0.2.1","dstPort":443,"communityId":"1:x","uid":"2023-11-14T22:13:20"' >want
becomes 'windows: their start is left out'

# Doubles

{
    record $a $b 1.0 1.0 '1 2 3 4' ',"sensor":"one"'
    date=1700000001
    record $a $b 0.0 1.0 '1 2 3 4' ',"sensor":"two","bytesFrom":"ip"'
    date=1700000000
    record $b $a 1.0 1.0 '3 4 1 2'
} >in.sf
record $a $b 1.0 1.0 '1 2 3 4' ',"sensor":"one","bytesFrom":"ip"' >want
becomes 'doubles, of other samples and sensors, and with sides exchanged'
"$tool" -v in.sf 2>err >out
is "$(cat err)" 'flowmerge: 3 records read, 1 written; 2 doubles dropped' '-v: doubles'
{ record $a $b 1.0 1.0 '1 2 3 4' && record $a $b 1.0 1.5 '1 2 3 4' && record $a $b 1.0 1.0 '1 2 3 5'; } >in.sf
record $a $b 1.0 1.5 '3 6 9 13' >want
becomes 'no doubles: another duration, another count'

# Names, marks and what others have added

ends='"srcIp":"10.0.0.1","srcPort":50000,"dstIp":"192.0.2.1","dstPort":443'
start=',"start":"2023-11-14T22:13:20.000000Z"'
# named TIME SOURCE NAME: an extended record at that second; a NAME of - is none
named() {
    source=$2
    if [ "$3" = - ]; then
        record $a $b "$1.0" 0.5 '1 2 3 4' ",\"start\":\"2023-11-14T22:13:2$1.000000Z\",$ends"
    else
        record $a "$3:443" "$1.0" 0.5 '1 2 3 4' ",\"start\":\"2023-11-14T22:13:2$1.000000Z\",$ends,\"dstName\":\"$3\""
    fi
    source=original
}
# calls WANT DESCRIPTION: source and names of what becomes of in.sf
calls() {
    is_status 0 "$2: exit status" "$tool" in.sf
    is "$(jq -r '[.destinationNameSource, .dst, .dstName] | join(" ")' out)" "$1" "$2"
}
{ named 0 original - && named 1 passive one.example && named 2 cache two.example; } >in.sf
calls 'passive one.example:443 one.example' 'a later part has the name'
{ named 0 passive one.example && named 1 session two.example && named 2 session three.example; } >in.sf
calls 'session two.example:443 two.example' 'the first name of the session itself is best'
{ named 0 cache one.example && named 1 passive two.example && named 2 original -; } >in.sf
calls 'cache one.example:443 one.example' 'else the first'
{ named 1 passive one.example && record $b $a 0.0 0.5 '3 4 1 2'; } >in.sf
calls 'original 10.0.0.1:50000 ' 'a name is for its own side only'
{ record $a $b 0.0 0.5 '1 2 3 4' && source=passive && record $a one.example:443 1.0 0.5 '1 2 3 4'; } >in.sf
source=original
is "$("$tool" in.sf | grep -c .)" 2 'without its address a name is not joined with one'

{
    record $a $b 0.0 1.0 '1 2 3 4' ',"sensor":"x","sampling":10,"flowId":"f", "x" : [ 1, {"dst":"\u00e9"} ] ,"y":1.50e0'
    record $a $b 1.0 1.0 '1 2 3 4' ',"bytesFrom":"frame","sampling":100,"flowId":"g","z":1'
    record $a $b 2.0 1.0 '1 2 3 4' ',"bytesFrom":"ip"'
} >in.sf
record $a $b 0.0 3.0 '3 6 9 12' \
    ',"sensor":"x","bytesFrom":"frame","sampling":100,"flowId":"f", "x" : [ 1, {"dst":"\u00e9"} ] ,"y":1.50e0' >want
becomes 'the first part has all else, byte for byte; marks are those of the least exact part'
printf '{"x":0, "duration":1.0 ,"srcPkts":9,%s ,"y":"}"}\r\n' "$(record $a $b 0.0 1.0 '1 2 3 4' | sed 's/^{//; s/}$//
    s/"duration":1.0,//')" >in.sf
record $a $b 0.0 1.0 '1 2 3 4' ',"x":0,"y":"}"' >want
becomes 'fields in another order, with blanks and twice'

record $a $b 0.0 0.5 '1 2 3 4' >in.sf
record $a $b 0.0 0.5 '1 2 3 4' "$start,$ends,\"communityId\":\"1:gxQDRBhuaaoB0Oq39B5SFvrMu14=\"" >want
sed -i "s|1:gx[^\"]*|$("${PYTHON:-python3}" -c 'import base64, hashlib, socket, struct
print("1:" + base64.b64encode(hashlib.sha1(struct.pack(">H4s4sBBHH", 0, socket.inet_aton("10.0.0.1"),
    socket.inet_aton("192.0.2.1"), 6, 0, 50000, 443)).digest()).decode())')|" want
becomes '-x adds extended fields' -x
becomes '--extended' --extended
cp want in.sf
becomes '-x where they are there' -x
source=passive
record $a 'a\\032b:443' 0.0 0.5 '1 2 3 4' >in.sf
record $a 'a\\032b:443' 0.0 0.5 '1 2 3 4' "$start,\"srcIp\":\"10.0.0.1\",\"srcPort\":50000,\"dstPort\":443,\"dstName\":\"a\\\\032b\"" >want
becomes '-x with a name: its address is not known' -x
source=original

# Behind the converters

"$bindir/tests/traffic" demo trace.pcap >log
"$bindir/pcap2flow" -mx trace.pcap >whole.sf
"$bindir/pcap2flow" -x -d 1 trace.pcap >in.sf
cp whole.sf want
becomes 'windows of a second become the whole again'
"$bindir/flowlabel" in.sf | gzip -c >labelled.sf.gz
is_status 0 'labelled and compressed: exit status' "$tool" labelled.sf.gz
is "$(sed 's/,"flowCategory":"[A-Za-z]*","flowId":"[0-9a-f]*"}$/}/' out)" "$(cat whole.sf)" 'labelled and compressed'
is "$("$tool" whole.sf in.sf whole.sf - <in.sf | jq -s length)" "$(grep -c . whole.sf)" \
    'files and standard input are one sample'

# The disk

i=0
while [ $i -lt 12000 ]; do
    printf '{"src":"10.0.%d.%d:%d","dst":"192.0.2.1:443","destinationNameSource":"original","srcPkts":1,"srcBytes":2,"dstPkts":3,"dstBytes":4,"relativeStart":%d.0,"protocolInformation":"","duration":1.0,"trafficDate":"1700000000.000000","proto":"tcp","x":"%080d"}\n' \
        $((i / 256 % 16)) $((i % 256)) $((1024 + i % 4096)) $i $i
    i=$((i + 1))
done >many.sf
"$tool" -g 4096 many.sf >memory.sf
is "$(grep -c . memory.sf)" 4096 'in memory'
is_status 0 'on the disk: exit status' "$tool" -v -g 4096 --memory 1M many.sf
like "$(cat err)" '^flowmerge: 12000 records read, 4096 written; 7904 joined with earlier ones, [1-9][0-9]* MiB of temporary files$' \
    'on the disk: -v'
ok 'on the disk: the same' cmp out memory.sf
mkdir folder
TMPDIR=$tmp/folder is_status 0 'TMPDIR' "$tool" --memory 1M many.sf
is "$(ls folder)" '' 'TMPDIR: nothing is left there'
TMPDIR=$tmp/nothing is_status 74 'TMPDIR that is not there' "$tool" --memory 1M many.sf
like "$(cat err)" "^flowmerge: $tmp/nothing: cannot keep records in a temporary file: No such file" 'TMPDIR that is not there: message'
like "$(cat err)" '^flowmerge: set TMPDIR to ' 'TMPDIR that is not there: what to do'
TMPDIR=$tmp/nothing is_status 0 'TMPDIR that is not needed' "$tool" many.sf
if (ulimit -f 100) 2>/dev/null; then
    limited() (
        trap '' XFSZ
        ulimit -f 100
        TMPDIR=$tmp/folder "$tool" --memory 1M many.sf
    )
    is_status 74 'a disk that is full: exit status' limited
    like "$(cat err)" "^flowmerge: $tmp/folder: cannot keep records in a temporary file: File too large" 'a disk that is full: message'
    is "$(ls folder)$(cat out)" '' 'a disk that is full: nothing is left, or written'
else
    skip 'a disk that is full' 'no ulimit -f'
fi

# Signals

# waiting: flowmerge, which has read many.sf and has files on the disk, waits for more
waiting() {
    rm -f in
    mkfifo in
    TMPDIR=$tmp/folder "$tool" -q --memory 1M - many.sf <in >out 2>err &
    pid=$!
    exec 3>in
    cat many.sf many.sf >&3
    until_true has_temporary_file
}
has_temporary_file() {
    find /proc/$pid/fd -lname "$tmp/folder/*" | grep -q .
}
waiting
ok 'a temporary file is there' has_temporary_file
kill -KILL $pid
exec 3>&-
wait $pid 2>/dev/null
is "$(ls folder)" '' 'SIGKILL: nothing is left'
waiting
kill -TERM $pid
exec 3>&-
wait $pid
is $? 75 'SIGTERM: exit status'
is "$(cat err)" 'flowmerge: many.sf: it was not read to its end' 'SIGTERM: what is left'
is "$(grep -c . out)" "$(grep -c . many.sf)" 'SIGTERM: what was read is written'
is "$(ls folder)" '' 'SIGTERM: nothing is left'

# Lines that are none

{
    record $a $b 0.0 1.0 '1 2 3 4'
    echo nonsense
    record $a $b 2.0 1.0 '1 2 3 4' | sed 's/,"trafficDate":"[^"]*"//'
    record $a $b 253402300000.0 1.0 '1 2 3 4'
    record $a $b 3.0 1.0 '1 2 3 4'
    record $a $b -3.0 1.0 '1 2 3 4'
} >bad.sf
is_status 65 'bad lines: exit status' "$tool" bad.sf
is "$(cat out)" "$(record $a $b 0.0 4.0 '2 4 6 8')" 'bad lines: the others'
is "$(cat err)" 'flowmerge: bad.sf: line 2: not a Secflow: it does not begin with {
flowmerge: bad.sf: line 3: trafficDate is not there, or is not a number of seconds
flowmerge: bad.sf: line 4: it starts or ends after the year 9999
flowmerge: bad.sf: line 6: not a Secflow: relativeStart is not a number of seconds' 'bad lines: messages'
{ record $a $b 0.0 1.0 '1 2 3 4' ",\"x\":\"$(printf '%0900000d' 1)\"" && record $a $b 1.0 1.0 '1 2 3 4'; } >long.sf
is_status 0 'a long line: exit status' "$tool" --memory 1M long.sf
is "$(wc -c <out)" "$(head -n 1 long.sf | wc -c)" 'a long line'
is_status 66 'no such file' "$tool" nothing-there whole.sf
is "$(cat out)" "$(cat whole.sf)" 'no such file: the others are joined'

# Manners

introduces_itself
misused 'unknown option' -k whole.sf
complains 'unknown option -r; files need no option: flowmerge FILE' -r whole.sf
misused 'a gap that is none' -g x whole.sf
misused 'too little memory' --memory 1K whole.sf
misused 'standard input twice' - -
without_output whole.sf
fills_disk whole.sf many.sf
first_line() {
    "$tool" many.sf | head -n 1
}
is_status 0 'a closed pipe: exit status' first_line
is "$(cat err)" '' 'a closed pipe ends it quietly'

done_testing
