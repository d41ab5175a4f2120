// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A recurrent model and the state of each open sequence. Any instance can run any request, since the state is here; the scheduler runs
 * no two requests of a sequence at once.
 *
 * <p><b>Threads:</b> safe from any thread; the state of one sequence is used by one at a time.
 */
final class StatefulModel implements LoadedModel {
    private final TensorModel model;
    private final CarriedState state;
    private final TensorSpec data;
    private final BatchSpec batching;
    private final BufferAllocator allocator;
    private final ConcurrentHashMap<String, CarriedState.Kept> bySequence = new ConcurrentHashMap<>();

    StatefulModel(
            TensorModel model, CarriedState state, TensorSpec data, BatchSpec batching, BufferAllocator allocator) {
        this.model = model;
        this.state = state;
        this.data = data;
        this.batching = batching;
        this.allocator = allocator;
    }

    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public void forget(String sequenceId) {
        bySequence.remove(sequenceId);
    }

    @Override
    public ModelInstance newInstance() {
        return new Instance(model.newInstance());
    }

    @Override
    public void close() {
        model.close();
    }

    /** A decoded request: its row, its place in the batch, and the state it starts from. */
    private record Placed(Rows row, int index, CarriedState.Kept state) {}

    /** A state and what it will be once its whole batch has been answered. */
    private record Change(CarriedState.Kept from, CarriedState.Kept to) {}

    private final class Instance implements ModelInstance {
        private final TensorInstance instance;
        /** Not shared: it keeps where it is in what it reads. */
        private final InputReader reader = new InputReader(Optional.of(data), allocator);

        private final InputBuffer buffer = new InputBuffer(allocator, Optional.of(data), batching.sizes());

        private Instance(TensorInstance instance) {
            this.instance = instance;
        }

        @Override
        public void warmUp() {
            reader.sample()
                    .ifPresent(row -> Padding.sizesToWarm(buffer.sizes(), batching.maxSize())
                            .forEach(size -> run(Collections.nCopies(size, new Placed(row, 0, state.zeros())))
                                    .forEach(Tensor::release)));
        }

        /** States are written last, so that a request that fails leaves its own as it was, and a batch that fails those of all. */
        @Override
        public List<Outcome> execute(Batch batch) {
            Outcome[] outcomes = new Outcome[batch.size()];
            Map<Shape, List<Placed>> byShape = new LinkedHashMap<>();
            List<Change> changes = new ArrayList<>();
            try {
                place(batch, byShape, outcomes);
                byShape.values().forEach(rows -> answer(batch, rows, outcomes, changes));
                List<Outcome> all = List.of(outcomes);
                changes.forEach(change -> change.from().become(change.to()));
                return all;
            } catch (RuntimeException | Error e) {
                RowInstance.release(outcomes);
                throw e;
            } finally {
                byShape.values()
                        .forEach(rows -> rows.forEach(placed -> placed.row().release()));
            }
        }

        private void place(Batch batch, Map<Shape, List<Placed>> byShape, Outcome[] outcomes) {
            for (int i = 0; i < batch.size(); i++) {
                try {
                    Placed placed = placed(batch.requests().get(i), i);
                    byShape.computeIfAbsent(placed.row().shape(), shape -> new ArrayList<>())
                            .add(placed);
                } catch (RuntimeException e) {
                    outcomes[i] = new Outcome.Failure(ServingException.from(e));
                }
            }
        }

        private Placed placed(InferenceRequest request, int index) {
            Rows row = reader.read(RequestBody.of(request));
            Optional<SequenceRef> sequence = request.context().sequence();
            CarriedState.Kept kept = sequence.map(ref -> bySequence.computeIfAbsent(ref.id(), id -> state.zeros()))
                    .orElseGet(state::zeros);
            return new Placed(row, index, kept);
        }

        private void answer(Batch batch, List<Placed> rows, Outcome[] outcomes, List<Change> changes) {
            int engineRows = buffer.sizes().holding(rows.size());
            List<Tensor> outputs;
            try {
                outputs = checked(run(rows), engineRows);
            } catch (RuntimeException e) {
                rows.forEach(placed -> outcomes[placed.index()] = new Outcome.Failure(ServingException.from(e)));
                return;
            }
            try {
                for (int i = 0; i < rows.size(); i++) {
                    Placed placed = rows.get(i);
                    outcomes[placed.index()] = outcome(batch, placed, outputs, i, engineRows, changes);
                }
            } finally {
                outputs.forEach(Tensor::release);
            }
        }

        private List<Tensor> checked(List<Tensor> outputs, int rows) {
            try {
                state.check(outputs, rows);
                return outputs;
            } catch (RuntimeException e) {
                outputs.forEach(Tensor::release);
                throw e;
            }
        }

        private Outcome outcome(
                Batch batch, Placed placed, List<Tensor> outputs, int index, int rows, List<Change> changes) {
            try {
                byte[] body = BaseCodec.text(visible(outputs, index, rows));
                Change change = new Change(placed.state(), state.row(outputs, index));
                Outcome success = success(batch, body);
                changes.add(change);
                return success;
            } catch (RuntimeException e) {
                return new Outcome.Failure(ServingException.from(e));
            }
        }

        private Outcome success(Batch batch, byte[] body) {
            Output content = Output.OfContent.copy("", body, allocator);
            return new Outcome.Success(new InferenceResponse(batch.model(), List.of(content)));
        }

        /** What is not state. */
        private List<OutputRow> visible(List<Tensor> outputs, int index, int rows) {
            List<OutputRow> visible = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                if (!state.gives(i)) {
                    visible.add(OutputRow.of(outputs.get(i), index, rows));
                }
            }
            return visible;
        }

        /** What the model gives for as many rows as it is allowed; those beyond {@code rows} are padding. */
        private List<Tensor> run(List<Placed> rows) {
            List<Rows> values = rows.stream().map(Placed::row).toList();
            List<CarriedState.Kept> states =
                    Padding.repeatLast(rows.stream().map(Placed::state).toList(), buffer.sizes());
            List<Tensor> inputs = new ArrayList<>();
            try {
                for (TensorSpec input : model.signature().inputs()) {
                    inputs.add(state.gather(input, states, allocator).orElseGet(() -> buffer.gather(values)));
                }
                return instance.run(inputs);
            } finally {
                inputs.forEach(Tensor::release);
            }
        }

        @Override
        public void close() {
            instance.close();
        }
    }
}
