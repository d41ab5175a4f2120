// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

/** Which files of an archive hold the Java code of its handler: the jars beside the model, not those in folders. */
final class JavaArchives {
    private JavaArchives() {}

    static boolean isHandlerJar(String name) {
        return name.endsWith(".jar") && name.indexOf('/') < 0;
    }
}
