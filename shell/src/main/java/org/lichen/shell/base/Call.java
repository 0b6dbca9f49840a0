package org.lichen.shell.base;

import java.io.PrintStream;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Console;
import org.lichen.api.container.Container;
import org.lichen.api.image.Image;

/** One call of one command. */
public record Call(Request request, Console console, Services services) {
  /** The session variable under which a Gogo command finds its call. */
  public static final String VARIABLE = ".lichen.call";

  public PrintStream out() {
    return console.out();
  }

  public PrintStream err() {
    return console.err();
  }

  /** A container by name or id. */
  public Container container(String nameOrId) throws ContainerException {
    return services
        .runtime()
        .find(nameOrId)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.NOT_FOUND, "no container '" + nameOrId + "'", "lichen ps -a"));
  }

  /** An image by name or id. */
  public Image image(String nameOrId) throws ContainerException {
    return services
        .store()
        .find(nameOrId)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.NOT_FOUND, "no image '" + nameOrId + "'", "lichen images"));
  }

  /** Prints a failure as every failure is printed. */
  public void report(ContainerException failure) {
    Failures.print(failure, console.err());
  }
}
