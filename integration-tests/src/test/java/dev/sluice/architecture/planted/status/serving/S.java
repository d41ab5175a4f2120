// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.status.serving;

import io.netty.handler.codec.http.HttpResponseStatus;

record S() {
    int ok() {
        return HttpResponseStatus.OK.code();
    }
}
