# SPDX-License-Identifier: Apache-2.0
"""Listens for the server, loads a model when told to, and answers batches until the server goes away.

Source: torchserve.md 7.1 to 7.7.
"""

import asyncio
import copy
import logging
import os
import socket
import sys
import threading

from sluice_worker import output, tracebacks, wire
from sluice_worker.calls import Call
from sluice_worker.tensors import Lane, TensorInputs
from ts.context import RequestProcessor
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
from ts.model_loader import ModelLoaderFactory

logger = logging.getLogger(__name__)

# Without a server that holds standard input open, a worker does not wait for ever.
_ACCEPT_SECONDS = 120.0
_MOST_BUFFERS = 512


class WorkerSocket(socket.socket):
    """The connection to the server. What is sent in one call stays in one piece, whatever thread sends it."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._lock = threading.Lock()

    def sendall(self, data, flags=0):
        """Sends bytes."""
        with self._lock:
            super().sendall(data, flags)

    def send_chunks(self, chunks):
        """Sends buffers one after the other without joining them."""
        views = [memoryview(chunk).cast("B") for chunk in chunks if len(chunk)]
        with self._lock:
            first = 0
            while first < len(views):
                sent = self.sendmsg(views[first : first + _MOST_BUFFERS])
                while first < len(views) and sent >= len(views[first]):
                    sent -= len(views[first])
                    first += 1
                if sent:
                    views[first] = views[first][sent:]


def listen(options):
    """The socket that the server is to connect to; ranks of torchrun count theirs up."""
    rank = int(os.environ.get("LOCAL_RANK", 0))
    if options.sock_type == "tcp":
        if options.port is None:
            raise SystemExit("--port is missing (expected: a number, with --sock-type tcp)")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host or "127.0.0.1", options.port + rank))
    else:
        if not options.sock_name:
            raise SystemExit("--sock-name is missing (expected: a path, with --sock-type unix)")
        path = _rank_path(options.sock_name, rank)
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    listener.listen(1)
    return listener


def _rank_path(path, rank):
    stem, dot, number = path.rpartition(".")
    if dot and number.isdigit():
        return f"{stem}.{int(number) + rank}"
    return f"{path}.{rank}" if rank else path


def accept(listener, patient):
    """The server's connection; the socket's file is not needed any more after that."""
    listener.settimeout(None if patient else _ACCEPT_SECONDS)
    try:
        accepted, _ = listener.accept()
    except socket.timeout:
        raise SystemExit(f"no server has connected within {_ACCEPT_SECONDS:.0f} s") from None
    finally:
        if listener.family == socket.AF_UNIX:
            _remove(listener.getsockname())
    connection = WorkerSocket(listener.family, listener.type, listener.proto, fileno=accepted.detach())
    connection.setblocking(True)
    if connection.family == socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.close()
    return connection


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass  # the server has removed it already, or its folder


class Worker:
    """One model behind one connection.

    Threads: belongs to the main thread; in asynchronous mode a second one reads.
    """

    def __init__(self, connection, metrics, lane=None, longest=None):
        self._connection = connection
        self._longest = longest
        self._metrics = metrics
        self._lane = lane
        self._reader = wire.Reader(connection, tensors=TensorInputs(lane))
        # Only the first of several ranks answers batches.
        self._answers = int(os.environ.get("LOCAL_RANK", 0)) == 0
        self._service = None

    def load(self):
        """Waits for LOAD and answers it. An answer other than 200 is the worker's end."""
        command = self._reader.command()
        if command != wire.LOAD:
            raise wire.WireError(f"command {command:#x} (expected: {wire.LOAD:#x}, LOAD, at first)")
        message = self._reader.load()
        try:
            self._service = load_model(message, self._metrics)
            code, text = 200, f"loaded model {message.model_name}"
        except (Exception, SystemExit) as error:
            tracebacks.log(f"model {message.model_name} was not loaded", error)
            code, text = load_failure(error)
        self._connection.sendall(wire.load_reply(code, text))
        if code != 200:
            self._connection.shutdown(socket.SHUT_WR)
            raise SystemExit(1)
        self._service.set_cl_socket(self._connection)
        self._service.context.cl_socket = self._connection

    def serve(self):
        """Answers batches until the server disconnects."""
        command = self._reader.command
        while True:
            self._expect_predict(command())
            self._batch()

    def _expect_predict(self, command):
        if command != wire.PREDICT:
            raise wire.WireError(f"command {command:#x} (expected: {wire.PREDICT:#x}, PREDICT)")

    def _batch(self):
        ids, processors, inputs = self._reader.requests(RequestProcessor)
        service = self._service
        call = Call(service.context, ids, processors)
        output.hold()
        try:
            chunks = call.answer(service.entry_point, inputs)
            if self._lane is not None:
                inputs = processors = None
                self._lane.settle()
            self._send(chunks)
            call.report()
        finally:
            output.release()

    def _send(self, chunks):
        longest = self._longest
        if longest is not None:
            for chunk in chunks:
                if len(chunk) > longest:
                    logger.warning(
                        "an answer has %d bytes (expected: at most %d, max_response_size): the server ends this worker",
                        len(chunk),
                        longest,
                    )
        if self._answers:
            wire.send(self._connection, chunks)

    def serve_asynchronously(self, loop):
        """Runs each message as a task of its own; answers go out as they are ready, in any order."""
        over = loop.create_future()
        reader = threading.Thread(target=self._read_on, args=(loop, over), name="sluice-reader", daemon=True)
        reader.start()
        loop.run_until_complete(over)

    def _read_on(self, loop, over):
        tasks = set()
        reader = self._reader

        def start(message):
            task = loop.create_task(self._answer_later(*message))
            tasks.add(task)
            task.add_done_callback(done)

        def done(task):
            tasks.discard(task)
            if not task.cancelled() and task.exception() is not None:
                end(task.exception())

        def end(error):
            if not over.done():
                over.set_exception(error)

        try:
            while True:
                self._expect_predict(reader.command())
                loop.call_soon_threadsafe(start, reader.requests(RequestProcessor))
        except BaseException as error:
            try:
                loop.call_soon_threadsafe(end, error)
            except RuntimeError:
                pass  # the loop is closed: the worker has ended already

    async def _answer_later(self, ids, processors, inputs):
        service = self._service
        context = copy_for_request(service.context)
        call = Call(context, ids, processors)
        chunks = await call.answer_later(service.entry_point, inputs)
        self._send(chunks)
        call.report()


def copy_for_request(context):
    """A context for one of several requests that run at the same time; what the handler attached is shared."""
    own = copy.copy(context)
    if own.metrics is not None:
        own.metrics = copy.copy(own.metrics)
    return own


def load_model(message, metrics):
    """The service of the model that LOAD names."""
    metrics.model_name = message.model_name
    loader = ModelLoaderFactory.get_model_loader()
    return loader.load(
        message.model_name,
        message.model_path,
        message.handler,
        message.gpu_id,
        message.batch_size,
        message.envelope,
        message.limit_max_image_pixels,
        metrics,
    )


def load_failure(error):
    """Code and message that answer a LOAD that went wrong."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "CUDA" in str(error)):
        return 507, "System out of memory"
    return 500, tracebacks.brief(error)


class NoDefinitions(MetricsCacheYamlImpl):
    """Metrics without a file of definitions: handlers define theirs."""

    def __init__(self):
        super().__init__("none")

    def _parse_yaml_file(self, config_file_path) -> None:
        self._parsed_file = {}

    def initialize_cache(self) -> None:
        """Nothing to make."""


def metrics_of(path):
    """The metrics that a file defines; none without a file."""
    metrics = MetricsCacheYamlImpl(path) if path else NoDefinitions()
    metrics.initialize_cache()
    return metrics


def lane_of(options):
    """The memory shared with the server, if there is any."""
    if not options.shared_memory or options.asynchronous:
        return None
    return Lane(options.shared_memory, options.shared_memory_size)


def run(listener, options, lane):
    """The life of a worker."""
    output.install()
    loop = None
    if options.asynchronous:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    try:
        worker = Worker(accept(listener, options.watch_stdin), metrics_of(options.metrics_config), lane, options.max_response)
        worker.load()
        if loop is not None:
            worker.serve_asynchronously(loop)
        worker.serve()
    except (wire.Disconnected, ConnectionError):
        pass  # the server has gone, or wants this worker to go
    finally:
        output.finish()
    sys.exit(0)
