// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataType;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Graphs of one node that do what the Java binding cannot, loaded beside a model that needs them. They run on the processors,
 * whatever the model does.
 *
 * <p><b>Threads:</b> safe from any thread once loaded; {@link #cast} and {@link #sameTexts} are called by the one that loads.
 *
 * <p><b>Ownership:</b> closing frees them; nothing they made may be used any longer.
 */
final class HelperGraphs implements AutoCloseable {
    /** Name of the only input of a cast. */
    static final String INPUT = "x";

    private final OrtEnvironment environment;
    private final Map<DataType, OrtSession> casts = new EnumMap<>(DataType.class);

    /** Written by the thread that loads the model. */
    private Optional<OrtSession> sameTexts = Optional.empty();

    HelperGraphs(OrtEnvironment environment) {
        this.environment = environment;
    }

    /** Makes {@code unsigned} integers of signed ones of the same width. */
    OrtSession cast(DataType unsigned) throws OrtException {
        OrtSession loaded = casts.get(unsigned);
        if (loaded == null) {
            loaded = load(environment, resource(unsigned.name().toLowerCase(Locale.ROOT) + ".onnx"));
            casts.put(unsigned, loaded);
        }
        return loaded;
    }

    /** Tells for each two texts of its inputs {@code left} and {@code right} whether they are the same. */
    OrtSession sameTexts() throws OrtException {
        if (sameTexts.isEmpty()) {
            sameTexts = Optional.of(load(environment, resource("sametexts.onnx")));
        }
        return sameTexts.get();
    }

    static OrtSession load(OrtEnvironment environment, byte[] graph) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            return environment.createSession(graph, options);
        }
    }

    /** The content of a file beside this class. */
    static byte[] resource(String name) {
        try (InputStream file = HelperGraphs.class.getResourceAsStream(name)) {
            if (file != null) {
                return file.readAllBytes();
            }
        } catch (IOException e) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "The engine's own jar is damaged at " + name, e);
        }
        throw new ServingException(ErrorCode.LOAD_FAILED, "The engine's own jar lacks " + name);
    }

    /** The tensor of a result that has one. */
    static OnnxTensor only(OrtSession.Result result) {
        if (result.get(0) instanceof OnnxTensor tensor) {
            return tensor;
        }
        throw new ServingException(ErrorCode.ENGINE_FAILED, "ONNX Runtime gave no tensor where one was declared");
    }

    static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "ONNX Runtime failed to unload a graph", e);
        }
    }

    @Override
    public void close() {
        casts.values().forEach(HelperGraphs::close);
        sameTexts.ifPresent(HelperGraphs::close);
    }
}
