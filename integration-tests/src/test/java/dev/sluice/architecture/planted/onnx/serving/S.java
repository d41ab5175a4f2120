// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.onnx.serving;

import ai.onnxruntime.OnnxTensor;

public record S(OnnxTensor tensor) {}
