// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The code a model brings along: the jars beside it, in a class loader that sees of the server what engine packs see, and the
 * handler in them. A handler is a class by its whole name, or one that a jar lists for {@link java.util.ServiceLoader} by one of
 * the names it gives itself.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> {@code INVALID_MODEL}, in words for whoever wrote the handler.
 */
final class HandlerJars implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerJars.class);
    private static final String SUFFIX = ".jar";

    private final String handler;
    private final List<String> jars;
    private final URLClassLoader loader;

    private HandlerJars(String handler, List<String> jars, URLClassLoader loader) {
        this.handler = handler;
        this.jars = jars;
        this.loader = loader;
    }

    /** The jars in {@code root} itself, by name; those in folders are data. */
    static List<Path> find(Path root) {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(root)) {
            return children.filter(child -> child.toString().endsWith(SUFFIX) && Files.isRegularFile(child))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's files cannot be listed", e);
        }
    }

    /** Opens {@code jars}, one or more, none of which may lie outside of the model. */
    static HandlerJars open(ModelSpec spec, List<Path> jars, ClassLoader shared) {
        List<URL> urls = new ArrayList<>();
        try {
            Path root = spec.files().root().toRealPath();
            for (Path jar : jars) {
                Path real = jar.toRealPath();
                if (!real.startsWith(root)) {
                    throw new ServingException(
                            ErrorCode.INVALID_MODEL,
                            jar.getFileName() + " is a link out of the model (expected: a jar)");
                }
                urls.add(real.toUri().toURL());
            }
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's jars cannot be read", e);
        }
        URLClassLoader loader = new URLClassLoader("handler-" + spec.id(), urls.toArray(URL[]::new), shared);
        List<String> names =
                jars.stream().map(jar -> String.valueOf(jar.getFileName())).toList();
        return new HandlerJars(spec.handler(), names, loader);
    }

    /** The handler, made anew, whose own mistakes are told as such. */
    HandlerProvider provider() {
        HandlerProvider provider = guarded("be made", () -> named().orElseGet(this::listed));
        int version = guarded("say its version", provider::spiVersion);
        if (version != HandlerProvider.SPI_VERSION) {
            throw invalid(
                    version == 0
                            ? "does not say which version of the handler interface it was compiled against (expected:"
                                    + " spiVersion() that returns HandlerProvider.SPI_VERSION)"
                            : "was compiled against version " + version + " of the handler interface (expected: "
                                    + HandlerProvider.SPI_VERSION + "; compile it against this server's)");
        }
        return new GuardedProvider(provider, this);
    }

    /** An instance of the class of that name; empty if there is no such class. */
    private Optional<HandlerProvider> named() {
        Class<?> type;
        try {
            type = Class.forName(handler, false, loader);
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
        if (!HandlerProvider.class.isAssignableFrom(type)) {
            throw invalid("is no handler (expected: a class that implements " + HandlerProvider.class.getName() + ")");
        }
        try {
            return Optional.of((HandlerProvider) type.getConstructor().newInstance());
        } catch (InvocationTargetException e) {
            throw failed("be made", e.getCause() == null ? e : e.getCause());
        } catch (ReflectiveOperationException e) {
            throw invalid("cannot be made (expected: a public class with a public constructor without parameters)");
        }
    }

    private HandlerProvider listed() {
        TreeSet<String> names = new TreeSet<>();
        for (HandlerProvider provider : ServiceLoader.load(HandlerProvider.class, loader)) {
            if (provider.names().contains(handler)) {
                return provider;
            }
            names.addAll(provider.names());
        }
        throw invalid("is not there (expected: a built-in handler, a Java class in "
                + String.join(", ", jars)
                + ", or a name of a handler that META-INF/services/" + HandlerProvider.class.getName()
                + " lists there: "
                + (names.isEmpty() ? "it lists none" : String.join(", ", names)) + ")");
    }

    /** Runs code of the handler, with its class loader as the thread's own, where libraries look for their parts. */
    <T> T guarded(String what, Supplier<T> code) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return code.get();
        } catch (Throwable e) {
            // Other languages than Java throw checked exceptions, and errors of their own, from anywhere.
            throw failed(what, e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private ServingException failed(String what, Throwable cause) {
        if (cause instanceof VirtualMachineError error) {
            throw error;
        }
        if (cause instanceof ServingException serving) {
            return serving;
        }
        boolean onlyCarries =
                cause instanceof ServiceConfigurationError || cause instanceof ExceptionInInitializerError;
        if (onlyCarries && cause.getCause() != null) {
            return failed(what, cause.getCause());
        }
        // Only its text goes on: the exception would keep the handler's classes in memory as long as somebody keeps it.
        LOG.warn("Handler {} could not {}", handler, what, cause);
        return invalid("could not " + what + ": " + NativeMessage.clean(String.valueOf(cause)));
    }

    ClassLoader classLoader() {
        return loader;
    }

    ServingException invalid(String what) {
        return new ServingException(ErrorCode.INVALID_MODEL, "Handler " + handler + " " + what);
    }

    @Override
    public void close() {
        try {
            loader.close();
        } catch (IOException e) {
            LOG.warn("The jars of handler {} were not closed in good order", handler, e);
        }
    }
}
