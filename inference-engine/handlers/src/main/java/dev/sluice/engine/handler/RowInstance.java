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
    private final int maxBatch;

    RowInstance(TensorInstance instance, RowCodec codec, InputBuffer buffer, int maxBatch) {
        this.instance = instance;
        this.codec = codec;
        this.buffer = buffer;
        this.maxBatch = maxBatch;
    }

    /** At one row and at the largest batch: runtimes choose kernels and arenas by shape. */
    @Override
    public void warmUp() {
        codec.sampleRow().ifPresent(row -> {
            run(List.of(row)).forEach(Tensor::release);
            int most = Math.min(maxBatch, buffer.rowsPerRun(row.type(), row.shape()));
            if (most > 1) {
                run(Collections.nCopies(most, row)).forEach(Tensor::release);
            }
        });
    }

    @Override
    public List<Outcome> execute(Batch batch) {
        Outcome[] outcomes = new Outcome[batch.size()];
        try {
            for (List<PlacedRow> rows : gather(batch, outcomes)) {
                answer(batch.model(), rows, outcomes);
            }
            return List.of(outcomes);
        } catch (RuntimeException | Error e) {
            release(outcomes);
            throw e;
        }
    }

    @Override
    public void close() {
        codec.close();
        buffer.close();
        instance.close();
    }

    /** The rows of each run; failures of decoding go straight to {@code outcomes}. */
    private List<List<PlacedRow>> gather(Batch batch, Outcome[] outcomes) {
        Map<Kind, List<PlacedRow>> byKind = new LinkedHashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            try {
                Row row = codec.decode(batch.requests().get(i));
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
        try {
            for (int i = 0; i < rows.size(); i++) {
                byte[] body = codec.encode(row(outputs, i, rows.size()));
                Output content = new Output.OfContent("", DataBuffer.wrap(body));
                outcomes[rows.get(i).index] = new Outcome.Success(new InferenceResponse(model, List.of(content)));
            }
        } finally {
            outputs.forEach(Tensor::release);
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

    private static void release(Outcome[] outcomes) {
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
    }
}
