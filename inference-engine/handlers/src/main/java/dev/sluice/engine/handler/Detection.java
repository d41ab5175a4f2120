// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

/**
 * One thing found in an image.
 *
 * @param label number of its class
 * @param left first corner of its box, in pixels of the image that was sent, as the rest
 */
record Detection(int label, double left, double top, double right, double bottom, double score) {
    double area() {
        return Math.max(0, right - left) * Math.max(0, bottom - top);
    }

    /** The area both boxes cover as a share of the area either does; 0 if they have none. */
    double overlap(Detection other) {
        double width = Math.min(right, other.right) - Math.max(left, other.left);
        double height = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        double both = Math.max(0, width) * Math.max(0, height);
        double either = area() + other.area() - both;
        return either > 0 ? both / either : 0;
    }

    /** Whether its corners are numbers. */
    boolean isFinite() {
        return Double.isFinite(left) && Double.isFinite(top) && Double.isFinite(right) && Double.isFinite(bottom);
    }
}
