// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/** How an image of any shape becomes one of the model's width and height. */
public sealed interface Fit {
    /** Both sides are set, whatever that does to the proportions. */
    record Stretch() implements Fit {}

    /**
     * The shorter side becomes {@code to} pixels, the longer one follows, and the centre is cut out.
     *
     * @param to at least the model's width and height
     */
    record ShorterSide(int to) implements Fit {}
}
