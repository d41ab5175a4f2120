# SPDX-License-Identifier: Apache-2.0
"""The reader of settings for interpreters without PyYAML."""

import unittest

import worker_support  # noqa: F401

from sluice_worker import plain_yaml

DOCUMENTS = [
    ("", None),
    ("# nothing\n", None),
    ("a: 1\nb: [1, 2.5, 'x,y', {c: d}]\n", {"a": 1, "b": [1, 2.5, "x,y", {"c": "d"}]}),
    ("a:\n- 1\n- b: 2\n  c: 3\n- - x\n  - y\n", {"a": [1, {"b": 2, "c": 3}, ["x", "y"]]}),
    ("a: |\n  x\n   y\n\nb: >-\n  p\n  q\n", {"a": "x\n y\n", "b": "p q"}),
    ("a: \"x # y\" # z\nb: 'it''s'\nc: http://x:80/y\n", {"a": "x # y", "b": "it's", "c": "http://x:80/y"}),
    ("a: {x: 1, y: [a,\n  b]}\nb: no\nc: ~\n", {"a": {"x": 1, "y": ["a", "b"]}, "b": False, "c": None}),
    ("d: 1e-3\ne: 1.0e+3\ng: -5\nh: 1_000\nt: True\n", {"d": "1e-3", "e": 1000.0, "g": -5, "h": 1000, "t": True}),
    ("a:\n  x:\n    - a: 1\n      b:\n        - z\n    - c\n  y: \"a\\u00e9\\n\"\n", {"a": {"x": [{"a": 1, "b": ["z"]}, "c"], "y": "aé\n"}}),
    ("a: &x 5\nb: *x\nc: &l\n  - 1\nd: *l\n", {"a": 5, "b": 5, "c": [1], "d": [1]}),
    ("- 1\n- a: b\n", [1, {"a": "b"}]),
    ("a: text that\n  goes on\nb: 2\n", {"a": "text that goes on", "b": 2}),
    ("a: ''\nc: []\nd: {}\ne:\n", {"a": "", "c": [], "d": {}, "e": None}),
    ("torchrun:\n    nproc-per-node: 2\n\"k: y\": 1\n", {"torchrun": {"nproc-per-node": 2}, "k: y": 1}),
]
BROKEN = ["a: [1", "a: 'x", "a: 1\n   b: 2", "a: *none", "a: !tag x", "a:\n\t- 1", "a: {b: 1]", "<<: {a: 1}", 'a: "\\q"', "a: [1] 2"]


class PlainYamlTest(unittest.TestCase):
    def test_reads_what_settings_are_written_in(self):
        for text, expected in DOCUMENTS:
            self.assertEqual(expected, plain_yaml.read(text), text)

    def test_refuses_what_it_cannot_read(self):
        for text in BROKEN:
            with self.assertRaisesRegex(plain_yaml.PlainYamlError, "line [0-9]+", msg=text):
                plain_yaml.read(text)

    def test_reads_as_pyyaml_does(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("PyYAML is not installed")
        for text, _ in DOCUMENTS:
            self.assertEqual(yaml.safe_load(text), plain_yaml.read(text), text)


if __name__ == "__main__":
    unittest.main()
