// SPDX-License-Identifier: Apache-2.0
package com.example.table;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.engine.HandledModel;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes a table as text, comma-separated, one example a line, and asks a model with one input {@code FP32 [rows, columns]};
 * answers {@code {"columns": {"<output>": [[...], ...]}, "rows": n}}. {@code handler: {table: {header: true}}} in the model's
 * configuration skips the first line.
 *
 * <p><b>Threads:</b> safe from any thread: it keeps nothing that changes.
 */
public final class TableHandler implements HandlerProvider {
    /** What archives name it; its class name would do as well. */
    @Override
    public Set<String> names() {
        return Set.of("table");
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        List<TensorSpec> inputs = model.signature().inputs();
        if (inputs.size() != 1
                || inputs.get(0).type() != DataType.FP32
                || inputs.get(0).shape().rank() != 2) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "handler table: inputs " + inputs + " (expected: one, FP32 [rows, columns])");
        }
        Table.Format format = new Table.Format(inputs.get(0), hasHeader(spec.options()));
        return HandledModel.of(model, (request, instance) -> answer(request, instance, format, context));
    }

    private static boolean hasHeader(Map<String, Object> options) {
        return options.get("handler") instanceof Map<?, ?> handler
                && handler.get("table") instanceof Map<?, ?> table
                && Boolean.TRUE.equals(table.get("header"));
    }

    /** What is not released here goes to the caller: only the answer. */
    private static List<Output> answer(
            InferenceRequest request, TensorInstance model, Table.Format format, HandlerContext context) {
        Tensor table = Table.parse(text(request), format, context.allocator());
        try {
            List<Tensor> outputs = model.run(List.of(table));
            try {
                return List.of(context.content("application/json", json(outputs).getBytes(UTF_8)));
            } finally {
                outputs.forEach(Tensor::release);
            }
        } finally {
            table.release();
        }
    }

    /** The body of the request, whatever it is called. */
    private static String text(InferenceRequest request) {
        if (request.inputs().size() == 1 && request.inputs().get(0) instanceof Input.OfContent body) {
            DataBuffer content = body.content();
            return new String(content.toByteArray(), UTF_8);
        }
        throw new ServingException(
                ErrorCode.INVALID_INPUT,
                "inputs: " + request.inputs().size() + " (expected: one, with the table as text)");
    }

    private static String json(List<Tensor> outputs) {
        StringBuilder columns = new StringBuilder();
        outputs.forEach(output -> columns.append(columns.isEmpty() ? "" : ", ")
                .append('"')
                .append(output.name().replace("\\", "\\\\").replace("\"", "\\\""))
                .append("\": ")
                .append(Table.rows(output)));
        long rows = outputs.isEmpty() ? 0 : outputs.get(0).shape().dimension(0);
        return "{\"columns\": {" + columns + "}, \"rows\": " + rows + "}";
    }
}
