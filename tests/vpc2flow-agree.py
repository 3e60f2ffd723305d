#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vpc2flow agrees with pcap2flow: flow logs that are made of the packets of a capture give the conversations that it has:
TAP.

The same conversations and packets, starts to the second, the bytes of UDP, those of TCP within
[true - 20, true + 40 a packet]; the same sources where flags are logged, and nearly all where they are not.
"""
import ipaddress
import os
import pathlib
import subprocess
import sys
import tempfile

import vpclogs
from agree import by_ends, bytes_agree, packets_agree, source, turn
from tap import Tap

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
SHARED = pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared"

FORMS = [([], 60), ([], 600), (["flags"], 60), (["flags"], 600), (["azure"], 60), (["google"], 60)]

# The least of a hundred sources that agree, of conversations with the Internet and between local addresses:
# there are only ports, and seconds.
LEAST = (98.9, 96.3)


def convert(tool, *arguments, text=None):
    done = subprocess.run([BINDIR / tool, "-a", "-x", *arguments], input=text, capture_output=True, text=True, timeout=120)
    return done.stdout, done.stderr, done.returncode


def is_inside(true):
    return all(vpclogs.is_local(ipaddress.ip_address(true[side])) for side in ("srcIp", "dstIp"))


class Compared:
    """One form of log, of all captures."""

    def __init__(self):
        self.wrong = []
        self.total, self.turned, self.unlike = [0, 0], [0, 0], []

    def add(self, path, true, got):
        if true.keys() != got.keys():
            self.wrong.append((path.name, sorted(true.keys() ^ got.keys())[:2]))
        for key in true.keys() & got.keys():
            self.compare(path, true[key], got[key])

    def compare(self, path, true, got):
        inside = is_inside(true)
        self.total[inside] += 1
        if source(true) != source(got):
            self.turned[inside] += 1
            self.unlike.append((path.name, true["src"], true["dst"]))
            got = turn(got)
        if not packets_agree(true, got) or not bytes_agree(true, got) or true["start"][:19] != got["start"][:19]:
            self.wrong.append((path.name, true, got))

    def share(self, inside):
        """Of a hundred sources, those that agree."""
        return 100 - 100 * self.turned[inside] / max(self.total[inside], 1)


def compare(tap, title, paths):
    true = {path: by_ends(convert("pcap2flow", "-T", path)[0]) for path in paths}
    for words, window in FORMS:
        compared = Compared()
        for path in paths:
            text = "\n".join(vpclogs.lines(path, window, words)) + "\n"
            out, said, status = convert("vpc2flow", text=text)
            if status != 0 or said:
                compared.wrong.append((path.name, status, said))
            compared.add(path, true[path], by_ends(out))
        name = "%s, %s, windows of %d seconds" % (title, "".join(words) or "no flags", window)
        tap.ok(not compared.wrong, name + ": conversations, packets, bytes and starts", *compared.wrong[:3])
        least = (100, 100) if words == ["flags"] else LEAST
        for inside in (0, 1):
            tap.ok(compared.share(inside) >= least[inside], "%s: %d of %d sources %s" % (
                name, compared.total[inside] - compared.turned[inside], compared.total[inside],
                "between local addresses" if inside else "of the Internet"), *compared.unlike[:3])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        demo = pathlib.Path(folder) / "demo.pcap"
        subprocess.run([BINDIR / "tests" / "traffic", "demo", demo], check=True, stdout=subprocess.DEVNULL)
        compare(tap, "made traffic", [demo])
    paths = sorted((SHARED / "conformance" / "inputs").glob("*.pcap*"))
    if paths:
        compare(tap, "captures of the wild", paths)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
