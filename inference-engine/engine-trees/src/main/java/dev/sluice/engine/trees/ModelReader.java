// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

/**
 * A document of nested objects and arrays, pulled value by value by one who knows what comes next: XGBoost writes the same document as
 * JSON and as UBJSON. No method allocates for more than the document has bytes for.
 *
 * <p><b>Threads:</b> confined to the thread that reads.
 *
 * <p><b>Errors:</b> {@link MalformedModelException} from every method, if the next value is not of the kind that was asked for.
 */
abstract class ModelReader {
    /** Deeper than any model: its deepest part lies at nine. */
    static final int DEEPEST = 32;

    /** Takes the value of one field. */
    interface Fields {
        void field(String name);
    }

    /** Reads an object; {@code fields} must read, or skip, the value of each field. */
    abstract void object(Fields fields);

    /** Reads an array; {@code element} must read one element. */
    abstract void array(Runnable element);

    /** Reads a string. */
    abstract String text();

    /** Reads an array of numbers. */
    abstract float[] floats();

    /** Reads an array of whole numbers; true counts as 1, false as 0. */
    abstract int[] ints();

    /** Passes over a value of any kind. */
    abstract void skip();

    /** Asserts that nothing follows. */
    abstract void end();
}
