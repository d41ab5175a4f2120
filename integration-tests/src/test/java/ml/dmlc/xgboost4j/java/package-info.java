// SPDX-License-Identifier: Apache-2.0
/** One class that stands in for a library. */
@NullMarked
package ml.dmlc.xgboost4j.java;

import org.jspecify.annotations.NullMarked;
