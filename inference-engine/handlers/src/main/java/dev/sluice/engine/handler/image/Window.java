// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/** A rectangle of an image, in pixels from its top left corner. */
public record Window(int left, int top, int width, int height) {
    /** All of an image of this size. */
    public static Window all(int width, int height) {
        return new Window(0, 0, width, height);
    }
}
