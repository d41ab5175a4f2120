// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.nio.file.Files;
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

    /** DJL loads what belongs to CUDA only where it is told that the build is one. */
    @Test
    void tellsACudaBuildByTheLibrariesThatAreThere(@TempDir Path natives) throws IOException {
        EngineSettings settings = new EngineSettings(Optional.of(natives), natives, 1, BufferAllocator.unpooled());
        assertThat(PyTorchProvider.properties(settings)).containsEntry("PYTORCH_FLAVOR", "cpu");
        Files.createFile(natives.resolve(System.mapLibraryName("torch_cuda")));
        assertThat(PyTorchProvider.properties(settings)).containsEntry("PYTORCH_FLAVOR", "cu");
    }

    @Test
    void namesAnExtraLibraryThatDoesNotLoad(@TempDir Path pack) throws IOException {
        Optional<Path> natives = Optional.of(Files.createDirectory(pack.resolve("native")));
        ExtraLibraries.load(natives); // there is no folder for them
        Path extra = Files.createDirectory(pack.resolve("extra"));
        Files.createFile(extra.resolve("README"));
        ExtraLibraries.load(natives);
        String library = System.mapLibraryName("ops");
        Files.createFile(extra.resolve(library));
        ServingException failure = catchThrowableOfType(ServingException.class, () -> ExtraLibraries.load(natives));
        assertThat(failure.code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(failure.safeMessage()).contains(library, "'extra'").doesNotContain(pack.toString());
    }
}
