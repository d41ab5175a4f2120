// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a batch for any handler: decodes each request to a row, gathers rows of one type and shape, runs the model once for
 * them, and scatters what comes out. A request whose row cannot be decoded fails alone.
 *
 * <p>An engine's exception fails the rows it was given. When that was the whole batch it is thrown, so that the caller
 * learns that the batch as such failed.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class RowInstance implements ModelInstance {
    private final TensorInstance instance;
    private final RowCodec codec;
    private final InputBuffer buffer;
    private final BufferAllocator allocator;
    private final int maxBatch;

    RowInstance(TensorInstance instance, RowCodec codec, InputBuffer buffer, BufferAllocator allocator, int maxBatch) {
        this.allocator = allocator;
        this.instance = instance;
        this.codec = codec;
        this.buffer = buffer;
        this.maxBatch = maxBatch;
    }

    /** At each allowed size, else at one row and at the largest batch: runtimes choose kernels and arenas by shape. */
    @Override
    public void warmUp() {
        codec.sampleRow().ifPresent(row -> {
            int most = buffer.rowsPerRun(row.type(), row.shape());
            List<Integer> sizes = buffer.sizes().isAny()
                    ? List.of(1, maxBatch)
                    : buffer.sizes().sizes();
            sizes.stream()
                    .map(size -> Math.min(size, most))
                    .distinct()
                    .forEach(size -> run(Collections.nCopies(size, row)).forEach(Tensor::release));
        });
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        Outcome[] outcomes = new Outcome[batch.size()];
        List<Row> decoded = new ArrayList<>(batch.size());
        try {
            for (List<PlacedRow> rows : gather(batch, outcomes, decoded)) {
                answer(batch.model(), rows, outcomes);
            }
            return List.of(outcomes);
        } catch (RuntimeException | Error e) {
            release(outcomes);
            throw e;
        } finally {
            decoded.forEach(Row::release);
        }
    }

    @Override
    public void close() {
        codec.close();
        instance.close();
    }

    /** The rows of each run, all of them in {@code decoded}; failures of decoding go straight to {@code outcomes}. */
    private List<List<PlacedRow>> gather(Batch batch, Outcome[] outcomes, List<Row> decoded) {
        Map<Kind, List<PlacedRow>> byKind = new LinkedHashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            try {
                Row row = codec.decode(batch.requests().get(i));
                decoded.add(row);
                byKind.computeIfAbsent(new Kind(row.type(), row.shape()), kind -> new ArrayList<>())
                        .add(new PlacedRow(row, i));
            } catch (RuntimeException e) {
                outcomes[i] = new Outcome.Failure(ServingException.from(e));
            }
        }
        List<List<PlacedRow>> runs = new ArrayList<>();
        byKind.forEach((kind, rows) -> runs.addAll(split(rows, buffer.rowsPerRun(kind.type, kind.shape))));
        return runs;
    }

    private static List<List<PlacedRow>> split(List<PlacedRow> rows, int most) {
        List<List<PlacedRow>> parts = new ArrayList<>();
        for (int from = 0; from < rows.size(); from += most) {
            parts.add(rows.subList(from, Math.min(rows.size(), from + most)));
        }
        return parts;
    }

    private void answer(ModelId model, List<PlacedRow> rows, Outcome[] outcomes) {
        List<Tensor> outputs;
        try {
            outputs = run(rows);
        } catch (RuntimeException e) {
            if (rows.size() == outcomes.length) {
                throw e;
            }
            rows.forEach(row -> outcomes[row.index] = new Outcome.Failure(ServingException.from(e)));
            return;
        }
        // What was computed for padding stays where it is.
        int engineRows = buffer.sizes().holding(rows.size());
        try {
            for (int i = 0; i < rows.size(); i++) {
                byte[] body = codec.encode(row(outputs, i, engineRows));
                outcomes[rows.get(i).index] = outcome(model, body);
            }
        } finally {
            outputs.forEach(Tensor::release);
        }
    }

    /** Without memory for its answer only this request fails. */
    private Outcome outcome(ModelId model, byte[] body) {
        try {
            Output content = AnswerBody.of("", body, allocator);
            return new Outcome.Success(new InferenceResponse(model, List.of(content)));
        } catch (ServingException noMemory) {
            return new Outcome.Failure(noMemory);
        }
    }

    private List<Tensor> run(List<? extends Row> rows) {
        Tensor input = buffer.gather(rows);
        try {
            return instance.run(List.of(input));
        } finally {
            input.release();
        }
    }

    private static List<OutputRow> row(Collection<Tensor> outputs, int index, int rows) {
        return outputs.stream().map(output -> OutputRow.of(output, index, rows)).toList();
    }

    /** Gives back the answers there are, for a batch that fails as a whole. */
    static void release(Outcome[] outcomes) {
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Success success) {
                success.response().release();
            }
        }
    }

    /** What rows of one run have in common. */
    private record Kind(DataType type, Shape shape) {}

    /** A row and its request's place in the batch. */
    private record PlacedRow(Row row, int index) implements Row {
        @Override
        public DataType type() {
            return row.type();
        }

        @Override
        public Shape shape() {
            return row.shape();
        }

        @Override
        public void writeTo(ByteBuffer target) {
            row.writeTo(target);
        }

        @Override
        public Optional<DataBuffer> ready() {
            return row.ready();
        }
    }
}
