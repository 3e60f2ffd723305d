#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by automake to run a test: its TAP driver, whose many lines become one if the test passes.
# If it fails, this shows everything that says why, and where the rest is.
#
#   driver.sh TAP-DRIVER --test-name NAME --log-file LOG --trs-file RESULTS OPTION... -- TEST

shown=100 # lines of a test that failed

before=
for word; do
    case $before in
    --test-name) name=$word ;;
    --log-file) log=$word ;;
    --trs-file) results=$word ;;
    --) break ;;
    esac
    before=$word
done

# count RESULT...: how many checks had one of these results, extended regular expressions
count() {
    grep -Ec "^:test-result: ($1)\$" "$results"
}

"${SHELL:-/bin/sh}" "$@" >/dev/null || exit
skipped=$(count SKIP)
[ "$skipped" = 0 ] && of_these= || of_these=", $skipped skipped"
failed=$(count '.*')
passed=$(count PASS)
failed=$((failed - passed - skipped))
if [ $failed = 0 ]; then
    [ "$passed" != 0 ] && verdict=PASS || verdict=SKIP
    echo "$verdict: $name: $passed passed$of_these"
else
    echo "FAIL: $name: $failed failed, $passed passed$of_these; all of it: $PWD/$log"
    grep -Ev '^(ok|PASS:|SKIP:|FAIL:|1\.\.)' "$log" | sed -n "s/^\(.\{200\}\).*/\1.../; s/^/    /; 1,${shown}p"
fi
# Reasons for skipping, once each
sed -n 's/^ok [0-9]* - \(.* # SKIP .*\)/    \1/p' "$log" | sort -u
