# SPDX-License-Identifier: Apache-2.0
"""Each call that a tool makes and that can fail, fails once: TAP.

Each tool reads a small input again and again, and each time another of its allocations or system
calls fails, by the library tests/faults.so. Whatever that does to the tool:

  * it ends by itself, with 0 or a status that its manual has for such a failure
  * with 0, all that it was to do is done; else it says why, in lines that begin with its name
  * what it has written are whole lines, unless the status says that it could not write
  * the name cache is the old or the new one, and nothing is left beside it
  * the spool is one that flowupload goes on with, and then nothing of it is lost
"""
import collections
import concurrent.futures
import errno
import fcntl
import gzip
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tap import Tap

BINDIR = pathlib.Path(os.environ["BINDIR"]).resolve()
LIBRARY = BINDIR / "tests" / "faults.so"

# Why calls fail; the default is EIO. An interrupted call has not failed.
REASONS = dict.fromkeys(("malloc", "calloc", "realloc", "aligned_alloc", "fdopen", "fdopendir", "realpath",
                         "madvise", "mmap", "strdup", "poll", "memfd_create", "pthread_create"), errno.ENOMEM)
INTERRUPTED = ("poll", "read", "write")

# The exit statuses for them, if not just any that the tool has for failures.
STATUSES = dict.fromkeys(("malloc", "calloc", "realloc", "aligned_alloc", "strdup", "fdopendir", "mkdirat",
                          "pcap_open_dead", "pthread_create", "seccomp_init", "seccomp_load", "setgroups",
                          "setresgid", "setresuid", "signalfd", "syscall", "unlinkat"), (71,))
STATUSES.update(fread=(66, 74), read=(66, 74), __getdelim=(66,), write=(71, 74), pwrite=(74,), rename=(74,),
                fsync=(71, 74), mkdir=(71, 74), renameat=(71, 74), fclose=(74,), fflush=(74,), mkostemp=(74,))

COUNT = struct.Struct("24sII")  # of tests/faults.c
COUNTS_BYTES = 128 * COUNT.size
TRACE = struct.Struct("Ii")
TRACE_BYTES = 4 + 1024 * TRACE.size

NAMES = b"9.9.9.9 a.example\n"  # the name cache before


def traced(folder):
    """The calls that make files durable, and those that come before and after, in their order: name and descriptor."""
    counts = (folder / "counts").read_bytes()
    names = [word.rstrip(b"\0").decode() for word, _, _ in COUNT.iter_unpack(counts[:COUNTS_BYTES])]
    return [(names[call], fd) for call, fd in
            TRACE.iter_unpack(counts[COUNTS_BYTES + 4:][:8 * int.from_bytes(counts[COUNTS_BYTES:][:4], "little")])]


def cache_order_problem(folder):
    """The name cache: flushed, synced, named, and the directory synced."""
    words = [call for call, _ in traced(folder) if call in ("fflush", "fsync", "rename")]
    return None if words == ["fflush", "fsync", "rename", "fsync"] else "the cache is not durable: %s" % words


def spool_order_problem(folder):
    """Each sample: written, synced, named, the directory synced; only then is it sent."""
    calls = traced(folder)
    named = [place for place, (call, _) in enumerate(calls) if call == "renameat"]
    if not named:
        return "nothing has got its name"
    if "connect" not in [call for call, _ in calls[named[0]:]] or "connect" in [call for call, _ in calls[:named[0]]]:
        return "a request is not made after the first sample is complete: %s" % calls
    for place in named:
        written = [fd for call, fd in calls[:place] if call in ("write", "pwrite")]
        if calls[place - 1] not in [("fsync", fd) for fd in written]:
            return "a file is not synced before it gets its name: %s" % calls
        if calls[place + 1] != ("fsync", calls[place][1]):
            return "the folder is not synced after that: %s" % calls
    return None


def take_order_problem(folder):
    """The same; and only then is the file removed."""
    calls = traced(folder)
    named = [place for place, (call, _) in enumerate(calls) if call == "renameat"]
    removed = [place for place, call in enumerate(calls) if named and call[0] == "unlinkat" and
               call[1] != calls[named[0]][1]]
    if not removed or removed[0] < named[-1] + 2:
        return "the file does not go after its samples are durable: %s" % calls
    return spool_order_problem(folder)


class Case:
    """A command line, and what must hold for what it leaves."""

    statuses = (66, 71, 74)  # where something fails
    same_calls = True  # in every run
    passing = ()  # what calls fail with that passes, or that there is another way around
    order_problem = None  # in which order things are made durable, where nothing fails

    def __init__(self, name, *arguments, status=0):
        self.name, self.tool, self.arguments = name, re.match(r"\w+", name)[0], arguments
        self.status = status  # where nothing fails

    def prepare(self, folder):
        (folder / "names").write_bytes(NAMES)
        (folder / "names").chmod(0o666)
        (folder / "cache").symlink_to("names")

    def run(self, folder, environment):
        return self.start(folder, environment, *self.arguments)

    def start(self, folder, environment, *arguments):
        return subprocess.run([BINDIR / self.tool, *arguments], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)

    def result(self, folder, stdout):
        """What is always the same when all went well."""
        return stdout, (folder / "names").read_bytes()

    def output_problems(self, status, stdout):
        *lines, rest = stdout.split(b"\n")
        if rest and status != 74:
            yield "half a line: %r" % rest
        for line in lines:
            try:
                json.loads(line)
            except ValueError:
                yield "no JSON: %r" % line

    def problems(self, folder, status, sound):
        """What is wrong with what is left, in words."""
        names = (folder / "names").read_bytes()
        new = sound.result[1].splitlines(True)
        if names not in (NAMES, sound.result[1]) and not (
                status == 66 and NAMES.rstrip() in names and set(names.splitlines(True)) < set(new)):
            yield "the cache is neither old nor new: %r" % names
        left = {path.name for path in folder.iterdir()} - {"names", "cache", "counts"}
        if left:
            yield "left behind: %s" % left
        if not (folder / "cache").is_symlink():
            yield "the cache is no link any more"


class Threads(Case):
    """With a thread that reads ahead and one that writes behind. Where there can be none, it goes on without."""
    passing = (("pthread_create", errno.EAGAIN),)

    def run(self, folder, environment):
        return super().run(folder, dict(environment, SECFLOW_BLOCK="16384"))


class Page(Case):
    """A page is whole, or there is none, unless it cannot be written."""

    def output_problems(self, status, stdout):
        if stdout and status != 74 and not (stdout.startswith(b"<!DOCTYPE html>") and stdout.endswith(b"</html>\n")):
            yield "half a page: %r" % stdout[-100:]


class Seen(Case):
    """Each sample is in the store or not, and nothing but the store is left."""

    statuses = (65, 66, 71, 74, 77)

    def prepare(self, folder):
        pass

    def result(self, folder, stdout):
        return (stdout,)

    def problems(self, folder, status, sound):
        left = {path.name for path in folder.iterdir()} - {"store", "store-wal", "store-shm", "counts"}
        if left:
            yield "left behind: %s" % left
        if (folder / "store").exists():
            done = subprocess.run([BINDIR / "flowseen", "-s", folder / "store", "-X"], capture_output=True, check=False)
            samples = done.stdout.count(b'"sample"')
            if done.returncode != 0 or samples not in (0, 2):
                yield "the store has %d samples: %s" % (samples, done.stderr.decode())
            elif status == 0 and samples != 2:
                yield "not all is counted"


def sample_of(records):
    """What identifies a sample: the bytes of its records."""
    return tuple(record["srcBytes"] for record in records)


class Collector(http.server.BaseHTTPRequestHandler):
    """Accepts or rejects what comes, and remembers it by the last part of the path."""
    protocol_version = "HTTP/1.1"
    accepted = collections.defaultdict(list)

    def log_message(self, *_):
        pass

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        _, what, folder = self.path.split("/")
        if what == "lines" and self.headers["X-Site"] != "12":
            what = "rejected"
        if self.headers["Content-Encoding"]:
            sample = sample_of(map(json.loads, gzip.decompress(body).splitlines()))
        elif what == "files":
            sample = tuple(re.findall(br'filename="(.*?)"\r\n.*?\r\n\r\n(.*?)\r\n--', body, re.S))
        else:
            document = json.loads(re.search(br'\r\n(\{"hash".*\})\n\r\n', body).group(1))
            sample = sample_of(document["flashes"])
        if what == "rejected":
            self.send_response(400)
        else:
            self.accepted[folder].append(sample)
            self.send_response(200)
        answer = b'{"error": false, "body": {"sampleId": "id"}}'
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # connections beyond it would be tried again after a second, or three, or seven

    def handle_error(self, *_):
        pass  # such as a client that is gone


# Input that may be lost, if that was reported.
LOSSES = (66, 71, 74)


class Upload(Case):
    """Sends samples. They are in the spool or accepted, whatever happens to the process."""
    losses = LOSSES
    same_calls = False
    passing = (("pwrite", errno.ENOSPC),)
    order_problem = staticmethod(spool_order_problem)

    def __init__(self, name, what, samples, inputs, *arguments, status=0):
        super().__init__(name, *arguments, status=status)
        self.what, self.samples, self.inputs = what, samples, inputs
        if what == "rejected":
            self.order_problem = None  # these get their names again

    def prepare(self, folder):
        pass

    def send(self, folder, environment, what, *inputs):
        url = "http://127.0.0.1:%d/%s/%s" % (PORT, what, folder.name)
        return self.start(folder, environment, "-s", "spool", "-u", url, *self.arguments, *inputs)

    def run(self, folder, environment):
        return self.send(folder, environment, self.what, *self.inputs)

    def result(self, folder, stdout):
        return stdout.count(b"\n"), set(Collector.accepted[folder.name]), sorted(self.rejected(folder))

    def rejected(self, folder):
        return [sample_of(map(json.loads, path.read_text().splitlines()))
                for path in (folder / "spool").glob("rejected/*.sf")]

    @staticmethod
    def has_left(folder):
        return any(path.is_file() for name in ("in", "spool") for path in folder.glob(name + "/**/*"))

    def go_on(self, folder):
        return self.send(folder, BARE, self.what.replace("rejected", "documents"))

    def problems(self, folder, status, sound):
        if status == 0 and list(folder.glob("spool/.*")):
            yield "something is left in the spool"
        if status != 0 or self.has_left(folder):  # else the next run has nothing to do
            after = self.go_on(folder)
            if after.returncode != 0:
                yield "the next run ends with %d: %s" % (after.returncode, after.stderr)
        # A dns log alone goes later, for it may be somebody's who has not moved the other one yet.
        left = [path.name for path in folder.glob("spool/**/*")
                if path.is_file() and path.parent.name != "rejected" and ".dns." not in path.name]
        if left:
            yield "the next run leaves %s" % left
        came = Collector.accepted[folder.name] + self.rejected(folder)
        for sample in self.samples:
            if sample not in came and status not in self.losses:
                yield "lost: %s" % (sample,)
            if came.count(sample) > 2:
                yield "sent again: %s" % (sample,)
        for sample in came:
            if not any(sample == whole[:len(sample)] for whole in self.samples):
                yield "never was in the input: %s" % (sample,)


class Take(Upload):
    """Takes a file from a directory. It is there, or its samples are in the spool or accepted."""
    losses = ()
    order_problem = staticmethod(take_order_problem)

    def prepare(self, folder):
        (folder / "in").mkdir()
        shutil.copy(folder.parent / "samples.sf", folder / "in")

    def run(self, folder, environment):
        url = "http://127.0.0.1:%d/%s/%s" % (PORT, self.what, folder.name)
        process = subprocess.Popen(
            [BINDIR / self.tool, "-s", "spool", "-u", url, "--take", "in", *self.arguments], cwd=folder,
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        limit = time.monotonic() + 300  # what fails is tried again after some seconds
        while process.poll() is None and time.monotonic() < limit and (
                not ends_in_order(process.pid) or self.is_busy(folder)):
            time.sleep(0.05)
        process.terminate()
        try:
            stdout, stderr = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess((), process.returncode, stdout, stderr)

    @staticmethod
    def is_busy(folder):
        """Until the spool is empty and the file has gone, in this order: a file goes there before."""
        return (any((folder / "in").glob("*.sf")) or not (folder / "spool").exists()
                or any((folder / "spool").glob("[0-9.]*.*")))

    def go_on(self, folder):
        return self.run(folder, BARE)


class Cached(Case):
    """With a name cache."""
    order_problem = staticmethod(cache_order_problem)


class Live(Case):
    """Captures its own packets on the loopback interface, with a name and a flow in them."""
    ports = iter(range(20000, 60000))
    statuses = (66, 69, 71, 74)
    same_calls = False

    def run(self, folder, environment):
        port = next(self.ports)
        process = subprocess.Popen(
            [BINDIR / self.tool, *self.arguments, "-f", "udp port %d" % port], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        filters, tries = seccomp_filters("self"), 0
        while process.poll() is None and seccomp_filters(process.pid) <= filters and tries < 6000:
            time.sleep(0.01)
            tries += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", port))
            receiver.settimeout(60)
            DNS_SERVER.sendto(DNS_ANSWER, ("127.0.0.1", port))
            receiver.recv(1)  # which a capture gets before
        process.terminate()
        try:
            stdout, stderr = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        stdout = stdout.replace(b":%d" % port, b":PORT")
        return subprocess.CompletedProcess((), process.returncode, stdout, stderr)

    def result(self, folder, stdout):
        records = [json.loads(line) for line in stdout.splitlines()]
        return [(r["src"], r["dst"], r["srcPkts"], r["srcBytes"]) for r in records], super().result(folder, b"")[1]


class Windows(Live):
    """The same into a directory: everything gets there, unless memory runs out or it cannot begin."""
    passing = (("write", errno.ENOSPC), ("renameat2", errno.EINVAL), ("renameat2", errno.EEXIST))

    def prepare(self, folder):
        super().prepare(folder)
        (folder / "windows").mkdir()
        (folder / "windows").chmod(0o777)

    def run(self, folder, environment):
        done = super().run(folder, environment)
        written = b"".join(path.read_bytes() for path in sorted(folder.glob("windows/[!.]*.sf")))
        port = re.search(br":(\d+)\"", written)
        done.stdout += written.replace(b":" + port[1], b":PORT") if port else b""
        return done

    def problems(self, folder, status, sound):
        if status == 0 and list(folder.glob("windows/.*")):
            yield "something is left in the folder"
        if not sound.result[0]:
            yield "nothing is captured"
        if list(folder.glob("windows/*.sf")) and (problem := windows_order_problem(folder)):
            yield problem
        shutil.rmtree(folder / "windows")
        yield from super().problems(folder, status, sound)


class Metrics(Live):
    """The same with metrics, which are whole or not there, whatever becomes of the rest."""

    def problems(self, folder, status, sound):
        file = folder / "flowcap.prom"
        families = [line.split()[2] for line in file.read_text().splitlines() if line.startswith("# TYPE")] \
            if file.exists() else []
        if families and families[-1] != "secflow_capture_resident_memory_bytes":
            yield "the metrics are cut"
        if status == 0 and not families:
            yield "there are no metrics"
        file.unlink(missing_ok=True)
        yield from super().problems(folder, status, sound)


def windows_order_problem(folder):
    """Written, synced, named, and the directory synced: in this order."""
    calls = traced(folder)
    # Names of the thread's, and what it does with the file: messages and events are the other's.
    named = [place for place, (call, _) in enumerate(calls) if call in ("renameat2", "linkat")]
    if not named:
        return "nothing has got its name"
    at = calls[named[0]][1]
    written = [fd for call, fd in calls[:named[0]] if call == "write" and fd > at]
    before = [call for call in calls[:named[0]] if call[1] == (written or [-1])[-1]]
    if not written or before[-1][0] != "fsync":
        return "a file is not synced before it gets its name: %s" % calls
    if ("fsync", at) not in calls[named[-1]:]:
        return "the folder is not synced after that: %s" % calls
    return None


def ends_in_order(process):
    """True if it catches SIGTERM."""
    try:
        status = pathlib.Path("/proc/%s/status" % process).read_text()
    except OSError:
        return False
    return int(re.search(r"SigCgt:\s*(\w+)", status).group(1), 16) >> 14 & 1 == 1


def seccomp_filters(process):
    try:
        status = pathlib.Path("/proc/%s/status" % process).read_text()
    except OSError:
        return 0
    return int(re.search(r"Seccomp_filters:\s*(\d+)", status).group(1))


Sound = collections.namedtuple("Sound", "result counts")


def turn(case, sound=None, call=None, at=0, reason=0):
    """Runs the case once, in its own directory. Returns what is wrong; without a fault also what it did."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        case.prepare(folder)
        (folder / "counts").write_bytes(bytes(COUNTS_BYTES + TRACE_BYTES))
        environment = dict(BARE, LD_PRELOAD=str(LIBRARY), FAULT_COUNTS=str(folder / "counts"))
        if call:
            environment.update(FAULT_CALL=call, FAULT_AT=str(at), FAULT_ERRNO=str(reason))
        try:
            done = case.run(folder, environment)
        except subprocess.TimeoutExpired:
            return ["%s %d: it does not end" % (call, at)]
        counts, failed_at = {}, 0
        for word, count, place in COUNT.iter_unpack((folder / "counts").read_bytes()[:COUNTS_BYTES]):
            if count:
                counts[word.rstrip(b"\0").decode()] = count
            failed_at = failed_at or place
        status = done.returncode
        if not sound:
            sound = Sound(case.result(folder, done.stdout), counts)
            out_of_order = case.order_problem and case.order_problem(folder)
            found = list(case.problems(folder, status, sound)) + [out_of_order] * bool(out_of_order)
            if status != case.status:
                found.append("status %d: %s" % (status, done.stderr))
            return sound, found
        found = list(general_problems(case, sound, done, call, reason))
        waits = b"waiting for" in done.stderr  # for an interface that cannot be asked for its state
        if status == case.status and not waits and case.result(folder, done.stdout) != sound.result:
            found.append("not all is done: %s" % (case.result(folder, done.stdout),))
        if case.same_calls and failed_at == 0:
            found.append("it has not failed")
        found += case.problems(folder, status, sound)
        where = "%s %d (%s), called at 0x%x, ends with %d" % (
            call, at, errno.errorcode[reason], failed_at, done.returncode)
        return ["%s: %s: %s" % (where, problem, done.stderr.decode()) for problem in found]


def general_problems(case, sound, done, call, reason):
    status, messages = done.returncode, done.stderr.decode()
    if (reason == errno.EINTR or (call, reason) in case.passing) and status != case.status:
        yield "it takes what passes for a failure"
    elif status not in (case.status, *STATUSES.get(call, case.statuses)):
        yield "that is no status for this"
    if status != 0 and not messages:
        yield "it does not say why"
    if call == "getrandom" and "read on" in messages:
        yield "it says that the input has failed"
    if not re.fullmatch("(%s: .+\n)*" % case.tool, messages):
        yield "messages are not lines of the tool's"
    yield from case.output_problems(status, done.stdout)


class Test:
    """All turns of a case, which are begun at once: some wait for seconds until they try again."""

    def __init__(self, pool, case):
        self.case = case
        sound, self.wrong = turn(case)
        calls = [] if self.wrong else [(call, REASONS.get(call, errno.EIO)) for call in sound.counts]
        calls += [(call, errno.EINTR) for call in INTERRUPTED if call in dict(calls)]
        calls += [(call, reason) for call, reason in case.passing if call in dict(calls)]
        calls += [(call, errno.ENOMEM) for call, _ in calls if call == "__getdelim"]
        self.turns = [(call, reason, [pool.submit(turn, case, sound, call, at + 1, reason)
                                      for at in range(sound.counts[call])]) for call, reason in calls]

    def report(self, tap):
        tap.ok(not self.wrong, "%s: nothing fails" % self.case.name, *self.wrong[:10])
        for call, reason, futures in self.turns:
            wrong = sum((future.result() for future in futures), [])
            tap.ok(not wrong, "%s: each of %d %s fails once: %s" % (
                self.case.name, len(futures), call, errno.errorcode[reason]), *wrong[:10])


def main():
    global WORK, BARE, PORT, DNS_SERVER
    tap = Tap()
    BARE = {key: value for key, value in os.environ.items()
            if not re.match("SECFLOW|NETWORKSAGE|XDG_|https?_|all_|no_", key, re.I)}
    collector = Server(("127.0.0.1", 0), Collector)
    PORT = collector.server_address[1]
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="secflow-test.") as WORK:
        os.chmod(WORK, 0o755)
        cases = make_cases(pathlib.Path(WORK))
        if NETWORK:
            request = struct.pack("16sh14x", b"lo", 1)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS, IFF_UP
            DNS_SERVER = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            DNS_SERVER.bind(("127.0.0.1", 53))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for test in [Test(pool, case) for case in cases if case.name in (sys.argv[1:] or [case.name])]:
                test.report(tap)
    if not NETWORK:
        tap.skip("flowcap", "no network namespace can be made here")
    return tap.done()


def conn_log():
    fields = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration",
              "orig_bytes", "resp_bytes", "history", "orig_pkts", "resp_pkts")
    row = ("1700000000.5", "C1", "10.0.0.1", "50000", "9.9.9.9", "443", "tcp", "1.5", "10", "20", "ShADad", "3", "4")
    return "#separator \\x09\n#fields\t%s\n%s\n" % ("\t".join(fields), "\t".join(row))


def dns_log():
    return json.dumps({"ts": 1700000000.1, "uid": "C2", "id.orig_h": "10.0.0.1", "id.orig_p": 50001,
                       "id.resp_h": "10.0.0.2", "id.resp_p": 53, "proto": "udp", "query": "b.example",
                       "answers": ["alias.example", "9.9.9.8"], "TTLs": [1.0, 1.0]}) + "\n"


def record(date, size):
    return json.dumps({"src": "10.0.0.1:1025", "dst": "example.com:443", "destinationNameSource": "passive",
                       "srcPkts": 1, "srcBytes": size, "dstPkts": 1, "dstBytes": 60, "relativeStart": 0.5,
                       "protocolInformation": "", "duration": 0.25, "trafficDate": "%d.000000" % date,
                       "proto": "tcp"}) + "\n"


DNS_ANSWER = (struct.pack(">6H", 1, 0x8180, 1, 1, 0, 0) + b"\1b\7example\0" + struct.pack(">2H", 1, 1) +
              struct.pack(">3HIH", 0xc00c, 1, 1, 60, 4) + bytes((9, 9, 9, 8)))


KNOWN = (', "title": "A title", "description": "Words", "relevance": "knownBad", "activity": "Impact",'
         ' "tags": ["threat:Trojan"], "lists": ["a list"], "sensor": "tap"}')


def make_cases(work):
    subprocess.run([BINDIR / "tests" / "traffic", "demo", work / "demo.pcap"], check=True, capture_output=True)
    (work / "demo.pcap.gz").write_bytes(gzip.compress((work / "demo.pcap").read_bytes()))
    (work / "conn.log").write_text(conn_log())
    with open(work / "eve.json", "w", encoding="utf-8") as log:
        subprocess.run([sys.executable, pathlib.Path(__file__).parent / "evelogs.py", "20", "noise", "netflow", "live"],
                       stdout=log, check=True)
    with open(work / "vpc.log", "w", encoding="utf-8") as log:
        subprocess.run([sys.executable, pathlib.Path(__file__).parent / "vpclogs.py", work / "demo.pcap", "60", "flags"],
                       stdout=log, check=True)
    subprocess.run([sys.executable, pathlib.Path(__file__).parent / "ipfixmake.py", work / "messages"], check=True)
    (work / "names.json").write_text(
        '{"events":[{"message":"{\\"query_timestamp\\":\\"2023-11-14T22:13:20Z\\",\\"query_name\\":\\"v.example.\\",'
        '\\"answers\\":[{\\"Rdata\\":\\"9.9.9.7\\",\\"Type\\":\\"A\\"}]}"}]}')
    (work / "dns.log.gz").write_bytes(gzip.compress(dns_log().encode()))
    (work / "ssl.log").write_text('{"_path": "ssl", "uid": "C1", "server_name": "c.example"}\n')
    (work / "samples.sf").write_text(record(1700000000, 1) + record(1700000060, 2) + record(1700000000, 3))
    (work / "known.sf").write_text(record(1700000000, 1).replace("}", KNOWN) + record(1700000060, 2))
    (work / "many.sf").write_text("".join(record(1700000000, 1).replace("10.0.0.1:", "10.0.%d.%d:" % divmod(n, 256))
                                          .replace("}", ',"note":"%0120d"}' % n) for n in range(6000)))
    (work / "some.sf").write_text("".join((work / "many.sf").read_text().splitlines(True)[:1000]))
    (work / "samples.log").write_text(conn_log())
    (work / "lists").mkdir()
    (work / "lists/own.ndjson").write_text('{"destination":"9.9.9.9","title":"A","tags":["b"]}\n')
    (work / "lists/networks.gz").write_bytes(gzip.compress(b"9.0.0.0/8\n9.9.0.0/16\nexample.com\n"))
    (work / "rules.gz").write_bytes(gzip.compress(
        b'{"event":"e","steps":["*","* !@x","*"],"within":9,"title":"T","tags":["t"]}\n'
        b'{"event":"f","steps":[".example","9.0.0.0/8"],"within":9,"ordered":false}\n'))
    (work / "key").write_text("secret\n")
    (work / "key").chmod(0o600)
    (work / "headers").touch(0o600)
    (work / "headers").write_text("X-Site: 12\n")
    (work / "ca").write_text("-----BEGIN CERTIFICATE-----\n")
    samples = [(1, 3), (2,)]
    files = [((b"samples.log", conn_log().encode()), (b"dns_samples.log", conn_log().encode()))]
    cases = [
        Cached("pcap2flow", "-Sxv", "-c", "cache", "../demo.pcap"),
        Case("pcap2flow -m", "-m", "../demo.pcap.gz", "../demo.pcap"),
        Case("pcap2flow -d", "-d", "1", "-f", "tcp", "-L", "9.9.9.0/24", "../demo.pcap"),
        Cached("zeek2flow", "-Sxv", "-c", "cache", "../conn.log", "../dns.log.gz",
             "../ssl.log"),
        Cached("eve2flow", "-Sxv", "-c", "cache", "../eve.json"),
        Case("ipfix2flow", "-Rxvd", "2", "--timezone", "UTC", *("../messages/" + name for name in (
            "exporters.pcap", "late-data.ipfix", "late-template.ipfix", "totals.ipfix", "sampling.ipfix", "nfdump.json"))),
        Cached("vpc2flow", "-xv", "-c", "cache", "../vpc.log", "../names.json"),
        Case("flowlabel", "../samples.sf"),
        Threads("flowlabel, with threads", "../some.sf"),
        Case("flowtop", "-j", "../samples.sf"),
        Page("flowreport", "-t", "Title", "../known.sf"),
        Case("flowmeta", "-f", "../lists", "-b", "../lists/own.ndjson", "../samples.sf"),
        Case("flowevent", "-f", "../rules.gz", "-v", "../known.sf"),
        Seen("flowseen", "-v", "-e", "9000d", "--sensor", "a", "-s", "store", "../samples.sf"),
        Case("flowmerge", "-xv", "../samples.sf"),
        Case("flowmerge, on the disk", "--memory", "1M", "../many.sf"),
        Case("flowbeacon", "-a", "../samples.sf"),
        Case("flowbeacon, on the disk", "--memory", "2M", "../many.sf"),
        Case("flowupload -n", "-n", "../samples.sf"),
        Upload("flowupload", "documents", samples, ["../samples.sf"], "-k", "../key", "-v"),
        Upload("flowupload -F ndjson", "lines", samples, ["../samples.sf"], "-F", "ndjson", "-z", "-H",
               "@../headers", "--cacert", "../ca"),
        Upload("flowupload -t", "files", files, ["-t", "zeek", "../samples.log", "../samples.log"]),
        Take("flowupload --take", "documents", samples, [], "--metrics", "metrics"),
        Take("flowupload --take --filter", "documents", samples, [], "--filter", "cat"),
        Upload("flowupload, rejected", "rejected", samples, ["../samples.sf"], status=69),
    ]
    if NETWORK:
        live = ("-i", "lo", "-a", "-d", "1000000", "-c", "cache", "-B", "256", "-Z", NETWORK)
        cases += [Live("flowcap", *live), Metrics("flowcap --metrics", *live, "--metrics", "flowcap.prom"),
                  Windows("flowcap -w", *live, "-w", "windows")]
    return cases


def enter_network():
    """Runs this again in a network of its own, if possible."""
    for options, user in ("-n", "nobody"), ("-rn", "root"):
        if subprocess.run(["unshare", options, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.environ["FAULTS_NETWORK"] = user
            os.execvp("unshare", ["unshare", options, sys.executable, *sys.argv])


if b"__asan_init" in (BINDIR / "flowlabel").read_bytes():
    print("ok 1 - each call fails once # SKIP AddressSanitizer has an allocator of its own\n1..1")
    sys.exit(0)
if "FAULTS_NETWORK" not in os.environ and shutil.which("unshare"):
    enter_network()
NETWORK = os.environ.get("FAULTS_NETWORK")
sys.exit(main())
