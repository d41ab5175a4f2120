// SPDX-License-Identifier: Apache-2.0
/**
 * Where settings come from, who wins, and the tree of records they end in.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.config.ConfigKey} is the table of all keys,
 * {@link dev.sluice.server.config.ConfigSources} the order of precedence, {@link dev.sluice.server.config.ConfigSurvey} who won
 * and who lost, {@link dev.sluice.server.config.ServerConfig} the result.
 *
 * <p><b>Threads:</b> read once, at start-up; the records are immutable.
 *
 * <p><b>May not import:</b> anything but the config records kept beside each feature. What a setting does is unknown here.
 */
@NullMarked
package dev.sluice.server.config;

import org.jspecify.annotations.NullMarked;
