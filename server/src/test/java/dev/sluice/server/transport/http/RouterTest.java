// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.server.protocol.Plane;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterTest {
    private static final String[] TEMPLATES = {
        "/ping/{rest...}",
        "/predictions/{model}",
        "/predictions/{model}/{version}/{extra...}",
        "/models",
        "/models/{model}",
        "/models/{model}/all",
        "/models/{model}/{version}",
        "/v1/models/{model}",
        "/v1/models/{model}:predict",
        "/v1/models/{model}:explain",
        "/{model}/predict"
    };

    private static Router router() {
        FakeProtocol protocol = new FakeProtocol("fake");
        for (String template : TEMPLATES) {
            protocol.with("GET", template, (request, responder) -> {});
        }
        protocol.with("PUT", "/models/{model}/{version}", (request, responder) -> {});
        return Router.of(List.of(protocol), EnumSet.allOf(Plane.class));
    }

    private static Router.Match match(String method, String path) {
        return router().match(method, RequestTarget.parse(path).segments());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/ping                    | /ping/{rest...}                           | rest=",
                "/ping/                   | /ping/{rest...}                           | rest=",
                "/ping/a/b                | /ping/{rest...}                           | rest=a/b",
                "/predictions/m           | /predictions/{model}                      | model=m",
                "/predictions/m//         | /predictions/{model}                      | model=m",
                "/predictions/m/1.0       | /predictions/{model}/{version}/{extra...} | extra=,model=m,version=1.0",
                "/predictions/m%2F1.0/a/b | /predictions/{model}/{version}/{extra...} | extra=a/b,model=m,version=1.0",
                "/models                  | /models                                   | ''",
                "/models/?limit=1         | /models                                   | ''",
                "/models/all              | /models/{model}                           | model=all",
                "/models/m/all            | /models/{model}/all                       | model=m",
                "/models/m/2              | /models/{model}/{version}                 | model=m,version=2",
                "/v1/models/m             | /v1/models/{model}                        | model=m",
                "/v1/models/m:predict     | /v1/models/{model}:predict                | model=m",
                "/v1/models/a:b:explain   | /v1/models/{model}:explain                | model=a:b",
                "/v1/models/:predict      | /v1/models/{model}                        | model=:predict",
                "/v1/models/m:predicts    | /v1/models/{model}                        | model=m:predicts",
                "/m/predict               | /{model}/predict                          | model=m",
                "/models/predict          | /models/{model}                           | model=predict",
                "http://h:1/models/m?x=/  | /models/{model}                           | model=m"
            })
    void choosesTemplate(String path, String template, String parameters) {
        Router.Match.Found found = (Router.Match.Found) match("GET", path);

        assertThat(found.route().template().text()).isEqualTo(template);
        assertThat(String.join(
                        ",",
                        found.parameters().entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(Map.Entry::toString)
                                .toList()))
                .isEqualTo(parameters);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "", "*", "/Ping", "/predictions", "/predictions//m", "//ping", "/models/m/1/x"})
    void knowsNoOtherPath(String path) {
        assertThat(match("GET", path)).isInstanceOf(Router.Match.NoPath.class);
    }

    @Test
    void tellsOtherMethodFromOtherPath() {
        assertThat(match("PUT", "/models/m")).isInstanceOf(Router.Match.OtherMethod.class);
        assertThat(match("put", "/models/m/1")).isInstanceOf(Router.Match.OtherMethod.class);
    }

    @Test
    void fallsBackToNameWhenLiteralDoesNotTakeMethod() {
        Router.Match.Found found = (Router.Match.Found) match("PUT", "/models/m/all");

        assertThat(found.parameters()).containsEntry("version", "all");
    }

    @Test
    void servesOnlyItsPlanes() {
        FakeProtocol protocol =
                new FakeProtocol("fake").with(Plane.MANAGEMENT, Set.of("GET"), "/models", (request, responder) -> {});

        Router router = Router.of(List.of(protocol), Set.of(Plane.INFERENCE));

        assertThat(router.match("GET", List.of("models"))).isInstanceOf(Router.Match.NoPath.class);
    }

    @Test
    void refusesTwoEndpointsForOneMethodAndPath() {
        FakeProtocol first = new FakeProtocol("first").with("GET", "/a/{x}", (request, responder) -> {});
        FakeProtocol second = new FakeProtocol("second").with("GET", "/a/{y}", (request, responder) -> {});

        assertThatThrownBy(() -> Router.of(List.of(first, second), Set.of(Plane.INFERENCE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/a/{x} of first")
                .hasMessageContaining("/a/{y} of second");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/{a}/{a}", "/{a...}/b"})
    void refusesMalformedTemplate(String template) {
        FakeProtocol protocol = new FakeProtocol("fake").with("GET", template, (request, responder) -> {});

        assertThatThrownBy(() -> Router.of(List.of(protocol), Set.of(Plane.INFERENCE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(template);
    }
}
