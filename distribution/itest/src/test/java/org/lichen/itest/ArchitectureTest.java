package org.lichen.itest;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What ARCHITECTURE.md says of dependencies. */
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("testkit"))
          .importPackages("org.lichen");

  /** Beside the API, a module may use these libraries of ours and no others. */
  private static final Map<String, List<String>> LIBRARIES =
      Map.ofEntries(
          Map.entry("posix", List.of()),
          Map.entry("archive", List.of("posix")),
          Map.entry("store", List.of("posix", "archive")),
          Map.entry("runtime", List.of("posix")),
          Map.entry("settings", List.of()),
          Map.entry("elf", List.of()),
          Map.entry("calls", List.of()),
          Map.entry("devices", List.of("elf")),
          Map.entry("plugins", List.of()),
          Map.entry("front", List.of()),
          Map.entry("shell", List.of()),
          Map.entry("fs.extract", List.of()),
          Map.entry("fs.uufs", List.of()),
          Map.entry("launcher.userns", List.of()),
          Map.entry("guest", List.of()),
          Map.entry("launcher.trap", List.of("guest")),
          Map.entry("launcher.preload", List.of("guest")),
          Map.entry("image.docker", List.of()),
          Map.entry("image.singularity", List.of()));

  @Test
  void modules_dependOnApiAndTheirLibrariesOnly() {
    LIBRARIES.forEach(
        (module, libraries) -> {
          List<String> allowed =
              new ArrayList<>(List.of("org.lichen.api..", "org.lichen." + module + ".."));
          libraries.forEach(library -> allowed.add("org.lichen." + library + ".."));
          noClasses()
              .that()
              .resideInAPackage("org.lichen." + module + "..")
              .should()
              .dependOnClassesThat(
                  com.tngtech.archunit.base.DescribedPredicate.describe(
                      "are other modules of ours",
                      type ->
                          type.getPackageName().startsWith("org.lichen.")
                              && allowed.stream()
                                  .map(a -> a.substring(0, a.length() - 2))
                                  .noneMatch(
                                      a ->
                                          type.getPackageName().equals(a)
                                              || type.getPackageName().startsWith(a + "."))))
              .check(ALL);
        });
  }

  @Test
  void everyModule_hasARule() {
    classes()
        .that()
        .resideInAPackage("org.lichen..")
        .should(
            com.tngtech.archunit.lang.conditions.ArchConditions.resideInAnyPackage(
                java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("org.lichen.api.."),
                        LIBRARIES.keySet().stream().map(m -> "org.lichen." + m + ".."))
                    .toArray(String[]::new)))
        .check(ALL);
  }

  @Test
  void api_knowsTheJdkAndItselfOnly() {
    classes()
        .that()
        .resideInAPackage("org.lichen.api..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.lichen.api..", "org.osgi.annotation..")
        .check(ALL);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("org.lichen.(**)").should().beFreeOfCycles().check(ALL);
  }
}
