// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.nio.file.Path;
import java.util.List;

/**
 * What a model's workers are started with.
 *
 * @param interpreter the program
 * @param extraPythonPath folders of packages installed for the model, to be searched after the model's own
 * @param workingDirectory the model's own folder
 */
public record PythonEnvironment(Path interpreter, List<Path> extraPythonPath, Path workingDirectory) {
    public PythonEnvironment {
        extraPythonPath = List.copyOf(extraPythonPath);
    }
}
