# SPDX-License-Identifier: Apache-2.0
"""The base of handlers that take images."""

import base64
import io
from abc import ABC

from ts.handler_utils.timer import timed

from ._attribution import integrated_gradients
from ._optional import have, need
from ._tensors import is_tensor, to_torch, value_of
from .base_handler import BaseHandler


class VisionHandler(BaseHandler, ABC):
    """Makes a batch of the images of its requests; subclasses say in ``image_processing`` how one becomes a tensor."""

    def initialize(self, context):
        super().initialize(context)
        self.ig = integrated_gradients(self.model)
        self.initialized = True
        images = have("PIL.Image")
        if images is not None and not context.system_properties.get("limit_max_image_pixels"):
            images.MAX_IMAGE_PIXELS = None

    @timed
    def preprocess(self, data):
        """Images as bytes, in Base64, or as lists of numbers or tensors that need no processing any more."""
        torch = need("torch", "an image handler")
        return torch.stack([self._image(value_of(row), torch) for row in data]).to(self.device)

    def _image(self, value, torch):
        if isinstance(value, str):
            value = base64.b64decode(value)
        if isinstance(value, (bytes, bytearray)):
            images = need("PIL.Image", "an image handler", "pillow")
            return self.image_processing(images.open(io.BytesIO(value)))
        if is_tensor(value):
            return self._only_image(to_torch(value, torch).to(torch.float32))
        return torch.tensor(value, dtype=torch.float32)

    def _only_image(self, tensor):
        """One request is answered for one image, which a tensor may bring as a batch of one."""
        if tensor.dim() != 4:
            return tensor
        if tensor.shape[0] != 1:
            raise ValueError(f"shape: {list(tensor.shape)} (expected: one image for each request)")
        return tensor[0]

    def get_insights(self, tensor_data, _, target=0):
        """How much each number of the image says for the class ``target``, by integrated gradients."""
        return self.ig.attribute(tensor_data, target=target, n_steps=15).tolist()
