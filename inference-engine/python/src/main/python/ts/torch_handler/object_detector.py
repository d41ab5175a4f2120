# SPDX-License-Identifier: Apache-2.0
"""``handler: object_detector``."""

from ..utils.util import map_class_to_label
from ._imaging import ImageProcessing
from .vision_handler import VisionHandler


class ObjectDetector(VisionHandler):
    """Says where in an image which objects are."""

    image_processing = ImageProcessing()
    threshold = 0.5

    def postprocess(self, data):
        """For each image the boxes whose score reaches ``threshold``, with label and score."""
        return [self._detections(row) for row in data]

    def _detections(self, row):
        kept = row["scores"] >= self.threshold
        detections = []
        for box, label, score in zip(*(row[key][kept].tolist() for key in ("boxes", "labels", "scores"))):
            (detection,) = map_class_to_label([[box]], self.mapping, [[label]])
            detection["score"] = score
            detections.append(detection)
        return detections
