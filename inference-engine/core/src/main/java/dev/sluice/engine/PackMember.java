// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

/**
 * What an engine pack offers to the server: an engine, or tokenizers. Found by {@link java.util.ServiceLoader} in the class loader of
 * the pack, so a constructor must touch no native library.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface PackMember {
    /** Version of these interfaces. A member built against another one is refused by name, before it is opened. */
    int SPI_VERSION = 2;

    /** Short lower-case name operators use: {@code onnxruntime}, {@code pytorch}, {@code tokenizers}. */
    String id();

    /** The {@link #SPI_VERSION} this member was compiled against: return the constant. */
    int spiVersion();

    /** For those who choose. */
    EngineDescription description();
}
