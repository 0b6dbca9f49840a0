import java.nio.file.*;
import java.util.*;

public class Forks {
  public static void main(String[] arguments) throws Exception {
    Process child = new ProcessBuilder("/bin/echo", "forked").start();
    String said = new String(child.getInputStream().readAllBytes()).trim();
    long lines = new String(Forks.class.getResourceAsStream("/text").readAllBytes()).lines().count();
    List<Thread> threads = new ArrayList<>();
    Set<Integer> done = Collections.synchronizedSet(new HashSet<>());
    for (int i = 0; i < 8; i++) {
      int number = i;
      Thread thread = new Thread(() -> {
        for (int k = 0; k < 300; k++) if (!Files.exists(Path.of("/etc/passwd"))) return;
        done.add(number);
      });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) thread.join();
    System.gc();
    try { deep(1); } catch (StackOverflowError e) { /* a guard page, an alternate stack */ }
    try { Object none = arguments.length == 0 ? null : arguments; none.hashCode(); } catch (NullPointerException e) { /* SIGSEGV made into it */ }
    System.out.println(said + " lines=" + lines + " threads=" + done.size() + " " + Path.of("/usr/../bin/true").normalize());
  }
  static int deep(int n) { return deep(n + 1) + 1; }
}
