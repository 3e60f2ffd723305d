#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion in shells: every option and what it does, files where one is wanted, and interfaces.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

bindir=$(cd "${BINDIR:?}" && pwd) || bail_out "no $BINDIR"
here=$(cd "$srcdir/tests" && pwd)
PATH=$bindir:$PATH
mkdir "$tmp/home"
HOME=$tmp/home XDG_CONFIG_HOME=$tmp/home XDG_DATA_HOME=$tmp/home LC_ALL=C
ASAN_OPTIONS=detect_leaks=0 # which hangs now and then below a shell that reads a terminal
export HOME XDG_CONFIG_HOME XDG_DATA_HOME LC_ALL ASAN_OPTIONS
cd "$tmp" || exit 99
: >'one day.sf'
: >names.cache
tools='eve2flow ipfix2flow flowbeacon flowcap flowevent flowlabel flowtop flowmerge flowreport flowseen flowmeta flowupload pcap2flow vpc2flow zeek2flow'

# show SHELL LINE...: what SHELL shows after each LINE and a tabulator, in shown.1 and so on; a
# terminal shows at the end what LINE has become, in brackets. fish can be asked without one.
# shellcheck disable=SC2016 # the variables are those of fish
show() {
    shell=$1
    shift
    rm -f shown.*
    if [ "$shell" = fish ]; then
        fish -c 'set fish_complete_path $argv[1]
            for i in (seq 2 (count $argv)); complete -C $argv[$i] >shown.(math $i - 1); end' \
            "$bindir/completion/fish" "$@"
    else
        timeout 600 "${PYTHON:-python3}" "$here/complete.py" "$shell" "$bindir/completion/$shell" "$@"
    fi </dev/null >log 2>&1 3>&-
}

# shows N LINE WORD DESCRIPTION: checks the only completion of the Nth line; WORD empty: none
shows() {
    if [ "$shell" = fish ]; then
        is "$(cut -f 1 "shown.$1")" "$3" "$shell: $4"
    else
        is "$(tail -n 1 "shown.$1" | tr -d '\134')" "[${3:+${2% *} }${3:-$2}${3:+ }]" "$shell: $4"
    fi
}

for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        skip "$shell" "no $shell"
        continue
    fi
    set --
    for tool in $tools; do
        set -- "$@" "$tool -"
    done
    ok "$shell runs" show $shell "$@" 'pcap2flow -c nam' 'flowupload --cacert nam' 'pcap2flow one' \
        'pcap2flow -d nam' 'flowcap nam' 'flowcap -i lo' || tap_note log "$(cat log)"
    n=0
    for tool in $tools; do
        n=$((n + 1))
        missing=
        [ $tool = flowupload ] && upload=$n
        for option in $($tool --help | awk '/^  +-/ { print $1; if ($2 ~ /^--/) print $2 }' | tr -d ,); do
            grep -Eq -e "(^| )$option([[:space:]=]|\$)" shown.$n || missing="$missing $option"
        done
        is "$missing" '' "$shell: $tool has all of its options"
    done
    like "$(cat shown.$upload)" "HEADER: 'Name: value', or @FILE with one per line" "$shell: what an option does"
    like "$(cat shown.$upload)" 'state/secflow/spool, /var/spool/secflow for root' "$shell: where that takes two lines"
    shows $((n + 1)) 'pcap2flow -c nam' names.cache 'a file after an option'
    shows $((n + 2)) 'flowupload --cacert nam' names.cache 'a file after a long option'
    shows $((n + 3)) 'pcap2flow one' 'one day.sf' 'a file'
    shows $((n + 4)) 'pcap2flow -d nam' '' 'no file after an option that takes another thing'
    shows $((n + 5)) 'flowcap nam' '' 'no file for a tool that reads none'
    if flowcap -D | grep -q '^lo$'; then
        shows $((n + 6)) 'flowcap -i lo' lo 'an interface'
    else
        skip "$shell: an interface" 'flowcap -D has no lo'
    fi
done

done_testing
