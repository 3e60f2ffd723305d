#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A collector to test flowupload with: NetworkSage's upload API, and lines of JSON.

    collector.py DIR [PORT [CERT KEY]]

DIR/port gets the port once it listens. Each request takes the first line of DIR/script away, which
says what is done with it; without one it is "ok". The words:

    ok            as the API, or 204 for lines
    NUMBER [N]    that HTTP status, with Retry-After: N
    error         200 with "error": true
    garbage       200 with something that is no JSON
    odd           200 with JSON that is none of the API's
    plain         200 with "error": false, and words for a body
    long          200 with more than anybody keeps
    reset         the connection is reset in the middle of the body
    early         413 before the body has been read, and the connection is reset
    hang          nothing comes back for a minute
    slow          the body is read at 2.6 MB a second, or less
    late N        it is accepted, N seconds after all of it came, which DIR/whole tells of
    echo NUMBER   that HTTP status, with the key, the path and control characters in its text
    endless       200 with a body that does not end

A body of more bytes than the number in DIR/limit, if there is that, is answered with 413.
DIR/requests.jsonl gets a line for each request, with what was done; DIR/accepted.jsonl one for each
sample that was accepted. DIR/body has the last request's body or file, DIR/dns its dns log.
A path that ends in /unchecked takes any body, without a look at it, which is fast.
A key other than "secret" is answered with 401; for lines it must be in X-Key, if there is one.
"""

import gzip
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

here = sys.argv[1]
lock = threading.Lock()
samples = 0


def note(name, entry):
    with open(os.path.join(here, name), "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def next_word():
    path = os.path.join(here, "script")
    with lock:
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return ["ok"]
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines[1:])
        os.rename(path + ".new", path)
    return lines[0].split() if lines and lines[0] else ["ok"]


def limit():
    try:
        with open(os.path.join(here, "limit"), encoding="utf-8") as file:
            return int(file.read())
    except FileNotFoundError:
        return sys.maxsize


def keep(name, data):
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)


def parts(content_type, body):
    """The parts of multipart/form-data (RFC 7578): name to (file name, content)."""
    boundary = re.fullmatch(r"multipart/form-data; boundary=(\S+)", content_type)
    if not boundary:
        raise ValueError("no form: " + content_type)
    mark = b"\r\n--" + boundary.group(1).encode()
    pieces = (b"\r\n" + body).split(mark)
    if pieces[0] != b"" or pieces[-1] != b"--\r\n":
        raise ValueError("the form does not begin or end")
    found = {}
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        disposition = re.search(
            r'Content-Disposition: form-data; name="(\w+)"(?:; filename="([^"]*)")?', head.decode()
        )
        name, file_name = disposition.groups()
        if file_name is not None and b"Content-Type: application/octet-stream" not in head:
            raise ValueError("the file is no application/octet-stream")
        if file_name is not None:
            file_name = file_name.replace("%22", '"')  # as forms escape it
        found[name] = (file_name, content)
    return found


def read_form(headers, body):
    """What the API would say of a request, which it checks as far as it is known to."""
    form = parts(headers["Content-Type"], body)
    if set(form) - {"type", "file", "fileName", "zeekDnsFile"}:
        raise ValueError("unknown parts: %s" % sorted(form))
    kind = form["type"][1].decode()
    if kind not in ("secflow", "zeek", "pcap", "pcapng"):
        raise ValueError("unknown type " + kind)
    file_name, content = form["file"]
    if form["fileName"][1].decode() != file_name:
        raise ValueError("the file has two names")
    keep("body", content)
    sample = {"type": kind, "fileName": file_name, "bytes": len(content)}
    if "zeekDnsFile" in form:
        sample["dns"] = form["zeekDnsFile"][0]
        keep("dns", form["zeekDnsFile"][1])
    if kind == "secflow" and content.startswith(b'{"hash"'):
        document = json.loads(content)
        if list(document) != ["hash", "trafficDate", "fileName", "flashes"]:
            raise ValueError("no sample document: %s" % list(document))
        if document["fileName"] != file_name:
            raise ValueError("the document has another name")
        sample.update(hash=document["hash"], secflows=len(document["flashes"]))
    return sample


def read_lines(headers, body):
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    keep("body", body)
    for line in body.splitlines():
        json.loads(line)
    return {"secflows": body.count(b"\n"), "bytes": len(body)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reset(self):
        """RST instead of FIN, so that the client sees an error."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def answer(self, status, body, headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def read_body(self, slowly):
        left = int(self.headers["Content-Length"])
        pieces = []
        if slowly:  # what waits in buffers would be nothing that moves
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        while left > 0:
            if slowly:
                time.sleep(0.1)
            piece = self.rfile.read(min(left, 1 << (18 if slowly else 20)))
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def accept(self, api, body):
        global samples
        try:
            if self.path.endswith("/unchecked"):
                sample = {}
            else:
                sample = (read_form if api else read_lines)(self.headers, body)
        except (ValueError, KeyError, AttributeError) as problem:
            note("requests.jsonl", {"bad": str(problem)})
            self.answer(400, {"error": True, "body": str(problem)})
            return
        with lock:
            samples += 1
            sample["sampleId"] = "id-%d" % samples
            sample["key"] = self.headers.get("Idempotency-Key")
            note("accepted.jsonl", sample)
        if api:
            self.answer(200, {"error": False, "body": {"sampleId": sample["sampleId"]}})
        else:
            self.send_response(204)
            self.end_headers()

    def refuse(self, word):
        texts = {
            "error": {"error": True, "body": "the server has\na problem"},
            "odd": ["error", False],
            "plain": {"error": False, "body": "thank you"},
        }
        if word[0] == "echo":
            key = self.headers.get("apikey") or self.headers.get("X-Key")
            text = "no field\tfoo\x1b[31m for %s at %s" % (key, self.path)
            self.answer(int(word[1]), text.encode() + b"\nand more: " + key.encode())
        elif word[0].isdigit():
            headers = [("Retry-After", word[1])] if len(word) > 1 else []
            if word[0].startswith("3"):
                headers.append(("Location", self.path + "/elsewhere"))
            self.answer(int(word[0]), {"error": True, "body": "because"}, headers)
        elif word[0] == "garbage":
            self.answer(200, b"<html>\x00\xff It works!</html>")
        elif word[0] == "long":
            self.answer(200, b'{"error":false,"x":"' + b"x" * 1000000 + b'"}')
        else:
            self.answer(200, texts[word[0]])

    def do_POST(self):
        word = next_word()
        api = urllib.parse.urlsplit(self.path).path.startswith("/upload")
        key = self.headers.get("apikey" if api else "X-Key", "secret" if not api else None)
        if key != "secret":
            word = ["401"]
        note(
            "requests.jsonl",
            {
                "word": word[0],
                "path": self.path,
                "peer": self.client_address[1],
                "at": time.time(),
                "headers": dict(self.headers.items()),
            },
        )
        if word[0] == "hang":
            time.sleep(60)
            self.reset()
        elif word[0] == "reset":
            self.rfile.read(100)
            self.reset()
        elif word[0] == "endless":
            self.read_body(False)
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 100000)
        elif word[0] == "early":
            self.answer(413, {"error": True, "body": "too large"})
            self.wfile.flush()
            time.sleep(0.2)
            self.reset()
        else:
            body = self.read_body(word[0] == "slow")
            if len(body) < int(self.headers["Content-Length"]):
                self.close_connection = True  # the client is gone
            elif len(body) > limit():
                self.answer(413, {"error": True, "body": "too large"})
            elif word[0] in ("ok", "slow", "late"):
                if word[0] == "late":
                    keep("whole", b"")
                    time.sleep(float(word[1]))
                self.accept(api, body)
            else:
                self.refuse(word)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    server = Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(os.path.join(here, "port.new"), "w", encoding="utf-8") as file:
        file.write("%d\n" % server.server_address[1])
    os.rename(os.path.join(here, "port.new"), os.path.join(here, "port"))
    server.serve_forever()


main()
