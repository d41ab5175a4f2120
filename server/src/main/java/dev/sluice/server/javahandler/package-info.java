// SPDX-License-Identifier: Apache-2.0
/**
 * Handlers that models bring along, as jars in their archives.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.javahandler.JavaHandlerLoader}; {@code HandlerJars} finds the handler and says what
 * is wrong with it.
 *
 * <p><b>Threads:</b> handlers are found on load threads, each model version's in a class loader of its own.
 *
 * <p><b>May not import:</b> any engine, or the rest of the server but the types that class loaders share.
 */
@NullMarked
package dev.sluice.server.javahandler;

import org.jspecify.annotations.NullMarked;
