// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

/**
 * What an opened engine says of itself.
 *
 * @param nativeVersion version of the native runtime, asked from it and not from a constant
 */
public record EngineInfo(String id, String nativeVersion) {}
