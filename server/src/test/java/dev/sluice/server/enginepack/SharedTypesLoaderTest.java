// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.EngineProvider;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedTypesLoaderTest {
    private final ClassLoader loader = new SharedTypesLoader(getClass().getClassLoader());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev.sluice.tensor.Tensor",
                "dev.sluice.model.ModelSpec",
                "dev.sluice.inference.ServingException",
                "dev.sluice.engine.EngineProvider",
                "org.slf4j.LoggerFactory",
                "org.slf4j.helpers.MessageFormatter"
            })
    void sharesTheServersOwnClass(String name) throws ClassNotFoundException {
        assertThat(loader.loadClass(name)).isSameAs(Class.forName(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"java.util.List", "java.sql.Driver"})
    void givesTheJdk(String name) throws ClassNotFoundException {
        assertThat(loader.loadClass(name)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev.sluice.engine.testing.FakeModel",
                "dev.sluice.lifecycle.ModelRegistry",
                "dev.sluice.server.enginepack.EnginePacks",
                "com.fasterxml.jackson.databind.ObjectMapper",
                "ch.qos.logback.classic.Logger"
            })
    void hidesAllElse(String name) throws ClassNotFoundException {
        assertThat(Class.forName(name)).isNotNull();
        assertThatThrownBy(() -> loader.loadClass(name)).isInstanceOf(ClassNotFoundException.class);
    }

    @Test
    void hidesTheServersServices() throws Exception {
        String service = "META-INF/services/" + EngineProvider.class.getName();
        List<?> found = Collections.list(loader.getResources(service));

        assertThat(found).isEmpty();
        assertThat(loader.getResource("logback.xml")).isNull();
        assertThat(getClass().getClassLoader().getResource("logback.xml")).isNotNull();
    }
}
