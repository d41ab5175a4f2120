// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ChargedAllocator;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that ask and do not read: what they hold is charged, bounded, and given back in the end. Time is the test's. */
@ExtendWith(LeakGuard.class)
final class SlowReaderTest {
    private static final int ANSWER = 1000;
    private static final int LEAST_PER_SECOND = 100;
    private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(7);
    private static final String REQUEST = "GET /answer HTTP/1.1\r\n\r\n";

    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final BufferAllocator allocator =
            new ChargedAllocator(new PooledBufferAllocator(), budget, new MemoryLedger());
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger answered = new AtomicInteger();
    private final FakeProtocol protocol = new FakeProtocol("fake").with("GET", "/answer", (request, responder) -> {
        request.body().release();
        answered.incrementAndGet();
        responder.respond(new RestResponse(200, List.of(), allocator.allocate(ANSWER)));
    });
    private final Connections connections = new Connections(10);
    private final Stall stalled = new Stall();
    private final EmbeddedChannel slow = connect(stalled);

    /** A socket whose client takes bytes only when the test says so. */
    private static final class Stall extends ChannelOutboundHandlerAdapter {
        /** Written by the test, which is the event loop here. */
        private boolean taking;

        @Override
        public void flush(ChannelHandlerContext context) {
            if (taking) {
                context.flush();
            }
        }

        void take(EmbeddedChannel channel) {
            taking = true;
            channel.flush();
            taking = false;
        }

        /** As a socket does that has room for that many. */
        static void take(EmbeddedChannel channel, int bytes) {
            ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
            unsent.addFlush();
            unsent.removeBytes(bytes);
        }
    }

    private EmbeddedChannel connect(Stall stall) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        HttpLimits limits = new HttpLimits(
                1 << 16,
                1024,
                2048,
                20,
                8,
                10,
                5 * ANSWER,
                LEAST_PER_SECOND,
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofHours(1),
                WRITE_TIMEOUT,
                Duration.ofSeconds(1));
        RequestDecoder decoder = new RequestDecoder(limits, nanos::get);
        Router router = Router.of(List.of(protocol), Set.of(Plane.INFERENCE));
        channel.pipeline()
                .addLast(stall)
                .addLast(decoder)
                .addLast(new HttpResponseEncoder())
                .addLast(new HttpConnection(
                        channel,
                        decoder,
                        new Dispatcher(router, FakeProtocol.errors("unmatched"), AccessControl.OPEN, CrossOrigin.NONE),
                        limits,
                        nanos::get,
                        connections,
                        budget,
                        new MemoryLedger()));
        // The connection was added to an open channel, which does not tell it again.
        channel.pipeline().fireChannelActive();
        return channel;
    }

    @AfterEach
    void everythingIsGivenBack() {
        slow.finishAndReleaseAll();
        assertThat(budget.reserved()).isZero();
    }

    private void ask(EmbeddedChannel channel, int times) {
        channel.writeInbound(Unpooled.copiedBuffer(REQUEST.repeat(times), StandardCharsets.ISO_8859_1));
    }

    private void pass(EmbeddedChannel channel, Duration time) {
        // In steps, as a real loop sees time: the watchdog looks now and then.
        for (long step = 0; step < time.toMillis(); step += 100) {
            nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
            channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    /** Seen to fail when the body is released as soon as it is handed to the channel. */
    @Test
    void staysChargedUntilItsAnswerIsWritten() {
        ask(slow, 1);

        assertThat(budget.reserved()).isEqualTo(ANSWER);

        stalled.take(slow);
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail without isClogged(): then all twenty are answered into memory. */
    @Test
    void letsNextRequestsWaitOnceTooMuchIsUnread() {
        ask(slow, 20);

        assertThat(answered.get())
                .as("answers of 1000 bytes within 5000, heads included")
                .isLessThanOrEqualTo(5);
        assertThat(budget.reserved()).isEqualTo((long) answered.get() * ANSWER);
        int before = answered.get();

        stalled.take(slow);

        assertThat(answered.get()).as("goes on once the client reads").isGreaterThan(before);
        for (int i = 0; i < 20; i++) {
            stalled.take(slow);
        }
        assertThat(answered).hasValue(20);
        assertThat(budget.reserved()).isZero();
    }

    @Test
    void stopsReadingWhenTooManyRequestsWait() {
        ask(slow, 20);

        assertThat(slow.config().isAutoRead()).isFalse();
        for (int i = 0; i < 20; i++) {
            stalled.take(slow);
        }
        assertThat(slow.config().isAutoRead()).isTrue();
    }

    /** Seen to fail when unread answers may take as long as idle connections, an hour here. */
    @Test
    void closesAfterTheWriteTimeoutAndGivesEverythingBack() {
        ask(slow, 3);

        pass(slow, WRITE_TIMEOUT.minusSeconds(1));
        assertThat(slow.isOpen()).isTrue();
        assertThat(budget.reserved()).isEqualTo(3 * ANSWER);

        pass(slow, WRITE_TIMEOUT);
        assertThat(slow.isOpen()).isFalse();
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail when the watchdog leaves connections alone that have been given their last answer. */
    @Test
    void closesClientThatDoesNotReadItsLastAnswer() {
        slow.writeInbound(Unpooled.copiedBuffer(
                "GET /answer HTTP/1.1\r\nconnection: close\r\n\r\n", StandardCharsets.ISO_8859_1));
        assertThat(budget.reserved()).isEqualTo(ANSWER);

        pass(slow, WRITE_TIMEOUT.plus(WRITE_TIMEOUT));

        assertThat(slow.isOpen()).isFalse();
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail when the watchdog takes as many unread bytes as at its last look for the same bytes. */
    @Test
    void leavesClientThatTakesSomethingInPeace() {
        for (int i = 0; i < 10; i++) {
            ask(slow, 1);
            pass(slow, WRITE_TIMEOUT.minusSeconds(4));
            stalled.take(slow);
        }

        assertThat(slow.isOpen()).isTrue();
    }

    /** Seen to fail when any change of what is unread counts as progress: then it holds its answers for ever. */
    @Test
    void closesClientThatTakesAByteNowAndThen() {
        ask(slow, 5);

        for (int i = 0; i < 3 * WRITE_TIMEOUT.toSeconds() && slow.isOpen(); i++) {
            Stall.take(slow, 1);
            pass(slow, Duration.ofSeconds(1));
        }

        assertThat(slow.isOpen()).isFalse();
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail when what it took at first counts for ever after. */
    @Test
    void closesClientThatTakesMuchAtFirstAndThenNextToNothing() {
        ask(slow, 5);
        pass(slow, Duration.ofSeconds(4));
        Stall.take(slow, 4 * ANSWER);

        for (int i = 0; i < 4 * WRITE_TIMEOUT.toSeconds() && slow.isOpen(); i++) {
            Stall.take(slow, 1);
            pass(slow, Duration.ofSeconds(1));
        }

        assertThat(slow.isOpen()).isFalse();
    }

    /** Seen to fail when the time in which there was nothing to take counts. */
    @Test
    void countsNoTimeInWhichEverythingWasTaken() {
        ask(slow, 1);
        pass(slow, Duration.ofSeconds(4));
        stalled.take(slow);
        pass(slow, Duration.ofMinutes(1));

        ask(slow, 1);
        pass(slow, WRITE_TIMEOUT.minusSeconds(1));

        assertThat(slow.isOpen()).isTrue();
    }

    @Test
    void leavesClientInPeaceThatTakesAsMuchAsItHasTo() {
        for (int i = 0; i < 4 * WRITE_TIMEOUT.toSeconds(); i++) {
            ask(slow, i % 5 == 0 ? 1 : 0);
            Stall.take(slow, i == 0 ? 1 : 2 * LEAST_PER_SECOND);
            pass(slow, Duration.ofSeconds(1));
        }

        assertThat(slow.isOpen()).isTrue();
    }

    @Test
    void doesNotKeepOthersWaiting() {
        Stall reading = new Stall();
        EmbeddedChannel fast = connect(reading);
        ask(slow, 20);

        for (int i = 0; i < 50; i++) {
            int before = answered.get();
            ask(fast, 1);
            reading.take(fast);
            assertThat(answered).hasValue(before + 1);
        }
        pass(slow, WRITE_TIMEOUT.plus(WRITE_TIMEOUT));

        assertThat(slow.isOpen()).isFalse();
        assertThat(fast.isOpen()).isTrue();
        fast.finishAndReleaseAll();
    }
}
