// SPDX-License-Identifier: Apache-2.0
/**
 * Reads {@code tokenizer.json} with Hugging Face's own library.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.tokenizers.HuggingFaceProvider};
 * {@link dev.sluice.engine.tokenizers.TokenizerFile} says why files are read twice.
 *
 * <p><b>Threads:</b> all of it is safe from any thread.
 *
 * <p><b>May not import:</b> other engines, handlers, {@code scheduling} or anything after it.
 */
@NullMarked
package dev.sluice.engine.tokenizers;

import org.jspecify.annotations.NullMarked;
