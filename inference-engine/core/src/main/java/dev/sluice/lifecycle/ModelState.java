// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ServingException;
import java.util.Optional;

/**
 * State of one model version. Only legal transitions exist, as methods on the state they leave:
 *
 * <pre>
 *   Wanted ──load──► Loading ──ready──► Ready ──drain──► Draining ──unloaded──► Unloaded
 *     ▲                │  ▲                                 │
 *     │              failed retry                           │
 *     │                ▼  │                                 │
 *     │              Failed ──unloaded──► Unloaded          │
 *     └────────────────────────parked───────────────────────┘
 *   Wanted ──unloaded──► Unloaded
 * </pre>
 *
 * <p>A version is <i>Wanted</i> while it is registered with no instances: its weights are not in memory.
 */
public sealed interface ModelState {
    /** The state's name, for exhaustive switches and for operators. */
    enum Kind {
        WANTED,
        LOADING,
        READY,
        DRAINING,
        UNLOADED,
        FAILED
    }

    Kind kind();

    /** Registered, nothing in memory. */
    record Wanted() implements ModelState {
        @Override
        public Kind kind() {
            return Kind.WANTED;
        }

        Loading load() {
            return new Loading(Optional.empty());
        }

        Unloaded unloaded() {
            return new Unloaded();
        }
    }

    /**
     * Being read and warmed up; serves nothing yet.
     *
     * @param lastFailure why the try before this one failed; empty for the first
     */
    record Loading(Optional<ServingException> lastFailure) implements ModelState {
        @Override
        public Kind kind() {
            return Kind.LOADING;
        }

        Ready ready(RunningModel running) {
            return new Ready(running);
        }

        Failed failed(ServingException reason) {
            return new Failed(reason);
        }
    }

    /** Serving. */
    record Ready(RunningModel running) implements ModelState {
        @Override
        public Kind kind() {
            return Kind.READY;
        }

        Draining drain() {
            return new Draining(running);
        }
    }

    /** Takes no new requests, answers those it has. */
    record Draining(RunningModel running) implements ModelState {
        @Override
        public Kind kind() {
            return Kind.DRAINING;
        }

        Unloaded unloaded() {
            return new Unloaded();
        }

        Wanted parked() {
            return new Wanted();
        }
    }

    /** Gone; the end. */
    record Unloaded() implements ModelState {
        @Override
        public Kind kind() {
            return Kind.UNLOADED;
        }
    }

    /** Could not be loaded. */
    record Failed(ServingException reason) implements ModelState {
        @Override
        public Kind kind() {
            return Kind.FAILED;
        }

        Loading retry() {
            return new Loading(Optional.of(reason));
        }

        Unloaded unloaded() {
            return new Unloaded();
        }
    }
}
