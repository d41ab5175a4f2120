// SPDX-License-Identifier: Apache-2.0
/**
 * A handler that does what each request tells it, so that a client can be tried against all that a server may answer: statuses,
 * headers, parts, refusals and failures.
 *
 * <p><b>Start here:</b> {@link com.example.script.ScriptHandler}.
 *
 * <p><b>Threads:</b> one handler answers for all instances of a model.
 *
 * <p><b>May not import:</b> anything of the server but the packages {@code dev.sluice.engine}, {@code inference}, {@code model} and
 * {@code tensor}: a handler's class loader has no more.
 */
@NullMarked
package com.example.script;

import org.jspecify.annotations.NullMarked;
