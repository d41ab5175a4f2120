// SPDX-License-Identifier: Apache-2.0
/**
 * A handler for tests of protocols: tells its caller what reached it, and does what it is asked to.
 *
 * <p><b>Start here:</b> {@link com.example.probe.ProbeHandler}.
 *
 * <p><b>Threads:</b> one handler answers for all instances of a model.
 *
 * <p><b>May not import:</b> anything of the server but the packages {@code dev.sluice.engine}, {@code inference}, {@code model} and
 * {@code tensor}: a handler's class loader has no more.
 */
@NullMarked
package com.example.probe;

import org.jspecify.annotations.NullMarked;
