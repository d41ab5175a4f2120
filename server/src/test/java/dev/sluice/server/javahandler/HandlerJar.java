// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Jars of handlers, compiled while the test runs, as a user's build would. */
final class HandlerJar {
    private HandlerJar() {}

    /** Compiles {@code sources}, by class, and packs what came out into {@code jar} with a service entry for each of {@code listed}. */
    static void make(Path jar, Map<String, String> sources, String... listed) throws IOException {
        Path classes = Files.createTempDirectory(jar.resolveSibling(""), ".classes");
        compile(classes, sources);
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path compiled : all.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(classes.relativize(compiled).toString()));
                Files.copy(compiled, out);
            }
            if (listed.length > 0) {
                out.putNextEntry(new ZipEntry("META-INF/services/dev.sluice.engine.HandlerProvider"));
                out.write(String.join("\n", listed).getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static void compile(Path classes, Map<String, String> sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<Source> units = new ArrayList<>();
        sources.forEach((name, text) -> units.add(new Source(name, text)));
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-d", classes.toString(), "-classpath", System.getProperty("java.class.path"));
        boolean done =
                compiler.getTask(messages, null, null, options, null, units).call();
        assertThat(done).as(messages.toString()).isTrue();
    }

    /** Leaves one class out of a jar, as a build does that forgets a library. */
    static void without(Path jar, String entry) {
        try (var files = FileSystems.newFileSystem(jar)) {
            Files.delete(files.getPath(entry));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String name, String text) {
            super(URI.create("string:///" + name.replace('.', '/') + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
