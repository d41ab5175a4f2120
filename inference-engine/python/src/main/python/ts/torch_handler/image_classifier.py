# SPDX-License-Identifier: Apache-2.0
"""``handler: image_classifier``."""

from ts.handler_utils.timer import timed

from ..utils.util import map_class_to_label
from ._imaging import IMAGENET_MEAN, IMAGENET_STD, ImageProcessing
from ._optional import need
from .vision_handler import VisionHandler


class ImageClassifier(VisionHandler):
    """Says what is in an image: the most probable classes and their probabilities."""

    topk = 5
    image_processing = ImageProcessing(resize=256, crop=224, mean=IMAGENET_MEAN, std=IMAGENET_STD)

    def set_max_result_classes(self, topk):
        """How many classes an answer names."""
        self.topk = topk

    def get_max_result_classes(self):
        """How many classes an answer names."""
        return self.topk

    @timed
    def postprocess(self, data):
        """For each image the classes by falling probability; all of them where the model has fewer than ``topk``."""
        torch = need("torch", "image_classifier")
        shares = torch.nn.functional.softmax(data, dim=1)
        probabilities, classes = torch.topk(shares, min(self.topk, shares.shape[1]), dim=1)
        return map_class_to_label(probabilities.tolist(), self.mapping, classes.tolist())
