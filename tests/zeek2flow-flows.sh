#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zeek2flow: from rows to records. Which flows there are, who is their source, what they count, and
# what their destination is called.

# shellcheck source=tests/zeek2flow-common.sh
. "${srcdir:?}/tests/zeek2flow-common.sh"

cd "$tmp" || exit 99
sources='inputs | "\(.src) > \(.dst)"'
whole='inputs | "\(.src) > \(.dst) \(.srcPkts) \(.srcBytes) \(.dstPkts) \(.dstBytes) \(.trafficDate) " +
    "\(.relativeStart * 1000000 | round) \(.duration * 1000000 | round)"'

# The record

conn >conn.log <<'EOF'
1700000000.250000 192.168.1.10 50001 8.8.8.8 443 tcp 0.55 517 0 ShADad 2 1
1700000001.000000 fd00::10 50002 2001:4860:4860::8888 443 udp - - - D 1 0
1700000002.000000 192.168.1.10 8 1.1.1.1 0 icmp 0.000125 56 56 - 1 1
1700000003.000000 fd00::10 128 2001:4860:4860::8888 129 icmp - - - - 1 0
EOF
look_up 1700000000 www.example.com 8.8.8.8 | dns >dns.log
records '' 'records of TCP, UDP, ICMP and ICMPv6, as pcap2flow writes them' \
    "$tool" -x conn.log dns.log <<'EOF'
{"src":"192.168.1.10:50001","dst":"www.example.com:443","destinationNameSource":"passive","srcPkts":2,"srcBytes":517,"dstPkts":1,"dstBytes":0,"relativeStart":0.0,"protocolInformation":"","duration":0.55,"trafficDate":"1700000000.250000","proto":"tcp","start":"2023-11-14T22:13:20.250000Z","srcIp":"192.168.1.10","srcPort":50001,"dstIp":"8.8.8.8","dstPort":443,"dstName":"www.example.com","communityId":"1:hxu53x4rUGzOGeshYFwQFFaU4mo="}
{"src":"[fd00::10]:50002","dst":"[2001:4860:4860::8888]:443","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":0,"dstBytes":0,"relativeStart":0.75,"protocolInformation":"","duration":0.0,"trafficDate":"1700000000.250000","proto":"udp","start":"2023-11-14T22:13:21.000000Z","srcIp":"fd00::10","srcPort":50002,"dstIp":"2001:4860:4860::8888","dstPort":443,"communityId":"1:cLam1OiTZBomYZtxjg3S1f5+7xU="}
{"src":"192.168.1.10","dst":"1.1.1.1","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":1,"dstBytes":0,"relativeStart":1.75,"protocolInformation":"ICMP","duration":0.000125,"trafficDate":"1700000000.250000","proto":"icmp","start":"2023-11-14T22:13:22.000000Z","srcIp":"192.168.1.10","dstIp":"1.1.1.1","communityId":"1:h61DOJcS3IYWPM+sYQhRchvIxrw="}
{"src":"fd00::10","dst":"2001:4860:4860::8888","destinationNameSource":"original","srcPkts":1,"srcBytes":0,"dstPkts":0,"dstBytes":0,"relativeStart":2.75,"protocolInformation":"ICMP","duration":0.0,"trafficDate":"1700000000.250000","proto":"icmp6","start":"2023-11-14T22:13:23.000000Z","srcIp":"fd00::10","dstIp":"2001:4860:4860::8888","communityId":"1:CutDKMK4y0w/NUdH8VMimMYRZwY="}
EOF

# Community IDs of the log: of other seeds too, the one of a flow's first row, and none

tsv conn 'ts id.orig_h id.orig_p id.resp_h id.resp_p proto community_id' >ids.log <<'EOF'
1 128.232.110.120 34855 66.35.250.204 80 tcp 1:LQU9qZlK+B5F3KDmev6m5PMibrg=
2 192.168.1.10 50001 8.8.8.8 443 tcp 1:of/another/seed++++++++++++=
3 8.8.8.8 443 192.168.1.10 50001 tcp 1:not/this/one+++++++++++++++=
4 192.168.1.10 50002 8.8.8.8 443 tcp -
5 192.168.0.89 8 192.168.0.1 0 icmp 1:X0snYXpgwiv9TZtqg64sgzUn6Dk=
6 10.0.0.1 11 10.0.0.2 0 icmp -
EOF
records 'inputs.communityId' 'Community IDs as logged, computed where the log has none' \
    "$tool" -ax ids.log <<'EOF'
1:LQU9qZlK+B5F3KDmev6m5PMibrg=
1:of/another/seed++++++++++++=
1:edWOOr181UB8kNuBRXNLoSTDayk=
1:X0snYXpgwiv9TZtqg64sgzUn6Dk=
1:YHxtAirCG//0OzkcVAukqKQN9xM=
EOF

# What Zeek calls it, with -x: the first row of a flow has the uid, the first with a service that

tsv conn 'ts id.orig_h id.orig_p id.resp_h id.resp_p proto uid community_id service' >words.log <<'EOF'
1 192.168.1.10 50001 8.8.8.8 443 tcp CHhAvVGS1DHFjwGM9 - ssl
2 192.168.1.10 50002 8.8.8.8 443 tcp C2 1:of/another/seed++++++++++++= -
3 192.168.1.10 50003 8.8.8.8 443 tcp - - gssapi,smb
4 192.168.1.10 50004 8.8.8.8 443 tcp - - (empty)
5 192.168.1.10 50005 8.8.8.8 443 udp C5 - -
6 8.8.8.8 443 192.168.1.10 50005 udp C6 - quic,ssl
7 192.168.1.10 50005 8.8.8.8 443 udp C7 - dns
8 192.168.1.10 8 1.1.1.1 0 icmp C8 - dns
9 192.168.1.10 50009 8.8.8.8 443 tcp C\\9 - a"b
10 fd00::10 50010 2001:4860:4860::8888 443 tcp C10 - ssl
EOF
records 'inputs | [.uid, .service, (.communityId | startswith("1:of/"))] | @json' '-x: uid and service' \
    "$tool" -x words.log <<'EOF'
["CHhAvVGS1DHFjwGM9","ssl",false]
["C2",null,true]
[null,"gssapi,smb",false]
[null,null,false]
["C5","quic,ssl",false]
["C8",null,false]
[null,null,false]
["C10","ssl",false]
EOF
records '[inputs | keys_unsorted | .[12:] | join(" ")][0]' '-x: the place of uid and service' \
    "$tool" -x words.log <<'EOF'
start srcIp srcPort dstIp dstPort communityId uid service
EOF
is "$("$tool" -xS words.log)" "$("$tool" -x words.log)" '-x: uid and service, with -S too'
records '[inputs | has("uid", "service")] | unique[]' 'without -x: neither' "$tool" -S words.log <<'EOF'
false
EOF
echo '{"ts":1,"id.orig_h":"192.168.1.10","id.orig_p":50001,"id.resp_h":"8.8.8.8","id.resp_p":443,
"proto":"tcp","conn_state":"SF","uid":"C1","service":"ssl"}
{"ts":2,"id.orig_h":"192.168.1.10","id.orig_p":50002,"id.resp_h":"8.8.8.8","id.resp_p":443,
"proto":"tcp","conn_state":"SF","uid":"-","service":"-"}' >words.json
records 'inputs | [.uid, .service] | @json' '-x: uid and service of JSON' "$tool" -x words.json <<'EOF'
["C1","ssl"]
[null,null]
EOF

# Joining

conn >joined.log <<'EOF'
20 192.168.1.10 50001 8.8.8.8 443 tcp 5 10 20 ShADadFf 3 4
10 192.168.1.10 50001 8.8.8.8 443 tcp 2 1 2 ShADadFf 5 6
18 8.8.8.8 443 192.168.1.10 50001 tcp 30 100 200 DadA 7 8
15 192.168.1.10 50001 8.8.8.8 443 udp 1 1000 2000 Dd 1 2
16 192.168.1.10 8 8.8.8.8 0 icmp 1 56 56 - 1 2
17 8.8.8.8 3 192.168.1.10 3 icmp - 56 56 - 4 -
EOF
records "$whole" 'rows of one tuple are one flow' "$tool" joined.log <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 16 211 17 122 10.000000 0 38000000
192.168.1.10:50001 > 8.8.8.8:443 1 1000 2 2000 10.000000 5000000 1000000
192.168.1.10 > 8.8.8.8 1 0 6 0 10.000000 6000000 1000000
EOF
conn >ties.log <<'EOF'
3 192.168.1.10 50003 8.8.8.8 443 udp - - - - 1 1
1 192.168.1.10 50002 8.8.8.8 443 udp - - - - 1 1
1 192.168.1.10 50001 8.8.8.8 443 udp - - - - 1 1
3 192.168.1.10 50004 8.8.8.8 443 udp - - - - 0 0
3 192.168.1.10 50004 8.8.8.8 443 udp - - - - 0 0
EOF
records "$ports" 'sorted by start, then as in the input; without packets too' "$tool" ties.log <<'EOF'
50002 50001 50003 50004
EOF

# Source

conn >source.log <<'EOF'
1 9.9.9.9 1000 192.168.1.10 50001 tcp - - - SF 1 1
2 9.9.9.9 60000 192.168.1.10 50002 tcp - - - ^hADd 1 1
3 192.168.1.10 50003 9.9.9.9 80 tcp - - - HAD 1 1
4 9.9.9.9 80 192.168.1.10 50004 tcp - - - DadA 1 1
5 192.168.1.10 80 9.9.9.9 50005 udp - - - Dd 1 1
6 9.9.9.9 2000 8.8.8.8 3000 udp - - - Dd 1 1
7 9.9.9.9 8 192.168.1.10 0 icmp - - - - 1 1
8 8.8.8.8 0 192.168.1.10 8 icmp - - - - 1 1
9 8.8.4.4 3 192.168.1.10 1 icmp - - - - 1 0
10 9.9.9.9 500 239.1.2.3 5004 udp - - - D 1 0
11 239.1.2.3 5005 9.9.9.9 5006 udp - - - D 1 0
EOF
records "$sources" 'who is the source' "$tool" source.log <<'EOF'
9.9.9.9:1000 > 192.168.1.10:50001
9.9.9.9:60000 > 192.168.1.10:50002
9.9.9.9:80 > 192.168.1.10:50003
192.168.1.10:50004 > 9.9.9.9:80
9.9.9.9:50005 > 192.168.1.10:80
9.9.9.9:2000 > 8.8.8.8:3000
9.9.9.9 > 192.168.1.10
192.168.1.10 > 8.8.8.8
192.168.1.10 > 8.8.4.4
9.9.9.9:500 > 239.1.2.3:5004
9.9.9.9:5006 > 239.1.2.3:5005
EOF

# What is kept, and when the sample starts

conn >kept.log <<'EOF'
1 192.168.1.10 50001 192.168.1.1 53 udp - - - Dd 1 1
2 192.168.1.10 50002 10.0.0.1 443 tcp - - - S 1 1
3 192.168.1.10 50003 9.9.9.9 445 tcp - - - S 1 1
4 192.168.1.10 68 255.255.255.255 67 udp - - - D 1 0
5 192.168.1.10 50005 9.9.9.9 132 sctp - - - - 1 1
6 192.168.1.10 67 9.9.9.9 137 icmp - - - - 1 1
7 fd00::10 50007 2a00::1 443 tcp - - - S 1 1
EOF
records 'inputs | "\(.src) \(.trafficDate)"' 'only conversations with the Internet' \
    "$tool" kept.log <<'EOF'
192.168.1.10 6.000000
[fd00::10]:50007 6.000000
EOF
records '[inputs.trafficDate] | unique[0], length' '-a keeps all of it' "$tool" -a kept.log <<'EOF'
1.000000
6
EOF

# Names

conn >named.log <<'EOF'
100 192.168.1.10 50001 9.0.0.1 443 tcp - - - S 1 1
200 192.168.1.10 50002 9.0.0.1 443 tcp - - - S 1 1
300 192.168.1.10 50003 9.0.0.1 443 tcp - - - S 1 1
400 192.168.1.10 50004 9.0.0.2 443 tcp - - - S 1 1
500 192.168.1.10 50005 9.0.0.3 443 tcp - - - S 1 1
600 192.168.1.10 50006 2a00::1 443 tcp - - - S 1 1
700 192.168.1.10 8 9.0.0.1 0 icmp - - - - 1 1
800 192.168.1.10 50008 9.0.0.4 443 tcp - - - S 1 1
EOF
conn >unnamed.log <<'EOF'
150 192.168.1.10 50001 9.0.0.1 443 tcp - - - S 1 1
300 192.168.1.10 50002 9.0.0.1 443 tcp - - - S 1 1
500 192.168.1.10 50003 9.0.0.1 443 tcp - - - S 1 1
EOF
{
    look_up 250 second.example 9.0.0.1
    look_up 100 first.example cdn.example,9.0.0.1,9.0.0.9
    look_up 300 third.example 9.0.0.1
    look_up 300 fourth.example 9.0.0.1
    look_up 450 Late.Example. 9.0.0.2
    look_up 1 'odd\x20name' 9.0.0.3
    look_up 1 six.example 2a00::1
    look_up 1 none.example -
    echo '1 192.168.1.10 5353 224.0.0.251 5353 udp inside.local 9.0.0.4'
} | dns >names.log
look_up 100 a.example 9.0.0.1 | dns >a.log
look_up 400 a.example 9.0.0.1 | dns >later.log
look_up 250 b.example 9.0.0.1 | dns >b.log
for order in 'a.log later.log b.log' 'b.log a.log later.log' 'later.log b.log a.log'; do
    # shellcheck disable=SC2086 # a list of words
    records "$names" "names do not depend on the order of the logs: $order" \
        "$tool" unnamed.log $order <<'EOF'
50001 a.example:443 passive
50002 b.example:443 passive
50003 a.example:443 passive
EOF
done

grep -v 2a00 named.log >named4.log
records "$names" 'names at the time of the flow' "$tool" named4.log names.log <<'EOF'
50001 first.example:443 passive
50002 first.example:443 passive
50003 fourth.example:443 passive
50004 late.example:443 passive
50005 odd\032name:443 passive
192.168.1.10 fourth.example passive
50008 9.0.0.4:443 original
EOF
is_status 65 'addresses of two families' "$tool" named.log
like "$(cat err)" 'line 12: its addresses are of different families' 'addresses of two families: message'

# Session names (-S)

tsv conn "uid ts id.orig_h id.orig_p id.resp_h id.resp_p proto history" >uids.log <<'EOF'
C1 1 192.168.1.10 50001 9.0.0.1 443 tcp ShADad
C2 2 192.168.1.10 50002 9.0.0.1 443 tcp ShADad
C3 3 192.168.1.10 50003 9.0.0.1 80 tcp ShADad
C4 4 192.168.1.10 50004 9.0.0.1 443 udp Dd
C5 5 192.168.1.10 50005 9.0.0.1 443 tcp ShADad
C6 6 192.168.1.10 50005 9.0.0.1 443 tcp ShADad
C7 7 9.0.0.1 443 192.168.1.10 50007 tcp dDAa
C8 8 192.168.1.10 50008 9.0.0.1 443 tcp ShADad
EOF
look_up 0 passive.example 9.0.0.1 | dns >passive.log
tsv ssl 'ts uid server_name' >ssl.log <<'EOF'
1 C1 TLS.Example
2 C2 9.0.0.1
5 C5 -
6 C6 second.example
7 C7 reverse.example
9 C9 nobody.example
EOF
tsv http 'ts uid host' >http.log <<'EOF'
3 C3 http.example:80
3.5 C3 later.example
EOF
echo '{"_path":"quic","uid":"C4","server_name":"quic.example"}' >quic.json
for order in 'uids.log ssl.log http.log quic.json' 'quic.json http.log ssl.log uids.log'; do
    # shellcheck disable=SC2086 # a list of words
    records "$names" "-S: names of sessions, in any order: $order" \
        "$tool" -S $order passive.log <<'EOF'
50001 tls.example:443 session
50002 passive.example:443 passive
50003 http.example:80 session
50004 quic.example:443 session
50005 second.example:443 session
50007 passive.example:443 passive
50008 passive.example:443 passive
EOF
done
"$tool" -Sv uids.log ssl.log http.log quic.json >/dev/null 2>err
is "$(sed 's/[0-9]* KiB/SIZE/' err)" 'zeek2flow: 8 rows of conn and 0 of dns read, '\
'9 of ssl, quic and http, 7 records written, names of 0 addresses in SIZE' \
    '-Sv: the summary'

done_testing
