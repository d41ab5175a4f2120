# SPDX-License-Identifier: Apache-2.0
"""A worker that does what its model's handler string, or the body of a request, tells it to: mostly what no worker should."""

import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time


def number(value):
    return struct.pack(">i", value)


def text(value):
    return number(len(value)) + value


class Connection:
    def __init__(self, channel):
        self.channel = channel
        self.source = channel.makefile("rb")

    def exactly(self, count):
        data = self.source.read(count)
        if len(data) < count:
            os._exit(0)
        return data

    def number(self):
        return struct.unpack(">i", self.exactly(4))[0]

    def text(self):
        return self.exactly(self.number())

    def load(self):
        name, path = self.text(), self.text()
        batch, handler = self.number(), self.text()
        card, envelope, limit = self.number(), self.text(), self.exactly(1)
        return {"name": name, "path": path, "batch": batch, "handler": handler, "card": card, "envelope": envelope}

    def batch(self):
        requests = []
        while True:
            length = self.number()
            if length == -1:
                return requests
            request = {"id": self.exactly(length), "headers": {}, "parts": []}
            requests.append(request)
            while True:
                length = self.number()
                if length == -1:
                    break
                name = self.exactly(length)
                request["headers"][name] = self.text()
            while True:
                length = self.number()
                if length == -1:
                    break
                name = self.exactly(length)
                kind = self.text()
                request["parts"].append((name, kind, self.text()))

    def send(self, data):
        self.channel.sendall(data)


def prediction(identity, body, kind=b"", status=200, reason=b"", headers=()):
    data = text(identity) + text(kind) + number(status) + text(reason) + number(len(headers))
    for key, value in headers:
        data += text(key) + text(value)
    return data + text(body)


def reply(*predictions, code=200, message=b"Prediction success"):
    return number(code) + text(message) + b"".join(predictions) + number(-1)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def act(connection, requests, loaded):
    first = requests[0]
    bodies = [request["parts"][0][2] if request["parts"] else b"" for request in requests]
    body = bodies[0]
    answer = reply(*[prediction(request["id"], said) for request, said in zip(requests, bodies)])
    if body == b"!random":
        connection.send(random.Random(1).randbytes(1 << 20))
    elif body == b"!twice":
        connection.send(answer + answer)
    elif body == b"!twice-later":
        connection.send(answer)
        time.sleep(0.1)
        connection.send(answer)
    elif body == b"!never":
        time.sleep(600)
    elif body == b"!late":
        time.sleep(1.5)
        connection.send(answer)
    elif body == b"!long":
        connection.send(answer[:-8 - len(body)] + number(len(body) + 1000) + body + number(-1))
    elif body == b"!short":
        connection.send(answer[:-8 - len(body)] + number(1) + body + number(-1))
    elif body == b"!short-part":
        part = prediction(first["id"], b"", headers=[(b"ts_stream_next", b"true")])
        connection.send(number(200) + text(b"") + part[:-4] + number(3) + b"too long" + number(-1))
    elif body == b"!half-batch":
        connection.send(number(200) + text(b"") + prediction(first["id"], b"whole"))
        die()
    elif body == b"!first-alone":
        connection.send(reply(prediction(first["id"], b"whole")))
    elif body == b"!huge":
        connection.send(answer[:-8 - len(body)] + number(2_000_000_000) + body)
    elif body == b"!unknown":
        connection.send(reply(prediction(b"nobody", b"")))
    elif body == b"!none":
        connection.send(reply())
    elif body == b"!half":
        connection.send(answer[: len(answer) // 2])
        die()
    elif body == b"!die":
        die()
    elif body == b"!close":
        connection.source.close()
        connection.channel.shutdown(socket.SHUT_RDWR)
        connection.channel.close()
        time.sleep(600)
    elif body == b"!flood":
        for _ in range(20):
            sys.stdout.buffer.write(b"x" * 1_000_000 + b"\n\xff\xfe not text\n")
        sys.stdout.buffer.flush()
        connection.send(answer)
    elif body == b"!503":
        connection.send(reply(prediction(first["id"], b"error", status=503), code=503, message=b"Prediction failed"))
    elif body == b"!507":
        connection.send(reply(code=507, message=b"Out of resources"))
    elif body == b"!513":
        connection.send(reply(code=513, message=b"not today"))
    elif body == b"!status":
        connection.send(reply(prediction(first["id"], b"x", b"text/x", 299, b"Fine", [(b"a", b"b")])))
    elif body == b"!item":
        connection.send(
            reply(
                prediction(first["id"], b"bad item", status=422, headers=[(b"sluice_item_error", b"true")]),
                *[prediction(request["id"], said) for request, said in zip(requests[1:], bodies[1:])],
            )
        )
    elif body == b"!stream":
        for part in (b"a", b"b"):
            connection.send(
                reply(*[prediction(r["id"], part, headers=[(b"ts_stream_next", b"true")]) for r in requests])
            )
        connection.send(reply(*[prediction(r["id"], b"c", headers=[(b"ts_stream_next", b"false")]) for r in requests]))
    elif body == b"!where":
        said = "%s %s %s" % (loaded["card"], os.environ.get("CUDA_VISIBLE_DEVICES"), loaded["path"].decode())
        connection.send(reply(prediction(first["id"], said.encode())))
    elif body == b"!batch":
        said = b"|".join(request["headers"].get(b"explain", b"-") for request in requests)
        connection.send(reply(*[prediction(request["id"], said) for request in requests]))
    elif first["headers"].get(b"describe") == b"True":
        connection.send(reply(*[prediction(request["id"], b"%d described" % len(requests)) for request in requests]))
    else:
        connection.send(answer)


def steps(connection):
    """Continuous batching: three steps for each request, except for one that wants to fail."""
    seen = {}
    while True:
        connection.exactly(1)
        predictions = []
        requests = connection.batch()
        for request in requests:
            if request["parts"]:
                assert request["id"] not in seen, "sent twice"
                seen[request["id"]] = [request["parts"][0][2], 0]
            state = seen[request["id"]]
            state[1] += 1
            more = b"true" if state[1] < 3 else b"false"
            said = state[0] + b"%d/%d " % (state[1], len(requests))
            predictions.append(prediction(request["id"], said, headers=[(b"ts_stream_next", more)]))
            if state[0] == b"!die":
                die()
        connection.send(reply(*predictions))


def out_of_order(connection):
    """Asynchronous: each request is answered after as many milliseconds as its body says; a negative number is never."""
    lock = threading.Lock()

    def answer(request):
        wait = int(request["parts"][0][2])
        if wait < 0:
            return
        for last in (False, True):
            time.sleep(wait / 2000)
            header = [] if last else [(b"ts_stream_next", b"true")]
            with lock:
                connection.send(reply(prediction(request["id"], b"%d" % wait, headers=header)))

    while True:
        connection.exactly(1)
        for request in connection.batch():
            if request["parts"][0][2] == b"!die":
                die()
            threading.Thread(target=answer, args=(request,), daemon=True).start()


def watch_stdin():
    while os.read(0, 1000):
        pass
    os._exit(0)


def main():
    arguments = sys.argv[1:]
    os.setsid()
    if "--watch-stdin" in arguments and not os.environ.get("IGNORES_STDIN"):
        threading.Thread(target=watch_stdin, daemon=True).start()
    mode = os.environ.get("START", "")
    print("arguments", " ".join(arguments), flush=True)
    if mode == "dies":
        print("Traceback", file=sys.stderr)
        print("ImportError: no module named 'nothing'", file=sys.stderr)
        sys.exit(3)
    if mode == "deaf":
        time.sleep(600)
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode in ("stubborn", "parent"):
        print("child %d" % subprocess.Popen(["sleep", "600"]).pid, flush=True)
    if "unix" in arguments:
        server = socket.socket(socket.AF_UNIX)
        server.bind(arguments[arguments.index("--sock-name") + 1])
    else:
        server = socket.create_server(("127.0.0.1", int(arguments[arguments.index("--port") + 1])))
    server.listen(1)
    channel, _ = server.accept()
    connection = Connection(channel)
    connection.exactly(1)
    loaded = connection.load()
    if mode == "load-dies":
        die()
    if mode == "load-hangs":
        time.sleep(600)
    if mode == "load-500":
        connection.send(reply(code=500, message=b"RuntimeError: no weights in /secret/place/x.pt"))
        time.sleep(0.05)
        sys.exit(1)
    if mode == "load-507":
        connection.send(reply(code=507, message=b"System out of memory"))
        sys.exit(1)
    if mode == "load-nonsense":
        connection.send(b"\xff" * 100)
        time.sleep(600)
    connection.send(reply(message=b"loaded model"))
    if mode == "steps":
        steps(connection)
    if mode == "async":
        out_of_order(connection)
    if mode == "stubborn":
        time.sleep(600)
    while True:
        connection.exactly(1)
        act(connection, connection.batch(), loaded)


main()
