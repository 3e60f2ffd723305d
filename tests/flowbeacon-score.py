#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flowbeacon against its rules, written a second time with fractions: TAP.

Random flows, whole and cut into windows; a day of logs of the wild where they are beside the project
(../shared). Where flows must be joined first, flowmerge does it here.
"""
import datetime
import decimal
import fractions
import json
import math
import os
import pathlib
import random
import subprocess
import sys

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
DAY = (pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared" / "corpus" / "zeek" / "activecm+rita" /
       "test_data" / "missing_host" / "2024-04-19")
MICROSECONDS = 10**6
STROBE = 86400
PARTS = 24
HALF = fractions.Fraction(1, 2)
EPOCH = datetime.datetime(1970, 1, 1)

failed = count = 0


def ok(passed, name, *notes):
    global failed, count
    count += 1
    failed += not passed
    print("%sok %d - %s" % ("" if passed else "not ", count, name))
    for note in () if passed else notes:
        print("# " + str(note)[:2000].replace("\n", "\n# "))


def run(tool, *arguments, data=None):
    done = subprocess.run([BINDIR / tool, *arguments], input=data, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


# The score, by the words of RITA's documentation.


def thousandths(number):
    """A number rounded to thousandths, half up."""
    return fractions.Fraction(math.floor(number * 1000 + HALF), 1000)


def thousandths_up(number):
    return fractions.Fraction(math.ceil(number * 1000), 1000)


def median(numbers):
    numbers = sorted(numbers)
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return fractions.Fraction(numbers[middle])
    return fractions.Fraction(numbers[middle - 1] + numbers[middle], 2)


def skewness(numbers):
    numbers = sorted(numbers)
    half = len(numbers) // 2
    first, second, third = median(numbers[:half]), median(numbers), median(numbers[-half:])
    if third - first < 10 or second in (first, third):
        return fractions.Fraction(0)
    return (first + third - 2 * second) / (third - first)


def deviation(numbers):
    middle = median(numbers)
    return median([abs(number - middle) for number in numbers])


def evenness(numbers, unknown):
    middle = median(numbers)
    even = max(0, (middle - deviation(numbers)) / middle) if middle >= 1 else fractions.Fraction(unknown)
    return thousandths((1 - abs(skewness(numbers)) + even) / 2)


def variation(counts):
    """1 - standard deviation / mean, in thousandths."""
    mean = fractions.Fraction(sum(counts), len(counts))
    square = sum((number - mean) ** 2 for number in counts) / len(counts) / mean**2
    if square > 1:
        return fractions.Fraction(0)
    roots = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if roots[0] ** 2 == square.numerator and roots[1] ** 2 == square.denominator:
        return thousandths(1 - fractions.Fraction(*roots))
    with decimal.localcontext(decimal.Context(prec=80)):
        root = (decimal.Decimal(square.numerator) / decimal.Decimal(square.denominator)).sqrt()
    return thousandths(1 - fractions.Fraction(root))


def bimodality(counts):
    bars = [number for number in counts if number]
    if len(bars) < 11:
        return fractions.Fraction(0)
    width = math.ceil(fractions.Fraction(max(bars), 20))
    groups = {}
    for bar in bars:
        groups[bar // width] = groups.get(bar // width, 0) + 1
    two = sum(sorted(groups.values())[-2:])
    return min(fractions.Fraction(1), thousandths(fractions.Fraction(two, max(len(bars) - 1, 1))))


def duration_score(counts, times, first, last):
    if sum(number > 0 for number in counts) < 6:
        return fractions.Fraction(0)
    runs = "".join("x" if number else " " for number in counts * 2).split()
    longest = min(PARTS, max(map(len, runs)))
    return max(min(fractions.Fraction(1), thousandths_up(fractions.Fraction(max(times) - min(times), last - first))),
               min(fractions.Fraction(1), thousandths_up(fractions.Fraction(longest, 12))))


def histogram(times, first, last):
    counts = [0] * PARTS
    for time in times:
        part = fractions.Fraction((time - first) * PARTS, last - first) if last > first else 0
        counts[min(math.floor(part), PARTS - 1)] += 1
    return counts


def long_score(duration):
    hours = fractions.Fraction(duration, 3600 * MICROSECONDS)
    steps = [(1, 500), (4, 700), (8, 900), (12, 1000)]
    if hours < 1:
        return fractions.Fraction(0)
    for (low, least), (high, most) in zip(steps, steps[1:]):
        if hours < high:
            return fractions.Fraction(math.floor(least + (hours - low) / (high - low) * (most - least)), 1000)
    return fractions.Fraction(1)


# Pairs.


def micros(text):
    return int(decimal.Decimal(text) * MICROSECONDS)


def host(end, has_port):
    end = end.rpartition(":")[0] if has_port else end
    return end[1:-1] if end[:1] == "[" and end[-1:] == "]" else end


class Flow:
    def __init__(self, line):
        record = json.loads(line, parse_float=str)
        has_port = record["protocolInformation"] == ""
        self.src, self.dst = host(record["src"], has_port), host(record["dst"], has_port)
        self.start = micros(record["trafficDate"]) + micros(record["relativeStart"])
        self.end = self.start + micros(record["duration"])
        self.sent, self.received = record["srcBytes"], record["dstBytes"]
        self.uninteresting = record.get("relevance") == "knownUninteresting"


def seconds(duration):
    text = "%d.%06d" % divmod(duration, MICROSECONDS)
    whole, _, rest = text.partition(".")
    return whole + "." + (rest.rstrip("0") or "0")


def date(time):
    return (EPOCH + datetime.timedelta(microseconds=time)).isoformat(timespec="microseconds") + "Z"


def three(number):
    return "%d.%03d" % divmod(int(number * 1000), 1000)


class Pair:
    def __init__(self, flows, start, last, least):
        self.flows, self.src, self.dst = flows, flows[0].src, flows[0].dst
        first, last = start // MICROSECONDS, last // MICROSECONDS
        within = [flow for flow in flows if flow.start >= start]
        times = sorted(flow.start // MICROSECONDS for flow in within)
        self.when = histogram(times, first, last)
        self.when_start, self.when_end = first * MICROSECONDS, last * MICROSECONDS
        self.strobe = len(times) >= STROBE
        self.scores = None
        if not self.strobe and len(times) >= least and len(set(times)) >= 4:
            self.score(times, [flow.sent for flow in within], first, last)
        self.long = long_score(sum(flow.end - flow.start for flow in flows if flow.sent and flow.received))
        self.rank = 1 if self.strobe else max(self.long, self.scores[0] if self.scores else 0)

    def score(self, times, sizes, first, last):
        intervals = [after - before for before, after in zip(times, times[1:]) if after > before]
        self.interval, self.jitter = median(intervals), deviation(intervals)
        timing, size = evenness(intervals, 1), evenness(sizes, 0)
        shape = max(variation(self.when), bimodality(self.when))
        length = duration_score(self.when, times, first, last)
        self.scores = [thousandths((timing + size + shape + length) / 4), timing, size, shape, length]

    def line(self, hosts, everyone):
        text = '{"src":%s,"dst":%s' % (json.dumps(self.src), json.dumps(self.dst))
        text += ',"flows":%d,"hosts":%d' % (len(self.flows), hosts)
        text += ',"prevalence":' + three(thousandths(fractions.Fraction(hosts, everyone)))
        text += ',"start":"%s"' % date(min(flow.start for flow in self.flows))
        text += ',"end":"%s"' % date(max(flow.end for flow in self.flows))
        text += ',"totalDuration":' + seconds(sum(flow.end - flow.start for flow in self.flows))
        text += ',"longestDuration":' + seconds(max(flow.end - flow.start for flow in self.flows))
        text += ',"srcBytes":%d,"dstBytes":%d' % (sum(flow.sent for flow in self.flows),
                                                  sum(flow.received for flow in self.flows))
        if self.scores:
            text += ',"interval":%s,"jitter":%s' % (seconds(int(self.interval * MICROSECONDS)),
                                                    seconds(int(self.jitter * MICROSECONDS)))
            for name, score in zip(("beacon", "timing", "size", "histogram", "duration"), self.scores):
                text += ',"%sScore":%s' % (name, three(score))
        if self.long:
            text += ',"longScore":' + three(self.long)
        if self.strobe:
            text += ',"strobe":true'
        text += ',"whenStart":"%s","whenEnd":"%s"' % (date(self.when_start), date(self.when_end))
        return text + ',"when":[%s]}' % ",".join(map(str, self.when))


def beacons(lines, span=86400, least=4, score=0, everything=False):
    """What flowbeacon writes of flows that are joined already."""
    flows = [Flow(line) for line in lines]
    if not flows:
        return []
    first, last = min(flow.start for flow in flows), max(flow.start for flow in flows)
    start = max(first, last - span * MICROSECONDS)
    flows = [flow for flow in flows if flow.end >= start]
    pairs, hosts = {}, {}
    for flow in flows:
        if everything or not flow.uninteresting:
            pairs.setdefault((flow.src, flow.dst), []).append(flow)
            hosts.setdefault(flow.dst, set()).add(flow.src)
    found = [Pair(pair, start, last, least) for pair in pairs.values()]
    found = [pair for pair in found if (pair.scores or pair.strobe or pair.long) and pair.rank >= score]
    found.sort(key=lambda pair: (-pair.rank, -len(pair.flows), pair.src.encode(), pair.dst.encode()))
    everyone = len({flow.src for flow in flows})
    return [pair.line(len(hosts[pair.dst]), everyone) for pair in found]


def differences(got, want):
    got, want = got.splitlines(), list(want)
    for number, (line, other) in enumerate(zip(got, want), 1):
        if line != other:
            return "line %d: got\n%s\nfor\n%s" % (number, line, other)
    return "" if len(got) == len(want) else "%d lines for %d" % (len(got), len(want))


# Random flows.


def record(src, dst, start, duration, sent, received, port, more=""):
    relative, date_text = divmod(start, MICROSECONDS), "1700000000.000000"
    return ('{"src":"%s:%d","dst":"%s:443","destinationNameSource":"original","srcPkts":1,"srcBytes":%d,"dstPkts":1,'
            '"dstBytes":%d,"relativeStart":%d.%06d,"protocolInformation":"","duration":%s,"trafficDate":"%s",'
            '"proto":"tcp"%s}\n' % (src, port, dst, sent, received, *relative, seconds(duration), date_text, more))


def random_sizes(rng):
    kind = rng.randrange(6)
    if kind == 0:
        size = rng.randrange(3)
        return lambda: size
    if kind == 1:
        return lambda: rng.randrange(4)
    if kind == 2:
        return lambda: rng.choice((100, 1000, 100000))
    if kind == 3:
        return lambda: rng.randrange(2**40, 2**50)
    return lambda: rng.randrange(50, 60 + 10 ** rng.randrange(1, 6))


def random_interval(rng, span):
    kind = rng.randrange(5)
    mean = rng.randrange(1, max(2, span // 3))
    if kind == 0:
        return lambda: mean * MICROSECONDS
    if kind == 1:
        return lambda: rng.randrange(1, 3 * MICROSECONDS)
    if kind == 2:
        return lambda: rng.choice((mean, 3 * mean)) * MICROSECONDS
    if kind == 3:
        return lambda: rng.randrange(mean * MICROSECONDS // 2, 2 * mean * MICROSECONDS)
    return lambda: int(rng.expovariate(1 / (mean * MICROSECONDS)))


def random_flows(rng):
    """Flows of some pairs, each of its own habits; no two of them are of one conversation."""
    span = rng.choice((5, 100, 3600, 86400, 200000))
    lines = []
    for _ in range(rng.randrange(1, 12)):
        src = rng.choice(("10.0.0.%d" % rng.randrange(1, 6), "[2001:db8::%d]" % rng.randrange(1, 4)))
        dst = rng.choice(("198.51.100.%d" % rng.randrange(1, 6), "host%d.example.com" % rng.randrange(4),
                          "[2001:db8:1::%d]" % rng.randrange(1, 4)))
        more = rng.choice(("", "", ',"relevance":"knownUninteresting"', ',"relevance":"knownBad"'))
        size, interval = random_sizes(rng), random_interval(rng, span)
        time = rng.randrange(span * MICROSECONDS)
        for _ in range(rng.choice((1, 3, 4, 5, 12, 40, 300))):
            duration = rng.choice((0, rng.randrange(10**7), rng.randrange(10**7), rng.randrange(5 * 10**10)))
            lines.append(record(src, dst, time, duration, size(), rng.choice((0, rng.randrange(3000))),
                                len(lines) + 1, more))
            time += interval()
            if time > span * MICROSECONDS:
                time = rng.randrange(span * MICROSECONDS)
    rng.shuffle(lines)
    return lines


def random_options(rng):
    options = {}
    if rng.random() < 0.5:
        options["span"] = rng.choice((1, 60, 3600, 86400, 10**6))
    if rng.random() < 0.3:
        options["least"] = rng.choice((1, 5, 30))
    if rng.random() < 0.3:
        options["score"] = fractions.Fraction(rng.randrange(1001), 1000)
    if rng.random() < 0.5:
        options["everything"] = True
    letters = {"span": "-w%d", "least": "-m%d", "everything": "-a"}
    arguments = [letters[key] % value if key in letters and "%" in letters[key] else letters.get(key)
                 for key, value in options.items() if key != "score"]
    return options, arguments + (["-t" + three(options["score"])] if "score" in options else [])


def check_random():
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    rng = random.Random(seed)
    problems, scored = [], 0
    for turn in range(150):
        lines = random_flows(rng)
        options, arguments = random_options(rng)
        want = beacons(lines, **options)
        got = run("flowbeacon", *arguments, data="".join(lines).encode())
        scored += got.count("beaconScore")
        if differences(got, want):
            problems.append("SEED=%d turn %d %s: %s" % (seed, turn, arguments, differences(got, want)))
    ok(not problems, "random flows: %s, to the last digit" % ("the same lines" if scored else "lines"), *problems[:3])
    ok(scored > 100, "of which many have a score", scored)


def check_day():
    logs = sorted(map(str, DAY.glob("*.log.gz")))
    if not logs:
        ok(True, "a day of logs # SKIP ../shared is not there")
        return
    flows = run("zeek2flow", "-qx", *logs).encode()
    joined = run("flowmerge", data=flows).splitlines()
    for arguments, options in (([], {}), (["-w7h", "-t0.5"], {"span": 7 * 3600, "score": HALF})):
        got = run("flowbeacon", *arguments, data=flows)
        want = beacons(joined, **options)
        ok(not differences(got, want), " ".join(["a day of logs, %d lines" % len(want), *arguments]),
           differences(got, want))
    planted = [json.loads(line) for line in got.splitlines() if '"73.54.23.243"' in line]
    ok(bool(planted), "with the beacon that was planted there")


check_random()
check_day()
print("1..%d" % count)
sys.exit(failed > 0)
