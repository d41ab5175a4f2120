// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.ConfigKey;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice config keys}. */
@Command(
        name = "keys",
        description = "List every setting there is.",
        mixinStandardHelpOptions = true,
        footer = {"", "Examples:", "  sluice config keys", "  sluice config keys --ours"})
final class ListConfigKeys implements Callable<Integer> {
    private final Console console;

    @Option(names = "--ours", description = "Only those that TorchServe does not have.")
    private boolean oursOnly;

    ListConfigKeys(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        TextTable table = new TextTable("KEY", "KIND", "DEFAULT", "TORCHSERVE'S VARIABLE", "WHAT IT DOES");
        for (ConfigKey key : ConfigKey.values()) {
            if (!oursOnly || !key.isOriginal()) {
                table.row(
                        key.key(),
                        key.kind().name().toLowerCase(Locale.ROOT),
                        key.fallback().isEmpty() ? "-" : key.fallback(),
                        key.originalVariable().orElse("-"),
                        key.hasEffect() ? key.effect() : "nothing: " + key.idleness());
            }
        }
        console.out().println(table);
        return SluiceCli.OK;
    }
}
