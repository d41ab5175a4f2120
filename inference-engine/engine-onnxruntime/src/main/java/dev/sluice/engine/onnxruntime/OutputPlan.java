// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the shape of one output follows from the shapes of the inputs. Where it does, the output's memory can be given to the
 * runtime before the call and nothing is copied after it; where it depends on the data, the runtime has to allocate.
 *
 * <p>An open dimension follows when the file gives it a name that an input's dimension has too: [batch, 10] after
 * [batch, 1, 8, 8]. Some exporters reuse a name for sizes that differ; when two inputs disagree nothing is concluded.
 */
final class OutputPlan {
    /** Dimension {@code axis} of input {@code input}. */
    private record Place(int input, int axis) {}

    private final long[] declared;

    /** Per dimension, where its size can be read; empty for fixed ones. */
    private final List<List<Place>> sources;

    private final boolean predictable;

    OutputPlan(Port output, List<Port> inputs) {
        declared = output.spec().shape().toArray();
        sources = new ArrayList<>();
        boolean known = output.hasShape();
        for (int axis = 0; axis < declared.length; axis++) {
            boolean fixed = declared[axis] != Shape.ANY;
            List<Place> places = fixed ? List.of() : places(output.symbols().get(axis), inputs);
            sources.add(places);
            known &= fixed || !places.isEmpty();
        }
        predictable = known;
    }

    private static List<Place> places(String symbol, List<Port> inputs) {
        List<Place> places = new ArrayList<>();
        if (symbol.isEmpty()) {
            return places;
        }
        for (int input = 0; input < inputs.size(); input++) {
            List<String> symbols = inputs.get(input).symbols();
            for (int axis = 0; axis < symbols.size(); axis++) {
                if (symbols.get(axis).equals(symbol)) {
                    places.add(new Place(input, axis));
                }
            }
        }
        return places;
    }

    /** Whether {@code shape}, predicted once, is what {@link #predict} would say for these inputs: the same without making one. */
    boolean confirms(Shape shape, List<Tensor> inputs) {
        for (int axis = 0; axis < declared.length; axis++) {
            List<Place> places = sources.get(axis);
            for (int i = 0; i < places.size(); i++) {
                Place place = places.get(i);
                if (inputs.get(place.input).shape().dimension(place.axis) != shape.dimension(axis)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The output's shape in a call with these inputs; empty when only the runtime can tell, or when it has no elements. */
    Optional<Shape> predict(List<Tensor> inputs) {
        if (!predictable) {
            return Optional.empty();
        }
        long[] dimensions = declared.clone();
        for (int axis = 0; axis < dimensions.length; axis++) {
            for (Place place : sources.get(axis)) {
                long size = inputs.get(place.input).shape().dimension(place.axis);
                if (dimensions[axis] != Shape.ANY && dimensions[axis] != size) {
                    return Optional.empty();
                }
                dimensions[axis] = size;
            }
        }
        Shape shape = Shape.of(dimensions);
        return shape.elementCount() > 0 ? Optional.of(shape) : Optional.empty();
    }
}
