# SPDX-License-Identifier: Apache-2.0
"""flowtop -j against a naive computation, over random records: TAP."""
import collections
import datetime
import json
import os
import pathlib
import random
import subprocess

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
TOOL, LABEL = BINDIR / "flowtop", BINDIR / "flowlabel"
RECORDS = 4000
PARTS = 24
DAY = 1_700_000_000_000_000  # microseconds
GRAVITY = {"knownBad": 3, "seenNearBad": 2, "knownUninteresting": 1, None: 0}
DOMAINS = {"a.b.example.co.uk": "example.co.uk", "example.co.uk": "example.co.uk", "one.github.io": "one.github.io",
           "www.two.github.io": "two.github.io", "github.io": "github.io", "8.8.8.8": "8.8.8.8",
           "2620:fe::9": "2620:fe::9", "printer": "printer"}

checks = 0


def check(good, name, *notes):
    global checks
    checks += 1
    print("%sok %d - %s" % ("" if good else "not ", checks, name))
    if not good:
        for note in notes:
            print("#", note)
    return good


def random_record(rng):
    host = rng.choice(list(DOMAINS))
    icmp = rng.random() < 0.1
    port = rng.choice((53, 80, 443, 9001))
    bare = "[%s]" % host if ":" in host else host
    start, duration = rng.choice((rng.randrange(10), rng.randrange(10**6), rng.randrange(10**11))), rng.randrange(10**9)
    record = {
        "src": "10.0.%d.%d" % (rng.randrange(3), rng.randrange(20)) + ("" if icmp else ":1025"),
        "dst": host if icmp else "%s:%d" % (bare, port),
        "destinationNameSource": "original" if host[0] in "82" else "passive",
        "srcPkts": rng.randrange(50), "srcBytes": rng.randrange(10**rng.randrange(1, 8)),
        "dstPkts": rng.randrange(50), "dstBytes": rng.randrange(10**rng.randrange(1, 8)),
        "relativeStart": start / 10**6, "protocolInformation": "ICMP" if icmp else "", "duration": duration / 10**6,
        "trafficDate": "%d.000000" % (DAY // 10**6), "proto": "icmp" if icmp else rng.choice(("tcp", "udp"))}
    if rng.random() < 0.2:
        record["sensor"] = rng.choice(("one", "two"))
    if rng.random() < 0.05:
        del record["trafficDate"]
    if rng.random() < 0.2:
        relevance = rng.choice(("knownBad", "seenNearBad", "knownUninteresting"))
        record.update(relevance=relevance, title="T " + relevance, flowIdCount=rng.randrange(1, 90), rank=rng.randrange(1, 90),
                      tags=rng.sample(("a", "b", "c\u00fc", "d\"", "e\\"), rng.randrange(4)))
    return record


def host_of(record):
    end = record["dst"] if record["protocolInformation"] else record["dst"].rpartition(":")[0]
    return end.strip("[]")


KEYS = {
    "destination": lambda r: r["dst"],
    "source": lambda r: r["src"].split(":")[0],
    "category": lambda r: r["category"],
    "domain": lambda r: DOMAINS[host_of(r)],
    "port": lambda r: "icmp" if r["protocolInformation"] else "%s/%s" % (r["dst"].rpartition(":")[2], r["proto"]),
    "sensor": lambda r: r.get("sensor", "-"),
}


def micros(seconds):
    return round(float(seconds) * 10**6)


def start_of(record):
    return DAY + micros(record["relativeStart"]) if "trafficDate" in record else None


def time_of(text):
    date = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (date - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def span_of(records):
    """From the first packet to the last one."""
    times = [(start_of(r), start_of(r) + micros(r["duration"])) for r in records if start_of(r) is not None]
    return (min(s for s, _ in times), max(e for _, e in times)) if times else None


def part_of(span, time):
    """The last part that begins at or before a time; beginnings are rounded down."""
    return max(p for p in range(PARTS) if (span[1] - span[0]) * p // PARTS <= time - span[0])


def naive(by, records, whole):
    """What a row must say of its records."""
    mostly = collections.Counter(r["category"] for r in records)
    category = min(mostly, key=lambda c: (-mostly[c], c))
    row = {
        "flows": len(records),
        "hosts": len({r["dst"] if by == "source" else KEYS["source"](r) for r in records}),
        "longest": max(micros(r["duration"]) for r in records),
        "mostly": category, "mostlyFlows": mostly[category]}
    for field in ("srcPkts", "srcBytes", "dstPkts", "dstBytes"):
        row[field] = sum(r[field] for r in records)
    span = span_of(records)
    if span:
        row["first"], row["last"] = span
    row["when"] = [0] * PARTS
    for r in records:
        if start_of(r) is not None:
            row["when"][part_of(whole, start_of(r))] += 1
    known = [r for r in records if "relevance" in r]
    if known:
        worst = max(known, key=lambda r: GRAVITY[r["relevance"]])
        row.update(relevance=worst["relevance"], title=worst["title"],
                   flowIdCount=min(r["flowIdCount"] for r in known), flowIdCountMost=max(r["flowIdCount"] for r in known),
                   rank=min(r["rank"] for r in known))
        tags = sorted({tag for r in known for tag in r["tags"]}, key=lambda t: t.encode())
        if tags:
            row["tags"] = tags
    return row


def told(line):
    """What a row says, times as numbers."""
    row = dict(line)
    row["longest"] = micros(row["longest"])
    for field in ("first", "last"):
        if field in row:
            row[field] = time_of(row[field])
    for field in ("by", "name", "whenStart", "whenEnd"):
        row.pop(field, None)
    return row


def run(lines, *arguments):
    done = subprocess.run([TOOL, "-j", *arguments], input=lines, capture_output=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def grouped(records, by):
    groups = collections.defaultdict(list)
    for record in records:
        groups[KEYS[by](record)].append(record)
    return groups


def check_rows(by, records, lines):
    groups, whole = grouped(records, by), span_of(records)
    rows = run(lines, "-b", by)
    wrong = []
    for row in rows:
        want, got = naive(by, groups[row["name"]], whole), told(row)
        if want["flows"] > 32:  # bins are shared out by their width
            close = sum(want["when"]) == sum(got["when"])
            want["when"] = got["when"] if close else want["when"]
        if want != got:
            wrong.append((row["name"], sorted(set(map(str, want.items())) ^ set(map(str, got.items())))))
    check(not wrong and len(rows) == len(groups), "-b %s: all figures" % by, *wrong[:3])
    sizes = [(-(r["srcBytes"] + r["dstBytes"]), r["name"].encode()) for r in rows]
    check(sizes == sorted(sizes), "-b %s: the largest first" % by)


ORDERS = {
    "flows": lambda r: -r["flows"], "hosts": lambda r: -r["hosts"], "sent": lambda r: -r["srcBytes"],
    "received": lambda r: -r["dstBytes"], "packets": lambda r: -r["srcPkts"] - r["dstPkts"],
    "longest": lambda r: -r["longest"], "first": lambda r: r.get("first", "9"), "name": lambda r: 0,
    "last": lambda r: -time_of(r["last"]) if "last" in r else 0, "count": lambda r: r.get("flowIdCount", 1000)}


def check_orders(lines):
    for column, order in ORDERS.items():
        rows = run(lines, "-k", column)
        check(rows == sorted(rows, key=lambda r: (order(r), column != "name" and -r["srcBytes"] - r["dstBytes"],
                                                       r["name"].encode())), "-k %s" % column)


def check_folding(records, lines, most):
    """Nothing is lost, and no row lacks more than is said."""
    truth = {name: len(group) for name, group in grouped(records, "destination").items()}
    rows = run(lines, "-k", "flows", "--keys", str(most))
    named, folded = rows[:-1], rows[-1]
    check(len(named) <= most and folded.get("folded", 0) > 0, "--keys %d: so many rows at most, and the folded one" % most)
    check(sum(row["flows"] for row in rows) == len(records), "--keys %d: all flows are counted" % most)
    for field in ("srcPkts", "srcBytes", "dstPkts", "dstBytes"):
        check(sum(row[field] for row in rows) == sum(r[field] for r in records), "--keys %d: and all %s" % (most, field))
    lacks = [truth[row["name"]] - row["flows"] for row in named]
    check(all(0 <= lack <= folded["missingFlows"] for lack in lacks), "--keys %d: what rows lack is bounded" % most, lacks)
    starts = sum(1 for r in records if start_of(r) is not None)
    check(sum(sum(row["when"]) for row in rows) == starts, "--keys %d: all are on the timeline" % most)
    check(folded["hosts"] <= 60, "--keys %d: hosts of the folded row are counted once" % most, folded["hosts"])


def main():
    rng = random.Random(11)
    records = [random_record(rng) for _ in range(RECORDS)]
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    labelled = subprocess.run([LABEL], input=lines, capture_output=True, timeout=120).stdout
    for record, line in zip(records, labelled.splitlines()):
        record["category"] = json.loads(line)["flowCategory"]
    for by in KEYS:
        check_rows(by, records, lines)
    check_rows("destination", records[:60], b"".join(lines.splitlines(True)[:60]))
    check(run(labelled) == run(lines), "labels that are there make no difference")
    check_orders(lines)
    for most in (1, 3, 8, 20):
        check_folding(records, lines, most)
    print("1..%d" % checks)


main()
