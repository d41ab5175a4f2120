// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.server.protocol.Plane;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A golden wire file: what the server starts with, and exchanges in order. The README beside the files has the format.
 *
 * @param models workers by location
 */
record GoldenFile(FakeServer.Setup setup, Map<String, Integer> models, List<Exchange> exchanges) {
    private static final String FOLDER = "/golden/torchserve/";

    private static final Map<String, String> PLACEHOLDERS = Map.of(
            "{uuid}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            "{length}", "\\d+",
            "{instant}", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
            "{pid}", "\\d+");

    /** One request, all ASCII, and the response to it, with line feeds for line ends. */
    record Exchange(Plane plane, String request, String response) {
        /** The response as a pattern, in which placeholders match what they stand for. */
        Pattern expected() {
            String pattern = Pattern.quote(response);
            for (Map.Entry<String, String> placeholder : PLACEHOLDERS.entrySet()) {
                pattern = pattern.replace(placeholder.getKey(), "\\E" + placeholder.getValue() + "\\Q");
            }
            return Pattern.compile(pattern);
        }
    }

    /** Names of all files, sorted; they lie in a folder or in a jar. */
    static List<String> names() throws IOException, URISyntaxException {
        URI folder = GoldenFile.class.getResource(FOLDER + "ping.http").toURI();
        if (!folder.getScheme().equals("jar")) {
            return names(Path.of(folder).resolveSibling("."));
        }
        try (FileSystem jar = FileSystems.newFileSystem(folder, Map.of())) {
            return names(jar.getPath(FOLDER));
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".http"))
                    .sorted()
                    .toList();
        }
    }

    static GoldenFile read(String name) throws IOException {
        try (InputStream in = GoldenFile.class.getResourceAsStream(FOLDER + name)) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static GoldenFile parse(String text) {
        boolean enabled = false;
        Optional<String> envelope = Optional.empty();
        boolean openInference = false;
        Map<String, Integer> models = new LinkedHashMap<>();
        String[] sections = text.split("(?m)^>>> ", -1);
        for (String line : sections[0].lines().toList()) {
            if (line.startsWith("@model-api on")) {
                enabled = true;
            } else if (line.startsWith("@envelope ")) {
                envelope = Optional.of(line.split(" ", -1)[1]);
            } else if (line.startsWith("@open-inference on")) {
                openInference = true;
            } else if (line.startsWith("@model ")) {
                String[] words = line.split(" ", -1);
                models.put(words[1], Integer.parseInt(words[2]));
            }
        }
        List<Exchange> exchanges = new ArrayList<>();
        for (int i = 1; i < sections.length; i++) {
            exchanges.add(exchange(sections[i]));
        }
        FakeServer.Setup setup =
                FakeServer.Setup.of(enabled).withEnvelope(envelope).withOpenInference(openInference);
        return new GoldenFile(setup, models, exchanges);
    }

    private static Exchange exchange(String section) {
        int firstLine = section.indexOf('\n');
        String[] words = section.substring(0, firstLine).split(" ", -1);
        String[] halves = section.substring(firstLine + 1).split("(?m)^<<<\n", 2);
        boolean crlfBody = words.length > 1 && words[1].equals("crlf-body");
        String response = halves[1].endsWith("\n") ? halves[1].substring(0, halves[1].length() - 1) : halves[1];
        return new Exchange(Plane.valueOf(words[0].toUpperCase(Locale.ROOT)), request(halves[0], crlfBody), response);
    }

    private static String request(String text, boolean crlfBody) {
        int blank = text.indexOf("\n\n");
        String body = text.substring(blank + 2);
        body = body.endsWith("\n") ? body.substring(0, body.length() - 1) : body;
        body = crlfBody ? body.replace("\n", "\r\n") + "\r\n" : body;
        String head =
                text.substring(0, blank + 2).replace("\n", "\r\n").replace("{length}", String.valueOf(body.length()));
        return head + body;
    }
}
