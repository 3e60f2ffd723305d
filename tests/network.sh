# SPDX-License-Identifier: Apache-2.0
# A network of its own, for the tests that capture. To be sourced, inside of it again: . "$network";
# before require_network, where the tool is flowcap, tool.sh.

network=${network:-$(cd "${srcdir:?}/tests" && pwd)/network.sh}
# shellcheck source=tests/until.sh
. "${network%/*}/until.sh"
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

# require_network: chooses one, or ends the test
require_network() {
    choose_network
    if [ -z "$enter" ]; then
        skip 'live capture' 'no network namespace can be made here'
    elif ! command -v tcpreplay >/dev/null || ! command -v ip >/dev/null; then
        skip 'live capture' 'no tcpreplay or no ip'
    else
        export tool
        return
    fi
    done_testing
    exit
}

# in_network < SCRIPT: the script, with a pair of interfaces, one0 and two0, and the functions below;
# they leave what the tool wrote in live.sf and err, and its status in status
in_network() {
    cat >script.sh
    rm -f live.sf err status
    # shellcheck disable=SC2016 # of the environment
    $enter sh -c '. "$network"; ip link set lo up; pair one0 two0; . ./script.sh' >network.log 2>&1
}

# start ARGUMENTS...: flowcap on two0, in the background; $cap is its process
start() {
    # shellcheck disable=SC2154 # of the environment
    "$tool" -i two0 -Z "$user" "$@" >live.sf 2>err &
    cap=$!
    until_it_captures
}

# until_it_captures: the process $cap
until_it_captures() {
    until_true grep -q 'Seccomp:.2' /proc/$cap/status
}

# until_its_child_captures: that of the process $cap
until_its_child_captures() {
    until_true sh -c "grep -q 'Seccomp:.2' /proc/\$(pgrep -P $cap)/status"
}

# until_connected INTERFACE...: waits until packets sent there arrive
until_connected() {
    for interface in "$@"; do
        until_true sh -c "ip link show $interface | grep -q 'state UP'"
    done
}

# packets < SECFLOWS: those of one flow of the demonstration
packets() {
    jq -rn '[inputs | select(.src == "192.168.1.20:49880") | .srcPkts] | add'
}

# replay FILE...: out of one0, to two0
replay() {
    send -i one0 -p 5000 "$@"
}

# send ARGUMENTS...: tcpreplay with them, until the kernel has passed all packets on
send() {
    tcpreplay -q "$@" >replay.log 2>&1 || cat replay.log
    until_true has_passed_on
}

# has_passed_on: none waits between two interfaces (Linux before 5.10 does not say)
has_passed_on() {
    awk '$12 != "" && $12 !~ /^0+$/ { exit 1 }' /proc/net/softnet_stat
}

# windows_are N METRICS: so many have ended
windows_are() {
    awk -v least="$1" '/^secflow_capture_windows_total/ { n = $NF } END { exit n < least }' "$2"
}

# stop: ends it and leaves its exit status
stop() {
    kill $cap
    wait $cap
    echo $? >status
}

# pair ONE OTHER: makes two interfaces that are connected. The captures have frames of more than 1500
# bytes
pair() {
    ip link add "$1" mtu 2000 type veth peer name "$2" mtu 2000
    for interface in "$1" "$2"; do
        echo 1 >/proc/sys/net/ipv6/conf/"$interface"/disable_ipv6 2>/dev/null
        ip link set "$interface" up
    done
    until_connected "$1" "$2"
}
