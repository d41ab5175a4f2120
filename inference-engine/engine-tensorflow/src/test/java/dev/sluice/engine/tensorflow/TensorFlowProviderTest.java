// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorFlowProviderTest {
    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(EngineProvider.class))
                .extracting(EngineProvider::id)
                .containsExactly("tensorflow");
    }

    @Test
    void namesTheMissingLibrary(@TempDir Path empty) {
        EngineSettings settings = new EngineSettings(Optional.of(empty), empty, 1, BufferAllocator.unpooled());
        ServingException failure =
                catchThrowableOfType(ServingException.class, () -> new TensorFlowProvider().open(settings));
        assertThat(failure.code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(failure.safeMessage())
                .contains(System.mapLibraryName("jnijavacpp"), "install")
                .doesNotContain(empty.toString());
    }

    /** The other engine that brings a JavaCPP along reads the same properties. */
    @Test
    void leavesTheSystemPropertiesAndTheDiskAsTheyWere(@TempDir Path cache) {
        System.setProperty("org.bytedeco.javacpp.cachedir", "another's");
        Map<Object, Object> before = new HashMap<>(System.getProperties());
        new TensorFlowProvider()
                .open(TestSettings.of(cache, BufferAllocator.unpooled()))
                .close();
        assertThat(System.getProperties()).containsAllEntriesOf(before).hasSameSizeAs(before);
        assertThat(cache).isEmptyDirectory();
        assertThat(Path.of(System.getProperty("user.home"), ".javacpp")).doesNotExist();
    }
}
