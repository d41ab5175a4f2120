// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Optional;

/**
 * How tenants are told apart.
 *
 * @param header the request header that names the tenant; empty for one tenant
 */
public record TenantsConfig(Optional<String> header) {}
