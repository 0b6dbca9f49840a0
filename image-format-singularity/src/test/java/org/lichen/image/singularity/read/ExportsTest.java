package org.lichen.image.singularity.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.image.singularity.Fuzz;
import org.lichen.testkit.Needs;

class ExportsTest {
  private static final Map<String, String> BEFORE = Map.of("PATH", "/bin", "OLD", "old");

  private static Map<String, String> all(String... scripts) {
    Exports.Found found = Exports.of(List.of(scripts), BEFORE);
    Map<String, String> all = new LinkedHashMap<>(found.defaults());
    all.putAll(found.set());
    return all;
  }

  /** What a shell makes of it: the variables of one letter, and those from before. */
  private static Map<String, String> shell(String script) throws Exception {
    String told =
        Needs.output(
            "env",
            "-i",
            "PATH=/bin",
            "OLD=old",
            "/bin/sh",
            "-c",
            script + "\nexec /usr/bin/env -0");
    Map<String, String> all = new LinkedHashMap<>();
    for (String pair : told.split("\0", -1)) {
      if (pair.matches("(?s)([A-Z]|PATH|OLD)=.*")) {
        all.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "#!/bin/sh\n# export A=1\nexport A=1 B=2 # export C=3\nexport C\nexport D='x y' E=\"it's\"",
        "A=1\nB=2; export B; A=3\nexport A",
        "export A=\"$OLD-${OLD}\" B='$OLD' C=\\$OLD D=$OLD/x",
        "export PATH=/x:$PATH\nexport PATH=\"$PATH:/y\"",
        "export A=\"${A:-\"default\"}\"\nexport B=${OLD:-new} C=${C-} D=${OLD:+is} E=${F:+is}",
        "A=; export B=${A:-empty} C=${A-unset}\n: ${D:=said} \"${E:=two words}\"\nexport D E",
        "[ -n \"${A+x}\" ] || export A=1\n[ -n \"${OLD+x}\" ] || export OLD=2\n[ -z \"$B\" ] && export B=1",
        "test \"$OLD\" = old && export A=1\n[ x != x ] && export B=1\n[ ! -n \"$B\" ] && export C=1",
        "unset OLD; export A=1; unset A",
        "export A=a\\\n'b'\\\n\"c\\\nd\"\nexport B=\"a\nb\" C='q\\'",
        "export A=\"\\$x \\\" \\\\ \\` \\n\" B=\"a'b'c\" C=a\\ b",
        "true && export A=1 || export B=2\nfalse && export C=1 || export D=2",
        "export A=1;export B=2;\nexport C=3"
      })
  void exports_areThoseOfTheShell(String script) throws Exception {
    assertThat(all(script)).as(script).isEqualTo(shell(script));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "export B=$(echo 1; (echo)) C=`echo 1` D=$1 E=$$ F=\"$(echo x)\" G=${A%x} H=${#A}",
        "if [ -n \"$OLD\" ]; then export B=1; else export C=1; fi",
        "for B in 1 2; do export B C=1; done\nwhile true; do export D=1; done",
        "case $OLD in old) export B=1;; *) export C=1;; esac",
        "if true; then if false; then export B=1; fi; export C=1; fi",
        "[ -d / ] && export B=1; date && export C=1; date || export D=1",
        "echo x | export B=1",
        "cat <<END\nexport B=1\nEND",
        "f() { export B=1; }\nf",
        "export 'B",
        "export \"B",
        "export B=${C",
        "export B=$(",
        "export",
        "export -p",
        "=x",
        "\0",
        "$",
        "${",
        "\\",
      })
  void whatNeedsAShell_isLeftOut(String script) {
    assertThat(all("export A=1\n" + script, "export Z=1"))
        .as(script)
        .isEqualTo(Map.of("PATH", "/bin", "OLD", "old", "A", "1", "Z", "1"));
  }

  @Test
  void aDefault_isToldFromWhatIsSet() {
    Exports.Found found =
        Exports.of(
            List.of("export A=\"${A:-\"1\"}\" B=2\n[ -n \"${C+x}\" ] || export C=3\nD=${D:-4}"),
            Map.of("PATH", "/bin"));
    assertThat(found.defaults()).isEqualTo(Map.of("A", "1", "C", "3"));
    assertThat(found.set()).isEqualTo(Map.of("B", "2", "PATH", "/bin"));
  }

  @Test
  void changedAtRandom_isRead() throws Exception {
    String script =
        """
        #!/bin/sh
        export A="${A:-"x y"}" B='it'\\''s'
        [ -n "${C+x}" ] || export C=$A
        if true; then D=$(date); fi; : ${E:=`x`}
        export PATH=/x:$PATH
        """;
    new Fuzz("exports", 0, List.of(script.getBytes(StandardCharsets.UTF_8)))
        .run(
            changed -> {
              String text = new String(changed, StandardCharsets.UTF_8);
              if (Exports.of(List.of(text), BEFORE).set() == null) {
                throw new IOException(text);
              }
            },
            Set.of());
  }
}
