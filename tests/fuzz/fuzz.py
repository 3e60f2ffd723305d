#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzz the entries of this directory: run by `make fuzz` and `make fuzz-merge`, in the build directory.

usage: fuzz.py fuzz|fuzz-merge

Environment: FUZZ, the entries, else all; FUZZ_SECONDS, for each of them, else 60; FUZZER, "libfuzzer"
(clang's) or "afl" (AFL++). They are built in fuzz-FUZZER/, where corpus/ENTRY/ has the inputs and
findings/ what crashed, hung or took too much memory. fuzz-merge makes ENTRY.corpus here anew from
all inputs: the fewest that reach as much code, the smallest first, up to 100 KB of text.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
FUZZER = os.environ.get("FUZZER") or "libfuzzer"
SECONDS = os.environ.get("FUZZ_SECONDS") or "60"
ENTRIES = (os.environ.get("FUZZ") or "").split() or sorted(path.stem for path in HERE.glob("*.corpus"))
BUILD = pathlib.Path("fuzz-" + FUZZER).absolute()
FINDINGS = BUILD / "findings"
TEXT_MAX = 100_000
ENVIRONMENT = {
    **os.environ,
    "AFL_USE_ASAN": "1", "AFL_USE_UBSAN": "1", "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_QUIET": "1",
    "ASAN_OPTIONS": "quarantine_size_mb=16" + (":abort_on_error=1:symbolize=0" if FUZZER == "afl" else ""),
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:symbolize=0" if FUZZER == "afl" else "print_stacktrace=1",
}


def run(*command, **options):
    return subprocess.run(command, cwd=BUILD, env=ENVIRONMENT, check=False, **options).returncode


def build():
    """A separate build below this one, with the fuzzer's compiler, which provides main."""
    BUILD.mkdir(exist_ok=True)
    FINDINGS.mkdir(exist_ok=True)
    compiler, flags = ("afl-clang-fast", "") if FUZZER == "afl" else ("clang", " -fsanitize=fuzzer-no-link")
    if not (BUILD / "Makefile").exists() and run(
            TOP / "configure", "-q", "--enable-sanitizers", "CC=" + compiler,
            "CFLAGS=-O1 -g" + flags, "CPPFLAGS=-DCHUNK_BYTES=65536"):
        sys.exit("fuzz.py: configure failed")
    if run("make", "-s", "FUZZ_MAIN=", "LDFLAGS=-fsanitize=fuzzer", *("tests/fuzz/" + entry for entry in ENTRIES)):
        sys.exit("fuzz.py: make failed")


def unpack(entry):
    """Adds the inputs of the corpus to the others."""
    inputs = BUILD / "corpus" / entry
    inputs.mkdir(parents=True, exist_ok=True)
    for line in (HERE / (entry + ".corpus")).read_text().splitlines():
        data = bytes.fromhex(line)
        (inputs / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return inputs


def pack(entry, inputs):
    lines, left, dropped = [], TEXT_MAX, 0
    for data in sorted((path.read_bytes() for path in inputs.iterdir()), key=lambda data: (len(data), data)):
        left -= 2 * len(data) + 1
        if left >= 0:
            lines.append(data.hex() + "\n")
        else:
            dropped += 1
    (HERE / (entry + ".corpus")).write_text("".join(lines))
    print("%s: %d inputs, %d too many for %d bytes of text" % (entry, len(lines), dropped, TEXT_MAX))


def libfuzzer(entry, *options):
    return run("tests/fuzz/" + entry, "-artifact_prefix=%s/%s-" % (FINDINGS, entry), "-max_len=4096",
               "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", *options)


def afl(entry):
    output = BUILD / "afl" / entry
    output.parent.mkdir(exist_ok=True)
    status = run("afl-fuzz", "-i", unpack(entry), "-o", output, "-V", SECONDS, "-m", "none", "-t", "10000",
                 "-G", "4096", "--", "tests/fuzz/" + entry)
    for kind in "crashes", "hangs":
        for path in (output / "default" / kind).glob("id*"):
            status = 1
            shutil.copy(path, FINDINGS / ("%s-%s-%s" % (entry, kind, path.name[3:9])))
    for path in (output / "default" / "queue").glob("id*"):
        shutil.copy(path, BUILD / "corpus" / entry / path.name[:9])
    return status


def fuzz(entry):
    if FUZZER == "afl":
        return afl(entry)
    return libfuzzer(entry, "-max_total_time=" + SECONDS, unpack(entry))


def merge(entry):
    merged = BUILD / "merged" / entry
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    status = libfuzzer(entry, "-merge=1", "-use_counters=0", merged, unpack(entry))
    if status == 0:
        pack(entry, merged)
    return status


def main():
    build()
    action = fuzz if sys.argv[1] == "fuzz" else merge
    failed = [entry for entry in ENTRIES if action(entry)]
    if failed:
        sys.exit("fuzz.py: %s failed; see %s" % (" ".join(failed), FINDINGS))


if __name__ == "__main__":
    main()
