// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes virtual environments and installs packages, by the programs that come with Python.
 *
 * <p>Source: torchserve.md section 6.4 for what pip is called with.
 */
final class PackageInstaller {
    private static final Logger LOG = LoggerFactory.getLogger(PackageInstaller.class);

    /** Runs pip in the model's folder, none of whose files may pass for modules of the standard library. */
    private static final String PIP = """
            import sys
            sys.path[:] = [folder for folder in sys.path if folder]
            import runpy
            sys.argv[0] = "pip"
            runpy.run_module("pip", run_name="__main__", alter_sys=True)
            """;

    /**
     * Makes a virtual environment that also finds what the interpreter finds, after its own packages. It has a pip of its own only if
     * the interpreter has none that it would find.
     */
    private static final String VENV = """
            import importlib.util, os, site, sys, sysconfig, venv
            target = sys.argv[1]
            parents = list(site.getsitepackages())
            if site.ENABLE_USER_SITE:
                parents.insert(0, site.getusersitepackages())
            builder = venv.EnvBuilder(symlinks=os.name != "nt", with_pip=importlib.util.find_spec("pip") is None)
            builder.create(target)
            names = {"base": target, "platbase": target}
            scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
            own = sysconfig.get_path("purelib", scheme, names)
            with open(os.path.join(own, "sluice-inherited.pth"), "w", encoding="utf-8") as lines:
                for parent in parents:
                    if os.path.isdir(parent):
                        lines.write("import site; site.addsitedir(%r)\\n" % parent)
            """;

    private static final List<String> QUIETLY = List.of(
            "install", "--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar", "off", "--upgrade");

    private static final Pattern USER_OF_URL = Pattern.compile("(?<=://)[^/\\s@]+@");
    private static final int QUOTED_LINES = 3;

    private final EnvironmentSettings settings;
    private final Map<String, String> variables;
    private final Ticker ticker;

    PackageInstaller(EnvironmentSettings settings, Ticker ticker) {
        this.settings = settings;
        this.ticker = ticker;
        InheritedNames names = InheritedNames.of(settings);
        variables = new TreeMap<>(settings.serverVariables());
        // Its own settings may hold the password of an index, which is what they are for; workers do not get them.
        variables.keySet().removeIf(name -> !names.include(name) && !name.startsWith("PIP_"));
    }

    /** Installs {@code requirements} into {@code folder}, which need not exist. */
    void installInto(ModelId model, Path folder, PythonInterpreter interpreter, Requirements requirements, Duration limit) {
        pip(model, interpreter.program(), List.of("--target", folder.toString()), requirements, limit);
    }

    /** Installs {@code requirements} into a virtual environment, where what is there and will do stays as it is. */
    void installInVenv(ModelId model, Path venv, Requirements requirements, Duration limit) {
        pip(model, program(venv), List.of("--upgrade-strategy", "only-if-needed"), requirements, limit);
    }

    private void pip(ModelId model, Path python, List<String> where, Requirements requirements, Duration limit) {
        List<String> command = new ArrayList<>(List.of(python.toString(), "-c", PIP));
        command.addAll(QUIETLY);
        command.addAll(settings.pipOptions());
        command.addAll(where);
        command.addAll(List.of("--requirement", requirements.file().toString()));
        LOG.info("Model {}: installing what it requires", model);
        run(model, "pip", new CommandRun(command).in(requirements.model()), limit);
    }

    /** Makes the virtual environment {@code folder}, and says when it was done how much time is left of {@code limit}. */
    Duration makeVenv(ModelId model, Path folder, PythonInterpreter interpreter, Duration limit) {
        long deadline = ticker.nanos() + limit.toNanos();
        List<String> command = List.of(interpreter.program().toString(), "-c", VENV, folder.toString());
        Path parent = folder.toAbsolutePath().getParent();
        run(model, "venv", new CommandRun(command).in(parent == null ? folder : parent), limit);
        return Duration.ofNanos(Math.max(1, deadline - ticker.nanos()));
    }

    /** The interpreter of a virtual environment. */
    static Path program(Path venv) {
        return venv.resolve("bin").resolve("python");
    }

    private void run(ModelId model, String name, CommandRun command, Duration limit) {
        CommandRun.Result result = command.with(variables)
                .within(limit)
                .run(line -> LOG.info("Model {}: {}: {}", model, name, withoutUsers(line)));
        if (!result.isSuccess()) {
            String how = result.code()
                    .map(code -> "ended with " + code)
                    .orElse(Thread.currentThread().isInterrupted()
                            ? "was stopped"
                            : "did not end within " + Math.max(1, limit.toSeconds()) + " s, the model's startupTimeout");
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "Model " + model + ": " + name + " " + how + "; the log has what it said. "
                            + NativeMessage.clean(withoutUsers(reason(result.lastLines()))));
        }
    }

    /** The errors among the last lines, or the very last ones. */
    private static String reason(List<String> lines) {
        List<String> errors = lines.stream().filter(line -> line.startsWith("ERROR:")).toList();
        List<String> told = errors.isEmpty() ? lines : errors;
        return String.join(" ", told.subList(Math.max(0, told.size() - QUOTED_LINES), told.size()));
    }

    private static String withoutUsers(String line) {
        return USER_OF_URL.matcher(line).replaceAll("");
    }
}
