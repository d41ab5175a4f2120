// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.Level;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * What is taken over from a log4j2 configuration, the form the original's {@code --log-config} has: the levels of loggers this
 * server has as well. Everything else is named, so that nobody believes it has an effect.
 *
 * <p>The file is read by a parser that knows no document types and fetches nothing.
 *
 * @param levels by our logger's name
 * @param ignored what has no effect, in words
 */
record Log4jLevels(Map<String, Level> levels, List<String> ignored) {
    private static final String DISALLOW_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl";

    /** The original's loggers that have a counterpart here, and its name. */
    private static final Map<String, String> COUNTERPARTS = Map.of(
            LogSetup.ACCESS_LOG,
            LogSetup.ACCESS_LOG,
            LogSetup.MODEL_LOG,
            LogSetup.MODEL_LOG,
            LogSetup.TS_METRICS,
            LogSetup.TS_METRICS,
            LogSetup.MODEL_METRICS,
            LogSetup.MODEL_METRICS,
            "org.pytorch.serve",
            LogSetup.OWN,
            "io.netty",
            "io.netty");

    Log4jLevels {
        levels = Map.copyOf(levels);
        ignored = List.copyOf(ignored);
    }

    /**
     * What {@code xml} says; empty if it is not log4j2's.
     *
     * @throws ServingException {@code INVALID_INPUT} if it is not XML, or has a document type
     */
    static Optional<Log4jLevels> read(byte[] xml) {
        Element root = parse(xml);
        if (!root.getNodeName().equalsIgnoreCase("Configuration")) {
            return Optional.empty();
        }
        List<Element> children = children(root);
        boolean isLog4j = children.stream()
                .map(child -> child.getNodeName().toLowerCase(Locale.ROOT))
                .anyMatch(name -> name.equals("loggers") || name.equals("appenders"));
        // An empty one, too, would leave Logback without any appender.
        if (!isLog4j && !root.hasAttribute("status")) {
            return Optional.empty();
        }
        Map<String, Level> levels = new LinkedHashMap<>();
        List<String> ignored = new ArrayList<>();
        for (Element child : children) {
            if (child.getNodeName().equalsIgnoreCase("loggers")) {
                children(child).forEach(logger -> take(logger, levels, ignored));
            } else {
                ignored.add(child.getNodeName());
            }
        }
        return Optional.of(new Log4jLevels(levels, ignored));
    }

    private static void take(Element logger, Map<String, Level> levels, List<String> ignored) {
        String kind = logger.getNodeName().toLowerCase(Locale.ROOT);
        boolean isRoot = kind.equals("root") || kind.equals("asyncroot");
        String name = isRoot ? "root" : logger.getAttribute("name");
        String ours = isRoot ? LogSetup.ROOT : COUNTERPARTS.get(name);
        Level level = level(logger.getAttribute("level"));
        if (ours == null || level == null) {
            ignored.add("logger " + name + " level '" + logger.getAttribute("level") + "'");
        } else {
            levels.put(ours, level);
        }
    }

    private static @Nullable Level level(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "off" -> Level.OFF;
            case "fatal", "error" -> Level.ERROR;
            case "warn" -> Level.WARN;
            case "info" -> Level.INFO;
            case "debug" -> Level.DEBUG;
            case "trace" -> Level.TRACE;
            case "all" -> Level.TRACE;
            default -> null;
        };
    }

    private static List<Element> children(Element of) {
        List<Element> children = new ArrayList<>();
        for (Node node = of.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }

    private static Element parse(byte[] xml) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature(DISALLOW_DOCTYPE, true);
            factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
            factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            // The default one writes to standard error.
            builder.setErrorHandler(null);
            return builder.parse(new ByteArrayInputStream(xml)).getDocumentElement();
        } catch (SAXException | IOException | ParserConfigurationException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "the file is not XML without a document type: " + e.getMessage(), e);
        }
    }
}
