# SPDX-License-Identifier: Apache-2.0
# TAP for POSIX sh: source it, call the checks, end with done_testing.
#
#   ok DESCRIPTION COMMAND...               COMMAND succeeds
#   is GOT WANT DESCRIPTION                 the two strings are equal
#   like GOT REGEX DESCRIPTION              a line of GOT matches the extended REGEX
#   is_status WANT DESCRIPTION COMMAND...   COMMAND exits with WANT; leaves its standard output in
#                                           $tmp/out and its standard error in $tmp/err
#   records PROGRAM DESCRIPTION COMMAND... <<WANT
#                                           COMMAND exits with 0, says nothing on standard error,
#                                           and `jq -rn PROGRAM` makes WANT of the records that it
#                                           writes; an empty PROGRAM leaves them as they are
#   skip DESCRIPTION REASON                 count a check that cannot run here
#   bail_out REASON                         nothing can be tested at all
#   done_testing                            print the plan; false when a check failed
#   until_true COMMAND...                   wait until COMMAND succeeds (until.sh)
#
# A check's own status says whether it passed. $tmp is a directory of this test alone, removed at
# the end.

# shellcheck source=tests/until.sh
. "${srcdir:?}/tests/until.sh"

tap_count=0
tap_failed=0

tmp=$(mktemp -d "${TMPDIR:-/tmp}/secflow-test.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# tap_pass DESCRIPTION, tap_fail DESCRIPTION: a result line. `#` would begin a TAP directive.
tap_pass() {
    tap_count=$((tap_count + 1))
    printf 'ok %d - %s\n' "$tap_count" "$(printf '%s' "$1" | tr '#\n' '  ')"
}

tap_fail() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    printf 'not ok %d - %s\n' "$tap_count" "$(printf '%s' "$1" | tr '#\n' '  ')"
}

# tap_note LABEL TEXT: diagnostics of the failed check above. At most 40 lines, so that a wrong
# record among thousands does not bury the rest.
tap_note() {
    printf '# %s:\n' "$1"
    printf '%s\n' "$2" | sed -e 's/^/#   /' -e '40q'
}

ok() {
    tap_description=$1
    shift
    if tap_said=$("$@" 2>&1); then
        tap_pass "$tap_description"
    else
        tap_fail "$tap_description"
        tap_note command "$*"
        tap_note said "$tap_said"
        return 1
    fi
}

is() {
    if [ "$1" = "$2" ]; then
        tap_pass "$3"
    else
        tap_fail "$3"
        tap_note got "$1"
        tap_note want "$2"
        return 1
    fi
}

like() {
    if printf '%s\n' "$1" | grep -Eq -e "$2"; then
        tap_pass "$3"
    else
        tap_fail "$3"
        tap_note got "$1"
        tap_note 'want a line like' "$2"
        return 1
    fi
}

is_status() {
    tap_want=$1
    tap_description=$2
    shift 2
    tap_got=0
    "$@" >"$tmp/out" 2>"$tmp/err" || tap_got=$?
    if [ "$tap_got" -eq "$tap_want" ]; then
        tap_pass "$tap_description"
    else
        tap_fail "$tap_description"
        tap_note command "$*"
        tap_note got "$tap_got"
        tap_note want "$tap_want"
        tap_note 'standard error' "$(cat "$tmp/err")"
        return 1
    fi
}

records() {
    tap_want=$(cat)
    tap_program=$1
    tap_description=$2
    shift 2
    tap_status=0
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || tap_status=$?
    if [ -n "$tap_program" ]; then
        tap_got=$(jq -rn "$tap_program" "$tmp/out" 2>&1)
    else
        tap_got=$(cat "$tmp/out")
    fi
    if [ "$tap_status" -eq 0 ] && [ ! -s "$tmp/err" ] && [ "$tap_got" = "$tap_want" ]; then
        tap_pass "$tap_description"
    else
        tap_fail "$tap_description"
        tap_note command "$*"
        tap_note got "$tap_got"
        tap_note want "$tap_want"
        tap_note 'exit status' "$tap_status"
        tap_note 'standard error' "$(cat "$tmp/err")"
        return 1
    fi
}

skip() {
    tap_count=$((tap_count + 1))
    printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

bail_out() {
    printf 'Bail out! %s\n' "$1"
    exit 99 # to Automake: not a failure of the thing tested
}

done_testing() {
    printf '1..%d\n' "$tap_count"
    [ "$tap_failed" -eq 0 ]
}
