#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which payload reaches the memory of a running flowcap.

usage: markers.py PID INTERFACE [-S]

Sends packets of all kinds out of the interface that flowcap listens to at its other end. Their
payload is full of markers, for which the memory of the process is searched, and so is the ring in
which the kernel hands packets over. Prints what is not as it must be: more of a kind than the
table says, or less. Then it tries to take the kernel's filter off, which must fail.

Ends with 77, and the reason, where the memory of another process cannot be read.
"""
import ctypes
import errno
import os
import re
import socket
import struct
import sys
import time

from captures import (LOCAL, LOCAL6, PEER, PEER6, ICMP, TCP, UDP, dns, erspan2, eth, ethernet, geneve,
                      gre, gtpu, icmp, ip, mpls, pppoe, tagged, tcp, tcp_segment, udp, udp_datagram,
                      vxlan)

MARKER = 8  # bytes
SIZE = 600  # of payload
ALL = SIZE

OUT, IN = (f"{LOCAL}:40000", f"{PEER}:443"), (f"{PEER}:443", f"{LOCAL}:40000")
OUT6 = (f"[{LOCAL6}]:40000", f"[{PEER6}]:443")
PAIR, PAIR6 = (LOCAL, PEER), (LOCAL6, PEER6)
INSIDE = ("10.0.0.1", "10.0.0.2")
RESPONSE = dns("www.example.org", counts=(1, 40, 0, 0))


def dns_from(port, head=RESPONSE):
    return lambda payload: eth(udp(f"{PEER}:53", f"{LOCAL}:{port}", head + payload))


def outer(protocol):
    """A packet of that protocol around a payload."""
    return lambda payload: eth(ip(*PAIR, protocol, payload))


def datagram(payload):
    return udp(*OUT, payload)


def tunnel(port, wrap):
    """A tunnel in UDP, between private addresses."""
    return lambda payload: eth(udp("10.0.0.1:50000", f"10.0.0.2:{port}", wrap(datagram(payload))))


def in_tcp(head, port=443):
    return lambda payload: eth(tcp(f"{LOCAL}:40000", f"{PEER}:{port}", "PA", head + payload))


def extended(*extensions):
    return lambda payload: eth(udp(*OUT6, payload, extensions=extensions))


HOP_BY_HOP = (0, b"\0\1\4\0\0\0\0")
TLS_RECORD = b"\x16\3\1\0\x80\1\0\0\x7c\3\3"  # its first 11 of 5 + 128 bytes

# A kind: the frame of a payload; bytes of it that come to memory, in whole markers; with -S, where
# that is another number.
KINDS = {
    "UDP": (lambda p: eth(datagram(p)), 0),
    "TCP": (in_tcp(b""), 0),
    "TCP's options": (lambda p: eth(tcp(*OUT, "PA", p, tcp_options=p[:40])), 0),
    "a TCP header that is too long": (lambda p: eth(tcp(*OUT, "PA", p, words=15)), 0),
    "a TCP header that is too short": (lambda p: eth(tcp(*OUT, "PA", p, words=0)), 0),
    "ICMP": (lambda p: eth(icmp(*PAIR, body=p)), 0),
    "ICMP's errors": (lambda p: eth(icmp(*PAIR, 3, 3, datagram(p))), 0),
    "a first fragment": (lambda p: eth(udp(*OUT, p, ident=1, more=True)), 0),
    "a later fragment": (lambda p: eth(ip(*PAIR, UDP, p, ident=1, offset=80)), 0),
    "SCTP": (outer(132), 0),
    "ESP": (outer(50), 0),
    "IGMP": (outer(2), 0),
    "an unknown protocol": (outer(255), 0),
    "an authentication header": (lambda p: eth(ip(
        *PAIR, 51, struct.pack(">BBHII12x", UDP, 4, 0, 1, 1) + udp_datagram(40000, 443, p))), 0),
    "local": (lambda p: eth(udp("10.0.0.1:40000", "10.0.0.2:443", p)), 0),
    "a service": (lambda p: eth(tcp(f"{LOCAL}:40000", f"{PEER}:445", "PA", p)), 0),
    "mDNS": (lambda p: eth(udp(f"{LOCAL}:5353", "224.0.0.251:5353", p)), 0),

    "a DNS query": (lambda p: eth(udp(f"{LOCAL}:40000", f"{PEER}:53", RESPONSE + p)), 0),
    "a DNS query over TCP": (in_tcp(RESPONSE, 53), 0),
    "a DNS response": (dns_from(40000), ALL),
    "a local DNS response": (lambda p: eth(udp("10.0.0.1:53", "10.0.0.2:40000", RESPONSE + p)), ALL),
    "a query from port 53": (dns_from(53, dns("www.example.org", flags=0x0100)), 0),
    "something else from port 53": (dns_from(443, b""), 0),
    "a segment from port 53": (lambda p: eth(tcp(f"{PEER}:53", f"{LOCAL}:40000", "PA", p)), ALL),
    "a fragment of a DNS response": (lambda p: eth(udp(
        f"{PEER}:53", f"{LOCAL}:40000", RESPONSE + p, ident=2, more=True)), 0),

    "IPv6, UDP": (lambda p: eth(udp(*OUT6, p)), 0),
    "IPv6, TCP": (lambda p: eth(tcp(*OUT6, "PA", p)), 0),
    "IPv6, ICMP": (lambda p: eth(icmp(*PAIR6, body=p)), 0),
    "IPv6, an extension header": (extended(HOP_BY_HOP), 0),
    "IPv6, many of them": (extended(*[(60, HOP_BY_HOP[1])] * 4), 160),  # 256 - 14 - 40 - 32 - 8
    "IPv6, a first fragment": (extended((44, struct.pack(">BHI", 0, 1, 7))), 0),
    "IPv6, a later fragment": (lambda p: eth(ip(
        *PAIR6, UDP, p, extensions=[(44, struct.pack(">BHI", 0, 0x401, 7))])), 0),
    "IPv6, nothing": (lambda p: eth(ip(*PAIR6, 59, p)), 0),

    "VLAN": (lambda p: tagged(datagram(p), 0x8100), 0),
    "two VLANs": (lambda p: tagged(datagram(p), 0x88a8, 0x8100), 0),
    "TrustSec": (lambda p: ethernet(0x8909, b"\1\1\0\1\0\5\x08\0" + datagram(p)), 0),
    "MPLS": (lambda p: ethernet(0x8847, mpls(datagram(p), 100, 101)), 0),
    "PPPoE": (lambda p: ethernet(0x8864, pppoe(datagram(p))), 0),
    "PPPoE, LCP": (lambda p: ethernet(0x8864, b"\x11\0\0\1\2\0\xc0\x21" + p), 0),
    "IEEE 802.3": (lambda p: ethernet(SIZE, p), 0),
    "IEEE 802.3, SNAP": (lambda p: ethernet(SIZE, b"\xaa\xaa\3\0\0\0\x08\0" + datagram(p)), 0),
    "ARP": (lambda p: ethernet(0x0806, p), 0),
    "LLDP": (lambda p: ethernet(0x88cc, p), 0),
    "an experiment": (lambda p: ethernet(0x88b5, p), 0),

    "IP in IP": (lambda p: eth(ip(*INSIDE, 4, datagram(p))), 0),
    "6in4": (lambda p: eth(ip(*INSIDE, 41, udp(*OUT6, p))), 0),
    "IP in IP in IP": (lambda p: eth(ip(*INSIDE, 4, ip(*INSIDE, 4, datagram(p)))), 168),
    "GRE": (lambda p: eth(ip(*INSIDE, 47, gre(0x0800, datagram(p), key=True))), 0),
    "GRE, something else": (lambda p: eth(ip(*INSIDE, 47, gre(0x1234, p))), 0),
    "ERSPAN": (lambda p: eth(ip(*INSIDE, 47, erspan2(eth(datagram(p))))), 0),
    "VXLAN": (tunnel(4789, lambda inner: vxlan(eth(inner))), 0),
    "VXLAN, something else": (tunnel(4789, lambda inner: vxlan(ethernet(0x88cc, inner))), 0),
    "VXLAN's port": (lambda p: eth(udp(f"{LOCAL}:50000", f"{PEER}:4789", p)), 0),
    "Geneve": (tunnel(6081, lambda inner: geneve(0x0800, inner, b"\0" * 8)), 0),
    "GTP-U": (tunnel(2152, gtpu), 0),
    "from GTP-U's port": (lambda p: eth(udp(f"{PEER}:2152", f"{LOCAL}:40000", p)), 0),

    "TLS, a hello": (in_tcp(TLS_RECORD), 0, 5 + 128 - 11 - 2),
    "TLS, data": (in_tcp(b"\x17\3\3\1\0"), 0),
    "HTTP": (in_tcp(b"GET / HTTP/1.1\r\nCookie: ", 80), 0, ALL),
    "HTTP, a response": (lambda p: eth(tcp(*IN, "PA", b"HTTP/1.1 200 OK\r\n" + p)), 0),
    "HTTP, in the middle": (in_tcp(b"POSTpone", 80), 0),
    "POP3": (in_tcp(b"DELE 1\r\n", 110), 0),
    "QUIC, Initial": (lambda p: eth(udp(*OUT, b"\xc3\0\0\0\1\x08" + p)), 0, ALL),
    "QUIC, data": (lambda p: eth(udp(*OUT, b"\x43\0\0\0\1\x08" + p)), 0),
    "QUIC in a VLAN": (lambda p: tagged(udp(*OUT, b"\xc3\0\0\0\1\x08" + p), 0x8100), 0, ALL),

    "the last": (dns_from(40001), ALL),
}


def payload(number):
    return b"".join(b"@%02d%04d@" % (number, at) for at in range(SIZE // MARKER))


def search(pid):
    """The markers in the memory of the process, by kind."""
    found = {}
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            begin, end = (int(number, 16) for number in span.split("-"))
            if "r" not in rights or "[v" in line:  # the kernel's own
                continue
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except OSError as error:
                if error.errno != errno.EIO:  # has no pages
                    raise
                continue
            for kind, at in re.findall(rb"@(\d\d)(\d{4})@", data):
                found.setdefault(int(kind), set()).add(int(at))
    return found


def skip(reason):
    print(reason)
    sys.exit(77)


def send(interface):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        for number, (frame, *_) in enumerate(KINDS.values()):
            out.send(frame(payload(number)))


def wait_and_search(pid):
    """Everything has arrived once the last has, which the kernel may hold for a moment."""
    last = len(KINDS) - 1
    for _ in range(100):
        try:
            found = search(pid)
        except OSError as error:
            skip(f"the memory of another process cannot be read here: {error.strerror}")
        if last in found:
            return found
        time.sleep(0.1)
    skip("the ring is not seen in the memory of another process here")


def compare(found, sessions):
    for number, (kind, (_, usual, *other)) in enumerate(KINDS.items()):
        want = other[0] if sessions and other else usual
        got = MARKER * len(found.get(number, ()))
        if got != want:
            print(f"{kind}: {got} bytes in memory, not {want}")


def try_to_unlock(pid):
    """As code running in the process could."""
    SO_DETACH_FILTER, SO_LOCK_FILTER, SYS_PIDFD_GETFD = 27, 44, 438
    libc = ctypes.CDLL(None, use_errno=True)
    process, packet_sockets = os.pidfd_open(pid), 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
            continue
        copy = libc.syscall(SYS_PIDFD_GETFD, process, int(name), 0)
        if copy < 0:
            skip(f"descriptors of another process cannot be had here: {os.strerror(ctypes.get_errno())}")
        with socket.socket(fileno=copy) as its:
            if its.family != socket.AF_PACKET:
                continue
            packet_sockets += 1
            if not its.getsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER):
                print("the filter is not locked")
            try:
                its.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
                print("the filter can be taken off")
            except PermissionError:
                pass
    if packet_sockets != 1:
        print(f"there are {packet_sockets} packet sockets")


def main():
    pid, interface = int(sys.argv[1]), sys.argv[2]
    send(interface)
    compare(wait_and_search(pid), "-S" in sys.argv)
    try_to_unlock(pid)


main()
