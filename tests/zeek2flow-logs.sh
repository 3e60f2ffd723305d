#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zeek2flow: the forms of a log, compression, and what bad input still gives.

# shellcheck source=tests/zeek2flow-common.sh
. "${srcdir:?}/tests/zeek2flow-common.sh"

"${PYTHON:-python3}" "$srcdir/tests/zeeklogs.py" "$tmp/logs" 2000 || bail_out 'zeeklogs.py failed'
cd "$tmp" || exit 99

# Shapes

"$tool" -x logs/conn.tsv.log logs/dns.tsv.log >want.sf
ok 'the TSV logs give records' test "$(grep -c '"passive"' want.sf)" -gt 1000

# same DESCRIPTION COMMAND...: the records of the TSV logs, and nothing else
same() {
    description=$1
    shift
    is_status 0 "$description" "$@"
    is "$(cat err)" '' "$description: no message"
    ok "$description: the same records" cmp want.sf out
}

for shape in json corelight underscore nested escaped spaced array arraylines indented; do
    same "$shape" "$tool" -x "logs/conn.$shape.log" "logs/dns.$shape.log"
done
same 'shapes mixed, in any order' "$tool" -x logs/dns.array.log logs/conn.tsv.log

# Joined, in parts, compressed

cat logs/dns.tsv.log logs/conn.tsv.log >all.tsv
cat logs/conn.json.log logs/dns.json.log >all.json
same 'TSV logs joined by cat' "$tool" -x all.tsv
same 'JSON logs joined by cat' "$tool" -x all.json
same 'standard input' sh -c "'$tool' -x <all.tsv"
same 'standard input as -' sh -c "'$tool' -x - logs/dns.json.log <logs/conn.json.log"

# rotate SHAPE: conn in three parts, each compressed
rotate() {
    rm -f part.*
    grep -v '^#' "logs/conn.$1.log" | split -l 700 - part.
    for part in part.*; do
        { grep '^#' "logs/conn.$1.log"; cat "$part"; } | gzip >"$part.gz"
    done
}

for shape in tsv json; do
    rotate $shape
    same "rotated $shape logs, compressed" "$tool" -x part.*.gz "logs/dns.$shape.log"
    cat part.*.gz >all.gz
    same "rotated $shape logs, several gzip members" "$tool" -x all.gz "logs/dns.$shape.log"
done
if command -v zstd >/dev/null; then
    zstd -q logs/conn.tsv.log logs/dns.array.log
    same 'zstd' "$tool" -x logs/conn.tsv.log.zst logs/dns.array.log.zst
else
    skip 'zstd' 'no zstd'
fi

# trickle FILE: a few bytes at a time
trickle() {
    "${PYTHON:-python3}" -c '
import os, sys
data = open(sys.argv[1], "rb").read()
for at in range(0, len(data), 13):
    os.write(1, data[at:at + 13])' "$1" | "$tool" -x
}

head -n 60 logs/conn.tsv.log >short.tsv
head -n 60 logs/conn.json.log >short.json
for file in short.tsv short.json; do
    "$tool" -x $file >some.sf
    is_status 0 "$file a few bytes at a time" trickle $file
    ok "$file a few bytes at a time: the same records" cmp some.sf out
done

# Bad input

# reports STATUS MESSAGE PORTS COMMAND...: a message for FILE matches the extended regular expression
reports() {
    want_status=$1 message=$2 want_ports=$3
    shift 3
    is_status "$want_status" "$message: exit status" "$@"
    like "$(cat err)" "^zeek2flow: .*$message" "$message"
    is "$(jq -rn "$ports" out)" "$want_ports" "$message: what is left"
}

{
    conn <<'EOF'
1 192.168.1.10 50001 9.9.9.9 443 tcp - - - S 1 1
2 192.168.1.10 50002 9.9.9.9 443 tcp - - - S 1
3 192.168.1.10 50003 9.9.9.9 443 tcp - - - S 1 1 1
4 192.168.1.10 50004 9.9.9.999 443 tcp - - - S 1 1
5 192.168.1.10 70000 9.9.9.9 443 tcp - - - S 1 1
6 192.168.1.10 50006 9.9.9.9 443 tcp - 5.5 - S 1 1
7 192.168.1.10 50007 9.9.9.9 443 tcp - - - S 1 1
EOF
} >bad.log
reports 65 'bad.log: line 8: it has not the 12 cells' '50001 50007' "$tool" bad.log
is "$(cat err)" 'zeek2flow: bad.log: line 8: it has not the 12 cells that #fields names
zeek2flow: bad.log: line 9: it has not the 12 cells that #fields names
zeek2flow: bad.log: line 10: id.resp_h is not an address
zeek2flow: bad.log: damaged in 2 more lines; the last: line 12: orig_bytes is not a count of 64 bits' \
    'the first three, then a count, and the last'
reports 65 'standard input: line 8: ' '50001 50007' sh -c "'$tool' <bad.log"

gzip -c logs/conn.tsv.log | head -c 20000 >cut.gz
is_status 65 'a gzip member cut off: exit status' "$tool" cut.gz
like "$(cat err)" '^zeek2flow: cut.gz: after line [0-9]+: the gzip data are damaged' \
    'a gzip member cut off: message'
gzip -dc cut.gz 2>/dev/null | sed '$d' >cut.log
ok 'a gzip member cut off: something is left' test "$(grep -c . cut.log)" -gt 50
"$tool" cut.log >some.sf
ok 'a gzip member cut off: what came before' cmp some.sf out

# A log that Zeek is writing to
for form in tsv json; do
    head -c 5000 logs/conn.$form.log >growing.log
    is_status 0 "a line that is not whole yet, $form: exit status" "$tool" -v growing.log
    like "$(cat err)" '1 at the end of a log, not yet written whole' "a line that is not whole yet, $form: -v counts it"
    is "$(grep -c damaged err)" 0 "a line that is not whole yet, $form: no damage"
done

# A frame that needs a window of 128 MiB
printf '\050\265\057\375\000\210\041\000\000data' >long.zst
reports 65 'long.zst: the zstd data need a window .*zstd -dc --long=31' '' "$tool" long.zst

echo '1 a.example' | tsv http 'ts host' >http.log
reports 65 "http.log: not a conn or dns log: it says that it is 'http'; -S takes names from it" '' "$tool" http.log
reports 65 'http.log: not a conn' '50001 50007' "$tool" http.log bad.log
echo '{"ts":1,"host":"a.example"}' >http.json
reports 65 'http.json: not a conn or dns log: its fields are others' '' "$tool" http.json
grep -v '^#' bad.log >headless.log
reports 65 'headless.log: line 1: no #fields line .* header cut off' '' "$tool" headless.log
is "$(grep -c '' err)" 1 'a missing header is one message'
printf '\324\303\262\241\2\0\4\0' >trace.pcap
reports 65 'trace.pcap: not a Zeek log: it is a capture; use: pcap2flow FILE' '' "$tool" trace.pcap
reports 66 'nothing-there: cannot open: ' '50001 50007' "$tool" nothing-there bad.log
reports 66 '\.: cannot open: Is a directory' '' "$tool" .
: >empty.log
records '' 'an empty log' "$tool" -q empty.log </dev/null
records '' 'only a dns log' "$tool" -q logs/dns.tsv.log </dev/null

# Each gzip member ends a read; the object must not be read again from its beginning each time.
"${PYTHON:-python3}" -c '
import gzip, sys
for byte in b"{\"a\":[" + b"0," * 60000:
    sys.stdout.buffer.write(gzip.compress(bytes([byte]), 0))' >tiny.gz
reports 65 'tiny.gz: line 1: the input ends inside its JSON object' '' "$tool" tiny.gz

# What would crash a careless reader; the rows after it are still read.

# hostile DESCRIPTION: what a Python expression makes, then a good row
hostile() {
    {
        "${PYTHON:-python3}" -c "import sys; sys.stdout.write($2)"
        printf '\n{"ts":1,"id.orig_h":"192.168.1.10","id.orig_p":50001,"id.resp_h":"9.9.9.9",'
        printf '"id.resp_p":443,"proto":"tcp","history":"S"}\n'
    } >hostile.json
    is_status 65 "$1: exit status" "$tool" hostile.json
    is "$(jq -rn "$ports" out)" 50001 "$1: the row behind it"
    ok "$1: few messages" test "$(grep -c '' err)" -le 4
}

hostile 'a line of 5 MB' "'{\"a\":\"' + 'x' * 5000000 + '\"}'"
hostile 'a million brackets' "'{\"a\":' + '[' * 1000000"
hostile 'a million objects in each other' "'{\"a\":' * 1000000"
hostile 'the same on lines of their own' "'{\"a\":\\n' * 300000"
hostile 'objects that do not end' "('{\"a\":[' + '{},' * 10 + '\\n') * 30000"
hostile 'a number of a million digits' "'{\"_path\":\"conn\",\"proto\":\"tcp\",\"ts\":' + '1' * 1000000 + '}'"

done_testing
