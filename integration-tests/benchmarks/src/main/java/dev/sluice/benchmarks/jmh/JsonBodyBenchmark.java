// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.jmh;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.benchmarks.subject.JsonBody;
import dev.sluice.benchmarks.subject.RowHandler;
import dev.sluice.engine.Outcome;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a row costs from the body's bytes to the model's tensor, as JSON in several spellings and as bytes: {@code base_handler}
 * in front of a model that does nothing and answers with one number. Run it with {@code -prof gc}; {@code bytes} counts the
 * body's, so it is the rate at which bodies are read.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class JsonBodyBenchmark {
    /** An image of 224 x 224 pixels and three channels, by its size. */
    @Param({"1024", "150528"})
    private int numbers;

    @Param
    private JsonBody.Spelling spelling = JsonBody.Spelling.PIXELS;

    private final ObjectMapper mapper = new ObjectMapper();
    private RowHandler handler = RowHandler.none();
    private JsonBody body = JsonBody.none();

    /** Bytes of body read. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Read {
        public long bytes;
    }

    @Setup
    public void make() {
        body = JsonBody.of(numbers, spelling);
        handler = RowHandler.of(numbers, body.type());
    }

    @TearDown
    public void stop() {
        handler.close();
    }

    /** From the request to the answer. */
    @Benchmark
    public List<Outcome> handler(Read read) {
        read.bytes += body.size();
        return handler.execute(body.request());
    }

    /** The same text as a list of boxed numbers, and no further: what handlers are usually given. */
    @Benchmark
    public List<?> listOfBoxes(Read read) throws IOException {
        read.bytes += body.size();
        return mapper.readValue(body.text(), List.class);
    }
}
