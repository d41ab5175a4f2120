// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.EngineProvider;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class TreesProviderTest {
    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(EngineProvider.class))
                .extracting(EngineProvider::id)
                .containsExactly("trees");
    }
}
