// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.Protocol;

/** An endpoint, its template, and the protocol whose error shape it answers in. */
record Route(Protocol protocol, Endpoint endpoint, PathTemplate template) {}
