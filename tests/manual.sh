#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages: lint, every option, and the examples as written.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

bindir=$(cd "${BINDIR:?}" && pwd) || bail_out "no $BINDIR"
mandir=$(cd "$srcdir/man" && pwd)
here=$(cd "$srcdir/tests" && pwd)
PATH=$bindir:$PATH

if command -v mandoc >/dev/null; then
    for page in "$mandir"/*.[1-8]; do
        [ "${page##*/}" != secflow.1 ] || continue # a link, which works where it is installed
        # Whether other pages are installed here does not matter.
        is "$(mandoc -Tlint -W style "$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'mandoc\.db')" '' \
            "mandoc finds nothing in ${page##*/}"
    done
else
    skip 'mandoc finds nothing in the pages' 'no mandoc'
fi

is "$(cat "$mandir/secflow.1")" '.so man7/secflow.7' 'man secflow opens the overview'
version=$(pcap2flow -V | sed -n '1s/.* //p')
is "$(grep -h '^\.Os' "$mandir"/*.[1-8] | sort -u)" ".Os Secflow $version" 'the pages have the version of the tools'

# In roff a \" within a line begins a comment, and the rest of the line is not shown.
is "$(awk 'index(substr($0, 3), "\\\"") { print FILENAME ": " $0 }' "$mandir"/*.[1-8])" '' 'no comment cuts a line of a page'

# A cell that is wider than its column runs into the next one.
is "$(awk '/^\.Bl -column / { split($0, part, "\""); width = length(part[2]) } /^\.El/ { width = 0 }
    width && /^\.It / { cell = $0; sub(/^\.It (Li |Va |Sy )?/, "", cell); sub(/ Ta .*/, "", cell)
        gsub(/ ,/, ",", cell); sub(/\\&/, "", cell)
        if (length(cell) > width) print FILENAME ": " cell }' "$mandir"/*.[1-8])" '' 'the first column of each table is wide enough'

# Options as `-o, --option WHAT`, a line each: of the list in a tool's help, of the list in its page, and
# as `-o WHAT`, or `--option WHAT` where that has no letter, of the page's synopsis.
help_list() {
    "$1" --help | awk '/^  +-/ { sub(/^ +/, ""); sub(/  .*/, ""); print }' | sort
}
page_list() {
    awk '/^\.It Fl / {
        i = $4 == "," ? 6 : 3
        print (i == 6 ? "-" $3 ", " : "") "-" $i ($(i + 1) == "Ar" ? " " toupper($(i + 2)) : "") }' "$1" | sort
}
page_synopsis() {
    awk '/^\.Sh/ { on = /SYNOPSIS/ }
        on && sub(/^\.(Op )?Fl /, "-") { print $1 ($2 == "Ar" ? " " toupper($3) : "") }' "$1" | apart | uniq
}
# apart: -abc becomes -a, -b and -c
apart() {
    awk '/^-[A-Za-z0-9]+$/ { for (i = 2; i <= length($0); i++) print "-" substr($0, i, 1); next } { print }' | sort
}

for tool in pcap2flow zeek2flow eve2flow ipfix2flow vpc2flow flowbeacon flowcap flowupload flowevent flowlabel flowtop flowmerge flowreport flowseen flowmeta; do
    page=$(echo "$mandir/$tool".[18])
    is "$(page_list "$page")" "$(help_list $tool)" "$tool: the page has the options of the help"
    is "$(page_synopsis "$page")" "$(help_list $tool | sed 's/, --[^ ]*//' | sort)" "$tool: and its synopsis has them"
    is "$(help_list $tool | grep -v -e --)" '' "$tool: each has a long name"
    is "$($tool --help | awk 'length > 80')" '' "$tool: the help fits a terminal"
done

# examples PAGE: the commands of its EXAMPLES section, which are in literal blocks
examples() {
    awk '/^\.Sh/ { on = /EXAMPLES/ } /^\.Ed/ { literal = 0 } on && literal { gsub(/\\e/, "\\"); print }
         /^\.Bd -literal/ { literal = 1 }' "$1"
}

# The starter set of flowmeta is where make install puts it.
export SECFLOW_LISTS="$mandir/starter.ndjson"

# Files that the examples read, by the names used there.
"$bindir/tests/traffic" demo "$tmp/trace.pcap" || bail_out 'no capture'
"${PYTHON:-python3}" "$srcdir/tests/zeeklogs.py" "$tmp" 200 tsv || bail_out 'no logs'
"${PYTHON:-python3}" "$srcdir/tests/evelogs.py" 200 noise >"$tmp/eve.json" || bail_out 'no events'
"${PYTHON:-python3}" "$srcdir/tests/ipfixmake.py" "$tmp/messages" || bail_out 'no messages'
cp "$tmp/messages/sampling.ipfix" "$tmp/flows.ipfix"
cp "$tmp/messages/exporters.pcap" "$tmp/router.pcap"
cp "$tmp/messages/nfdump.json" "$tmp/day.json"
cd "$tmp" || exit 99
mkdir captures firewall
gzip -c eve.json >eve.json.1.gz
"${PYTHON:-python3}" "$here/evelogs.py" 200 aws netflow-only | gzip >firewall/1.log.gz
cp trace.pcap captures
mv conn.tsv.log conn.log
mv dns.tsv.log dns.log
day=logs/2023-11-14
mkdir -p $day
for log in conn dns; do
    gzip -c $log.log >"$day/$log.22:00:00-23:00:00.log.gz"
done

# Flow logs of clouds, and stand-ins for the commands that fetch them.
mkdir vpc resolver bin
vpclogs() {
    "${PYTHON:-python3}" "$here/vpclogs.py" trace.pcap 60 "$@"
}
vpclogs >vpc.log
vpclogs | gzip >vpc/1.log.gz
vpclogs google >google.json
vpclogs | sed 1d | awk '{ print $4, $5, $6, $7, $8, $9, $10, $11, $12 }' >bare.log
printf '%s%s\n' '{"query_timestamp":"2023-11-14T22:13:20Z","query_name":"a.example.","answers":[{"Rdata":"9.9.9.9",' \
    '"Type":"A"}]}' | gzip >resolver/1.log.gz
echo '[{"msg_class":"interflow_traffic","srcip":"10.0.0.1","srcport":50000,"dstip":"9.9.9.9","dstport":443,
    "proto_name":"tcp","timestamp":1700000000123,"duration":1500,"outpkts_delta":3,"outbytes_total":300,
    "inpkts_total":2,"inbytes_total":200},{"msg_class":"other"}]' >interflow.json
cat >bin/aws <<'END'
#!/bin/sh
case "$*" in
's3 ls '*) printf '2026-11-29 00:05:00 1000 AWSLogs/%s.log.gz\n' 1 2 ;;
's3 cp s3://bucket/AWSLogs/'*'.log.gz -') cat vpc/1.log.gz ;;
'logs tail '*) sed '1d; s/^/2026-11-29T00:00:00.000000+00:00 eni-1-all /' vpc.log ;;
*) exit 1 ;;
esac
END
printf '#!/bin/sh\njq -s . google.json\n' >bin/gcloud
cat >bin/ra <<'END'
#!/bin/sh
echo StartTime,LastTime,Proto,SrcAddr,Sport,DstAddr,Dport,SrcPkts,DstPkts,SrcBytes,DstBytes
echo 1700000000.123456,1700000001.500000,tcp,10.0.0.1,50000,9.9.9.9,443,3,2,300,200
echo 1700000000.123456,1700000001.500000,arp,10.0.0.1,,9.9.9.9,,3,2,300,200
END
chmod +x bin/aws bin/gcloud bin/ra

# A collector, and a flowupload whose spool is here; one that takes from a folder ends when all
# that was there is sent.
mkdir taken
mkdir -m 700 spool # which find is to find, however soon
pcap2flow trace.pcap >taken/trace.sf
cat >bin/flowupload <<END
#!/bin/sh
case "\$*" in
*--take*)
    $bindir/flowupload -s $tmp/spool "\$@" &
    while [ -n "\$(find $tmp/taken $tmp/spool -name '*.sf')" ]; do
        sleep 0.1
    done
    kill \$!
    wait \$! ;;
*) exec $bindir/flowupload -s $tmp/spool "\$@" ;;
esac
END
# Replaces systemd, which enables a unit that has WantedBy=.
cat >bin/systemctl <<'END'
#!/bin/sh
[ "$1 $2" = 'enable --now' ] && grep -q '^WantedBy=' "$mandir/../cmd/units/${3%@*}@.service"
END
chmod +x bin/flowupload bin/systemctl
export mandir
PATH=$tmp/bin:$PATH
(umask 077 && echo secret >keyfile)
"${PYTHON:-python3}" "$here/collector.py" . &
collector=$!
trap 'kill $collector; rm -rf "$tmp"' EXIT
while [ ! -f port ] && kill -0 $collector; do
    sleep 0.1
done

for page in pcap2flow.1 zeek2flow.1 eve2flow.1 ipfix2flow.1 vpc2flow.1 flowmerge.1 flowbeacon.1 flowupload.1 flowevent.1 flowlabel.1 flowtop.1 flowmeta.1 flowseen.1 secflow-meta.5 secflow.7; do
    examples "$mandir/$page" | sed -e "s|https://collector.example|http://127.0.0.1:$(cat port)|" \
        -e 's|/var/lib/secflow|taken|' >examples.sh
    ok "$page has examples" test -s examples.sh
    is_status 0 'its examples run' sh -e examples.sh
    is "$(cat err)" '' 'they say nothing on standard error'
    ok 'they print something' test -s out
done

examples "$mandir/flowreport.1" >examples.sh
is_status 0 'the examples of flowreport.1 run' sh -e examples.sh
is "$(cat out err)" '' 'they say nothing'
is "$(tail -qn 1 trace.html tcp.html hour.html day.html | uniq)" '</html>' 'they make pages'

# That of secflow(5) is a record, broken into lines.
is "$(examples "$mandir/secflow.5" | tr -d '\n' | jq -c 'keys_unsorted')" \
    "$(pcap2flow trace.pcap | jq -c 'keys_unsorted' | sort -u)" 'secflow.5: its example has the fields of a record'

# Those of flowcap, in an empty network, with windows of a second. The user it becomes
# must reach the directory of windows.
chmod 755 .
examples "$mandir/flowcap.8" | sed -e 's/eth0/any/; s/-d [0-9]*/-d 1/' >examples.sh
ok 'flowcap.8 has examples' test -s examples.sh
if unshare -n true 2>/dev/null; then
    is_status 0 'its examples run' unshare -n sh -e examples.sh
    is "$(cat err)" '' 'they say nothing on standard error'
else
    skip 'its examples run' 'not root'
fi

done_testing
