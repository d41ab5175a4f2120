# SPDX-License-Identifier: Apache-2.0
"""Times the steps of a handler when its model's YAML asks for it.

The YAML has to say ``handler: {profile: true}``.
"""

import functools
import sys
import time


def timed(func):
    """Reports the duration of a handler's method as metric ``ts_handler_{method}``, in milliseconds."""

    @functools.wraps(func)
    def wrap_func(self, *args, **kwargs):
        if not _wanted(self.context):
            return func(self, *args, **kwargs)
        cuda = _cuda()
        if cuda is not None:
            result, duration = _on_device(cuda, func, self, args, kwargs)
        else:
            started = time.perf_counter()
            result = func(self, *args, **kwargs)
            duration = (time.perf_counter() - started) * 1000
        self.context.metrics.add_time("ts_handler_" + func.__name__, duration)
        return result

    return wrap_func


def _wanted(context):
    settings = context.model_yaml_config if context else None
    return bool(settings and (settings.get("handler") or {}).get("profile"))


def _cuda():
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None


def _on_device(cuda, func, self, args, kwargs):
    begin, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    begin.record()
    result = func(self, *args, **kwargs)
    end.record()
    cuda.synchronize()
    return result, begin.elapsed_time(end)
