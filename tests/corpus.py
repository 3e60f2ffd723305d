"""Captures and logs of the wild, where they are beside the project (../shared): TAP.

Every one gives an exit status of 0 or 65, no more than a few messages, and valid JSON; the reference
cases give their expected records; packets of a flow, its source and its Community ID are the same
from a trace as from the conn.log that Zeek made of it; packets and bytes of TCP and UDP of a capture
are those that tshark counts.
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
SHARED = pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared"
CORPUS = SHARED / "corpus"

# Logs that are no conn or dns log: one is cut off, too.
OTHER_LOGS = {"http_empty.log", "http.log.corrupt.gz"}

# What tshark and pcap2flow count by different rules, or what tshark's own sums cannot tell apart.
OTHER_RULES = {
    "tshark_malformed", "frag4", "frag6", "gre", "6in4", "ipip", "vxlan", "geneve", "gtpu_ip",
    "erspan", "gre_teb", "teb", "teredo", "lt_other", "wifi", "wifi_data", "icmp", "icmp6",
    "iplen_gt_frame", "ip_len0", "ip6_len0", "udp_len0", "udp_len_lt8", "short_tcp", "short_udp",
    "bad_doff", "snapped", "SPB", "oracle", "trunc_last", "gtpu", "ltraw_hi",
}

# tshark opens what stays closed here, or refuses what is read here: IPComp, MACsec, 802.1ah, AYIYA,
# GRE in UDP; a version that is none; IPv6 under the link type of IPv4.
OTHER_READING = {
    "AH-IPcomp-IPv4.pcap", "macsec-short-valid.pcap", "pbb.pcap", "ayiya3.pcap",
    "gre-over-udp-4754.pcap", "pcap-invalid-version-1.pcap", "LINKTYPE_IPV4_invalid.pcap",
}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, passed, name, *notes):
        self.count += 1
        self.failed += not passed
        print("%sok %d - %s" % ("" if passed else "not ", self.count, name.replace("#", " ")))
        for note in () if passed else notes:
            print("# " + str(note)[:400].replace("\n", "\n# "))

    def done(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


def convert(path, *options):
    """Runs the tool that reads the path."""
    tool = "zeek2flow" if path.is_relative_to(CORPUS / "zeek") else "pcap2flow"
    return subprocess.run([BINDIR / tool, *options, path], capture_output=True, timeout=120)


def index():
    lines = (CORPUS / "INDEX.tsv").read_text().splitlines()[1:]
    return {row[0]: set(row[4].split(",")) for row in (line.split("\t") for line in lines)}


def check_file(path):
    """What is wrong with the conversion of one file, or None."""
    done = convert(path, "-a", "-x")
    expected = (0, 65) if "pcap" in path.relative_to(CORPUS).parts else (65 * (path.name in OTHER_LOGS),)
    if done.returncode not in expected:
        return "exit status %d: %s" % (done.returncode, done.stderr.decode(errors="replace"))
    if (done.returncode == 65) != bool(done.stderr) or len(done.stderr.splitlines()) > 4:
        return "exit status %d with %s" % (done.returncode, done.stderr)
    valid = subprocess.run(["jq", "-c", "."], input=done.stdout, capture_output=True)
    if valid.returncode or valid.stdout.count(b"\n") != done.stdout.count(b"\n"):
        return "jq: %s" % valid.stderr
    return None


def check_all(tap, pool):
    files = sorted(p for kind in ("pcap", "zeek") for p in (CORPUS / kind).rglob("*") if p.is_file())
    for path, problem in zip(files, pool.map(check_file, files)):
        tap.ok(problem is None, str(path.relative_to(CORPUS)), problem)


def check_conformance(tap):
    done = subprocess.run([sys.executable, SHARED / "conformance" / "run", BINDIR],
                          capture_output=True, text=True, timeout=300)
    for line in done.stdout.splitlines()[:-1]:
        tap.ok(line.startswith("ok"), "conformance " + line.split()[1].rstrip(":"), line)


def flows(path):
    """TCP and UDP: what each pair of ends did."""
    found = {}
    for line in convert(path, "-a", "-x").stdout.splitlines():
        record = json.loads(line)
        if record["proto"] in ("tcp", "udp"):
            ends = [(record["srcIp"], record["srcPort"]), (record["dstIp"], record["dstPort"])]
            found[(record["proto"], *sorted(ends))] = (
                ends[0], record["srcPkts"] + record["dstPkts"], record["communityId"])
    return found


def check_pairs(tap):
    for line in (CORPUS / "PAIRS.tsv").read_text().splitlines()[1:]:
        trace, log = line.split("\t")
        ours, theirs = flows(CORPUS / trace), flows(CORPUS / log)
        tap.ok(ours == theirs, "source, packets, id as in " + log,
               *("%s: %s, in the log %s" % (key, ours.get(key), theirs.get(key))
                 for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)))


def totals_of_tshark(path):
    """Packets and payload bytes of TCP and UDP."""
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), "-o", "tcp.desegment_tcp_streams:FALSE", "-Y",
         "tcp or udp", "-T", "fields", "-e", "tcp.len", "-e", "udp.length"],
        capture_output=True, text=True, timeout=120)
    packets = payload = 0
    for line in done.stdout.splitlines():
        tcp, udp = line.split("\t")
        packets += 1
        payload += int(tcp.split(",")[0]) if tcp else int(udp.split(",")[0]) - 8
    return packets, payload


def totals_of_tool(path):
    packets = payload = 0
    for line in convert(path, "-a").stdout.splitlines():
        record = json.loads(line)
        if record["proto"] in ("tcp", "udp"):
            packets += record["srcPkts"] + record["dstPkts"]
            payload += record["srcBytes"] + record["dstBytes"]
    return packets, payload


def check_tshark(tap, pool):
    if not shutil.which("tshark"):
        tap.ok(True, "totals as tshark counts them # SKIP no tshark")
        return
    captures = sorted(CORPUS / path for path, tags in index().items()
                      if path.startswith("pcap/") and not tags & OTHER_RULES
                      and path.rpartition("/")[2] not in OTHER_READING
                      and any(tag.startswith("fmt:pcap") for tag in tags))
    every = 1 if os.environ.get("SECFLOW_TEST_ALL") else 5  # tshark takes its time
    for path, theirs in zip(captures[::every], pool.map(totals_of_tshark, captures[::every])):
        ours = totals_of_tool(path)
        tap.ok(ours == theirs, "packets, bytes as tshark of " + str(path.relative_to(CORPUS)),
               "pcap2flow: %s, tshark: %s" % (ours, theirs))


def main():
    if not CORPUS.is_dir():
        print("1..0 # SKIP no corpus beside the project")
        return 0
    tap = Tap()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        check_conformance(tap)
        check_all(tap, pool)
        check_pairs(tap)
        check_tshark(tap, pool)
    return tap.done()


sys.exit(main())
