// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model's weights lie on and its calls run on: the processors, or one graphics card.
 *
 * @param index which of its kind, from 0; always 0 for processors, which count as one device
 */
public record Device(Kind kind, int index) {
    /** The processors of this machine. */
    public static final Device CPU = new Device(Kind.CPU, 0);

    private static final Pattern NAME = Pattern.compile("cuda:(\\d{1,4})");

    /** Kinds of devices. */
    public enum Kind {
        CPU,
        /** A card by NVIDIA. */
        CUDA
    }

    public Device {
        if (index < 0 || (kind == Kind.CPU && index > 0)) {
            throw new IllegalArgumentException("device: " + kind + " " + index + " (expected: cpu, or cuda from 0)");
        }
    }

    /** Graphics card number {@code index}, as the driver counts them. */
    public static Device cuda(int index) {
        return new Device(Kind.CUDA, index);
    }

    /** The device of that name, {@code cpu} or {@code cuda:1}; empty if it is no such name. */
    public static Optional<Device> named(String name) {
        Matcher card = NAME.matcher(name);
        if (card.matches()) {
            return Optional.of(cuda(Integer.parseInt(card.group(1))));
        }
        return name.equals("cpu") ? Optional.of(CPU) : Optional.empty();
    }

    /** Its name: {@code cpu}, {@code cuda:1}. */
    @Override
    public String toString() {
        return kind == Kind.CPU ? "cpu" : "cuda:" + index;
    }
}
