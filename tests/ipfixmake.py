#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write messages of NetFlow 5, NetFlow 9 and IPFIX for the tests.

usage: ipfixmake.py OUTDIR
       ipfixmake.py big MESSAGES >FILE
       ipfixmake.py flood >FILE

The first half builds bytes; the second half is the files, a function each, named after what they show. A file
NAME.pcap is a capture of the messages as datagrams. big: IPFIX with 24 records in each message, of as many
conversations as a tenth of the records. flood: templates and data of domains that come once, between those of one
that goes on for 200 conversations.
"""
import ipaddress
import json
import pathlib
import struct
import sys

import captures

BASE = 1_700_000_000  # 2023-11-14T22:13:20Z; times below are seconds after it
NTP = 2_208_988_800
REVERSE = 29305 << 16
CERT = 6871 << 16
VARIABLE = 65535

SRC, DST, SRC6, DST6, SPORT, DPORT, PROTO, FLAGS = 8, 12, 27, 28, 7, 11, 4, 6
PACKETS, BYTES, START_MS, END_MS = 2, 1, 152, 153
ENDS = {SRC: 4, DST: 4, SPORT: 2, DPORT: 2, PROTO: 1}
COUNTS = {PACKETS: 4, BYTES: 4}
TIMES = {START_MS: 8, END_MS: 8}
USUAL = {**ENDS, **COUNTS, **TIMES, FLAGS: 1}

LOCAL, PEER = "192.168.1.10", "8.8.8.8"
TCP, UDP = 6, 17
S, A = 2, 16


# ---- Bytes

def number(value, length):
    if isinstance(value, str):
        return ipaddress.ip_address(value).packed
    if isinstance(value, bytes):
        return value
    return value.to_bytes(length, "big")


def record(fields, values):
    out = b""
    for field, length in fields.items():
        value = values.get(field, 0)
        if length == VARIABLE:
            text = number(value, 1)
            out += (bytes([len(text)]) if len(text) < 255 else b"\xff" + struct.pack(">H", len(text))) + text
        else:
            out += number(value, length)
    return out


def specification(fields):
    out = b""
    for field, length in fields.items():
        enterprise = field >> 16
        out += struct.pack(">HH", (field & 0xffff) | (0x8000 if enterprise else 0), length)
        out += struct.pack(">I", enterprise) if enterprise else b""
    return out


def a_set(kind, body, pad=0):
    return struct.pack(">HH", kind, 4 + len(body) + pad) + body + bytes(pad)


def template(fields, kind=256, version=10):
    return a_set(2 if version == 10 else 0, struct.pack(">HH", kind, len(fields)) + specification(fields))


def options(scopes, fields, kind=300, version=10):
    if version == 10:
        head = struct.pack(">HHH", kind, len(scopes) + len(fields), len(scopes))
        return a_set(3, head + specification({**scopes, **fields}))
    head = struct.pack(">HHH", kind, 4 * len(scopes), 4 * len(fields))
    return a_set(1, head + specification(scopes) + specification(fields), 2)


def data(fields, *rows, kind=256, pad=0):
    return a_set(kind, b"".join(record(fields, row) for row in rows), pad)


def ipfix(*sets, at=60, domain=0):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), BASE + at, 0, domain) + body


def netflow9(*sets, at=60, uptime=100_000, domain=0):
    return struct.pack(">HHIIII", 9, len(sets), uptime, BASE + at, 0, domain) + b"".join(sets)


def netflow5(*rows, at=60, uptime=100_000, sampling=0):
    out = struct.pack(">HHIIIIBBH", 5, len(rows), uptime, BASE + at, 250_000_000, 0, 0, 0, sampling)
    for row in rows:
        out += (number(row[SRC], 4) + number(row[DST], 4) + bytes(8) + struct.pack(
            ">IIIIHHBBBBHHBBH", row[PACKETS], row[BYTES], row[22], row[21], row.get(SPORT, 0), row.get(DPORT, 0), 0,
            row.get(FLAGS, 0), row[PROTO], 0, 0, 0, 0, 0, 0))
    return out


def flow(sport, start=1, end=3, packets=3, payload=100, proto=TCP, flags=S | A, src=LOCAL, dst=PEER, dport=443, **more):
    """A half; payload in `packets` packets with a SYN's options if the flags have that."""
    header = 20 + (20 if proto == TCP else 8)
    return {SRC: src, DST: dst, SPORT: sport, DPORT: dport, PROTO: proto, PACKETS: packets,
            BYTES: payload + packets * header + (20 if proto == TCP and flags & S else 0), FLAGS: flags if proto == TCP else 0,
            START_MS: (BASE + start) * 1000, END_MS: (BASE + end) * 1000,
            **{int(name[1:]): value for name, value in more.items()}}


def back(row, packets=2, payload=50, start=None):
    """The other half, which begins as early unless said otherwise."""
    begin = row[START_MS] if start is None else (BASE + start) * 1000
    header = 20 + (20 if row[PROTO] == TCP else 8)
    return {**row, SRC: row[DST], DST: row[SRC], SPORT: row[DPORT], DPORT: row[SPORT], PACKETS: packets, START_MS: begin,
            BYTES: payload + packets * header + (20 if row[PROTO] == TCP and row[FLAGS] & S else 0)}


def datagrams(*messages, exporter="192.0.2.1:40000", port=2055):
    """Frames, a second apart; a message can be (exporter, message)."""
    frames = []
    for at, message in enumerate(messages):
        source, message = message if isinstance(message, tuple) else (exporter, message)
        frames.append(captures.at(100 + at, captures.eth(captures.udp(source, "192.0.2.99:%d" % port, message))))
    return captures.pcap(frames)


# ---- Files

def halves():
    """Both halves of TCP and UDP, from either side first, all beginning together."""
    one, two, three = flow(50001), flow(50002), flow(50003, proto=UDP, dport=53)
    return {"halves.ipfix": ipfix(template(USUAL), data(USUAL, one, back(one), back(two), two, back(three), three))}


def versions():
    """The same two conversations in all versions, and with all times."""
    rows = (flow(50001, flags=S), flow(50002, start=2, proto=UDP, dport=53))
    up = [{**row, 22: row[START_MS] - (BASE - 40) * 1000, 21: row[END_MS] - (BASE - 40) * 1000} for row in rows]
    of_5 = [{**row, 22: row[22] - 250, 21: row[21] - 250} for row in up]
    fields = {**ENDS, **COUNTS, FLAGS: 1}
    out = {"v5": netflow5(*of_5), "v9-up": netflow9(template({**fields, 22: 4, 21: 4}, version=9),
                                                    data({**fields, 22: 4, 21: 4}, *up))}
    times = {"s": (150, 151, 4, lambda t: t // 1000), "ms": (152, 153, 8, lambda t: t),
             "us": (154, 155, 8, lambda t: (t // 1000 + NTP) << 32), "ns": (156, 157, 8, lambda t: (t // 1000 + NTP) << 32),
             "before": (158, 159, 4, lambda t: (BASE + 60) * 1_000_000 - t * 1000)}
    for name, (start, end, length, unit) in times.items():
        timed = [{**row, start: unit(row[START_MS]), end: unit(row[END_MS])} for row in rows]
        with_times = {**fields, start: length, end: length}
        out[name] = ipfix(template(with_times), data(with_times, *timed))
    since = {**fields, 22: 4, 21: 4}
    out["since"] = ipfix(options({149: 4}, {160: 8}), data({149: 4, 160: 8}, {160: (BASE - 40) * 1000}, kind=300),
                         template(since), data(since, *up))
    latest = [{**row, 22: row[22] + 57_000, 21: row[21] + 57_000} for row in up]
    out["latest"] = ipfix(template(since), data(since, *latest), at=60)
    return {"version-%s.flow" % name: content for name, content in out.items()}


def fields():
    """Reduced sizes, variable length, enterprises, fields that are not known, padding."""
    reduced = {**ENDS, PACKETS: 1, BYTES: 3, **TIMES, FLAGS: 2}
    odd = {CERT | 100: 7, 82: VARIABLE, SRC6: 16, DST6: 16, **{SPORT: 2, DPORT: 2, PROTO: 1}, 291: VARIABLE, **COUNTS, **TIMES, 95: 0}
    six = {**flow(50002, proto=UDP, packets=2), SRC6: "fd00::10", DST6: "2001:4860:4860::8888", 82: b"eth0", 291: bytes(300),
           BYTES: 2 * 48 + 100, CERT | 100: bytes(7)}
    return {"fields.ipfix": ipfix(template(reduced), template(odd, 257), data(reduced, flow(50001), pad=3),
                                  data(odd, six, kind=257, pad=1))}


def biflows():
    """Both directions in one record: who began is not said, said, turned; totals; initiator and responder."""
    both = {**USUAL, REVERSE | BYTES: 8, REVERSE | PACKETS: 8, REVERSE | FLAGS: 1, 239: 1}
    turned = {SRC: PEER, DST: LOCAL, SPORT: 443}

    def of(row, who=0):
        return {**row, 239: who, REVERSE | PACKETS: 2, REVERSE | BYTES: 2 * 40 + 50, REVERSE | FLAGS: A}

    rows = (of({**flow(443, flags=A), **turned, DPORT: 50001}), of(flow(443, flags=A, dport=50002), 1),
            of({**flow(443, flags=A), **turned, DPORT: 50003}, 2))
    nsel = {**ENDS, **TIMES, 231: 4, 232: 4, 298: 4, 299: 4, 233: 1}
    firewall = [{**flow(50004), 231: 3 * 40 + 100, 232: 2 * 40 + 50, 298: 3, 299: 2, 233: event} for event in (1, 2)]
    return {"biflows.ipfix": ipfix(template(both), data(both, *rows), template(nsel, 257), data(nsel, *firewall, kind=257))}


def totals():
    """A flow whose counters run on, in three records; and the next flow between the same ends."""
    running = {**ENDS, 85: 8, 86: 8, **TIMES, FLAGS: 1}
    rows = [{**flow(50001, end=end, start=start, flags=A), 86: packets, 85: packets * 40 + payload}
            for start, end, packets, payload in ((1, 3, 3, 100), (1, 5, 5, 150), (1, 9, 9, 150), (20, 21, 2, 7))]
    return {"totals.ipfix": ipfix(template(running), data(running, *rows))}


def sampling():
    """Rates: of the exporter, of a sampler, in the record, in the header of version 5."""
    own, by = {**USUAL, 34: 4}, {**USUAL, 302: 8}
    rate = {305: 4, 306: 4}
    out = ipfix(options({149: 4}, {34: 4}), data({149: 4, 34: 4}, {34: 10}, kind=300),
                options({302: 8}, rate, 301), data({302: 8, **rate}, {302: 7, 305: 1, 306: 99}, kind=301),
                template(USUAL), template(own, 257), template(by, 258), data(USUAL, flow(50001, flags=A)),
                data(own, {**flow(50002, flags=A), 34: 20}, {**flow(50003, flags=A), 34: 1}, kind=257),
                data(by, {**flow(50004, flags=A), 302: 7}, kind=258))
    row = {**flow(50005, flags=A), 22: 41_000, 21: 43_000}
    return {"sampling.ipfix": out, "sampling.v5": netflow5(row, sampling=0x4000 | 50)}


def late():
    """Templates after their data, in a file of their own, changed, and withdrawn."""
    other = dict(reversed(USUAL.items()))
    return {"late-data.ipfix": ipfix(data(USUAL, flow(50001))), "late-template.ipfix": ipfix(template(USUAL)),
            "late-both.ipfix": ipfix(data(USUAL, flow(50001))) + ipfix(template(USUAL)) + ipfix(data(USUAL, flow(50002))),
            "changed.ipfix": ipfix(template(USUAL), data(USUAL, flow(50001))) + ipfix(template(other), data(other, flow(50002))),
            "withdrawn.ipfix": ipfix(template(USUAL), data(USUAL, flow(50001)))
            + ipfix(a_set(2, struct.pack(">HH", 256, 0)), data(USUAL, flow(50002))),
            "lost.ipfix": b"".join(ipfix(data(USUAL, flow(50001)), at=i) for i in range(50))}


def exporters():
    """Two routers whose templates differ and have one number; both saw one flow; and other packets."""
    other = dict(reversed(USUAL.items()))
    one = flow(50001, flags=A)
    a, b = "192.0.2.1:40000", "192.0.2.2:40000"
    return {"exporters.pcap": datagrams(
        (a, ipfix(template(USUAL))), (b, ipfix(template(other))), (a, ipfix(data(USUAL, one, flow(50002, flags=A)))),
        (b, ipfix(data(other, {**one, PACKETS: 2, BYTES: 80 + 70}, flow(50003, flags=A)))), (a, b"\x00\x09no NetFlow"), (a, b""))}


def windows():
    """A message each second; the flow of the last one ended long before."""
    return {"windows.pcap": datagrams(
        netflow9(template(USUAL, version=9)), *(netflow9(data(USUAL, flow(50000 + i, start=97 + i, end=98 + i)), at=100 + i)
                                                for i in range(1, 4)),
        netflow9(data(USUAL, flow(50009, start=-7200, end=-7000)), at=104))}


def concatenated():
    """Messages of all versions in one file, with zeros and other bytes between them, and half of one at the end."""
    row = {**flow(50001), 22: 41_000, 21: 43_000}
    nine = netflow9(template(USUAL, version=9), data(USUAL, flow(50002), pad=2), a_set(300, b"\x00" * 4))
    ten = ipfix(template(USUAL), data(USUAL, flow(50003)))
    whole = netflow5(row) + nine + ten + nine.replace(struct.pack(">H", 50002), struct.pack(">H", 50004)) + netflow5({**row, SPORT: 50005})
    return {"mixed.flow": whole, "zeros.flow": nine + bytes(9) + ten, "garbage.flow": ten + b"garbage" * 5 + netflow5(row),
            "half.flow": ten + ten[:-4], "empty.flow": b"", "bad-set.flow": ipfix(a_set(256, b"")[:2] + b"\x00\x02") + ten,
            "no-length.flow": ipfix(template({95: 0}), data(USUAL, flow(50001))) + ten}


def nfdump():
    """What nfdump 1.7.1 prints of two halves and a flow over IPv6: an array, objects, CSV."""
    times = {"first": "2023-11-14T22:13:21.500", "last": "2023-11-14T22:13:23.000", "received": "2023-11-14T22:14:00.000"}
    one = {"type": "FLOW", "sampled": 0, "export_sysid": 1, **times, "in_packets": 3, "in_bytes": 240, "proto": 6,
           "tcp_flags": "...AP.S.", "src_port": 50001, "dst_port": 443, "src4_addr": LOCAL, "dst4_addr": PEER, "label": "<none>"}
    other = {**one, "in_packets": 2, "in_bytes": 150, "src_port": 443, "dst_port": 50001, "src4_addr": PEER, "dst4_addr": LOCAL}
    six = {**one, "proto": 17, "in_packets": 1, "in_bytes": 148, "tcp_flags": "........", "src_port": 50002, "dst_port": 53,
           "src6_addr": "fd00::10", "dst6_addr": "2001:4860:4860::8888"}
    del six["src4_addr"], six["dst4_addr"]
    header = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,exid"
    rows = ["2023-11-14 22:13:21,2023-11-14 22:13:23,1.5,%s,%s,%d,%d,%s,%s,0,0,%d,%d,0,0,1" % (
        row.get("src4_addr") or row["src6_addr"], row.get("dst4_addr") or row["dst6_addr"], row["src_port"], row["dst_port"],
        {6: "TCP", 17: "UDP"}[row["proto"]], row["tcp_flags"], row["in_packets"], row["in_bytes"]) for row in (one, other, six)]
    tail = ["Summary", "flows,bytes,packets,avg_bps,avg_pps,avg_bpp", "3,538,6,1,1,1"]
    flows = (one, other, six)
    return {"nfdump.json": json.dumps(flows, indent=1).encode(), "nfdump.csv": "\n".join([header, *rows, *tail, ""]).encode(),
            "nfdump.ndjson": "".join(json.dumps(row) + "\n" for row in flows).encode(),
            "nfdump-bad.json": (json.dumps([one, {**one, "first": "noon"}])[:-1] + ',{"x":,},' + json.dumps(six) + "]").encode()}


def big(messages):
    fields = dict(USUAL)
    out = sys.stdout.buffer
    out.write(ipfix(template(fields)))
    for i in range(messages):
        rows = []
        for j in range(12):
            n = (i * 12 + j) * 7919 % max(1, messages * 24 // 10)
            row = flow(1024 + n % 60000, start=i % 3000, end=i % 3000 + 1, dst="8.%d.%d.8" % (n >> 8 & 255, n & 255))
            rows += [row, back(row)]
        out.write(ipfix(data(fields, *rows), at=i % 3000 + 60))


def flood():
    out = ipfix(template(USUAL), domain=1)
    for i in range(200):
        out += ipfix(data(USUAL, flow(1024 + i)), domain=1)
        out += b"".join(ipfix(template(USUAL), data(USUAL, kind=257), domain=2 + 20 * i + j) for j in range(10))
        out += ipfix(data(USUAL, flow(50001), kind=300), domain=1)
    sys.stdout.buffer.write(out)


def main():
    if sys.argv[1:] == ["flood"]:
        flood()
        return
    if sys.argv[1:2] == ["big"]:
        big(int(sys.argv[2]))
        return
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for make in (halves, versions, fields, biflows, totals, sampling, late, exporters, windows, concatenated, nfdump):
        for name, content in make().items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
