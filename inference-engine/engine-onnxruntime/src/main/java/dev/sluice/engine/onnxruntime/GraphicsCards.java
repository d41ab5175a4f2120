// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.NativeMessage;
import dev.sluice.model.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The graphics cards that the runtime at hand can use, found out by loading a tiny model on one after the other until one fails. Only
 * the runtime's GPU build tries at all.
 */
final class GraphicsCards {
    private static final int MOST = 64;

    /** What the loader says of a library that another one needs and that is not there. */
    private static final Pattern MISSING =
            Pattern.compile("(lib[\\w.+-]+\\.so[.\\d]*): cannot open shared object file");

    private static final String CUDA_LIBRARY = "onnxruntime_providers_cuda";

    private GraphicsCards() {}

    /** What {@code environment} can load models on; {@code nativeDirectory} is where its libraries lie. */
    static EngineInfo find(OrtEnvironment environment, Optional<Path> nativeDirectory) {
        if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
            return EngineInfo.ofProcessors(OnnxRuntimeProvider.ID, environment.getVersion());
        }
        byte[] trial = HelperGraphs.resource("double.onnx");
        List<Device> devices = new ArrayList<>(List.of(Device.CPU));
        String end = "";
        for (int index = 0; index < MOST && end.isEmpty(); index++) {
            end = failure(environment, trial, index, nativeDirectory);
            if (end.isEmpty()) {
                devices.add(Device.cuda(index));
            }
        }
        String acceleration = devices.size() > 1
                ? "built for CUDA; cards that work: " + (devices.size() - 1)
                : "built for CUDA, but no card works: " + end;
        return new EngineInfo(OnnxRuntimeProvider.ID, environment.getVersion(), devices, acceleration);
    }

    /** Why card {@code index} cannot be used; empty if it can. */
    private static String failure(OrtEnvironment environment, byte[] trial, int index, Optional<Path> nativeDirectory) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            options.addCUDA(index);
            environment.createSession(trial, options).close();
            return "";
        } catch (OrtException e) {
            String reason = String.valueOf(e.getMessage());
            return reason.contains("Failed to load shared library")
                    ? missingLibrary(loaderMessage(nativeDirectory))
                    : NativeMessage.clean(OnnxErrors.withoutPrefix(reason));
        }
    }

    /**
     * What the loader says of the library that the runtime failed to load and does not name: only called then, so that it fails here,
     * too, and before any of its code runs.
     */
    private static String loaderMessage(Optional<Path> nativeDirectory) {
        if (nativeDirectory.isEmpty()) {
            return "";
        }
        Path library = nativeDirectory.get().resolve(System.mapLibraryName(CUDA_LIBRARY));
        try {
            System.load(library.toAbsolutePath().toString());
            return "";
        } catch (UnsatisfiedLinkError e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** The loader's message in our words. */
    static String missingLibrary(String loaderMessage) {
        Matcher matcher = MISSING.matcher(loaderMessage);
        return matcher.find()
                ? matcher.group(1) + " is missing (expected: CUDA 12 and cuDNN 9 where the system looks for libraries)"
                : "its CUDA library does not load (expected: " + System.mapLibraryName(CUDA_LIBRARY)
                        + " in the pack's native folder, and CUDA 12 and cuDNN 9 where the system looks for libraries)";
    }
}
