#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eve2flow agrees with zeek2flow on the same connections, however they are logged; and, where captures and
the eve.json that Suricata made of them are beside the project (../shared), with pcap2flow: TAP.

There: the same conversations, packets, starts, sources and Community IDs, the same bytes of UDP, those of TCP
within [true - 20, true + 40 a packet], and the names that the log has. What differs is listed here, with why.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from agree import by_ends, bytes_agree, packets_agree, source, turn
from tap import Tap

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
HERE = pathlib.Path(os.environ["srcdir"]).resolve() / "tests"
SHARED = HERE.parent.parent / "shared"
PAIRS = SHARED / "corpus" / "PAIRS-eve.tsv"

# How one log can be written.
SHAPES = ("v2", "v1", "v3", "grouped", "netflow", "netflow-only", "netflow live", "netflow-only aws", "cee v3",
          "noise live")

# What differs, by a part of the log's name, and in how many conversations. Suricata logs the outside of these
# tunnels, too, or opens one that stays closed.
MORE = {
    "decode-teredo-01": 2,  # Teredo: TCP and ICMPv6 inside
    "geneve-47101": 1,  # Geneve on another port: its outside
}
# An ICMP error counts as a packet of the flow that it quotes: there is no flow of ICMP.
LESS = {"community-id-spec+pcaps+icmp": 1}
# The fragments of a datagram are one packet, which comes with the last of them.
FRAGMENTS = {"+incorrect_edns-v6-ok": 1, "+correct_edns-v6-ok": 1, "+incorrect_root-any-v4": 1, "+absent_edns-v6-ok": 1}
# Two levels of one tunnel have the same pair of addresses and the same time: the first in the log decides.
SOURCES = {"tunnel-pkt-flows": 1}
# The same; or both addresses are equal, and Suricata does not order their ports as the specification says.
IDS = {"tunnel-pkt-flows": 1, "pgsql2": 1, "shell.pcap": 1}
# What is in front of an IP packet where that is not Ethernet: PPPoE on it, raw IP, BSD loopback.
LINKS = {"Traces+pppoe": 22, "quic-mvfst-22_decryption_error": 0, "gaijin_mobile_mixed": 0, "bets.pcapng": 0,
         "mqtt_synthetic": 0, "openvpn-tlscrypt": 4, "pgsql2": 4}
# Bytes count from another place than the rest of the log, or there are more behind the packet.
BYTES = {
    "+incorrect_edns-v6-ok": 4, "+correct_edns-v6-ok": 4, "+absent_edns-v6-ok": 4,  # put together of fragments
    "gre-within-gre": 2,  # inside of a tunnel
    "dlms": 1, "raknet": 5, "bacnet-stack-services": 1, "quic_q46_b": 1,  # padded frames, or longer than the packet
}
# Glue, which is not in dns events before version 3.
NAMES = {"+incorrect_edns-v6-ok": 4, "+correct_edns-v6-ok": 4, "+absent_edns-v6-ok": 4, "+incorrect_root-any-v4": 1,
         "+incorrect_root-prime-v4": 1}


def convert(tool, *arguments):
    return subprocess.run([BINDIR / tool, *arguments], capture_output=True, text=True, timeout=120)


# ---- Logs that were made here

def made_logs(tap, folder):
    def make(script, *arguments, **options):
        subprocess.run([sys.executable, HERE / script, *arguments], check=True, **options)

    make("zeeklogs.py", folder, "3000", "json")
    want = convert("zeek2flow", "-a", folder / "conn.json.log", folder / "dns.json.log").stdout
    tap.ok(want.count("\n") > 2500, "there are records to compare with", want[:200])
    for shape in SHAPES:
        with open(folder / "eve.json", "w", encoding="utf-8") as log:
            make("evelogs.py", "3000", *shape.split(), stdout=log)
        done = convert("eve2flow", "-a", folder / "eve.json")
        got = done.stdout.replace(',"bytesFrom":"frame"', "")
        tap.ok(done.returncode == 0 and done.stderr == "" and got == want, shape + ": the records of the same Zeek logs",
               done.stderr, *[pair for pair in zip(got.splitlines(), want.splitlines()) if pair[0] != pair[1]][:2])


# ---- Captures of the wild

def flows(tool, *arguments):
    return by_ends(convert(tool, "-a", "-x", *arguments).stdout)


def compare(true, got, differ):
    """Notes in what lists of differ a conversation belongs."""
    if source(true) != source(got) and true["srcIp"] != true["dstIp"]:
        differ["source"].append((true, got))
        got = turn(got)
    elif true.get("dstName") != got.get("dstName"):
        differ["name"].append((true, got))
    if not packets_agree(true, got):
        differ["packets"].append((true, got))
    elif not bytes_agree(true, got):
        differ["bytes"].append((true, got))
    if true["start"] != got["start"]:
        differ["start"].append((true, got))
    if true["communityId"] != got["communityId"]:
        differ["Community ID"].append((true, got))


def allowed(table, name):
    return sum(count for part, count in table.items() if part in name)


def corpus(tap):
    allow = {"more": MORE, "less": LESS, "packets": FRAGMENTS, "start": FRAGMENTS, "source": SOURCES,
             "Community ID": IDS, "bytes": BYTES, "name": NAMES}
    total = 0
    for line in PAIRS.read_text(encoding="utf-8").splitlines()[1:]:
        trace, log, _ = line.split("\t")
        link = [str(header) for part, header in LINKS.items() if part in log] or ["14"]
        true, got = flows("pcap2flow", SHARED / trace), flows("eve2flow", "-l", *link, SHARED / log)
        differ = {what: [] for what in allow}
        differ["less"] = sorted(true.keys() - got.keys())
        differ["more"] = sorted(got.keys() - true.keys())
        for key in sorted(true.keys() & got.keys()):
            compare(true[key], got[key], differ)
        total += len(true.keys() & got.keys())
        name = pathlib.Path(log).name
        wrong = {what: found for what, found in differ.items() if len(found) != allowed(allow[what], name)}
        tap.ok(not wrong, name, *["%s: %d, %s" % (what, len(found), found[:1])
                                                    for what, found in wrong.items()])
    tap.ok(total > 1800, "%d conversations are in both" % total)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        made_logs(tap, pathlib.Path(folder))
    if PAIRS.exists():
        corpus(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
