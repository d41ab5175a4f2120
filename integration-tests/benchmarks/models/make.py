# SPDX-License-Identifier: Apache-2.0
"""Writes the models that engines are measured with, random weights and all, to the folder named; nothing of it is committed.

mlp/, mlp.tflite            x, FP32 [rows, 64] -> y [rows, 10]; dense layers of 32 and 10
resnet18/, resnet18.tflite  image, FP32 [rows, 224, 224, 3] -> logits [rows, 1000]; 11.7 million parameters

Usage: python make.py <folder>; needs the package tensorflow 2.18.
"""

import pathlib
import sys

import keras
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def mlp():
    x = keras.Input((64,), name="x")
    return keras.Model(x, layers.Dense(10)(layers.Dense(32, activation="relu")(x))), "x", "y"


def convolution(x, filters, size, stride):
    x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def block(x, filters, stride):
    """Two convolutions and a way around them."""
    y = layers.ReLU()(convolution(x, filters, 3, stride))
    y = convolution(y, filters, 3, 1)
    if stride > 1 or x.shape[-1] != filters:
        x = convolution(x, filters, 1, stride)
    return layers.ReLU()(layers.Add()([x, y]))


def resnet18():
    image = keras.Input((224, 224, 3), name="image")
    x = layers.ReLU()(convolution(image, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for filters, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        x = block(block(x, filters, stride), filters, 1)
    return keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x))), "image", "logits"


def write(folder, name, made):
    model, taken, given = made
    shape = [None, *model.input_shape[1:]]

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name=taken)])
    def serve(rows):
        return {given: model(rows, training=False)}

    # TensorFlow's own save() does not see the variables of a model of Keras 3.
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", serve)
    archive.write_out(str(folder / name), verbose=False)
    frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    (folder / f"{name}.tflite").write_bytes(converter.convert())


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(18)
    write(folder, "mlp", mlp())
    write(folder, "resnet18", resnet18())


if __name__ == "__main__":
    main()
