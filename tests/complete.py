#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a shell completes lines that end with a tab, on a terminal.

usage: complete.py bash|zsh FOLDER LINE...

FOLDER has the completions of that shell. What it shows for the first LINE is written to shown.1, and so
on, and in a last line of the file `[` LINE as it has become `]`.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

# A key that prints the line; the shell reads one key after the other, so nothing is waited for.
SETUP = {
    "bash": """PS1='' PS2=''; bind 'set bell-style none'; bind 'set completion-query-items 0'
bind 'set page-completions off'; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'
bind -x '"\\C-g": printf "\\n[%s]END\\n" "$READLINE_LINE"'
for file in "$FOLDER"/*; do . "$file"; done
""",
    "zsh": """PS1='' PS2=''; LISTMAX=1000; unset zle_bracketed_paste; unsetopt beep prompt_sp prompt_cr
fpath=("$FOLDER" $fpath); autoload -Uz compinit; compinit -D -u; show() { print -r; print -r "[$BUFFER]END" }
zle -N show; bindkey '^G' show; bindkey '^I' complete-word
""",
}
COMMANDS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


def main():
    shell, folder, *lines = sys.argv[1:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(FOLDER=folder, TERM="dumb", HISTFILE="")
        os.execvp(shell, COMMANDS[shell])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 200, 0, 0))

    def until(end):
        shown = b""
        while end not in shown:
            shown += os.read(terminal, 4096)
        return shown[:shown.index(end)].decode(errors="replace").replace("\r", "")

    os.write(terminal, (SETUP[shell] + "printf '%s\\n' RE''ADY\n").encode())
    until(b"READY")
    for number, line in enumerate(lines, 1):
        os.write(terminal, (line + "\t\a").encode())
        with open(f"shown.{number}", "w") as file:
            file.write(until(b"]END") + "]\n")
        os.write(terminal, b"\025")  # the line is deleted
    os.close(terminal)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
