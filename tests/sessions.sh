#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Session names (-S) of pcap2flow and flowcap: in made traffic, and of real clients on loopback, where
# servers and a capture are possible.

tool_name=pcap2flow
# shellcheck source=tests/tool.sh
. "${srcdir:?}/tests/tool.sh"
# shellcheck source=tests/network.sh
. "$srcdir/tests/network.sh"

bindir=$(dirname "$tool")
python=${PYTHON:-python3}
cd "$tmp" || exit 99
who='inputs | "\(.srcIp) \(.dstPort) \(.dst) \(.destinationNameSource)"'

# Made traffic: TLS, HTTP and QUIC, with the DNS before it and without

"$bindir/tests/traffic" demo trace.pcap >out || bail_out 'no capture'
named() {
    "$tool" -xS "$@" trace.pcap | jq -rn "$who" | grep session | sort | uniq -c | sed 's/^ *//'
}
cat >want <<'E2'
1 192.168.1.20 80 www.example.com:80 session
3 192.168.1.20 443 www.example.com:443 session
1 192.168.1.31 443 video.example.com:443 session
2 192.168.1.31 443 cdn.example.org:443 session
23 192.168.1.77 8443 unknown:8443 session
1 fd5e:cf10:e::20 443 cdn.example.org:443 session
1 fd5e:cf10:e::31 993 mail.example.net:993 session
E2
sort -k 2 want >sorted
is "$(named | sort -k 2)" "$(cat sorted)" 'TLS, HTTP and QUIC name their destinations'
is "$(named -f 'not port 53' | sort -k 2)" "$(cat sorted)" 'without any DNS, too'
is "$("$tool" trace.pcap | jq -rn '[inputs.destinationNameSource] | unique | join(" ")')" \
    'original passive' 'not without -S'
is "$("$tool" -S -d 1 trace.pcap | jq -rn '[inputs | select(.dst | startswith("cdn.")) | .src] | unique | length')" 3 \
    'in windows: the flows of a name'
is "$("$tool" -S -d 1 -f 'not port 53' trace.pcap | jq -rn '[inputs | select(.dst | test("^(1.1.1.1|1.0.0.1|199.7.83.42):443"))] | length')" \
    0 'in windows: a name holds in each later one'
"$tool" -S - <trace.pcap >out
is "$("$tool" -S trace.pcap)" "$(cat out)" 'from standard input'

# Real clients

choose_network
for needed in ip openssl curl dumpcap; do
    command -v $needed >/dev/null || missing="${missing:-}$needed "
done
if [ -z "$enter" ] || [ -n "${missing:-}" ]; then
    skip 'real clients' "no network namespace, or not there: ${missing:-}"
    done_testing
    exit
fi

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 \
    -subj /CN=tls.example >out 2>&1 || bail_out 'no certificate'
export tool bindir python
cat >clients.sh <<'E2'
. "$network"
listens() {
    grep -q "0100007F:$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}
ip link set lo up
openssl s_server -accept 127.0.0.1:8443 -key key.pem -cert cert.pem -quiet >out 2>&1 &
servers=$!
"$python" -m http.server --bind 127.0.0.1 8080 >out 2>&1 &
servers="$servers $!"
until_true listens 8443
until_true listens 8080
dumpcap -q -i lo -P -f tcp -w lo.pcap >dump.log 2>&1 &
dump=$!
"$bindir/flowcap" -i lo -aS -d 1000000 -Z "$user" >live.sf 2>live.log &
cap=$!
until_true grep -q '^File: ' dump.log
until_it_captures
hello() {
    echo | openssl s_client -connect 127.0.0.1:8443 "$@" >out 2>&1
}
hello -servername TLS.Example
hello -servername old.example -tls1_2
hello -noservername
curl -s -o out --resolve HTTP.Example:8080:127.0.0.1 http://HTTP.Example:8080/
curl -s -o out http://127.0.0.1:8080/
until_true grep -aq 'Host: 127.0.0.1:8080' lo.pcap
until_true has_passed_on
kill $dump $cap
wait $dump $cap
kill $servers
E2
$enter sh ./clients.sh >clients.log 2>&1 3>&-
cat >want <<'E2'
8080 127.0.0.1:8080 original
8080 http.example:8080 session
8443 127.0.0.1:8443 original
8443 old.example:8443 session
8443 tls.example:8443 session
E2
said='inputs | select(.dstPort == 8443 or .dstPort == 8080) | "\(.dstPort) \(.dst) \(.destinationNameSource)"'
is "$("$tool" -aSx lo.pcap | jq -rn "$said" | sort)" "$(cat want)" \
    'pcap2flow: openssl and curl, as dumpcap saw them'
said='inputs | select(.src | startswith("127.")) | select(.dst | test(":8(443|080)$")) |
    "\(.dst | split(":")[-1]) \(.dst) \(.destinationNameSource)"'
is "$(jq -rn "$said" live.sf | sort)" "$(cat want)" 'flowcap: openssl and curl'

done_testing
