// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.DataType;

/**
 * A session on a SavedModel, with what one of its signatures feeds and fetches.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closing frees the session, its variables and the graph.
 */
final class LoadedGraph implements AutoCloseable {
    private static final String TAG = "serve";

    /** Where the numbers of types begin that are references to a variable's value. */
    private static final int REFERENCES = 100;

    /** Operations that are variables. */
    private static final Set<String> VARIABLES = Set.of("VarHandleOp", "VariableV2", "Variable");

    private final TF_Graph graph;
    private final TF_Session session;
    private final ServedSignature signature;
    private final TF_Output feeds;
    private final TF_Output fetches;

    private LoadedGraph(
            TF_Graph graph, TF_Session session, ServedSignature signature, TF_Output feeds, TF_Output fetches) {
        this.graph = graph;
        this.session = session;
        this.signature = signature;
        this.feeds = feeds;
        this.fetches = fetches;
    }

    /**
     * Loads the model in {@code folder}.
     *
     * @param threads threads one call may use
     * @param spec says which signature
     */
    static LoadedGraph load(ModelFolder folder, int threads, ModelSpec spec) {
        TF_Graph graph = tensorflow.TF_NewGraph();
        TF_Buffer metaGraph = tensorflow.TF_NewBuffer();
        Optional<TF_Session> session = Optional.empty();
        try {
            session = Optional.of(session(folder, threads, graph, metaGraph));
            if (!folder.hasVariables() && needsVariables(graph)) {
                throw new ServingException(
                        ErrorCode.INVALID_MODEL,
                        folder.name() + " needs values for its variables (expected: " + ModelFolder.VARIABLES
                                + " beside it)");
            }
            ServedSignature signature = ServedSignature.of(bytes(metaGraph), spec);
            return of(graph, session.get(), signature);
        } catch (RuntimeException | Error e) {
            session.ifPresent(LoadedGraph::delete);
            tensorflow.TF_DeleteGraph(graph);
            throw e;
        } finally {
            tensorflow.TF_DeleteBuffer(metaGraph);
        }
    }

    /** Without their file the runtime loads a model all the same, and fails every call. */
    private static boolean needsVariables(TF_Graph graph) {
        SizeTPointer position = new SizeTPointer(1).put(0);
        try {
            TF_Operation operation = tensorflow.TF_GraphNextOperation(graph, position);
            while (!Pointer.isNull(operation)) {
                if (VARIABLES.contains(tensorflow.TF_OperationOpType(operation).getString())) {
                    return true;
                }
                operation = tensorflow.TF_GraphNextOperation(graph, position);
            }
            return false;
        } finally {
            position.deallocate();
        }
    }

    private static LoadedGraph of(TF_Graph graph, TF_Session session, ServedSignature signature) {
        TF_Output feeds = outputs(graph, signature.inputs());
        try {
            return new LoadedGraph(graph, session, signature, feeds, outputs(graph, signature.outputs()));
        } catch (RuntimeException | Error e) {
            feeds.deallocate();
            throw e;
        }
    }

    private static ByteBuffer bytes(TF_Buffer buffer) {
        return buffer.data().capacity(buffer.length()).asByteBuffer();
    }

    private static TF_Session session(ModelFolder folder, int threads, TF_Graph graph, TF_Buffer metaGraph) {
        TF_Status status = tensorflow.TF_NewStatus();
        TF_SessionOptions options = tensorflow.TF_NewSessionOptions();
        BytePointer path = new BytePointer(folder.path().toString());
        BytePointer tag = new BytePointer(TAG);
        PointerPointer<BytePointer> tags = new PointerPointer<>(1);
        try {
            tags.put(0, tag);
            configure(options, threads, status);
            TF_Session session = tensorflow.TF_LoadSessionFromSavedModel(
                    options, (TF_Buffer) null, path, tags, 1, graph, metaGraph, status);
            if (!TensorFlowErrors.isOk(status)) {
                throw TensorFlowErrors.whileLoading(folder.name(), status);
            }
            return session;
        } finally {
            tags.deallocate();
            tag.deallocate();
            path.deallocate();
            tensorflow.TF_DeleteSessionOptions(options);
            tensorflow.TF_DeleteStatus(status);
        }
    }

    private static void configure(TF_SessionOptions options, int threads, TF_Status status) {
        byte[] config = ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(threads)
                // Operators run on the calling thread: half the time of handing each over to a pool (engines.md section
                // 3.3).
                .setInterOpParallelismThreads(-1)
                .build()
                .toByteArray();
        BytePointer bytes = new BytePointer(config);
        try {
            tensorflow.TF_SetConfig(options, bytes, config.length, status);
        } finally {
            bytes.deallocate();
        }
        if (!TensorFlowErrors.isOk(status)) {
            throw new ServingException(ErrorCode.INTERNAL, "TensorFlow refuses the session's configuration");
        }
    }

    private static TF_Output outputs(TF_Graph graph, List<Port> ports) {
        TF_Output outputs = new TF_Output(ports.size());
        for (int i = 0; i < ports.size(); i++) {
            Port port = ports.get(i);
            TF_Operation operation = tensorflow.TF_GraphOperationByName(graph, port.operation());
            if (Pointer.isNull(operation)
                    || port.index() < 0
                    || port.index() >= tensorflow.TF_OperationNumOutputs(operation)) {
                outputs.position(0).deallocate();
                throw new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "The signature's '" + port.spec().name() + "' is not in the model's graph (expected: a result"
                                + " of one of its operations)");
            }
            outputs.position(i).oper(operation).index(port.index());
            int type = tensorflow.TF_OperationOutputType(outputs) % REFERENCES;
            if (type != port.type()) {
                // Numbers read as texts would be taken for addresses.
                outputs.position(0).deallocate();
                throw new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "The signature's '" + port.spec().name() + "' is of type "
                                + DataType.forNumber(port.type()) + " (expected: " + DataType.forNumber(type)
                                + ", as in the model's graph)");
            }
        }
        return outputs.position(0);
    }

    ServedSignature signature() {
        return signature;
    }

    /**
     * Runs the signature once.
     *
     * @param inputs a tensor per input
     * @param results takes a tensor per output, each owned by the caller, if {@code status} is good afterwards
     */
    void run(PointerPointer<?> inputs, PointerPointer<?> results, TF_Status status) {
        tensorflow.TF_SessionRun(
                session,
                (TF_Buffer) null,
                feeds,
                inputs,
                signature.inputs().size(),
                fetches,
                results,
                signature.outputs().size(),
                (PointerPointer<?>) null,
                0,
                (TF_Buffer) null,
                status);
    }

    private static void delete(TF_Session session) {
        TF_Status ignored = tensorflow.TF_NewStatus();
        tensorflow.TF_CloseSession(session, ignored);
        tensorflow.TF_DeleteSession(session, ignored);
        tensorflow.TF_DeleteStatus(ignored);
    }

    @Override
    public void close() {
        delete(session);
        tensorflow.TF_DeleteGraph(graph);
        feeds.deallocate();
        fetches.deallocate();
    }
}
