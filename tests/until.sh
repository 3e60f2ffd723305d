# SPDX-License-Identifier: Apache-2.0
# Waiting in tests for what another process does; tap.sh and network.sh source it.

# until_true COMMAND...: waits until it succeeds, at most some minutes
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || return 1
        sleep 0.1
    done
}

# has_lines FILE COUNT: so many, or more
has_lines() {
    [ "$(grep -c . "$1")" -ge "$2" ]
}
