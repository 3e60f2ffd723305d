# What the tests of every tool share. Before it is sourced, tool_name is set; `tool` is its path.

# shellcheck source=tests/tap.sh
. "${srcdir:?}/tests/tap.sh"

tool=$(cd "${BINDIR:?}" && pwd)/$tool_name # found after a cd, too
[ -x "$tool" ] || bail_out "no $tool"

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

to_full() {
    "$tool" "$@" >/dev/full
}

# without_output FILE: standard output is closed, which is said once
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

# in_tmp ARGUMENTS...: run where a file is called like an option
in_tmp() {
    (cd "$tmp" && "$tool" "$@")
}
