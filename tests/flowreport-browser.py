#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of flowreport in a browser, Chromium without a window: TAP. It is steered by the DevTools
protocol (https://chromedevtools.github.io/devtools-protocol/) over a pipe."""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

TOOL = pathlib.Path(os.environ["BINDIR"]).resolve() / "flowreport"
WAIT = 300  # seconds that the browser may take for an answer
checks = 0
failed = False


def check(got, want, what):
    global checks, failed
    checks += 1
    print("ok" if got == want else "not ok", checks, "-", what)
    if got != want:
        failed = True
        print("#  got:", str(got)[:2000].replace("\n", "\n#  "))
        print("# want:", str(want)[:2000].replace("\n", "\n#  "))
    sys.stdout.flush()


class Browser:
    """A tab, whose events are kept."""

    def __init__(self, program, home):
        (command, self.write), (self.read, answer) = os.pipe(), os.pipe()

        def descriptors():
            os.dup2(command, 3)
            os.dup2(answer, 4)

        # Numbers above 4, so that none is overwritten before it is copied.
        command, answer = (self.above(command), self.above(answer))
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={home}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=descriptors)
        os.close(command)
        os.close(answer)
        self.buffer, self.events, self.number, self.session = b"", [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    @staticmethod
    def above(descriptor):
        import fcntl
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)
        os.close(descriptor)
        os.set_inheritable(moved, True)
        return moved

    def message(self):
        end = time.monotonic() + WAIT
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read], [], [], max(0, end - time.monotonic()))
            piece = os.read(self.read, 1 << 20) if ready else b""
            if not piece:
                raise RuntimeError("the browser does not answer")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        line = json.dumps(request).encode() + b"\0"
        while line:
            line = line[os.write(self.write, line):]
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path, width=1600, height=1000, scripts=True, dark=False):
        """Shows a page; what happens is in events."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=False)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        loader = self.call("Page.navigate", url=path.as_uri())["loaderId"]
        while not any(event.get("method") == "Page.lifecycleEvent" and event["params"]["name"] == "load" and
                      event["params"]["loaderId"] == loader for event in self.events):
            self.events.append(self.message())

    def eval(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def complaints(self):
        """What was written to the console, and what else was wrong."""
        return [event["params"] for event in self.events if event.get("method") in
                ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")]

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def key(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      text="\r" if kind == "keyDown" and key == "Enter" else "")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def record(**fields):
    return json.dumps({
        "src": "192.0.2.1:1025", "dst": "a.example:443", "destinationNameSource": "passive", "srcPkts": 5,
        "srcBytes": 100, "dstPkts": 5, "dstBytes": 200, "relativeStart": 0.0, "protocolInformation": "",
        "duration": 1.0, "trafficDate": "1700000000.000000", "proto": "tcp", **fields}, ensure_ascii=False)


HOSTILE = ["<script>document.title='bad'</script>", "<img src=http://127.0.0.1:9/a onerror=alert(1)>",
           "</style></script><script>document.title='bad'</script>", "\u202eturned", "\" onfocus=alert(1) \"",
           "x" * 400]


def records():
    """A sample with all that a page can show, and nothing that is friendly."""
    for i in range(60):
        yield record(src=f"192.0.2.{i % 7}:{1025 + i}", dst=f"d{i}.example:443", srcBytes=(i * 7919) ** 2 % 3000017,
                     dstBytes=i * 1000, relativeStart=i * 60.5, duration=(i * 31 % 60) ** 2 / 8)
    for i, text in enumerate(HOSTILE):
        yield record(src=f"{text}:1", dst=f"{text}:443", relativeStart=i * 600.0, sensor=f"s{i}", title=text,
                     description=text, relevance=["knownBad", "seenNearBad", "knownUninteresting"][i % 3],
                     knownBy="destination", tags=[text, "threat:Phishing"], lists=[text], activity="Impact",
                     dstCountry=text, dstAsOrg=text, dstAsn=64500, flowIdCount=i + 1, destinationCount=i + 1,
                     destinationFirstSeen="2023-11-01T00:00:00.000000Z", rank=1000000 - i, event=text if i % 2 else "")


def make(path, lines, *options):
    with open(path, "wb") as page:
        subprocess.run([TOOL, *options], input="\n".join(lines).encode(), stdout=page, check=True)
    return path


# What of a page may lie to the right of the window, which the reader would have to scroll to: nothing.
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ROWS = "[...document.querySelectorAll('#{0} tbody tr:not([hidden])')].map(row => row.cells[{1}].textContent)"
CLICK = "document.querySelectorAll('#destinations th[scope=col]')[{0}].querySelector('button').click()"
ARIA = "[...document.querySelectorAll('#destinations th[scope=col]')].map(head => head.ariaSort)"
FILTER = ("input = document.querySelector('#destinations input'); input.value = {0}; "
          "input.dispatchEvent(new Event('input')); document.querySelector('#destinations output').textContent")
# The contrast of each text with what is behind it, by WCAG 2.2; those that have less than 4.5.
CONTRAST = """(() => {
    const parts = color => color.match(/[\\d.]+/g).map(Number);
    const light = color => parts(color).slice(0, 3).map(c => c / 255)
        .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (parts(color)[3] !== 0) return color;
        }
        return "rgb(255, 255, 255)";
    };
    const poor = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || element.closest("script, style, [hidden]")) continue;
        const style = getComputedStyle(element);
        const a = light(element.closest("svg") ? style.fill : style.color), b = light(behind(element));
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) poor.add(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
    }
    return [...poor].join();
})()"""


def size(text):
    number, unit = text.split()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6}[unit]


def test_quiet(browser, page, name):
    for scripts in (True, False):
        what = name + (", scripts on" if scripts else ", scripts off")
        browser.open(page, scripts=scripts)
        check(browser.complaints(), [], f"{what}: nothing on the console")
        check(browser.requests(), [page.as_uri()], f"{what}: no request but for the page")


def test_sizes(browser, page, name):
    for dark in (False, True):
        for width in (400, 1600):
            browser.open(page, width=width, dark=dark)
            what = f"{name}, {width} pixels" + (", dark" if dark else "")
            check(browser.eval(OVERFLOW), 0, f"{what}: nothing to the right")
            check(browser.eval(CONTRAST), "", f"{what}: contrast")
            shot = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
            check(shot[:8], b"\x89PNG\r\n\x1a\n", f"{what}: a picture")


# The times below the timeline of which one begins before the one to its left has ended.
OVERLAP = """(() => {
    const boxes = [...document.querySelectorAll('.time text[dy="17"]')].filter(one => one.checkVisibility())
        .map(one => one.getBoundingClientRect());
    return [boxes.length > 1, boxes.filter((box, i) => i > 0 && box.left < boxes[i - 1].right).length];
})()"""


def test_times(browser, home):
    """Seconds take most room: ticks 5, 10 and 30 seconds apart, from anywhere."""
    for span in (30, 47, 165):
        for begin in (0, 1, 4):
            path = make(home / "seconds.html", [record(relativeStart=begin + i * span / 60) for i in range(61)])
            for width in (400, 760, 820, 1600):
                browser.open(path, width=width)
                check(browser.eval(OVERLAP), [True, 0], f"{span} s from {begin}, {width} pixels: times do not overlap")


def test_dark(browser, page):
    background = "getComputedStyle(document.body).backgroundColor"
    browser.open(page)
    light = browser.eval(background)
    browser.open(page, dark=True)
    check(light == browser.eval(background), False, "dark mode is another color")


def test_off(browser, page):
    """What works without scripts is what a reader sees: all rows, and no control that does nothing."""
    browser.open(page, scripts=False)
    check(browser.eval("document.querySelectorAll('#destinations tbody tr').length"), 66, "scripts off: rows")
    check(browser.eval("document.querySelectorAll('button').length"), 0, "scripts off: no buttons")
    check(browser.eval("[...document.querySelectorAll('input')].filter(one => one.checkVisibility()).length"), 0,
          "scripts off: no filter")


def test_sort(browser, page):
    browser.open(page)
    before = browser.eval(ROWS.format("destinations", 0))
    browser.eval(CLICK.format(3))
    got = browser.eval(ROWS.format("destinations", 3))
    check(got, sorted(got, key=size, reverse=True), "sorted by bytes sent")
    check(browser.eval(ARIA)[:5], [None, None, None, "descending", None], "aria-sort")
    browser.eval(CLICK.format(3))
    got = browser.eval(ROWS.format("destinations", 3))
    check(got, sorted(got, key=size), "sorted again: the smallest first")
    check(browser.eval(ARIA)[3], "ascending", "aria-sort again")
    browser.eval(CLICK.format(0))
    got = browser.eval(ROWS.format("destinations", 0))
    check(got, sorted(got, key=lambda text: text.encode("utf-16-be")), "sorted by name")
    check(browser.eval(ARIA)[:5], ["ascending", None, None, None, None], "aria-sort of one column only")
    check(sorted(got), sorted(before), "no row is lost")
    browser.eval("document.querySelectorAll('#destinations th[scope=col] button')[1].focus()")
    browser.key("Enter", 13)
    check(browser.eval(ARIA)[1], "descending", "a key sorts")
    check(browser.eval("getComputedStyle(document.activeElement).outlineStyle"), "solid", "focus is seen")
    check(browser.complaints(), [], "sorting: nothing on the console")


AMOUNTS = ["0 s", "999 us", "1.0 ms", "12 ms", "1 s", "9.9 s", "59 s", "1 min", "1 min 30 s", "2 h", "2 h 5 min",
           "1 d", "3 d 4 h", "106,751,991 d"]


def test_amounts(browser, page):
    """The order of what is shown."""
    browser.open(page)
    for amounts in (AMOUNTS, ["", "0 B", "999 B", "1 kB", "1.0 kB", "12 kB", "1.1 MB", "2 GB", "3.5 TB", "4 PB", "18 EB"],
                    ["", "0", "7", "999", "1,234", "12,345,678"]):
        got = browser.eval(f"{json.dumps(amounts)}.map(amount)")
        check(got, sorted(got), f"in their order: {amounts[-1]}")


def test_filter(browser, page):
    browser.open(page)
    check(browser.eval("document.querySelector('#destinations .filter').checkVisibility()"), True, "a filter")
    check(browser.eval(FILTER.format("'D5 example'")), "11 of 66 rows", "filtered: how many are left")
    check(sorted(browser.eval(ROWS.format("destinations", 0))),
          sorted(f"d{i}.example:443" for i in [5, *range(50, 60)]), "filtered: rows with both words")
    check(browser.eval(FILTER.format("'phishing known'")), "2 of 66 rows", "filtered by what is known")
    check(browser.eval(FILTER.format("'nowhere'")), "0 of 66 rows", "nothing is left")
    check(browser.eval(FILTER.format("''")), "66 rows", "and all are back")
    check(browser.eval("document.querySelectorAll('#hosts tbody tr[hidden]').length"), 0, "other tables stay")


def test_hostile(browser, page):
    browser.open(page)
    check(browser.eval("document.title"), "Network flows, 2023-11-14", "no script of a name ran")
    check(browser.eval("document.querySelectorAll('img, script + script, a[href]:not([href^=\"#\"])').length"), 0,
          "no element of a name is there")
    check(browser.eval("[...document.querySelectorAll('*')].flatMap(one => [...one.attributes])"
                       ".filter(one => one.name.startsWith('on') || one.name === 'style').length"), 0, "and no attribute")


def test_structure(browser, page):
    """What a screen reader goes by."""
    browser.open(page)
    check(browser.eval("document.documentElement.lang"), "en", "a language")
    check(browser.eval("['header', 'nav', 'main', 'footer', 'h1'].map(name => "
                       "document.querySelectorAll(`body > ${name}, header > ${name}`).length)"), [1] * 5, "landmarks")
    check(browser.eval("[...document.querySelectorAll('th')].filter(head => !head.scope).length"), 0, "heads have a scope")
    check(browser.eval("[...document.querySelectorAll('table')].filter(table => !table.caption).length"), 0, "captions")
    check(browser.eval("[...document.querySelectorAll('table')].filter(table => new Set([...table.rows]"
                       ".map(row => row.cells.length)).size !== 1).length"), 0, "rows are as long as heads")
    check(browser.eval("[...document.querySelectorAll('section')].filter(one => !document.getElementById("
                       "one.getAttribute('aria-labelledby'))).length"), 0, "sections have names")
    check(browser.eval("[...document.querySelectorAll('input')].filter(one => one.labels.length !== 1).length"), 0, "labels")
    check(browser.eval("[...document.querySelectorAll('[id]')].map(one => one.id).filter("
                       "(id, i, all) => all.indexOf(id) !== i)"), [], "each id once")
    check(browser.eval("[...document.querySelectorAll('nav a')].filter(one => "
                       "!document.querySelector(one.hash)).length"), 0, "links lead somewhere")
    browser.open(page, width=400)
    check(browser.eval("[...document.querySelectorAll('.scroll')].some(one => one.scrollWidth > one.clientWidth)"), True,
          "a wide table scrolls by itself")
    check(browser.eval("[...document.querySelectorAll('td.wrap')].filter(one => one.offsetWidth < 200).length"), 0,
          "cells of sentences are not too narrow for words")


def test_print(browser, page):
    browser.open(page, width=700)
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    check(pdf[:5], b"%PDF-", "printed to PDF")
    browser.call("Emulation.setEmulatedMedia", media="print")
    check(browser.eval("[...document.querySelectorAll('nav, .filter')].filter(one => one.checkVisibility()).length"), 0,
          "printed: no controls")
    # Chromium leaves a button out where it repeats the head of a table on the next sheet.
    check(browser.eval("[...document.querySelectorAll('th button')].filter(one => "
                       "getComputedStyle(one).display !== 'contents').length"), 0, "printed: heads are text")
    check(browser.eval("[...document.querySelectorAll('.o')].filter(one => !one.checkVisibility()).length"), 0,
          "printed: all times of the timeline")
    browser.call("Emulation.setEmulatedMedia", media="")


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("1..0 # SKIP no chromium")
        return 0
    with tempfile.TemporaryDirectory(prefix="secflow-test.", ignore_cleanup_errors=True) as folder:
        home = pathlib.Path(folder)
        page = make(home / "page.html", records())
        pages = {"all": page, "one flow": make(home / "one.html", [record()]),
                 "no flow": make(home / "none.html", [], "-q")}
        browser = Browser(program, home / "profile")
        try:
            for name, path in pages.items():
                test_quiet(browser, path, name)
                test_sizes(browser, path, name)
            for test in (test_dark, test_off, test_sort, test_amounts, test_filter, test_hostile, test_structure,
                         test_print):
                test(browser, page)
            test_times(browser, home)
        finally:
            browser.close()
    print(f"1..{checks}")
    return failed


sys.exit(main())
