// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InputCodecTest {
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String MULTIPART = "multipart/form-data; boundary=B";

    private static DataBuffer bytes(String text) {
        return DataBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Decodes, checks that each byte has exactly one owner, and prints the inputs. */
    private static String decode(String contentType, DataBuffer body) {
        List<Input> inputs = InputCodec.decode(contentType, body);
        StringBuilder text = new StringBuilder();
        for (Input input : inputs) {
            Input.OfContent content = (Input.OfContent) input;
            text.append(content.name())
                    .append('[')
                    .append(content.contentType())
                    .append("]=")
                    .append(new String(content.content().toByteArray(), StandardCharsets.ISO_8859_1))
                    .append(' ');
        }
        inputs.forEach(Input::release);
        assertThat(body.references()).isZero();
        return text.toString().stripTrailing();
    }

    private static void refuses(String contentType, String body, String reason) {
        DataBuffer bytes = bytes(body);

        assertThatThrownBy(() -> InputCodec.decode(contentType, bytes))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining(reason)
                .extracting(e -> ((ServingException) e).code())
                .isEqualTo(ErrorCode.INVALID_INPUT);
        assertThat(bytes.references()).isZero();
    }

    @Test
    void handsOverRawBodyWithoutCopy() {
        DataBuffer body = bytes("raw");

        List<Input> inputs = InputCodec.decode("Application/JSON;x=y", body);

        assertThat(inputs)
                .singleElement()
                .asInstanceOf(InstanceOfAssertFactories.type(Input.OfContent.class))
                .isEqualTo(new Input.OfContent("body", "Application/JSON;x=y", body));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a=1&b=2          | a[]=1 b[]=2",
                "a=1&a=2          | a[]=2",
                "a=%41%e4+x;y     | a[]=A\u00e4 x;y",
                "a&b=1            | a[]= b[]=1",
                "b=1&token        | b[]=1",
                "&&a=1&&          | a[]=1",
                "=x               | []=x",
                "a=b=c            | a[]=b=c",
                "token            | body[]=token",
                "{\"a\":1}        | body[application/json]={\"a\":1}",
                "[1]              | body[application/json]=[1]",
                "``               | body[]="
            })
    void readsForms(String body, String inputs) {
        assertThat(decode(FORM + "; charset=utf-8", bytes(body))).isEqualTo(inputs);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%zz", "a=1&%g0=2", "a=%4&b=1"})
    void refusesBadEscapes(String body) {
        refuses(FORM, body, "form escape: %");
    }

    @Test
    void boundsFields() {
        refuses(FORM, "a=1&".repeat(1025), "1024");
    }

    private static String part(String headers, String content) {
        return "--B\r\n" + headers + "\r\n\r\n" + content + "\r\n";
    }

    @Test
    void readsFilesAndFields() {
        String body = part(
                        "Content-Disposition: form-data; name=\"data\"; filename=\"a;b.jpg\"\r\nContent-Type: image/jpeg",
                        "\r\n--b\r")
                + part("content-disposition:form-data;name=plain\r\ncontent-type: application/json", "{}")
                + part("Content-Disposition: form-data; name=\"q\\\"q\"; filename*=UTF-8''x", "")
                + "--B--\r\nepilogue";

        assertThat(decode(MULTIPART, bytes(body))).isEqualTo("data[image/jpeg]=\r\n--b\r plain[]={} q\"q[]=");
    }

    @Test
    void readsPreambleAndQuotedBoundary() {
        String body = "preamble\r\n--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--";

        assertThat(decode("Multipart/Form-Data; charset=x; boundary=\"B\"", bytes(body)))
                .isEqualTo("a[]=1");
    }

    @Test
    void keepsLastPartOfName() {
        String body = part("Content-Disposition: form-data; name=a", "1")
                + part("Content-Disposition: form-data; name=a", "2") + "--B--";

        assertThat(decode(MULTIPART, bytes(body))).isEqualTo("a[]=2");
    }

    @Test
    void slicesPartsOutOfBody() {
        DataBuffer body = bytes(part("Content-Disposition: form-data; name=a", "123") + "--B--");

        List<Input> inputs = InputCodec.decode(MULTIPART, body);

        assertThat(body.references()).as("the part keeps the body alive").isOne();
        inputs.forEach(Input::release);
        assertThat(body.references()).isZero();
    }

    /** Seen to fail when values are copied: the copies are charged to nobody. */
    @Test
    void slicesValuesWithoutEscapesOutOfForm() {
        DataBuffer body = bytes("a=123&b=%41&a=456&c=");

        List<Input> inputs = InputCodec.decode(FORM, body);

        assertThat(body.references()).as("a and c keep the body alive").isEqualTo(2);
        inputs.forEach(Input::release);
        assertThat(body.references()).isZero();
    }

    @Test
    void takesFormWithoutParts() {
        assertThat(decode(MULTIPART, bytes("--B--\r\n"))).isEmpty();
    }

    @Test
    void refusesMalformedMultipart() {
        refuses("multipart/form-data", "x", "no boundary");
        refuses("multipart/form-data; boundary=", "x", "no boundary");
        refuses(MULTIPART, "", "does not occur");
        refuses(MULTIPART, "--A--", "does not occur");
        refuses(MULTIPART, "--B", "do not end");
        refuses(MULTIPART, "--Bx\r\n\r\n\r\n--B--", "followed by other text");
        refuses(MULTIPART, "--B\r\nno colon\r\n\r\nx\r\n--B--", "part header: no colon");
        refuses(MULTIPART, part("Content-Type: a/b", "x") + "--B--", "has no name");
        refuses(MULTIPART, "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "'a' is not ended");
        refuses(MULTIPART, part("Content-Disposition: form-data; name=a", "1") + "--B\r\n", "do not end");
        refuses(MULTIPART, part("x: " + "y".repeat(9000), "1") + "--B--", "8192");
        refuses(MULTIPART, part("Content-Disposition: form-data; name=a", "1").repeat(65) + "--B--", "64 parts");
    }

    @Test
    void findsDelimiterWhereverItStands() {
        for (int offset = 0; offset < 40; offset++) {
            String content = "\r".repeat(offset / 2) + "\r\n--".repeat(offset % 5) + "x".repeat(offset);
            String body = part("Content-Disposition: form-data; name=a; filename=f", content) + "--B--";

            assertThat(decode(MULTIPART, bytes(body))).isEqualTo("a[]=" + content);
        }
    }

    @Test
    void neverLeaksOrThrowsAnythingElseOnMutatedForms() {
        Random random = new Random(7);
        String valid = part(
                        "Content-Disposition: form-data; name=\"data\"; filename=\"a\"\r\nContent-Type: image/jpeg",
                        "pixels")
                + part("Content-Disposition: form-data; name=b", "%41") + "--B--\r\n";
        for (int i = 0; i < 20_000; i++) {
            byte[] mutated = valid.getBytes(StandardCharsets.ISO_8859_1);
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                mutated[random.nextInt(mutated.length)] =
                        (byte) "\r\n-B:;=\"%\\ \u0000\u00ff".charAt(random.nextInt(13));
            }
            DataBuffer body = DataBuffer.wrap(java.util.Arrays.copyOf(mutated, random.nextInt(mutated.length + 1)));
            try {
                InputCodec.decode(random.nextBoolean() ? MULTIPART : FORM, body).forEach(Input::release);
            } catch (ServingException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            }
            assertThat(body.references()).isZero();
        }
    }
}
