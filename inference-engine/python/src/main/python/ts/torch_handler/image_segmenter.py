# SPDX-License-Identifier: Apache-2.0
"""``handler: image_segmenter``."""

from ._imaging import IMAGENET_MEAN, IMAGENET_STD, ImageProcessing
from ._optional import need
from .vision_handler import VisionHandler


class ImageSegmenter(VisionHandler):
    """Says for each pixel of an image which class it belongs to.

    The answer has the most probable class and its probability for each pixel; those of all classes would be too long.
    """

    image_processing = ImageProcessing(resize=256, crop=224, mean=IMAGENET_MEAN, std=IMAGENET_STD)

    def postprocess(self, data):
        """For each image its rows of pixels, each the class's number and its probability."""
        torch = need("torch", "image_segmenter")
        best = torch.max(torch.nn.functional.softmax(data["out"], dim=1), dim=1)
        return torch.stack([best.indices.type(best.values.dtype), best.values], dim=3).tolist()
