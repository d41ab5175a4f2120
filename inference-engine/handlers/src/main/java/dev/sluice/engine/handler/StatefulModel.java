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
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
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
    private final BufferAllocator allocator;
    private final NestedListCodec codec;
    private final ConcurrentHashMap<String, CarriedState.Kept> bySequence = new ConcurrentHashMap<>();

    StatefulModel(TensorModel model, CarriedState state, TensorSpec data, BufferAllocator allocator) {
        this.model = model;
        this.state = state;
        this.data = data;
        this.allocator = allocator;
        this.codec = new NestedListCodec(Optional.of(data), allocator);
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
    private record Placed(Row row, int index, CarriedState.Kept state) {}

    private final class Instance implements ModelInstance {
        private final TensorInstance instance;

        private Instance(TensorInstance instance) {
            this.instance = instance;
        }

        @Override
        public void warmUp() {
            codec.sampleRow()
                    .ifPresent(row ->
                            run(List.of(new Placed(row, 0, state.zeros()))).forEach(Tensor::release));
        }

        @Override
        public List<Outcome> execute(Batch batch) {
            Outcome[] outcomes = new Outcome[batch.size()];
            Map<Shape, List<Placed>> byShape = new LinkedHashMap<>();
            try {
                for (int i = 0; i < batch.size(); i++) {
                    try {
                        Placed placed = placed(batch.requests().get(i), i);
                        byShape.computeIfAbsent(placed.row().shape(), shape -> new ArrayList<>())
                                .add(placed);
                    } catch (ServingException e) {
                        outcomes[i] = new Outcome.Failure(e);
                    }
                }
                byShape.values().forEach(rows -> answer(batch, rows, outcomes));
            } finally {
                byShape.values()
                        .forEach(rows -> rows.forEach(placed -> placed.row().release()));
            }
            return List.of(outcomes);
        }

        private Placed placed(InferenceRequest request, int index) {
            Row row = codec.decode(request);
            Optional<SequenceRef> sequence = request.context().sequence();
            CarriedState.Kept kept = sequence.map(ref -> bySequence.computeIfAbsent(ref.id(), id -> state.zeros()))
                    .orElseGet(state::zeros);
            return new Placed(row, index, kept);
        }

        private void answer(Batch batch, List<Placed> rows, Outcome[] outcomes) {
            List<Tensor> outputs;
            try {
                outputs = run(rows);
            } catch (RuntimeException e) {
                rows.forEach(placed -> outcomes[placed.index()] = new Outcome.Failure(ServingException.from(e)));
                return;
            }
            try {
                for (int i = 0; i < rows.size(); i++) {
                    outcomes[rows.get(i).index()] = outcome(batch, rows.get(i), outputs, i, rows.size());
                }
            } finally {
                outputs.forEach(Tensor::release);
            }
        }

        /** The state is written last, so that a request that fails leaves it as it was. */
        private Outcome outcome(Batch batch, Placed placed, List<Tensor> outputs, int index, int rows) {
            try {
                Output content = new Output.OfContent("", direct(codec.encode(visible(outputs, index, rows))));
                state.scatter(outputs, index, placed.state());
                return new Outcome.Success(new InferenceResponse(batch.model(), List.of(content)));
            } catch (ServingException e) {
                return new Outcome.Failure(e);
            }
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

        private DataBuffer direct(byte[] body) {
            DataBuffer memory = allocator.allocate(body.length);
            memory.view().put(body);
            return memory;
        }

        private List<Tensor> run(List<Placed> rows) {
            List<CarriedState.Kept> states = rows.stream().map(Placed::state).toList();
            List<Tensor> inputs = new ArrayList<>();
            try {
                for (TensorSpec input : model.signature().inputs()) {
                    inputs.add(state.gather(input, states, allocator).orElseGet(() -> gather(rows)));
                }
                return instance.run(inputs);
            } finally {
                inputs.forEach(Tensor::release);
            }
        }

        private Tensor gather(List<Placed> rows) {
            Row first = rows.get(0).row();
            Shape shape = first.shape().rows(rows.size());
            DataBuffer bytes =
                    allocator.allocate(shape.elementCount() * data.type().elementBytes());
            var target = bytes.view();
            rows.forEach(placed -> placed.row().writeTo(target));
            return new Tensor(data.name(), data.type(), shape, bytes);
        }

        @Override
        public void close() {
            instance.close();
        }
    }
}
