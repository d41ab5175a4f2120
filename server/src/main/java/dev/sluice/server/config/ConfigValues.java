// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ServingException;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The winning value of each key, read as its kind.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT}, showing key, value, expectation and origin.
 */
public final class ConfigValues {
    private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)?");

    /** Times are counted in nanoseconds, of which 292 years are as many as there are numbers. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private static final long NANOS_PER_MINUTE = 60_000_000_000L;
    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})([kKmMgG]?)");

    private static final Pattern BARE_IPV6 = Pattern.compile("[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*(?:%[\\w.-]+)?");

    private final Map<ConfigKey, Setting> given;

    ConfigValues(Map<ConfigKey, Setting> given) {
        this.given = Collections.unmodifiableMap(new TreeMap<>(given));
    }

    private Setting setting(ConfigKey key) {
        Setting setting = given.get(key);
        return setting == null ? new Setting(key, key.fallback(), "the default") : setting;
    }

    /** What was given, by key. */
    public List<Setting> settings() {
        return List.copyOf(given.values());
    }

    /** All of it but that. */
    ConfigValues without(ConfigKey key) {
        Map<ConfigKey, Setting> rest = new TreeMap<>(given);
        rest.remove(key);
        return new ConfigValues(rest);
    }

    /** Refuses values of keys without effect that are not of their kind, as the original would. */
    void checkIdle() {
        for (Setting setting : given.values()) {
            boolean isNumber = setting.key().kind() == ConfigKey.Kind.NUMBER;
            if (!setting.key().hasEffect() && isNumber) {
                int unused = number(setting.key(), Integer.MIN_VALUE, Integer.MAX_VALUE);
            }
        }
    }

    /** The keys somebody gave that change nothing yet. */
    public List<String> withoutEffect() {
        return given.keySet().stream()
                .filter(key -> !key.hasEffect())
                .map(ConfigKey::key)
                .toList();
    }

    /** What somebody gave, by key, as they wrote it. */
    Map<String, String> given() {
        return given.values().stream()
                .collect(Collectors.toMap(setting -> setting.key().key(), Setting::value));
    }

    /** The value, unless empty. */
    public Optional<String> text(ConfigKey key) {
        return Optional.of(setting(key).value().strip()).filter(value -> !value.isEmpty());
    }

    /** The name of a header, unless empty. */
    Optional<String> headerName(ConfigKey key) {
        Optional<String> name = text(key);
        if (name.isPresent() && !HEADER_NAME.matcher(name.get()).matches()) {
            throw setting(key).refused("the name of a header, such as X-Tenant");
        }
        return name;
    }

    Optional<Path> path(ConfigKey key) {
        try {
            return text(key).map(Path::of);
        } catch (InvalidPathException e) {
            throw setting(key).refused("a path");
        }
    }

    /** True only for {@code true}, in any case, as in the original. */
    boolean flag(ConfigKey key) {
        return setting(key).value().strip().equalsIgnoreCase("true");
    }

    int number(ConfigKey key, int least, int most) {
        Setting setting = setting(key);
        try {
            int number = Integer.parseInt(setting.value().strip());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw setting.refused("a whole number, " + least + ".." + most);
        }
        throw setting.refused(least + ".." + most);
    }

    /** A whole number of seconds, or one with a unit: {@code 500ms}, {@code 30s}, {@code 5m}. */
    Duration duration(ConfigKey key) {
        Setting setting = setting(key);
        Matcher form = DURATION.matcher(setting.value().strip());
        if (!form.matches()) {
            throw setting.refused("seconds, such as 30, or a number with ms, s or m");
        }
        Duration duration = duration(Long.parseLong(form.group(1)), form.group(2));
        if (duration.compareTo(LONGEST) > 0) {
            throw setting.refused("at most " + LONGEST.toDays() + " days");
        }
        return duration;
    }

    private static Duration duration(long amount, @Nullable String unit) {
        if ("ms".equals(unit)) {
            return Duration.ofMillis(amount);
        }
        return "m".equals(unit) ? Duration.ofMinutes(amount) : Duration.ofSeconds(amount);
    }

    /** Like {@link #duration}, and longer than nothing. */
    Duration positiveDuration(ConfigKey key) {
        Duration duration = duration(key);
        if (duration.isZero()) {
            throw setting(key).refused("more than 0");
        }
        return duration;
    }

    /** A number of bytes, or one with a unit: {@code 65536}, {@code 512m}, {@code 2g}; empty if nobody gave one. */
    OptionalLong size(ConfigKey key, long least, long most, String why) {
        if (text(key).isEmpty()) {
            return OptionalLong.empty();
        }
        Setting setting = setting(key);
        Matcher form = SIZE.matcher(setting.value().strip());
        if (!form.matches()) {
            throw setting.refused("a number of bytes, or one with k, m or g");
        }
        int shift = 10
                * " kmg".indexOf(form.group(2).isEmpty() ? " " : form.group(2).toLowerCase(Locale.ROOT));
        long amount = Long.parseLong(form.group(1));
        if (amount > most >> shift || amount << shift < least) {
            throw setting.refused(least + ".." + most + " bytes" + why);
        }
        return OptionalLong.of(amount << shift);
    }

    BindAddress address(ConfigKey key, int port, int tlsPort) {
        return BindAddress.parse(setting(key), port, tlsPort);
    }

    /** A name or address without a port. */
    String host(ConfigKey key) {
        Setting setting = setting(key);
        String given = setting.value().strip();
        boolean isBareIpv6 = BARE_IPV6.matcher(given).matches();
        BindAddress address =
                BindAddress.parse(isBareIpv6 ? new Setting(key, "[" + given + "]", setting.origin()) : setting, 0, 0);
        if (address.port() != 0 || address.tls() || address.socketFile().isPresent()) {
            throw setting.refused("a host name or address, without scheme and port");
        }
        return address.host();
    }

    /** Milliseconds; empty if nobody gave any, or the original's number for ever. */
    Optional<Duration> millis(ConfigKey key) {
        Optional<String> text = text(key).filter(given -> !given.equals(String.valueOf(Long.MAX_VALUE)));
        if (text.isPresent() && !text.get().matches("[1-9]\\d{0,14}")) {
            throw setting(key).refused("a whole number of milliseconds, 1 or more");
        }
        return text.map(given -> Duration.ofMillis(Long.parseLong(given)));
    }

    /** Minutes, with a fraction if need be. */
    Duration minutes(ConfigKey key) {
        Setting setting = setting(key);
        String text = setting.value().strip();
        if (!text.matches("\\d{1,9}(\\.\\d{1,9})?")) {
            throw setting.refused("minutes, such as 60 or 0.5");
        }
        Duration duration = Duration.ofNanos(new BigDecimal(text)
                .multiply(BigDecimal.valueOf(NANOS_PER_MINUTE))
                .longValue());
        if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
            throw setting.refused("more than 0 and at most " + LONGEST.toDays() + " days");
        }
        return duration;
    }

    /** One of {@code words}, in any case. */
    String word(ConfigKey key, String... words) {
        String text = setting(key).value().strip().toLowerCase(Locale.ROOT);
        if (!List.of(words).contains(text)) {
            throw setting(key).refused("one of " + String.join(", ", words));
        }
        return text;
    }

    /** A regular expression as it was written, unless empty. */
    Optional<String> pattern(ConfigKey key) {
        Optional<String> text = text(key);
        try {
            text.map(Pattern::compile);
        } catch (PatternSyntaxException e) {
            throw setting(key).refused("a regular expression; " + e.getDescription());
        }
        return text;
    }

    /** A number that may have a fraction, more than 0; empty if nobody gave one. */
    Optional<Double> decimal(ConfigKey key, int most) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        double number = text.get().matches("\\d{1,9}(\\.\\d{1,9})?") ? Double.parseDouble(text.get()) : 0;
        if (number <= 0 || number > most) {
            throw setting(key).refused("a number such as 2 or 1.5, more than 0 and at most " + most);
        }
        return Optional.of(number);
    }

    /** Regular expressions between commas. */
    List<Pattern> patterns(ConfigKey key) {
        try {
            return Stream.of(setting(key).value().split(",", -1))
                    .map(String::strip)
                    .filter(Predicate.not(String::isEmpty))
                    .map(expression -> Pattern.compile(expression, Pattern.CASE_INSENSITIVE))
                    .toList();
        } catch (PatternSyntaxException e) {
            throw setting(key).refused("regular expressions separated by commas; " + e.getDescription());
        }
    }

    /** To be thrown where a value has to be, and is not. */
    ServingException missing(ConfigKey key, String expected) {
        return setting(key).refused(expected);
    }

    Map<String, Map<String, Map<String, Object>>> modelDefaults(ConfigKey key) {
        return ModelDefaultsJson.read(setting(key));
    }
}
