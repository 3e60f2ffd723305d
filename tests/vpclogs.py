#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write flow logs of clouds for the packets of a capture, or AWS' for many made up ones.

usage: vpclogs.py FILE WINDOW [WORD...] >vpc.log
       vpclogs.py many ROWS >vpc.log

FILE is a pcap or pcapng of Ethernet, WINDOW the seconds in which traffic adds up. WORDS: flags: AWS' version 3, with
tcp-flags, and columns in an order of its own; azure: virtual network flow logs; google: LogEntries. Each local address
has a network interface, on which all of its traffic is logged, in windows that begin at some time of its own.
"""
import ipaddress
import json
import random
import struct
import sys
import time

DEFAULT = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
           "log-status")
FLAGS = ("start end tcp-flags interface-id pkt-srcaddr pkt-dstaddr srcaddr dstaddr srcport dstport protocol bytes "
         "packets flow-direction log-status version")
TCP, UDP = 6, 17
MICRO = 1_000_000


# ---- Packets

def blocks(data, order):
    """The blocks of a pcapng: type and body."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        yield kind, data[at + 8:at + size - 4]
        at += size


def resolution(options, order):
    """Of an interface's times, in parts of a second."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        if code == 9:
            exponent = options[at + 4]
            return 2 ** (exponent & 127) if exponent & 128 else 10 ** exponent
        at += 4 + (length + 3) // 4 * 4
    return MICRO


def frames(data):
    """Time in microseconds, link type and frame of each packet."""
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        order, links = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">", []
        for kind, body in blocks(data, order):
            if kind == 1:
                links.append((struct.unpack_from(order + "H", body)[0], resolution(body[8:], order)))
            elif kind == 6:
                number, high, low, size = struct.unpack_from(order + "IIII", body)
                link, unit = links[number]
                yield (high << 32 | low) * MICRO // unit, link, body[20:20 + size]
        return
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1000 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1
    link, at = struct.unpack_from(order + "I", data, 20)[0] & 0xffff, 24
    while at + 16 <= len(data):
        seconds, parts, size = struct.unpack_from(order + "III", data, at)
        yield seconds * MICRO + parts // unit, link, data[at + 16:at + 16 + size]
        at += 16 + size


def packet(frame):
    """(protocol, source, target), IP length and TCP flags of a packet; None: it is of no use here."""
    kind, at = struct.unpack_from("!H", frame, 12)[0], 14
    while kind in (0x8100, 0x88a8):
        kind, at = struct.unpack_from("!H", frame, at + 2)[0], at + 4
    body = frame[at:]
    if kind == 0x0800 and len(body) >= 20:
        head, length, protocol = (body[0] & 15) * 4, struct.unpack_from("!H", body, 2)[0], body[9]
        ends = [ipaddress.ip_address(body[12:16]), ipaddress.ip_address(body[16:20])]
        if struct.unpack_from("!H", body, 6)[0] & 0x3fff:
            return None
    elif kind == 0x86dd and len(body) >= 40:
        head, length, protocol = 40, 40 + struct.unpack_from("!H", body, 4)[0], body[6]
        ends = [ipaddress.ip_address(body[8:24]), ipaddress.ip_address(body[24:40])]
    else:
        return None
    body = body[head:]
    if protocol in (1, 58):
        return (protocol, (ends[0], 0), (ends[1], 0)), length, 0
    if protocol not in (TCP, UDP) or len(body) < (14 if protocol == TCP else 8):
        return None
    ports = struct.unpack_from("!HH", body)
    return (protocol, *zip(ends, ports)), length, body[13] if protocol == TCP else 0


def packets(path):
    """Time, flow, length and flags of the packets of a capture."""
    with open(path, "rb") as file:
        data = file.read()
    for when, link, frame in frames(data):
        found = packet(frame) if link == 1 and len(frame) >= 34 else None
        if found:
            yield (when, *found)


# ---- What is logged of them

def is_local(address):
    return not address.is_global or address.is_multicast


def logged_flags(flags):
    """AWS logs ACK only with SYN, and PSH never."""
    return flags & 7 | (18 if flags & 18 == 18 else 0)


class Log:
    """What each interface saw of each direction of a flow within a window."""

    def __init__(self, window):
        self.window = window * MICRO
        self.rows = {}

    def add(self, interface, when, flow, length, flags):
        phase = interface * 7919 * MICRO % self.window
        row = self.rows.setdefault((interface, (when - phase) // self.window, flow), [when, when, 0, 0, 0])
        row[0], row[1] = min(row[0], when), max(row[1], when)
        row[2] += 1
        row[3] += length
        row[4] |= logged_flags(flags)

    def sorted(self, seed=1):
        """The rows, of each window in any order."""
        rng = random.Random(seed)
        return [(key, self.rows[key]) for key in sorted(self.rows, key=lambda key: (key[1], rng.random()))]


def observe(path, window):
    log, interfaces = Log(window), {}
    for when, flow, length, flags in packets(path):
        seen = [end[0] for end in flow[1:] if is_local(end[0]) and not end[0].is_multicast] or [None]
        for address in dict.fromkeys(seen):
            log.add(interfaces.setdefault(address, len(interfaces)), when, flow, length, flags)
    return log


# ---- The forms of logs

def aws(log, names):
    yield names
    for (interface, _, (protocol, src, dst)), (first, last, count, length, flags) in log.sorted():
        cells = {
            "version": 3 if names == FLAGS else 2, "account-id": 123456789012, "interface-id": "eni-%d" % interface,
            "srcaddr": src[0], "dstaddr": dst[0], "pkt-srcaddr": src[0], "pkt-dstaddr": dst[0], "srcport": src[1],
            "dstport": dst[1], "protocol": protocol, "packets": count, "bytes": length, "start": first // MICRO,
            "end": last // MICRO, "action": "ACCEPT", "log-status": "OK", "flow-direction": "-",
            "tcp-flags": flags if protocol == TCP else 0}
        yield " ".join(str(cells[name]) for name in names.split())
    yield " ".join({"start": "100", "end": "160", "log-status": "NODATA"}.get(name, "-") for name in names.split())


def azure(log):
    """Each direction's row is a tuple of the flow, whose source is the first that sent."""
    opened, tuples = {}, {}
    for (interface, _, flow), (first, last, count, length, _) in sorted(log.rows.items(), key=lambda row: row[1][0]):
        protocol, src, dst = flow
        forward = opened.setdefault(frozenset(flow), src) == src
        ends, counts = ((src, dst), (count, length + 14 * count, 0, 0)) if forward else ((dst, src), (0, 0, count, length + 14 * count))
        for when, state, values in ((first, "B", (0, 0, 0, 0)), (last, "E", counts)):
            tuples.setdefault(interface, []).append(",".join(str(cell) for cell in (
                when // 1000, ends[0][0], ends[1][0], ends[0][1], ends[1][1], protocol, "O", state, "NX", *values)))
    yield json.dumps({"records": [
        {"flowLogVersion": 4, "macAddress": "0022%08X" % interface, "flowRecords": {"flows": [
            {"aclID": "x", "flowGroups": [{"rule": "a", "flowTuples": texts}]}]}} for interface, texts in tuples.items()]})


def stamp(microseconds):
    seconds, rest = divmod(microseconds, MICRO)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%06d999Z" % rest


def google(log):
    """Bytes are those of payload: options of TCP are not told from it here."""
    for (interface, _, (protocol, src, dst)), (first, last, count, length, _) in log.sorted():
        head = (40 if src[0].version == 6 else 20) + (20 if protocol == TCP else 8)
        yield json.dumps({"jsonPayload": {
            "reporter": "SRC%d" % interface, "bytes_sent": str(length - count * head), "packets_sent": str(count),
            "connection": {"src_ip": str(src[0]), "src_port": src[1], "dest_ip": str(dst[0]), "dest_port": dst[1],
                           "protocol": protocol}, "start_time": stamp(first), "end_time": stamp(last)}})


def lines(path, window, words):
    log = observe(path, window)
    if "azure" in words:
        return azure(log)
    return google(log) if "google" in words else aws(log, FLAGS if "flags" in words else DEFAULT)


def many(rows):
    """Both directions of conversations of one to three minutes, of 300 machines."""
    rng = random.Random(1)
    yield DEFAULT
    for row in range(0, rows, 4):
        host, begin = rng.randrange(300), 1_700_000_000 + row // 200
        near = "10.0.%d.%d" % (host % 8, host % 250 + 1)
        far = "%d.%d.%d.%d" % (rng.randrange(20, 100), rng.randrange(256), rng.randrange(256), rng.randrange(1, 255))
        sport, dport = rng.randrange(32768, 61000), rng.choice((443, 443, 443, 80, 22, 53, 123))
        for minute in range(rng.choice((1, 2, 3))):
            for src, dst, a, b in ((near, far, sport, dport), (far, near, dport, sport)):
                count = rng.randrange(1, 400)
                yield "2 123456789012 eni-%017x %s %s %d %d %d %d %d %d %d ACCEPT OK" % (
                    host * 7919, src, dst, a, b, UDP if dport in (53, 123) else TCP, count,
                    count * rng.randrange(60, 1400), begin + 60 * minute, begin + 60 * minute + 59)


def main():
    if sys.argv[1] == "many":
        text = many(int(sys.argv[2]))
    else:
        text = lines(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    for line in text:
        print(line)


if __name__ == "__main__":
    main()
