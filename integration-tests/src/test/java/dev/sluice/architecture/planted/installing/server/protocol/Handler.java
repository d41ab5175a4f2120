// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.installing.server.protocol;

import dev.sluice.architecture.planted.installing.server.enginepack.install.Installer;

record Handler(Installer installer) {}
