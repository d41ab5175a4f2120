// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.installing.server.enginepack.install;

public interface Installer {}
