// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.EngineSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Loads the native libraries through JavaCPP, which is told how by system properties alone and reads them once, when its first
 * class is initialised. They are as they were afterwards: another engine brings its own JavaCPP along, with other libraries.
 */
final class NativeBinding {
    private static final String PREFIX = "org.bytedeco.javacpp.";

    private NativeBinding() {}

    /**
     * The version of TensorFlow, loaded.
     *
     * @throws LinkageError if a library is not there or does not fit this machine
     */
    static String load(EngineSettings settings) {
        Map<String, Optional<String>> before = new LinkedHashMap<>();
        properties(settings)
                .forEach((key, value) ->
                        before.put(PREFIX + key, Optional.ofNullable(System.setProperty(PREFIX + key, value))));
        try {
            Loader.load(tensorflow.class);
            return tensorflow.TF_Version().getString();
        } finally {
            before.forEach((key, value) ->
                    value.ifPresentOrElse(was -> System.setProperty(key, was), () -> System.clearProperty(key)));
        }
    }

    private static Map<String, String> properties(EngineSettings settings) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("cachedir", settings.cacheDirectory().toAbsolutePath().toString());
        // We free what we make. Waiting for the collector costs a thread and a lock per native object, and hides leaks.
        properties.put("noPointerGC", "true");
        // By default it calls System.gc(), and then fails, once the whole process uses four times the heap's limit.
        properties.put("maxBytes", "0");
        properties.put("maxPhysicalBytes", "0");
        settings.nativeDirectory().ifPresent(directory -> {
            properties.put("platform.preloadpath", directory.toAbsolutePath().toString());
            properties.put("pathsFirst", "true");
            properties.put("cacheLibraries", "false");
        });
        return properties;
    }
}
