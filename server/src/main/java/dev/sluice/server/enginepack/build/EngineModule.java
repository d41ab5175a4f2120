// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.build;

import dev.sluice.server.enginepack.MavenCoordinates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * A module of an engine as the build left it: what it resolved, in {@code target/pack/artifacts}; its POM with the properties
 * filled in, in {@code target/pack/pom.xml}; its native libraries, in {@code target/native}.
 *
 * @param jar the module's own
 * @param title what its POM calls it
 * @param own jars of this project that the pack needs, the module's own first
 * @param libraries jars of others on the engine's class path
 * @param nativeSources jars that are only unpacked
 */
record EngineModule(
        Path jar,
        String title,
        List<Path> own,
        Map<MavenCoordinates, Path> libraries,
        Map<MavenCoordinates, Path> nativeSources) {
    /** A line that maven-dependency-plugin's "list" writes, with the file's name and what it says of Java modules. */
    private static final Pattern ARTIFACT = Pattern.compile(
            " +([^: ]+):([^:]+):([^:]+)(?::([^:]+))?:([^:]+):(?:compile|runtime):(.+?\\.jar)(?: -- .*)?");

    /** The server's, which packs see through their parent loader. */
    private static final Set<String> SHARED =
            Set.of("dev.sluice:sluice-inference-core", "org.slf4j:slf4j-api", "org.jspecify:jspecify");

    private static final String OURS = "dev.sluice";

    /** @param repository the build's own, where it puts what it resolves */
    static EngineModule of(Path jar, Path repository) throws IOException {
        Path pack = jar.resolveSibling("pack");
        List<Path> own = new ArrayList<>(List.of(jar));
        Map<MavenCoordinates, Path> libraries = new LinkedHashMap<>();
        for (String line : Files.readAllLines(pack.resolve("artifacts"))) {
            Matcher match = ARTIFACT.matcher(line);
            if (!match.matches() || SHARED.contains(match.group(1) + ":" + match.group(2))) {
                continue;
            }
            Path file = Path.of(match.group(6));
            if (match.group(1).equals(OURS)) {
                own.add(file);
            } else {
                String classifier = match.group(4) == null ? "" : match.group(4);
                libraries.put(new MavenCoordinates(match.group(1), match.group(2), match.group(5), classifier), file);
            }
        }
        Element pom = parse(pack.resolve("pom.xml"));
        String title = text(pom, "name").replaceFirst("^Sluice: ", "");
        return new EngineModule(jar, title, own, libraries, sources(pom, repository));
    }

    /** The module's native libraries, unpacked. */
    Path natives() {
        return jar.resolveSibling("native");
    }

    /** All jars of others that it may be filled from. */
    Map<MavenCoordinates, Path> artifacts() {
        Map<MavenCoordinates, Path> artifacts = new LinkedHashMap<>(libraries);
        nativeSources.forEach(artifacts::putIfAbsent);
        return artifacts;
    }

    /** What the module is called after {@code sluice-engine-}. */
    String name() {
        String folder =
                String.valueOf(jar.toAbsolutePath().resolve("../..").normalize().getFileName());
        return folder.replaceFirst("^engine-", "");
    }

    private static Map<MavenCoordinates, Path> sources(Element pom, Path repository) {
        Map<MavenCoordinates, Path> sources = new LinkedHashMap<>();
        NodeList items = pom.getElementsByTagName("artifactItem");
        for (int i = 0; i < items.getLength(); i++) {
            Element item = (Element) items.item(i);
            MavenCoordinates coordinates = new MavenCoordinates(
                    text(item, "groupId"), text(item, "artifactId"), text(item, "version"), text(item, "classifier"));
            sources.put(coordinates, repository.resolve(coordinates.path()));
        }
        return sources;
    }

    private static String text(Element item, String name) {
        NodeList found = item.getElementsByTagName(name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
    }

    private static Element parse(Path pom) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            return factory.newDocumentBuilder().parse(pom.toFile()).getDocumentElement();
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(pom + " (expected: a POM)", e);
        }
    }
}
