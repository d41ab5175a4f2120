// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.natives.serving;

import ml.dmlc.xgboost4j.java.Standin;

public record S(Standin booster) {}
