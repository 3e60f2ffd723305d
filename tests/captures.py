#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the captures that the shell tests read.

usage: captures.py OUTDIR

The first half builds bytes: packets, what carries them, capture files. The second half is the
captures, a function each; a function that answers with a dictionary writes a family of files.
Endpoints are written as people write them: "10.0.0.1:80", "[fd00::1]:80", "10.0.0.1".

Checksums stay 0 throughout: nothing may depend on them.
"""
import gzip
import ipaddress
import pathlib
import random
import struct
import sys
from typing import NamedTuple

BASE = 1_700_000_000  # 2023-11-14T22:13:20Z; times below are seconds after it

LOCAL, PEER = "192.168.1.10", "8.8.8.8"
LOCAL6, PEER6 = "fd00::10", "2001:4860:4860::8888"
RESOLVER = "192.168.1.1"

ETHERNET, NULL, PPP, PPP_HDLC, RAW = 1, 0, 9, 50, 101
WIFI, LOOP, SLL, RADIOTAP, IPV4, IPV6, SLL2 = 105, 108, 113, 127, 228, 229, 276
USB_LINUX = 189  # a link type that carries no IP

ICMP, IPIP, TCP, UDP, IP6IP, GRE, ICMP6 = 1, 4, 6, 17, 41, 47, 58


# ---- Packets

def split(endpoint):
    """The address and the port (None without one) of an endpoint."""
    if endpoint.startswith("["):
        address, _, port = endpoint[1:].partition("]:")
    elif endpoint.count(":") == 1:
        address, _, port = endpoint.partition(":")
    else:
        address, port = endpoint, ""
    return ipaddress.ip_address(address), int(port) if port else None


def ip(a, b, protocol, payload, **header):
    source, target = split(a)[0], split(b)[0]
    build = ipv4 if source.version == 4 else ipv6
    return build(source, target, protocol, payload, **header)


def ipv4(source, target, protocol, payload, *, options=b"", ip_words=None, length=None,
         ident=0, offset=0, more=False):
    """`ip_words` and `length` lie about the header's length and the packet's; `offset` in bytes."""
    header_words = 5 + len(options) // 4
    fragment = offset // 8 | (0x2000 if more else 0)
    return struct.pack(
        ">BBHHHBBH", 0x40 | (header_words if ip_words is None else ip_words), 0,
        header_words * 4 + len(payload) if length is None else length,
        ident, fragment, 64, protocol, 0) + source.packed + target.packed + options + payload


def ipv6(source, target, protocol, payload, *, extensions=(), length=None):
    """`extensions`: (header type, body without its next-header byte) in order."""
    following = [kind for kind, _ in extensions[1:]] + [protocol]
    chain = b"".join(bytes([after]) + body for after, (_, body) in zip(following, extensions))
    first = extensions[0][0] if extensions else protocol
    return struct.pack(
        ">IHBB", 0x60000000, len(chain + payload) if length is None else length, first, 64
    ) + source.packed + target.packed + chain + payload


def tcp_segment(source, target, flags="A", payload=b"", *, options=b"", words=None, sequence=1):
    bits = sum(1 << "FSRPAUEC".index(letter) for letter in flags)
    header_words = 5 + len(options) // 4 if words is None else words
    return struct.pack(">HHIIBBHHH", source, target, sequence, 1 if "A" in flags else 0,
                       header_words << 4, bits, 64240, 0, 0) + options + payload


def udp_datagram(source, target, payload=b"", *, length=None):
    return struct.pack(">HHHH", source, target,
                       8 + len(payload) if length is None else length, 0) + payload


def tcp(a, b, flags="A", payload=b"", *, tcp_options=b"", words=None, sequence=1, **header):
    segment = tcp_segment(split(a)[1], split(b)[1], flags, payload,
                          options=tcp_options, words=words, sequence=sequence)
    return ip(a, b, TCP, segment, **header)


def udp(a, b, payload=b"", *, udp_length=None, **header):
    datagram = udp_datagram(split(a)[1], split(b)[1], payload, length=udp_length)
    return ip(a, b, UDP, datagram, **header)


def icmp(a, b, kind=None, code=0, body=b""):
    """ICMP or ICMPv6 after the addresses; an echo request unless told."""
    protocol, echo = (ICMP, 8) if split(a)[0].version == 4 else (ICMP6, 128)
    return ip(a, b, protocol, struct.pack(
        ">BBHHH", echo if kind is None else kind, code, 0, 7, 1) + body)


def fragments(a, b, protocol, payload, ident, size=1480):
    """The IP packets of a payload in pieces of `size` bytes, a multiple of 8."""
    packets = []
    for offset in range(0, len(payload), size):
        piece, more = payload[offset:offset + size], offset + size < len(payload)
        if split(a)[0].version == 4:
            packets.append(ip(a, b, protocol, piece, ident=ident, offset=offset, more=more))
        else:
            body = struct.pack(">BHI", 0, offset | more, ident)
            packets.append(ip(a, b, protocol, piece, extensions=[(44, body)]))
    return packets


# Extension header bodies: no options but padding (PadN), and a jumbo payload's length.
PADDED = bytes([0, 1, 4, 0, 0, 0, 0])


def jumbo(length):
    return struct.pack(">BBBI", 0, 0xc2, 4, length)


# ---- What carries packets

def ethertype(packet):
    return 0x0800 if packet[0] >> 4 == 4 else 0x86dd


def ethernet(kind, payload):
    return bytes.fromhex("020000000002 020000000001") + struct.pack(">H", kind) + payload


def eth(packet):
    return ethernet(ethertype(packet), packet)


def padded(frame):
    """As on an Ethernet wire: at least 60 bytes. The padding is not zero."""
    return frame.ljust(60, b"\x55")


def tagged(packet, *kinds):
    """`kinds` are the tags' EtherTypes from the outside in."""
    following = list(kinds[1:]) + [ethertype(packet)]
    tags = b"".join(struct.pack(">HH", 100 + n, kind) for n, kind in enumerate(following))
    return ethernet(kinds[0], tags + packet)


def mpls(packet, *labels):
    stack = b"".join(struct.pack(">I", label << 12 | (label == labels[-1]) << 8 | 64)
                     for label in labels)
    return stack + packet


def ppp_protocol(packet):
    return struct.pack(">H", 0x0021 if ethertype(packet) == 0x0800 else 0x0057)


def pppoe(packet):
    return struct.pack(">BBHH", 0x11, 0, 1, 2 + len(packet)) + ppp_protocol(packet) + packet


def ppp(packet, address=b"\xff\x03"):
    return address + ppp_protocol(packet) + packet


def sll(packet):
    return struct.pack(">HHH8sH", 0, 1, 6, b"\2", ethertype(packet)) + packet


def sll2(packet):
    return struct.pack(">HHIHBB8s", ethertype(packet), 0, 3, 1, 0, 6, b"\2") + packet


def null(packet, order, family6):
    """BSD null (the capturing host's byte order) and loop (network order)."""
    family = 2 if ethertype(packet) == 0x0800 else family6
    return struct.pack(order + "I", family) + packet


def wifi(packet, *, to_ds=False, from_ds=False, qos=False, protected=False, padding=b""):
    control = bytes([0x88 if qos else 0x08, to_ds | from_ds << 1 | protected << 6])
    addresses = b"".join(bytes([2, 0, 0, 0, 0, n]) for n in (1, 2, 3))
    fourth = bytes([2, 0, 0, 0, 0, 4]) if to_ds and from_ds else b""
    header = control + b"\0\0" + addresses + b"\0\0" + fourth + (b"\0\0" if qos else b"")
    snap = b"\xaa\xaa\3\0\0\0" + struct.pack(">H", ethertype(packet))
    return header + padding + snap + packet


def radiotap(frame, flags=0):
    """A header with a time stamp (8 bytes) and flags: 0x10 an FCS follows, 0x20 data padding."""
    return struct.pack("<BBHIQB", 0, 0, 17, 3, 0, flags) + frame


def gre(kind, payload, *, checksum=False, key=False, sequence=False):
    flags = checksum << 15 | key << 13 | sequence << 12
    optional = b"\0" * 4 * checksum + b"\0\0\0\7" * key + b"\0\0\0\1" * sequence
    return struct.pack(">HH", flags, kind) + optional + payload


def erspan2(frame):
    return gre(0x88be, struct.pack(">HHI", 0x1064, 0x0001, 0) + frame, sequence=True)


def vxlan(frame):
    return struct.pack(">II", 0x08000000, 42 << 8) + frame


def geneve(kind, payload, options=b""):
    return struct.pack(">BBHI", len(options) // 4, 0, kind, 42 << 8) + options + payload


def gtpu(packet, *, sequence=False, extension=b""):
    """`extension`: whole extension headers, the last byte of each the next one's type."""
    flags = 0x30 | (4 if extension else 0) | (2 if sequence else 0)
    optional = b""
    if sequence or extension:
        optional = struct.pack(">HBB", 9, 0, 0x85 if extension else 0) + extension
    return struct.pack(">BBHI", flags, 255, len(optional + packet), 1) + optional + packet


# ---- DNS

A, CNAME, AAAA, HTTPS = 1, 5, 28, 65
QUESTION = b"\xc0\x0c"  # a compressed name: that of the question, at offset 12


def wire_name(name):
    """A name as text, as a list of labels (any bytes), or as bytes ready for the wire."""
    if isinstance(name, bytes):
        return name
    labels = [label.encode() for label in name.split(".")] if isinstance(name, str) else name
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(name, kind, data, length=None):
    return wire_name(name) + struct.pack(
        ">HHIH", kind, 1, 300, len(data) if length is None else length) + data


def address_record(name, address):
    parsed = ipaddress.ip_address(address)
    return record(name, A if parsed.version == 4 else AAAA, parsed.packed)


def cname_record(name, target):
    return record(name, CNAME, wire_name(target))


def https_record(name, hints4=(), hints6=()):
    """Priority 1, target `.`, an ALPN, then the address hints."""
    parameters = struct.pack(">HH", 1, 3) + b"\2h2"
    for key, hints in ((4, hints4), (6, hints6)):
        packed = b"".join(ipaddress.ip_address(hint).packed for hint in hints)
        if packed:
            parameters += struct.pack(">HH", key, len(packed)) + packed
    return record(name, HTTPS, b"\0\1\0" + parameters)


def dns(question, answers=(), authority=(), additional=(), *, kind=A, flags=0x8180, counts=None):
    """`counts` lies about the four sections."""
    honest = (1, len(answers), len(authority), len(additional))
    return struct.pack(">HH4H", 0x1234, flags, *(counts or honest)) + wire_name(question) \
        + struct.pack(">HH", kind, 1) + b"".join([*answers, *authority, *additional])


def query(question):
    return udp(f"{LOCAL}:40000", f"{RESOLVER}:53", dns(question, flags=0x0100))


def answer(message):
    """A message from the local resolver. Local to local, so it becomes no record."""
    return udp(f"{RESOLVER}:53", f"{LOCAL}:40000", message)


def says(name, *addresses):
    """The usual answer: these are the addresses of that name."""
    return answer(dns(name, [address_record(QUESTION, address) for address in addresses]))


# ---- Capture files

class Frame(NamedTuple):
    time: int  # nanoseconds since 1970
    data: bytes
    wire: int  # length on the wire


def at(seconds, data, cut=None):
    """A frame at BASE + seconds, of which only the first `cut` bytes were captured."""
    return Frame(BASE * 10**9 + round(seconds * 10**9), data[:cut], len(data))


def each_second(packets):
    return [at(second, eth(packet)) for second, packet in enumerate(packets)]


MICRO, NANO, MODIFIED = 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34


def pcap_header(linktype=ETHERNET, *, order="<", magic=MICRO, minor=4, snaplen=262144):
    return struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, snaplen, linktype)


def pcap_record(frame, *, order="<", magic=MICRO, minor=4, captured=None):
    """`captured` lies about the captured length."""
    seconds, fraction = divmod(frame.time, 10**9)
    lengths = [len(frame.data) if captured is None else captured, frame.wire]
    if minor < 3:
        lengths.reverse()
    header = struct.pack(order + "IIII", seconds, fraction if magic == NANO else fraction // 1000,
                         *lengths)
    if magic == MODIFIED:  # interface, protocol, packet type, padding
        header += struct.pack(order + "IHBB", 2, 0x0800, 0, 0)
    return header + frame.data


def pcap(frames, linktype=ETHERNET, *, order="<", magic=MICRO, minor=4, snaplen=262144):
    return pcap_header(linktype, order=order, magic=magic, minor=minor, snaplen=snaplen) \
        + b"".join(pcap_record(frame, order=order, magic=magic, minor=minor) for frame in frames)


def to_word(data):
    return data + b"\0" * (-len(data) % 4)


class Section:
    """A section of a pcapng file. Each method returns a block; join them in order."""

    def __init__(self, order="<"):
        self.order = order
        self.clocks = []  # of the interfaces: if_tsresol, if_tsoffset

    def pack(self, layout, *values):
        return struct.pack(self.order + layout, *values)

    def block(self, kind, body, trailer=None):
        """`trailer` lies about the length at the end."""
        length = 12 + len(to_word(body))
        return self.pack("II", kind, length) + to_word(body) \
            + self.pack("I", length if trailer is None else trailer)

    def options(self, *pairs):
        if not pairs:
            return b""
        return b"".join(self.pack("HH", code, len(value)) + to_word(value)
                        for code, value in pairs) + b"\0" * 4

    def header(self, length=-1):
        return self.block(0x0a0d0d0a, self.pack("IHHq", 0x1a2b3c4d, 1, 0, length))

    def interface(self, linktype=ETHERNET, *, snaplen=0, resolution=None, offset=None):
        options = []
        if resolution is not None:
            options.append((9, bytes([resolution])))
        if offset is not None:
            options.append((14, self.pack("q", offset)))
        self.clocks.append((6 if resolution is None else resolution, offset or 0))
        return self.block(1, self.pack("HHI", linktype, 0, snaplen) + self.options(*options))

    def ticks(self, time, interface):
        """The two halves of a time stamp, the higher first."""
        resolution, offset = self.clocks[interface] if interface < len(self.clocks) else (6, 0)
        per_second = 2 ** (resolution & 0x7f) if resolution & 0x80 else 10 ** resolution
        return divmod((time - offset * 10**9) * per_second // 10**9, 2**32)

    def packet(self, frame, interface=0, *, options=(), captured=None, trailer=None):
        """`captured` lies about the captured length."""
        body = self.pack("5I", interface, *self.ticks(frame.time, interface),
                         len(frame.data) if captured is None else captured, frame.wire)
        return self.block(6, body + to_word(frame.data) + self.options(*options), trailer)

    def simple(self, frame):
        return self.block(3, self.pack("I", frame.wire) + frame.data)

    def obsolete(self, frame, interface=0):
        body = self.pack("HH4I", interface, 0xffff, *self.ticks(frame.time, interface),
                         len(frame.data), frame.wire)
        return self.block(2, body + frame.data)


def pcapng(frames, linktype=ETHERNET, *, order="<", **interface):
    section = Section(order)
    return b"".join([section.header(), section.interface(linktype, **interface),
                     *(section.packet(frame) for frame in frames)])


CAPTURES = []


def capture(name):
    """Register a function's bytes as the file `name`, or its dictionary as name.format(key)."""
    def register(function):
        CAPTURES.append((name, function))
        return function
    return register


# ---- Formats: one conversation in every format. The last packet is cut by the snap length.

def conversation(encapsulate=eth, cut=96):
    client, server = f"{LOCAL}:50001", f"{PEER}:443"
    return [
        at(0.00, encapsulate(tcp(client, server, "S"))),
        at(0.50, encapsulate(tcp(server, client, "SA"))),
        at(1.25, encapsulate(tcp(client, server, "PA", b"x" * 100)), cut=cut),
    ]


@capture("format-{}.pcap")
def classic_formats():
    frames = conversation()
    return {
        "micro-little": pcap(frames),
        "micro-big": pcap(frames, order=">"),
        "nano-little": pcap(frames, magic=NANO),
        "nano-big": pcap(frames, magic=NANO, order=">"),
        "modified-little": pcap(frames, magic=MODIFIED),
        "modified-big": pcap(frames, magic=MODIFIED, order=">"),
        "swapped-lengths": pcap(frames, minor=2),
        "no-snaplen": pcap(frames, snaplen=0),
        "beyond-snaplen": pcap(frames, snaplen=64),
        # The upper bits of the link type: the frames end in a checksum of two 16-bit words.
        "checksum-bits": pcap(conversation(lambda p: eth(p) + b"FCS!"), ETHERNET | 0x2400_0000),
    }


@capture("format-{}.pcapng")
def block_formats():
    frames = conversation()
    return {
        "little": pcapng(frames),
        "big": pcapng(frames, order=">"),
        "milliseconds": pcapng(frames, resolution=3),
        "nanoseconds": pcapng(frames, resolution=9),
        "binary-resolution": pcapng(frames, resolution=0x80 | 20),
        "time-offset": pcapng(frames, offset=BASE),
    }


@capture("format-obsolete.pcapng")
def obsolete_packet_blocks():
    section = Section()
    return b"".join([section.header(), section.interface(),
                     *(section.obsolete(frame) for frame in conversation())])


@capture("format-unknown-blocks.pcapng")
def unknown_blocks():
    """Name resolution, statistics, decryption secrets, custom: all to be skipped."""
    section = Section()
    syn, syn_ack, data = conversation()
    # A name for the peer: names come from DNS alone.
    resolution = section.pack("HH", 1, 14) + bytes([8, 8, 8, 8]) + b"from.nrb.\0" + b"\0" * 6
    return b"".join([
        section.header(), section.interface(),
        section.block(4, resolution), section.packet(syn),
        section.block(5, section.pack("III", 0, 0, 0)), section.packet(syn_ack),
        section.block(10, section.pack("II", 0x544c534b, 4) + b"key\n"),
        section.block(0x0bad, section.pack("I", 32473) + b"custom"),
        section.block(0x7fffffff, b""),
        section.packet(data, options=[(1, b"comment"), (2, b"\0\0\0\1")]),
        section.block(0x40000bad, section.pack("I", 32473)),
    ])


@capture("format-sections.pcapng")
def several_sections():
    """Both byte orders; each section numbers its interfaces anew."""
    one, two, three = Section("<"), Section(">"), Section("<")
    syn, syn_ack, data = conversation()
    return b"".join([
        one.header(), one.interface(), one.packet(syn),
        two.header(), two.interface(RAW, resolution=9), two.interface(ETHERNET),
        two.packet(syn_ack, 1),
        three.header(), three.interface(resolution=3), three.packet(data),
    ])


@capture("format-section-length.pcapng")
def section_length():
    section = Section()
    blocks = section.interface() + b"".join(section.packet(frame) for frame in conversation())
    return section.header(len(blocks)) + blocks


@capture("format-interfaces.pcapng")
def several_interfaces():
    """With differing link type, resolution and snap length, the last one declared late."""
    section = Section()
    syn, _, _ = conversation()
    _, syn_ack, _ = conversation(bytes)
    _, _, data = conversation(sll, cut=80)
    return b"".join([
        section.header(),
        section.interface(ETHERNET, snaplen=262144),
        section.interface(RAW, snaplen=65535, resolution=9),
        section.packet(syn, 0),
        section.packet(syn_ack, 1),
        section.interface(SLL, snaplen=80, resolution=3),
        section.packet(data, 2),
    ])


@capture("format-members.pcap.gz")
def several_gzip_members():
    whole = pcap(conversation())
    return b"".join(gzip.compress(whole[start:start + 100]) for start in range(0, len(whole), 100))


@capture("simple.pcapng")
def simple_packet_blocks():
    """They have no time, and their captured length follows from the interface's snap length."""
    section = Section()
    return b"".join([section.header(), section.interface(snaplen=96),
                     *(section.simple(frame) for frame in conversation())])


@capture("{}")
def nanoseconds():
    """A nanosecond capture is truncated, never rounded."""
    frames = [
        at(0.000001999, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "S"))),
        at(1.123456789, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "A"))),
    ]
    return {
        "nanoseconds.pcap": pcap(frames, magic=NANO),
        "nanoseconds.pcapng": pcapng(frames, resolution=9),
    }


@capture("no-packets{}")
def no_packets():
    return {".pcap": pcap([]), ".pcapng": pcapng([])}


# ---- Link types and tunnels: one packet of IPv4 and one of IPv6 in everything that carries them

DATA = tcp(f"{LOCAL}:50001", f"{PEER}:443", "PA", b"x" * 10)
DATA6 = tcp(f"[{LOCAL6}]:50001", f"[{PEER6}]:443", "PA", b"x" * 10)


@capture("link-{}.pcap")
def link_types():
    def both(linktype, encapsulate, order="<"):
        return pcap([at(0, encapsulate(DATA)), at(1, encapsulate(DATA6))], linktype, order=order)

    return {
        "ethernet": both(ETHERNET, eth),
        "vlan": both(ETHERNET, lambda p: tagged(p, 0x8100)),
        "qinq": both(ETHERNET, lambda p: tagged(p, 0x88a8, 0x8100)),
        "three-tags": both(ETHERNET, lambda p: tagged(p, 0x9100, 0x8100, 0x8100)),
        "mpls": both(ETHERNET, lambda p: ethernet(0x8847, mpls(p, 16))),
        "mpls-stack": both(ETHERNET, lambda p: ethernet(0x8847, mpls(p, 16, 17, 18))),
        "pppoe": both(ETHERNET, lambda p: ethernet(0x8864, pppoe(p))),
        "vlan-pppoe": both(ETHERNET, lambda p: ethernet(0x8100, b"\0\x64\x88\x64" + pppoe(p))),
        "sll": both(SLL, sll),
        "sll2": both(SLL2, sll2),
        "raw": both(RAW, bytes),
        "null-little": both(NULL, lambda p: null(p, "<", 30)),
        "null-big": both(NULL, lambda p: null(p, ">", 28), order=">"),
        "loop": both(LOOP, lambda p: null(p, ">", 24)),
        "ppp": both(PPP, ppp),
        "ppp-no-address": both(PPP, lambda p: ppp(p, address=b"")),
        "ppp-hdlc": both(PPP_HDLC, ppp),
        "wifi-to-ds": both(WIFI, lambda p: wifi(p, to_ds=True)),
        "wifi-from-ds": both(WIFI, lambda p: wifi(p, from_ds=True)),
        "wifi-ad-hoc": both(WIFI, wifi),
        "wifi-four-addresses": both(WIFI, lambda p: wifi(p, to_ds=True, from_ds=True)),
        "wifi-qos": both(WIFI, lambda p: wifi(p, to_ds=True, qos=True)),
        "radiotap": both(RADIOTAP, lambda p: radiotap(wifi(p, to_ds=True))),
        "radiotap-fcs": both(RADIOTAP, lambda p: radiotap(wifi(p, to_ds=True) + b"FCS!", 0x10)),
        "radiotap-padded": both(RADIOTAP, lambda p: radiotap(
            wifi(p, to_ds=True, qos=True, padding=b"\0\0"), 0x20)),
    }


@capture("link-only-ipv{}.pcap")
def one_family_links():
    return {4: pcap([at(0, DATA)], IPV4), 6: pcap([at(0, DATA6)], IPV6)}


@capture("wifi-protected.pcap")
def protected_wifi():
    """An encrypted frame whose cipher text happens to look like a packet."""
    return pcap([at(0, wifi(DATA, to_ds=True, protected=True))], WIFI)


OUTER, OUTER6 = ("10.9.0.1", "8.8.4.4"), ("fd00::9", "2001:4860:4860::8844")


@capture("tunnel-{}.pcap")
def tunnels():
    """An inner packet in every tunnel. The outer packet alone would be a flow."""
    def over_ip(protocol, payload, outer=OUTER):
        return pcap([at(0, eth(ip(*outer, protocol, payload)))])

    def over_udp(port, payload, outer=OUTER):
        a, b = outer
        a, b = (f"[{a}]", f"[{b}]") if outer is OUTER6 else (a, b)
        return pcap([at(0, eth(udp(f"{a}:50000", f"{b}:{port}", payload)))])

    def over_gre(kind, payload, outer=OUTER, **optional):
        return over_ip(GRE, gre(kind, payload, **optional), outer)

    session = b"\1\0\0\0"  # a GTP-U PDU session container, the last extension header
    return {
        "ipip": over_ip(IPIP, DATA),
        "4in6": over_ip(IPIP, DATA, OUTER6),
        "6in4": over_ip(IP6IP, DATA6),
        "6in6": over_ip(IP6IP, DATA6, OUTER6),
        "gre": over_gre(0x0800, DATA),
        "gre-c": over_gre(0x0800, DATA, checksum=True),
        "gre-k": over_gre(0x0800, DATA, key=True),
        "gre-s": over_gre(0x0800, DATA, sequence=True),
        "gre-ck": over_gre(0x0800, DATA, checksum=True, key=True),
        "gre-cs": over_gre(0x0800, DATA, checksum=True, sequence=True),
        "gre-ks": over_gre(0x0800, DATA, key=True, sequence=True),
        "gre-cks": over_gre(0x0800, DATA, checksum=True, key=True, sequence=True),
        "gre-over-ipv6": over_gre(0x0800, DATA, OUTER6),
        "gre-inner-ipv6": over_gre(0x86dd, DATA6),
        "gre-ethernet": over_gre(0x6558, eth(DATA), key=True),
        "gre-ethernet-vlan": over_gre(0x6558, tagged(DATA, 0x8100)),
        "erspan-1": over_gre(0x88be, eth(DATA)),
        "erspan-2": over_ip(GRE, erspan2(eth(DATA))),
        "vxlan": over_udp(4789, vxlan(eth(DATA))),
        "vxlan-vlan": over_udp(4789, vxlan(tagged(DATA, 0x8100))),
        "vxlan-over-ipv6": over_udp(4789, vxlan(eth(DATA)), OUTER6),
        "geneve": over_udp(6081, geneve(0x6558, eth(DATA))),
        "geneve-options": over_udp(6081, geneve(0x6558, eth(DATA), b"\1\2\x80\1\0\0\0\1")),
        "geneve-ip": over_udp(6081, geneve(0x0800, DATA)),
        "gtpu": over_udp(2152, gtpu(DATA)),
        "gtpu-sequence": over_udp(2152, gtpu(DATA, sequence=True)),
        "gtpu-extension": over_udp(2152, gtpu(DATA, extension=session)),
        "gtpu-inner-ipv6": over_udp(2152, gtpu(DATA6)),
        "nested": over_gre(0x6558, eth(udp("10.9.1.1:50000", "8.8.4.5:4789", vxlan(
            tagged(ip("10.9.2.1", "8.8.4.6", IPIP, DATA), 0x8100))))),
    }


@capture("tunnel-ends.pcap")
def tunnel_ends():
    """Whether a tunnel's content is kept depends on the innermost addresses alone."""
    inside = tcp(f"{LOCAL}:50001", "192.168.2.2:443", "S")
    return pcap(each_second([
        ip("10.9.0.1", "10.9.0.2", IPIP, DATA),  # between sites, the inside goes out
        ip("9.9.9.9", "8.8.4.4", IPIP, inside),  # over the Internet, the inside stays in
    ]))


# ---- Which flows

@capture("source.pcap")
def source_rules():
    """One packet a flow, A to B. pcap2flow-flows.sh shows who must be the source."""
    return pcap(each_second([
        # 1: TCP with SYN
        tcp("8.8.8.8:443", f"{LOCAL}:50001", "S"),
        tcp(f"{LOCAL}:50002", "8.8.8.8:443", "SA"),
        tcp(f"{LOCAL}:50003", "8.8.8.8:443", "SEC"),
        tcp("8.8.8.8:443", f"{LOCAL}:50004", "A"),
        # 2: groups never send
        udp("8.8.8.8:500", "239.1.2.3:5004"),
        udp("8.8.8.8:500", "255.255.255.255:5004"),
        icmp("2a00::1", "ff02::1:ff00:2", 135),
        # 3: ICMP: who asks, else the local side
        icmp("8.8.8.1", LOCAL),
        icmp("8.8.8.2", LOCAL, 0),
        icmp(LOCAL, "8.8.8.3", 0),
        icmp(LOCAL, "8.8.8.4", 14),
        icmp(LOCAL6, PEER6, 129),
        icmp("8.8.8.5", LOCAL, 3),
        icmp(LOCAL, "8.8.8.6", 11),
        icmp("8.8.8.7", "1.1.1.1", 3),
        # 4: UDP
        udp("8.8.8.8:51820", f"{LOCAL}:36116"),
        udp("8.8.8.8:1024", f"{LOCAL}:1025"),
        udp("8.8.8.8:1023", f"{LOCAL}:1024"),
        udp("8.8.8.8:500", f"{LOCAL}:501"),
        udp(f"{LOCAL}:1000", "8.8.8.8:1024"),
        udp(f"[{LOCAL6}]:1000", f"[{PEER6}]:1023"),
        # 5: TCP, neither local, both ports above 1023
        tcp("8.8.8.8:1024", "1.1.1.1:1025"),
        tcp("8.8.8.8:1023", "1.1.1.1:1024"),
        tcp("8.8.8.8:1024", "1.1.1.1:1023"),
        tcp("8.8.8.8:500", "1.1.1.1:600"),
        # 6: TCP, A local
        tcp(f"{LOCAL}:49152", "8.8.8.8:50000"),
        tcp(f"{LOCAL}:49151", "8.8.8.8:50000"),
        tcp(f"{LOCAL}:49151", "8.8.8.8:49151"),
        tcp(f"{LOCAL}:49151", "8.8.8.8:49152"),
        tcp(f"{LOCAL}:1000", "8.8.8.8:1023"),
        tcp(f"{LOCAL}:1000", "8.8.8.8:1024"),
        tcp(f"{LOCAL}:6000", "8.8.8.8:5000"),
        tcp(f"{LOCAL}:5000", "8.8.8.8:6000"),
        tcp(f"{LOCAL}:5000", "8.8.8.8:5000"),
        # 7: TCP, A not local
        tcp("8.8.8.8:50006", f"{LOCAL}:49152"),
        tcp("8.8.8.8:49152", f"{LOCAL}:50005"),
        tcp("8.8.8.8:1024", f"{LOCAL}:1025"),
        tcp("8.8.8.8:1023", f"{LOCAL}:1002"),
        tcp("8.8.8.8:5001", f"{LOCAL}:5001"),
    ]))


@capture("source-order.pcap")
def source_of_unordered():
    """The first packet in the input decides who is the source, not the earliest one."""
    return pcap([
        at(5, eth(tcp("8.8.8.8:8080", f"{LOCAL}:1025", "A"))),
        at(1, eth(tcp(f"{LOCAL}:1025", "8.8.8.8:8080", "S"))),
    ])


# Both ends of each special-purpose network and what lies just outside.
LOCALITY = """
    0.0.0.1 0.255.255.255 1.0.0.0
    9.255.255.255 10.0.0.0 10.255.255.255 11.0.0.0
    100.63.255.255 100.64.0.0 100.127.255.255 100.128.0.0
    126.255.255.255 127.0.0.0 127.255.255.255 128.0.0.0
    169.253.255.255 169.254.0.0 169.254.255.255 169.255.0.0
    172.15.255.255 172.16.0.0 172.31.255.255 172.32.0.0
    191.255.255.255 192.0.0.0 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.11 192.0.0.255 192.0.1.0
    192.0.1.255 192.0.2.0 192.0.2.255 192.0.3.0
    192.167.255.255 192.168.0.0 192.168.255.255 192.169.0.0
    198.17.255.255 198.18.0.0 198.19.255.255 198.20.0.0
    198.51.99.255 198.51.100.0 198.51.100.255 198.51.101.0
    203.0.112.255 203.0.113.0 203.0.113.255 203.0.114.0
    223.255.255.255 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
""".split()

LOCALITY6 = """
    ::1 ::ffff:8.8.8.8 64:ff9b::808:808 64:ff9b:1::1 100::1
    2001:1::1 2001:1::2 2001:2::1 2001:2:0:ffff:: 2001:2:1::1
    2001:3::1 2001:4:112::1 2001:20::1 2001:2f:ffff::1 2001:1ff:ffff::1 2001:200::1
    2001:db7:ffff::1 2001:db8:: 2001:db8:ffff:ffff::1 2001:db9::1
    2620:4f:8000::1 3fff::1 3fff:fff:ffff::1 3fff:1000::1 5f00::1
    fc00:: fdff:ffff::1 fe80::1 febf:ffff::1 fec0::1 feff:ffff::1 ff02::1
    ff0e::1
""".split()


@capture("locality{}.pcap")
def locality():
    """A local host and a packet to each address: those to the Internet are kept."""
    return {
        "": pcap(each_second([udp(f"{LOCAL}:50001", f"{address}:9") for address in LOCALITY])),
        "6": pcap(each_second([udp(f"[{LOCAL6}]:50001", f"[{address}]:9")
                               for address in LOCALITY6])),
    }


@capture("transit.pcap")
def transit():
    """Both sides on the Internet, and one side that is not unicast."""
    return pcap(each_second([
        udp("9.9.9.9:50001", "8.8.8.8:443"),
        udp("9.9.9.9:50002", "255.255.255.255:443"),
        udp("9.9.9.9:50003", "239.1.1.1:443"),
    ]))


SERVICES = (67, 68, 137, 139, 389, 445, 636, 1900, 5353, 5355)


@capture("services.pcap")
def service_ports():
    """Each service port and its neighbors: over UDP at the peer, over TCP at the local side."""
    ports = sorted({port + step for port in SERVICES for step in (-1, 0, 1)})
    return pcap(each_second(
        [udp(f"{LOCAL}:50001", f"{PEER}:{port}") for port in ports]
        + [tcp(f"{PEER}:50001", f"{LOCAL}:{port}", "S") for port in ports]
        + [udp(f"{LOCAL}:{port}", f"{PEER}:50002") for port in SERVICES]
        + [tcp(f"{PEER}:{port}", f"{LOCAL}:50003", "A") for port in SERVICES]))


@capture("flows.pcap")
def one_flow():
    """What is one flow, whatever lies between its packets."""
    client, server = f"{LOCAL}:50001", f"{PEER}:443"
    return pcap([
        # A TCP connection, its end, the same ports again a day later, and a VLAN's copy.
        at(0, eth(tcp(client, server, "S"))),
        at(1, eth(tcp(server, client, "SA"))),
        at(2, eth(tcp(client, server, "PA", b"x" * 10))),
        at(3, eth(tcp(client, server, "FA"))),
        at(4, eth(tcp(server, client, "R"))),
        at(5, tagged(tcp(client, server, "A"), 0x8100)),
        at(86400, eth(tcp(client, server, "S"))),
        at(86401, eth(tcp(server, client, "PA", b"y" * 20))),
        # The same ports of another protocol.
        at(86402, eth(udp(client, server, b"z" * 30))),
        # ICMP is a flow of a pair of addresses, whatever the types.
        at(86403, eth(icmp(LOCAL, PEER))),
        at(86404, eth(icmp(PEER, LOCAL, 0))),
        at(86405, eth(icmp(PEER, LOCAL, 3, 1))),
        at(86406, eth(icmp(LOCAL6, PEER6))),
        at(86407, eth(icmp(PEER6, LOCAL6, 129))),
    ])


@capture("unordered.pcap")
def unordered():
    """Packets out of order: the flow starts at its earliest and ends at its latest packet."""
    client, server = f"{LOCAL}:50001", f"{PEER}:443"
    return pcap([
        at(3, eth(tcp(client, server, "S"))),
        at(9, eth(tcp(client, server, "A"))),
        at(2.5, eth(tcp(server, client, "A"))),
        at(4, eth(tcp(server, client, "A"))),
    ])


@capture("sorted.pcap")
def sort_order():
    """Four flows that start at 1 and one at 2; of equals, the first packet in the input leads."""
    def packet(second, port):
        return at(second, eth(udp(f"{LOCAL}:{port}", f"{PEER}:443")))

    return pcap([packet(5, 50005), packet(2, 50001), packet(1, 50004), packet(1, 50002),
                 packet(3, 50003), packet(1, 50003), packet(1, 50005)])


@capture("numbers.pcap")
def number_forms():
    def packet(second, port):
        return at(second, eth(udp(f"{LOCAL}:{port}", f"{PEER}:443")))

    return pcap([packet(0, 50001), packet(0.000001, 50002), packet(0.1, 50003),
                 packet(1.5, 50002), packet(10, 50003), packet(100.000010, 50004)])


@capture("skipped.pcap")
def skipped():
    """Packets other than TCP, UDP, ICMP or ICMPv6 over IP."""
    return pcap([
        at(0, ethernet(0x0806, bytes(28))),
        at(1, ethernet(0x88cc, b"\x02\x07\x04\2\0\0\0\0\1\0\0")),
        at(2, eth(ip(LOCAL, PEER, 132, bytes(12)))),  # SCTP
        at(3, eth(ip(LOCAL, PEER, 50, bytes(16)))),  # ESP
    ])


@capture("dns-start.pcap")
def dns_start():
    """Local DNS starts the sample though it becomes no record; other local traffic does not."""
    return pcap([
        at(0, ethernet(0x0806, bytes(28))),
        at(1, eth(tcp(f"{LOCAL}:50000", "192.168.1.20:22", "S"))),
        at(2, eth(query("www.example.com"))),
        at(2.5, eth(says("www.example.com", PEER))),
        at(4, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "S"))),
    ])


@capture("dns-only.pcap")
def dns_only():
    return pcap(each_second([query("www.example.com"), says("www.example.com", PEER)]))


# ---- Packets and bytes

@capture("bytes.pcap")
def byte_rules():
    """One flow per packet; payload sizes are in the table in pcap2flow-flows.sh."""
    def flow(port, build, payload, **how):
        return build(f"{LOCAL}:{port}", f"{PEER}:443", payload=b"x" * payload, **how)

    def flow6(port, build, payload, **how):
        return build(f"[{LOCAL6}]:{port}", f"[{PEER6}]:443", payload=b"x" * payload, **how)

    options = [(0, PADDED), (60, PADDED)]  # hop-by-hop, destination
    return pcap([
        at(1, padded(eth(flow(50001, tcp, 0)))),
        at(2, padded(eth(flow(50002, tcp, 3)))),
        at(3, padded(eth(flow(50003, udp, 1)))),
        at(4, eth(flow(50004, tcp, 1400)) + b"FCS!"),
        at(5, eth(flow(50005, tcp, 1400)), cut=96),
        at(6, eth(flow(50006, udp, 1400)), cut=60),
        at(7, eth(flow(50007, tcp, 5000, length=0))),
        at(8, eth(flow(50008, tcp, 5000, length=0)), cut=96),
        at(9, tagged(flow(50009, tcp, 5000, length=0), 0x8100)),
        at(10, eth(flow6(50010, tcp, 5000, length=0)), cut=96),
        at(11, eth(flow6(50011, tcp, 70000, length=0, extensions=[(0, jumbo(70028))])), cut=128),
        at(12, eth(flow(50012, tcp, 10, options=b"\1" * 8, tcp_options=b"\1" * 16))),
        at(13, eth(flow6(50013, udp, 10, extensions=options))),
        at(14, eth(flow6(50014, tcp, 10, extensions=options))),
        at(15, eth(icmp(LOCAL, "8.8.8.15"))),
    ])


@capture("fragments.pcap")
def fragmented():
    a, b = f"{LOCAL}:50001", f"{PEER}:443"
    big = fragments(a, b, UDP, udp_datagram(50001, 443, b"x" * 3000), 1)
    back = fragments(b, a, UDP, udp_datagram(443, 50001, b"x" * 2000), 1)
    # Two datagrams of two flows with their fragments mixed: the identification tells them apart.
    one = fragments(a, b, UDP, udp_datagram(50002, 443, b"x" * 2000), 2)
    two = fragments(a, b, UDP, udp_datagram(50003, 443, b"x" * 2500), 3)
    segment = fragments(a, b, TCP, tcp_segment(50004, 443, "PA", b"x" * 2000), 4)
    six = fragments(LOCAL6, PEER6, UDP, udp_datagram(50005, 443, b"x" * 3000), 0x10005)
    # Fragments after the first of a datagram whose first one was never seen.
    orphans = fragments(LOCAL, "8.8.8.9", UDP, udp_datagram(50006, 443, b"x" * 3000), 6)[1:]
    # The only fragment of its datagram.
    atomic = fragments(LOCAL6, PEER6, UDP, udp_datagram(50007, 443, b"x" * 100), 7)
    inside = fragments(LOCAL, "192.168.1.20", UDP, udp_datagram(50008, 443, b"x" * 2000), 8)
    return pcap(each_second([
        *big, *back, one[0], two[0], two[1], one[1], *segment, *six, *orphans, *atomic, *inside,
    ]))


def damaged_frames():
    """Headers that contradict each other or do not fit: none may become a record."""
    def tcp4(port, **lies):
        return eth(tcp(f"{LOCAL}:{port}", f"{PEER}:443", "S", **lies))

    def udp4(port, **lies):
        return eth(udp(f"{LOCAL}:{port}", f"{PEER}:443", b"x" * 10, **lies))

    def tcp6(port, **lies):
        return eth(tcp(f"[{LOCAL6}]:{port}", f"[{PEER6}]:443", "S", **lies))

    frames = [
        (tcp4(60001, ip_words=4), None),
        (tcp4(60002, ip_words=15), None),
        (tcp4(60003, length=10), None),  # less than its own header
        (tcp4(60004, length=30), None),  # half a TCP header
        (tcp4(60005, words=4), None),
        (tcp4(60006, words=15), None),
        (udp4(60007, udp_length=7), None),
        (udp4(60008, udp_length=30), None),
        (udp4(60009, length=27), None),  # seven bytes of UDP
        (tcp6(60010, length=10), None),
        (tcp6(60011, extensions=[(0, b"\xc8" + bytes(6))]), None),  # beyond the packet
        (tcp6(60012, extensions=[(60, PADDED)], length=4), None),
        # Cut inside what is needed: the IP header, TCP up to its flags, the UDP header.
        (tcp4(60013), 14 + 19),
        (tcp4(60014), 14 + 20 + 13),
        (udp4(60015), 14 + 20 + 7),
        (tcp6(60016), 14 + 39),
        (tcp6(60017), 14 + 40 + 13),
        (tagged(tcp(f"{LOCAL}:60018", f"{PEER}:443", "S"), 0x8100), 16),
    ]
    return [at(second, frame, cut) for second, (frame, cut) in enumerate(frames)]


@capture("damaged.pcap")
def damaged_packets():
    good = at(100, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "S")))
    return pcap([*damaged_frames(), good])


@capture("cut.pcap")
def just_enough():
    """Captured to the last byte that is needed."""
    return pcap([
        at(0, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "PA", b"x" * 100)), cut=14 + 20 + 14),
        at(1, eth(udp(f"{LOCAL}:50002", f"{PEER}:443", b"x" * 100)), cut=14 + 20 + 8),
        at(2, eth(icmp(LOCAL, PEER)), cut=14 + 20),
        at(3, eth(tcp(f"[{LOCAL6}]:50003", f"[{PEER6}]:443", "PA", b"x" * 100)), cut=14 + 40 + 14),
    ])


@capture("counts.pcap")
def counts():
    """23 packets: 11 flows, 7 local, 3 damaged, 2 of another protocol."""
    return pcap(
        each_second([udp(f"{LOCAL}:{50001 + n}", f"{PEER}:443") for n in range(11)])
        + each_second([udp(f"{LOCAL}:{50001 + n}", "192.168.1.20:443") for n in range(7)])
        + damaged_frames()[:3]
        + [at(second, ethernet(0x0806, bytes(28))) for second in range(2)])


@capture("empty-{}")
def captures_without_records():
    """Each for its own reason, or for several."""
    local = eth(udp(f"{LOCAL}:50001", "192.168.1.20:443"))
    service = [udp(f"{LOCAL}:50001", f"{PEER}:{port}") for port in SERVICES]
    whole = eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "S"))
    late = Frame(260_000_000_000 * 10**9, whole, len(whole))
    return {
        "services.pcap": pcap(each_second(service)),
        "damaged.pcap": pcap(damaged_frames()[:3]),
        "cut.pcap": pcap([at(second, whole, cut=40) for second in range(3)]),
        "time.pcapng": pcapng([late]),
        "mixed.pcap": pcap([at(0, local), at(1, local), at(2, ethernet(0x0806, bytes(28))),
                            at(3, eth(service[0]))]),
    }


# ---- Names

def to(port, address):
    """A new flow to an address."""
    a = f"{LOCAL}:{port}" if "." in address else f"[{LOCAL6}]:{port}"
    b = f"{address}:443" if "." in address else f"[{address}]:443"
    return tcp(a, b, "S")


@capture("names-time.pcap")
def names_and_times():
    """Which of the names in the input a flow gets. Flow ports follow the order of times."""
    return pcap([
        at(0.5, eth(to(50000, "8.0.0.1"))),  # before the first name
        at(1, eth(says("first.example", "8.0.0.1"))),
        at(2, eth(to(50001, "8.0.0.1"))),
        at(3, eth(says("second.example", "8.0.0.1"))),
        at(3, eth(to(50002, "8.0.0.1"))),  # at the very time of the name
        at(4, eth(says("third.example", "8.0.0.1"))),
        at(4, eth(says("fourth.example", "8.0.0.1"))),  # of equal times the last in the input
        at(5, eth(to(50003, "8.0.0.1"))),
        at(6, eth(to(50004, "8.0.0.2"))),  # two names later: the earlier
        at(8, eth(says("later.example", "8.0.0.2"))),
        at(7, eth(says("sooner.example", "8.0.0.2"))),
        at(9, eth(to(50005, "8.0.0.3"))),  # its name comes later in the input, not in time
        at(8.5, eth(says("unordered.example", "8.0.0.3"))),
        at(10, eth(to(50006, "8.0.0.4"))),  # never named
        at(11, eth(says("end.example", "8.0.0.1"))),
    ])


@capture("names-records.pcap")
def names_from_records():
    """Each way in which a response gives an address a name."""
    chain = dns("www.example.com", [
        cname_record(QUESTION, b"\x03cdn\xc0\x10"),
        address_record(b"\x03cdn\xc0\x10", "8.0.1.1"),
    ])
    sections = dns("mail.example.com", [address_record(QUESTION, "8.0.1.2")],
                   [address_record("ns1.example.com", "8.0.1.3")],
                   [address_record("ns2.example.com", "8.0.1.4")])
    services = dns("svc.example.com", [https_record(QUESTION, ["8.0.1.5"], ["2a00:1::5"])],
                   additional=[https_record("hint.example.com", ["8.0.1.6"])], kind=HTTPS)
    six = dns("six.example.com", [address_record(QUESTION, "2a00:1::1")], kind=AAAA)
    several = dns("many.example.com", [address_record(QUESTION, "8.0.1.7"),
                                       address_record(QUESTION, "8.0.1.8")])
    # A query with an answer section, and names on ports that are not DNS.
    asks = dns("query.example.com", [address_record(QUESTION, "8.0.1.10")], flags=0x0100)
    mdns = dns("mdns.example.com", [address_record(QUESTION, "8.0.1.11")], flags=0x8400)
    over_tcp = dns("tcp.example.com", [address_record(QUESTION, "8.0.1.9")])
    over_tcp = struct.pack(">H", len(over_tcp)) + over_tcp
    last = dns("tcp2.example.com", [address_record(QUESTION, "8.0.1.12")])
    last = struct.pack(">H", len(last)) + last
    return pcap(each_second([
        answer(chain), answer(sections), answer(services), answer(six), answer(several),
        udp(f"{LOCAL}:40000", f"{RESOLVER}:53", asks),
        udp("192.168.1.20:5353", "224.0.0.251:5353", mdns),
        tcp(f"{RESOLVER}:53", f"{LOCAL}:40001", "PA", over_tcp + last),
        to(50001, "8.0.1.1"), to(50002, "8.0.1.2"), to(50003, "8.0.1.3"), to(50004, "8.0.1.4"),
        to(50005, "8.0.1.5"), to(50006, "2a00:1::5"), to(50007, "8.0.1.6"),
        to(50008, "2a00:1::1"), to(50009, "8.0.1.7"), to(50010, "8.0.1.8"),
        to(50011, "8.0.1.9"), to(50012, "8.0.1.12"), to(50013, "8.0.1.10"), to(50014, "8.0.1.11"),
        icmp(LOCAL, "8.0.1.2"),
    ]))


@capture("names-fragments.pcap")
def names_in_fragments():
    """Responses over UDP in IP fragments."""
    def pieces(name, address, ident, size=1200, resolver=RESOLVER, client=LOCAL):
        text = record(QUESTION, 16, bytes(3000))
        datagram = udp_datagram(53, 40000, dns(name, [text, address_record(QUESTION, address)]))
        return fragments(resolver, client, UDP, datagram, ident, size)

    one, two = pieces("f1.example", "8.0.6.1", 1), pieces("f2.example", "8.0.6.2", 2)
    three = pieces("f3.example", "8.0.6.3", 3, resolver="192.168.1.2")
    six = pieces("f4.example", "8.0.6.4", 4, resolver="fd00::1", client=LOCAL6)
    lost, slow = pieces("f5.example", "8.0.6.5", 5), pieces("f6.example", "8.0.6.6", 6)
    old, new = pieces("f7.example", "8.0.6.7", 7), pieces("f8.example", "8.0.6.8", 8)
    packets = [
        *one, two[0], two[2], two[1],
        three[0], *lost[:-1], *three[1:],  # of two resolvers at a time
        *six, slow[0], slow[1],
        old[0], new[0], *old[1:], *new[1:],  # the latest of the same ports
        *(to(50000 + n, f"8.0.6.{n}") for n in (1, 2, 3, 4, 5, 7, 8)),
    ]
    frames = each_second(packets)
    # More than two minutes later the number is another datagram's.
    late = len(frames) + 121
    return pcap(frames + [at(late, eth(slow[2])), at(late, eth(to(50006, "8.0.6.6")))])


def tcp_message(question, address, padding=0):
    """A response after its length, made longer by that many bytes of text."""
    text = [record(QUESTION, 16, bytes(padding))] if padding else []
    message = dns(question, [*text, address_record(QUESTION, address)])
    return struct.pack(">H", len(message)) + message


@capture("names-tcp.pcap")
def names_over_tcp():
    """DNS over TCP, one connection for each way that segments may hold messages."""
    def connection(port, stream, *places, syn=True):
        """The stream in segments, from each place to the next, in the order told."""
        server, client = f"{RESOLVER}:53", f"{LOCAL}:{port}"
        if syn:
            yield tcp(server, client, "SA", sequence=0)
        for start, end in places:
            yield tcp(server, client, "PA", stream[start:end], sequence=1 + start)

    one, two = (tcp_message(f"m{n}.example", f"8.0.5.{n}") for n in (1, 2))
    three, four = tcp_message("m3.example", "8.0.5.3", 4000), tcp_message("m4.example", "8.0.5.4")
    five, six = tcp_message("m5.example", "8.0.5.5"), tcp_message("m6.example", "8.0.5.6")
    seven = tcp_message("m7.example", "8.0.5.7")
    big = len(three)
    return pcap(each_second([
        *connection(41001, one, (0, 2), (2, 99)),
        *connection(41002, two, (0, 30), (30, 99), syn=False),
        *connection(41003, three + four, (0, 1460), (2920, 4000), (1460, 2920), (1460, 2920),
                    (4000, big), (big, big + 99)),
        *connection(41004, five + six + seven, (0, 1), (1, len(five + six) + 9),
                    (len(five + six) + 9, 999)),
        *(to(50000 + n, f"8.0.5.{n}") for n in range(1, 8)),
    ]))


@capture("names-internet.pcap")
def names_from_internet():
    """DNS with a resolver on the Internet gives names and is a flow as well."""
    message = dns("www.example.com", [address_record(QUESTION, "8.0.1.1")])
    return pcap(each_second([
        udp(f"{LOCAL}:40000", "9.9.9.9:53", dns("www.example.com", flags=0x0100)),
        udp("9.9.9.9:53", f"{LOCAL}:40000", message),
        to(50001, "8.0.1.1"),
    ]))


@capture("names-session.pcap")
def names_in_sessions():
    """A Host that must not be read: session names need an option."""
    request = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    return pcap(each_second([tcp(f"{LOCAL}:50001", f"{PEER}:80", "PA", request)]))


def client_hello(name, config_id=None):
    """A TLS record; with a `config_id` it offers Encrypted Client Hello (RFC 9849 section 5)."""
    def extension(kind, body):
        return struct.pack(">HH", kind, len(body)) + body

    text = name.encode()
    extensions = extension(0, struct.pack(">HBH", len(text) + 3, 0, len(text)) + text)
    if config_id is not None:
        extensions += extension(0xfe0d, struct.pack(">BHHBH", 0, 1, 1, config_id, 32) + bytes(32)
                                + struct.pack(">H", 128) + bytes(128))
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" \
        + struct.pack(">H", len(extensions)) + extensions
    return b"\x16\x03\x01" + struct.pack(">HBBH", len(body) + 4, 1, 0, len(body)) + body


@capture("names-ech.pcap")
def names_beside_ech():
    """Visits to honest sites, and to one that is a front for others."""
    hellos = [("once.example", 7), ("twice.example", 200), ("twice.example", 9),
              ("front.example", 66), ("front.example", 66), ("front.example", 66),
              ("often.example", 1), ("often.example", 90), ("often.example", 90),
              ("often.example", 17), ("plain.example", None)]
    return pcap(each_second(
        [tcp(f"{LOCAL}:{50001 + n}", f"{PEER}:443", "PA", client_hello(name, config_id))
         for n, (name, config_id) in enumerate(hellos)]))


@capture("names-text.pcap")
def names_as_text():
    names = [
        [b"WWW", b"Example", b"COM"],
        [b"dot.dot", b"example"],
        [b"sp ace", b"example"],
        [b"caf\xc3\xa9", b"example"],
        [b"\xc9", b"example"],  # no lower case outside ASCII
        [b"back\\slash", b"example"],
        [b'quo"te', b"example"],
        [b"nul\0", b"example"],
        [b"tab\tdel\x7f", b"example"],
        [b"!edge~", b"example"],
        [b"_sip", b"_tcp", b"x" * 63],
    ]
    packets = [says(name, f"8.0.2.{n}") for n, name in enumerate(names, 1)]
    packets += [to(50000 + n, f"8.0.2.{n}") for n in range(1, len(names) + 1)]
    return pcap(each_second(packets))


def hostile_messages():
    """What a DNS parser must survive."""
    good = address_record(QUESTION, "8.0.3.1")
    header = struct.pack(">HH4H", 1, 0x8180, 1, 1, 0, 0)
    return [
        b"", header[:11], header,
        dns(QUESTION, [good]),  # a question that points at itself
        dns(b"\xc0\x0e\xc0\x0c", [good]),  # two pointers at each other
        dns(b"\1a\xc0\x0c", [good]),  # a loop that grows
        dns("loop.example", [address_record(b"\xc0\x1e", "8.0.3.1")]),  # an owner that is itself
        dns(b"\xff\xff", [good]),  # beyond the message
        dns(b"\x40" + bytes(64), [good]), dns(b"\x80\0", [good]),  # reserved kinds of label
        dns(b"\x3f" + b"a" * 20, []),  # a label beyond the message
        dns([b"x" * 63] * 5, [good]),  # longer than a name may be
        dns("counts.example", [good], counts=(1, 65535, 65535, 65535)),
        dns("counts.example", [good], counts=(65535, 1, 0, 0)),
        dns("short.example", [record(QUESTION, A, bytes(3))]),
        dns("long.example", [record(QUESTION, A, bytes(5))]),
        dns("beyond.example", [record(QUESTION, A, bytes(4), length=400)]),
        dns("cut.example", [good])[:-3],
        dns("hint.example", [record(QUESTION, HTTPS, b"\0\1\0\0\4\1\0\x08\0\3\1")]),
        dns("target.example", [record(QUESTION, HTTPS, b"\0\1\xc0\x2d")]),
    ]


@capture("names-hostile.pcap")
def hostile_names():
    """Hostile messages between two good ones, over UDP and over TCP."""
    messages = hostile_messages()
    packets = [says("before.example", "8.0.3.2")]
    packets += [answer(message) for message in messages]
    packets += [tcp(f"{RESOLVER}:53", f"{LOCAL}:{41000 + n}", "PA",
                    struct.pack(">H", len(message)) + message)
                for n, message in enumerate(messages)]
    packets += [tcp(f"{RESOLVER}:53", f"{LOCAL}:{42000 + n}", "PA", length + messages[3])
                for n, length in enumerate((b"\0", b"\0\0", b"\xff\xff"))]
    packets += [says("after.example", "8.0.3.3"), to(50001, "8.0.3.2"), to(50002, "8.0.3.3")]
    return pcap(each_second(packets))


# ---- Records

@capture("records.pcap")
def every_kind_of_record():
    """One record of every kind: proto, address form, named and not."""
    return pcap([
        at(0, eth(says("www.example.com", PEER))),
        at(0.25, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "S"))),
        at(0.75, eth(tcp(f"{PEER}:443", f"{LOCAL}:50001", "SA"))),
        at(0.8, eth(tcp(f"{LOCAL}:50001", f"{PEER}:443", "PA", b"x" * 517))),
        at(1, eth(udp(f"[{LOCAL6}]:50002", f"[{PEER6}]:443", b"x" * 1200))),
        at(2, eth(icmp(LOCAL, "1.1.1.1"))),
        at(2.000125, eth(icmp("1.1.1.1", LOCAL, 0))),
        at(3, eth(icmp(LOCAL6, PEER6))),
    ])


@capture("forms6.pcap")
def ipv6_forms():
    """RFC 5952: the longest run of zeros becomes ::, of equals the first, a single one none."""
    addresses = ["2a00:0:0:1:0:0:0:1", "2a00:0:0:1:1:0:0:1", "2a00:0:1:1:1:1:1:1",
                 "2a00:0:0:0:0:0:0:0", "2A00:00AB:0:0:0:0:0:0C"]
    return pcap(each_second([udp(f"[{LOCAL6}]:50001", f"[{address}]:9") for address in addresses]))


@capture("ids.pcap")
def community_ids():
    """The vectors of the Community ID specification; `-a` keeps the local pairs."""
    return pcap(each_second([
        tcp("128.232.110.120:34855", "66.35.250.204:80", "A"),
        udp("192.168.1.52:54585", "8.8.8.8:53"),
        icmp("192.168.0.89", "192.168.0.1", 8, 0),
        icmp("10.0.0.1", "10.0.0.2", 11, 0),
        icmp("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, bytes(16)),
        tcp("[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "A"),
    ]))


# ---- Options

@capture("families.pcap")
def both_families():
    return pcap(each_second([
        tcp(f"{LOCAL}:50001", f"{PEER}:443", "S"),
        udp(f"{LOCAL}:50002", "9.9.9.9:123"),
        tcp(f"[{LOCAL6}]:50003", f"[{PEER6}]:443", "S"),
        udp(f"[{LOCAL6}]:50004", "[2620:fe::9]:123"),
        tcp(f"{LOCAL}:50005", "192.168.1.20:443", "S"),
    ]))


@capture("windows.pcap")
def windows():
    """BASE is not a multiple of 60: windows of a minute end at 40 and 100 seconds."""
    client, server = f"{LOCAL}:1025", f"{PEER}:8080"
    return pcap([
        at(0, eth(says("www.example.com", PEER))),
        at(10, eth(tcp(client, server, "S"))),
        at(11, eth(tcp(server, client, "SA"))),
        at(39.999999, eth(tcp(client, server, "PA", b"x" * 100))),
        # By its ports alone, what the second window begins with would be the other way round.
        at(40, eth(tcp(server, client, "PA", b"y" * 200))),
        at(41, eth(tcp(client, server, "PA", b"x" * 50))),
        at(50, eth(udp(f"{LOCAL}:50001", "9.9.9.9:123", b"z" * 48))),
        at(100, eth(tcp(server, client, "PA", b"y" * 300))),
        at(101.5, eth(tcp(client, server, "FA"))),
    ])


@capture("windows-late.pcap")
def windows_and_late_packets():
    """Around the end of a window at 40 seconds, a packet that comes a little late."""
    return pcap([at(second, eth(udp(f"{LOCAL}:50001", "9.9.9.9:123", b"z" * size)))
                 for second, size in ((39, 1), (40, 10), (39.5, 100), (41, 1000))])


@capture("windows-days.pcap")
def windows_of_days():
    """The server sends once more 20 hours later, and again 30 hours after that."""
    client, server = f"{LOCAL}:1025", f"{PEER}:8080"
    return pcap([at(0, eth(tcp(client, server, "S"))),
                 at(20 * 3600, eth(tcp(server, client, "PA", b"y" * 20))),
                 at(50 * 3600, eth(tcp(server, client, "PA", b"y" * 30)))])


@capture("merge-{}.pcap")
def rotated_captures():
    """A capture in three files. Alone, `b` would take the server for the source."""
    client, server = f"{LOCAL}:1025", f"{PEER}:8080"
    return {
        "a": pcap([at(0, eth(says("www.example.com", PEER))),
                   at(1, eth(tcp(client, server, "S")))]),
        "b": pcap([at(10, eth(tcp(server, client, "PA", b"y" * 20))),
                   at(11, eth(udp(f"{LOCAL}:50001", "9.9.9.9:123")))]),
        "c": pcap([at(20, eth(tcp(client, server, "PA", b"x" * 30)))]),
    }


@capture("cache-learn.pcap")
def names_to_learn():
    return pcap(each_second([
        says("nine.example", "9.9.9.9"),
        says("hundred.example", "100.0.0.1"),
        says("one.example", "1.1.1.1"),
        says("one.example", "1.1.1.1"),  # the same name twice is one name
        says("left.example", "8.8.4.4"),
        says("right.example", "8.8.4.4"),  # two names: not learned
        answer(dns("six.example", [address_record(QUESTION, PEER6)], kind=AAAA)),
        says([b"Odd One"], "8.8.8.8"),
        to(50001, "1.1.1.1"),
    ]))


@capture("names-many.pcap")
def more_names_than_fit_into_a_mebibyte():
    """45000 addresses, the first of them first; flows to the first, one between and the last."""
    hints = [str(ipaddress.ip_address("9.0.0.0") + n) for n in range(45000)]
    messages = [dns("many.example", [https_record(QUESTION, hints[n:n + 15000])], kind=HTTPS)
                for n in range(0, len(hints), 15000)]
    packets = [tcp(f"{RESOLVER}:53", f"{LOCAL}:41000", "PA",
                   struct.pack(">H", len(message)) + message) for message in messages]
    return pcap(each_second([
        *packets, to(50001, hints[0]), to(50002, hints[40000]), to(50003, hints[-1])]))


@capture("cache-use.pcap")
def names_to_look_up():
    """An address without a name here, one with a name before its flow, one with a name after."""
    return pcap(each_second([
        to(50001, "8.0.4.1"),
        says("before.example", "8.0.4.2"),
        to(50002, "8.0.4.2"),
        to(50003, "8.0.4.3"),
        says("after.example", "8.0.4.3"),
    ]))


@capture("cache-{}.pcap")
def names_of_processes():
    """For processes that share a cache: fifty names each."""
    return {
        process: pcap(each_second([says(f"n{n}.p{process}.example", f"11.0.{process}.{n}")
                                   for n in range(1, 51)]))
        for process in range(1, 9)
    }


@capture("big.pcap")
def many_flows():
    """More records than a pipe and all buffers hold."""
    return pcap([at(n / 1000, eth(udp(f"{LOCAL}:{50001 + n % 10000}", f"11.{n // 10000}.0.1:443")))
                 for n in range(20000)])


# ---- Bad input. Packet n is a flow of its own from port 50000 + n, so survivors can be told.

def numbered(count=6):
    return [at(n, eth(tcp(f"{LOCAL}:{50000 + n}", f"{PEER}:443", "S")))
            for n in range(1, count + 1)]


@capture("bad-{}")
def cut_files():
    return {
        "empty.pcap": b"",
        "text.txt": b"This is no capture.\n" * 20,
        "header.pcap": pcap_header()[:10],
        "header.pcapng": Section().header()[:20],
        "end.pcap": pcap(numbered())[:-10],
        "record-header.pcap": pcap(numbered(5)) + pcap_record(numbered()[5])[:7],
        "end.pcapng": pcapng(numbered())[:-10],
    }


@capture("bad-length.pcap")
def absurd_length():
    one, two, three, *others = numbered()
    return pcap([one, two]) + pcap_record(three, captured=0xffffffff) \
        + b"".join(pcap_record(frame) for frame in others)


@capture("bad-link.pcap")
def unknown_link():
    return pcap(numbered(), USB_LINUX)


@capture("bad-link-unnamed.pcap")
def nameless_link():
    return pcap(numbered(), 65000)


@capture("bad-link.pcapng")
def one_unknown_link():
    section = Section()
    one, two, three = numbered(3)
    return b"".join([
        section.header(), section.interface(ETHERNET), section.interface(USB_LINUX),
        section.packet(one, 0), section.packet(two, 1), section.packet(three, 0),
    ])


@capture("bad-block-{}.pcapng")
def damaged_blocks():
    """The third packet's block is damaged."""
    def around(damage):
        section = Section()
        blocks = [section.header(), section.interface()]
        for number, frame in enumerate(numbered(), 1):
            blocks.append(damage(section, frame) if number == 3 else section.packet(frame))
        return b"".join(blocks)

    def absurd(section, frame):
        whole = section.packet(frame)
        return whole[:4] + section.pack("I", 0xfffffff0) + whole[8:]

    def tiny(section, frame):
        whole = section.packet(frame)
        return whole[:4] + section.pack("I", 4) + whole[8:]

    return {
        "trailer": around(lambda section, frame: section.packet(frame, trailer=0x55555555)),
        "captured": around(lambda section, frame: section.packet(frame, captured=5000)),
        "absurd": around(absurd),
        "tiny": around(tiny),
    }


@capture("bad-interface.pcapng")
def undefined_interface():
    section = Section()
    blocks = [section.header(), section.interface()]
    blocks += [section.packet(frame, 7 if number in (2, 4, 5) else 0)
               for number, frame in enumerate(numbered(), 1)]
    return b"".join(blocks)


@capture("bad-{}.pcap.gz")
def corrupt_gzip():
    whole = pcap(numbered())
    stored = gzip.compress(whole, 0)  # stored, so that what is lost is known
    return {
        "cut": stored[:-8 - 10],  # the trailer and a part of the last packet
        "checksum": stored[:-8] + bytes([stored[-8] ^ 1]) + stored[-7:],
        "second-member": gzip.compress(whole) + gzip.compress(whole)[:4] + b"corrupt",
    }


@capture("scan.pcap")
def scan():
    """Many flows, each with two packets far apart."""
    probes = [tcp(f"10.1.2.3:{40000 + n}", f"198.41.{n >> 8}.{n & 255}:80", "S")
              for n in range(3000)]
    return pcap([at(n / 1000, eth(packet)) for n, packet in enumerate(probes + probes)])


# ---- Two days of a small network, for secflow-hunt(7): on the second one somebody follows a link.

SITES = {"www.example.com": "93.184.215.14", "cdn.example.org": "1.1.1.1", "news.example.net": "199.7.83.42",
         "short.example": "198.41.0.4", "account-check.example": "193.0.14.129", "sync.example": "192.36.148.17",
         "files.example": "202.12.27.33"}


class Network:
    """Frames of conversations, in the order of time."""

    def __init__(self, day):
        self.start, self.frames, self.ports, self.asked = day * 86400, [], 50000, set()
        self.random = random.Random(day).random  # the same numbers in every version of Python

    def add(self, seconds, packet, cut=None):
        self.frames.append(at(self.start + seconds, eth(packet), cut))

    def look_up(self, seconds, host, name):
        if (host, name) not in self.asked:
            message = dns(name, [address_record(QUESTION, SITES[name])])
            self.add(seconds, udp(f"{host}:40000", f"{RESOLVER}:53", dns(name, flags=0x0100)))
            self.add(seconds + 0.01, udp(f"{RESOLVER}:53", f"{host}:40000", message))
        self.asked.add((host, name))

    def visit(self, seconds, host, name, sent, received, duration=0.9):
        """A conversation in which each side sends so many bytes; the other acknowledges every second packet."""
        self.look_up(seconds, host, name)
        self.ports += 1
        a, b = f"{host}:{self.ports}", f"{SITES[name]}:443"
        packets = [tcp(a, b, "S"), tcp(b, a, "SA"), tcp(a, b)]
        for one, other, count in (a, b, sent), (b, a, received):
            for n, left in enumerate(range(count, 0, -1400)):
                packets.append(tcp(one, other, "PA", b"x" * min(left, 1400)))
                if n % 2:
                    packets.append(tcp(other, one))
        packets += [tcp(a, b, "FA"), tcp(b, a, "FA")]
        for n, packet in enumerate(packets):
            self.add(seconds + 0.02 + duration * n / len(packets), packet, cut=96)

    def browse(self, hours):
        """What happens every day."""
        for _ in range(80 * hours):
            self.visit(self.random() * hours * 3600, f"192.168.1.{20 + int(self.random() * 9)}",
                       list(SITES)[int(self.random() * 3)], 300 + int(self.random() * 900), 3000 + int(self.random() * 90000))

    def capture(self):
        return pcap(sorted(self.frames, key=lambda frame: frame.time))


@capture("hunt-{}.pcap")
def hunt():
    yesterday, today = Network(0), Network(1)
    yesterday.browse(3)
    today.browse(3)
    host = "192.168.1.23"
    today.visit(3000, host, "short.example", 400, 900)
    today.visit(3002, host, "account-check.example", 700, 48000)
    today.visit(3041, host, "account-check.example", 2600, 500)
    for n in range(120):
        today.visit(3300 + n * 60 + today.random() * 6, host, "sync.example", 320, 410)
    today.visit(9200, host, "files.example", 1_600_000, 9000, 40)
    return {"yesterday": yesterday.capture(), "today": today.capture()}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, function in CAPTURES:
        made = function()
        family = made if isinstance(made, dict) else {None: made}
        for key, data in family.items():
            (directory / name.format(key)).write_bytes(data)


if __name__ == "__main__":
    main()
