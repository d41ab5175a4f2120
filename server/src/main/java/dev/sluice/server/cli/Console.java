// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/**
 * What a command has of the world around it.
 *
 * @param out answers, for people and pipes
 * @param err complaints
 * @param isUnicode whether {@code out} shows more than ASCII
 * @param environment the process's variables
 * @param workingDirectory what relative paths are relative to
 * @param temporaryDirectory the system's
 * @param enginesDirectory where the installation has its engine packs
 * @param demoDirectory where the installation has the digits model
 * @param packs what engine packs are filled and tried with
 * @param version of the product
 * @param pythonDirectory where the installation has what the processes of Python handlers run
 */
public record Console(
        PrintWriter out,
        PrintWriter err,
        InputStream in,
        boolean isUnicode,
        Map<String, String> environment,
        Path workingDirectory,
        Path temporaryDirectory,
        Optional<Path> enginesDirectory,
        Optional<Path> demoDirectory,
        PackHost packs,
        InstantSource clock,
        String version,
        Optional<Path> pythonDirectory) {
    /** Of an installation that runs no Python handlers. */
    public Console(
            PrintWriter out,
            PrintWriter err,
            InputStream in,
            boolean isUnicode,
            Map<String, String> environment,
            Path workingDirectory,
            Path temporaryDirectory,
            Optional<Path> enginesDirectory,
            Optional<Path> demoDirectory,
            PackHost packs,
            InstantSource clock,
            String version) {
        this(
                out,
                err,
                in,
                isUnicode,
                environment,
                workingDirectory,
                temporaryDirectory,
                enginesDirectory,
                demoDirectory,
                packs,
                clock,
                version,
                Optional.empty());
    }
}
