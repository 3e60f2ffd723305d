#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write an eve.json as Suricata would for the connections of zeeklogs.py.

usage: evelogs.py ROWS [WORD...] >eve.json

WORDS: v1, v2 (if none is given), v3 or grouped: how dns events look; netflow: netflow events beside flow events,
netflow-only: instead of them; live: with the interface and the host; aws: in the envelope of AWS Network Firewall;
cee: behind what rsyslog writes; noise: tls, http, fileinfo, alert and stats events, as on a sensor.
Bytes are those of frames on Ethernet, with 20 bytes of options where a side sends a SYN, so that the
payload that eve2flow makes of them is that of the connections; a dns event has the time of its row.
"""
import json
import sys
import time

import zeeklogs

WORDS = ("v1", "v2", "v3", "grouped", "netflow", "netflow-only", "live", "aws", "cee", "noise")
PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "icmp": "ICMP"}


def micro(seconds):
    return round(seconds * 1_000_000)


def stamp(microseconds):
    """A time, with an offset from UTC that has no colon."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return "%s.%06d+0100" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + 3600)), rest)


def written_out(address):
    """IPv6 addresses are not compressed: ::1 as 0000:...:0001."""
    if ":" not in address:
        return address
    head, _, tail = address.partition("::")
    words = head.split(":") + ["0"] * (8 - len(head.split(":")) - len(tail.split(":"))) + tail.split(":")
    return ":".join(word.zfill(4) for word in words)


def frames(row, side, syn):
    """What the packets of a side take as frames on Ethernet."""
    packets, payload = row[side + "_pkts"], row[side + "_bytes"] or 0
    transport = {"tcp": 20, "udp": 8, "icmp": 8}[row["proto"]]
    network = 40 if ":" in row["id.orig_h"] else 20
    return payload + packets * (14 + network + transport) + (20 if syn else 0)


class Log:
    def __init__(self, words):
        self.words = words

    def head(self, row, when, kind, back=False):
        src, dest = ("resp", "orig") if back else ("orig", "resp")
        event = {"timestamp": stamp(when), "flow_id": int(row["uid"][-12:], 16)}
        if "live" in self.words:
            event["in_iface"] = "eth0"
        event.update(event_type=kind, src_ip=written_out(row["id.%s_h" % src]), src_port=row["id.%s_p" % src],
                     dest_ip=written_out(row["id.%s_h" % dest]), dest_port=row["id.%s_p" % dest],
                     proto=PROTOCOLS[row["proto"]])
        if row["proto"] == "icmp":
            proto = "IPv6-ICMP" if ":" in row["id.orig_h"] else "ICMP"
            event.update(proto=proto, icmp_type=event.pop("src_port"), icmp_code=event.pop("dest_port"))
        if "live" in self.words:
            event["host"] = "sensor-1"
        return event

    def flow(self, row):
        start, span = micro(row["ts"]), micro(row["duration"] or 0)
        history = row["history"] or ""
        syn = {"orig": "S" in history, "resp": "h" in history}
        flags = {side: "1%x" % (8 | 2 * syn[side]) for side in syn}
        times = {"start": stamp(start), "end": stamp(start + span), "age": span // 1_000_000}
        if "netflow-only" not in self.words:
            event = self.head(row, start + span + 60_000_000, "flow")
            event.update(app_proto=row["service"] or "failed", flow={
                "pkts_toserver": row["orig_pkts"], "pkts_toclient": row["resp_pkts"],
                "bytes_toserver": frames(row, "orig", syn["orig"]),
                "bytes_toclient": frames(row, "resp", syn["resp"]),
                **times, "state": "closed", "reason": "timeout", "alerted": False})
            if row["proto"] == "tcp":
                event["tcp"] = {"tcp_flags": "1b", "tcp_flags_ts": flags["orig"], "tcp_flags_tc": flags["resp"],
                                "syn": True, "psh": True, "ack": True, "state": "closed", "ts_max_regions": 1,
                                "tc_max_regions": 1}
            yield event
        if "netflow" in self.words or "netflow-only" in self.words:
            for side, back in (("orig", False), ("resp", True)):
                if row[side + "_pkts"] == 0:
                    continue
                event = self.head(row, start + span + 60_000_000, "netflow", back)
                event["netflow"] = {"pkts": row[side + "_pkts"], "bytes": frames(row, side, syn[side]), **times,
                                    "min_ttl": 64, "max_ttl": 64}
                if row["proto"] == "tcp":
                    event["tcp"] = {"tcp_flags": flags[side], "syn": syn[side], "psh": True, "ack": True}
                yield event

    def dns(self, row):
        when, name = micro(row["ts"]), row["query"]
        kind = row["qtype_name"]
        names = {"id": row["trans_id"], "tx_id": 0}
        records, owner = [], name
        for data in row.get("answers", []):
            alias = data.endswith(".example")
            records.append({"rrname": owner, "rrtype": "CNAME" if alias else kind, "ttl": 300,
                            "rdata": data if alias else written_out(data)})
            owner = data if alias else owner
        if "v1" in self.words:
            yield {**self.head(row, when, "dns"), "dns": {"type": "query", **names, "rrname": name, "rrtype": kind}}
            for record in records:
                yield {**self.head(row, when, "dns", True),
                       "dns": {"type": "answer", **names, "flags": "8180", "rcode": row["rcode_name"], **record}}
            return
        groups = {}
        for record in records:
            groups.setdefault(record["rrtype"], []).append(record["rdata"])
        shown = {"flags": "8180", "qr": True, "rd": True, "ra": True, "opcode": 0, "rcode": row["rcode_name"]}
        if records and "grouped" not in self.words:
            shown["answers"] = records
        if records:
            shown["grouped"] = groups
        if "v3" in self.words:
            queries = {"queries": [{"rrname": name, "rrtype": kind}]}
            yield {**self.head(row, when, "dns"), "dns": {"version": 3, "type": "request", **names, **queries}}
            yield {**self.head(row, when, "dns", True),
                   "dns": {"version": 3, "type": "response", **names, **queries, **shown}}
            return
        question = {"rrname": name, "rrtype": kind}
        yield {**self.head(row, when, "dns"), "dns": {"version": 2, "type": "query", **names, **question}}
        yield {**self.head(row, when, "dns"), "dns": {"version": 2, "type": "answer", **names, **shown, **question}}

    def noise(self, row):
        """What a sensor logs beside that, of a connection."""
        when = micro(row["ts"])
        name = "host%d.example" % (row["id.orig_p"] % 1000)
        if row["service"] == "ssl" and row["resp_pkts"]:
            yield {**self.head(row, when, "tls"), "tls": {
                "subject": "CN=" + name, "issuerdn": "C=US, O=Example CA, CN=Example CA 3", "sni": name,
                "serial": "08:3A:84:59:2F:77:F2:E7:95:1B:F8:87:CE:DE:C9:66", "version": "TLS 1.2",
                "fingerprint": "cc:aa:48:48:66:46:0e:91:53:2c:9c:7c:23:2a:b1:74:4d:29:9d:33",
                "notbefore": "2017-03-23T00:00:00", "notafter": "2030-05-13T12:00:00"}}
        if row["id.resp_p"] == 80 and row["resp_pkts"]:
            http = {"hostname": name, "url": "/some/path?q=1", "http_user_agent": "Mozilla/5.0", "http_method": "GET",
                    "http_content_type": "text/html", "protocol": "HTTP/1.1", "status": 200, "length": 1194}
            yield {**self.head(row, when, "http"), "tx_id": 0, "http": http}
            yield {**self.head(row, when, "fileinfo", True), "http": http, "app_proto": "http", "fileinfo": {
                "filename": "/some/path", "gaps": False, "state": "CLOSED", "stored": False, "size": 1194,
                "tx_id": 0}}
        if row["id.orig_p"] % 20 == 0:
            yield {**self.head(row, when, "alert"), "alert": {
                "action": "allowed", "gid": 1, "signature_id": 2_100_498, "rev": 7, "severity": 2,
                "signature": "GPL ATTACK_RESPONSE id check returned root", "category": "Potentially Bad Traffic"},
                "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 500, "bytes_toclient": 4000,
                         "start": stamp(when)}, "payload": "R0VUIC8gSFRUUC8xLjENCg==" * 20}

    def events(self, rows):
        for fields, row in zeeklogs.conn_and_dns(rows):
            if fields is zeeklogs.DNS:
                yield from self.dns(row)
                continue
            if "noise" in self.words:
                yield from self.noise(row)
            yield from self.flow(row)

    def lines(self, rows):
        for event in self.events(rows):
            if "aws" in self.words:
                event = {"firewall_name": "fw", "availability_zone": "us-east-1b", "event_timestamp": "1601587565",
                         "event": event}
            line = json.dumps(event, separators=(",", ":"))
            yield "Nov 14 22:13:20 fw suricata[17]: @cee: %s\n" % line if "cee" in self.words else line + "\n"


def main():
    rows, *words = sys.argv[1:] or [""]
    if not rows.isdigit() or set(words) - set(WORDS):
        sys.exit(__doc__)
    sys.stdout.writelines(Log(words).lines(int(rows)))


if __name__ == "__main__":
    main()
