// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts graphics cards by what drivers show of them in the file system, so that no tool of a vendor has to be there and no library
 * of theirs is loaded into this process.
 *
 * <p>Source: torchserve.md section 5.8. There a variable that names cards by anything but numbers ends the server; here names count
 * as well.
 *
 * @param root of the file system
 */
record GraphicsCards(Path root) {
    private static final Logger LOG = LoggerFactory.getLogger(GraphicsCards.class);

    private static final List<String> NVIDIA = List.of("CUDA_VISIBLE_DEVICES");
    private static final List<String> AMD = List.of("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES");

    static GraphicsCards ofThisMachine() {
        return new GraphicsCards(Path.of("/"));
    }

    /** How many there are of those that {@code variables} leave visible, of one vendor. */
    int visible(Map<String, String> variables) {
        int nvidia = entries("dev", "nvidia[0-9]*", name -> name.matches("nvidia[0-9]+"));
        if (nvidia > 0) {
            return among(nvidia, variables, NVIDIA);
        }
        int amd = entries("sys/class/kfd/kfd/topology/nodes", "*", this::isCard);
        return among(amd, variables, AMD);
    }

    /** Processors are nodes there, too; theirs have no number of a card. */
    private boolean isCard(String node) {
        try {
            String number = Files.readString(root.resolve("sys/class/kfd/kfd/topology/nodes")
                    .resolve(node)
                    .resolve("gpu_id"));
            return !number.strip().equals("0");
        } catch (IOException e) {
            LOG.debug("Node {} tells nothing", node, e);
            return false;
        }
    }

    private interface NameTest {
        boolean isOne(String name);
    }

    private int entries(String directory, String pattern, NameTest test) {
        Path folder = root.resolve(directory);
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
            for (Path entry : entries) {
                count += test.isOne(String.valueOf(entry.getFileName())) ? 1 : 0;
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("{} cannot be listed", folder, e);
        }
        return count;
    }

    /** An empty list hides all of them; so does, from its place on, a number that is below 0. */
    private static int among(int there, Map<String, String> variables, List<String> names) {
        int visible = there;
        for (String name : names) {
            String given = variables.get(name);
            if (given != null) {
                long listed = Arrays.stream(given.split(",", -1))
                        .map(String::strip)
                        .takeWhile(card -> !card.isEmpty() && !card.startsWith("-"))
                        .distinct()
                        .count();
                visible = (int) Math.min(visible, listed);
            }
        }
        return visible;
    }
}
