// SPDX-License-Identifier: Apache-2.0
/**
 * The built-in handlers, TorchServe's and our own: what turns a request's bytes into rows of a model's input, and rows of its output into
 * the bytes of an answer.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.handler.RowCodec} is what a handler has to say;
 * {@link dev.sluice.engine.handler.RowInstance} does the rest for all of them;
 * {@link dev.sluice.engine.handler.BaseHandlerProvider} is the smallest example. What images and sounds are made of is
 * in packages of its own, {@code image} and {@code audio}. Models that keep a state
 * from call to call are another matter: {@link dev.sluice.engine.handler.TextGenerationProvider},
 * {@link dev.sluice.engine.handler.StatefulProvider}.
 *
 * <p><b>Threads:</b> providers and models are safe from any thread; codecs and instances are used by one thread at a
 * time.
 *
 * <p><b>May not import:</b> any engine, {@code scheduling} or anything after it. Who runs the tensors is unknown here.
 */
@NullMarked
package dev.sluice.engine.handler;

import org.jspecify.annotations.NullMarked;
