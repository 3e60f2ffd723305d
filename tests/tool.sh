# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of all tools. Set tool_name before sourcing it; `tool` is the path.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

tool=$(cd "${BINDIR:?}" && pwd)/$tool_name # found after a cd, too
[ -x "$tool" ] || bail_out "no $tool"
unset SECFLOW_SENSOR

# jq programs that show records.
ports='[inputs.src | split(":")[-1]] | join(" ")'
flows='inputs | "\(.src) > \(.dst) \(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes)"'
names='inputs | "\(.src | split(":")[-1]) \(.dst) \(.destinationNameSource)"'

# introduces_itself: help and version
introduces_itself() {
    for option in -h --help; do
        is_status 0 "$option: exit status" "$tool" $option
        like "$(cat "$tmp/out")" "^usage: $tool_name " "$option: usage on standard output"
        is "$(cat "$tmp/err")" '' "$option: nothing on standard error"
    done
    for option in -V --version; do
        is_status 0 "$option: exit status" "$tool" $option
        like "$(cat "$tmp/out")" "$tool_name.* [0-9]" "$option: version on standard output"
        is "$(cat "$tmp/err")" '' "$option: nothing on standard error"
    done
    links_what_it_tells
}

# links_what_it_tells: -V tells of each library of others that is linked, and of no other
links_what_it_tells() {
    if command -v objdump >/dev/null && objdump -p "$tool" >"$tmp/linked" 2>/dev/null; then
        is "$("$tool" -V | sed -n 's/^With //p' | sed 's/, /\n/g' | sed 's/^lib//; s/ .*//' | LC_ALL=C sort)" \
            "$(sed -n 's/^ *NEEDED *lib\(.*\)\.so.*/\1/p' "$tmp/linked" | sed 's/^z$/zlib/' |
                grep -Ev '^(c|m|pthread|asan|ubsan|tsan|gcc_s)$' | LC_ALL=C sort)" '-V: what is linked'
        is "$("$tool" -V | sed -n 's/^With //p' | sed 's/, /\n/g' | grep -Evc '^[a-z]+[23]? [0-9]+[.0-9]+( \(.+\))?$')" 0 \
            '-V: each with its version'
    else
        skip '-V: what is linked' 'no objdump'
    fi
}

# misused DESCRIPTION ARGUMENTS...
misused() {
    description="misuse: $1"
    shift
    is_status 64 "$description: exit status" "$tool" "$@"
    is "$(cat "$tmp/out")" '' "$description: nothing on standard output"
    like "$(cat "$tmp/err")" "^$tool_name: " "$description: message"
    like "$(cat "$tmp/err")" '--help' "$description: hint"
    ok "$description: two lines at most" test "$(grep -c '' "$tmp/err")" -le 2
}

# complains MESSAGE ARGUMENTS...: prints that and nothing else about a misuse
complains() {
    complaint=$1
    shift
    is_status 64 "$*: exit status" "$tool" "$@"
    is "$(cat "$tmp/out" "$tmp/err")" "$tool_name: $complaint" "$*: message"
}

# of_sensor VALUE ARGUMENTS...: with that SECFLOW_SENSOR
of_sensor() {
    sensor=$1
    shift
    SECFLOW_SENSOR=$sensor "$tool" "$@"
}

# tells_sensor FILE: it has records, and each names the sensor
tells_sensor() {
    records '[inputs.sensor] | unique[]' '--sensor' "$tool" --sensor 'tap "1" \ zürich' "$1" <<'EOF'
tap "1" \ zürich
EOF
    records '[inputs | keys_unsorted | .[9:13] | join(" ")] | unique[]' '--sensor: its place' \
        "$tool" -x --sensor a "$1" <<'EOF'
duration trafficDate proto sensor
EOF
    is "$("$tool" -x --sensor a "$1" | sed 's/,"sensor":"a"//')" "$("$tool" -x "$1")" \
        '--sensor: nothing else changes'
    records '[inputs.sensor] | unique[]' 'SECFLOW_SENSOR' of_sensor b "$1" <<'EOF'
b
EOF
    records '[inputs.sensor] | unique[]' '--sensor wins over SECFLOW_SENSOR' \
        of_sensor b --sensor a "$1" <<'EOF'
a
EOF
    is "$(of_sensor '' "$1")" "$("$tool" "$1")" 'SECFLOW_SENSOR that is empty: none'
    is "$(of_sensor b --sensor '' "$1")" "$("$tool" "$1")" '--sensor that is empty: none'
    misused '--sensor with a control character' --sensor "$(printf 'a\tb')" "$1"
    misused '--sensor that is not UTF-8' --sensor "$(printf 'z\374rich')" "$1"
    misused '--sensor of 256 bytes' --sensor "$(printf '%0256d' 0)" "$1"
    is_status 0 '--sensor of 255 bytes' "$tool" --sensor "$(printf '%0255d' 0)" "$1"
    is_status 64 'SECFLOW_SENSOR that is not UTF-8' of_sensor "$(printf 'z\374rich')" "$1"
    like "$(cat "$tmp/err")" "^$tool_name: SECFLOW_SENSOR: the name of a sensor must be UTF-8 " \
        'SECFLOW_SENSOR that is not UTF-8: message'
}

# keeps_usr1_first: it blocks SIGUSR1, which would end it, before it does anything
keeps_usr1_first() {
    if strace -qq -e trace=rt_sigprocmask,rt_sigaction -o "$tmp/calls" "$tool" --help >"$tmp/out" 2>"$tmp/err"; then
        like "$(grep -m 1 -e PIPE -e USR1 "$tmp/calls")" '^rt_sigprocmask\(SIG_BLOCK, \[USR1\]' 'SIGUSR1 is blocked first of all'
    else
        skip 'SIGUSR1 is blocked first of all' "strace cannot be used here: $(head -n 1 "$tmp/err")"
    fi
}

to_full() {
    "$tool" "$@" >/dev/full
}

# without_output FILE: standard output is closed, which is reported once
without_output() {
    is_status 74 'no standard output: exit status' sh -c '"$1" "$2" >&-' sh "$tool" "$1"
    is "$(grep -c '' "$tmp/err")" 1 'no standard output: one message'
}

# fills_disk FILE...: one with little output, one with much
fills_disk() {
    if [ -c /dev/full ]; then
        for file in "$@"; do
            is_status 74 "full disk: exit status, ${file##*/}" to_full "$file"
            like "$(cat "$tmp/err")" "^$tool_name: .*: No space left on device$" "full disk: message, ${file##*/}"
        done
        is_status 74 'full disk: exit status, --help' to_full --help
    else
        skip 'full disk' 'no /dev/full'
    fi
}

# in_tmp ARGUMENTS...: runs in a directory where a file is named like an option
in_tmp() {
    (cd "$tmp" && "$tool" "$@")
}
