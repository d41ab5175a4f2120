// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which of the server's variables a worker inherits.
 *
 * @param added by the operator, who may mean a secret
 * @param hidden whatever else is said
 */
record InheritedNames(List<Pattern> added, Optional<Pattern> hidden) {
    private static final List<Pattern> USUAL = List.of(
                    // What any program needs.
                    "PATH HOME USER LOGNAME LANG LANGUAGE LC_* TZ TMPDIR TEMP TMP XDG_* LD_LIBRARY_PATH LD_PRELOAD SSL_CERT_FILE"
                            + " SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE *_proxy *_PROXY MALLOC_*",
                    // What configures Python and its libraries for numbers.
                    "PYTHON* CUDA_* NVIDIA_* NCCL_* GLOO_* HIP_* ROCR_* HSA_* XPU_* OMP_* GOMP_* KMP_* MKL_* OPENBLAS_* NUMEXPR_*"
                            + " DNNL_* ONEDNN_* TORCH* PYTORCH_* TRITON_* HF_* TRANSFORMERS_* TOKENIZERS_*",
                    // What the original's handlers and workers read.
                    "LOG_LOCATION METRICS_LOCATION ENABLE_TORCH_PROFILER TS_*")
            .stream()
            .flatMap(names -> Arrays.stream(names.split(" ")))
            .map(InheritedNames::pattern)
            .toList();

    /** A name with one of these between underscores speaks of a secret. */
    private static final Set<String> SECRETS = Set.of(
            "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "PWD", "KEY", "KEYS",
            "APIKEY", "CREDENTIAL", "CREDENTIALS", "AUTH");

    static InheritedNames of(EnvironmentSettings settings) {
        return new InheritedNames(
                settings.allowedVariables().stream().map(InheritedNames::pattern).toList(),
                settings.hiddenPattern().map(Pattern::compile));
    }

    boolean include(String name) {
        boolean isHidden = hidden.isPresent() && hidden.get().matcher(name).matches();
        return !isHidden && (matches(added, name) || (matches(USUAL, name) && !isSecret(name)));
    }

    private static boolean isSecret(String name) {
        return Arrays.stream(name.toUpperCase(Locale.ROOT).split("_")).anyMatch(SECRETS::contains);
    }

    private static boolean matches(List<Pattern> patterns, String name) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches());
    }

    private static Pattern pattern(String name) {
        return Pattern.compile(Arrays.stream(name.split("\\*", -1)).map(Pattern::quote).reduce((a, b) -> a + ".*" + b).orElse(""));
    }
}
