// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A body that goes to a file and ends the exchange when it is longer than it may be. Its result is how many bytes came.
 *
 * <p><b>Threads:</b> called by the HTTP client, one signal at a time.
 */
final class BoundedFile implements BodySubscriber<Long> {
    private final Path target;
    private final FileChannel file;
    private final long most;
    private final CompletableFuture<Long> result = new CompletableFuture<>();

    /** Written by the client, before any other signal. */
    private Flow.@Nullable Subscription subscription;

    /** Written by the client. */
    private long count;

    BoundedFile(Path target, long most) throws IOException {
        this.target = target;
        this.file = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        this.most = most;
    }

    @Override
    public CompletionStage<Long> getBody() {
        return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            for (ByteBuffer buffer : buffers) {
                count += buffer.remaining();
                if (count > most) {
                    throw new IOException("the body is longer than " + most + " bytes");
                }
                write(buffer);
            }
        } catch (IOException e) {
            if (subscription != null) {
                subscription.cancel();
            }
            onError(e);
        }
    }

    /** What goes wrong here is not the repository's doing. */
    private void write(ByteBuffer buffer) throws IOException {
        try {
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
        } catch (IOException e) {
            throw new FileSystemException(target.toString(), null, e.getMessage());
        }
    }

    @Override
    public void onError(Throwable failure) {
        close();
        result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        close();
        result.complete(count);
    }

    private void close() {
        try {
            file.close();
        } catch (IOException e) {
            result.completeExceptionally(e);
        }
    }
}
