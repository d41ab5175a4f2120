// SPDX-License-Identifier: Apache-2.0
/**
 * The service provider interface of engines and built-in handlers: what runs a model, and what stands between a request's
 * bytes and the model's tensors.
 *
 * <p><b>Start here:</b> to add an engine, {@link dev.sluice.engine.EngineProvider} and
 * {@link dev.sluice.engine.TensorInstance}; to add a handler, {@link dev.sluice.engine.HandlerProvider} and, for one that is a single method,
 * {@link dev.sluice.engine.HandledModel}; for metrics of a handler's own, {@link dev.sluice.engine.HandlerMetrics}; to read {@code tokenizer.json} files, {@link dev.sluice.engine.TokenizerProvider}; to see how the
 * two are put together for one model, {@link dev.sluice.engine.CatalogModelLoader}; for what a model is asked before it serves,
 * {@link dev.sluice.engine.Sample}. A {@link dev.sluice.engine.ModelInstance} answers a batch as a whole; those that answer in parts or later
 * are {@link dev.sluice.engine.StreamingInstance}s, those that work step by step {@link dev.sluice.engine.IterationEngine}s.
 *
 * <p><b>Threads:</b> providers, engines and loaded models are safe from any thread; a
 * {@link dev.sluice.engine.ModelInstance} is used by one thread at a time, not always the
 * same.
 *
 * <p><b>May not import:</b> {@code scheduling}, {@code lifecycle}, {@code serving}. Queues and protocols are unknown here.
 */
@NullMarked
package dev.sluice.engine;

import org.jspecify.annotations.NullMarked;
