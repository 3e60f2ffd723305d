#!/bin/sh
# The man pages: lint, every option, and the examples as they stand.
. "${srcdir:?}/tests/tap.sh"

bindir=$(cd "${BINDIR:?}" && pwd) || bail_out "no $BINDIR"
mandir=$(cd "$srcdir/man" && pwd)
PATH=$bindir:$PATH

if command -v mandoc >/dev/null; then
    for page in "$mandir"/*.[1-8]; do
        # Which other pages this machine has is not the page's matter.
        is "$(mandoc -Tlint -W style "$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'mandoc\.db')" '' \
            "mandoc finds nothing in ${page##*/}"
    done
else
    skip 'mandoc finds nothing in the pages' 'no mandoc'
fi

for option in $(pcap2flow --help | sed -n 's/^  -\([^-]\).*/\1/p'); do
    ok "pcap2flow(1) has -$option" grep -Eq "^\.It Fl $option( |\$)" "$mandir/pcap2flow.1"
done

# examples PAGE: the commands of its EXAMPLES section, which stand in literal blocks
examples() {
    awk '/^\.Sh/ { on = /EXAMPLES/ } /^\.Ed/ { literal = 0 } on && literal { print }
         /^\.Bd -literal/ { literal = 1 }' "$1"
}

"$bindir/tests/traffic" demo "$tmp/trace.pcap" || bail_out 'no capture'
cd "$tmp" || exit 99
examples "$mandir/pcap2flow.1" >examples.sh
ok 'pcap2flow(1) has examples' grep -q pcap2flow examples.sh
is_status 0 'its examples run' sh -e examples.sh
is "$(cat err)" '' 'they say nothing on standard error'
ok 'they print something' test -s out

done_testing
