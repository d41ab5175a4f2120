// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.demo.AnswerView;
import dev.sluice.server.demo.DemoStore;
import dev.sluice.server.demo.DigitSample;
import dev.sluice.server.protocol.Plane;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code sluice demo}: serves the handwritten-digit model by two engines, asks both about ten pictures over REST, and shows
 * what they say.
 */
@Command(
        name = "demo",
        description = "Serve the bundled handwritten-digit model and send it ten pictures.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice demo",
            "  sluice demo --once",
            "  sluice demo --port 9000",
            "",
            "With --once the exit code is 1 when an answer is wrong."
        })
final class DemoCommand implements Callable<Integer> {
    private static final int DEFAULT_PORT = 8080;
    private static final int DEFAULT_GRPC_PORT = 7070;
    private static final int MAX_FIRST_PORT = 65_533;

    private final Console console;
    private final ServerLauncher launcher;

    @Option(names = "--once", description = "Stop after the answers.")
    private boolean once;

    @Option(
            names = "--port",
            paramLabel = "N",
            description =
                    "Serve predictions at N, management at N+1 and metrics at N+2, and gRPC at free ports (default:"
                            + " 8080 and for gRPC 7070, or free ones if those are taken).")
    private Optional<Integer> port = Optional.empty();

    DemoCommand(Console console, ServerLauncher launcher) {
        this.console = console;
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        Path source = console.demoDirectory()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.FAILED_PRECONDITION,
                        "the digits model is not part of this installation; start the demo with ./sluice demo from"
                                + " a checkout, or from an unpacked distribution"));
        DemoStore store = DemoStore.pack(source, console.temporaryDirectory(), console.clock());
        try (RunningServer server = start(store)) {
            Map<Plane, String> addresses = server.addresses();
            addresses.forEach((plane, url) -> console.out().println(ServerBanner.listener(plane, url)));
            server.grpcAddresses()
                    .forEach((plane, address) -> console.out().println(ServerBanner.grpcListener(plane, address)));
            console.out().println();
            boolean allRight = askAll(store, address(addresses, Plane.INFERENCE));
            repeatLines(store, addresses, server.grpcAddresses()).forEach(console.out()::println);
            if (!once) {
                console.out().println("Model server started. Ctrl-C stops it.");
                console.out().flush();
                server.awaitStop();
            }
            return allRight ? SluiceCli.OK : SluiceCli.FAILED;
        }
    }

    /** Once it has started it has unpacked the archives, and a signal that ends the process leaves no time to tidy up. */
    private RunningServer start(DemoStore store) {
        try (store) {
            return launcher.start(config(store));
        }
    }

    private boolean askAll(DemoStore store, String inference) {
        ServerClient client = new ServerClient(inference);
        AnswerView view = new AnswerView(console.isUnicode());
        int right = 0;
        List<DigitSample> samples = store.samples();
        for (DigitSample sample : samples) {
            Map<String, double[]> answers = new LinkedHashMap<>();
            for (String model : DemoStore.MODELS) {
                byte[] answer = client.post("/predictions/" + model, sample.bytes(), "image/png");
                answers.put(model, DigitSample.probabilities(ServerClient.json(answer)));
            }
            right += answers.values().stream().allMatch(sample::isRight) ? 1 : 0;
            view.lines(sample, answers).forEach(console.out()::println);
            console.out().println();
            console.out().flush();
        }
        console.out()
                .println(right + " of " + samples.size() + " right, by TorchScript on PyTorch and by ONNX Runtime.");
        return right == samples.size();
    }

    private List<String> repeatLines(DemoStore store, Map<Plane, String> addresses, Map<Plane, String> grpc) {
        Path three = store.samples().get(3).file();
        Path here = console.workingDirectory().toAbsolutePath().normalize();
        Path file = three.startsWith(here) ? here.relativize(three) : three;
        String inference = address(addresses, Plane.INFERENCE);
        String management = address(addresses, Plane.MANAGEMENT);
        List<String> lines = new ArrayList<>(List.of(
                "",
                once ? "While the server runs (leave out --once), repeat it with:" : "Repeat it with:",
                "  curl -T " + file + " " + inference + "/predictions/digits",
                "  curl -T " + file + " " + inference + "/predictions/digits-onnx",
                "  curl " + management + "/models/digits"));
        Optional.ofNullable(addresses.get(Plane.METRICS)).ifPresent(url -> lines.add("  curl " + url + "/metrics"));
        Optional.ofNullable(grpc.get(Plane.INFERENCE))
                .ifPresent(host -> lines.add(
                        "  grpcurl -plaintext -d '{\"model_name\":\"digits\",\"input\":{\"data\":\"'\"$(base64 < "
                                + file + " | tr -d '\\n')\"'\"}}' " + host
                                + " org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"));
        lines.add("");
        return lines;
    }

    private static String address(Map<Plane, String> addresses, Plane plane) {
        String url = addresses.get(plane);
        if (url == null) {
            throw new ServingException(ErrorCode.INTERNAL, "the demo's server has no address for " + plane);
        }
        return url;
    }

    private ServerConfig config(DemoStore store) {
        Map<String, String> flags = new LinkedHashMap<>();
        int first = firstPort();
        flags.put("inference_address", "http://127.0.0.1:" + first);
        flags.put("management_address", "http://127.0.0.1:" + (first == 0 ? 0 : first + 1));
        flags.put("metrics_address", "http://127.0.0.1:" + (first == 0 ? 0 : first + 2));
        // Those that everybody knows, if nobody has them.
        flags.put("grpc_inference_port", first == DEFAULT_PORT ? orAny(DEFAULT_GRPC_PORT) : "0");
        flags.put("grpc_management_port", first == DEFAULT_PORT ? orAny(DEFAULT_GRPC_PORT + 1) : "0");
        flags.put("model_store", store.directory().toString());
        flags.put("load_models", "all");
        flags.put("drain_delay", "0");
        // For one to try out on this machine, with commands that can be copied.
        flags.put("disable_token_authorization", "true");
        flags.put("snapshots", "false");
        // No files and no variables: the demo is the same everywhere.
        ConfigSources sources = new ConfigSources(flags, Map.of(), Optional.empty(), Optional.empty());
        return ServerConfig.of(sources.read().values(), ServeOptions.surroundings(console));
    }

    private int firstPort() {
        if (port.isPresent()) {
            int wanted = port.get();
            if (wanted < 0 || wanted > MAX_FIRST_PORT) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT, "--port: " + wanted + " (expected: 0.." + MAX_FIRST_PORT + ")");
            }
            return wanted;
        }
        for (int candidate = DEFAULT_PORT; candidate < DEFAULT_PORT + Plane.values().length; candidate++) {
            if (!isFree(candidate)) {
                console.out().println("Port " + candidate + " is taken, so the demo uses free ones.");
                return 0;
            }
        }
        return DEFAULT_PORT;
    }

    private static String orAny(int candidate) {
        return isFree(candidate) ? Integer.toString(candidate) : "0";
    }

    private static boolean isFree(int candidate) {
        try (ServerSocket probe = new ServerSocket(candidate, 1, InetAddress.getLoopbackAddress())) {
            return probe.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
