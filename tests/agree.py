# SPDX-License-Identifier: Apache-2.0
"""For tests that compare the records of a flow log with those of the packets that it is of."""
import json


def by_ends(text):
    """Records with -x, by protocol and the pair of ends."""
    found = {}
    for line in text.splitlines():
        record = json.loads(line)
        ends = sorted((record[side + "Ip"], record.get(side + "Port", 0)) for side in ("src", "dst"))
        found[(record["proto"], *ends)] = record
    return found


def source(record):
    return record["srcIp"], record.get("srcPort")


def turn(record):
    pairs = {"srcPkts": "dstPkts", "dstPkts": "srcPkts", "srcBytes": "dstBytes", "dstBytes": "srcBytes"}
    return {key: record[pairs.get(key, key)] for key in record}


def packets_agree(true, got):
    return (true["srcPkts"], true["dstPkts"]) == (got["srcPkts"], got["dstPkts"])


def bytes_agree(true, got):
    """Those of UDP are equal; those of TCP are within [true - 20, true + 40 a packet]."""
    for side in ("src", "dst"):
        value, packets, estimate = true[side + "Bytes"], true[side + "Pkts"], got[side + "Bytes"]
        if not (value - 20 <= estimate <= value + 40 * packets if true["proto"] == "tcp" else value == estimate):
            return False
    return True
