// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

/** Which kind of traffic an endpoint belongs to; each plane has an address of its own, or shares one with another. */
public enum Plane {
    INFERENCE,
    MANAGEMENT,
    METRICS
}
