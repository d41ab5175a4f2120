// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The graphics cards that workers may use, counted once, when somebody first asks. Numbers are those that a worker sees: if the server
 * itself sees only some cards, number 0 is the first of those, whatever they are called.
 *
 * <p><b>Threads:</b> safe from any thread; counting takes a few seconds at worst.
 *
 * <p><b>Source:</b> spec torchserve, 5.8.
 */
final class Cards {
    /** Names the cards that a process sees. */
    static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

    private static final Logger LOG = LoggerFactory.getLogger(Cards.class);
    private static final int COUNTING_SECONDS = 10;

    private final Map<String, String> variables;
    private final List<String> listing;
    private final int most;

    /** The last card that a model without wishes of its own was given; as in the original, the first one is number 1 if there are several. */
    private final AtomicInteger last = new AtomicInteger();

    /** Guarded by this: the names of those there are, once they have been counted. */
    private Optional<List<String>> names = Optional.empty();

    /**
     * @param variables of this process
     * @param listing command that prints one line, beginning with {@code GPU}, for each card
     * @param most to use
     */
    Cards(Map<String, String> variables, List<String> listing, int most) {
        this.variables = variables;
        this.listing = listing;
        this.most = most;
    }

    int count() {
        return names().size();
    }

    /** The next one for a worker whose model does not mind; there has to be one. */
    int next() {
        int count = count();
        return last.updateAndGet(before -> (before + 1) % count);
    }

    /** {@code count} cards from {@code first} on, as a process that is to see these alone is told. */
    String visible(List<Integer> cards) {
        List<String> all = names();
        return cards.stream().map(all::get).collect(Collectors.joining(","));
    }

    private synchronized List<String> names() {
        List<String> known = names.orElseGet(this::found);
        names = Optional.of(known);
        return known;
    }

    private List<String> found() {
        if (most == 0) {
            return List.of();
        }
        int there = listed();
        String visible = variables.get(VISIBLE);
        if (visible == null) {
            return IntStream.range(0, Math.min(there, most))
                    .mapToObj(Integer::toString)
                    .toList();
        }
        // The driver stops at the first name that is none.
        return List.of(visible.split(",")).stream()
                .map(String::strip)
                .takeWhile(name -> isCard(name, there))
                .limit(Math.min(there, most))
                .toList();
    }

    private static boolean isCard(String name, int there) {
        if (!name.matches("\\d{1,9}")) {
            return !name.isEmpty() && !name.startsWith("-");
        }
        return Integer.parseInt(name) < there;
    }

    private int listed() {
        Process process;
        try {
            process = new ProcessBuilder(listing)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.PIPE)
                    .start();
        } catch (IOException e) {
            LOG.debug("No program lists graphics cards: there are none", e);
            return 0;
        }
        try {
            var timer = process.onExit().orTimeout(COUNTING_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
                LOG.warn("{} takes longer than {} s; no graphics card is used", listing.get(0), COUNTING_SECONDS);
                return process.destroyForcibly();
            });
            process.getOutputStream().close();
            byte[] output = process.getInputStream().readAllBytes();
            timer.join();
            return (int) new String(output, StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith("GPU "))
                    .count();
        } catch (IOException e) {
            LOG.warn("Graphics cards could not be counted; none is used", e);
            return 0;
        } finally {
            process.destroyForcibly();
        }
    }
}
