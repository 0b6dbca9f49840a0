package org.lichen.devices.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.testkit.Needs;

class XauthorityTest {
  private static final int INTERNET = 0;

  @TempDir Path directory;

  private static byte[] entry(int family, String address, String display, int cookie)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataOutputStream data = new DataOutputStream(out);
    data.writeShort(family);
    data.writeUTF(address); // ASCII: a size of 2 bytes, and the text
    data.writeUTF(display);
    data.writeUTF("MIT-MAGIC-COOKIE-1");
    data.writeShort(1);
    data.writeByte(cookie);
    return out.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  @Test
  void guest_getsCookiesOfThisHostAndDisplayForAnyName() throws Exception {
    byte[] file =
        joined(
            entry(Xauthority.LOCAL, "here", "0", 1),
            entry(Xauthority.LOCAL, "here", "1", 2),
            entry(Xauthority.LOCAL, "elsewhere", "0", 3),
            entry(INTERNET, "abcd", "0", 4),
            entry(Xauthority.WILD, "", "", 5));
    assertThat(Xauthority.parse(file).encoded()).isEqualTo(file);
    assertThat(Xauthority.parse(file).guest("0", "here").encoded())
        .isEqualTo(
            joined(
                entry(Xauthority.WILD, "", "0", 1),
                entry(INTERNET, "abcd", "0", 4),
                entry(Xauthority.WILD, "", "", 5)));
  }

  @Test
  void aFileThatIsCutOff_isRefusedWithItsPlace() throws Exception {
    byte[] first = entry(Xauthority.LOCAL, "here", "0", 1);
    byte[] file = joined(first, entry(Xauthority.LOCAL, "here", "1", 2));
    for (int length = first.length + 1; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> Xauthority.parse(cut))
          .as("%d bytes", length)
          .hasMessage("the entry at byte " + first.length + " is cut off");
    }
  }

  @Test
  void whatIsWritten_xauthReads() throws Exception {
    Needs.that(Files.isExecutable(Path.of("/usr/bin/xauth")), "xauth");
    Path file = directory.resolve("cookies");
    Files.write(
        file,
        Xauthority.parse(entry(Xauthority.LOCAL, "here", "7", 0xab)).guest("7", "here").encoded());
    Process process = new ProcessBuilder("xauth", "-i", "-f", file.toString(), "nlist").start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // family, address, display, name, data: each with its size, in hexadecimal
    assertThat(output.strip()).startsWith("ffff 0000").contains(" 0001 37 ").endsWith("0001 ab");
  }

  @Test
  void addressesOfABus_areReadWithTheirEscapes() {
    assertThat(BusAddress.first("unix:path=/run/a%20b,guid=1;tcp:host=x"))
        .contains(new BusAddress("unix", Map.of("path", "/run/a b", "guid", "1")));
    for (String wrong :
        List.of("", "unix", "unix:", "unix:path", "unix:path=%2", "unix:path=%zz")) {
      assertThat(BusAddress.first(wrong)).as(wrong).isEmpty();
    }
  }
}
