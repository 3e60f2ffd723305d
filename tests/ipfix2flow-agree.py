#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ipfix2flow agrees with pcap2flow on the flows that softflowd exports of a capture, in all its versions and
precisions of time, and on what nfdump prints of it; and reads every datagram of exporters of the wild that is beside the project (../shared): TAP.

The same conversations and packets, who began, the same bytes of UDP, those of TCP within [true - 20, true + 40 a
packet], and starts as exact as the version has them.
"""
import datetime
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import captures
from agree import by_ends, bytes_agree, packets_agree, source
from tap import Tap

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
HERE = pathlib.Path(os.environ["srcdir"]).resolve() / "tests"
NETFLOW = HERE.parent.parent / "shared" / "corpus" / "netflow"
PATH = os.environ.get("PATH", "") + ":/usr/sbin"

# Arguments of softflowd, and by how much starts may differ, in microseconds: 5 has milliseconds, 9 whole seconds.
VERSIONS = {"5": (["-v", "5"], 1_000), "9": (["-v", "9"], 1_000_000),
            "10, microseconds": (["-v", "10", "-A", "micro"], 1_000), "10, milliseconds": (["-v", "10", "-A", "milli"], 1_000),
            "10, seconds": (["-v", "10", "-A", "sec"], 1_000_000), "10, both directions": (["-v", "10", "-b", "-A", "micro"], 1_000)}


def convert(tool, *arguments):
    return subprocess.run([BINDIR / tool, *arguments], capture_output=True, text=True, timeout=120)


def flows(tool, *arguments):
    return by_ends(convert(tool, "-a", "-x", "-q", *arguments).stdout)


# ---- softflowd

def traffic(name):
    """TCP of some lengths both ways, refused, one-sided; UDP; ICMP; over both families."""
    frames = []

    def add(at, packet):
        frames.append(captures.at(at, captures.eth(packet)))

    for i in range(60):
        six = i % 4 == 3
        a = ("[fd00::10]:%d" if six else "192.168.1.10:%d") % (50_000 + i)
        b = "[2001:4860:4860::%x]:443" % i if six else "8.8.%d.8:443" % i
        at = i * 0.37 + 0.001
        if i % 5 == 4:
            add(at, captures.udp(a, b.rsplit(":", 1)[0] + ":53", b"q" * (i + 20)))
            add(at + 0.02, captures.udp(b.rsplit(":", 1)[0] + ":53", a, b"r" * (i + 90)))
            continue
        add(at, captures.tcp(a, b, "S"))
        if i % 5 == 3:
            add(at + 0.01, captures.tcp(b, a, "RA"))
            continue
        if i % 5 == 2:
            continue
        add(at + 0.02, captures.tcp(b, a, "SA"))
        add(at + 0.03, captures.tcp(a, b, "A"))
        for j in range(i % 7):
            add(at + 0.04 + j / 100, captures.tcp(a, b, "PA", b"x" * (100 + j)))
            add(at + 0.045 + j / 100, captures.tcp(b, a, "PA", b"y" * (700 + j)))
        add(at + 0.2, captures.tcp(a, b, "FA"))
        add(at + 0.21, captures.tcp(b, a, "FA"))
    add(30, captures.icmp("192.168.1.10", "9.9.9.9", 8, 0, b"ping"))
    add(30.01, captures.icmp("9.9.9.9", "192.168.1.10", 0, 0, b"ping"))
    pathlib.Path(name).write_bytes(captures.pcap(sorted(frames, key=lambda frame: frame.time)))


def export(capture, arguments):
    """The datagrams that softflowd sends of a capture."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sink.bind(("127.0.0.1", 0))
        subprocess.run(["softflowd", "-r", capture, "-a", "-n", "127.0.0.1:%d" % sink.getsockname()[1], "-d", *arguments],
                       check=True, capture_output=True, timeout=60, env={**os.environ, "PATH": PATH})
        sink.setblocking(False)
        out = []
        while True:
            try:
                out.append(sink.recv(65536))
            except BlockingIOError:
                return out


def micro(one):
    return round(datetime.datetime.fromisoformat(one["start"].replace("Z", "+00:00")).timestamp() * 1_000_000)


def differences(true, got, tolerance):
    found = []
    for key, one in true.items():
        other = got.get(key)
        if not other:
            found.append(("missing", one["src"], one["dst"]))
            continue
        if source(one) != source(other):
            found.append(("source", one["src"], other["src"]))
            continue
        if not packets_agree(one, other):
            found.append(("packets", one, other))
        if abs(micro(one) - micro(other)) > tolerance:
            found.append(("start", one["start"], other["start"]))
        if not bytes_agree(one, other):
            found.append(("bytes", one, other))
    return found + [("more", key) for key in got if key not in true]


def softflowd(tap):
    if not shutil.which("softflowd", path=PATH):
        tap.skip("softflowd", "no softflowd")
        return
    traffic("made.pcap")
    true = flows("pcap2flow", "made.pcap")
    tap.ok(len(true) == 61, "there are conversations to compare with", len(true))
    for name, (arguments, tolerance) in VERSIONS.items():
        datagrams = export("made.pcap", arguments)
        pathlib.Path("made.flow").write_bytes(b"".join(datagrams))
        got = flows("ipfix2flow", "made.flow")
        exported = {key: one for key, one in true.items() if name != "5" or ":" not in one["srcIp"]}  # 5 has no IPv6
        found = differences(exported, got, tolerance)
        tap.ok(not found, "softflowd, version %s: the flows of the capture" % name, *found[:4])
        frames = [captures.at(100 + at, captures.eth(captures.udp("192.0.2.1:40000", "192.0.2.9:2055", datagram)))
                  for at, datagram in enumerate(datagrams)]
        pathlib.Path("sent.pcap").write_bytes(captures.pcap(frames))
        tap.ok(flows("ipfix2flow", "sent.pcap") == got, "softflowd, version %s: also as a capture of what it sends" % name)


# ---- nfdump

def nfdump(tap):
    if not shutil.which("nfpcapd", path=PATH) or not shutil.which("nfdump", path=PATH):
        tap.skip("nfdump", "no nfpcapd or nfdump")
        return
    traffic("made.pcap")
    os.mkdir("nfcapd")
    environment = {**os.environ, "PATH": PATH, "TZ": "UTC"}
    subprocess.run(["nfpcapd", "-r", "made.pcap", "-w", "nfcapd"], check=True, capture_output=True, timeout=60, env=environment)
    true = flows("pcap2flow", "made.pcap")
    for form, options, tolerance in (("json", ["-q"], 1_000), ("csv", [], 1_000_000)):
        printed = subprocess.run(["nfdump", "-R", "nfcapd", "-o", form, *options], check=True, capture_output=True,
                                 timeout=60, env=environment).stdout
        pathlib.Path("made." + form).write_bytes(printed)
        found = differences(true, flows("ipfix2flow", "--timezone", "UTC", "made." + form), tolerance)
        tap.ok(not found, "nfdump -o %s: the flows of the capture" % form, *found[:4])


# ---- Exporters of the wild

def wild(tap):
    if not NETFLOW.is_dir():
        tap.skip("exporters of the wild", "no ../shared/corpus")
        return
    failed = []
    for path in sorted(NETFLOW.glob("*.dat")):
        done = convert("ipfix2flow", "-a", path)
        if done.returncode != (65 if "netflow5_test_invalid" in path.name else 0):
            failed.append((path.name, done.returncode, done.stderr))
    tap.ok(not failed, "every file of the corpus is read, but for two that are none", *failed)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        softflowd(tap)
        nfdump(tap)
        wild(tap)
        os.chdir("/")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
