// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.nio.file.Path;

/**
 * An interpreter that was asked what it is.
 *
 * @param program itself, not a script that finds it
 * @param version such as {@code 3.11.7}
 * @param identity what packages installed by it depend on: version, platform, and where it has its own
 */
record PythonInterpreter(Path program, String version, String identity) {}
