// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Rejection;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sums of sizes near the largest int. */
@ExtendWith(LeakGuard.class)
final class RequestAssemblerTest {
    private static final int PART = 1 << 24;
    private static final int PARTS = 127;
    private static final int MORE = 1 << 25;

    /** As good as 2 GiB, being the same bytes again and again. */
    private static ByteBuf large() {
        ByteBuf part = Unpooled.wrappedBuffer(new byte[PART]);
        ByteBuf whole = Unpooled.wrappedBuffer(
                PARTS, Stream.generate(part::retainedDuplicate).limit(PARTS).toArray(ByteBuf[]::new));
        part.release();
        return whole;
    }

    /** Seen to fail when the sum is an int: negative, it is below every limit. */
    @Test
    void refusesBodyWhoseSizePassesTheLargestInt() {
        MemoryBudget budget = MemoryBudget.unlimited();
        RequestAssembler assembler = new RequestAssembler(
                HttpLimits.defaults().withMaxRequestBytes(Integer.MAX_VALUE),
                () -> 0,
                UnpooledByteBufAllocator.DEFAULT,
                budget,
                new MemoryLedger());
        DefaultHttpRequest head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");
        head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        assertThat(assembler.offer(head)).isNull();
        assertThat(assembler.offer(new DefaultHttpContent(large()))).isNull();

        Incoming incoming = assembler.offer(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[MORE])));

        assertThat(incoming)
                .isInstanceOfSatisfying(
                        Incoming.Refused.class,
                        refused -> assertThat(refused.rejection()).isEqualTo(Rejection.BODY_TOO_LARGE));
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail when the sum is an int: negative, it is reserved already. */
    @Test
    void reservesBytesBeyondTheLargestInt() {
        MemoryBudget budget = new MemoryBudget(2_860_000_000L);
        BodyBuffer body = new BodyBuffer(UnpooledByteBufAllocator.DEFAULT, budget, new MemoryLedger());
        assertThat(body.startUnknown()).isTrue();
        assertThat(body.reserveFor(PARTS * PART)).isTrue();
        body.append(large());

        assertThat(body.reserveFor(MORE)).isFalse();

        body.discard();
        assertThat(budget.reserved()).isZero();
    }
}
