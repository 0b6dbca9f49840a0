package org.lichen.image.docker.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;

/**
 * One value of an untrusted JSON document, with the way to it, so that whatever is wrong with it
 * names the field. Size, depth and number of tokens of a document are bounded, and with them the
 * memory that it can take.
 */
public record Json(Origin origin, String field, JsonNode node) {
  /** The largest document that is read; registries accept no larger manifests. */
  public static final int LIMIT = 4 << 20;

  /** Duplicate keys are refused: two parsers that differ on them would see two images. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(100)
                          .maxTokenCount(400_000)
                          .maxDocumentLength(LIMIT)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  public static Json parse(byte[] bytes, Origin origin) throws ContainerException {
    if (bytes.length > LIMIT) {
      throw origin.corrupt("it is larger than " + LIMIT + " bytes");
    }
    try {
      JsonNode node = MAPPER.readTree(bytes);
      return new Json(origin, "", node);
    } catch (JsonProcessingException bad) {
      throw origin.corrupt("it is not valid JSON: " + Text.clean(bad.getOriginalMessage()));
    } catch (IOException | StackOverflowError bad) {
      throw origin.corrupt("it is not valid JSON");
    }
  }

  /** Serializes a document of our own. */
  public static byte[] write(Map<String, ?> document) {
    try {
      return MAPPER.writeValueAsBytes(document);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // maps, lists and strings only
    }
  }

  public Json get(String name) {
    return new Json(origin, field.isEmpty() ? name : field + "." + name, node.path(name));
  }

  /** Whether there is a value that is not null. */
  public boolean present() {
    return !node.isMissingNode() && !node.isNull();
  }

  public boolean array() {
    return node.isArray();
  }

  public boolean object() {
    return node.isObject();
  }

  public String text() throws ContainerException {
    if (!node.isTextual()) {
      throw wrong("a string");
    }
    return node.textValue();
  }

  /** The string, or the empty one if there is none. */
  public String textOrEmpty() throws ContainerException {
    return present() ? text() : "";
  }

  public Optional<String> optionalText() throws ContainerException {
    return present() ? Optional.of(text()) : Optional.empty();
  }

  /** An integer that is not negative. */
  public long count() throws ContainerException {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
      throw wrong("a number of bytes");
    }
    return node.longValue();
  }

  public Digest digest() throws ContainerException {
    try {
      return Digest.parse(text());
    } catch (IllegalArgumentException bad) {
      throw origin.corrupt(name() + ": " + Text.clean(bad.getMessage()));
    }
  }

  /** The elements of an array; none if there is no value. */
  public List<Json> items() throws ContainerException {
    List<Json> items = new ArrayList<>();
    if (present()) {
      if (!node.isArray()) {
        throw wrong("a list");
      }
      for (int i = 0; i < node.size(); i++) {
        items.add(new Json(origin, field + "[" + i + "]", node.get(i)));
      }
    }
    return items;
  }

  /** The strings of an array; none if there is no value. */
  public List<String> texts() throws ContainerException {
    List<String> texts = new ArrayList<>();
    for (Json item : items()) {
      texts.add(item.text());
    }
    return texts;
  }

  /** The members of an object, in order; none if there is no value. */
  public Map<String, Json> members() throws ContainerException {
    Map<String, Json> members = new LinkedHashMap<>();
    if (present()) {
      requireObject();
      node.properties().forEach(e -> members.put(e.getKey(), get(e.getKey())));
    }
    return members;
  }

  /** The value as plain maps, lists, strings and numbers. */
  public Map<String, Object> map() throws ContainerException {
    requireObject();
    return MAPPER.convertValue(node, new TypeReference<LinkedHashMap<String, Object>>() {});
  }

  public Json requireObject() throws ContainerException {
    if (!node.isObject()) {
      throw wrong("an object");
    }
    return this;
  }

  public ContainerException corrupt(String why) {
    return origin.corrupt(name() + " " + why);
  }

  private ContainerException wrong(String wanted) {
    return corrupt(present() ? "is not " + wanted : "is missing");
  }

  private String name() {
    return field.isEmpty() ? "the document" : field;
  }
}
