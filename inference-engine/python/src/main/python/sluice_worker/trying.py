# SPDX-License-Identifier: Apache-2.0
"""Runs requests through a handler in the foreground, for its author: no server, no socket.

The body of the answer goes to standard output; everything else, what the handler prints included, to standard error.
"""

import argparse
import asyncio
import inspect
import json
import logging
import mimetypes
import os
import sys
import time

from sluice_worker import output, replies, serving, tracebacks, wire
from sluice_worker.calls import Call
from ts.context import RequestProcessor
from ts.utils.util import PredictionException

_DEBUGGER_PORT = 5678


def main(arguments):
    """Loads the handler, sends it the request; 0 if it answered, 1 if not, 2 if there was nothing to run."""
    options = _options().parse_args(arguments)
    try:
        value = _input(options)
        model_dir = os.path.abspath(options.model_dir)
        if not os.path.isdir(model_dir):
            raise _Unusable(f"no such folder: {options.model_dir} (expected: the unpacked model)")
        manifest = _manifest(model_dir)
        handler = options.handler or (manifest.get("model") or {}).get("handler")
        if not handler:
            raise _Unusable("no handler: name it with --handler, or in MAR-INF/MANIFEST.json")
        if options.debugpy:
            _wait_for_editor(options.debugpy)
    except _Unusable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    os.chdir(model_dir)
    sys.path.insert(0, model_dir)
    body = sys.stdout.buffer
    sys.stdout = sys.stderr
    _log_to_standard_error()
    try:
        return _Trial(options, model_dir, manifest, handler, body).run(value)
    except KeyboardInterrupt:
        return 130


class _Unusable(Exception):
    """What was asked for cannot be run; the text says why."""


def _options():
    parser = argparse.ArgumentParser(prog="sluice handler run", allow_abbrev=False)
    parser.add_argument("--model-dir", required=True, help="folder of the unpacked model")
    parser.add_argument("--input", required=True, help="file with the body of the request; - for standard input")
    parser.add_argument("--content-type", help="type of the body (default: by the name of the file)")
    parser.add_argument("--name", default="body", help="name of the part (default: body)")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE", help="a header of the request")
    parser.add_argument("--handler", help="handler (default: the manifest's)")
    parser.add_argument("--envelope", help="envelope (default: the manifest's)")
    parser.add_argument("--model-name", help="name of the model (default: the manifest's)")
    parser.add_argument("--gpu-id", type=int, help="card to use (default: the processor)")
    parser.add_argument("--debugpy", metavar="[HOST:]PORT", help="wait for an editor that attaches there")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="send the request N times")
    return parser


def _input(options):
    if options.repeat < 1:
        raise _Unusable(f"--repeat {options.repeat} (expected: 1 or more)")
    if options.content_type is None and options.input != "-":
        options.content_type = mimetypes.guess_type(options.input)[0]
    try:
        if options.input == "-":
            return sys.stdin.buffer.read()
        with open(options.input, "rb") as file:
            return file.read()
    except OSError as error:
        raise _Unusable(f"--input {options.input}: {error.strerror}") from error


def _manifest(model_dir):
    path = os.path.join(model_dir, "MAR-INF", "MANIFEST.json")
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except ValueError as error:
        raise _Unusable(f"MAR-INF/MANIFEST.json is not JSON: {error}") from error


def _wait_for_editor(address):
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise _Unusable(f"--debugpy {address} (expected: a port such as {_DEBUGGER_PORT}, or HOST:PORT)")
    try:
        import debugpy
    except ImportError:
        raise _Unusable(
            f"--debugpy: the package debugpy is not installed for {sys.executable}; "
            f"install it with: {sys.executable} -m pip install debugpy"
        ) from None
    debugpy.listen((host or "127.0.0.1", int(port)))
    print(f"waiting for an editor at {host or '127.0.0.1'}:{port}", file=sys.stderr, flush=True)
    debugpy.wait_for_client()


def _log_to_standard_error():
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO)
    output.metric = lambda line: print(line, file=sys.stderr)


class _Parts:
    """Stands in for the connection: shows the parts of a streamed answer as they come."""

    def __init__(self, body):
        self._body = body

    def sendall(self, data, _flags=0):
        """Shows a part."""
        _, _, predictions, _ = wire.read_reply(bytes(data))
        for prediction in predictions:
            self._body.write(prediction["body"])
        self._body.flush()


class _Trial:
    """One handler and the requests it gets."""

    def __init__(self, options, model_dir, manifest, handler, body):
        model = manifest.get("model") or {}
        self._options = options
        self._model_dir = model_dir
        self._body = body
        name = options.model_name or model.get("modelName") or os.path.basename(model_dir)
        envelope = options.envelope or model.get("envelope")
        self._load = wire.Load(name, model_dir, 1, handler, options.gpu_id, envelope, True)
        self._loop = asyncio.new_event_loop()

    def run(self, value):
        """The exit code."""
        asyncio.set_event_loop(self._loop)
        started = time.perf_counter()
        try:
            service = serving.load_model(self._load, serving.metrics_of(None))
        except (Exception, SystemExit) as error:
            print(f"the handler {self._load.handler} was not loaded", file=sys.stderr)
            self._explain(error)
            return 1
        print(f"loaded {self._load.handler} in {_since(started)}", file=sys.stderr)
        service.set_cl_socket(_Parts(self._body))
        service.context.cl_socket = service.cl_socket
        code = 0
        for number in range(self._options.repeat):
            code = max(code, self._request(service, value, number))
        return code

    def _request(self, service, value, number):
        options = self._options
        headers = {"explain": "False", "url_path": ""}
        for header in options.header:
            name, _, text = header.partition(":")
            headers[name.strip()] = text.strip()
        if options.content_type:
            headers["Content-Type"] = options.content_type
        part = wire.decode(bytearray(value), options.content_type or "") if wire.decodes_input() else bytearray(value)
        told = {options.name: {"content-type": options.content_type or ""}, **headers}
        call = _TriedCall(service.context, {0: f"request-{number + 1}"}, [RequestProcessor(told)])
        started = time.perf_counter()
        chunks = self._answer(call, service.entry_point, [{options.name: part}])
        duration = _since(started)
        call.report()
        code, message, predictions, _ = wire.read_reply(b"".join(map(bytes, chunks)))
        return self._show(call, code, message, predictions[0], duration)

    def _answer(self, call, entry_point, inputs):
        if inspect.iscoroutinefunction(entry_point):
            return self._loop.run_until_complete(call.answer_later(entry_point, inputs))
        return call.answer(entry_point, inputs)

    def _show(self, call, code, message, prediction, duration):
        if call.error is not None:
            self._explain(call.error)
        print(f"{code} {message} ({duration})", file=sys.stderr)
        if code != 200:
            return 1
        failed = prediction["headers"].pop(replies.ITEM_ERROR, None) is not None
        print(f"status: {prediction['status']} {prediction['reason']}".rstrip(), file=sys.stderr)
        for name, text in prediction["headers"].items():
            print(f"{name}: {text}", file=sys.stderr)
        self._body.write(prediction["body"])
        self._body.flush()
        if sys.__stdout__.isatty():
            print(file=sys.stderr)
        return 1 if failed else 0

    def _explain(self, error):
        own = tracebacks.own_frames(error, self._model_dir)
        print(f"\n{tracebacks.brief(error)}\n", file=sys.stderr)
        if own:
            print("In the model's own files, the innermost call first:", file=sys.stderr)
            for frame in reversed(own):
                name = os.path.relpath(frame.filename, self._model_dir)
                print(f"  {name}:{frame.lineno} in {frame.name}\n    {frame.line}", file=sys.stderr)
        print(f"\nThe whole of it:\n{tracebacks.text(error)}", file=sys.stderr)
        print(f"Hint: {_hint(error)}", file=sys.stderr)


class _TriedCall(Call):
    """Keeps the handler's error, to be explained, where a worker would log it."""

    __slots__ = ("error",)

    def __init__(self, context, ids, processors):
        super().__init__(context, ids, processors)
        self.error = None

    def failure(self, error):
        """The reply for what the handler raised."""
        self.error = error
        return self.failure_reply(error)


def _since(started):
    return f"{(time.perf_counter() - started) * 1000:.1f} ms"


def _hint(error):
    if isinstance(error, ModuleNotFoundError):
        return (
            f"the package {(error.name or '?').partition('.')[0]} is not installed for {sys.executable}; name it in the "
            "model's requirements file and use --install, or add the missing file to the archive"
        )
    if isinstance(error, FileNotFoundError):
        return "the model's files lie in context.system_properties['model_dir']; were all of them added to the archive?"
    if isinstance(error, PredictionException):
        return f"the handler said so itself: a client gets status {error.error_code} and this message"
    if isinstance(error, MemoryError) or "CUDA" in str(error):
        return "there was not enough memory; a client gets status 507"
    if isinstance(error, UnicodeDecodeError):
        return "the body is not text; --content-type decides whether a handler gets bytes, text or JSON"
    if isinstance(error, (AttributeError, KeyError, TypeError)):
        return (
            "a request is a dict of name and value, mostly {'body': ...} or {'data': ...}; the value is bytes, text "
            "or JSON by --content-type, and the name is set with --name"
        )
    return "use --debugpy PORT to stop in an editor"
