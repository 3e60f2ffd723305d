#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of secflow-hunt(7), in its order, over the captures that captures.py makes: each must print what the
page shows below it. TAP."""
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
PAGE = HERE.parent / "man/secflow-hunt.7"


def commands():
    """Each command of the page, and what is below it."""
    current, found = None, []
    for line in PAGE.read_text().splitlines():
        line = line.removeprefix("\\&").replace("\\e", "\\")
        if line.startswith("$ "):
            current = [line[2:], ""]
            found.append(current)
        elif line.startswith(".Ed"):
            current = None
        elif current and line.startswith("> "):
            current[0] += "\n" + line[2:]
        elif current:
            current[1] += line + "\n"
    return found


def show(text):
    print("".join("# %s\n" % line for line in text.splitlines()), end="")


def main():
    missing = [tool for tool in ("flowbeacon", "flowseen", "flowevent") if not (BINDIR / tool).exists()]
    if missing or not shutil.which("jq"):
        print("1..0 # SKIP no", (missing + ["jq"])[0])
        return
    found = commands()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, HERE / "captures.py", folder / "made"], check=True)
        for day in "yesterday", "today":
            shutil.copy(folder / "made" / ("hunt-%s.pcap" % day), folder / (day + ".pcap"))
        environment = {**os.environ, "LC_ALL": "C", "COLUMNS": "72", "PATH": "%s:%s" % (BINDIR, os.environ["PATH"])}
        for number, (command, wanted) in enumerate(found, 1):
            done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                                  check=False)
            printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
            good = done.returncode == 0 and printed == wanted and done.stderr == ""
            print("%s %d - %s" % ("ok" if good else "not ok", number, command.split("\n")[0].replace("#", "")))
            if not good:
                show("got:\n" + done.stdout + done.stderr + "want:\n" + wanted)
        page = html.unescape(re.sub(r"<[^>]*>", " ", (folder / "today.html").read_text()))
        told = [text in page for text in ("Impact", "Password Sent to a New Page", "Calls Home, Then a Large Upload")]
        print("%s %d - the report tells of both events" % ("ok" if all(told) else "not ok", len(found) + 1))
    print("1..%d" % (len(found) + 1))


main()
