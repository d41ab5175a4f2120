// SPDX-License-Identifier: Apache-2.0
/**
 * What text handlers do with words and numbers, knowing nothing of requests and models: cleaning text as TorchServe does, reading
 * the vocabularies it was trained with, and choosing answers and entities as transformers' pipelines do.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.handler.text.TextCleaner}, {@link dev.sluice.engine.handler.text.SourceVocabulary},
 * {@link dev.sluice.engine.handler.text.AnswerSpans}.
 *
 * <p><b>Threads:</b> all of it is safe from any thread, but for {@code AnswerSpans} and the reader of pickles, which are used by one.
 *
 * <p><b>May not import:</b> {@code dev.sluice.engine.handler}, any engine, {@code scheduling} or anything after it.
 */
@NullMarked
package dev.sluice.engine.handler.text;

import org.jspecify.annotations.NullMarked;
