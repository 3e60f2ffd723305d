#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flowevent against a search that tries all combinations of flows, over random rules and flows: TAP."""
import datetime
import fnmatch
import ipaddress
import itertools
import json
import os
import pathlib
import random
import subprocess
import tempfile

TOOL = pathlib.Path(os.environ["BINDIR"]).resolve() / "flowevent"
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
ROUNDS = 400
GRAVITY = ["", "knownUninteresting", "seenNearBad", "knownBad"]
CATEGORIES = ["smallUpload", "largeUpload", "keepAlive", "dnsQuery"]
SOURCES = ["10.0.0.1:1", "10.0.0.2:2", "[2001:db8::1]:3"]
TAGS = ["destination:CDN", "CDN", "threat:x", 'a "b"']

choose = random.Random(SEED)


def some_term():
    return choose.choice([
        "*", "*Upload", "small*", "keepAlive", "*e*", "a.example", "a.example:443", ".example", ".b.example", ":443", ":53",
        "192.0.2.1", "192.0.2.0/30", "192.0.2.9/29", "192.0.2.10/29", ".a.example", "192.0.2.1:443", "2001:db8::/64", "[2001:db8::9]:53", "@CDN",
        "@destination:CDN", "@x", "@knownBad", "@seenNearBad", "@new"])


def some_step():
    terms = [("!" if choose.random() < 0.2 else "") + some_term() for _ in range(choose.choice([1, 1, 1, 2, 3]))]
    return (" " * choose.choice([1, 1, 2])).join(terms)


def some_rule(number, unordered):
    rule = {"event": "event %d" % number, "steps": [some_step() for _ in range(choose.choice([1, 2, 2, 2, 3, 3, 4]))],
            "within": choose.choice([0.5, 3, 8, 20, 60]), "relevance": choose.choice(GRAVITY)}
    if choose.random() < 0.3:
        rule["by"] = choose.choice(["src", "sample"])
    if unordered or choose.random() < 0.2:
        rule["ordered"] = not unordered
    return rule


def some_flow(date, start, sensor):
    name, source, address = choose.choice([
        ("a.example", "passive", "192.0.2.1"), ("x.b.example", "passive", "192.0.2.7"), ("192.0.2.1", "original", None),
        ("192.0.2.%d" % choose.randrange(12), "original", None), ("[2001:db8::9]", "original", None)])
    flow = {"src": choose.choice(SOURCES), "dst": "%s:%d" % (name, choose.choice([443, 53])),
            "destinationNameSource": source, "srcPkts": 1, "srcBytes": 1, "dstPkts": 1, "dstBytes": 1,
            "relativeStart": start, "protocolInformation": "", "duration": 0.0, "trafficDate": "%d.000000" % date}
    if sensor:
        flow["sensor"] = sensor
    if address:
        flow["dstIp"] = address
    flow["flowCategory"] = choose.choice(CATEGORIES)
    if choose.random() < 0.5:
        flow["flowIdCount"] = choose.choice([1, 7])
    if choose.random() < 0.4:
        flow["relevance"] = choose.choice(GRAVITY[1:])
    if choose.random() < 0.4:
        flow["tags"] = choose.sample(TAGS, choose.randrange(1, 3))
    return flow


def some_samples():
    """Samples, of two sensors at most; some begin where the one before ends, or before that."""
    date, samples = 1700000000, []
    for _ in range(choose.choice([1, 1, 2, 3])):
        sensor = choose.choice([None, None, "s"])
        flows = [some_flow(date, choose.choice([0.25, 0.5, 1.0]) * choose.randrange(40), sensor)
                 for _ in range(choose.randrange(1, 14))]
        if choose.random() < 0.7:
            flows.sort(key=lambda flow: flow["relativeStart"])
        samples.append(flows)
        date += choose.choice([5, 20, 40, 41, 100])
    return samples


def ip(text):
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def goes_to(flow, term):
    """Whether a flow goes to where a term says."""
    host, port = flow["dst"].rsplit(":", 1)
    address = ip(flow.get("dstIp") or host)
    name = None if ip(host) else host
    if "/" in term:
        return address in ipaddress.ip_network(term, strict=False)
    if term.startswith(":"):
        return port == term[1:]
    if term.startswith("."):
        return name is not None and ("." + name).endswith(term)
    wanted, wanted_port = term, None
    if not ip(term) and ":" in term:
        wanted, wanted_port = term.rsplit(":", 1)
    if wanted_port and wanted_port != port:
        return False
    return address == ip(wanted) if ip(wanted) else name == wanted


def matches(flow, step):
    for term in step.split():
        negated = term.startswith("!")
        term = term.lstrip("!")
        if term == "@new":
            holds = flow.get("flowIdCount") == 1
        elif term[0] == "@" and term[1:] in GRAVITY:
            holds = flow.get("relevance") == term[1:]
        elif term[0] == "@":
            holds = any(term[1:] in (tag, tag.partition(":")[2]) for tag in flow.get("tags", []))
        elif any(c in term for c in ".:/"):
            holds = goes_to(flow, term)
        else:
            holds = fnmatch.fnmatchcase(flow["flowCategory"], term)
        if holds == negated:
            return False
    return True


def start_of(flow):
    return round(float(flow["trafficDate"]) * 10**6) + round(flow["relativeStart"] * 10**6)


def streams(samples):
    """The flows of what is looked at as one: samples of a sensor that follow each other."""
    open_ones, done = {}, []
    for number, flows in enumerate(samples):
        sensor = flows[0].get("sensor")
        before = open_ones.get(sensor)
        if before and min(map(start_of, flows)) < max(start_of(flow) for _, flow in before):
            done.append(open_ones.pop(sensor))
        open_ones.setdefault(sensor, []).extend((number, flow) for flow in sorted(flows, key=start_of))
    return done + list(open_ones.values())


def groups(rule, samples):
    """The flows that can be of one event, in order."""
    for stream in streams(samples):
        keyed = {}
        for number, flow in stream:
            key = number if rule.get("by") == "sample" else flow["src"].rsplit(":", 1)[0]
            keyed.setdefault(key, []).append(flow)
        yield from keyed.values()


def runs_to(rule, flows, last):
    """All ways to match the steps that end with that flow, as positions of flows in order of the steps."""
    fitting = [[i for i in range(last + 1) if matches(flows[i], step)] for step in rule["steps"]]
    for run in itertools.product(*fitting):
        if len(set(run)) < len(run) or max(run) != last:
            continue
        if rule.get("ordered", True) and list(run) != sorted(run):
            continue
        if start_of(flows[last]) - start_of(flows[min(run)]) <= rule["within"] * 10**6:
            yield run


def events(rule, flows):
    """Runs to each flow that has any, the preferred one of ordered steps; overlapping runs are one event."""
    end = begun = None
    for last in range(len(flows)):
        found = list(runs_to(rule, flows, last))
        if not found:
            continue
        start = max(start_of(flows[min(run)]) for run in found)
        if end is None or start > end:
            begun = start
        end = start_of(flows[last])
        yield last, start, begun, max(found, key=lambda run: run[::-1]), found


def expected(rules, samples):
    """By record, the event that it is told of: the gravest, then the first rule's."""
    told = {}
    order = sorted(range(len(rules)), key=lambda i: (-GRAVITY.index(rules[i]["relevance"]), i))
    of_sample = {id(flow): number for number, flows in enumerate(samples) for flow in flows}
    for i in order:
        for flows in groups(rules[i], samples):
            mine = {}
            for last, _, begun, run, _ in events(rules[i], flows):
                for member in run:
                    if of_sample[id(flows[member])] == of_sample[id(flows[last])]:
                        mine.setdefault(id(flows[member]), (rules[i]["event"], begun))
            for flow, event in mine.items():
                told.setdefault(flow, event)
    return [told.get(id(flow)) for flows in samples for flow in flows]


def unordered_holds(rule, samples, got):
    """Of one rule in any order several runs can be right: each flow that completes any is told of its event, with
    others of that event that complete it, and no flow is told of one to which it cannot belong."""
    told = dict(zip((id(flow) for flows in samples for flow in flows), got))
    of_sample = {id(flow): number for number, flows in enumerate(samples) for flow in flows}
    for flows in groups(rule, samples):
        able = {}
        for last, start, begun, _, found in events(rule, flows):
            event = (rule["event"], begun)
            best = [run for run in found if start_of(flows[min(run)]) == start]
            here = [[i for i in run if of_sample[id(flows[i])] == of_sample[id(flows[last])]] for run in best]
            if not any(all(told[id(flows[i])] == event for i in run) for run in here):
                return False
            for run in here:
                for i in run:
                    able.setdefault(i, set()).add(event)
        for i, flow in enumerate(flows):
            if told[id(flow)] and told[id(flow)] not in able.get(i, ()):
                return False
    return True


def is_sorted(samples):
    return all(flows == sorted(flows, key=start_of) for flows in samples)


def run_tool(rules, samples, folder, *options):
    (folder / "rules").write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    lines = [json.dumps(flow, separators=(",", ":")) for flows in samples for flow in flows]
    done = subprocess.run([TOOL, "-qf", folder / "rules", *options], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          check=True)
    got = []
    for before, line in zip(lines, done.stdout.splitlines(), strict=True):
        record = json.loads(line)
        event = record.get("event")
        if not event and before != line:
            raise ValueError("a line has changed: " + line)
        if event:
            start = datetime.datetime.fromisoformat(record["eventStart"].replace("Z", "+00:00"))
            event = (event, round(start.timestamp() * 10**6))
        got.append(event)
    return got


def bounded(folder):
    """Long samples, held whole and not: the same lines. How many of them are members, or None."""
    members = 0
    for _ in range(20):
        rules = [some_rule(i, choose.random() < 0.3) for i in range(6)]
        samples = [sorted((some_flow(date, choose.randrange(4000) / 4, None) for _ in range(1500)), key=start_of)
                   for date in (1700000000, 1700001000)]
        whole = run_tool(rules, samples, folder)
        if any(run_tool(rules, samples, folder, "--memory", size) != whole for size in ("1K", "30K")):
            return None
        members += sum(event is not None for event in whole)
    return members


def main():
    wrong, members, found, unordered_events = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            unordered = number % 4 == 3
            samples = some_samples()
            rules = [some_rule(i, unordered) for i in range(1 if unordered else choose.randrange(1, 6))]
            small = ["--memory", "1K"] if is_sorted(samples) and choose.random() < 0.5 else []
            got = run_tool(rules, samples, pathlib.Path(name), *small)
            if unordered:
                good = unordered_holds(rules[0], samples, got)
                unordered_events += len(set(got) - {None})
            else:
                good = got == expected(rules, samples)
                members += sum(event is not None for event in got)
                found += len(set(got) - {None})
            if not good:
                wrong += 1
                print("# round %d of SEED=%d:" % (number, SEED), json.dumps(rules))
        long_members = bounded(pathlib.Path(name))
    print("%s 1 - %d rounds as a search through all combinations has them" % ("not ok" if wrong else "ok", ROUNDS))
    print("%s 2 - there were events, and members: %d and %d; in any order: %d" % (
        "ok" if found > ROUNDS / 4 and unordered_events > 20 else "not ok", found, members, unordered_events))
    print("%s 3 - long samples: the same, however little is held" % ("ok" if long_members else "not ok"),
          "" if long_members else "# SEED=%d" % SEED)
    print("1..3")


main()
