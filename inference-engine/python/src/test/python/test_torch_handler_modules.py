# SPDX-License-Identifier: Apache-2.0
"""What handlers import, with none of the packages they compute with: modules, text, attribution, streaming."""

import importlib
import inspect
import math
import sys
import tempfile
import types
import unittest
from pathlib import Path

from torch_handler_stand_ins import Numbers, without_packages

HANDLERS = {
    "base_handler": "BaseHandler",
    "vision_handler": "VisionHandler",
    "image_classifier": "ImageClassifier",
    "image_segmenter": "ImageSegmenter",
    "object_detector": "ObjectDetector",
    "text_handler": "TextHandler",
    "text_classifier": "TextClassifier",
    "densenet_handler": "DenseNetHandler",
    "distributed.base_deepspeed_handler": "BaseDeepSpeedHandler",
    "distributed.base_pippy_handler": "BasePippyHandler",
    "request_envelope.body": "BodyEnvelope",
    "request_envelope.json": "JSONEnvelope",
    "request_envelope.kserve": "KServeEnvelope",
    "request_envelope.kservev2": "KServev2Envelope",
}
ORIGINALS = ["torch_handler.vllm_handler", "torch_handler.trt_llm_handler", "torch_handler.dali_image_classifier",
             "handler_utils.distributed.deepspeed", "handler_utils.distributed.pt_pippy"]  # fmt: skip


def fresh(name):
    """The module, imported anew."""
    sys.modules.pop(name, None)
    return importlib.import_module(name)


class Modules(unittest.TestCase):
    def test_import_without_any_package_and_hold_the_one_class_a_loader_finds(self):
        # Seen to fail when vision_handler imported PIL at its top.
        with without_packages():
            for name, expected in HANDLERS.items():
                module = fresh(f"ts.torch_handler.{name}")
                own = [each for each, kind in inspect.getmembers(module, inspect.isclass)
                       if kind.__module__ == module.__name__]  # fmt: skip
                self.assertEqual(own, [expected], name)

    def test_what_we_do_not_have_says_where_it_comes_from(self):
        for name in ORIGINALS:
            with without_packages(), self.assertRaisesRegex(ImportError, "torchserve==0.12.0"):
                fresh(f"ts.{name}")

    def test_what_we_do_not_have_comes_from_an_installed_original(self):
        package = importlib.import_module("ts.torch_handler")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "vllm_handler.py").write_text("from .base_handler import BaseHandler\nclass V(BaseHandler): pass\n")
            package.__path__.append(folder)
            try:
                module = fresh("ts.torch_handler.vllm_handler")
            finally:
                package.__path__.remove(folder)
                sys.modules.pop("ts.torch_handler.vllm_handler", None)
        self.assertEqual(module.V.__module__, "ts.torch_handler.vllm_handler")
        self.assertEqual(module.__file__, str(Path(folder, "vllm_handler.py")))


class Text(unittest.TestCase):
    def handler(self):
        with without_packages():
            return fresh("ts.torch_handler.text_classifier").TextClassifier()

    def test_contractions(self):
        expand = self.handler()._expand_contractions
        self.assertEqual(expand("don't they've I'm he's y'all"), "do not they have I am he is you all")
        self.assertEqual(expand("Can't"), "Cannot")
        self.assertEqual(expand("I'd've"), "I wouldve")  # the short form is found first, as ever
        self.assertEqual(expand("dog's"), "dogs")

    def test_each_contraction_has_a_meaning(self):
        from ts.torch_handler.contractions import CONTRACTION_MAP

        self.assertEqual(len(CONTRACTION_MAP), 123)
        self.assertEqual(CONTRACTION_MAP["so's"], "so as")
        self.assertEqual(CONTRACTION_MAP["he'll've"], "he will have")

    def test_cleaning(self):
        handler = self.handler()
        self.assertEqual(handler._remove_html_tags("<b>a</b>&amp;b"), "ab")
        self.assertEqual(handler._remove_accented_characters("café"), "cafe")
        self.assertEqual(handler._remove_puncutation("a, b."), "a b")
        self.assertEqual(handler.get_word_token(["Ġthe", "cat"]), ["the", "cat"])

    def test_several_texts_stay_apart(self):
        handler = self.handler()
        handler.source_vocab = {"a": 1, "b": 2, "a b": 3}
        torch = types.ModuleType("torch")
        torch.as_tensor = lambda values, device: list(values)
        with without_packages(torch=torch):
            numbers, tokens = handler.preprocess([{"data": b"A, <i>b</i>!"}, {"body": "b"}])
            self.assertEqual((numbers, tokens), ([[1, 2, 3], [2]], [["a", "b"], ["b"]]))
            self.assertEqual(handler.preprocess([{"body": "b"}]), ([2], ["b"]))

    def test_missing_vocabulary_is_named(self):
        context = types.SimpleNamespace(system_properties={"model_dir": "/nowhere"})
        with self.assertRaisesRegex(RuntimeError, "source_vocab.pt is not in the archive"):
            self.handler().get_source_vocab_path(context)


class Attribution(unittest.TestCase):
    def test_positions_integrate_polynomials_exactly(self):
        from ts.torch_handler._attribution import gauss_legendre

        for count in (1, 2, 15, 50):
            pairs = gauss_legendre(count)
            for degree in range(2 * count):
                integral = math.fsum(weight * position**degree for position, weight in pairs)
                self.assertAlmostEqual(integral, 1 / (degree + 1), places=12)


class Streams(unittest.TestCase):
    def setUp(self):
        streamers = types.ModuleType("transformers.generation.streamers")
        streamers.BaseStreamer = object
        streamers.TextIteratorStreamer = TextStream
        modules = {
            "transformers": types.ModuleType("transformers"),
            "transformers.generation": types.ModuleType("transformers.generation"),
            "transformers.generation.streamers": streamers,
        }
        with without_packages(**modules):
            self.kind = fresh("ts.handler_utils.hf_batch_streamer").TextIteratorStreamerBatch

    def test_gives_one_piece_for_each_sequence_until_all_have_ended(self):
        batch = self.kind("tokenizer", 2)
        batch.streamers[0].pieces = ["a", "b"]
        batch.streamers[1].pieces = ["c"]
        batch.end()
        texts = [[each["text"] for each in pieces] for pieces in batch]
        self.assertEqual(texts, [["a", "c"], ["b", ""]])
        self.assertEqual(batch.streamers[0].ended, 1)

    def test_refuses_another_number_of_sequences(self):
        with self.assertRaisesRegex(ValueError, r"3 sequences \(expected: 2"):
            self.kind("tokenizer", 2).put(Rows([1, 2, 3]))

    def test_tokens_go_to_their_sequence(self):
        batch = self.kind("tokenizer", 2)
        batch.put(Rows([1, 2]))
        self.assertEqual([stream.got for stream in batch.streamers], [[[1]], [[2]]])

    def test_missing_transformers_is_named(self):
        with without_packages(), self.assertRaisesRegex(ImportError, "needs the package transformers"):
            fresh("ts.handler_utils.hf_batch_streamer")


class TextStream:
    """A streamer of one sequence."""

    def __init__(self, tokenizer, skip_prompt, timeout, **options):
        self.pieces, self.got, self.ended = [], [], 0

    def put(self, rows):
        self.got.append(rows)

    def end(self):
        self.ended += 1

    def __iter__(self):
        return iter(self.pieces) if self.pieces else _later(self)


def _later(stream):
    yield from stream.pieces


class Rows(Numbers):
    """Tokens of several sequences."""

    @property
    def shape(self):
        return (len(self.values),)

    def __getitem__(self, rows):
        return self.values[rows]


if __name__ == "__main__":
    unittest.main()
