#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pcap2flow: from packets to records. Which flows there are, who is their source, what they count,
# and what their destination is called.

# shellcheck source=tests/pcap2flow-common.sh
. "${srcdir:?}/tests/pcap2flow-common.sh"

# jq programs. us: a time as an integer, since versions of jq differ in how they write 1.0.
us='def us: . * 1000000 | round;'
pairs='inputs | "\(.src) > \(.dst)"'
times="$us"'inputs | "\(.src) > \(.dst) \(.srcPkts) \(.dstPkts) \(.trafficDate) " +
    "\(.relativeStart | us) \(.duration | us)"'
destinations='inputs.dst | sub(":9$"; "")'

# The record

records '' 'records of TCP, UDP, ICMP and ICMPv6' "$tool" "$cap/records.pcap" <<'EOF'
{"src":"192.168.1.10:50001","dst":"www.example.com:443","destinationNameSource":"passive","srcPkts":2,"srcBytes":517,"dstPkts":1,"dstBytes":0,"relativeStart":0.25,"protocolInformation":"","duration":0.55,"trafficDate":"1700000000.000000","proto":"tcp"}
{"src":"[fd00::10]:50002","dst":"[2001:4860:4860::8888]:443","destinationNameSource":"original","srcPkts":1,"srcBytes":1200,"dstPkts":0,"dstBytes":0,"relativeStart":1.0,"protocolInformation":"","duration":0.0,"trafficDate":"1700000000.000000","proto":"udp"}
{"src":"192.168.1.10","dst":"1.1.1.1","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":1,"dstBytes":0,"relativeStart":2.0,"protocolInformation":"ICMP","duration":0.000125,"trafficDate":"1700000000.000000","proto":"icmp"}
{"src":"fd00::10","dst":"2001:4860:4860::8888","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":0,"dstBytes":0,"relativeStart":3.0,"protocolInformation":"ICMP","duration":0.0,"trafficDate":"1700000000.000000","proto":"icmp6"}
EOF

records '' '-x adds the start, the tuple before naming and its Community ID' \
    "$tool" -x "$cap/records.pcap" <<'EOF'
{"src":"192.168.1.10:50001","dst":"www.example.com:443","destinationNameSource":"passive","srcPkts":2,"srcBytes":517,"dstPkts":1,"dstBytes":0,"relativeStart":0.25,"protocolInformation":"","duration":0.55,"trafficDate":"1700000000.000000","proto":"tcp","start":"2023-11-14T22:13:20.250000Z","srcIp":"192.168.1.10","srcPort":50001,"dstIp":"8.8.8.8","dstPort":443,"dstName":"www.example.com","communityId":"1:hxu53x4rUGzOGeshYFwQFFaU4mo="}
{"src":"[fd00::10]:50002","dst":"[2001:4860:4860::8888]:443","destinationNameSource":"original","srcPkts":1,"srcBytes":1200,"dstPkts":0,"dstBytes":0,"relativeStart":1.0,"protocolInformation":"","duration":0.0,"trafficDate":"1700000000.000000","proto":"udp","start":"2023-11-14T22:13:21.000000Z","srcIp":"fd00::10","srcPort":50002,"dstIp":"2001:4860:4860::8888","dstPort":443,"communityId":"1:cLam1OiTZBomYZtxjg3S1f5+7xU="}
{"src":"192.168.1.10","dst":"1.1.1.1","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":1,"dstBytes":0,"relativeStart":2.0,"protocolInformation":"ICMP","duration":0.000125,"trafficDate":"1700000000.000000","proto":"icmp","start":"2023-11-14T22:13:22.000000Z","srcIp":"192.168.1.10","dstIp":"1.1.1.1","communityId":"1:h61DOJcS3IYWPM+sYQhRchvIxrw="}
{"src":"fd00::10","dst":"2001:4860:4860::8888","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":0,"dstBytes":0,"relativeStart":3.0,"protocolInformation":"ICMP","duration":0.0,"trafficDate":"1700000000.000000","proto":"icmp6","start":"2023-11-14T22:13:23.000000Z","srcIp":"fd00::10","dstIp":"2001:4860:4860::8888","communityId":"1:CutDKMK4y0w/NUdH8VMimMYRZwY="}
EOF

records 'inputs.communityId' 'Community ID: the vectors of its specification' \
    "$tool" -ax "$cap/ids.pcap" <<'EOF'
1:LQU9qZlK+B5F3KDmev6m5PMibrg=
1:d/FP5EW3wiY1vCndhwleRRKHowQ=
1:X0snYXpgwiv9TZtqg64sgzUn6Dk=
1:YHxtAirCG//0OzkcVAukqKQN9xM=
1:dGHyGvjMfljg6Bppwm3bg0LO8TY=
1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=
EOF

# seconds FILE: relativeStart and duration as written.
seconds() {
    "$tool" "$1" | sed 's/.*"relativeStart":\([^,]*\),.*"duration":\([^,]*\),.*/\1 \2/'
}

records '' 'how times are written' seconds "$cap/numbers.pcap" <<'EOF'
0.0 0.0
0.000001 1.499999
0.1 9.9
100.00001 0.0
EOF

records "$destinations" 'how IPv6 addresses are written' "$tool" "$cap/forms6.pcap" <<'EOF'
[2a00:0:0:1::1]
[2a00::1:1:0:0:1]
[2a00:0:1:1:1:1:1:1]
[2a00::]
[2a00:ab::c]
EOF

records '[inputs.src | split(":")[1]] | join(" ")' 'sorted by start, then by first packet' \
    "$tool" "$cap/sorted.pcap" <<'EOF'
50005 50004 50002 50003 50001
EOF

# What is one flow, and when

records "$us"'inputs | "\(.proto) \(.src) > \(.dst) \(.srcPkts) \(.srcBytes) \(.dstPkts) " +
    "\(.dstBytes) \(.relativeStart | us) \(.duration | us)"' \
    'a 5-tuple is one flow, ICMP a pair of addresses' "$tool" "$cap/flows.pcap" <<'EOF'
tcp 192.168.1.10:50001 > 8.8.8.8:443 5 10 3 20 0 86401000000
udp 192.168.1.10:50001 > 8.8.8.8:443 1 30 0 0 86402000000 0
icmp 192.168.1.10 > 8.8.8.8 1 0 2 0 86403000000 2000000
icmp6 fd00::10 > 2001:4860:4860::8888 1 0 1 0 86406000000 1000000
EOF

records "$times" 'packets out of order' "$tool" "$cap/unordered.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 2 2 1700000002.500000 0 6500000
EOF

# Who is the source. The arrow shows the direction of the flow's only packet.

records 'inputs | "\(.src) \(if .srcPkts == 1 then "->" else "<-" end) \(.dst)"' \
    'the seven source rules' "$tool" "$cap/source.pcap" <<'EOF'
8.8.8.8:443 -> 192.168.1.10:50001
8.8.8.8:443 <- 192.168.1.10:50002
192.168.1.10:50003 -> 8.8.8.8:443
192.168.1.10:50004 <- 8.8.8.8:443
8.8.8.8:500 -> 239.1.2.3:5004
8.8.8.8:500 -> 255.255.255.255:5004
2a00::1 -> ff02::1:ff00:2
8.8.8.1 -> 192.168.1.10
192.168.1.10 <- 8.8.8.2
8.8.8.3 <- 192.168.1.10
8.8.8.4 <- 192.168.1.10
2001:4860:4860::8888 <- fd00::10
192.168.1.10 <- 8.8.8.5
192.168.1.10 -> 8.8.8.6
8.8.8.7 -> 1.1.1.1
8.8.8.8:51820 -> 192.168.1.10:36116
8.8.8.8:1024 -> 192.168.1.10:1025
192.168.1.10:1024 <- 8.8.8.8:1023
8.8.8.8:500 -> 192.168.1.10:501
8.8.8.8:1024 <- 192.168.1.10:1000
[fd00::10]:1000 -> [2001:4860:4860::8888]:1023
8.8.8.8:1024 -> 1.1.1.1:1025
1.1.1.1:1024 <- 8.8.8.8:1023
8.8.8.8:1024 -> 1.1.1.1:1023
1.1.1.1:600 <- 8.8.8.8:500
192.168.1.10:49152 -> 8.8.8.8:50000
8.8.8.8:50000 <- 192.168.1.10:49151
192.168.1.10:49151 -> 8.8.8.8:49151
8.8.8.8:49152 <- 192.168.1.10:49151
192.168.1.10:1000 -> 8.8.8.8:1023
8.8.8.8:1024 <- 192.168.1.10:1000
192.168.1.10:6000 -> 8.8.8.8:5000
8.8.8.8:6000 <- 192.168.1.10:5000
192.168.1.10:5000 -> 8.8.8.8:5000
8.8.8.8:50006 -> 192.168.1.10:49152
192.168.1.10:50005 <- 8.8.8.8:49152
192.168.1.10:1025 <- 8.8.8.8:1024
8.8.8.8:1023 -> 192.168.1.10:1002
8.8.8.8:5001 -> 192.168.1.10:5001
EOF

records "$times" 'the first packet in the input decides' "$tool" "$cap/source-order.pcap" <<'EOF'
8.8.8.8:8080 > 192.168.1.10:1025 1 1 1700000001.000000 0 4000000
EOF

# What is kept

records "$destinations" 'local and other addresses of IPv4' "$tool" "$cap/locality.pcap" <<'EOF'
1.0.0.0
9.255.255.255
11.0.0.0
100.63.255.255
100.128.0.0
126.255.255.255
128.0.0.0
169.253.255.255
169.255.0.0
172.15.255.255
172.32.0.0
191.255.255.255
192.0.0.9
192.0.0.10
192.0.1.0
192.0.1.255
192.0.3.0
192.167.255.255
192.169.0.0
198.17.255.255
198.20.0.0
198.51.99.255
198.51.101.0
203.0.112.255
203.0.114.0
223.255.255.255
EOF

records "$destinations" 'local and other addresses of IPv6' "$tool" "$cap/locality6.pcap" <<'EOF'
[64:ff9b::808:808]
[2001:1::1]
[2001:1::2]
[2001:3::1]
[2001:4:112::1]
[2001:20::1]
[2001:2f:ffff::1]
[2001:200::1]
[2001:db7:ffff::1]
[2001:db9::1]
[2620:4f:8000::1]
[3fff:1000::1]
EOF

records "$pairs" 'one side on the Internet is enough' "$tool" "$cap/transit.pcap" <<'EOF'
9.9.9.9:50001 > 8.8.8.8:443
9.9.9.9:50002 > 255.255.255.255:443
9.9.9.9:50003 > 239.1.1.1:443
EOF

# Each neighbor came twice, over UDP at the peer and over TCP at the local side.
records '[inputs.dst | split(":")[1] | tonumber] | group_by(.) |
    map("\(.[0]):\(length)") | join(" ")' \
    'service ports are dropped on either side, their neighbours are not' \
    "$tool" "$cap/services.pcap" <<'EOF'
66:2 69:2 136:2 138:2 140:2 388:2 390:2 444:2 446:2 635:2 637:2 1899:2 1901:2 5352:2 5354:2 5356:2
EOF
records '[inputs] | length' '-a keeps service ports' "$tool" -a "$cap/services.pcap" <<'EOF'
72
EOF

records "$times" 'local DNS starts the sample, other local traffic does not' \
    "$tool" "$cap/dns-start.pcap" <<'EOF'
192.168.1.10:50001 > www.example.com:443 1 0 1700000002.000000 2000000 0
EOF
records "$pairs" '-a keeps local traffic and local DNS' "$tool" -a "$cap/dns-start.pcap" <<'EOF'
192.168.1.10:50000 > 192.168.1.20:22
192.168.1.10:40000 > 192.168.1.1:53
192.168.1.10:50001 > www.example.com:443
EOF
records '' 'local DNS alone is no record' "$tool" -q "$cap/dns-only.pcap" </dev/null
records '' 'other protocols are passed over' "$tool" -aq "$cap/skipped.pcap" </dev/null

# Packets and bytes

records 'inputs | "\(.src | split(":")[-1]) \(.srcPkts) \(.srcBytes)"' \
    'bytes are what the headers say' "$tool" "$cap/bytes.pcap" <<'EOF'
50001 1 0
50002 1 3
50003 1 1
50004 1 1400
50005 1 1400
50006 1 1400
50007 1 5000
50008 1 5000
50009 1 5000
50010 1 5000
50011 1 70000
50012 1 10
50013 1 10
50014 1 10
192.168.1.10 1 0
EOF

records "$flows" 'fragments belong to the flow of the first' "$tool" "$cap/fragments.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 3 3000 2 2000
192.168.1.10:50002 > 8.8.8.8:443 2 2000 0 0
192.168.1.10:50003 > 8.8.8.8:443 2 2500 0 0
192.168.1.10:50004 > 8.8.8.8:443 2 2000 0 0
[fd00::10]:50005 > [2001:4860:4860::8888]:443 3 3000 0 0
[fd00::10]:50007 > [2001:4860:4860::8888]:443 1 100 0 0
EOF

records "$flows" 'captured just far enough' "$tool" "$cap/cut.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 1 100 0 0
192.168.1.10:50002 > 8.8.8.8:443 1 100 0 0
192.168.1.10 > 8.8.8.8 1 0 0 0
[fd00::10]:50003 > [2001:4860:4860::8888]:443 1 100 0 0
EOF

records "$flows" 'damaged packets are nothing, and no damage to the file' \
    "$tool" -a "$cap/damaged.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 1 0 0 0
EOF

# Names

records "$names" 'the latest name before a flow, else the earliest after it' \
    "$tool" "$cap/names-time.pcap" <<'EOF'
50000 first.example:443 passive
50001 first.example:443 passive
50002 second.example:443 passive
50003 fourth.example:443 passive
50004 sooner.example:443 passive
50005 unordered.example:443 passive
50006 8.0.0.4:443 original
EOF

records "$names" 'names from each kind of DNS record' "$tool" "$cap/names-records.pcap" <<'EOF'
50001 www.example.com:443 passive
50002 mail.example.com:443 passive
50003 ns1.example.com:443 passive
50004 ns2.example.com:443 passive
50005 svc.example.com:443 passive
50006 svc.example.com:443 passive
50007 hint.example.com:443 passive
50008 six.example.com:443 passive
50009 many.example.com:443 passive
50010 many.example.com:443 passive
50011 tcp.example.com:443 passive
50012 tcp2.example.com:443 passive
50013 8.0.1.10:443 original
50014 8.0.1.11:443 original
192.168.1.10 mail.example.com passive
EOF

records "$names" 'DNS over TCP, however it is cut into segments' "$tool" "$cap/names-tcp.pcap" <<'EOF'
50001 m1.example:443 passive
50002 m2.example:443 passive
50003 m3.example:443 passive
50004 m4.example:443 passive
50005 m5.example:443 passive
50006 m6.example:443 passive
50007 m7.example:443 passive
EOF

records "$names" 'DNS over UDP in fragments' "$tool" "$cap/names-fragments.pcap" <<'EOF'
50001 f1.example:443 passive
50002 f2.example:443 passive
50003 f3.example:443 passive
50004 f4.example:443 passive
50005 8.0.6.5:443 original
50007 8.0.6.7:443 original
50008 f8.example:443 passive
50006 8.0.6.6:443 original
EOF

records "$pairs" 'DNS with the Internet names and is a flow' \
    "$tool" "$cap/names-internet.pcap" <<'EOF'
192.168.1.10:40000 > 9.9.9.9:53
192.168.1.10:50001 > www.example.com:443
EOF

records "$names" 'no names from sessions unless asked' "$tool" "$cap/names-session.pcap" <<'EOF'
50001 8.8.8.8:80 original
EOF

records "$names" 'names beside Encrypted Client Hello, but for those of fronts' \
    "$tool" -S "$cap/names-ech.pcap" <<'EOF'
50001 once.example:443 session
50002 twice.example:443 session
50003 twice.example:443 session
50004 8.8.8.8:443 original
50005 8.8.8.8:443 original
50006 8.8.8.8:443 original
50007 often.example:443 session
50008 often.example:443 session
50009 often.example:443 session
50010 often.example:443 session
50011 plain.example:443 session
EOF
records "$names" 'in windows a name counts until the evidence is there' \
    "$tool" -S -d 5 -f 'port 50004 or port 50005 or port 50006' "$cap/names-ech.pcap" <<'EOF'
50004 front.example:443 session
50005 front.example:443 session
50006 8.8.8.8:443 original
EOF

records 'inputs.dst | sub(":443$"; "")' 'how names are written' "$tool" "$cap/names-text.pcap" <<'EOF'
www.example.com
dot\.dot.example
sp\032ace.example
caf\195\169.example
\201.example
back\\slash.example
quo"te.example
nul\000.example
tab\009del\127.example
!edge~.example
_sip._tcp.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
EOF

records "$names" 'hostile DNS costs its own messages only' "$tool" "$cap/names-hostile.pcap" <<'EOF'
50001 before.example:443 passive
50002 after.example:443 passive
EOF

# Tunnels: the file, the family of the innermost packet, and what -T makes of the outermost.

while read -r tunnel family outer <&3; do
    case $family in
    4) inner='192.168.1.10:50001 > 8.8.8.8:443 1 10 0 0' ;;
    6) inner='[fd00::10]:50001 > [2001:4860:4860::8888]:443 1 10 0 0' ;;
    esac
    records "$flows" "tunnel $tunnel is opened" "$tool" "$cap/tunnel-$tunnel.pcap" <<EOF
$inner
EOF
    records "$flows" "tunnel $tunnel stays closed" "$tool" -qT "$cap/tunnel-$tunnel.pcap" <<EOF
$outer
EOF
done 3<<'EOF'
ipip 4
4in6 4
6in4 6
6in6 6
gre 4
gre-c 4
gre-k 4
gre-s 4
gre-ck 4
gre-cs 4
gre-ks 4
gre-cks 4
gre-over-ipv6 4
gre-inner-ipv6 6
gre-ethernet 4
gre-ethernet-vlan 4
erspan-1 4
erspan-2 4
vxlan 4 10.9.0.1:50000 > 8.8.4.4:4789 1 72 0 0
vxlan-vlan 4 10.9.0.1:50000 > 8.8.4.4:4789 1 76 0 0
vxlan-over-ipv6 4 [fd00::9]:50000 > [2001:4860:4860::8844]:4789 1 72 0 0
geneve 4 10.9.0.1:50000 > 8.8.4.4:6081 1 72 0 0
geneve-options 4 10.9.0.1:50000 > 8.8.4.4:6081 1 80 0 0
geneve-ip 4 10.9.0.1:50000 > 8.8.4.4:6081 1 58 0 0
gtpu 4 10.9.0.1:50000 > 8.8.4.4:2152 1 58 0 0
gtpu-sequence 4 10.9.0.1:50000 > 8.8.4.4:2152 1 62 0 0
gtpu-extension 4 10.9.0.1:50000 > 8.8.4.4:2152 1 66 0 0
gtpu-inner-ipv6 6 10.9.0.1:50000 > 8.8.4.4:2152 1 78 0 0
nested 4
EOF

records "$pairs" 'a tunnel is kept for what is inside' "$tool" "$cap/tunnel-ends.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443
EOF

done_testing
