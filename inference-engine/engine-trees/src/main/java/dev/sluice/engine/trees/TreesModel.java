// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.NativeOutput;
import dev.sluice.engine.SignatureCheck;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Trees in memory and their scorer, which all instances share.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> owns the scorer.
 */
final class TreesModel implements TensorModel {
    /** What its only input is called; no format has a name for it. */
    static final String INPUT = "features";

    /** What its only output is called. */
    static final String OUTPUT = "predictions";

    private static final int NAMES_SHOWN = 5;

    private final ModelFile file;
    private final Scorer scorer;
    private final BufferAllocator allocator;
    private final Signature signature;

    TreesModel(ModelFile file, Scorer scorer, BufferAllocator allocator) {
        this.file = file;
        this.scorer = scorer;
        this.allocator = allocator;
        this.signature = new Signature(
                List.of(new TensorSpec(INPUT, type(), Shape.of(Shape.ANY, file.features()))),
                List.of(new TensorSpec(OUTPUT, type(), outputShape(Shape.ANY))));
    }

    private DataType type() {
        return file.library().type();
    }

    private Shape outputShape(long rows) {
        return scorer.width() == 1 ? Shape.of(rows) : Shape.of(rows, scorer.width());
    }

    @Override
    public Signature signature() {
        return signature;
    }

    /** Nothing is kept between calls, so that the model is its own instance. */
    @Override
    public TensorInstance newInstance() {
        return new TensorInstance() {
            @Override
            public List<Tensor> run(List<Tensor> inputs) {
                return score(inputs);
            }

            @Override
            public void close() {}
        };
    }

    /** The libraries lock and wait inside, if only for one another. */
    @Override
    public boolean isComputeOnly() {
        return scorer.isJava();
    }

    private List<Tensor> score(List<Tensor> inputs) {
        check(inputs);
        Tensor input = inputs.get(0);
        int rows = Math.toIntExact(input.shape().dimension(0));
        Tensor output = allocate(rows);
        try (NativeInput bytes = NativeInput.of(input, allocator)) {
            scorer.score(bytes.bytes().order(ByteOrder.nativeOrder()), rows, NativeOutput.of(output));
            return List.of(output);
        } catch (RuntimeException | Error e) {
            output.release();
            throw e;
        }
    }

    private void check(List<Tensor> inputs) {
        if (inputs.size() == 1) {
            Tensor input = inputs.get(0);
            if (input.type() == type()
                    && input.shape().rank() == 2
                    && input.shape().dimension(1) != file.features()
                    && !file.names().isEmpty()) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input '" + INPUT + "': " + input.type() + " " + input.shape() + " (expected: " + type()
                                + " [-1, " + file.features() + "], a row being " + names() + ")");
            }
        }
        SignatureCheck.check(signature, inputs);
    }

    private String names() {
        List<String> names = file.names();
        String some = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
        String more = names.size() > NAMES_SHOWN ? ", and " + (names.size() - NAMES_SHOWN) + " more" : "";
        return NativeMessage.clean(some.codePoints()
                        .limit(200)
                        .map(c -> Character.isISOControl(c) ? ' ' : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())
                + more;
    }

    private Tensor allocate(int rows) {
        long size = (long) rows * scorer.width() * type().elementBytes();
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + INPUT + "': " + rows + " rows (expected: predictions of " + Integer.MAX_VALUE
                            + " bytes at most, at " + scorer.width() * type().elementBytes() + " a row)");
        }
        return new Tensor(OUTPUT, type(), outputShape(rows), allocator.allocate(size));
    }

    @Override
    public void close() {
        scorer.close();
    }
}
