# SPDX-License-Identifier: Apache-2.0
"""What a worker does to itself before it runs foreign code: it dies with the server and takes limits upon itself."""

import argparse
import fcntl
import math
import os
import signal
import threading


def _flags():
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    parser.add_argument("--memory", type=_bytes, help="bytes of memory the process may take")
    parser.add_argument("--cpus", type=_cpus, help="processors the process may use")
    return parser


def _bytes(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} (expected: 1 or more)")
    return number


def _cpus(text):
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} (expected: more than 0)")
    return number


def serve_options(arguments):
    """The options of our own worker."""
    parser = argparse.ArgumentParser(prog="sluice_worker serve", parents=[_flags()], allow_abbrev=False)
    parser.add_argument("--sock-type", required=True, choices=["unix", "tcp"])
    parser.add_argument("--sock-name", help="path of the socket")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int)
    parser.add_argument("--metrics-config", help="YAML file that defines metrics")
    parser.add_argument("--async", dest="asynchronous", action="store_true", help="answer in any order")
    parser.add_argument("--max-response", type=_bytes, help="bytes that the server takes as an answer")
    parser.add_argument("--shared-memory", help="file that the server puts tensors into")
    parser.add_argument("--shared-memory-size", type=_bytes, default=0)
    return parser.parse_args(arguments)


def original_options(arguments):
    """The options for hosting TorchServe's own worker, and that worker's arguments, which follow ``--``."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="sluice_worker original", parents=[_flags()], allow_abbrev=False)
    return parser.parse_args(arguments[:cut]), arguments[cut + 1 :]


def enter_session():
    """Makes the process the head of its own group, so that its children can be ended with it."""
    try:
        os.setsid()
    except PermissionError:
        pass  # it is the head of a group already


def apply(options):
    """Limits, then the watch over standard input. To be called before any other thread runs."""
    if options.memory:
        _limit_memory(options.memory)
    if options.cpus:
        _limit_cpus(options.cpus)
    if options.watch_stdin:
        watch_stdin()


def _limit_memory(size):
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _limit_cpus(number):
    allowed = sorted(os.sched_getaffinity(0))
    count = min(len(allowed), math.ceil(number))
    # Workers begin at different processors, lest all share the first.
    start = os.getpid() % len(allowed)
    os.sched_setaffinity(0, {allowed[(start + at) % len(allowed)] for at in range(count)})


def watch_stdin():
    """Ends the process and its children once standard input reaches its end, which is when the server is gone.

    Two ways, for one alone would do no good while native code of a handler keeps all threads of Python from running:
    the kernel itself sends SIGKILL when the other end of the pipe is closed, and a thread that reads does as much
    where the kernel does not do that.
    """
    try:
        # Opened anew, for ranks of torchrun share what they inherit, and who gets the signal is said once for all then.
        held = os.open("/proc/self/fd/0", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        held = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # what the handler and its children read is empty, and the pipe is not theirs
    os.close(nothing)
    threading.Thread(target=_end_with, args=(held,), name="sluice-watch", daemon=True).start()
    try:
        fcntl.fcntl(held, fcntl.F_SETOWN, -os.getpgrp() if os.getpgrp() == os.getpid() else os.getpid())
        fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(held, fcntl.F_SETFL, fcntl.fcntl(held, fcntl.F_GETFL) | os.O_ASYNC)
    except (AttributeError, OSError):
        pass  # not this kernel: the thread has to do


def _end_with(descriptor):
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:
        pass  # what cannot be read has ended too
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)
