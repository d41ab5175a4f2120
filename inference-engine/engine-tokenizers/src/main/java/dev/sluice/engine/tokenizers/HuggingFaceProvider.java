// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.TokenizerTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Opens tokenizers with Hugging Face's library, through DJL's binding to it.
 *
 * <p>DJL takes its settings from system properties and the environment alone, and reads them when its first class is
 * initialised, so this is the place that sets them. Source: spec/engines.md section 3.7.
 */
public final class HuggingFaceProvider implements TokenizerProvider {
    /** What operators call it. */
    static final String ID = "tokenizers";

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "Hugging Face tokenizers",
                "0.21.0",
                "Apache-2.0",
                List.of("tokenizer.json beside any model, for the text handlers"),
                "one tokenizer for a model's instances, which use it at once",
                List.of("cpu"),
                List.of("vocab.txt and SentencePiece files without a tokenizer.json"));
    }

    @Override
    public TokenizerTrial trial() {
        return new TokenizerTrial("/dev/sluice/engine/tokenizers/trial/tokenizer.json", "one two", List.of(1, 2));
    }

    @Override
    public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
        TokenizerFile read = TokenizerFile.read(file);
        loadLibrary(settings);
        return HuggingFaceTokenizer.open(TokenizersLibrary.LIB, read, options);
    }

    /** Loads it at the first call; later ones hear whether that went well. */
    private static synchronized void loadLibrary(EngineSettings settings) {
        properties(settings).forEach(System::setProperty);
        try {
            LibUtils.checkStatus();
        } catch (EngineException | LinkageError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "The tokenizers' native library does not load (expected: the engine pack built for this system and"
                            + " processor; install that one)",
                    e);
        }
    }

    /** DJL's settings for a server: no network, no file outside the cache directory. */
    static Map<String, String> properties(EngineSettings settings) {
        String cache = settings.cacheDirectory().toAbsolutePath().toString();
        Map<String, String> properties = new LinkedHashMap<>();
        // Named down to the file, the library is loaded as it lies there: nothing looks for graphics cards or unpacks.
        settings.nativeDirectory()
                .map(HuggingFaceProvider::library)
                .ifPresent(file -> properties.put("RUST_LIBRARY_PATH", file.toString()));
        properties.put("RUST_FLAVOR", "cpu");
        properties.put("ai.djl.offline", "true");
        properties.put("OPT_OUT_TRACKING", "true");
        properties.put("DJL_CACHE_DIR", cache);
        properties.put("ENGINE_CACHE_DIR", cache);
        properties.put("jna.tmpdir", cache);
        return properties;
    }

    private static Path library(Path directory) {
        String name = System.mapLibraryName("tokenizers");
        Path file = directory.resolve(name).toAbsolutePath();
        if (!Files.isRegularFile(file)) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "Native library " + name + " of engine '" + ID
                            + "' is missing (expected: in the engine pack's native folder; install the pack again)");
        }
        return file;
    }
}
