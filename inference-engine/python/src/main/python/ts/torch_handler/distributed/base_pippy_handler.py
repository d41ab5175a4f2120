# SPDX-License-Identifier: Apache-2.0
"""The base of handlers whose model PiPPy cuts into stages."""

import os
from abc import ABC

from ts.torch_handler._optional import need
from ts.torch_handler.base_handler import BaseHandler


class BasePippyHandler(BaseHandler, ABC):
    """Takes the card of its rank and joins the other ranks; subclasses load the model."""

    def initialize(self, ctx):
        from ts.handler_utils.distributed.pt_pippy import initialize_rpc_workers

        self.local_rank = int(os.environ["LOCAL_RANK"])
        self.world_size = int(os.environ["WORLD_SIZE"])
        cards = need("torch", "BasePippyHandler").cuda.device_count()
        if not cards:
            raise RuntimeError("No graphics card found (expected: at least one, PiPPy places its stages on cards)")
        self.device = self.local_rank % cards
        initialize_rpc_workers(self.local_rank, self.world_size, ctx)
