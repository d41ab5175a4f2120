// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * The bytes of a model's file, verified, and what makes interpreters of them. The bytes are a copy in memory: interpreters read
 * weights where they lie for as long as they live, and a file that is mapped and then cut short ends the process.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closing frees the bytes; every interpreter must have been closed before.
 */
final class FlatModel implements AutoCloseable {
    /** Offsets in the format are 32 bits with a sign. */
    private static final long LARGEST = Integer.MAX_VALUE;

    private final String file;
    private final int threads;
    private final BytePointer bytes;
    private final FlatBufferModel model;
    private final BuiltinOpResolver resolver;

    private FlatModel(String file, int threads, BytePointer bytes, FlatBufferModel model) {
        this.file = file;
        this.threads = threads;
        this.bytes = bytes;
        this.model = model;
        this.resolver = new BuiltinOpResolver();
    }

    /**
     * The model in {@code file}.
     *
     * @param threads threads one call may use
     * @throws ServingException {@code INVALID_MODEL} if it is none
     */
    static FlatModel read(Path file, int threads) {
        String name = String.valueOf(file.getFileName());
        BytePointer bytes = bytes(file, name);
        // The verifier sees to it that no offset in the file leads out of it. A missing reporter is one that prints to
        // standard
        // error; the binding lets no other be written in Java.
        FlatBufferModel model = FlatBufferModel.VerifyAndBuildFromBuffer(bytes, bytes.capacity(), null, null);
        if (Pointer.isNull(model)) {
            bytes.deallocate();
            throw invalid(name, "it is damaged, cut short or of another format");
        }
        if (!new FileGraph(bytes.asByteBuffer()).isConsistent()) {
            model.deallocate();
            bytes.deallocate();
            throw invalid(name, "it refers to tensors, buffers or operators that are not in it");
        }
        return new FlatModel(name, threads, bytes, model);
    }

    private static BytePointer bytes(Path file, String name) {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            if (size == 0 || size > LARGEST) {
                throw invalid(name, size + " bytes (expected: 1.." + LARGEST + ")");
            }
            return read(channel, new BytePointer(size), name);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "Failed to read " + name, e);
        }
    }

    private static BytePointer read(FileChannel channel, BytePointer bytes, String name) throws IOException {
        try {
            ByteBuffer target = bytes.asByteBuffer();
            while (target.hasRemaining()) {
                if (channel.read(target) < 0) {
                    throw invalid(name, "it became shorter while it was read");
                }
            }
            return bytes;
        } catch (IOException | RuntimeException | Error e) {
            bytes.deallocate();
            throw e;
        }
    }

    /**
     * A new interpreter, owned by the caller, that has no memory for its tensors yet.
     *
     * @throws ServingException {@code INVALID_MODEL} if the model cannot be run
     */
    Interpreter newInterpreter() {
        Interpreter interpreter = new Interpreter((Pointer) null);
        InterpreterBuilder builder = new InterpreterBuilder(model, resolver);
        try {
            builder.SetNumThreads(threads);
            if (builder.apply(interpreter) != tensorflowlite.kTfLiteOk || interpreter.isNull()) {
                interpreter.deallocate();
                throw cannotRun();
            }
            return interpreter;
        } finally {
            builder.deallocate();
        }
    }

    /** Why the model cannot be run, as far as can be told from its file. */
    ServingException cannotRun() {
        List<String> operators = graph().unknownOperators();
        if (operators.isEmpty()) {
            return invalid(file, "the interpreter refuses it");
        }
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                NativeMessage.clean(file + " uses operators that TF Lite does not have: " + String.join(", ", operators)
                        + " (expected: built-in ones; convert without custom operators and without SELECT_TF_OPS)"));
    }

    /** Whether it uses operators that no interpreter of ours can run. */
    boolean hasUnknownOperators() {
        return !graph().unknownOperators().isEmpty();
    }

    private FileGraph graph() {
        return new FileGraph(bytes.asByteBuffer());
    }

    private static ServingException invalid(String file, String why) {
        return new ServingException(
                ErrorCode.INVALID_MODEL, NativeMessage.clean(file + " is not a model TF Lite can run: " + why));
    }

    @Override
    public void close() {
        resolver.deallocate();
        model.deallocate();
        bytes.deallocate();
    }
}
