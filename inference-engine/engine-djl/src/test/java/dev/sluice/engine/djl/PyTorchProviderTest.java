// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PyTorchProviderTest {
    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(EngineProvider.class))
                .extracting(EngineProvider::id)
                .containsExactly("pytorch");
    }

    @Test
    void namesTheMissingLibrary(@TempDir Path empty) {
        EngineSettings settings = new EngineSettings(Optional.of(empty), empty, 1, BufferAllocator.unpooled());
        ServingException failure =
                catchThrowableOfType(ServingException.class, () -> new PyTorchProvider().open(settings));
        assertThat(failure.code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(failure.safeMessage())
                .contains(System.mapLibraryName("c10"), "install")
                .doesNotContain(empty.toString());
    }
}
