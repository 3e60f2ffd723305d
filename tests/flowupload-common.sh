# SPDX-License-Identifier: Apache-2.0
# What the tests of flowupload share: a collector on loopback, and samples.

tool_name=flowupload
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"

here=$(cd "$srcdir/tests" && pwd)
cd "$tmp" || exit 99
unset SECFLOW_URL NETWORKSAGE_API_KEY XDG_STATE_HOME http_proxy https_proxy HTTPS_PROXY all_proxy \
    ALL_PROXY no_proxy NO_PROXY
echo secret >key
chmod 600 key

# hold_port: sets $held to a port that is this test's to listen on, again and again: a process has it, but does
# not listen, and ends after the test
hold_port() {
    rm -f held
    "${PYTHON:-python3}" -c 'import os, socket, time
holder, test = socket.socket(), os.getppid()
holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
holder.bind(("127.0.0.1", 0))
with open("held.new", "w") as file:
    print(holder.getsockname()[1], file=file)
os.rename("held.new", "held")
while os.getppid() == test:
    time.sleep(1)' >/dev/null 2>&1 3>&- &
    wait_for 'a port' test -f held || bail_out 'no port'
    held=$(cat held)
}

# start_collector [PORT [CERT KEY]]: sets $port, $url of the API, and $lines_url
start_collector() {
    [ -n "${held:-}" ] || hold_port
    [ $# -gt 0 ] || set -- "$held"
    rm -f port
    "${PYTHON:-python3}" "$here/collector.py" . "$@" 3>&- & # not the pipe that a test writes to
    collector=$!
    trap 'kill $collector 2>/dev/null; rm -rf "$tmp"' EXIT
    wait_for 'a collector' test -f port || bail_out 'the collector does not start'
    port=$(cat port)
    url=http://127.0.0.1:$port/upload/v1.0/uploader
    lines_url=http://127.0.0.1:$port/flows
}

stop_collector() {
    kill $collector
    wait $collector 2>/dev/null
    :
}

# wait_for WHAT COMMAND...: until COMMAND succeeds, for up to three minutes: 300 samples are synced one by one
wait_for() {
    what=$1
    shift
    tries=0
    while ! "$@" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -ge 1800 ]; then
            tap_note 'waited in vain for' "$what"
            return 1
        fi
        sleep 0.1
    done
}

# has_ended PROCESS: one of this shell, whether or not that has waited for it
has_ended() {
    [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# answers WORD...: sets how the collector answers the next requests
answers() {
    for word in "$@"; do
        echo "$word"
    done >script
    rm -f accepted.jsonl requests.jsonl whole
}

# accepted PROGRAM: the result of a jq program on the accepted samples, on one line
accepted() {
    [ -f accepted.jsonl ] || return 0
    jq -r "$1" accepted.jsonl | tr '\n' ' ' | sed 's/ $//'
}

words() {
    jq -r .word requests.jsonl | tr '\n' ' ' | sed 's/ $//'
}

# record DATE N: a Secflow of a sample, identified by its bytes
record() {
    printf '{"src":"10.0.0.1:1025","dst":"example.com:443","destinationNameSource":"passive",'
    printf '"srcPkts":1,"srcBytes":%d,"dstPkts":1,"dstBytes":60,"relativeStart":0.5,' "$2"
    printf '"protocolInformation":"","duration":0.25,"trafficDate":"%s.000000","proto":"tcp"}\n' "$1"
}

# send ARGUMENTS...: to the API, with a spool of its own
send() {
    "$tool" -k key -s spool -u "$url" "$@"
}

send_lines() {
    "$tool" -F ndjson -s spool -u "$lines_url" "$@"
}

# spooled [DIRECTORY]: names of complete samples, without what differs between runs
spooled() {
    (cd "${1:-spool}" && find . -maxdepth 1 -name '[0-9]*') |
        sed 's/^\.\/[0-9]*\.[0-9]*\.[0-9]*\.//' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}

# waits NAME: true if the sample NAME is complete in the spool
waits() {
    spooled | grep -q "$1"
}

# is_empty DESCRIPTION: nothing is in the spool, complete or not
is_empty() {
    is "$(find spool -mindepth 1 -name '*.*.*')" '' "$1: nothing is left in the spool"
}
