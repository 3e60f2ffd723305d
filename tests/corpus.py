"""Captures of the wild, where they are beside the project (../shared): TAP.

Every capture gives an exit status of 0 or 65, no more than a few messages, and valid JSON; the
reference cases give their expected records; packets of a flow are as many as Zeek counted in the
conn.log beside a trace; packets and bytes of TCP and UDP are those that tshark counts.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

TOOL = str(pathlib.Path(os.environ["BINDIR"]).resolve() / "pcap2flow")
SHARED = pathlib.Path(os.environ["srcdir"]).resolve().parent / "shared"
CORPUS = SHARED / "corpus"

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


def convert(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, timeout=120)


def index():
    lines = (CORPUS / "INDEX.tsv").read_text().splitlines()[1:]
    return {row[0]: set(row[4].split(",")) for row in (line.split("\t") for line in lines)}


def check_capture(path):
    """What is wrong with the conversion of one capture, or None."""
    done = convert("-a", "-x", path)
    if done.returncode not in (0, 65):
        return "exit status %d: %s" % (done.returncode, done.stderr.decode(errors="replace"))
    if (done.returncode == 65) != bool(done.stderr) or len(done.stderr.splitlines()) > 4:
        return "exit status %d with %s" % (done.returncode, done.stderr)
    valid = subprocess.run(["jq", "-c", "."], input=done.stdout, capture_output=True)
    if valid.returncode or valid.stdout.count(b"\n") != done.stdout.count(b"\n"):
        return "jq: %s" % valid.stderr
    return None


def check_all(tap, pool):
    captures = sorted(p for p in (CORPUS / "pcap").rglob("*") if p.is_file())
    for path, problem in zip(captures, pool.map(check_capture, captures)):
        tap.ok(problem is None, str(path.relative_to(CORPUS)), problem)


def check_conformance(tap):
    cases = [p.name for p in (SHARED / "conformance" / "inputs").iterdir() if ".pcap" in p.name]
    done = subprocess.run(
        [sys.executable, str(SHARED / "conformance" / "run"), str(pathlib.Path(TOOL).parent), *cases],
        capture_output=True, text=True, timeout=300)
    for line in done.stdout.splitlines()[:-1]:
        tap.ok(line.startswith("ok"), "conformance " + line.split()[1].rstrip(":"), line)


def flow_key(proto, *ends):
    return (proto,) + tuple(sorted(ends))


def flows_of_tool(path):
    flows = collections.Counter()
    for line in convert("-a", "-x", path).stdout.splitlines():
        record = json.loads(line)
        if record["proto"] in ("tcp", "udp"):
            flows[flow_key(record["proto"], (record["srcIp"], record["srcPort"]),
                           (record["dstIp"], record["dstPort"]))] += (
                               record["srcPkts"] + record["dstPkts"])
    return flows


def flows_of_zeek(path):
    flows, fields = collections.Counter(), []
    for line in path.read_text().splitlines():
        cells = line.split("\t")
        if cells[0] == "#fields":
            fields = cells[1:]
        elif not line.startswith("#"):
            row = dict(zip(fields, cells))
            if row["proto"] in ("tcp", "udp"):
                flows[flow_key(row["proto"], (row["id.orig_h"], int(row["id.orig_p"])),
                               (row["id.resp_h"], int(row["id.resp_p"])))] += (
                                   int(row["orig_pkts"]) + int(row["resp_pkts"]))
    return flows


def check_pairs(tap):
    for line in (CORPUS / "PAIRS.tsv").read_text().splitlines()[1:]:
        trace, log = line.split("\t")
        ours, theirs = flows_of_tool(CORPUS / trace), flows_of_zeek(CORPUS / log)
        tap.ok(ours == theirs, "packets as in " + log, "pcap2flow: %s" % (ours - theirs),
               "Zeek: %s" % (theirs - ours))


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
    for line in convert("-a", path).stdout.splitlines():
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
