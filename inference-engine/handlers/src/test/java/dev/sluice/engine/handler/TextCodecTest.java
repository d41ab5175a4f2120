// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.ModelFiles;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TextCodecTest {
    /** Seen to fail with rows that are released and nothing forgotten. */
    @Test
    void forgetsRequestsWhoseRowsWereReleased() {
        TextReferences model = new TextReferences("classifier", DataType.INT64, -1, "logits");
        TextClassifierOptions options = TextClassifierOptions.of(Harness.spec(Map.of()));
        TokenInputs inputs = TokenInputs.of("test", model.signature(), options.text());
        ModelFiles files = new ModelFiles(Path.of("none"), Optional.empty());
        TextClassification task = new TextClassification(options, ClassLabels.load(files));
        OutputSlice none = OutputSlice.of(List.of(), 0, 1, 1);
        InferenceRequest request = Harness.request(Harness.content(
                "body", "", model.cases.get(0).path("text").textValue().getBytes(StandardCharsets.UTF_8)));
        try (Tokenizer tokenizer = model.tokenizers().open(files, TokenizerOptions.truncating(OptionalInt.empty()));
                TextCodec codec = new TextCodec(task, inputs, tokenizer)) {
            List<Rows> rows = codec.decode(request);
            assertThat(rows).hasSize(3);
            assertThatThrownBy(() -> codec.encode(request, none, BufferAllocator.unpooled()))
                    .hasMessageContaining("the model has 0 outputs");
            rows.forEach(Rows::release);

            assertThatThrownBy(() -> codec.encode(request, none, BufferAllocator.unpooled()))
                    .hasMessage("the request was not decoded here");
        }
    }
}
