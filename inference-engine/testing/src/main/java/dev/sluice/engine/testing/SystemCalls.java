// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a program of ours asks of Linux, as {@code strace} sees it, in a namespace without a network: the network it tries to reach,
 * and the files it makes.
 *
 * @param network each attempt to use it
 * @param created each file and directory made, or tried to
 */
record SystemCalls(List<String> network, List<Path> created) {
    private static final long PATIENCE_SECONDS = 240;

    private static final String WATCHED =
            "trace=socket,connect,bind,sendto,sendmsg,sendmmsg,?open,openat,?creat,?mkdir,mkdirat";

    /** Both ways to a network of nothing: as whoever runs the tests, and as root where that is forbidden. */
    private static final List<List<String>> ISOLATIONS = List.of(List.of("unshare", "-rn"), List.of("unshare", "-n"));

    private static final Pattern INTERNET = Pattern.compile("\\bAF_INET6?\\b");

    /** The JDK's own question whether the system knows the protocol at all, when it loads its library of sockets. */
    private static final Pattern JDK_PROBE =
            Pattern.compile("\\bsocket\\(AF_INET6?, SOCK_STREAM, IPPROTO_(?:IP|TCP)[) ].*");

    private static final Pattern CREATION = Pattern.compile(
            "\\b(?:(?:open|openat|creat)\\((?:\\w+<(?<from>[^>]*)>, |AT_FDCWD, )?\"(?<file>[^\"]*)\", (?=[^\"]*O_CREAT|0)"
                    + "|mkdir(?:at)?\\((?:\\w+<(?<base>[^>]*)>, |AT_FDCWD, )?\"(?<folder>[^\"]*)\")");

    /** How programs can be watched here; empty where the system forbids it, or is not Linux. */
    static Optional<List<String>> watcher(Path folder) {
        for (List<String> isolation : ISOLATIONS) {
            List<String> command = new ArrayList<>(isolation);
            command.addAll(List.of("strace", "-f", "--seccomp-bpf", "-y", "-s", "4096", "-e", WATCHED));
            command.addAll(List.of("-o", folder.resolve("calls.txt").toString()));
            List<String> trial = new ArrayList<>(command);
            trial.add("true");
            if (works(trial, folder)) {
                return Optional.of(List.copyOf(command));
            }
        }
        return Optional.empty();
    }

    private static boolean works(List<String> command, Path folder) {
        try {
            return run(command, folder) == 0;
        } catch (IOException e) {
            return false; // one of the programs is not there
        }
    }

    /** What {@code program} asked for; it must end well. */
    static SystemCalls of(List<String> watcher, List<String> program, Path folder) throws IOException {
        List<String> command = new ArrayList<>(watcher);
        command.addAll(program);
        int status = run(command, folder);
        String printed = Files.readString(folder.resolve("printed.txt"));
        assertThat(status)
                .as("status of the program, which printed: %s", printed)
                .isZero();
        return parse(Files.readAllLines(folder.resolve("calls.txt")), folder);
    }

    /** The calls in the lines that strace wrote about a program started in {@code folder}. */
    static SystemCalls parse(List<String> lines, Path folder) {
        List<String> network = new ArrayList<>();
        TreeSet<Path> created = new TreeSet<>();
        for (String line : lines) {
            if (INTERNET.matcher(line).find() && !JDK_PROBE.matcher(line).find()) {
                network.add(line);
            }
            Matcher creation = CREATION.matcher(line);
            if (creation.find()) {
                created.add(path(creation, folder));
            }
        }
        return new SystemCalls(network, List.copyOf(created));
    }

    private static Path path(Matcher creation, Path folder) {
        boolean isFile = creation.group("file") != null;
        String base = isFile ? creation.group("from") : creation.group("base");
        Path from = base == null ? folder : folder.resolve(base);
        return from.resolve(isFile ? creation.group("file") : creation.group("folder"))
                .normalize();
    }

    private static int run(List<String> command, Path folder) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("printed.txt").toFile());
        builder.environment().put("HOME", folder.resolve("home").toString());
        Process process = builder.start();
        try {
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue();
            }
            throw new AssertionError("not ended after " + PATIENCE_SECONDS + " s: " + command);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
