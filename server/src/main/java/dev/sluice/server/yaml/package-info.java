// SPDX-License-Identifier: Apache-2.0
/**
 * Reads YAML that may be hostile into plain maps, lists, strings, numbers and booleans, and guesses what a misspelt key was to be.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.yaml.SafeYaml}.
 *
 * <p><b>Threads:</b> everything is stateless.
 *
 * <p><b>May not import:</b> any other package of the server. What the keys mean is unknown here.
 */
@NullMarked
package dev.sluice.server.yaml;

import org.jspecify.annotations.NullMarked;
