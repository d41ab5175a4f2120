// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server tells a worker by its variables.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> spec torchserve, 7.2.
 */
final class ServerVariables {
    private static final Logger LOG = LoggerFactory.getLogger(ServerVariables.class);

    /** What is not ASCII would be lost on machines whose locale knows nothing else. */
    private static final JsonFactory JSON =
            new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** The system takes 128 KiB for one variable. */
    private static final int LONGEST_VALUE = 32_000;

    private static final Map<String, String> SEQUENCE_HEADERS = Map.of(
            "TS_REQUEST_SEQUENCE_ID", "ts_request_sequence_id",
            "TS_REQUEST_SEQUENCE_START", "ts_request_sequence_start",
            "TS_REQUEST_SEQUENCE_END", "ts_request_sequence_end");

    private ServerVariables() {}

    /**
     * Those of a worker of {@code spec}.
     *
     * @param inherited variables of this process, which may name the headers of sequences
     */
    static Map<String, String> of(
            ModelSpec spec, WorkerSettings settings, WorkerOptions options, Map<String, String> inherited) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("TS_DECODE_INPUT_REQUEST", Boolean.toString(settings.decodesInput()));
        variables.put("TS_IPEX_ENABLE", Boolean.toString(settings.ipex()));
        variables.put("TS_IPEX_GPU_ENABLE", Boolean.toString(settings.ipexGpu()));
        SEQUENCE_HEADERS.forEach((name, usual) -> variables.put(name, inherited.getOrDefault(name, usual)));
        // What handlers print is to be seen when they print it.
        variables.put("PYTHONUNBUFFERED", "1");
        if (options.parallelType().hasRanks()) {
            variables.put("LOGLEVEL", "INFO");
            variables.put("OMP_NUM_THREADS", Integer.toString(options.torchrun().threads()));
        }
        String config = json(spec.options());
        if (config.length() <= LONGEST_VALUE) {
            variables.put("SLUICE_MODEL_CONFIG", config);
        } else {
            LOG.warn(
                    "Model {}: its configuration has {} characters (expected: at most {}); its handler needs PyYAML to see it",
                    spec.id(),
                    config.length(),
                    LONGEST_VALUE);
        }
        return variables;
    }

    private static String json(Map<String, Object> options) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            write(json, options);
        } catch (IOException e) {
            throw new IllegalStateException("a string cannot be written to", e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (Object each : list) {
                write(json, each);
            }
            json.writeEndArray();
        } else if (value instanceof Number || value instanceof Boolean) {
            json.writeRawValue(value.toString());
        } else if (value == null) {
            json.writeNull();
        } else {
            json.writeString(value.toString());
        }
    }
}
