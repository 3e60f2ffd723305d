# SPDX-License-Identifier: Apache-2.0
"""The output of a command on a terminal, as people see it.

    terminal.py PATTERN COMMAND [ARGUMENT...]

runs the command on a terminal of its own and presses Ctrl-C once it has shown what the pattern
matches; an empty one never is. Prints each line that stays, and behind "~ " each that is taken away
again. The exit status is that of the command, 99 where it shows no end within five minutes.
"""

import os
import pty
import re
import select
import signal
import sys
import time

WIDTH = 80


class Screen:
    """The line that the cursor is in, however long, with what flowcap uses of a terminal."""

    def __init__(self):
        self.line = ""
        self.column = 0
        self.wraps = True
        self.shown = []

    def put(self, character):
        if self.column >= WIDTH and not self.wraps:
            return
        self.line = self.line[: self.column] + character + self.line[self.column + 1 :]
        self.column += 1

    def end(self):
        self.shown.append(self.line)
        self.line, self.column = "", 0

    def erase(self):
        if self.column == 0 and self.line:
            self.shown.append("~ " + self.line)
        self.line = self.line[: self.column]

    def control(self, sequence):
        if sequence == "[K":
            self.erase()
        elif sequence in ("[?7l", "[?7h"):
            self.wraps = sequence == "[?7h"
        else:
            self.shown.append("! unknown control sequence " + repr(sequence))

    def write(self, text):
        for part in re.findall(r"\033(\[\??[0-9;]*[A-Za-z])|(.)", text, re.DOTALL):
            if part[0]:
                self.control(part[0])
            elif part[1] == "\r":
                self.column = 0
            elif part[1] == "\n":
                self.end()
            else:
                self.put(part[1])


def main():
    pattern, command = sys.argv[1], sys.argv[2:]
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a script's `&` has ignored
        os.execvp(command[0], command)
    output, limit, pressed = b"", time.monotonic() + 300, not pattern
    while time.monotonic() < limit:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            got = os.read(terminal, 65536)
        except OSError:  # Linux says so at the end
            got = b""
        if not got:
            break
        output += got
        if not pressed and re.search(pattern.encode(), output):
            os.write(terminal, b"\x03")
            pressed = True
    else:
        os.kill(child, signal.SIGKILL)
        print("! no end within five minutes")
    screen = Screen()
    screen.write(output.decode("utf-8", "replace"))
    if screen.line:
        screen.end()
    print("\n".join(screen.shown))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status if status >= 0 else 99)


if __name__ == "__main__":
    main()
