# A network of its own, for the tests that capture. To be sourced, inside of it again: . "$network"

network=$(cd "${srcdir:?}/tests" && pwd)/network.sh
export network

# choose_network: `$enter COMMAND...` runs it in a network of its own; $enter is empty where none can
# be made. That needs root, or user namespaces, where $user, whom flowcap becomes, can only be root.
choose_network() {
    user=nobody
    if unshare -n true 2>/dev/null; then
        enter='unshare -n'
    elif unshare -rn true 2>/dev/null; then
        enter='unshare -rn'
        user=root
    else
        enter=
    fi
    export user
}

# until_true COMMAND...: it succeeds within ten seconds
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || return 1
        sleep 0.1
    done
}
