// SPDX-License-Identifier: Apache-2.0
/**
 * What the build of the distribution runs to make engine packs: descriptors with the checksums of what the build resolved.
 * No server and no command comes here.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.enginepack.build.PackBuild}.
 *
 * <p><b>Threads:</b> one.
 *
 * <p><b>May not import:</b> anything of the server but packs.
 */
@NullMarked
package dev.sluice.server.enginepack.build;

import org.jspecify.annotations.NullMarked;
