# SPDX-License-Identifier: Apache-2.0
"""A decorator that prints how long a function took."""

import functools
import time


def timeit(func):
    """Prints wall and CPU time of each call."""

    @functools.wraps(func)
    def timed_call(*args, **kwargs):
        wall, cpu = time.perf_counter(), time.process_time()
        result = func(*args, **kwargs)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"func: {func.__name__!r} took {wall:.4f} s, {cpu:.4f} s of CPU time")
        return result

    return timed_call
