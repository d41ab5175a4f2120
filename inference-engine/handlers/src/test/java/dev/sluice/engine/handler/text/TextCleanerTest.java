// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextCleanerTest {
    /** Expected: what TorchServe's handler makes of these; seen to fail with markup left in. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "Hello, World!|hello world",
                "<p class=\"a\">Hi</p>there|hithere",
                "a &amp; b &#39; c &#x27; d &AMP; e &; f &#1234567;|a b c d amp e f 1234567",
                "I'd do not, I'm, we've|i would do not i am we have",
                "can't've|cannotve",
                "He'd've gone; she'll y'all'd|he wouldve gone she will you alld",
                "ain't shan't won't 'cause ma'am o'clock let's so's|as not shall not will not ecause madam of the clock let us so as",
                "how'd where'd how'll why's where've|how did where did how will why is where have",
                "the'd here's dogs'|the would heres dogs",
                "Caf\u00e9 na\u00efve \ufb01n \u00df|cafe naive fin",
                "half\u00a0way x\u2014y a_b c-d|half way xy ab cd",
                "a < b > c|a c",
                "a < b|a b",
            })
    void cutsAsTorchServeDoes(String text, String words) {
        assertThat(String.join(" ", TextCleaner.words(text))).isEqualTo(words);
    }

    @Test
    void leavesTagsThatGoOverLines() {
        assertThat(TextCleaner.withoutMarkup("a <b\n> <c> d")).isEqualTo("a <b\n>  d");
        assertThat(TextCleaner.withoutMarkup("<<a>>")).isEqualTo(">");
        assertThat(TextCleaner.withoutMarkup("<a\n<b>")).isEqualTo("<a\n");
    }

    @Test
    void addsNeighboursAfterWords() {
        assertThat(TextCleaner.terms("One two, three", 2))
                .containsExactly("one", "two", "three", "one two", "two three");
        assertThat(TextCleaner.terms("one two three", 3)).endsWith("one two three");
        assertThat(TextCleaner.terms("one", 2)).containsExactly("one");
        assertThat(TextCleaner.terms("  <br/> !? ", 2)).isEqualTo(List.of());
    }

    /** The original's expression needs minutes for this. */
    @Test
    void takesTimeInProportion() {
        String hostile = "<".repeat(1_000_000) + "&".repeat(1_000_000) + "&a".repeat(500_000);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(TextCleaner.words(hostile)).hasSize(1));
    }
}
