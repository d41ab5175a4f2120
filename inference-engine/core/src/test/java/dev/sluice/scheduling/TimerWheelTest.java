// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {
    private static final long MILLI = 1_000_000;

    private final List<Integer> fired = new ArrayList<>();
    private final AtomicInteger wakes = new AtomicInteger();

    private final class Mark extends Timer {
        private final int number;

        private Mark(int number) {
            this.number = number;
        }

        @Override
        void fire() {
            fired.add(number);
        }
    }

    /** Planted: removal by slot without a look at the tick; ticks rounded down. */
    @ParameterizedTest
    @ValueSource(longs = {0, 123_456_789, Long.MAX_VALUE - 700 * MILLI, Long.MIN_VALUE})
    void firesWithinATickOfItsTimeAndNeverBefore(long origin) {
        TimerWheel wheel = new TimerWheel(origin, wakes::incrementAndGet);
        SplittableRandom random = new SplittableRandom(origin);
        TreeMap<Integer, Long> due = new TreeMap<>();
        List<Mark> marks = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            long at = random.nextLong(3000 * MILLI);
            Mark mark = new Mark(i);
            marks.add(mark);
            wheel.schedule(mark, origin + at);
            due.put(i, at);
        }
        for (int i = 0; i < 500; i += 3) {
            wheel.cancel(marks.get(i));
            due.remove(i);
        }

        long elapsed = 0;
        while (elapsed < 3100 * MILLI) {
            long previous = elapsed;
            elapsed += random.nextLong(random.nextInt(10) == 0 ? 900 * MILLI : 3 * MILLI);
            long now = elapsed;
            long unused = wheel.runDue(origin + now);
            for (int number : fired) {
                Long at = due.remove(number);
                assertThat(at).as("timer %s at %s", number, now).isNotNull().isLessThanOrEqualTo(now);
                assertThat(at).as("timer %s", number).isGreaterThan(previous - TimerWheel.TICK_NANOS);
            }
            fired.clear();
        }
        assertThat(due).isEmpty();
        assertThat(wheel.hasTimers()).isFalse();
    }

    /** Planted: a driver that is told to come for the first slot of the next turn only. */
    @Test
    void i13TellsTheDriverWhenToComeAndNeverWhenThereIsNothing() {
        TimerWheel wheel = new TimerWheel(0, wakes::incrementAndGet);
        assertThat(wheel.runDue(0)).isEqualTo(TimerWheel.NEVER);
        Mark mark = new Mark(1);

        wheel.schedule(mark, 7 * MILLI);
        assertThat(wakes).hasValue(1);
        assertThat(wheel.runDue(MILLI)).isEqualTo(7 * MILLI);
        wheel.schedule(new Mark(2), 9 * MILLI);
        assertThat(wakes).as("nothing is due earlier than it knows").hasValue(1);
        wheel.cancel(mark);
        assertThat(wheel.runDue(8 * MILLI)).isEqualTo(9 * MILLI);
        assertThat(wheel.runDue(9 * MILLI)).isEqualTo(TimerWheel.NEVER);
        assertThat(fired).containsExactly(2);
    }

    @Test
    void firesWhatWasDueBeforeItWasAddedAtTheNextTick() {
        TimerWheel wheel = new TimerWheel(0, wakes::incrementAndGet);
        wheel.runDue(5 * MILLI);
        wheel.schedule(new Mark(1), MILLI);

        assertThat(wheel.runDue(5 * MILLI)).isEqualTo(6 * MILLI);
        wheel.runDue(6 * MILLI);
        assertThat(fired).containsExactly(1);
    }

    /** Planted: fire() without its guard. */
    @Test
    void aTimerThatThrowsKeepsNoOtherFromFiring() {
        TimerWheel wheel = new TimerWheel(0, wakes::incrementAndGet);
        wheel.schedule(new Mark(1), MILLI);
        wheel.schedule(
                new Timer() {
                    @Override
                    void fire() {
                        throw new IllegalStateException("broken");
                    }
                },
                MILLI);
        wheel.schedule(new Mark(2), MILLI);

        wheel.runDue(MILLI);
        assertThat(fired).containsExactlyInAnyOrder(1, 2);
    }
}
