#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flowseen: merging is commutative, associative and idempotent, and what dies leaves whole samples: TAP.

Stores are made at random, of samples that overlap, by counters that overlap. Merged in any order,
in any grouping, with repetitions, as stores or as lines, they export the same, which is also what
the largest number, the first and the last time of each row make. Processes that are killed at every
write, or whose disk is full at every write, leave a store that has each sample wholly or not at all.
Stores that are cut off or damaged end in a message.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
TOOL = str(BINDIR / "flowseen")
LIBRARY = str(BINDIR / "tests" / "faults.so")

count = failed = 0


def ok(passed, name, *notes):
    global count, failed
    count += 1
    failed += not passed
    print("%sok %d - %s" % ("" if passed else "not ", count, name))
    for note in notes if not passed else ():
        print("# " + str(note)[:600].replace("\n", "\n# "))
    sys.stdout.flush()


def run(*arguments, status=0, **options):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, check=False, **options)
    if done.returncode != status:
        raise RuntimeError("%s: %d, %s" % (arguments, done.returncode, done.stderr.decode()))
    return done.stdout


def record(date, destination, sensor=None):
    fields = {"src": "10.0.0.1:1", "dst": destination, "destinationNameSource": "passive", "srcPkts": 1, "srcBytes": 1,
              "dstPkts": 1, "dstBytes": 1, "relativeStart": random.randrange(300), "protocolInformation": "",
              "duration": 0.0, "trafficDate": "%d.000000" % date, "proto": "tcp"}
    if sensor:
        fields["sensor"] = sensor
    return json.dumps(fields) + "\n"


def lines_of(store):
    return run("-s", store, "-X")


def model(exports):
    """What all of them hold together: rows and samples."""
    rows, samples = {}, set()
    for export in exports:
        for line in map(json.loads, export.splitlines()):
            if "sample" in line:
                samples.add(line["sample"])
                continue
            row = line["n"], line["first"], line["last"]
            old = rows.get((line["key"], line["counter"]), row)
            rows[line["key"], line["counter"]] = max(old[0], row[0]), min(old[1], row[1]), max(old[2], row[2])
    return rows, samples


def merged(store, *others):
    """A new store with those in it."""
    run("-s", store, "-I", stdin=subprocess.DEVNULL)
    for other in others:
        run("-s", store, "-m", other)
    return store


def random_store(path):
    for _ in range(random.randrange(1, 4)):
        text = ""
        for _ in range(random.randrange(1, 12)):
            date, sensor = 1700000000 + 300 * random.randrange(20), random.choice((None, "a", "b"))
            text += "".join(record(date, "h%d.d%d.com:443" % (host, host // 3), sensor)
                            for host in random.sample(range(12), random.randrange(1, 6)))
        how = random.choice(([], ["--captures"], ["--sensor", "a"], ["--sensor", "c"]))
        run("-q", "-s", path, *how, input=text.encode())
    return path


def algebra(folder, seed):
    random.seed(seed)
    stores = [random_store(folder / ("store%d" % i)) for i in range(4)]
    exports = [lines_of(store) for store in stores]
    a, b, c, _ = stores
    want = lines_of(merged(folder / "want", *stores))
    problems = []
    if model([want]) != model(exports):
        problems.append("not what the rows make")
    for turn in range(6):
        order = stores + random.choices(stores, k=3)
        random.shuffle(order)
        if lines_of(merged(folder / ("turn%d" % turn), *order)) != want:
            problems.append("order %s" % [store.name for store in order])
    left = merged(folder / "left", merged(folder / "ab", a, b), c)
    right = merged(folder / "right", a, merged(folder / "bc", b, c))
    if lines_of(left) != lines_of(right):
        problems.append("not associative")
    everything = list(exports) + random.choices(exports, k=2)
    random.shuffle(everything)
    run("-s", folder / "lines", "-I", input=b"".join(everything))
    if lines_of(folder / "lines") != want:
        problems.append("as lines")
    run("-s", a, "-m", a)
    if lines_of(a) != exports[0]:
        problems.append("merged with itself")
    ok(not problems, "merging, seed %d" % seed, *problems)


def in_new(folder, function, *arguments):
    with tempfile.TemporaryDirectory(dir=folder) as name:
        function(pathlib.Path(name), *arguments)


# Processes that die

SYSCALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,link,linkat,unlink,unlinkat,fallocate"


def whole(exports, store, label):
    """The store holds exactly what one of these exports does; then all is counted in the end."""
    if not store.exists():
        return None
    got = run("-s", store, "-X")
    return None if model_of(got) in exports else "%s: half a sample is in it" % label


def model_of(export):
    """Rows without the counter, which is another in each store."""
    lines = [json.loads(line) for line in export.splitlines()]
    return (sorted((line["key"], line["n"], line["first"], line["last"]) for line in lines if "key" in line),
            sorted(line["sample"] for line in lines if "sample" in line))


def strace(store, inputs, call, at, how, folder):
    rule = "%s:%s:when=%d" % (call, how, at)
    return subprocess.run(["strace", "-f", "-o", str(folder / "trace"), "-e", "trace=" + call, "-e", "inject=" + rule,
                           TOOL, "-q", "-s", str(store), str(inputs)], capture_output=True, check=False)


def dying(folder):
    if not shutil.which("strace") or os.environ.get("SANITIZERS", "no") != "no":
        print("ok %d - killed at every write # SKIP no strace, or sanitizers" % (count + 1))
        globals()["count"] += 1
        return
    random.seed(1)
    first = folder / "first.sf"
    second = folder / "second.sf"
    first.write_text("".join(record(1700000000, "h%d.com:1" % i) for i in range(40)))
    second.write_text("".join(record(1700000300 + 300 * (i // 300), "h%d.com:1" % i) for i in range(600)))
    states = [([], [])]
    base = folder / "base"
    run("-q", "-s", base, first)
    states.append(model_of(lines_of(base)))
    after = folder / "after"
    shutil.copy(base, after)
    run("-q", "-s", after, second)
    states.append(model_of(lines_of(after)))
    for how, title in (("signal=KILL", "killed"), ("error=ENOSPC", "no space")):
        for begin, inputs in ((None, first), (base, second)):
            problems, tried = [], 0
            for call in SYSCALLS.split(","):
                if how != "signal=KILL" and call in ("openat", "unlink", "unlinkat"):
                    continue
                for at in range(1, 200):
                    store = folder / "store"
                    for old in folder.glob("store*"):
                        old.unlink()
                    if begin:
                        shutil.copy(begin, store)
                    done = strace(store, inputs, call, at, how, folder)
                    hit = "INJECTED" in (folder / "trace").read_text() or done.returncode < 0
                    if not hit:
                        break
                    tried += 1
                    label = "%s %d" % (call, at)
                    problems += filter(None, [whole(states, store, label)])
                    if how != "signal=KILL" and done.returncode not in (0, 66, 71, 74):
                        problems.append("%s: status %d" % (label, done.returncode))
                    run("-q", "-s", store, inputs)
                    if model_of(lines_of(store)) != states[2 if begin else 1]:
                        problems.append(label + ": not all is counted the next time")
            ok(not problems and tried > 10, "%s at each of its writes, %s" % (title, "a store that is there" if begin else
                                                                           "a new store"), tried, *problems)


# Stores that are cut off or damaged

def cut_off(folder):
    whole_store = random_store(folder / "whole").read_bytes()
    store, inputs, problems = folder / "store", folder / "in.sf", []
    inputs.write_text(record(1700000000, "a.com:1"))
    for size in [*range(0, len(whole_store), 509), len(whole_store) - 1]:
        store.write_bytes(whole_store[:size])
        for arguments in ([inputs], ["-n", inputs], ["-X"]):
            try:
                run("-q", "-s", store, *arguments, status=65)
            except RuntimeError as error:
                problems.append("%d bytes: %s" % (size, error))
        if store.read_bytes() != whole_store[:size] or len(list(folder.glob("store*"))) != 1:
            problems.append("%d bytes: it has changed" % size)
    ok(not problems, "a store that is cut off anywhere is refused and stays as it is", *problems)


def damaged(folder):
    random.seed(2)
    sound = random_store(folder / "whole").read_bytes()
    store, inputs, problems = folder / "store", folder / "in.sf", []
    inputs.write_text("".join(record(1700000000 + 300 * i, "h%d.d%d.com:443" % (i, i // 3)) for i in range(12)))
    for turn in range(int(os.environ.get("DAMAGES", "60"))):
        wrong = bytearray(sound)
        for _ in range(random.choice((1, 4, 64))):
            wrong[random.randrange(100 if turn % 2 else 4096, len(wrong))] = random.randrange(256)
        for arguments in (["-n", inputs], ["-X"], ["-l"], ["-e", "1d", inputs]):
            store.write_bytes(wrong)
            for beside in folder.glob("store-*"):
                beside.unlink()
            done = subprocess.run([TOOL, "-q", "-s", store, *arguments], capture_output=True, check=False)
            if done.returncode not in (0, 65, 74):
                problems.append("turn %d, %s: %d, %s" % (turn, arguments, done.returncode, done.stderr.decode()))
    ok(not problems, "whatever is in a store, nothing worse happens than that it is refused", *problems)


with tempfile.TemporaryDirectory(prefix="secflow-test.") as top:
    for number in range(int(os.environ.get("SEEDS", "12"))):
        in_new(top, algebra, number)
    in_new(top, cut_off)
    in_new(top, damaged)
    in_new(top, dying)
print("1..%d" % count)
sys.exit(1 if failed else 0)
