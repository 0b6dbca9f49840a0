package org.lichen.image.singularity.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What scripts of an environment export, for images without a shell that could read them:
 * assignments, {@code export} and {@code unset}, with quotes, {@code $NAME} and its forms with
 * {@code :-}, {@code :=}, {@code :+}, behind {@code &&} and {@code ||} of a test of words. What
 * depends on anything else is left out: other programs, and all of {@code if}, {@code case} and
 * loops. A script is read no further where it opens a subshell or a function.
 */
final class Exports {
  private static final String MARK = "\0";
  private static final Set<String> OPENING = Set.of("if", "case", "for", "while", "until", "{");
  private static final Set<String> CLOSING = Set.of("fi", "esac", "done", "}");
  private static final Set<String> BETWEEN = Set.of("then", "else", "elif", "do", "!");

  private final Map<String, String> variables;
  private final Set<String> exported = new LinkedHashSet<>();
  private String text = "";
  private int at;

  private Exports(Map<String, String> environment) {
    variables = new LinkedHashMap<>(environment);
    exported.addAll(environment.keySet());
  }

  /**
   * What came of the scripts: {@code set} is so whatever was before, {@code defaults} only where
   * the variable was not set.
   */
  record Found(Map<String, String> set, Map<String, String> defaults) {}

  /** Reads scripts one after the other; {@code environment} is what they begin with. */
  static Found of(List<String> scripts, Map<String, String> environment) {
    Map<String, String> plain = run(scripts, environment);
    Map<String, String> marked = new LinkedHashMap<>();
    plain.keySet().forEach(name -> marked.put(name, MARK));
    marked.keySet().removeAll(environment.keySet()); // which is the image's own, and no caller's
    marked.putAll(environment);
    Map<String, String> again = run(scripts, marked);
    Found found = new Found(new LinkedHashMap<>(), new LinkedHashMap<>());
    plain.forEach(
        (name, value) ->
            (MARK.equals(again.get(name)) ? found.defaults() : found.set()).put(name, value));
    return found;
  }

  private static Map<String, String> run(List<String> scripts, Map<String, String> environment) {
    Exports state = new Exports(environment);
    for (String script : scripts) {
      try {
        state.text = script.replace("\0", "");
        state.at = 0;
        state.script();
      } catch (NotRead further) {
        // what was exported so far is
      }
    }
    Map<String, String> all = new LinkedHashMap<>();
    for (String name : state.exported) {
      String value = state.variables.get(name);
      if (value != null) {
        all.put(name, value);
      }
    }
    return all;
  }

  /** Here begins what only a shell understands. */
  private static final class NotRead extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotRead() {
      super("", null, false, false);
    }
  }

  /**
   * {@code known}: it depends on nothing that only a shell knows; {@code assigns}: where its {@code
   * =} is, if it begins with a name and that (or -1).
   */
  private record Word(String text, boolean known, int assigns) {}

  private void script() {
    int depth = 0;
    Optional<Boolean> last = Optional.of(true);
    String before = ";";
    while (at < text.length()) {
      boolean live =
          depth == 0
              && switch (before) {
                case "&&" -> last.equals(Optional.of(true));
                case "||" -> last.equals(Optional.of(false));
                case "|" -> false;
                default -> true;
              };
      List<Word> words = command(live);
      while (!words.isEmpty() && depth > 0 && BETWEEN.contains(words.get(0).text())) {
        words.remove(0);
      }
      String first = words.isEmpty() ? "" : words.get(0).text();
      if (OPENING.contains(first)) {
        depth++;
        last = Optional.empty();
      } else if (CLOSING.contains(first)) {
        depth = Math.max(0, depth - 1);
        last = Optional.empty();
      } else if (live && !words.isEmpty()) {
        last = execute(words);
      }
      before = separator();
    }
  }

  /** Its status; empty where that is not known. */
  private Optional<Boolean> execute(List<Word> words) {
    if (words.stream().allMatch(word -> word.assigns() > 0)) {
      words.forEach(this::assign);
      return Optional.of(true);
    }
    List<Word> rest = words.subList(1, words.size());
    switch (words.get(0).text()) {
      case "export" -> {
        for (Word word : rest) {
          if (word.assigns() > 0) {
            exported.add(assign(word));
          } else if (word.text().matches("[A-Za-z_][A-Za-z0-9_]*")) {
            exported.add(word.text());
          }
        }
        return Optional.of(true);
      }
      case "unset" -> {
        rest.forEach(word -> variables.remove(word.text()));
        rest.forEach(word -> exported.remove(word.text()));
        return Optional.of(true);
      }
      case ":", "true" -> {
        return Optional.of(true);
      }
      case "false" -> {
        return Optional.of(false);
      }
      case "[", "test" -> {
        return test(rest);
      }
      default -> {
        return Optional.empty();
      }
    }
  }

  private String assign(Word word) {
    String name = word.text().substring(0, word.assigns());
    if (word.known()) {
      variables.put(name, word.text().substring(word.assigns() + 1));
    }
    return name;
  }

  private static Optional<Boolean> test(List<Word> words) {
    List<String> all = new ArrayList<>();
    for (Word word : words) {
      if (!word.known()) {
        return Optional.empty();
      }
      all.add(word.text());
    }
    all.remove("]");
    boolean not = all.size() > 1 && all.get(0).equals("!");
    if (not) {
      all.remove(0);
    }
    Optional<Boolean> found = Optional.empty();
    if (all.size() == 1) {
      found = Optional.of(!all.get(0).isEmpty());
    } else if (all.size() == 2 && all.get(0).equals("-n")) {
      found = Optional.of(!all.get(1).isEmpty());
    } else if (all.size() == 2 && all.get(0).equals("-z")) {
      found = Optional.of(all.get(1).isEmpty());
    } else if (all.size() == 3 && all.get(1).matches("==?|!=")) {
      found = Optional.of(all.get(0).equals(all.get(2)) != all.get(1).equals("!="));
    }
    return found.map(it -> it != not);
  }

  /** The words up to what ends the command; only a command that is live changes anything. */
  private List<Word> command(boolean live) {
    List<Word> words = new ArrayList<>();
    while (true) {
      blanks();
      if (at == text.length() || "\n;&|)".indexOf(text.charAt(at)) >= 0) {
        return words;
      }
      if (text.charAt(at) == '#') {
        while (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if ("(<>".indexOf(text.charAt(at)) >= 0) {
        throw new NotRead();
      } else {
        words.add(word(live));
      }
    }
  }

  private void blanks() {
    while (at < text.length()) {
      if (" \t\r".indexOf(text.charAt(at)) >= 0) {
        at++;
      } else if (text.startsWith("\\\n", at)) {
        at += 2;
      } else {
        return;
      }
    }
  }

  private String separator() {
    if (at == text.length()) {
      return ";";
    }
    for (String two : List.of("&&", "||", ";;")) {
      if (text.startsWith(two, at)) {
        at += 2;
        return two;
      }
    }
    return String.valueOf(text.charAt(at++));
  }

  private Word word(boolean live) {
    StringBuilder word = new StringBuilder();
    boolean known = true;
    int assigns = -1;
    while (at < text.length() && " \t\r\n;&|()<>".indexOf(text.charAt(at)) < 0) {
      char c = text.charAt(at++);
      switch (c) {
        case '\'' -> {
          int end = end("'");
          word.append(text, at, end);
          at = end + 1;
        }
        case '"' -> known &= quoted(word, '"', live);
        case '\\' -> {
          if (at < text.length() && text.charAt(at++) != '\n') {
            word.append(text.charAt(at - 1));
          }
        }
        case '$' -> known &= variable(word, live);
        case '`' -> {
          at = end("`") + 1;
          known = false;
        }
        case '=' -> {
          if (assigns < 0 && word.toString().matches("[A-Za-z_][A-Za-z0-9_]*")) {
            assigns = word.length();
          }
          word.append(c);
        }
        default -> word.append(c);
      }
    }
    return new Word(word.toString(), known, assigns);
  }

  /** Up to the closing quote; whether all of it is known. */
  private boolean quoted(StringBuilder to, char close, boolean live) {
    boolean known = true;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == close) {
        return known;
      }
      switch (c) {
        case '\\' -> {
          char next = at < text.length() ? text.charAt(at++) : '\n';
          if ("\"$`\\}".indexOf(next) < 0 && next != '\n') {
            to.append(c);
          }
          if (next != '\n') {
            to.append(next);
          }
        }
        case '$' -> known &= variable(to, live);
        case '`' -> {
          at = end("`") + 1;
          known = false;
        }
        case '"' -> known &= quoted(to, '"', live); // within ${…}
        default -> to.append(c);
      }
    }
    throw new NotRead();
  }

  /** What follows a dollar; whether it is known. */
  private boolean variable(StringBuilder to, boolean live) {
    boolean braces = text.startsWith("{", at);
    int from = braces ? at + 1 : at;
    int end = from;
    while (end < text.length() && (text.charAt(end) + "").matches("[A-Za-z0-9_]")) {
      end++;
    }
    String name = text.substring(from, end);
    if (text.startsWith("(", at)) {
      at++;
      substituted();
      return false;
    }
    if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
      if (braces) {
        at++;
        quoted(new StringBuilder(), '}', false);
      } else {
        at = Math.min(text.length(), at + 1);
      }
      return false;
    }
    at = end;
    return braces ? form(name, to, live) : append(to, variables.getOrDefault(name, ""));
  }

  private static boolean append(StringBuilder to, String value) {
    to.append(value);
    return true;
  }

  /** What stands between the name and the brace. */
  private boolean form(String name, StringBuilder to, boolean live) {
    boolean colon = text.startsWith(":", at);
    at += colon ? 1 : 0;
    char kind = at < text.length() ? text.charAt(at++) : '\0';
    if (kind == '}') {
      return append(to, variables.getOrDefault(name, ""));
    }
    StringBuilder other = new StringBuilder();
    boolean known = quoted(other, '}', live);
    String value = variables.getOrDefault(name, "");
    boolean there = variables.containsKey(name) && !(colon && value.isEmpty());
    switch (kind) {
      case '-', '=' -> {
        if (there) {
          return append(to, value);
        }
        if (kind == '=' && live && known) {
          variables.put(name, other.toString());
        }
        to.append(other);
        return known;
      }
      case '+' -> {
        to.append(there ? other : "");
        return known || !there;
      }
      default -> {
        return false;
      }
    }
  }

  /** A command whose output would be a word. */
  private void substituted() {
    for (int depth = 1; depth > 0; at++) {
      if (at == text.length()) {
        throw new NotRead();
      }
      depth += text.charAt(at) == '(' ? 1 : text.charAt(at) == ')' ? -1 : 0;
    }
  }

  private int end(String of) {
    int end = text.indexOf(of, at);
    if (end < 0) {
      throw new NotRead();
    }
    return end;
  }
}
