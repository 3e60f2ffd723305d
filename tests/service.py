# SPDX-License-Identifier: Apache-2.0
"""Replaces systemd, as far as sd_notify(3) goes.

    service.py FILE COMMAND [ARGUMENT...]

runs the command with NOTIFY_SOCKET and a watchdog of two seconds, and prints what it says, a message
a line, its lines joined by " | ". When it has been ready, has given a second sign of life, and the
file is there, it is told to end, once: a third signal would kill it. The exit status is that of the
command, 99 where that does not happen within five minutes.
"""

import os
import select
import socket
import subprocess
import sys
import time


def main():
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("notify")
    os.chmod("notify", 0o777)
    environment = dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify"), WATCHDOG_USEC="2000000")
    limit, told, child = time.monotonic() + 300, [], subprocess.Popen(sys.argv[2:], env=environment)
    ending = False
    while child.poll() is None and time.monotonic() < limit:
        if select.select([listener], [], [], 0.1)[0]:
            told.append(listener.recv(4096).decode())
        if (not ending and told and told[0].startswith("READY=1") and told.count("WATCHDOG=1") >= 2
                and os.path.exists(sys.argv[1])):
            child.terminate()
            ending, limit = True, time.monotonic() + 60
    if child.poll() is None:
        child.kill()
    while select.select([listener], [], [], 0)[0]:
        told.append(listener.recv(4096).decode())
    for message in told:
        print(message.replace("\n", " | "))
    status = child.wait()
    sys.exit(status if status >= 0 else 99)


if __name__ == "__main__":
    main()
