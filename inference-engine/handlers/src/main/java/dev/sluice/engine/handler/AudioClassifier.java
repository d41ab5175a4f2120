// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.audio.MelSpectrogram;
import dev.sluice.engine.handler.audio.Resampler;
import dev.sluice.engine.handler.audio.Sound;
import dev.sluice.engine.handler.audio.WavFile;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import java.util.List;
import java.util.Optional;

/**
 * The codec of {@code audio_classifier}: a WAV file in, the most probable classes out, as {@code image_classifier} answers. It
 * takes the forms images are taken in: bytes, Base64, and rows of numbers that are ready for the model.
 */
final class AudioClassifier implements RowCodec {
    /** Beyond what is cut off, for the filter at the end: six crossings of the lowest rate's sinc. */
    private static final double MARGIN_SECONDS = 0.01;

    private final AudioClassifierOptions options;
    private final ClassLabels labels;
    private final Optional<TensorSpec> declared;
    private final Optional<MelSpectrogram> mel;
    private final JsonRowReader json;

    AudioClassifier(
            AudioClassifierOptions options,
            ClassLabels labels,
            Optional<TensorSpec> declared,
            BufferAllocator allocator) {
        this.options = options;
        this.labels = labels;
        this.declared = declared;
        this.mel = options.spectrogram().map(MelSpectrogram::new);
        this.json = new JsonRowReader(DataType.FP32, allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        if (request.inputs().size() == 1
                && request.inputs().get(0) instanceof Input.OfTensor input
                && input.tensor().type() == DataType.FP32
                && input.tensor().shape().rank() > 0
                && input.tensor().shape().dimension(0) == 1) {
            return List.of(ready(TensorRows.of(input.tensor())));
        }
        RequestBody body = RequestBody.of(request);
        if (body.isJson() && body.startsWith('[')) {
            return List.of(ready(json.read(body, declared)));
        }
        double seconds = (double) options.samples() / options.sampleRate() + MARGIN_SECONDS;
        byte[] file = FileBody.of(body).orElseThrow(() -> WavFile.unreadable("text that is not Base64"));
        Sound sound = WavFile.decode(file, seconds);
        return List.of(new ComputedRow(options.row(), features(sound)));
    }

    private Rows ready(Rows row) {
        return InputCheck.requireAccepted(
                Optional.of(new TensorSpec("input", DataType.FP32, options.row().rows(1))), row);
    }

    private float[] features(Sound sound) {
        float[] samples = Resampler.resample(sound, options.sampleRate())
                .cutOrPadded(options.samples())
                .samples();
        if (mel.isEmpty()) {
            return samples;
        }
        float[] loudness = mel.get().of(samples);
        for (int i = 0; i < loudness.length; i++) {
            loudness[i] = (loudness[i] - options.mean()) / options.std();
        }
        return loudness;
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        return ClassAnswer.of(AudioClassifierOptions.HANDLER, outputs, labels, options.topK(), allocator);
    }

    /** Silence. */
    @Override
    public List<Rows> sample() {
        float[] silence = features(new Sound(options.sampleRate(), new float[options.samples()]));
        return List.of(new ComputedRow(options.row(), silence));
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
