// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.InferenceResponse;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a call costs besides what the answer itself is made of. */
@Timeout(60)
class WorkerCostTest {
    private static final int WARM_UP = 2000;
    private static final int CALLS = 2000;

    /** The memory of the answer with its bookkeeping, the answer, a view of the input, and what the socket's channel makes. */
    private static final long ALLOWED_BYTES = 1000;

    @TempDir
    Path folder;

    /** Seen to fail when each call had a buffer of its own for its message. */
    @Test
    void makesLittleGarbage() {
        Bench bench = new Bench(folder);
        bench.isTracked = false;
        StreamingInstance instance = (StreamingInstance) bench.load().newInstance();
        Batch batch = Bench.batch(Requests.body("request", "hello"));
        BatchSink sink = new Drain();
        for (int i = 0; i < WARM_UP; i++) {
            instance.execute(batch, sink);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            instance.execute(batch, sink);
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
        instance.close();
        bench.close();
        assertThat(each).as("bytes on the heap for each call").isLessThan(ALLOWED_BYTES);
    }

    private static final class Drain implements BatchSink {
        @Override
        public void part(int index, InferenceResponse part) {
            part.release();
        }

        @Override
        public void end(int index, Outcome outcome) {
            outcome.release();
        }

        @Override
        public boolean isWanted(int index) {
            return true;
        }
    }
}
