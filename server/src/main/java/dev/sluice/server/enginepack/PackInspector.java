// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineProvider;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds out what is wrong with a filled pack, without loading anything of it. */
public final class PackInspector {
    private final String platform;

    /** @param platform of this machine, named as descriptors name it */
    public PackInspector(String platform) {
        this.platform = platform;
    }

    /** What descriptors call the machine that Java describes so; the names are those of Maven's classifiers. */
    public static String platform(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "windows" : os.replace(' ', '-');
        String processor = switch (osArch) {
            case "amd64", "x86_64" -> "x86_64";
            case "arm64", "aarch64" -> "aarch64";
            default -> osArch;
        };
        return system + "-" + processor;
    }

    /**
     * What keeps the pack in {@code folder} from being used, and what to do about it; empty for a good one. A folder without
     * a descriptor was made by hand: nothing is known of what should be in it.
     */
    public Optional<String> problem(Path folder) {
        if (!Files.isDirectory(folder.resolve("lib"))) {
            return Optional.of("it has no folder lib; " + again(folder));
        }
        if (!Files.exists(folder.resolve(PackDescriptor.FILE))) {
            return Optional.empty();
        }
        try {
            return fitProblem(folder, DescriptorFile.read(folder)).or(() -> missing(folder));
        } catch (ServingException e) {
            return Optional.of(e.safeMessage() + "; " + again(folder));
        }
    }

    /** What keeps a pack so described from being used by this server on this machine. */
    public Optional<String> misfit(PackDescriptor descriptor) {
        if (descriptor.spiVersion() != EngineProvider.SPI_VERSION) {
            return Optional.of("spi: " + descriptor.spiVersion() + " (expected: " + EngineProvider.SPI_VERSION
                    + "; take the packs that came with this server)");
        }
        if (!descriptor.platform().equals(platform)) {
            return Optional.of("platform: " + descriptor.platform() + " (expected: " + platform
                    + ", which is this machine; take the distribution that was built for it)");
        }
        return Optional.empty();
    }

    /** As {@link #problem}, and every byte compared with its checksum: reads all files, which takes seconds. */
    public Optional<String> problemInDepth(Path folder) {
        return problem(folder).or(() -> {
            try {
                return differing(folder);
            } catch (IOException e) {
                return Optional.of("its files cannot be read: " + e.getMessage() + "; " + again(folder));
            }
        });
    }

    private Optional<String> fitProblem(Path folder, PackDescriptor descriptor) {
        if (!folder.getFileName().toString().equals(descriptor.id())) {
            return Optional.of(
                    "id: " + descriptor.id() + " (expected: " + folder.getFileName() + ", the name of its folder)");
        }
        return misfit(descriptor);
    }

    private static Optional<String> missing(Path folder) {
        return sums(folder).keySet().stream()
                .filter(name -> !Files.isRegularFile(folder.resolve(name)))
                .findFirst()
                .map(name -> "file " + name + " is missing; " + again(folder));
    }

    private static Optional<String> differing(Path folder) throws IOException {
        for (Map.Entry<String, String> entry : sums(folder).entrySet()) {
            String sum = Checksums.of(folder.resolve(entry.getKey()));
            if (!sum.equals(entry.getValue())) {
                return Optional.of("file " + entry.getKey() + " has SHA-256 " + sum + " (expected: " + entry.getValue()
                        + "); " + again(folder));
            }
        }
        return Optional.empty();
    }

    private static Map<String, String> sums(Path folder) {
        return Checksums.read(folder).orElse(Map.of());
    }

    private static String again(Path folder) {
        return "fill it again with 'sluice engines add " + folder.getFileName() + "'";
    }
}
