#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What secflow-sensor(7) says: its options, commands, filters, files and metrics are those of the tools
# and units. tests/systemd.sh has the services themselves.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"
# shellcheck source=tests/network.sh
. "$here/network.sh"

bindir=$(dirname "$tool")
PATH=$bindir:$PATH
man=$here/../man
page=$man/secflow-sensor.7
"$bindir/tests/traffic" demo trace.pcap 2>out || bail_out 'no capture'

# block REGEX: the literal blocks of the page with a matching line
block() {
    awk -v regex="$1" '
        /^\.Ed/ { if (found) printf "%s", text; literal = found = 0 }
        literal { gsub(/\\e/, "\\"); text = text $0 "\n"; found = found || $0 ~ regex }
        /^\.Bd -literal/ { literal = 1; text = "" }' "$page"
}

# settings NAME: the values that the page gives to a variable of /etc/secflow/environment
settings() {
    { block "^$1=" && sed -n 's/^\.Ql //p' "$page" | sed 's/ [.,;]$//'; } | sed -n "s/^$1=//p"
}

# takes COMMAND...: accepts each line on standard input as arguments, split as systemd does
takes() {
    while IFS= read -r value; do
        eval "\"\$@\" $value -V" || return
        lines=yes
    done
    [ -n "${lines:-}" ]
}

settings FLOWCAP_OPTIONS >values
ok 'flowcap takes the options' takes flowcap -i eth0 -w . <values
block '^X-ClickHouse-User: ' >headers
settings FLOWUPLOAD_OPTIONS | sed 's|/etc/secflow/headers|headers|' >values
ok 'flowupload takes the options' takes flowupload --take . <values
for option in $(grep -o 'flowupload --[a-z-]*' "$page" | sed 's/.* //' | sort -u); do
    like "$(flowupload --help)" "^      $option " "flowupload has $option"
done

# filters: the commands after --filter
filters() {
    while IFS= read -r value; do
        eval "set -- $value"
        while [ $# -gt 0 ]; do
            [ "$1" != --filter ] || printf '%s\n' "$2"
            shift
        done
    done <values | sort -u
}

pcap2flow -x trace.pcap >flows.sf
block '^#!/bin/bash' >filter
chmod +x filter
filters | sed "s|/etc/secflow/filter|$PWD/filter|" >commands
is "$(grep -c . commands)" 2 'there are two filters'
while IFS= read -r command; do
    sh -c "$command" <flows.sf >filtered
    is "$? $(jq -r 'has("flowCategory")' filtered | sort -u)" '0 true' "the filter works: ${command##*/}"
done <commands
is "$(./filter <flows.sf | jq -c .)" "$(flowlabel flows.sf | jq -c 'select(.flowCategory != "keepAlive")')" 'and one leaves records out'

# Except for TLS.
recipe=$(sed -n "s/.*-u 'http:.*:8123\/\(?query.*\)'.*/\1/p" "$man/flowupload.1")
is "$(settings SECFLOW_URL | sed -n 's/.*:8443\///p')" "${recipe:-no recipe}" 'the URL is that of the recipe for ClickHouse'

# Files

for file in $(grep -o '/usr/share/secflow/[^ ,]*' "$page"); do
    ok "there is a ${file##*/}" grep -q "dist_pkgdata_DATA.*man/${file##*/}" "$here/../Makefile.am"
done
for path in /var/lib/secflow /var/spool/secflow /etc/secflow/environment /etc/secflow/key /run/flowcap/ /run/flowupload/; do
    ok "the page and the units have $path" sh -c "grep -q '$path' '$page' && grep -q '$path' '$here'/../cmd/units/*.service"
done

# Windows that are kept

mkdir windows
cp flows.sf windows/20231114T221500Z-eth0.sf
block '^cat /var/lib/secflow' | sed 's|/var/lib/secflow|windows|' >read.sh
is_status 0 'what is kept can be read' sh -e read.sh
is "$(awk '{ print $1; exit }' out)" "$(jq -s 'group_by(.dst) | map(length) | max' flows.sf)" 'all of it'

# Metrics: the names used are those that the tools write.

chmod 755 .
mkdir -m 777 metrics kept
start_collector
answers ok '503 3600'
for n in 1 2; do
    record 170000000$n 1 >$n.sf
done
is_status 75 'flowupload writes metrics' "$tool" -k key -s spool -u "$url" --linger 5 --metrics metrics/upload.prom 1.sf 2.sf
stop_collector
block '^groups:' >rules.yml
metrics=$here/../man/secflow-grafana-sensors.json
{ grep -o 'secflow_[a-z_]*' rules.yml && "${PYTHON:-python3}" "$here/dashboard.py" "$metrics" --metrics; } | sort -u >used
choose_network
if [ -n "$enter" ]; then
    # shellcheck disable=SC2086 # words
    is_status 0 'flowcap writes metrics' $enter sh -c \
        'ip link set lo up && exec "$0" -q -Z "$1" -i lo -d 1 -n 1 -w kept --metrics metrics/capture.prom' "$bindir/flowcap" "$user"
    sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics/*.prom | sort >written
    is "$(comm -23 used written)" '' 'alerts and the dashboard use only metrics that the tools write'
    is "$(sed 's/^\(secflow_[a-z]*\)_.*/\1/' used | uniq | tr '\n' ' ')" 'secflow_capture secflow_upload ' 'of both'
else
    skip 'alerts and the dashboard use only metrics that the tools write' 'no network namespace can be made here'
fi

# as_rules FILE: its expressions, as a file of rules
as_rules() {
    jq '{groups: [{name: "all", rules: [.panels[].targets[]?.expr | gsub("\\$__rate_interval"; "5m")]
        | to_entries | map({record: "rule\(.key)", expr: .value})}]}' "$1"
}

if command -v promtool >/dev/null; then
    ok 'Prometheus takes the alerts' promtool check rules rules.yml
    as_rules "$metrics" >expressions.yml
    ok "and the dashboard's expressions" promtool check rules expressions.yml
else
    skip 'Prometheus takes the alerts' 'no promtool'
fi

done_testing
