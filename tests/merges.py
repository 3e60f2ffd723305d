#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flowmerge against its rules, written a second time, and against captures that were cut: TAP.

Random records, in memory and on the disk; the demonstration capture, cut anywhere and into windows;
captures of the wild where they are beside the project (../shared).
"""
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

import captures
from tap import Tap

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
CORPUS = pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared" / "corpus" / "pcap"
EVER = "10000d"  # a gap that hardly any conversation has
MICROSECONDS = 10**6

# Captures of which the parts do not make the whole, and why.
FRAGMENTS = "fragments whose first one is in another part"
TIMES = "times that are equal or nonsense: what is cut there looks like doubles, or like a gap"
ITSELF = "a host that talks to itself: which side sent what, nobody can tell"
OTHERS = {
    "frag-ip-tcp.pcap": FRAGMENTS, "absent_edns-v4-ok.pcap": FRAGMENTS, "absent_edns-v6-ok.pcap": FRAGMENTS,
    "absent_root-any-v4.pcap": FRAGMENTS, "correct_edns-v4-ok.pcap": FRAGMENTS, "correct_edns-v6-ok.pcap": FRAGMENTS,
    "correct_root-any-v4.pcap": FRAGMENTS, "incorrect_edns-v4-ok.pcap": FRAGMENTS,
    "incorrect_edns-v6-ok.pcap": FRAGMENTS, "incorrect_root-any-v4.pcap": FRAGMENTS,
    "IpV6ExtFragmentPacketTest.pcap": FRAGMENTS, "flagmentedEcho.pcap": FRAGMENTS, "afs.pcap": FRAGMENTS,
    "ah-ipip-ping.pcap": FRAGMENTS,
    "l2tp-avp-overflow.pcap": TIMES, "tunnel-pkt-flows.pcap": TIMES, "of10_inv_OFPST_FLOW.pcap": TIMES,
    "ja3_lots_of_cipher_suites_2_anon.pcap": TIMES, "quic-mvfst-22_decryption_error.pcap": TIMES,
    "tls-rdn-extract.pcap": TIMES, "babel_update_oobr.pcap": TIMES, "espudp1.pcap": TIMES, "olsr-oobr-1.pcap": TIMES,
    "linux_dlt_sll2.pcap": ITSELF,
}


def run(tool, *arguments, data=b""):
    done = subprocess.run([BINDIR / tool, *arguments], input=data, capture_output=True, timeout=600)
    return done.stdout, done.stderr.decode(), done.returncode


# The rules once more. A record is an object with times in microseconds in "start" and "end".

def seconds(microseconds):
    text = "%d.%06d" % divmod(microseconds, MICROSECONDS)
    return text.rstrip("0") + "0" * (text.rstrip("0")[-1] == ".")


def stamp(microseconds):
    """RFC 3339 of a time in 2023."""
    day, rest = divmod(microseconds // MICROSECONDS - 1699920000, 86400)  # of 2023-11-14
    return "2023-11-%02dT%02d:%02d:%02d.%06dZ" % (14 + day, rest // 3600, rest // 60 % 60, rest % 60,
                                                  microseconds % MICROSECONDS)


def line(record, date, flow=False):
    """A record as one of a sample that starts at that date; flow: as flowmerge writes it."""
    fields = dict(
        src=record["src"], dst=record["dst"], destinationNameSource=record["source"], srcPkts=record["counts"][0],
        srcBytes=record["counts"][1], dstPkts=record["counts"][2], dstBytes=record["counts"][3], relativeStart=None,
        protocolInformation="" if record["proto"] in ("tcp", "udp") else "ICMP", duration=None,
        trafficDate="%d.%06d" % divmod(date, MICROSECONDS), proto=record["proto"])
    fields.update((name, record[name]) for name in ("sensor", "bytesFrom", "sampling") if record.get(name))
    if record["extended"]:
        fields["start"] = stamp(record["start"])
        if not flow and record["window"]:
            fields["windowStart"] = stamp(date)
        fields.update(srcIp=record["ends"][0][0], srcPort=record["ends"][0][1], dstIp=record["ends"][1][0],
                      dstPort=record["ends"][1][1])
        if record["name"]:
            fields["dstName"] = record["name"]
        fields["communityId"] = "1:" + record["id"]
    elif record.get("told"):  # the address with the name, of a part that is extended
        fields.update(dstIp=record["ends"][1][0], dstName=record["name"])
    fields.update(record["other"])
    return json.dumps(fields, separators=(",", ":")).replace(
        '"relativeStart":null', '"relativeStart":' + seconds(record["start"] - date)).replace(
        '"duration":null', '"duration":' + seconds(record["end"] - record["start"]))


def key(record):
    """The same for both directions."""
    if record["extended"] or not record["name"]:
        return record["proto"], *sorted(record["ends"])
    return record["proto"], record["src"], record["dst"]


def original(record):
    """What doubles have in common."""
    counts = record["counts"]
    if record["ends"][0] > record["ends"][1] and key(record)[1:] == tuple(sorted(record["ends"])):
        counts = counts[2:] + counts[:2]
    return record["start"], record["end"], tuple(counts)


def join(parts):
    """One record of those that are one conversation, the first of them first."""
    first, seen, counts = parts[0], set(), [0, 0, 0, 0]
    for part in parts:
        if original(part) not in seen:
            seen.add(original(part))
            turned = part["src"] != first["src"]
            counts = [a + b for a, b in zip(counts, part["counts"][2:] + part["counts"][:2] if turned else part["counts"])]
    named = [part for part in parts if part["name"] and part["src"] == first["src"]]
    best = next((part for part in named if part["source"] == "session"), named[0] if named else first)
    layers = [None, "ip", "frame"]
    return dict(first, counts=counts, end=max(part["end"] for part in parts), dst=best["dst"], name=best["name"], told=best["extended"],
                source=best["source"], bytesFrom=max((part.get("bytesFrom") for part in parts), key=layers.index),
                sampling=max(part.get("sampling") or 0 for part in parts))


def merge(records, gap):
    """Records in the order of the input; those that come out, in theirs."""
    flows = []
    for _, group in itertools.groupby(sorted(enumerate(records), key=lambda one: (str(key(one[1])), one[1]["start"], one[0])),
                                      key=lambda one: key(one[1])):
        parts = []
        for number, record in group:
            if parts and record["start"] - max(part["end"] for _, part in parts) > gap:
                flows.append(parts)
                parts = []
            parts.append((number, record))
        flows.append(parts)
    flows.sort(key=lambda parts: (parts[0][1]["start"], parts[0][0]))
    return [join([record for _, record in parts]) for parts in flows]


def some_records(rng, count, hosts):
    """Records that often are of one conversation, and sometimes equal; each with its sample's date."""
    records = []
    for number in range(count):
        if records and rng.random() < 0.1:
            double = dict(rng.choice(records), sensor=rng.choice([None, "tap"]), other=rng.choice([{}, {"x": [number]}]))
            records.append(double)
            continue
        proto = rng.choice(["tcp", "tcp", "udp"])
        ends = (("10.0.0.%d" % rng.randrange(1, hosts), 1024 + rng.randrange(2)), ("192.0.2.%d" % rng.randrange(1, 4), 443))
        names = {"192.0.2.1": "a.example", "192.0.2.2": 'b\\032"é.example', "192.0.2.3": None}
        name = rng.choice([names[ends[1][0]], None, "other.example"])
        if rng.random() < 0.2:  # cut where nothing told the direction
            ends, name = (ends[1], ends[0]), rng.choice([None, "host.example"])
        start = 1700000000 * MICROSECONDS + rng.randrange(4 * hosts) * 500000
        target = name or ends[1][0]
        records.append({
            "proto": proto, "ends": ends, "name": name, "src": "%s:%d" % ends[0], "dst": "%s:%d" % (target, ends[1][1]),
            "source": rng.choice(["passive", "cache", "session"]) if name else "original",
            "counts": [rng.randrange(9) for _ in range(4)], "start": start,
            "end": start + rng.choice([0, 1, 999999, 3000000]), "date": start - rng.choice([0, 1000000, 77]),
            "sensor": rng.choice([None, "tap", "ä \"b\""]), "bytesFrom": rng.choice([None, None, "ip", "frame"]),
            "sampling": rng.choice([None, None, 10, 1000]), "extended": rng.random() < 0.6, "window": rng.random() < 0.5,
            "id": str(sorted(ends)), "other": rng.choice([{}, {"title": "x, y"}, {"x": {"dst": [1, {}]}, "y": None}]),
        })
    return records


def check_random(tap, name, rng, count, hosts, *options):
    gap = rng.choice([0, 1, 2, 300])
    records = some_records(rng, count, hosts)
    data = "".join(line(record, record["date"]) + "\n" for record in records)
    got, said, status = run("flowmerge", "-g", str(gap), *options, data=data.encode())
    date = min(record["date"] for record in records)
    flows = merge(records, gap * MICROSECONDS)
    # Python writes what is not ASCII in escapes: so do both.
    want = [line(flow, date, True) for flow in flows]
    lines = got.decode().splitlines()
    differ = next((index for index, pair in enumerate(itertools.zip_longest(lines, want)) if pair[0] != pair[1]), None)
    tap.ok(status == 0 and not said and differ is None, name, said, "of %d records %d" % (count, len(want)),
           *([] if differ is None else ["got  " + "".join(lines[differ:differ + 1]), "want " + "".join(want[differ:differ + 1])]))


# Captures that are cut.

def packets_of(path):
    """The file's header and its packets; None: it is not a pcap, or none that tells its lengths."""
    data = path.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    packets, at = [], 24
    while order and at + 16 <= len(data):
        size = 16 + struct.unpack(order + "I", data[at + 8:at + 12])[0]
        packets.append(data[at:at + size])
        at += size
    return (data[:24], packets) if len(packets) > 1 else None


def cut(path, count, rng, folder):
    """Writes the packets into so many files, cut anywhere; their paths."""
    header, packets = packets_of(path)
    places = sorted(rng.sample(range(1, len(packets)), min(count, len(packets)) - 1))
    paths = []
    for begin, end in zip([0, *places], [*places, len(packets)]):
        paths.append(pathlib.Path(folder) / ("part%d.pcap" % len(paths)))
        paths[-1].write_bytes(header + b"".join(packets[begin:end]))
    return paths


def unnamed(text):
    """The records without their names, of which a part does not know those told in others."""
    return [{name: value for name, value in json.loads(record).items()
             if name not in ("dst", "dstName", "destinationNameSource")} for record in text.splitlines()]


def names(text):
    return {json.loads(record).get("dstName") for record in text.splitlines()}


def compare_cut(path, count, rng, shuffled=False):
    """What is wrong with the parts of a capture, joined; None: they are the whole."""
    with tempfile.TemporaryDirectory() as folder:
        parts = cut(path, count, rng, folder)
        if shuffled:
            rng.shuffle(parts)
        pieces = b"".join(run("pcap2flow", "-axq", part)[0] for part in parts)
    whole = run("pcap2flow", "-axqm", path)[0]
    joined, said, status = run("flowmerge", "-g", EVER, data=pieces)
    if status != 0 or said:
        return "exit status %d: %s" % (status, said)
    if names(joined) - names(whole) - names(pieces):
        return "names from nowhere"
    got, want = unnamed(joined), unnamed(whole)
    return next(("got %s\nwant %s" % pair for pair in itertools.zip_longest(got, want) if pair[0] != pair[1]), None)


def check_demo(tap, folder):
    demo = pathlib.Path(folder) / "demo.pcap"
    subprocess.run([BINDIR / "tests" / "traffic", "demo", demo], check=True, stdout=subprocess.DEVNULL)
    for count in (2, 5, 40, 300):
        wrong = compare_cut(demo, count, random.Random(count), True)
        tap.ok(not wrong, "a capture in %d parts is the whole again" % count, wrong)
    whole = run("pcap2flow", "-xm", demo)[0]
    for window in ("1", "7", "60"):
        joined = run("flowmerge", "-g", "1d", data=run("pcap2flow", "-xd", window, demo)[0])[0]
        tap.ok(joined == whole, "windows of %s seconds become the whole, with its names" % window)


def check_long(tap, folder):
    """A connection that says something every 20 seconds, for an hour, and another that pauses for six minutes."""
    frames = []
    for second in range(0, 3600, 20):
        frames.append(captures.at(second, captures.eth(captures.tcp("10.0.0.1:50000", "9.9.9.9:443", "A", b"x" * 10))))
    for second in (30, 60, 90, 450, 480):
        frames.append(captures.at(second, captures.eth(captures.udp("10.0.0.2:50000", "9.9.9.9:4433", b"y"))))
    path = pathlib.Path(folder) / "long.pcap"
    path.write_bytes(captures.pcap(sorted(frames)))
    windows = run("pcap2flow", "-xd", "60", path)[0]
    flows = [json.loads(record) for record in run("flowmerge", data=windows)[0].splitlines()]
    tap.ok([(flow["src"], flow["srcPkts"], flow["duration"]) for flow in flows] == [
        ("10.0.0.1:50000", 180, 3580.0), ("10.0.0.2:50000", 3, 60.0), ("10.0.0.2:50000", 2, 30.0)],
        "a long connection is one, what pauses for six minutes is two", flows)
    tap.ok(run("flowmerge", "-g", "6m", data=windows)[0] == run("pcap2flow", "-xm", path)[0], "-g 6m joins that, too")


def check_corpus(tap):
    paths = [path for path in sorted(CORPUS.rglob("*.pcap")) if packets_of(path)] if CORPUS.is_dir() else []
    paths = paths[::1 if os.environ.get("SANITIZERS", "no") == "no" else 5]  # sanitizers take their time
    if not paths:
        tap.skip("captures of the wild", "no ../shared")
        return
    with concurrent.futures.ThreadPoolExecutor() as pool:
        wrong = dict(zip(paths, pool.map(lambda path: compare_cut(path, 5, random.Random(1)), paths)))
    others = [path for path in paths if wrong[path] and path.name not in OTHERS]
    tap.ok(not others, "%d captures of the wild, in five parts, are the whole again, but for those that are explained" %
           len(paths), *["%s: %s" % (path.name, wrong[path]) for path in others[:5]])


def main():
    tap = Tap()
    for seed in range(60):
        rng = random.Random(seed)
        check_random(tap, "random records %d" % seed, rng, rng.choice([1, 5, 30, 200]), rng.choice([2, 5, 40]))
    for seed, hosts in ((1, 3), (2, 200), (3, 20)):
        check_random(tap, "random records on the disk, %d" % seed, random.Random(seed), 20000, hosts, "--memory", "1M")
    with tempfile.TemporaryDirectory() as folder:
        check_demo(tap, folder)
        check_long(tap, folder)
    check_corpus(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
