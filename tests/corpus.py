# SPDX-License-Identifier: Apache-2.0
"""Captures and logs from the wild, if they are beside the project (../shared): TAP.

Every one gives an exit status of 0 or 65, no more than a few messages, valid JSON or why there is
none; the reference cases give their expected records; packets of a flow, its source and its Community ID are the same
from a trace as from the conn.log that Zeek made of it; packets and bytes of TCP and UDP of a capture
are those that tshark counts; and what flows say of their destination is what tshark shows.
"""
import concurrent.futures
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from tap import Tap

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

# tshark opens what stays closed here, or refuses what is read here: IPComp, MACsec, AYIYA, GRE in
# UDP; a version that is none; IPv6 under the link type of IPv4.
OTHER_READING = {
    "AH-IPcomp-IPv4.pcap", "macsec-short-valid.pcap", "ayiya3.pcap",
    "gre-over-udp-4754.pcap", "pcap-invalid-version-1.pcap", "LINKTYPE_IPV4_invalid.pcap",
}

# Names that tshark finds where they are not looked for here: link types and tunnels that stay closed,
# SOCKS, drafts of QUIC; behind a ClientHello that contradicts itself. In 6in4 tshark has the ports
# with the outer addresses. Or does not find: requests on other ports, version 2 of QUIC.
OTHER_NAMES = {
    "nflog.pcap", "socks5-reverse.pcap", "6in4tunnel.pcap", "quic_0RTT.pcap", "soap.pcap",
    "tls_invalid_reads.pcap", "arcnet-rfc1051-arp-icmp-http.pcap", "quic_vn.pcap",
    "zeek-image-post-1080-8000-x.pcap", "ayiya3.pcap", "gre-over-udp-4754.pcap",
}

# What a handshake has: a record that begins with a ClientHello, an Initial packet, a Host.
HANDSHAKE = re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00|[\xc0-\xcf]\x00\x00\x00\x01[\x00-\x14]"
                       rb"|\x6b\x33\x43\xcf|\r\n[Hh]ost: ", re.DOTALL)
LABEL = re.compile("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def convert(path, *options):
    """Runs the tool that reads the path."""
    tools = {"zeek": "zeek2flow", "eve": "eve2flow"}
    tool = tools.get(path.relative_to(SHARED).parts[1], "pcap2flow")
    return subprocess.run([BINDIR / tool, *options, path], capture_output=True, timeout=120)


def index():
    lines = (CORPUS / "INDEX.tsv").read_text().splitlines()[1:]
    return {row[0]: set(row[4].split(",")) for row in (line.split("\t") for line in lines)}


def refuse(word):
    raise ValueError("%s is no JSON" % word)


def check_file(path):
    """What is wrong with the conversion of one file, or None."""
    is_capture = path.is_relative_to(CORPUS / "pcap")
    done = convert(path, "-a", "-x", *(["-S"] if is_capture else []))
    expected = (0, 65) if is_capture else (65 * (path.name in OTHER_LOGS),)
    if done.returncode not in expected:
        return "exit status %d: %s" % (done.returncode, done.stderr.decode(errors="replace"))
    lines = done.stderr.decode(errors="replace").splitlines()
    silent = done.returncode == 0 and done.stdout
    if bool(lines) == bool(silent) or len(lines) > 5:
        return "exit status %d with %s" % (done.returncode, done.stderr)
    if done.returncode == 0 and lines and ("no records: " not in lines[0] or len(lines) > 1):
        return "not why there are no records: %s" % lines
    lines = done.stdout.split(b"\n")
    if lines.pop() != b"":
        return "the last line does not end"
    try:
        for line in lines:
            json.loads(line.decode(), parse_constant=refuse)
    except ValueError as error:
        return "%s: %r" % (error, line)
    return None


def check_all(tap, pool):
    files = sorted(p for kind in ("pcap", "zeek", "eve") for p in (CORPUS / kind).rglob("*") if p.is_file())
    for path, problem in zip(files, pool.map(check_file, files, chunksize=20)):
        tap.ok(problem is None, str(path.relative_to(CORPUS)), problem)


def run_conformance():
    return subprocess.run([sys.executable, SHARED / "conformance" / "run", BINDIR],
                          capture_output=True, text=True, timeout=300).stdout


def check_conformance(tap, lines):
    for line in lines.splitlines()[:-1]:
        tap.ok(line.startswith("ok"), "conformance " + line.split()[1].rstrip(":"), line)


def flows(path):
    """TCP and UDP: what each pair of ends did; not DHCP, where Zeek knows who asks."""
    found = {}
    for line in convert(path, "-a", "-x").stdout.splitlines():
        record = json.loads(line)
        if record["proto"] in ("tcp", "udp") and {record["srcPort"], record["dstPort"]} != {67, 68}:
            ends = [(record["srcIp"], record["srcPort"]), (record["dstIp"], record["dstPort"])]
            found[(record["proto"], *sorted(ends))] = (
                ends[0], record["srcPkts"] + record["dstPkts"], record["communityId"])
    return found


def check_pairs(tap, pool):
    pairs = [line.split("\t") for line in (CORPUS / "PAIRS.tsv").read_text().splitlines()[1:]]
    traces, logs = ([CORPUS / path for path in paths] for paths in zip(*pairs))
    for log, ours, theirs in zip(logs, pool.map(flows, traces), pool.map(flows, logs)):
        tap.ok(ours == theirs, "source, packets, id as in %s" % log.relative_to(CORPUS),
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
        tap.skip("totals as tshark counts them", "no tshark")
        return
    captures = sorted(CORPUS / path for path, tags in index().items()
                      if path.startswith("pcap/") and not tags & OTHER_RULES
                      and path.rpartition("/")[2] not in OTHER_READING
                      and any(tag.startswith("fmt:pcap") for tag in tags))
    every = 1 if os.environ.get("SECFLOW_TEST_ALL") else 8  # tshark takes its time
    captures = captures[::every]
    for path, ours, theirs in zip(captures, pool.map(totals_of_tool, captures),
                                  pool.map(totals_of_tshark, captures)):
        tap.ok(ours == theirs, "packets, bytes as tshark of " + str(path.relative_to(CORPUS)),
               "pcap2flow: %s, tshark: %s" % (ours, theirs))


def has_handshake(path):
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError):
            return False
    return HANDSHAKE.search(data) is not None


def host_name(text):
    """The name as in records; None if it is not a host name."""
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    good = all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return name if good and len(name) <= 253 else None


def names_of_tshark(path):
    """The first name that each sender gives to each receiver, unless that is a proxy."""
    fields = ("ip.src", "ipv6.src", "tcp.srcport", "udp.srcport", "ip.dst", "ipv6.dst",
              "tcp.dstport", "udp.dstport", "tls.handshake.extensions_server_name", "http.host",
              "http.request.uri")
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), "-Y", "tls.handshake.extensions_server_name or http.host",
         "-T", "fields", "-E", "aggregator=;"] + [word for field in fields for word in ("-e", field)],
        capture_output=True, text=True, timeout=120)
    found = {}
    for line in done.stdout.splitlines():
        cells = [cell.split(";") for cell in line.split("\t")]
        ends = tuple(cells[i][-1] or cells[i + 1][-1] for i in range(0, 8, 2))
        host = re.sub(":[0-9]*$", "", cells[9][0].strip()) if cells[10][0][:1] in "/*" else ""
        name = host_name(cells[8][0] or host)
        if name and ends not in found:
            found[ends] = name
    return found


def names_of_tool(path):
    found = {}
    for line in convert(path, "-a", "-S", "-x").stdout.splitlines():
        record = json.loads(line)
        if record["destinationNameSource"] == "session":
            ends = tuple(str(record[key]) for key in ("srcIp", "srcPort", "dstIp", "dstPort"))
            found[ends] = record["dst"].rpartition(":")[0]
    return found


def check_names(tap, pool):
    if not shutil.which("tshark"):
        tap.skip("session names as tshark shows them", "no tshark")
        return
    every = 1 if os.environ.get("SECFLOW_TEST_ALL") else 8
    captures = sorted(path for path in (CORPUS / "pcap").rglob("*") if path.is_file()
                      and path.name not in OTHER_NAMES and has_handshake(path))[::every]
    for path, ours, theirs in zip(captures, pool.map(names_of_tool, captures),
                                  pool.map(names_of_tshark, captures)):
        tap.ok(ours == theirs, "session names as tshark shows them, of %s" % path.relative_to(CORPUS),
               "pcap2flow: %s, tshark: %s" % (ours, theirs))


def main():
    if not CORPUS.is_dir():
        print("1..0 # SKIP no corpus beside the project")
        return 0
    tap = Tap()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        conformance = pool.submit(run_conformance)
        check_all(tap, pool)
        check_conformance(tap, conformance.result())
        if os.environ.get("SANITIZERS", "no") != "no":
            tap.skip("records as Zeek's and tshark's", "compared in the build without sanitizers")
        else:
            check_pairs(tap, pool)
            check_tshark(tap, pool)
            check_names(tap, pool)
    return tap.done()


sys.exit(main())
