# SPDX-License-Identifier: Apache-2.0
"""flowcap is stopped again and again while packets come: none that came before is lost.

  stops.py FLOWCAP USER FOLDER COUNT

In a network with a pair of interfaces, one0 and two0, where packets of a flow each are sent out of
the one and flowcap -w FOLDER, with windows of a second, captures from the other. Each packet has a
number. Says what is lost; ends with 1 then.
"""
import json
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

tool, user, folder, count = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
sent, done = 0, False  # the number of the last packet that has been sent


def packet(number):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes((10, 0, 0, 1)),
                     bytes((9,)) + number.to_bytes(3, "big"))
    return bytes(12) + b"\x08\0" + ip + struct.pack(">4H", 1000, 443, 8, 0)


def send():
    global sent
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind(("one0", 0))
        while not done:
            for _ in range(10):
                out.send(packet(sent + 1))
                sent += 1
            time.sleep(0.001)


def wait_until(what, condition):
    limit = time.monotonic() + 60
    while not condition():
        if time.monotonic() > limit:
            sys.exit("waited in vain for " + what)
        time.sleep(0.01)


def is_ready(process):
    return "Seccomp:\t2" in pathlib.Path("/proc/%d/status" % process.pid).read_text()


def pass_on():
    """Returns when no processor has packets in its queue that were sent before (Linux before 5.10 does not say)."""
    waiting = None

    def have_been_empty():
        nonlocal waiting
        lines = pathlib.Path("/proc/net/softnet_stat").read_text().splitlines()
        full = {number for number, line in enumerate(lines) if [*line.split(), *["0"] * 12][11].strip("0")}
        waiting = full if waiting is None else waiting & full
        return not waiting

    wait_until("packets to be passed on", have_been_empty)


def numbers():
    """Those in files of the directory, which are then removed."""
    found = set()
    for path in folder.iterdir():
        for line in path.read_text().splitlines():
            address = json.loads(line)["dst"].split(":")[0]
            found.add(int.from_bytes(bytes(map(int, address.split(".")[1:])), "big"))
        if path.name[0] == ".":
            print("%s is left" % path.name)
        path.unlink()
    return found


def stop_once():
    process = subprocess.Popen([tool, "-i", "two0", "-Z", user, "-d", "1", "-w", folder])
    try:
        wait_until("flowcap", lambda: process.poll() is not None or is_ready(process))
        first = sent + 1
        time.sleep(random.uniform(0.05, 1.5))
        wait_until("packets", lambda: sent > first)
        last = sent
        pass_on()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    finally:
        process.kill()
    lost = set(range(first, last + 1)) - numbers()
    if status != 0 or lost:
        print("packets %d to %d: %d are lost: %s; status %d" % (first, last, len(lost), sorted(lost)[:10], status))
    return len(lost) + (status != 0)


sender = threading.Thread(target=send)
sender.start()
try:
    problems = sum(stop_once() for _ in range(count))
finally:
    done = True
    sender.join()
print("%d stops, %d packets" % (count, sent))
sys.exit(problems > 0)
