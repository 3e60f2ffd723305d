#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a MaxMind database (MaxMind DB file format 2.0) of a few networks.

usage: mmdb.py FILE JSON, an object of networks and what is known of each:
       {"192.0.2.0/24": {"country": {"iso_code": "NL"}}}
"""
import ipaddress
import json
import sys

MARK = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    """The control bytes of a value; kinds above 7 take a byte more."""
    first, more = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + more
    return bytes([first | 29]) + more + bytes([size - 29])


def unsigned(kind, number):
    text = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return control(kind, len(text)) + text


def encode(value):
    if isinstance(value, bytes):
        return value  # encoded already
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        return control(2, len(text)) + text
    if isinstance(value, int):
        return unsigned(6, value)
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encode, value))
    return control(7, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())


def bits(text):
    network = ipaddress.ip_network(text)
    address = int(network.network_address)
    skip = 128 - network.max_prefixlen  # IPv4 lies below ::/96
    return [address >> (127 - i) & 1 for i in range(skip + network.prefixlen)]


def database(networks):
    nodes, data = [[None, None]], b""
    for text, value in networks.items():
        path, node = bits(text), 0
        for bit in path[:-1]:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][path[-1]] = ("data", len(data))
        data += encode(value)
    count = len(nodes)

    def record(what):
        number = count if what is None else count + 16 + what[1] if isinstance(what, tuple) else what
        return number.to_bytes(3, "big")

    tree = b"".join(record(left) + record(right) for left, right in nodes)
    about = {"node_count": count, "record_size": unsigned(5, 24), "ip_version": unsigned(5, 6), "languages": ["en"],
             "binary_format_major_version": unsigned(5, 2), "binary_format_minor_version": unsigned(5, 0),
             "build_epoch": unsigned(9, 1700000000), "database_type": "Test", "description": {"en": "a test"}}
    return tree + bytes(16) + data + MARK + encode(about)


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        out.write(database(json.loads(sys.argv[2])))
