// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that announce much and send little: they do not keep what is reserved for them. Time is the test's. */
@ExtendWith(LeakGuard.class)
final class SlowSenderTest {
    private static final int ANNOUNCED = 600_000;
    private static final int LEAST_PER_SECOND = 100;
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofHours(1);

    private final MemoryBudget budget = new MemoryBudget(4 << 20);
    private final AtomicLong nanos = new AtomicLong();
    private final EmbeddedChannel channel = connect();

    private EmbeddedChannel connect() {
        EmbeddedChannel opened = new EmbeddedChannel();
        opened.freezeTime();
        HttpLimits limits = new HttpLimits(
                2 << 20,
                1024,
                2048,
                20,
                8,
                10,
                1 << 20,
                LEAST_PER_SECOND,
                LONG,
                Duration.ofSeconds(5),
                BODY_TIMEOUT,
                LONG,
                LONG,
                Duration.ofSeconds(1));
        RequestDecoder decoder = new RequestDecoder(limits, nanos::get);
        Router router = Router.of(List.of(new FakeProtocol("fake").echoing("POST", "/echo")), Set.of(Plane.INFERENCE));
        opened.pipeline()
                .addLast(decoder)
                .addLast(new HttpResponseEncoder())
                .addLast(new HttpConnection(
                        opened,
                        decoder,
                        new Dispatcher(router, FakeProtocol.errors("unmatched"), AccessControl.OPEN, CrossOrigin.NONE),
                        limits,
                        nanos::get,
                        new Connections(10),
                        budget,
                        new MemoryLedger()));
        // The connection was added to an open channel, which does not tell it again.
        opened.pipeline().fireChannelActive();
        return opened;
    }

    @AfterEach
    void everythingIsGivenBack() {
        channel.finishAndReleaseAll();
        assertThat(budget.reserved()).isZero();
    }

    private void send(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    /** Sends {@code perSecond} bytes in each second, until there is an answer; the seconds that took. */
    private int drip(int perSecond, int mostSeconds) {
        for (int second = 1; second <= mostSeconds; second++) {
            send("x".repeat(perSecond));
            for (int i = 0; i < 10; i++) {
                nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
                channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
                channel.runScheduledPendingTasks();
            }
            if (!channel.outboundMessages().isEmpty()) {
                return second;
            }
        }
        return Integer.MAX_VALUE;
    }

    private String answer() {
        StringBuilder text = new StringBuilder();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            text.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }
        return text.toString();
    }

    private static String head(String more) {
        return "POST /echo HTTP/1.1\r\n" + more + "\r\n\r\n";
    }

    /** Seen to fail when the least bytes per second are all that is asked: then it takes an hour and three quarters. */
    @Test
    void losesWhatItReservedWhenItWouldNotUseItInTime() {
        send(head("content-length: " + ANNOUNCED));
        assertThat(budget.reserved()).isEqualTo(ANNOUNCED);

        int seconds = drip(2 * LEAST_PER_SECOND, 100);

        assertThat(seconds).isLessThan(10);
        assertThat(answer())
                .startsWith("HTTP/1.1 408 ")
                .contains("expected: at least " + ANNOUNCED / BODY_TIMEOUT.toSeconds() + " per second");
        assertThat(budget.reserved()).isZero();
    }

    @Test
    void isHeardWhenItComesInTime() {
        send(head("content-length: " + ANNOUNCED));

        drip(ANNOUNCED / 50, 60);

        assertThat(answer()).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void isHeardWithSmallBodyThatComesAsSlowlyAsItMay() {
        send(head("content-length: " + 30 * LEAST_PER_SECOND));

        int seconds = drip(LEAST_PER_SECOND + 10, 60);

        assertThat(seconds).isGreaterThan(20);
        assertThat(answer()).startsWith("HTTP/1.1 200 ");
    }

    /** Seen to fail when only an announced size counts: what a body of unknown size reserves at first is more than most need. */
    @Test
    void losesTheFirstStepOfBodyOfUnknownSizeToo() {
        send(head("transfer-encoding: chunked") + "fffff\r\n");
        assertThat(budget.reserved()).isEqualTo(BodyBuffer.STEP);

        assertThat(drip(2 * LEAST_PER_SECOND, 100)).isLessThan(10);

        assertThat(answer()).startsWith("HTTP/1.1 408 ");
        assertThat(budget.reserved()).isZero();
    }
}
