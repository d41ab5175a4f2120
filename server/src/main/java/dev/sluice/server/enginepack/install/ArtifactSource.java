// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.IOException;
import java.nio.file.Path;

/** A Maven repository that jars are taken from. */
interface ArtifactSource {
    /** What people call it; holds no secret. */
    String name();

    /**
     * Copies {@code artifact} to the file {@code target}, which is not there yet; whether it is the right one is for the
     * caller to find out.
     *
     * @return whether the source has it
     * @throws dev.sluice.inference.ServingException if the source cannot be asked, or what it gave was not as long as it
     *     should be
     */
    boolean fetch(Artifact artifact, Path target) throws IOException;
}
