#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a conn.log and the dns.log beside it, in the shapes that Zeek and others give them.

usage: zeeklogs.py OUTDIR ROWS [SHAPE...]

Of ROWS rows of conn a quarter are DNS look-ups, each with its row of dns; the rest are TCP, UDP and
ICMP to the addresses that were looked up. The rows are those of one run of Zeek, in the order in
which the connections ended, and the same at every run of this. Without a SHAPE all are written.
"""
import heapq
import json
import pathlib
import random
import sys
import time

BASE = 1_700_000_000  # 2023-11-14T22:13:20Z
ID = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
CONN = ("ts", "uid", *ID, "proto", "service", "duration", "orig_bytes", "resp_bytes", "conn_state",
        "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes",
        "resp_pkts", "resp_ip_bytes", "tunnel_parents")
DNS = ("ts", "uid", *ID, "proto", "trans_id", "rtt", "query", "qclass", "qclass_name", "qtype",
       "qtype_name", "rcode", "rcode_name", "AA", "TC", "RD", "RA", "Z", "answers", "TTLs", "rejected")
TIMES = ("ts", "duration", "rtt", "TTLs")


# ---- Rows, with values as Zeek has them: floating-point times, None where unset

class Network:
    def __init__(self, rows):
        self.rng = random.Random(5)
        clients, sites = max(5, rows // 1000), min(50_000, max(10, rows // 40))
        self.clients = ["192.168.%d.%d" % divmod(i + 2, 250) if i % 3 else "10.1.%d.%d" % divmod(i + 2, 250)
                        for i in range(clients)]
        self.sites = [("www.site%d.example" % i,
                       ["edge%d.cdn.example" % i] * self.rng.randrange(2),
                       ["%d.%d.%d.%d" % (self.rng.randrange(20, 90), *self.rng.randbytes(3))
                        for _ in range(self.rng.choice((1, 1, 2, 4)))],
                       "2a00:%x::%x" % (i % 65535 + 1, i % 7 + 1)) for i in range(sites)]
        self.port = 32_768

    def uid(self):
        return "C%017x" % self.rng.getrandbits(68)

    @staticmethod
    def later(start, seconds):
        """Packets have times to the microsecond; durations are floating-point differences."""
        return round(start + seconds, 6) - start

    def ends(self, server, port):
        self.port = self.port + 1 if self.port < 60_999 else 32_768
        client = self.rng.choice(self.clients)
        return {"id.orig_h": client if ":" not in server else "fd00::%s" % client.rpartition(".")[2],
                "id.orig_p": self.port, "id.resp_h": server, "id.resp_p": port}

    def look_up(self, start, site):
        """The row of conn, the time it ended, and the row of dns."""
        rng, (name, aliases, addresses, address6) = self.rng, site
        kind, answers = rng.choice(((1, addresses), (1, addresses), (28, [address6]), (1, None)))
        rtt = self.later(start, rng.random() / 20)
        both = {"ts": start, "uid": self.uid(), "proto": "udp",
                **self.ends(rng.choice(("9.9.9.9", "192.168.0.1")), 53)}
        conn = {**both, "service": "dns", "duration": rtt, "orig_bytes": 40, "resp_bytes": 90,
                "conn_state": "SF", "local_orig": True, "local_resp": False, "missed_bytes": 0,
                "history": "Dd", "orig_pkts": 1, "orig_ip_bytes": 68, "resp_pkts": 1, "resp_ip_bytes": 118}
        dns = {**both, "trans_id": rng.randrange(65536), "rtt": rtt, "query": name, "qclass": 1,
               "qclass_name": "C_INTERNET", "qtype": kind, "qtype_name": "A" if kind == 1 else "AAAA",
               "rcode": 0 if answers else 3, "rcode_name": "NOERROR" if answers else "NXDOMAIN",
               "AA": False, "TC": False, "RD": True, "RA": True, "Z": 0, "rejected": False}
        if answers:
            dns.update(answers=aliases + answers, TTLs=[300.0] * len(aliases + answers))
        return conn, start + rtt, dns

    def connect(self, start, site):
        rng, server = self.rng, self.rng.choice(site[2] + [site[3]])
        duration = self.later(start, rng.expovariate(0.2))
        up, down = rng.randrange(200, 2000), int(rng.paretovariate(1.2) * 900)
        conn = {"ts": start, "uid": self.uid(), **self.ends(server, rng.choice((443, 443, 80, 8443))),
                "proto": "tcp", "service": "ssl", "duration": duration, "orig_bytes": up,
                "resp_bytes": down, "conn_state": "SF", "local_orig": True, "local_resp": False,
                "missed_bytes": 0, "history": rng.choice(("ShADadFf", "ShADadfR", "DadA", "^hADdaf")),
                "orig_pkts": 6 + down // 2896, "orig_ip_bytes": up + 312,
                "resp_pkts": 5 + down // 1448, "resp_ip_bytes": down + 260}
        kind = rng.random()
        if kind < 0.1:  # nobody answers
            conn.update(service=None, duration=None, orig_bytes=None, resp_bytes=None, conn_state="S0",
                        history="S", orig_pkts=1, resp_pkts=0, resp_ip_bytes=0)
            duration = 0
        elif kind < 0.2:
            conn.update(proto="udp", service="quic", history="Dd")
        elif kind < 0.25:
            conn.update({"id.orig_p": 8, "id.resp_p": 0, "proto": "icmp", "service": None, "history": None})
        return conn, start + duration


def conn_and_dns(rows):
    """The rows of both logs in the order in which Zeek writes them: pairs of a log and a row."""
    network, waiting, start = Network(rows), [], BASE + 0.25
    for serial in range(rows):
        start = round(start + network.rng.random() * 0.02, 6)
        while waiting and waiting[0][0] <= start:
            yield CONN, heapq.heappop(waiting)[2]
        site = network.sites[int(network.rng.random() ** 2 * len(network.sites))]
        if serial % 4 == 0:
            conn, end, dns = network.look_up(start, site)
            yield DNS, dns
        else:
            conn, end = network.connect(start, site)
        heapq.heappush(waiting, (end, serial, conn))
    while waiting:
        yield CONN, heapq.heappop(waiting)[2]


# ---- Shapes: each makes lines of rows

def tsv_value(field, value):
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(tsv_value(field, v) for v in value)
    if isinstance(value, bool):
        return "T" if value else "F"
    return "%.6f" % value if field in TIMES else str(value)


def tsv(fields):
    yield ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n"
           "#open\t2023-11-14-22-13-20\n#fields\t%s\n#types\t%s\n"
           % ("conn" if fields is CONN else "dns", "\t".join(fields), "\t".join("any" for _ in fields)))
    row = yield
    while row:
        row = yield "\t".join([tsv_value(f, row.get(f)) for f in fields]) + "\n"
    yield "#close\t2023-11-15-00-00-00\n"


def compact(row):
    return json.dumps({f: v for f, v in row.items() if v is not None}, separators=(",", ":"))


def iso(seconds):
    whole, micro = ("%.6f" % seconds).split(".")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(whole))) + ".%sZ" % micro


def corelight(fields, row):
    path = "conn" if fields is CONN else "dns"
    return compact({"_path": path, "_system_name": "sensor", "_write_ts": iso(row["ts"] + 60),
                    **row, "ts": iso(row["ts"])})


def escaped(row):
    """As PHP and others write slashes."""
    return compact({"path": "spool/conn", **row}).replace("/", "\\/")


def nested(row):
    ends = {f.partition(".")[2]: row[f] for f in ID}
    return json.dumps({"id": ends, **{f: v for f, v in row.items() if f not in ID}})


def lines(make):
    """A form with one object per line; make(fields, row) gives the object."""
    def shape(fields):
        yield ""
        row = yield
        while row:
            row = yield make(fields, row) + "\n"
        yield ""
    return shape


def array(opening, between, closing, make):
    def shape(fields):
        yield opening
        row, mark = (yield), ""
        while row:
            row = yield mark + make(fields, row)
            mark = between
        yield closing
    return shape


SHAPES = {
    "tsv": tsv,
    "json": lines(lambda fields, row: compact(row)),
    "corelight": lines(corelight),
    "underscore": lines(lambda fields, row: compact({f.replace(".", "_"): v for f, v in row.items()})),
    "nested": lines(lambda fields, row: nested(row)),
    "escaped": lines(lambda fields, row: escaped(row)),
    "spaced": lines(lambda fields, row: json.dumps(row)),
    "array": array("[", ",", "]", lambda fields, row: compact(row)),
    "arraylines": array("[\n", ",\n", "\n]\n", lambda fields, row: compact(row)),
    "indented": array("[\n", ",\n", "\n]\n", lambda fields, row: json.dumps(row, indent=2)),
}


def main():
    outdir, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    outdir.mkdir(parents=True, exist_ok=True)
    writers = {CONN: [], DNS: []}
    for fields, name in ((CONN, "conn"), (DNS, "dns")):
        for shape in sys.argv[3:] or SHAPES:
            file, write = open(outdir / ("%s.%s.log" % (name, shape)), "w"), SHAPES[shape](fields)
            file.write(next(write))
            next(write)
            writers[fields].append((file, write))
    for fields, row in conn_and_dns(rows):
        for file, write in writers[fields]:
            file.write(write.send(row))
    for file, write in writers[CONN] + writers[DNS]:
        file.write(write.send(None))
        file.close()


if __name__ == "__main__":
    main()
