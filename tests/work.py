#!/usr/bin/env python3
"""What hostile packets cost pcap2flow, in instructions as valgrind counts them: TAP.

Twice the packets are twice the work, and a byte costs no more than some instructions, whatever it
does. Time is not measured.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import captures

TOOL = pathlib.Path(os.environ["BINDIR"]).resolve() / "pcap2flow"
SERVER, CLIENT = f"{captures.PEER}:53", f"{captures.LOCAL}:40000"


def pointers(kind, data):
    """A message of records whose names follow 120 pointers, other ones in turn."""
    question = b"\1a\0"
    text = 12 + len(question) + 4 + 11
    chain, places, before = b"", [], 12
    for _ in range(120):
        chain += b"\1x" + struct.pack(">H", 0xc000 | before)
        before = text + 4 * len(places)
        places.append(before)
    records = [captures.record(b"\0", 16, chain)]
    while sum(map(len, records)) < 1400:
        place = places[-1 - len(records) % 60]
        records.append(captures.record(struct.pack(">H", 0xc000 | place), kind, data))
    return captures.dns(question, additional=records)


def dns_pointers(count):
    return [captures.udp(SERVER, CLIENT, pointers(16, b""))] * count


def dns_pointers_told(count):
    return [captures.udp(SERVER, CLIENT, pointers(captures.A, bytes([9, 9, 9, 9])))] * count


def dns_gaps(count):
    """Each window of a connection: every second message, up to its end, then those between."""
    answer = captures.dns("a", [captures.address_record("b", "9.9.9.9")])
    message = struct.pack(">H", len(answer)) + answer
    step, packets = len(message), [captures.tcp(SERVER, CLIENT, "SA", sequence=0)]
    window = 65000 // step
    for start in range(0, count, window):
        for first in (1, 0):
            packets += [captures.tcp(SERVER, CLIENT, "A", message[1:] + message[:1],
                                     sequence=2 + step * (start + n)) for n in range(first, window, 2)]
        packets.append(captures.tcp(SERVER, CLIENT, "A", message[:1], sequence=1 + step * start))
    return packets


def dns_fragments(count):
    """First fragments that no other follows."""
    start = captures.udp_datagram(53, 40000, captures.dns("a"), length=1400)
    return [captures.ip(SERVER, CLIENT, captures.UDP, start[:24], ident=n & 0xffff, more=True)
            for n in range(count)]


# The packets that are sent, and the most instructions for each of their bytes.
CASES = [(dns_pointers, 1000, 30), (dns_pointers_told, 500, 400), (dns_gaps, 20000, 60),
         (dns_fragments, 20000, 60)]


def instructions(directory, packets):
    path = pathlib.Path(directory) / "work.pcap"
    path.write_bytes(captures.pcap(captures.each_second(packets)))
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", TOOL, "-aq", path],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def main():
    if not shutil.which("valgrind") or os.environ.get("SANITIZERS", "no") != "no":
        print("1..0 # SKIP no valgrind, or sanitizers, which add instructions")
        return 0
    failed = 0
    print("1..%d" % (2 * len(CASES)))
    with tempfile.TemporaryDirectory() as directory:
        least = instructions(directory, [])
        for number, (make, count, most) in enumerate(CASES):
            packets = make(count)
            once = instructions(directory, packets) - least
            twice = instructions(directory, make(2 * count)) - least
            each = once / sum(map(len, packets))
            for step, (good, what) in enumerate([
                    (twice < 2.3 * once, "%s: twice is %.2f times the work" % (make.__name__, twice / once)),
                    (each < most, "%s: %.0f instructions a byte" % (make.__name__, each))]):
                failed += not good
                print("%sok %d - %s" % ("" if good else "not ", 2 * number + step + 1, what))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
