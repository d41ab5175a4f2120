// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * How listeners speak TLS: 1.2 and 1.3, with forward secrecy and authenticated ciphers alone, by the JDK.
 *
 * <p>Source: torchserve.md section 5.6; its CBC suite is left out.
 */
public final class TlsContext {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private TlsContext() {}

    /** A server's context under construction, for transports that add to it what they negotiate. */
    public static SslContextBuilder server(TlsMaterial material) {
        return SslContextBuilder.forServer(material.privateKey(), material.chain())
                .sslProvider(SslProvider.JDK)
                .protocols(PROTOCOLS)
                .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
    }

    /**
     * For HTTP/1.1.
     *
     * @throws ServingException {@code INVALID_INPUT} if the JDK cannot use the key
     */
    public static SslContext http(TlsMaterial material) {
        try {
            return server(material).build();
        } catch (SSLException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "The server's key and certificate cannot be used: " + e.getMessage(), e);
        }
    }
}
