#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# flowupload: its behavior, keys and headers, TLS, proxies.

# shellcheck source=tests/flowupload-common.sh
. "${srcdir:?}/tests/flowupload-common.sh"

record 1700000000 1 >one.sf

introduces_itself
misused 'unknown option' -x one.sf
misused 'unknown long option' --nonsense one.sf
misused 'an option without its argument' -u
misused 'a long option without its argument' --linger
misused 'standard input twice' -n - -
misused 'no URL' one.sf
for bad in '' host ftp://host/ http:// 'http://a b/' http://user:secret@host/; do
    misused "the URL '$bad'" -u "$bad" one.sf
done
try="; try 'flowupload --help'"
complains "no collector: give -u URL or set SECFLOW_URL$try" one.sf
for bad in host host:8443/x ftp://host/; do
    complains "-u: the URL does not begin with https:// or http://$try" -u $bad one.sf
done
complains "-u: the URL cannot be understood; one such as https://collector.example/ is needed$try" -u 'http://a b/' one.sf
SECFLOW_URL=collector.example
export SECFLOW_URL
complains "SECFLOW_URL: the URL does not begin with https:// or http://$try" one.sf
unset SECFLOW_URL
misused 'a URL without a scheme, with a secret' -u user:secret@host one.sf
is "$(grep -c secret err)" 0 'what is secret in a URL is not repeated'
complains "-F: 'xml' is not networksage or ndjson$try" -n -F xml one.sf
complains "--type: 'json' is not pcap, pcapng, secflow or zeek$try" -u http://host/ --type json one.sf
misused '-t' -u http://host/ -t json one.sf
misused '-t records' -u http://host/ -t records one.sf
misused '-t without a file' -u http://host/ -t pcap
misused '-t with -n' -n -t pcap one.sf
misused '-t with ndjson' -u http://host/ -F ndjson -t pcap one.sf
misused '-t zeek of three' -u http://host/ -t zeek one.sf one.sf one.sf
misused '-z without ndjson' -u http://host/ -z one.sf
misused '--take and a file' -u http://host/ --take . one.sf
misused '--take -n' --take . -n
misused '--take -t' -u http://host/ --take . -t pcap one.sf
misused '--take --status' --take . --status
misused '--filter alone' -u http://host/ --filter cat one.sf
misused '-k with ndjson' -u http://host/ -F ndjson -k key one.sf
for number in 0 -1 1.5 x '' 99999999999999999999; do
    misused "-b '$number'" -n -b "$number" one.sf
    misused "-i '$number'" -n -i "$number" one.sf
    misused "--timeout '$number'" -u http://host/ --timeout "$number" one.sf
    misused "--max-bytes '$number'" -u http://host/ --max-bytes "$number" one.sf
    misused "--max-age '$number'" -u http://host/ --max-age "$number" one.sf
done
is "$(cat "$tmp/err")" \
    "flowupload: --max-age: '99999999999999999999' is not a time such as 90s, 5m or 12h; try 'flowupload --help'" \
    'what is not a time: message'
misused '--max-bytes with an unknown unit' -u http://host/ --max-bytes 1T one.sf
is "$(cat "$tmp/err")" "flowupload: --max-bytes: '1T' is not a size such as 64K, 10M or 2G; try 'flowupload --help'" \
    'what is not a size: message'
misused '--timeout of too long' -u http://host/ --timeout 61m one.sf
is "$(cat "$tmp/err")" "flowupload: --timeout: '61m' is more than 1h; try 'flowupload --help'" \
    'a time that is too long: message'
misused "--linger 'x'" -u http://host/ --linger x one.sf
for name in '' a/b "a$(printf '\t')b" "$(printf '%200d' 0)"; do
    misused "-N '$name'" -n -N "$name" one.sf
done
for header in x ': x' 'x y: z' 'x:' "$(printf 'x: a\rb')" "$(printf 'x: a\nApikey: b')"; do
    misused "-H '$header'" -u http://host/ -F ndjson -H "$header" one.sf
done
printf 'X: 1\n\nno header, but hush\n' >bad
misused '-H of a bad file' -u http://host/ -F ndjson -H @bad one.sf
like "$(cat err)" 'bad: line 3 is not a header' '-H of a bad file: the line'
is "$(grep -c hush err)" 0 '-H of a bad file: nothing of it'
for key in '' 'a\nb\n' '\n' 'a\001b' 'a\0b\n'; do
    # shellcheck disable=SC2059 # the key is a format
    printf "$key" >bad
    chmod 600 bad
    misused "the key '$key'" -u http://host/ -k bad one.sf
done
is_status 66 'a missing key: exit status' "$tool" -u http://host/ -k nothing one.sf
is_status 66 'missing headers: exit status' "$tool" -u http://host/ -H @nothing one.sf
# until_told DESCRIPTION REGEX: waits for a message of the last background process, and ends it; $? is its status
until_told() {
    ok "$1" wait_for 'a message' grep -Eq "$2" err
    kill $!
    wait $!
}
is_status 66 'a missing CA: exit status' "$tool" -s spool -u https://host/ --cacert nothing one.sf
: >empty
is_status 66 'an empty CA: exit status' "$tool" -s spool -u https://host/ --cacert empty one.sf
like "$(cat err)" '^flowupload: empty: it holds no certificate' 'an empty CA: message'
printf -- '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' >private
is_status 66 'a private key as CA: exit status' "$tool" -s spool -u https://host/ --cacert private one.sf
like "$(cat err)" '^flowupload: private: it holds no certificate' 'a private key as CA: message'
echo file >file
is_status 71 'a spool that is a file: exit status' "$tool" -s file -u http://host/ one.sf
like "$(cat err)" '^flowupload: file: cannot be the spool: ' 'a spool that is a file: message'
cp one.sf ./-n
is_status 0 '-- ends the options' "$tool" -n -- -n
is "$(jq -r .fileName out)" -n '-- ends the options: the file'
print_full() {
    "$tool" -n one.sf >/dev/full
}
if [ -c /dev/full ]; then
    is_status 74 '-n to a full disk: exit status' print_full
fi
print_closed() {
    "$tool" -n one.sf >&-
}
is_status 74 '-n without standard output: exit status' print_closed

start_collector
answers
to_nobody() {
    send one.sf >&-
}
is_status 74 'no standard output: exit status' to_nobody
is "$(accepted .fileName)" one.sf 'no standard output: the sample is sent'
is_empty 'no standard output'
gone() {
    { send one.sf one.sf; echo $? >status; } | :
}
rm -rf spool
is_status 0 'a reader that is gone: the pipe' gone
is "$(cat status)" 74 'a reader that is gone: exit status'

# Keys

printf 'secret\r\n\n' >key.crlf
chmod 644 key.crlf
answers
is_status 0 'a key with CR LF: exit status' "$tool" -k key.crlf -s spool -u "$url" one.sf
like "$(cat err)" '^flowupload: key.crlf: this file with a secret is readable by everyone' 'a key that everybody can read: message'
answers hang
"$tool" -k key -s spool -u "$url" one.sf >out 2>err &
sender=$!
ok 'a request is in flight' wait_for 'a request' test -f requests.jsonl
is "$(tr '\0' '\n' <"/proc/$sender/cmdline" | grep -c secret)" 0 'the key is not in the list of processes'
kill $sender
wait $sender
is "$(grep -c -e secret -e example.com out err)" 'out:0
err:0' 'neither key nor records are told of'
rm -rf spool

# What is not a file is not waited for without end as a key, as headers, or as certificates; a pipe is
# for some seconds, whoever writes to it and when.

mkfifo pipe
: >blank
for secret in pipe /dev/zero blank; do
    for option in -k -H --cacert; do
        case $option in
        -H) set -- -H "@$secret" ;;
        *) set -- $option $secret ;;
        esac
        status=0
        timeout 60 "$tool" -s spool -u "$url" "$@" one.sf >out 2>err || status=$?
        case $secret,$option in
        pipe,*) is $status 66 "$option $secret: exit status" ;;
        /dev/zero,*) like "$status" '^6[46]$' "$option $secret: exit status" ;;
        *,-k) is $status 64 "$option $secret: exit status" ;;
        *,--cacert) is $status 66 "$option $secret: exit status" ;;
        *,-H) is $status 77 "$option $secret: no headers, and so no right" ;;
        esac
        rm -rf spool
    done
done
sh -c 'sleep 1; cat key >pipe' &
answers
is_status 0 'a key from a pipe that is opened later: exit status' "$tool" -k pipe -s spool -u "$url" one.sf
rm pipe

# A key that others on the way can read; a proxy on loopback, where nobody listens, gets the requests

export http_proxy=http://127.0.0.1:9/ https_proxy=http://127.0.0.1:9/
for place in http://192.0.2.1/ http://example.invalid/?token=SECRET http://127.0.0.1:9/ \
    http://localhost:9/ 'http://[::1]:9/' https://192.0.2.1/; do
    "$tool" -k key -s spool -u "$place" --linger 0 --timeout 1 one.sf >out 2>err
    case $place in
    *192.0.2.1/ | *invalid*) want=1 ;;
    *) want=0 ;;
    esac
    [ $place = https://192.0.2.1/ ] && want=0
    is "$(grep -c 'goes to another machine without encryption' err)" $want "a key to $place: a warning, or none"
    is "$(grep -c SECRET err)" 0 "a key to $place: no secret is told"
done
"$tool" -F ndjson -s spool -u http://192.0.2.1/ --linger 0 --timeout 1 one.sf >out 2>err
is "$(grep -c 'without encryption' err)" 0 'no key: no warning'
unset http_proxy https_proxy
rm -rf spool
for proxy in 'socks9://pu:SECRET@127.0.0.1:1' 'http://pu:SECRET@127.0.0.1:1' 'http://pu:SECRET@127.0.0.1:x' \
    'http://pu:SECRET' 'pu:SECRET@[::'; do
    https_proxy=$proxy "$tool" -v -k key -s spool -u https://collector.invalid/?q=SECRET one.sf >out 2>err &
    until_told "a proxy $proxy: it is told that it fails" 'one.sf: .*failed 1 time'
    is "$(grep -c SECRET err)" 0 "a proxy $proxy: its password is not told"
    rm -rf spool
done

# A name with control characters

is_status 66 'a name with control characters: exit status' "$tool" -n "$(printf 'a\033[31m\302\233\177\303\274')"
is "$(cat err)" "$(printf 'flowupload: a\\x1b[31m\\xc2\\x9b\\x7f\303\274: cannot open: No such file or directory')" \
    'a name with control characters: they are escaped'
is_status 66 'a name that turns the line around: exit status' "$tool" -n "$(printf 'a\342\200\256fs.b\233')"
is "$(cat err)" 'flowupload: a\xe2\x80\xaefs.b\x9b: cannot open: No such file or directory' \
    'a name that turns the line around, and bytes that are not UTF-8: they are escaped'

both() {
    NETWORKSAGE_API_KEY=wrong send one.sf
}
answers
is_status 0 '-k is stronger than the environment' both
no_key_for_lines() {
    NETWORKSAGE_API_KEY=secret send_lines one.sf
}
answers
is_status 0 'the key of the environment, and ndjson: exit status' no_key_for_lines
is "$(jq -c .headers.apikey requests.jsonl)" null 'the key of the environment is not for others'

# The key that systemd put into a file, if nothing else gives one; empty, it means no key

mkdir credentials
credential() {
    CREDENTIALS_DIRECTORY=credentials "$tool" -s spool -u "$@" one.sf
}
answers
is_status 77 'no credential, and a collector that wants a key: exit status' credential "$url"
like "$(cat err)" 'HTTP 401 .*no permission to upload' 'no credential: it is said'
rm -rf spool
for empty in '' '\n'; do
    printf "$empty" >credentials/key
    chmod 400 credentials/key
    answers
    is_status 77 'an empty credential, and a collector that wants a key: exit status' credential "$url"
    is "$(jq -c .headers.apikey requests.jsonl)" null 'an empty credential: no key is sent'
    rm -rf spool credentials/key
done
cp key credentials/key
answers
is_status 0 'a credential: exit status' credential "$url"
is "$(jq -r .headers.apikey requests.jsonl)" secret 'a credential is the key'
answers
is_status 0 'a credential, and ndjson: exit status' credential "$lines_url" -F ndjson
is "$(jq -c .headers.apikey requests.jsonl)" null 'a credential is not for others'
stronger() {
    CREDENTIALS_DIRECTORY=credentials NETWORKSAGE_API_KEY=secret "$tool" -s spool -u "$url" one.sf
}
echo wrong >credentials/key
answers
is_status 0 'the environment is stronger than a credential' stronger
rm -rf spool

from_environment() {
    SECFLOW_URL=$url "$tool" -k key -s spool one.sf
}
answers
is_status 0 'SECFLOW_URL: exit status' from_environment
is "$(accepted .fileName)" one.sf 'SECFLOW_URL: the sample is sent'

# The spool's default

if [ "$(id -u)" != 0 ]; then
    at_home() {
        HOME=$tmp/home XDG_STATE_HOME=$1 "$tool" -k key -u "$url" --linger 0 one.sf
    }
    is_status 75 'a spool at home: exit status' at_home ''
    is "$(spooled home/.local/state/secflow/spool)" records.one.sf 'a spool at home'
    is_status 75 'a spool in XDG_STATE_HOME: exit status' at_home "$tmp/state"
    is "$(spooled state/secflow/spool)" records.one.sf 'a spool in XDG_STATE_HOME'
else
    skip 'a spool at home' 'root has another'
fi

# A proxy, which sees no key when TLS is tunnelled through it

through_proxy() {
    http_proxy=http://127.0.0.1:$port send -u http://collector.invalid/upload one.sf
}
answers
is_status 0 'a proxy: exit status' through_proxy
is "$(jq -r '.path, .headers.Host' requests.jsonl)" 'http://collector.invalid/upload
collector.invalid' 'a proxy: it is asked for the collector'
stop_collector

# TLS with a CA of the test

if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem \
        -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr 2>/dev/null
    echo 'subjectAltName=DNS:localhost' >extensions
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile extensions -out server.pem 2>/dev/null
    start_collector 0 server.pem server.key
    url=https://localhost:$port/upload
    answers
    "$tool" -k key -s spool -u "$url" one.sf >out 2>err &
    until_told 'TLS, an unknown CA: message' \
        "^flowupload: $url: .*certificate.*; will retry; --cacert adds certificates to trust$"
    is $? 75 'TLS, an unknown CA: exit status'
    is "$(accepted .fileName)" '' 'TLS, an unknown CA: nothing is sent'
    is_status 0 'TLS, with --cacert: exit status' send --cacert ca.pem one.sf
    is "$(accepted .fileName)" 'one.sf one.sf' 'TLS, with --cacert: both samples are sent'
    url=https://127.0.0.1:$port/upload
    answers
    "$tool" -k key -s spool -u "$url" --cacert ca.pem one.sf >out 2>err &
    until_told 'TLS, another name: message' "^flowupload: $url: .*certificate.*; will retry$"
    is $? 75 'TLS, another name: exit status'
    is "$(accepted .fileName)" '' 'TLS, another name: nothing is sent'
    url=https://localhost:$port/upload
    logged() {
        SSLKEYLOGFILE=$tmp/keylog send --cacert ca.pem one.sf
    }
    is_status 0 'TLS, SSLKEYLOGFILE: exit status' logged
    ok 'TLS, SSLKEYLOGFILE: no secrets are written there' test ! -e keylog
    stop_collector
else
    skip TLS 'no openssl'
fi

done_testing
