# Sourced. prerequisites: checks everything that a build needs and names all that is missing at once.

# version_at_least HAVE WANT: compares dotted numbers.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

prerequisites() {
  missing='' debian='' fedora='' suse='' arch='' alpine=''
  need() { # WHAT DEBIAN FEDORA SUSE ARCH ALPINE
    missing="$missing
  $1"
    debian="$debian $2" fedora="$fedora $3" suse="$suse $4" arch="$arch $5" alpine="$alpine $6"
  }
  javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
  have=$("$javac" -version 2>&1 | sed -n 's/^javac \([0-9][0-9.]*\).*/\1/p') || have=''
  { [ -n "$have" ] && version_at_least "$have" 17; } ||
    need "JDK 17 or newer (found: ${have:-none})" openjdk-17-jdk-headless java-17-openjdk-devel \
      java-17-openjdk-devel jdk17-openjdk openjdk17
  have=$(mvn -v 2>/dev/null | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p') || have=''
  { [ -n "$have" ] && version_at_least "$have" 3.8; } ||
    need "Maven 3.8 or newer (found: ${have:-none})" maven maven maven maven maven
  command -v gcc >/dev/null || need "gcc" gcc gcc gcc gcc gcc
  command -v make >/dev/null || need "make" make make make make make
  if command -v gcc >/dev/null; then
    printf '#include <stdio.h>\n#include <linux/seccomp.h>\nint main(void){return 0;}\n' |
      gcc -static -x c -o /dev/null - 2>/dev/null ||
      need "headers and static library of libc, headers of the kernel" \
        "libc6-dev linux-libc-dev" "glibc-static kernel-headers" \
        "glibc-devel-static linux-glibc-devel" "glibc linux-api-headers" "musl-dev linux-headers"
  fi
  [ -n "$missing" ] || return 0
  cat >&2 <<EOF
lichen: cannot be built here, something is missing:$missing
hint: install it with the line of your system:
  Debian, Ubuntu:  apt-get install$debian
  Fedora, RHEL:    dnf install$fedora
  openSUSE:        zypper install$suse
  Arch:            pacman -S$arch
  Alpine:          apk add$alpine
EOF
  return 1
}
