# SPDX-License-Identifier: Apache-2.0
"""Work and memory of each tool on hostile inputs: TAP.

Twice the input is at most MOST times the work, in instructions that valgrind counts, so that nothing
depends on time. Memory stays within four times the input as it is without compression, or 64 MiB.
"""
import concurrent.futures
import functools
import gzip
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
MOST = 2.6
SMALL = 120_000  # bytes, and twice as many: where work is counted
LARGE = 6_000_000  # where memory is measured
MEMORY = 64 << 20
SYMBOLS = "/usr/lib/debug"

pack = struct.pack
CASES = []


def case(tool, *options, size=SMALL, each=None):
    """
    What the function yields is an input of that tool; work is counted for so many bytes, of which
    none may cost more than so many instructions.
    """
    def add(function):
        CASES.append((tool, options, function, size, each))
        return function
    return add


def ip4(protocol, payload, *, by=b"\x08\x08\x08\x08", to=b"\x0a\0\0\1", ident=0, fragment=0):
    return pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0) \
        + by + to + payload


def udp(source, target, payload=b"", **header):
    return ip4(17, pack(">HHHH", source, target, 8 + len(payload), 0) + payload, **header)


def tcp(source, target, payload=b"", *, sequence=1, flags=0x18, **header):
    return ip4(6, pack(">HHIIBBHHH", source, target, sequence, 1, 0x50, flags, 1000, 0, 0) + payload,
               **header)


OUT = {"by": b"\x0a\0\0\1"}


def address(number):
    return pack(">I", 0x09000000 + number)


def frame(packet, microsecond=0):
    return pack("<IIII", 1_700_000_000 + microsecond // 1_000_000, microsecond % 1_000_000,
                len(packet), len(packet)) + packet


PCAP = pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101)  # raw IP


def dns(question, answers, count):
    return pack(">HHHHHH", 1, 0x8180, 1, count, 0, 0) + question + pack(">HH", 1, 1) + answers


def dns_over_tcp(messages):
    """The messages of a stream, each in a segment of its own, a microsecond apart."""
    sequence = 1
    yield PCAP
    for number, message in enumerate(messages):
        payload = pack(">H", len(message)) + message
        yield frame(tcp(53, 4000, payload, sequence=sequence), number)
        sequence = (sequence + len(payload)) & 0xffffffff


def a_record(name, number):
    return name + pack(">HHIH", 1, 1, 60, 4) + address(number)


def forever():
    number = 0
    while True:
        yield number
        number += 1


@case("pcap2flow", "--names-memory=1M", size=5 * SMALL)
@case("pcap2flow")
def long_names():
    """A thousand characters of text for twenty bytes, each of an address of its own."""
    base = b"".join(b"\x3c" + b"\1" * 60 for _ in range(3)) + b"\x38" + b"\1" * 56 + b"\0"
    numbers = iter(forever())
    yield from dns_over_tcp(
        pack(">HHHHHH", 1, 0x8180, 1, 0, 0, 60) + base + pack(">HH", 1, 1) + b"".join(
            a_record(b"\3" + pack(">I", n)[1:] + b"\xc0\x0c", n) for n, _ in zip(numbers, range(60)))
        for _ in forever())


@case("pcap2flow", "--names-memory=1M", size=5 * SMALL)
@case("pcap2flow")
def address_hints():
    """An address for each four bytes."""
    for_each = 5000

    def message(number):
        hints = b"".join(address(number * for_each + n) for n in range(for_each))
        data = pack(">H", 1) + b"\0" + pack(">HH", 4, len(hints)) + hints
        return dns(b"\1a\0", b"\xc0\x0c" + pack(">HHIH", 65, 1, 60, len(data)) + data, 1)
    yield from dns_over_tcp(message(n) for n in forever())


@case("pcap2flow", "--names-memory=1M", size=5 * SMALL)
@case("pcap2flow")
def names_in_turn():
    """One address, two names."""
    yield PCAP
    for n in forever():
        yield frame(udp(53, 4000, dns(b"\1%c\0" % (97 + n % 2), a_record(b"\xc0\x0c", 1), 1)), n)


@case("pcap2flow")
def names_backwards():
    """One address, and each name is earlier than the one before it."""
    yield PCAP
    for n in forever():
        name = b"\3" + pack(">I", n)[1:] + b"\0"
        yield frame(udp(53, 4000, dns(name, a_record(b"\xc0\x0c", 1), 1)), 10**12 - n)


@case("pcap2flow", "-d", "1")
def late_names():
    """Many names of an address, then windows, each with a late one and a flow to it."""
    question = [b"\1%c\0" % (97 + n) for n in range(2)]
    yield PCAP
    for n in forever():
        if n % 3 == 0:
            yield frame(udp(50000, 443, to=address(1), **OUT), n * 500_000)
        when = n * 500_000 if n % 3 == 1 else n
        yield frame(udp(53, 4000, dns(question[n % 2], a_record(b"\xc0\x0c", 1), 1)), when)


@case("pcap2flow", "--cache-age=1d", "-c", "cache")
def learned_names():
    """One address per packet, for the cache."""
    yield PCAP
    for n in forever():
        yield frame(udp(53, 4000, dns(b"\1a\0", a_record(b"\xc0\x0c", n * 7919 % 1_000_003), 1)), n)


@case("pcap2flow", each=100)
def name_pointers():
    """Each name follows 125 pointers."""
    question, chain, previous = b"\1a\0", bytearray(), 12
    head = b"\0" + pack(">HHI", 16, 1, 60)
    place = 12 + len(question) + 4 + len(head) + 2
    for _ in range(125):
        chain += b"\1x" + pack(">H", 0xc000 | previous)
        previous, place = place, place + 4
    first = head + pack(">H", len(chain)) + bytes(chain)
    answers = a_record(pack(">H", 0xc000 | previous), 1) * 500
    yield from dns_over_tcp(dns(question, first + answers, 501) for _ in forever())


@case("pcap2flow", each=60)
def dns_bytes():
    """A message of 60,000 bytes in segments of one, from its end."""
    message = dns(b"\1a\0", a_record(b"\xc0\x0c", 1) * 3000, 3000)
    payload = pack(">H", len(message)) + message
    yield PCAP
    for port in forever():
        yield frame(tcp(53, 1024 + port, sequence=0, flags=0x12))
        for n in range(len(payload) - 1, 0, -1):
            yield frame(tcp(53, 1024 + port, payload[n:n + 1], sequence=1 + n))


@case("pcap2flow")
def flows():
    yield PCAP
    for n in forever():
        yield frame(udp(n & 0xffff, 2000, to=address(n >> 16), **OUT))


@case("pcap2flow", "-d", "1")
def flows_of_windows():
    yield PCAP
    for n in forever():
        yield frame(udp(n % 50_000, 2000, to=address(n % 1000), **OUT), n * 500)


@case("pcap2flow")
def first_fragments():
    yield PCAP
    for n in forever():
        yield frame(udp(1000, 2000, ident=n & 0xffff, fragment=0x2000, by=address(n >> 16)))


@case("pcap2flow", each=60)
def dns_fragments():
    """Datagrams that are never completed."""
    yield PCAP
    for n in forever():
        header = {"ident": n & 0xffff, "by": address(n >> 16)}
        yield frame(udp(53, 2000, bytes(64), fragment=0x2000, **header))
        yield frame(ip4(17, bytes(16), fragment=0x2000 | 20, **header))


@case("pcap2flow")
def extension_headers():
    chain = b"\x3c\0\1\4\0\0\0\0" * 1000 + b"\x3b\0\1\4\0\0\0\0"
    packet = b"\x60\0\0\0" + pack(">HBB", len(chain), 60, 64) + b"\x20\1" + bytes(14) + b"\x20\2" \
        + bytes(14) + chain
    yield PCAP
    while True:
        yield frame(packet)


SECTION = pack("<IIIHHQI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, 0xffffffffffffffff, 28)
INTERFACE = pack("<IIHHII", 1, 20, 1, 0, 0, 20)


@case("pcap2flow")
def interfaces():
    yield SECTION
    while True:
        yield INTERFACE * 100


@case("pcap2flow")
def sections():
    while True:
        yield (SECTION + INTERFACE) * 50


@case("pcap2flow")
def block_options():
    options = pack("<HH", 9, 0) * 2500
    length = 20 + len(options)
    yield SECTION
    while True:
        yield pack("<IIHHI", 1, length, 1, 0, 0) + options + pack("<I", length)


@case("pcap2flow")
def lost_blocks():
    """At each fourth byte a block could begin, but does not end."""
    yield SECTION + b"\xff" * 12
    while True:
        yield pack("<II", 6, 524288) * 100


@case("pcap2flow")
def lost_records():
    """At each byte a record could begin."""
    yield PCAP + pack("<IIII", 1, 1, 0xffffffff, 1)
    while True:
        yield b"\3\0" * 500


@case("pcap2flow", "-S")
def handshakes():
    """Each flow begins a hello that does not end."""
    hello = b"\x16\3\1\x3f\xff\1\0\x3f\xfb\3\3" + bytes(40)
    yield PCAP
    for n in forever():
        yield frame(tcp(1024 + n % 60_000, 443, hello, to=address(n // 60_000), **OUT))


@case("pcap2flow", "-S")
def handshakes_in_bytes():
    """A hello of 16 KiB, whose end comes byte by byte."""
    extensions = pack(">HH", 77, 0) * 4060
    body = b"\3\3" + bytes(33) + b"\0\2\0\0" + b"\1\0" + pack(">H", 16380) + extensions
    whole = b"\x16\3\1" + pack(">H", 16300) + b"\1" + pack(">I", 16500)[1:] + body
    yield PCAP
    for n in forever():
        flow = {"to": address(n), **OUT}
        yield frame(tcp(4000, 443, sequence=0, flags=2, **flow))
        yield frame(tcp(4000, 443, whole[:16200], **flow))
        for at in range(16200, 16262):
            yield frame(tcp(4000, 443, whole[at:at + 1], sequence=1 + at, **flow))


@case("pcap2flow", "-S")
def session_names():
    """Each flow gives a different name of 250 bytes."""
    yield PCAP
    for n in forever():
        name = (b"a" * 50 + b".") * 4 + b"x%044d" % n
        names = pack(">HBH", len(name) + 3, 0, len(name)) + name
        extensions = pack(">HH", 0, len(names)) + names
        body = b"\3\3" + bytes(33) + b"\0\2\0\0" + b"\1\0" + pack(">H", len(extensions)) + extensions
        message = b"\1" + pack(">I", len(body))[1:] + body
        yield frame(tcp(1024 + n % 60_000, 443, b"\x16\3\1" + pack(">H", len(message)) + message,
                        to=address(n // 60_000), **OUT))


@case("pcap2flow", "-S")
def quic_packets():
    yield PCAP
    for n in forever():
        initial = b"\xc0\0\0\0\1\x08" + pack(">Q", n) + b"\0\0\x40\x14" + bytes(20)
        yield frame(udp(1024 + n % 60_000, 443, initial, to=address(n // 60_000), **OUT))


DNS_LOG = b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n" \
    b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tanswers\n"


def dns_row(query, answers):
    return b"1.0\tC\t1.1.1.1\t5\t8.8.8.8\t53\tudp\t" + query + b"\t" + answers + b"\n"


@case("zeek2flow", "--names-memory=1M")
@case("zeek2flow")
def log_answers():
    yield DNS_LOG
    for n in forever():
        yield dns_row(b"a.b", b",".join(b"2600::%x:%x" % (m >> 16, m & 0xffff)
                                        for m in range(n * 5000, n * 5000 + 5000)))


@case("zeek2flow")
def log_names():
    yield DNS_LOG
    for n in forever():
        yield dns_row(b"%x." % n + b"\xff" * 200, b"1.1.1.1")


@case("zeek2flow", "-S", "-x")
def log_connections():
    fields = b"duration\torig_bytes\tresp_bytes\tconn_state\thistory\torig_pkts\torig_ip_bytes" \
        b"\tresp_pkts\tresp_ip_bytes"
    yield DNS_LOG.replace(b"#path\tdns", b"#path\tconn").replace(b"query\tanswers", fields)
    for n in forever():
        yield b"1.0\tC%d\t10.0.0.1\t%d\t9.0.%d.1\t443\ttcp\t1.0\t1\t1\tSF\tS\t1\t41\t1\t41\n" \
            % (n, n & 0xffff, n >> 16)


@case("zeek2flow")
def json_nested():
    """Objects that do not end within a mebibyte, each inside of the one before it."""
    while True:
        yield b'\n{"p":"' + b"x" * 3400 + b'","a":['


@case("zeek2flow", size=2 * SMALL)
def json_lists():
    while True:
        yield b'{"a":[' + b"{}," * 340_000 + b"\n"


@case("zeek2flow")
def json_open():
    while True:
        yield b"\n{ " * 300


@case("zeek2flow")
def json_deep():
    while True:
        yield b'{"a":' * 200


EVE_FLOW = b'{"flow_id":%d,"host":"h%d","event_type":"flow","src_ip":"10.0.0.1","src_port":%d,"dest_ip":"9.0.%d.1",' \
    b'"dest_port":443,"proto":"TCP","app_proto":"p%d","flow":{"pkts_toserver":1,"start":"2023-11-14T22:13:20Z"}}\n'
EVE_DNS = b'{"timestamp":"2023-11-14T22:13:20Z","flow_id":%d,"event_type":"dns","dns":{%b}}\n'


@case("eve2flow", "-S", "-x")
def eve_flows():
    for n in forever():
        yield EVE_FLOW % (n, 1, n & 0xffff, n >> 16, n)
        yield b'{"flow_id":%d,"event_type":"tls","tls":{"sni":"a%d.example"}}\n' % (n, n)


@case("eve2flow")
def eve_points():
    """One conversation, each time at another point."""
    for n in forever():
        yield EVE_FLOW % (1, n, 1, 1, 1)


@case("eve2flow")
def eve_points_of_all():
    """Each conversation at two points, the second one after all of the first."""
    for n in forever():
        yield EVE_FLOW % (1, n >> 12 & 1, n & 0xfff, n >> 13, 1)


@case("eve2flow", "--names-memory=1M")
def eve_answers():
    for n in forever():
        yield EVE_DNS % (n, b'"type":"answer","rrname":"a.b","grouped":{"A":[' + b",".join(
            b'"9.%d.%d.%d"' % (m >> 16 & 255, m >> 8 & 255, m & 255) for m in range(n * 500, n * 500 + 500)) + b"]}")


@case("eve2flow", "--names-memory=1M")
def eve_glue():
    for n in forever():
        yield EVE_DNS % (n, b'"version":3,"type":"response","additionals":[' + b",".join(
            b'{"rrname":"a%d","rrtype":"A","rdata":"9.9.9.9"}' % m for m in range(n * 200, n * 200 + 200)) + b"]")


@case("eve2flow")
def eve_questions():
    for n in forever():
        yield EVE_DNS % (n, b'"type":"query","id":%d,"rrname":"%d"' % (n & 0xffff, n) + b" " * 200)


@case("eve2flow")
def eve_open():
    while True:
        yield b'{"event":{"event_type": ' * 300 + b"\n"


@case("eve2flow")
def eve_unlike():
    while True:
        yield b'"event_type"' * 300 + b'{"' + b"@cee: " * 300 + b"\n"


VPC_LINE = b"2 1 eni-%d 10.0.0.1 9.0.%d.1 %d 443 6 1 60 1700000000 1700000059 ACCEPT OK\n"


def ipfix(*sets, domain=0):
    body = b"".join(sets)
    return pack(">HHIII", 10, 16 + len(body), 1_700_000_000, 0, domain) + body


def ipfix_set(kind, body):
    return pack(">HH", kind, 4 + len(body)) + body


USUAL = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 4), (1, 4))


def ipfix_template(number, fields=USUAL):
    return pack(">HH", number, len(fields)) + b"".join(pack(">HH", *field) for field in fields)


def ipfix_row(n):
    return address(n) + b"\x08\x08\x08\x08" + pack(">HHBII", n & 0xffff, 443, 6, 1, 40)


@case("ipfix2flow")
def ipfix_flows():
    yield ipfix(ipfix_set(2, ipfix_template(256)))
    for n in forever():
        yield ipfix(ipfix_set(256, b"".join(ipfix_row(20 * n + i) for i in range(20))))


@case("ipfix2flow")
def ipfix_templates():
    """Each of another domain."""
    for n in forever():
        yield ipfix(ipfix_set(2, b"".join(ipfix_template(256 + i) for i in range(20))), domain=n)


@case("ipfix2flow", "--templates-memory=64K")
def ipfix_templates_forgotten():
    for n in forever():
        yield ipfix(ipfix_set(2, ipfix_template(256 + n % 60000)), ipfix_set(256 + n % 60000, ipfix_row(n)), domain=n >> 16)


@case("ipfix2flow", "--templates-memory=256K")
def ipfix_waiting():
    """Data of a few templates that never come, and others that come and go between them."""
    for n in forever():
        yield ipfix(ipfix_set(400 + n % 7, ipfix_row(n)), ipfix_set(2, ipfix_template(256 + n % 100)), domain=n % 3)


@case("ipfix2flow")
def ipfix_long_templates():
    """Nothing but variable fields, most of which are empty."""
    yield ipfix(ipfix_set(2, ipfix_template(256, ((8, 4), (12, 4), (4, 1), (2, 4)) + ((82, 65535),) * 3000)))
    for n in forever():
        yield ipfix(ipfix_set(256, address(n) + b"\x08\x08\x08\x08\x06\0\0\0\1" + bytes(3000)))


@case("ipfix2flow")
def ipfix_running():
    yield ipfix(ipfix_set(2, ipfix_template(256, ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (86, 4), (85, 4)))))
    for n in forever():
        yield ipfix(ipfix_set(256, b"".join(ipfix_row(20 * n + i) for i in range(20))))


@case("ipfix2flow")
def ipfix_samplers():
    yield ipfix(ipfix_set(3, pack(">HHH", 256, 2, 1) + pack(">4H", 302, 8, 34, 4)))
    for n in forever():
        yield ipfix(ipfix_set(256, b"".join(pack(">QI", 20 * n + i, 10) for i in range(20))))


@case("ipfix2flow")
def ipfix_heads():
    """What looks like the head of a message, again and again."""
    yield ipfix()
    while True:
        yield b"\0\x09\0\1" + b"\0\x0a\xff" * 7


@case("ipfix2flow")
def ipfix_half_sets():
    """Messages of version 9 whose sets seem to go on into the next ones."""
    for n in forever():
        yield pack(">HHIIII", 9, 1, 0, 1_700_000_000, 0, n) + pack(">HH", 256, 60000)


@case("ipfix2flow")
def ipfix_printed():
    yield b'[{"in_packets":1,"proto":6}'
    for n in forever():
        yield b',{"first":"2023-11-14T22:13:20.000","proto":6,"src4_addr":"9.%d.%d.1","dst4_addr":"8.8.8.8",' \
            b'"src_port":%d,"in_packets":1,"in_bytes":40}' % (n >> 8 & 255, n & 255, n & 0xffff)


@case("ipfix2flow")
def ipfix_printed_open():
    """Objects that begin within each other, and never end."""
    yield b'[{"in_packets":1}'
    while True:
        yield b'[{"a":' * 1000


@case("vpc2flow")
def vpc_flows():
    """Each conversation on two interfaces, the second one after all of the first."""
    for n in forever():
        yield VPC_LINE % (n >> 12 & 1, n >> 13, n & 0xfff)


@case("vpc2flow")
def vpc_points():
    """One conversation, each time on another interface."""
    for n in forever():
        yield VPC_LINE % (n, 1, 1)


@case("vpc2flow")
def vpc_headers():
    while True:
        yield b"pkt-srcaddr dstaddr srcport dstport protocol packets bytes start" + b" x" * 300 + b"\n"


@case("vpc2flow")
def vpc_blanks():
    while True:
        yield b"2023-11-14T22:13:20Z" + b" a" * 3 + b" " * 3000 + b"\n"


@case("vpc2flow")
def vpc_tuples():
    yield b'{"records":['
    for n in forever():
        yield b'{"flowRecords":{"flows":[{"flowGroups":[{"flowTuples":[' + b",".join(
            b'"1700000000000,10.0.0.1,9.%d.%d.1,1025,443,6,O,E,NX,1,66,1,66"' % (n >> 8 & 255, m)
            for m in range(200)) + b"]}]}]}},"


@case("vpc2flow", "--names-memory=1M")
def vpc_answers():
    for n in forever():
        yield b'{"query_timestamp":"2023-11-14T22:13:20Z","query_name":"a%d.example.","answers":[' % n + b",".join(
            b'{"Rdata":"9.%d.%d.%d","Type":"A"}' % (m >> 16 & 255, m >> 8 & 255, m & 255)
            for m in range(n * 100, n * 100 + 100)) + b"]}\n"


@case("vpc2flow")
def vpc_messages():
    for n in forever():
        yield b'{"events":[{"message":"' + (VPC_LINE % (1, n >> 16, n & 0xffff)).strip() + b'"}],"x":[{}]}'


@case("vpc2flow")
def vpc_open():
    while True:
        yield b'{"events":[{"a":' * 300 + b"\n"


@case("vpc2flow")
def vpc_open_list():
    """Behind the list, its object never ends."""
    yield b'{"events":[],'
    while True:
        yield b'"\\"{[":[{"' * 100 + b"\n"


def secflow(date="1700000000.000000"):
    return b'{"src":"10.0.0.1:5","dst":"a.example:443","destinationNameSource":"passive","srcPkts":1,' \
        b'"srcBytes":1,"dstPkts":1,"dstBytes":1,"relativeStart":0.0,"protocolInformation":"",' \
        b'"duration":0.0,"trafficDate":"' + date.encode() + b'","proto":"tcp"}\n'


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def one_line():
    yield b'{"src":"'
    while True:
        yield b"a" * 1000


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def records():
    while True:
        yield secflow()


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def many_keys():
    line = secflow()[:-2] + b"".join(b',"%x":0' % n for n in range(2000)) + b"}\n"
    while True:
        yield line


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def equal_keys():
    line = b"{" + b'"flowId":"\\u0061",' * 1000 + secflow()[1:]
    while True:
        yield line


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def deep_values():
    line = b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"," + secflow()[1:]
    while True:
        yield line


@case("flowlabel")
@case("flowtop")
@case("flowreport")
@case("flowmerge")
@case("flowbeacon")
@case("flowupload", "-nq")
def escapes():
    line = secflow()[:-2] + b',"x":"' + b"\\u0000" * 2000 + b'"}\n'
    while True:
        yield line


@case("flowmerge")
@case("flowmerge", "--memory", "1M", size=4_000_000)
@case("flowmerge", "--memory", "1M")
@case("flowbeacon")
@case("flowbeacon", "--memory", "2M")
def parts():
    """Of one conversation, the last one first, and each of them turned."""
    for second in range(10**9, 0, -1):
        line = secflow("%d.000000" % second).replace(b"a.example", b"9.9.9.9").replace(b"passive", b"original")
        yield line.replace(b"10.0.0.1:5", b"x").replace(b"9.9.9.9:443", b"10.0.0.1:5").replace(b"x", b"9.9.9.9:443") \
            if second % 2 else line


# Rules of which every flow begins a run that stays for a long time.
RULES = tempfile.NamedTemporaryFile("w", suffix=".ndjson")
for steps in '["*","dnsQuery"]', '["*","*","*","* :1"],"ordered":false', '["*","* :1"],"by":"sample"':
    print('{"event":"e","within":1000000,"steps":%s}' % steps, file=RULES, flush=True)


@case("flowevent", "-qf", RULES.name)
def samples_of_one():
    """Each record is of another source, and a sample of its own."""
    for n in range(10**9):
        yield secflow("1700000000.%06d" % n).replace(b"10.0.0.1", b"10.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255))


@case("flowevent", "-qf", RULES.name)
def sources():
    """Of one sample, the last one first."""
    for n in range(10**9, 0, -1):
        yield secflow("1700000000.000000").replace(b"10.0.0.1", b"10.%d.%d.%d" % (n >> 16 & 255, n >> 8 & 255, n & 255)) \
            .replace(b'"relativeStart":0.0', b'"relativeStart":%d.0' % (n % 1000000))


def made(function, size):
    """That many bytes of what it yields, wherever that cuts."""
    pieces, length = [], 0
    for piece in function():
        pieces.append(piece)
        length += len(piece)
        if length >= size:
            return b"".join(pieces)[:size]


class Run:
    """A tool that reads a file, in its own directory."""

    def __init__(self, folder, tool, options):
        self.folder, self.tool, self.options = folder, tool, options

    def command(self, content):
        for old in self.folder.iterdir():
            old.unlink()
        path = self.folder / "input"
        path.write_bytes(content)
        return [BINDIR / self.tool, *self.options, path]

    def run(self, *command):
        return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)

    def work(self, content):
        """In instructions."""
        log = self.folder / "log"
        command = self.command(content)
        self.run("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
                 f"--log-file={log}", *command)
        found = re.search(r"I\s+refs:\s+([\d,]+)", log.read_text())
        return int(found[1].replace(",", ""))

    def memory(self, content):
        """Its exit status, and peak bytes, which are never less than those of its parent."""
        said = self.run(sys.executable, "-c", SPAWN, *self.command(content)).stdout.split()
        return int(said[-2]), int(said[-1]) * 1024


# Only a small process can measure the memory of a small one.
SPAWN = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def check(good, description, *notes):
    return good, description, notes


@functools.lru_cache
def idle_work(tool, options):
    """What the tool does without any input."""
    with tempfile.TemporaryDirectory(prefix="secflow-linear.") as folder:
        return Run(pathlib.Path(folder), tool, options).work(b"")


def count_work(run, name, function, size, each):
    idle = idle_work(run.tool, run.options)
    once, twice = (run.work(made(function, length)) - idle for length in (size, 2 * size))
    if each:
        yield check(once <= each * size, f"{name}: what a byte costs",
                    f"{once / size:.0f} instructions, at most {each}")
    yield check(twice <= MOST * once, f"{name}: twice the input is twice the work",
                 f"{once} instructions for {size} bytes, {twice} for twice as many: "
                 f"{twice / max(once, 1):.2f} times")


def measure_memory(run, name, function):
    content = made(function, LARGE)
    limit = max(MEMORY, 4 * len(content))
    forms = [("", content)]
    if run.tool in ("pcap2flow", "zeek2flow", "eve2flow", "ipfix2flow", "vpc2flow"):
        forms.append((", in gzip", gzip.compress(content, 1)))
    for form, written in forms:
        status, most = run.memory(written)
        yield check(status in (0, 65) and most <= limit, f"{name}{form}: memory",
                    f"exit status {status}, {most} bytes for {len(content)} of input")


def measure(tool, options, function, size, each):
    name = " ".join((tool, *options, function.__name__.replace("_", " ")))
    with tempfile.TemporaryDirectory(prefix="secflow-linear.") as folder:
        run = Run(pathlib.Path(folder), tool, options)
        return [*count_work(run, name, function, size, each), *measure_memory(run, name, function)]


def hide_symbols():
    """
    Runs this again where valgrind does not find the debugging symbols of libraries, if possible: it
    needs none to count, and reads them for longer than most cases run.
    """
    command = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs none {SYMBOLS} && exec "$@"', "sh"]
    if "LINEAR_HIDDEN" not in os.environ and shutil.which("unshare") and \
            subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ["LINEAR_HIDDEN"] = "yes"
        os.execvp("unshare", [*command, sys.executable, *sys.argv])


def main():
    reason = None
    if os.environ.get("SANITIZERS", "no") != "no":
        reason = "sanitizers have memory of their own"
    elif not shutil.which("valgrind"):
        reason = "no valgrind"
    if reason:
        print("1..0 # SKIP", reason)
        return 0
    hide_symbols()
    number, bad = 0, 0
    wanted = [case for case in CASES if case[2].__name__ in sys.argv[1:] or len(sys.argv) == 1]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(lambda case: measure(*case), wanted):
            for good, description, notes in results:
                number += 1
                bad += not good
                print("ok" if good else "not ok", number, "-", description)
                for note in notes:
                    print("#", note)
    print(f"1..{number}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
