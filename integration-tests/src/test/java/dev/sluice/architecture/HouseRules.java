// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Every rule, for a tree of packages below {@code base}; {@code dev.sluice} for the real one.
 *
 * <p>An exception to a rule is listed here, by class, with its reason, and nowhere else.
 */
final class HouseRules {
    private final String base;

    HouseRules(String base) {
        this.base = base;
    }

    /** All rules by the name of the planted tree that breaks each. */
    Map<String, ArchRule> all() {
        Map<String, ArchRule> rules = new TreeMap<>();
        rules.put("cycle", noPackageCycles());
        rules.put("layers", engineLayersPointOneWay());
        rules.put("bottom", bottomModulesDoNotKnowEachOther());
        rules.put("netty", nettyStaysAtTheEdge());
        rules.put("nettyviews", onePlaceShowsNettysMemory());
        rules.put("engineviews", enginesGetMemoryFromOnePlace());
        rules.put("djl", djlStaysInItsEngine());
        rules.put("onnx", onnxRuntimeStaysInItsEngine());
        rules.put("natives", nativeLibrariesStayInTheirEngines());
        rules.put("micrometer", micrometerStaysInMetrics());
        rules.put("siblings", protocolsDoNotKnowEachOther());
        rules.put("concrete", onlyTheRootKnowsConcreteProtocolsAndEngines());
        rules.put("installing", onlyCommandsInstallEngines());
        rules.put("mutablestatic", noMutableStatics());
        rules.put("getinstance", noSingletons());
        rules.put("environment", environmentIsReadInOnePlace());
        rules.put("waiting", nobodySleepsOrWaitsForever());
        rules.put("wallclock", nobodyReadsTheWallClock());
        rules.put("immutable", dataTypesAreImmutable());
        rules.put("config", configurationIsRecords());
        rules.put("status", statusCodesStayInProtocols());
        rules.put("spi", spiExposesNoImplementation());
        rules.put("nullmarked", everyPackageIsNullMarked());
        return rules;
    }

    ArchRule noPackageCycles() {
        return slices().matching(base + ".(**)").should().beFreeOfCycles();
    }

    ArchRule engineLayersPointOneWay() {
        return layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage(base + "..")
                .withOptionalLayers(true)
                .layer("tensor")
                .definedBy(base + ".tensor")
                .layer("model")
                .definedBy(base + ".model")
                .layer("inference")
                .definedBy(base + ".inference")
                .layer("engine")
                .definedBy(base + ".engine")
                .layer("scheduling")
                .definedBy(base + ".scheduling")
                .layer("lifecycle")
                .definedBy(base + ".lifecycle")
                .layer("serving")
                .definedBy(base + ".serving")
                .layer("engines")
                .definedBy(base + ".engine.*..")
                .layer("server")
                .definedBy(base + ".server..")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers(
                        "inference", "engine", "scheduling", "lifecycle", "serving", "engines", "server")
                .whereLayer("inference")
                .mayOnlyBeAccessedByLayers("engine", "scheduling", "lifecycle", "serving", "engines", "server")
                .whereLayer("engine")
                .mayOnlyBeAccessedByLayers("scheduling", "lifecycle", "serving", "engines", "server")
                .whereLayer("scheduling")
                .mayOnlyBeAccessedByLayers("lifecycle", "serving", "server")
                .whereLayer("lifecycle")
                .mayOnlyBeAccessedByLayers("serving", "server")
                .whereLayer("serving")
                .mayOnlyBeAccessedByLayers("server")
                .whereLayer("server")
                .mayNotBeAccessedByAnyLayer();
    }

    ArchRule bottomModulesDoNotKnowEachOther() {
        return noClasses()
                .that()
                .resideInAPackage(base + ".archive..")
                .should()
                .dependOnClassesThat(resideInAPackage(base + "..").and(not(resideInAPackage(base + ".archive.."))))
                .allowEmptyShould(true);
    }

    ArchRule nettyStaysAtTheEdge() {
        return library(
                "io.netty..",
                base + ".server.transport..",
                base + ".server.protocol..rest..",
                base + ".engine.python..");
    }

    /** Netty's views are big-endian and say nothing of who keeps the memory. */
    ArchRule onePlaceShowsNettysMemory() {
        return noClasses()
                .that()
                .doNotHaveSimpleName("BufferBridge")
                .should()
                .callMethodWhere(target(owner(assignableTo("io.netty.buffer.ByteBuf")))
                        .and(target(nameMatching("nioBuffers?|internalNioBuffer|memoryAddress"))))
                .allowEmptyShould(true);
    }

    /** Through NativeInput and NativeOutput, which see to alignment and byte order. */
    ArchRule enginesGetMemoryFromOnePlace() {
        return noClasses()
                .that()
                .resideInAPackage(base + ".engine.*..")
                // Handlers write numbers and hand on tensors; none of them calls native code.
                .and()
                .resideOutsideOfPackage(base + ".engine.handler..")
                // What goes to another process goes through a socket or by copy.
                .and()
                .resideOutsideOfPackage(base + ".engine.python..")
                .should()
                .callMethodWhere(
                        target(owner(name("dev.sluice.tensor.DataBuffer"))).and(target(name("view"))))
                .allowEmptyShould(true);
    }

    ArchRule djlStaysInItsEngine() {
        return library("ai.djl..", base + ".engine.djl..", base + ".engine.tokenizers..");
    }

    ArchRule onnxRuntimeStaysInItsEngine() {
        return library("ai.onnxruntime..", base + ".engine.onnxruntime..");
    }

    /** Several of them share a binding, in versions that do not go together: each is in its engine's pack alone. */
    ArchRule nativeLibrariesStayInTheirEngines() {
        return CompositeArchRule.of(library("org.tensorflow..", base + ".engine.tensorflow.."))
                .and(library("org.bytedeco..", base + ".engine.tensorflow..", base + ".engine.tflite.."))
                .and(library("ml.dmlc..", base + ".engine.trees.."))
                .and(library("com.microsoft.ml..", base + ".engine.trees.."));
    }

    ArchRule micrometerStaysInMetrics() {
        return library("io.micrometer..", base + ".server.metrics..");
    }

    private ArchRule library(String library, String... homes) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(homes)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .allowEmptyShould(true);
    }

    ArchRule protocolsDoNotKnowEachOther() {
        return slices().matching(base + ".server.protocol.(*)..")
                .should()
                .notDependOnEachOther()
                .allowEmptyShould(true);
    }

    ArchRule onlyTheRootKnowsConcreteProtocolsAndEngines() {
        DescribedPredicate<JavaClass> concrete =
                resideInAnyPackage(base + ".server.protocol.*..", base + ".engine.*..");
        return noClasses()
                .that(not(concrete).and(not(resideInAPackage(base + ".server"))))
                .should()
                .dependOnClassesThat(concrete)
                .allowEmptyShould(true);
    }

    /** Nothing a client sends leads to a download, or to another engine. */
    ArchRule onlyCommandsInstallEngines() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(base + ".server.cli..", base + ".server.enginepack.install..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(base + ".server.enginepack.install..")
                .allowEmptyShould(true);
    }

    ArchRule noMutableStatics() {
        return fields().that().areStatic().should().beFinal().allowEmptyShould(true);
    }

    ArchRule noSingletons() {
        return noMethods().should().haveName("getInstance").allowEmptyShould(true);
    }

    ArchRule environmentIsReadInOnePlace() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(base + ".server.config..")
                .and()
                .doNotHaveSimpleName("Main")
                // The archiver is a program of its own.
                .and()
                .doNotHaveSimpleName("TorchModelArchiver")
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class, String.class)
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .allowEmptyShould(true);
    }

    ArchRule nobodySleepsOrWaitsForever() {
        return noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(CompletableFuture.class, "join")
                .orShould()
                .callMethod(CompletableFuture.class, "get")
                .allowEmptyShould(true);
    }

    ArchRule nobodyReadsTheWallClock() {
        return noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .allowEmptyShould(true);
    }

    ArchRule dataTypesAreImmutable() {
        return fields().that()
                .areDeclaredInClassesThat()
                .resideInAnyPackage(base + ".tensor", base + ".model", base + ".inference")
                // One volatile flag that only ever turns on; its class comment says who writes it.
                .and()
                .areDeclaredInClassesThat()
                .doNotHaveSimpleName("Cancellation")
                .should()
                .beFinal()
                .allowEmptyShould(true);
    }

    ArchRule configurationIsRecords() {
        return classes()
                .that()
                .haveSimpleNameEndingWith("Config")
                .and()
                .resideInAPackage(base + ".server..")
                .should()
                .beRecords()
                .allowEmptyShould(true);
    }

    ArchRule statusCodesStayInProtocols() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(base + ".server.protocol..", base + ".server.transport..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.netty.handler.codec.http.HttpResponseStatus")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.HttpURLConnection")
                .allowEmptyShould(true);
    }

    ArchRule spiExposesNoImplementation() {
        return noMethods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .resideInAnyPackage(base + ".engine", base + ".server.protocol")
                .should(ArchCondition.from(mentioning(resideInAnyPackage(
                        base + ".scheduling..",
                        base + ".lifecycle..",
                        base + ".serving..",
                        base + ".engine.*..",
                        base + ".server.protocol.*..",
                        base + ".server.transport.."))))
                .allowEmptyShould(true);
    }

    private static DescribedPredicate<JavaMethod> mentioning(DescribedPredicate<? super JavaClass> type) {
        return DescribedPredicate.describe(
                "mention a type that " + type.getDescription(),
                method -> type.test(method.getRawReturnType())
                        || method.getRawParameterTypes().stream().anyMatch(type));
    }

    ArchRule everyPackageIsNullMarked() {
        ArchCondition<JavaClass> liveInANullMarkedPackage = new ArchCondition<>("live in a @NullMarked package") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage()
                        .tryGetPackageInfo()
                        .map(info -> info.isAnnotatedWith("org.jspecify.annotations.NullMarked"))
                        .orElse(false);
                if (!marked) {
                    events.add(SimpleConditionEvent.violated(
                            type,
                            type.getName() + " lives in " + type.getPackageName()
                                    + ", which has no @NullMarked package-info"));
                }
            }
        };
        return classes().should(liveInANullMarkedPackage).allowEmptyShould(true);
    }
}
