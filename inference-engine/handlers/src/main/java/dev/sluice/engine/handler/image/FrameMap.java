// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/**
 * From places in the image a model saw to places in the image that was sent, both in pixels from the top left corner.
 *
 * @param scaleX pixels the model saw for one that was sent, across
 * @param scaleY the same, down
 * @param left pixels before the image begins
 * @param top the same, down
 */
public record FrameMap(double scaleX, double scaleY, double left, double top) {
    /** Of an image the model saw as it is. */
    public static final FrameMap IDENTITY = new FrameMap(1, 1, 0, 0);

    public double x(double seen) {
        return (seen - left) / scaleX;
    }

    public double y(double seen) {
        return (seen - top) / scaleY;
    }
}
