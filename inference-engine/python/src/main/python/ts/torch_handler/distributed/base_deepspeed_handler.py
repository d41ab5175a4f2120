# SPDX-License-Identifier: Apache-2.0
"""The base of handlers whose model DeepSpeed splits."""

import os
from abc import ABC

from ts.context import Context
from ts.torch_handler.base_handler import BaseHandler


class BaseDeepSpeedHandler(BaseHandler, ABC):
    """Takes the card of its rank; subclasses load the model."""

    def initialize(self, ctx: Context):
        self.device = int(os.getenv("LOCAL_RANK", "0"))
