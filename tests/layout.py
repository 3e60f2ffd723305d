#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The order of the folders of lib/: a file includes only from its own folder and those before it,
nothing from cmd/, and there are no include cycles."""
import os
import re
import sys

ORDER = ["base", "packet", "name", "flow", "log", "record", "know", "show", "live", "send"]

lib = os.path.join(os.environ["srcdir"], "lib")
checks = 0


def check(problems, what):
    global checks
    checks += 1
    print("not ok" if problems else "ok", checks, "-", what)
    for problem in problems:
        print("#", problem)


def includes():
    """Of each file below lib/: the files that it includes, as they are written."""
    found = {}
    for folder, _, names in os.walk(lib):
        for name in names:
            if name.endswith((".c", ".h")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as source:
                    found[os.path.relpath(path, lib)] = re.findall(r'^#include "(.*)"', source.read(), re.M)
    return found


def circles(found):
    """Files that include themselves through others."""
    reached = {path: set(files) for path, files in found.items()}
    for _ in found:
        for path, files in reached.items():
            files.update(*(found.get(file, []) for file in list(files)))
    return sorted(path for path, files in reached.items() if path in files)


def unlicensed():
    """Sources without an SPDX line."""
    without = []
    for top in ("lib", "cmd", "tests"):
        for folder, _, names in os.walk(os.path.join(os.environ["srcdir"], top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    with open(os.path.join(folder, name), encoding="utf-8") as source:
                        if source.readline() != "/* SPDX-License-Identifier: Apache-2.0 */\n":
                            without.append(os.path.join(folder, name))
    return without


found = includes()
folders = {path.split("/")[0] for path in found}
check(sorted(folders ^ set(ORDER)), "the folders of lib/ are those of the order")
check(sorted(path for path in found if path.count("/") != 1), "each file stands in one of them")
check(
    [f'{path}: "{file}"' for path, files in found.items() for file in files if file not in found],
    "each include has its folder, and is there",
)
check(
    [
        f'{path}: "{file}"'
        for path, files in found.items()
        for file in files
        if file in found and ORDER.index(file.split("/")[0]) > ORDER.index(path.split("/")[0])
    ],
    "each includes its own folder, and those before it",
)
check(circles(found), "no file includes itself by way of others")
check(unlicensed(), "each source has its license on the first line")
print(f"1..{checks}")
sys.exit(0)
