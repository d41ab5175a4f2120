// SPDX-License-Identifier: Apache-2.0
/**
 * The handwritten-digit demonstration: its models, its pictures, and how answers look in a terminal.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.demo.DemoStore} packs the models,
 * {@link dev.sluice.server.demo.AnswerView} draws.
 *
 * <p><b>Threads:</b> all of it runs on the main thread.
 *
 * <p><b>May not import:</b> the server. The demo talks to it over the wire, like anybody.
 */
@NullMarked
package dev.sluice.server.demo;

import org.jspecify.annotations.NullMarked;
