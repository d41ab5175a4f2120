// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;

/**
 * What an engine is, for people who choose one: the source of the table in {@code docs/engines.md}. Known without any
 * native library.
 *
 * @param title its own name: {@code ONNX Runtime}
 * @param version of the runtime it was built against
 * @param licence SPDX identifier of the runtime's licence
 * @param formats what it reads, one phrase each, with the suffix: {@code ONNX (.onnx), with external data}
 * @param threads who shares what when several instances of a model run: one sentence
 * @param devices where it runs, one phrase each: {@code cpu}
 * @param notSupported what a user of the format would expect and does not get, one phrase each
 */
public record EngineDescription(
        String title,
        String version,
        String licence,
        List<String> formats,
        String threads,
        List<String> devices,
        List<String> notSupported) {
    public EngineDescription {
        formats = List.copyOf(formats);
        devices = List.copyOf(devices);
        notSupported = List.copyOf(notSupported);
    }
}
