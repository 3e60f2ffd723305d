#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pcap2flow: every format and link type that it reads, compression, and what bad input still gives.

# shellcheck source=tests/pcap2flow-common.sh
. "${srcdir:?}/tests/pcap2flow-common.sh"


# The record of conversation() in captures.py.
conversation='{"src":"192.168.1.10:50001","dst":"8.8.8.8:443","destinationNameSource":"original",'\
'"srcPkts":2,"srcBytes":100,"dstPkts":1,"dstBytes":0,"relativeStart":0.0,'\
'"protocolInformation":"","duration":1.25,"trafficDate":"1700000000.000000","proto":"tcp"}'

# is_conversation DESCRIPTION COMMAND...
is_conversation() {
    records '' "$@" <<EOF
$conversation
EOF
}

# reports STATUS MESSAGE FILE PORTS...: FILE is damaged. A message about it matches the extended
# regular expression MESSAGE, and the packets with these source ports become flows nonetheless.
reports() {
    want_status=$1
    message=$2
    file=$3
    shift 3
    is_status "$want_status" "$file: exit status" "$tool" "$cap/$file"
    like "$(cat "$tmp/err")" "^pcap2flow: $cap/$file: .*($message)" "$file: message"
    is "$(jq -rn "$ports" "$tmp/out")" "$*" "$file: what is left"
}

# Formats

for format in micro-little.pcap micro-big.pcap nano-little.pcap nano-big.pcap \
    modified-little.pcap modified-big.pcap swapped-lengths.pcap no-snaplen.pcap \
    beyond-snaplen.pcap checksum-bits.pcap \
    little.pcapng big.pcapng milliseconds.pcapng nanoseconds.pcapng binary-resolution.pcapng \
    time-offset.pcapng obsolete.pcapng unknown-blocks.pcapng sections.pcapng \
    section-length.pcapng interfaces.pcapng; do
    is_conversation "format $format" "$tool" "$cap/format-$format"
done

# packets FILE: the number of packets in its flows
packets() {
    "$tool" "$1" | jq -s 'map(.srcPkts + .dstPkts) | add'
}

cat "$cap/format-micro-little.pcap" "$cap/format-nano-big.pcap" >"$tmp/joined.pcap"
is "$(packets "$tmp/joined.pcap")" "$((2 * $(packets "$cap/format-micro-little.pcap")))" \
    'two captures joined by cat'

# Without times it is unknown when, but what was sent counts all the same.
records "$flows" 'simple packet blocks' "$tool" "$cap/simple.pcapng" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 2 100 1 0
EOF

for format in pcap pcapng; do
    records 'inputs | "\(.trafficDate) \(.duration)"' "nanoseconds are truncated: $format" \
        "$tool" "$cap/nanoseconds.$format" <<'EOF'
1700000000.000001 1.123455
EOF
    records '' "a capture without packets: $format" "$tool" -q "$cap/no-packets.$format" </dev/null
done

# Link types

for link in ethernet vlan qinq three-tags mpls mpls-stack pppoe vlan-pppoe sll sll2 raw \
    null-little null-big loop ppp ppp-no-address ppp-hdlc wifi-to-ds wifi-from-ds wifi-ad-hoc \
    wifi-four-addresses wifi-qos radiotap radiotap-fcs radiotap-padded; do
    records "$flows" "link type $link" "$tool" "$cap/link-$link.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 1 10 0 0
[fd00::10]:50001 > [2001:4860:4860::8888]:443 1 10 0 0
EOF
done
records "$flows" 'link type IPv4' "$tool" "$cap/link-only-ipv4.pcap" <<'EOF'
192.168.1.10:50001 > 8.8.8.8:443 1 10 0 0
EOF
records "$flows" 'link type IPv6' "$tool" "$cap/link-only-ipv6.pcap" <<'EOF'
[fd00::10]:50001 > [2001:4860:4860::8888]:443 1 10 0 0
EOF
records '' 'an encrypted 802.11 frame is nothing' "$tool" -q "$cap/wifi-protected.pcap" </dev/null

# Compression, recognized by content

gzip -c <"$cap/format-micro-little.pcap" >"$tmp/gzip-plain-name"
is_conversation 'gzip' "$tool" "$tmp/gzip-plain-name"
gzip -c <"$cap/format-interfaces.pcapng" >"$tmp/gzip.pcapng"
is_conversation 'gzip of a pcapng' "$tool" "$tmp/gzip.pcapng"
is_conversation 'gzip of several members' "$tool" "$cap/format-members.pcap.gz"

# zstd_frames FILE BYTES: FILE as two frames, the first of so many bytes.
zstd_frames() {
    head -c "$2" "$1" | zstd -qc
    tail -c +$(($2 + 1)) "$1" | zstd -qc
}

if command -v zstd >/dev/null; then
    zstd -qc <"$cap/format-micro-little.pcap" >"$tmp/zstd-plain-name"
    is_conversation 'zstd' "$tool" "$tmp/zstd-plain-name"
    zstd_frames "$cap/format-micro-little.pcap" 100 >"$tmp/frames.zst"
    is_conversation 'zstd of several frames' "$tool" "$tmp/frames.zst"
else
    skip 'zstd' 'no zstd'
fi

# Standard input

# from_file FILE ARGUMENTS..., from_pipe FILE ARGUMENTS...
from_file() {
    input=$1
    shift
    "$tool" "$@" <"$input"
}

from_pipe() {
    input=$1
    shift
    # shellcheck disable=SC2002 # a pipe is what is tested
    cat "$input" | "$tool" "$@"
}

for input in "$cap/format-micro-big.pcap" "$cap/format-interfaces.pcapng" \
    "$cap/format-members.pcap.gz" "$tmp/frames.zst"; do
    [ -e "$input" ] || continue # no zstd
    is_conversation "standard input without arguments: ${input##*/}" from_file "$input"
    is_conversation "standard input through a pipe as -: ${input##*/}" from_pipe "$input" -
done
is_status 65 'bad standard input: exit status' from_file "$cap/bad-text.txt"
like "$(cat "$tmp/err")" '^pcap2flow: [^:]+: .' 'bad standard input: message'
is "$(cat "$tmp/out")" '' 'bad standard input: no output'
is_status 65 'empty standard input: exit status' from_pipe "$cap/bad-empty.pcap"

# Not a capture at all

for file in empty.pcap text.txt header.pcap header.pcapng; do
    reports 65 . "bad-$file"
done

# Files that end too early

reports 65 'packet 6($|[^0-9])' bad-end.pcap 50001 50002 50003 50004 50005
reports 65 'packet 6($|[^0-9])' bad-record-header.pcap 50001 50002 50003 50004 50005
reports 65 . bad-end.pcapng 50001 50002 50003 50004 50005

# Damage in the middle: what follows is found again

reports 65 'packet 3($|[^0-9])' bad-length.pcap 50001 50002 50004 50005 50006
for damage in trailer captured absurd tiny; do
    reports 65 . bad-block-$damage.pcapng 50001 50002 50004 50005 50006
done
reports 65 . bad-interface.pcapng 50001 50003 50006
ok 'bad-interface.pcapng: two lines at most for all three packets' \
    test "$(grep -c . "$tmp/err")" -le 2
like "$(cat "$tmp/err")" '(^|[^0-9])[23] (more|times|packets)' 'bad-interface.pcapng: a count'

# Unsupported link types

reports 65 '189.*USB_LINUX|USB_LINUX.*189' bad-link.pcap
reports 65 '189.*USB_LINUX|USB_LINUX.*189' bad-link.pcapng 50001 50003
reports 65 '65000' bad-link-unnamed.pcap

# Compressed files that end too early or are damaged

reports 65 . bad-cut.pcap.gz 50001 50002 50003 50004 50005
reports 65 . bad-checksum.pcap.gz 50001 50002 50003 50004 50005 50006
reports 65 . bad-second-member.pcap.gz 50001 50002 50003 50004 50005 50006
if command -v zstd >/dev/null; then
    # The first frame ends with the third packet, of the second one only the beginning is there.
    first=$((24 + 3 * (16 + 54)))
    zstd_frames "$cap/bad-end.pcap" $first >"$tmp/frames.zst"
    length=$(head -c $first "$cap/bad-end.pcap" | zstd -qc | wc -c)
    head -c $((length + 10)) "$tmp/frames.zst" >"$cap/bad-cut.pcap.zst"
    reports 65 . bad-cut.pcap.zst 50001 50002 50003
else
    skip 'bad-cut.pcap.zst' 'no zstd'
fi

# A frame that needs a window of 128 MiB
printf '\050\265\057\375\000\210\041\000\000data' >"$cap/long.pcap.zst"
reports 65 'the zstd data need a window .*zstd -dc --long=31' long.pcap.zst

# Several files, some bad: the others count

good=$cap/format-little.pcapng
is_status 65 'a bad file before a good one: exit status' "$tool" "$cap/bad-text.txt" "$good"
is "$(cat "$tmp/out")" "$conversation" 'a bad file before a good one: records'
is_status 66 'no such file: exit status' "$tool" "$tmp/missing.pcap"
like "$(cat "$tmp/err")" "^pcap2flow: $tmp/missing.pcap: .*No such file" 'no such file: message'
is_status 66 'a missing, a bad and a good file: exit status' \
    "$tool" "$tmp/missing.pcap" "$cap/bad-text.txt" "$good"
is "$(cat "$tmp/out")" "$conversation" 'a missing, a bad and a good file: records'
is "$(grep -c '^pcap2flow: ' "$tmp/err") $(grep -c . "$tmp/err")" '2 2' \
    'a missing, a bad and a good file: a line for each'
is_status 66 'a bad file, then a missing one: exit status' \
    "$tool" "$good" "$cap/bad-text.txt" "$tmp/missing.pcap"

done_testing
