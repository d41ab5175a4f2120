# SPDX-License-Identifier: Apache-2.0
"""The original's module, where its package is installed beside the interpreter; we have none of our own."""

from ts.torch_handler._optional import take_over

take_over(globals(), "ts.handler_utils.distributed.pt_pippy")
