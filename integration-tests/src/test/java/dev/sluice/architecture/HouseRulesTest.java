// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class HouseRulesTest {
    private static final String PLANTED = "dev.sluice.architecture.planted.";

    private final JavaClasses house = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/testing/"))
            // Made of .proto files by a generator, which has a house of its own.
            .withImportOption(location -> !location.contains("/dev/sluice/api/"))
            .importPackages("dev.sluice");

    @Test
    void seesEveryModule() {
        assertThat(house)
                .extracting(type -> type.getPackageName())
                .contains(
                        "dev.sluice.archive",
                        "dev.sluice.tensor",
                        "dev.sluice.engine.djl",
                        "dev.sluice.engine.onnxruntime",
                        "dev.sluice.engine.tensorflow",
                        "dev.sluice.engine.tflite",
                        "dev.sluice.engine.tokenizers",
                        "dev.sluice.engine.trees",
                        "dev.sluice.engine.handler",
                        "dev.sluice.server");
    }

    @TestFactory
    Stream<DynamicTest> houseKeepsEachRule() {
        return new HouseRules("dev.sluice")
                .all().entrySet().stream()
                        .map(rule -> DynamicTest.dynamicTest(
                                rule.getKey(), () -> rule.getValue().check(house)));
    }

    /** Below {@code planted} there is one small tree per rule, named like it, that breaks it. */
    @TestFactory
    Stream<DynamicTest> eachRuleSeesItsPlantedViolation() {
        return new HouseRules("")
                .all().keySet().stream()
                        .map(name -> DynamicTest.dynamicTest(name, () -> {
                            JavaClasses planted = new ClassFileImporter().importPackages(PLANTED + name);
                            ArchRule rule = Objects.requireNonNull(
                                    new HouseRules(PLANTED + name).all().get(name));
                            assertThat(planted)
                                    .as("classes below " + PLANTED + name)
                                    .isNotEmpty();
                            assertThatThrownBy(() -> rule.check(planted))
                                    .isInstanceOf(AssertionError.class)
                                    .hasMessageContaining("was violated");
                        }));
    }
}
