// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleFolderTest {
    @TempDir
    private Path root;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(root.resolve("sluice-warmup"));
    }

    private void file(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static InferenceResponse answer(String text) {
        return answer(text.getBytes(UTF_8));
    }

    private static InferenceResponse answer(byte[]... parts) {
        List<Output> outputs = Stream.of(parts)
                .<Output>map(part -> new Output.OfContent("application/json", DataBuffer.wrap(part)))
                .toList();
        return new InferenceResponse(new ModelId("m", "1"), outputs);
    }

    private static Input.OfContent input(Sample sample) {
        RequestContext context =
                new RequestContext("id", "self-test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        InferenceRequest request = sample.request(ModelRef.of("m"), context);
        assertThat(request.inputs()).hasSize(1);
        return (Input.OfContent) request.inputs().get(0);
    }

    @Test
    void eachFileIsTheBodyOfARequestAndMayHaveAnAnswer() throws IOException {
        file("b.json", "[1]");
        file("a.PNG", "png");
        file("b.json.expected", "{\"p\": 0.5}");
        file(".hidden", "");
        Files.createDirectory(folder.resolve("folder"));

        List<Sample> samples = SampleFolder.read(root);

        assertThat(samples).extracting(Sample::name).containsExactly("a.PNG", "b.json");
        assertThat(input(samples.get(0)).contentType()).isEqualTo("image/png");
        Input.OfContent body = input(samples.get(1));
        assertThat(body.name()).isEqualTo("body");
        assertThat(body.contentType()).isEqualTo("application/json");
        assertThat(body.content().toByteArray()).isEqualTo("[1]".getBytes(UTF_8));
        assertThat(samples.get(0).objection(answer("anything"))).isEmpty();
        assertThat(samples.get(1).objection(answer("{\"p\":0.5001}"))).isEmpty();
        assertThat(samples.get(1).objection(answer("{\"p\":0.6}"))).contains("answered 0.6 (expected: 0.5)");
        Tensor tensor = new Tensor("y", DataType.INT8, Shape.of(1), DataBuffer.wrap(new byte[1]));
        assertThat(samples.get(1)
                        .objection(new InferenceResponse(new ModelId("m", "1"), List.of(new Output.OfTensor(tensor)))))
                .contains("it was answered with tensors (expected: content)");
    }

    /** Seen to fail when only an answer of one output was compared, and when each piece was decoded alone. */
    @Test
    void comparesThePiecesOfAnAnswerTogether() throws IOException {
        file("a.txt", "a");
        file("a.txt.expected", "four \u00e9l\u00e8ves");

        Sample sample = SampleFolder.read(root).get(0);

        byte[] text = "four \u00e9l\u00e8ves".getBytes(UTF_8);
        assertThat(sample.objection(answer(Arrays.copyOf(text, 6), Arrays.copyOfRange(text, 6, text.length))))
                .isEmpty();
        assertThat(sample.objection(answer(text, text))).isPresent();
        assertThat(sample.objection(new InferenceResponse(new ModelId("m", "1"), List.of())))
                .contains("answered nothing (expected: four \u00e9l\u00e8ves)");
    }

    @Test
    void aModelWithoutTheFolderHasNoSamples() throws IOException {
        Files.delete(folder);

        assertThat(SampleFolder.read(root)).isEmpty();
    }

    @Test
    void refusesAnAnswerWithoutASampleAndTooManySamples() throws IOException {
        file("x.expected", "1");
        assertThatThrownBy(() -> SampleFolder.read(root))
                .hasMessage("sluice-warmup: x.expected is an answer to no sample");
        Files.delete(folder.resolve("x.expected"));

        for (int i = 0; i <= SampleFolder.MOST_SAMPLES; i++) {
            file("sample-" + i, "");
        }
        assertThatThrownBy(() -> SampleFolder.read(root))
                .hasMessage("sluice-warmup: too much (expected: at most 100 samples and 67108864 bytes in all)");
    }

    /** An empty last column means "equal". */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'a': 1.0, 'b': [2, 3]} | {'a':1.0,'b':[2,3]} |",
                "1000000 | 1000999 |",
                "1000000 | 1001001 | answered 1001001 (expected: 1000000)",
                "0.9995 | 1.0004 |",
                "1e-7 | 2E-7 |",
                "-0.5 | 0.5 | answered 0.5 (expected: -0.5)",
                "{'7': 1} | {'8': 1} | answered 8 (expected: 7)",
                "[1, 2] | [1] | answered ] (expected: , 2])",
                "yes | no | answered no (expected: yes)",
                "[1] | \"\" | answered nothing (expected: [1])",
            })
    void comparesTextExactlyAndNumbersNearly(String expected, String actual, String difference) {
        assertThat(AnswerText.difference(expected, actual)).isEqualTo(Optional.ofNullable(difference));
    }
}
