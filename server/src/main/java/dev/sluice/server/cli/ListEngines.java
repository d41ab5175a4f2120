// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.server.enginepack.PackStatus;
import dev.sluice.server.enginepack.PackSurvey;
import dev.sluice.server.enginepack.install.Megabytes;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice engines list}. */
@Command(
        name = "list",
        description = "List the engine packs that are installed, and those that can be.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice engines list",
            "  sluice engines list --verify --json",
            "",
            "With --verify the exit code is 1 when a pack is broken."
        })
final class ListEngines implements Callable<Integer> {
    private final Console console;

    @Mixin
    private EnginesOptions engines = new EnginesOptions();

    @Option(names = "--verify", description = "Read every file and compare its checksum.")
    private boolean inDepth;

    @Option(names = "--json", description = "Print the list as JSON.")
    private boolean json;

    ListEngines(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PackSurvey survey = engines.survey(console);
        List<PackStatus> packs =
                survey.ids().stream().map(id -> survey.status(id, inDepth)).toList();
        console.out().println(json ? json(packs) : text(packs));
        boolean isBroken = packs.stream().anyMatch(pack -> pack.state() == PackStatus.State.BROKEN);
        return inDepth && isBroken ? SluiceCli.FAILED : SluiceCli.OK;
    }

    private static String text(List<PackStatus> packs) {
        if (packs.isEmpty()) {
            return "No engine packs.";
        }
        TextTable table = new TextTable("ENGINE", "VERSION", "SIZE", "STATE", "FORMATS");
        packs.forEach(pack -> table.row(
                pack.id(), pack.version(), size(pack), word(pack.state()), String.join("; ", pack.formats())));
        StringBuilder text = new StringBuilder(table.toString());
        for (PackStatus pack : packs) {
            String line = remark(pack);
            if (!line.isEmpty()) {
                text.append(System.lineSeparator()).append(line);
            }
        }
        return text.toString();
    }

    private static String remark(PackStatus pack) {
        return switch (pack.state()) {
            case READY -> "";
            case NOT_INSTALLED ->
                pack.id() + " takes " + Megabytes.of(pack.bytes()) + " to download: sluice engines add " + pack.id();
            case BROKEN -> pack.id() + " is broken: " + pack.reason();
        };
    }

    private static String size(PackStatus pack) {
        return pack.state() == PackStatus.State.NOT_INSTALLED ? "-" : Megabytes.of(pack.bytes());
    }

    private static String word(PackStatus.State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String json(List<PackStatus> packs) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        for (PackStatus pack : packs) {
            ObjectNode node = list.addObject()
                    .put("id", pack.id())
                    .put("title", pack.title())
                    .put("version", pack.version())
                    .put("licence", pack.licence())
                    .put("state", word(pack.state()));
            node.put(pack.state() == PackStatus.State.NOT_INSTALLED ? "downloadBytes" : "bytes", pack.bytes());
            if (pack.state() == PackStatus.State.BROKEN) {
                node.put("reason", pack.reason());
            }
            pack.formats().forEach(node.withArray("formats")::add);
        }
        return JsonNodeFactory.instance.objectNode().set("engines", list).toString();
    }
}
