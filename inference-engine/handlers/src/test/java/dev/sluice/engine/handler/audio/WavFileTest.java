// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WavFileTest {
    private static final List<byte[]> FILES = References.of("decoded")
            .map(node -> References.bytes(node.path("file")))
            .toList();
    private static final int FORMAT_AT = 20;
    /** Behind the format and a chunk nobody asked for, in files that are not extensible. */
    private static final int DATA_SIZE_AT = 36 + 12 + 4;

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void readsEveryKindOfSample(String name, byte[] file, float[] samples) {
        Sound sound = WavFile.decode(file, 10);

        assertThat(sound.rate()).isEqualTo(8000);
        assertThat(sound.samples()).containsExactly(samples);
    }

    static Stream<Arguments> readsEveryKindOfSample() {
        return References.of("decoded")
                .map(node -> Arguments.of(
                        node.path("name").asText(),
                        References.bytes(node.path("file")),
                        References.floats(node.path("samples"))));
    }

    @Test
    void readsNoFurtherThanAsked() {
        assertThat(WavFile.decode(pcm16(), 0.001).samples()).hasSize(8);
    }

    @Test
    void takesDataOfUnknownSizeToTheEnd() {
        byte[] file = patched(DATA_SIZE_AT, -1);

        assertThat(WavFile.decode(file, 10).samples()).hasSize(24);
    }

    @Test
    void dropsWhatIsNoWholeFrame() {
        byte[] file = patched(DATA_SIZE_AT, 47);

        assertThat(WavFile.decode(file, 10).samples()).hasSize(23);
    }

    @Test
    void saysWhatItCannotRead() {
        assertRefused("RIFX".getBytes(StandardCharsets.US_ASCII), "no RIFF header");
        assertRefused(patched(8, 0), "a RIFF file that is not WAVE");
        assertRefused(patched(FORMAT_AT, 1 << 16 | 2), "format 2 of 16 bits");
        assertRefused(patched(FORMAT_AT, 1 << 16 | 0xfffe), "a WAV file that is cut short");
        assertRefused(patched(FORMAT_AT, 1), "0 channels in frames of 2 bytes");
        assertRefused(patched(FORMAT_AT, 2 << 16 | 1), "2 channels in frames of 2 bytes");
        assertRefused(patched(FORMAT_AT + 4, 0), "0 samples a second, not 1000..768000");
        assertRefused(patched(FORMAT_AT + 4, -1), "4294967295 samples a second, not 1000..768000");
        assertRefused(patched(DATA_SIZE_AT, 0), "a WAV file without samples");
        assertRefused(patched(DATA_SIZE_AT, 49), "a WAV file that is cut short");
        assertRefused(patched(DATA_SIZE_AT, Integer.MIN_VALUE), "a WAV file that is cut short");
        assertRefused(Arrays.copyOf(pcm16(), 30), "a WAV file that is cut short");
        assertRefused(new byte[0], "a WAV file that is cut short");
        byte[] notANumber = FILES.get(6).clone();
        ByteBuffer.wrap(notANumber).order(ByteOrder.LITTLE_ENDIAN).putFloat(notANumber.length - 4, Float.NaN);
        assertRefused(notANumber, "a sample that is NaN");
    }

    // Seen to fail when chunk lengths are not checked.
    @Property(tries = 3000)
    void onlyRefusesDamagedFiles(
            @ForAll @IntRange(max = 8) int which,
            @ForAll @Size(max = 5) List<@IntRange(max = 120) Integer> places,
            @ForAll @Size(min = 5, max = 5) List<Byte> values,
            @ForAll @IntRange(max = 200) int cut) {
        byte[] file = FILES.get(which).clone();
        for (int i = 0; i < places.size(); i++) {
            file[places.get(i) % file.length] = values.get(i);
        }
        readOrRefuse(cut > 100 ? file : Arrays.copyOf(file, file.length - Math.min(file.length, cut)));
    }

    @Property
    void onlyRefusesNoise(@ForAll byte[] noise) {
        byte[] file = Arrays.copyOf(pcm16(), 12 + noise.length);
        System.arraycopy(noise, 0, file, 12, noise.length);
        readOrRefuse(file);
    }

    private static void readOrRefuse(byte[] file) {
        try {
            assertThat(WavFile.decode(file, 10).samples()).isNotEmpty();
        } catch (ServingException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        }
    }

    private static void assertRefused(byte[] file, String found) {
        assertThatThrownBy(() -> WavFile.decode(file, 10))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessageContaining("read: " + found + " (expected: WAV");
    }

    private static byte[] pcm16() {
        return FILES.get(1).clone();
    }

    private static byte[] patched(int at, int value) {
        byte[] file = pcm16();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return file;
    }
}
