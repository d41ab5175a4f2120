// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.SavedSettings;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.repository.Capabilities;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Starts a server in this process. */
public interface ServerLauncher {
    /**
     * Binds the listeners and loads the models it is to start with; a model that fails is told in the log.
     *
     * @throws dev.sluice.inference.ServingException if an address cannot be bound or a directory not be used
     */
    RunningServer start(ServerConfig config);

    /**
     * Has the log be as configured; before it is called the log goes to the console alone.
     *
     * @param file with a configuration of its own
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if the file is not one
     */
    void configureLog(LogsConfig config, Optional<Path> file);
    /** What earlier runs saved of their settings. */
    default SavedSettings savedSettings() {
        return SavedSettings.NONE;
    }

    /** What models a server with {@code config} could run; nothing if it has no engines. */
    default Capabilities capabilities(ServerConfig config) {
        return new Capabilities(Set.of(), Set.of());
    }
}
