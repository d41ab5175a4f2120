# SPDX-License-Identifier: Apache-2.0
"""Writes the models of this module's tests, and the one the engine is tried with.

../../main/resources/dev/sluice/engine/tensorflow/
  saved_model.pb  doubled = 2 x; FP32 [rows, 3], without variables
here, a SavedModel each
  keras           a model of Keras 3 with two dense layers, as model.export() writes it; reference.json has rows and answers
  types           out_T = in_T for each type T, as [rows, 2]
  strings         loud = text in capitals, strings, [rows, 1] as [rows, 1]
  vocabulary      number = place of word in the vocabulary, which is an asset, -1 if not there; strings [rows] to INT64 [rows]
  two             sum = zeta + alpha, difference = zeta - alpha, FP32 [rows, 2]
  signatures      serving_default doubles, triple triples, both x to y, FP32 [rows, 2]
  unusual         one signature only, called predict: y = x + 1, FP32 [rows, 2]
  ambiguous       two signatures, first and second
  table           entry = row number index of a table of three, INT32 [rows] to FP32 [rows, 2]
  shapeless       an input of no declared rank
  reading         content = what is in the file called name, strings [1]
  printing        y = x, and prints it into a file called never
  keeping         before = what x was in the call before, FP32 [1]: a variable keeps the input

Usage: python make_models.py; needs the package tensorflow 2.18.
"""

import json
import pathlib
import shutil

import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).parent
MAIN = HERE.parent.parent / "main/resources/dev/sluice/engine/tensorflow"
TYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()


def spec(shape, name, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype, name=name)


def save(folder, signatures, module=None):
    """Signatures as name: (function, specs)."""
    module = module or tf.Module()
    functions = {}
    for name, (function, specs) in signatures.items():
        functions[name] = tf.function(function, input_signature=specs)
        setattr(module, "run_" + name, functions[name])
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(module, str(folder), signatures=functions)
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def keras():
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2, activation="softmax")]
    )
    shutil.rmtree(HERE / "keras", ignore_errors=True)
    model.export(str(HERE / "keras"))
    (HERE / "keras/fingerprint.pb").unlink(missing_ok=True)
    rows = np.array([[1, 2, 3, 4], [-1, 0, 0.5, 2]], np.float32)
    answers = model.predict(rows, verbose=0)
    (HERE / "keras/reference.json").write_text(
        json.dumps({"rows": rows.tolist(), "answers": answers.tolist()}, indent=2) + "\n"
    )


def vocabulary():
    # The model keeps the name of the file as it is given here: one that says nothing of this machine.
    words = pathlib.Path("words.txt")
    words.write_text("the\ncat\nsat\n")
    module = tf.Module()
    module.words = tf.saved_model.Asset(str(words))
    module.table = tf.lookup.StaticHashTable(
        tf.lookup.TextFileInitializer(
            module.words.asset_path,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        -1,
    )
    save(
        HERE / "vocabulary",
        {"serving_default": (lambda word: {"number": module.table.lookup(word)}, [spec([None], "word", tf.string)])},
        module,
    )
    words.unlink()


def keeping():
    module = tf.Module()
    module.kept = tf.Variable([0.0])

    def run(x):
        before = tf.identity(module.kept.read_value()) + 0
        with tf.control_dependencies([before]):
            module.kept.assign(x)
        return {"before": before}

    save(HERE / "keeping", {"serving_default": (run, [spec([1], "x")])}, module)


def main():
    two = [spec([None, 2], "x")]
    save(HERE / "tmp", {"serving_default": (lambda x: {"doubled": 2 * x}, [spec([None, 3], "x")])})
    shutil.copy(HERE / "tmp/saved_model.pb", MAIN / "saved_model.pb")
    shutil.rmtree(HERE / "tmp")
    keras()
    types()
    save(
        HERE / "strings",
        {
            "serving_default": (
                lambda text: {"loud": tf.strings.upper(text, encoding="utf-8")},
                [spec([None, 1], "text", tf.string)],
            )
        },
    )
    vocabulary()
    save(
        HERE / "two",
        {
            "serving_default": (
                lambda zeta, alpha: {"sum": zeta + alpha, "difference": zeta - alpha},
                [spec([None, 2], "zeta"), spec([None, 2], "alpha")],
            )
        },
    )
    save(
        HERE / "signatures",
        {"serving_default": (lambda x: {"y": 2 * x}, two), "triple": (lambda x: {"y": 3 * x}, two)},
    )
    save(HERE / "unusual", {"predict": (lambda x: {"y": x + 1}, two)})
    save(HERE / "ambiguous", {"first": (lambda x: {"y": x + 1}, two), "second": (lambda x: {"y": x + 2}, two)})
    table = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    save(
        HERE / "table",
        {"serving_default": (lambda index: {"entry": tf.gather(table, index)}, [spec([None], "index", tf.int32)])},
    )
    save(HERE / "shapeless", {"serving_default": (lambda x: {"y": x + 1}, [spec(None, "x")])})
    save(
        HERE / "reading",
        {
            "serving_default": (
                lambda name: {"content": tf.map_fn(tf.io.read_file, name)},
                [spec([1], "name", tf.string)],
            )
        },
    )
    save(HERE / "printing", {"serving_default": (printing, two)})
    keeping()


def printing(x):
    tf.print(x, output_stream="file://never")
    return {"y": tf.identity(x)}


def types():
    specs = [spec([None, 2], "in_" + name, tf.as_dtype(name)) for name in TYPES]

    def run(*inputs):
        return {"out_" + name: tf.identity(value) for name, value in zip(TYPES, inputs)}

    save(HERE / "types", {"serving_default": (run, specs)})


if __name__ == "__main__":
    main()
