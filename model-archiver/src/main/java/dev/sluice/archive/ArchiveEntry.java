// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

/**
 * One file of an archive.
 *
 * @param name canonical name below the model's root, {@code /} between components
 * @param bytes unpacked size as the archive declares it; extraction checks it
 */
public record ArchiveEntry(String name, long bytes) {}
