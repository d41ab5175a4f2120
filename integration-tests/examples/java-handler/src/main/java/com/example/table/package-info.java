// SPDX-License-Identifier: Apache-2.0
/**
 * A handler as a user writes one: tables as text in, an object with a list of numbers for each column of the model's answer out.
 *
 * <p><b>Start here:</b> {@link com.example.table.TableHandler}, which the jar names to the server.
 *
 * <p><b>Threads:</b> one handler answers for all instances of a model.
 *
 * <p><b>May not import:</b> anything of the server but the packages {@code dev.sluice.engine}, {@code inference}, {@code model} and
 * {@code tensor}: a handler's class loader has no more.
 */
@NullMarked
package com.example.table;

import org.jspecify.annotations.NullMarked;
