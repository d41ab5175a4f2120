// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

/**
 * What callers over the network may do.
 *
 * @param modelApi whether they may register and remove models
 * @param tokenAuthorizationDisabled whether the operator has said that no tokens are wanted
 */
public record AdminConfig(boolean modelApi, boolean tokenAuthorizationDisabled) {}
