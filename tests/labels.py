# SPDX-License-Identifier: Apache-2.0
"""flowlabel against the rules in exact fractions, written a second time: TAP.

Random records near every threshold, and the records of the reference cases where they are beside the
project (../shared).
"""
import fractions
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys

TOOL = pathlib.Path(os.environ["BINDIR"]).resolve() / "flowlabel"
EXPECTED = pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared" / "conformance" / "expected"
RECORDS = 100_000


def half_even(numerator, denominator):
    return round(fractions.Fraction(numerator, denominator))


def download(size, time, packets):
    amount = "minor" if size < 10_000 else "some" if size < 1_000_000 else "major"
    full = size > packets * fractions.Fraction(8, 10) * 1514
    if time <= 1:
        kind = "ContentDownloadedQuickly" if packets >= 2 and full else "ResourcesDownloadedQuickly"
    elif time < 10:
        kind = "ContentDownloaded" if packets >= 2 * time and full else "ResourcesDownloaded"
    else:
        kind = "DataDownloadedViaLongSession"
    return amount + kind


def near(a, b):
    return fractions.Fraction(8, 10) * b <= a <= fractions.Fraction(12, 10) * b


def category(record, port):
    sp, dp, s, d = (record[f] for f in ("srcPkts", "dstPkts", "srcBytes", "dstBytes"))
    t = fractions.Fraction(str(record["duration"]))
    rules = (
        ("unclassified", lambda: sp == dp == 0),
        ("failedConnection", lambda: dp == 0 and half_even(s, sp) <= 66),
        ("unidirectional", lambda: dp == 0),
        ("dnsQuery", lambda: sp == dp == 1 and port == 53),
        ("dotsQuery", lambda: port == 853),
        ("keepAlive", lambda: abs(dp - sp) <= 2 and s + d <= 1 and t >= 2),
        ("tlsNegotiationOnly", lambda: port == 443 and s > 100 and d > 100 and sp + dp < 12
         and s + d < 2048 and t <= fractions.Fraction(1, 2)),
        ("smallUpload", lambda: 0 < d < half_even(s, 2) and 0 < s <= 1_000_000),
        ("largeUpload", lambda: 0 < d < fractions.Fraction(3, 10) * s and s > 1_000_000),
        (None, lambda: s > 0 and d > 0 and s < fractions.Fraction(1, 2) * d),
        ("singleResourceLoaded", lambda: dp > 0 and t <= 10 and 0 < s < 10_000 and 0 < d < 10_000
         and (near(sp, dp) or near(dp, sp))),
        ("continuousClientChannel", lambda: dp >= sp and dp > 0 and d == 0 and s > 10 and t > 10),
        ("continuousServerChannel", lambda: sp >= dp and sp > 0 and s == 0 and d > 10 and t > 10),
        ("asNeededChannel", lambda: t > 10 and sp > 0 and dp > 0 and abs(sp - dp) <= 2),
        ("closedSession", lambda: sp <= 2 and dp <= 2 and s + d == 0 and t < 2),
        ("unclassified", lambda: True))
    name = next(name for name, holds in rules if holds())
    return name or download(d, t, dp)


def label(record):
    ports = record["protocolInformation"] == ""
    name = category(record, int(record["dst"].rpartition(":")[2]) if ports else None)
    destination = record["dst"] if ports else record["dst"] + ":" + record["protocolInformation"]
    return name, hashlib.sha256(("%s 07/04/2020 %s" % (name, destination)).encode()).hexdigest()


def random_records(rng):
    packets = (0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 20, 700)
    sizes = (0, 0, 1, 10, 11, 66, 67, 100, 101, 133, 500, 2047, 2422, 2423, 6056, 9999, 10_000,
             300_000, 999_999, 1_000_000, 1_000_001, 4_000_000)
    times = (0.0, 0.5, 0.500001, 1.0, 1.000001, 1.999999, 2.0, 3.5, 5.0, 9.999999, 10.0, 10.000001, 99.5)
    for _ in range(RECORDS):
        sizes_now = [max(0, rng.choice(sizes) + rng.choice((0, 0, 0, -1, 1))) for _ in range(2)]
        if rng.random() < 0.3:
            sizes_now[1] = max(0, sizes_now[0] * rng.choice((3, 5, 10, 20)) // 10 + rng.choice((-1, 0, 1)))
        yield {"src": "10.0.0.1:1025",
               "dst": "%s:%d" % (rng.choice(("a.example", "8.8.8.8", "[2a00::1]")),
                                 rng.choice((53, 80, 443, 443, 853))),
               "destinationNameSource": "original",
               "srcPkts": rng.choice(packets), "srcBytes": sizes_now[0],
               "dstPkts": rng.choice(packets), "dstBytes": sizes_now[1], "relativeStart": 0.0,
               "protocolInformation": "", "duration": rng.choice(times)}


def check(number, name, records):
    lines = "".join(json.dumps(record) + "\n" for record in records)
    done = subprocess.run([TOOL], input=lines.encode(), capture_output=True, timeout=120)
    got = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [(record, label(record)) for record, labelled in zip(records, got)
             if (labelled["flowCategory"], labelled["flowId"]) != label(record)]
    good = not wrong and len(got) == len(records) and done.returncode == 0 and not done.stderr
    print("%sok %d - %s" % ("" if good else "not ", number, name))
    for case in wrong[:3]:
        print("# %s, want %s" % case)
    return good


def main():
    cases = [("random records", list(random_records(random.Random(7))))]
    if EXPECTED.is_dir():
        cases += [(path.name, json.loads(path.read_text())["flashes"])
                  for path in sorted(EXPECTED.glob("*.sf"))]
    good = [check(number, *case) for number, case in enumerate(cases, 1)]
    kinds = {label(record)[0] for record in cases[0][1]}
    good.append(len(kinds) == 29)
    print("%sok %d - random records of all %d kinds" % ("" if good[-1] else "not ", len(good), len(kinds)))
    print("1..%d" % len(good))
    return 0 if all(good) else 1


sys.exit(main())
