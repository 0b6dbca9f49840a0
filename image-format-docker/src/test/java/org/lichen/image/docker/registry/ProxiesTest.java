package org.lichen.image.docker.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lichen.api.ContainerException;

class ProxiesTest {
  private static String proxy(Map<String, String> environment, String uri)
      throws ContainerException {
    Proxy proxy = new Proxies(environment).select(URI.create(uri)).get(0);
    return proxy.type() + " " + proxy.address();
  }

  @Test
  void select_takesTheVariableOfTheScheme() throws Exception {
    Map<String, String> environment =
        Map.of(
            "HTTPS_PROXY", "http://p:3128", "http_proxy", "q:8080", "no_proxy", "a.b,10.0.0.0/8");
    assertThat(proxy(environment, "https://r.io/")).startsWith("HTTP p").endsWith(":3128");
    assertThat(proxy(environment, "http://r.io/")).startsWith("HTTP q").endsWith(":8080");
    assertThat(proxy(environment, "https://x.a.b/")).startsWith("DIRECT");
    assertThat(proxy(environment, "https://10.1.2.3:5000/")).startsWith("DIRECT");
    assertThat(proxy(environment, "https://11.1.2.3/")).startsWith("HTTP");
    assertThat(proxy(environment, "https://localhost:5000/")).startsWith("DIRECT");
    assertThat(proxy(Map.of("ALL_PROXY", "socks5://s:1080"), "http://r.io/")).startsWith("SOCKS s");
  }

  @Test
  void address_thatIsNone_isRefusedWithoutItsPassword() {
    assertThatThrownBy(() -> new Proxies(Map.of("https_proxy", "https://me:secret@p:1")))
        .isInstanceOf(ContainerException.class)
        .hasMessageContaining("https://p:1")
        .hasMessageNotContaining("secret");
  }

  @Test
  void noProxy_matchesNamesSuffixesPortsAndRanges() {
    assertThat(new NoProxy("*").match("any.where", 443)).isTrue();
    assertThat(new NoProxy(".b.c").match("a.b.c", 443)).isTrue();
    assertThat(new NoProxy("b.c").match("ab.c", 443)).isFalse();
    assertThat(new NoProxy("h:5000").match("h", 443)).isFalse();
    assertThat(new NoProxy("h:5000, x").match("h", 5000)).isTrue();
    assertThat(new NoProxy("fd00::/8").match("[fd12::1]", 443)).isTrue();
    assertThat(new NoProxy("10.0.0.0/99").match("10.0.0.1", 443)).isFalse();
    assertThat(new NoProxy("").match("h", 443)).isFalse();
  }
}
