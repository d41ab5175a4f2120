// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ByteElementsTest {
    private static final BufferAllocator MEMORY = BufferAllocator.unpooled();

    /** Planted: lengths written in big-endian order. */
    @Property
    void whatIsWrittenIsRead(@ForAll @Size(max = 20) List<byte[]> elements) {
        Tensor tensor = ByteElements.write("t", Shape.of(elements.size()), elements, MEMORY);
        assertThat(ByteElements.read(tensor).toArray(byte[][]::new)).isDeepEqualTo(elements.toArray(byte[][]::new));
    }

    /** Planted: a check of lengths that lets a negative one through. */
    @Property
    void anyBytesAreReadOrRefused(@ForAll byte[] bytes, @ForAll byte rows) {
        Tensor tensor = new Tensor("t", DataType.BYTES, Shape.of(Math.abs((long) rows)), DataBuffer.wrap(bytes));
        try {
            assertThat(ByteElements.read(tensor).stream()
                            .collect(Collectors.summingInt(element -> element.length + Integer.BYTES)))
                    .isEqualTo(bytes.length);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("tensor 't': byte").hasMessageContaining("texts");
        }
    }

    @Test
    void refusesShapesThatDoNotFit() {
        List<byte[]> two = List.of("a".getBytes(StandardCharsets.UTF_8), new byte[0]);
        assertThatIllegalArgumentException().isThrownBy(() -> ByteElements.write("t", Shape.of(3), two, MEMORY));
        Tensor wild = new Tensor("t", DataType.BYTES, Shape.of(1L << 40), DataBuffer.wrap(new byte[8]));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteElements.read(wild));
    }
}
