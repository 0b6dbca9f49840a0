# Debian, as a user without subordinate ids: the package manager and user tools work unconfigured.
. "$E2E/lib.sh"

import() {
  [ -n "${LICHEN_DEBIAN:-}" ] || skip "no Debian image: ${LICHEN_DEBIAN_WHY:-}"
  lichen import -q -c CMD=/bin/bash "$LICHEN_DEBIAN" debian
}
t "import Debian" import
lichen inspect --type image debian >/dev/null 2>&1 || {
  done_
  exit
}

t "this user has no subordinate ids" eval '! grep -q "^$(id -u):\|^$(id -un 2>/dev/null || echo ?):" /etc/subuid'
t "Debian runs" contains "$(lichen run --rm debian cat /etc/os-release)" "bookworm"

online() { (: </dev/tcp/deb.debian.org/80) 2>/dev/null || skip "no network: deb.debian.org is not reached"; }
packages() {
  online
  lichen run --name d debian sh -c 'apt-get update && apt-get install -y hello openssh-client && hello' >"$TMPDIR/apt" 2>&1 || {
    cat "$TMPDIR/apt"
    return 1
  }
  contains "$(tail -n 1 "$TMPDIR/apt")" "Hello, world!"
}
t "apt-get update, install, with no configuration" packages
t "what was installed is there at the next start" eval '
  online; lichen start d >/dev/null && lichen wait d >/dev/null; contains "$(lichen inspect --format "{{.State.ExitCode}}" d)" 0'
t "dpkg finds nothing half installed" eval 'online; lichen run --rm debian dpkg --audit'
lichen rm -f d >/dev/null 2>&1

in_debian() { lichen run --rm debian sh -ec "$1"; }
t "su" equals "33" "$(in_debian 'su -s /bin/sh www-data -c "id -u"')"
t "su keeps root away" eval '! in_debian "su -s /bin/sh www-data -c \"su root -c true\"" </dev/null'
t "useradd, then su to it" equals "someone 1000" "$(in_debian 'useradd -m someone && su someone -c "cd && echo \$(whoami) \$(id -u)"')"
t "groupadd, usermod, userdel" status 0 in_debian \
  'groupadd g && useradd -m -G g u && id u | grep -q "(g)" && usermod -s /bin/sh u && userdel u && ! id u 2>/dev/null'
t "--user www-data" equals "www-data 33 33" "$(lichen run --rm --user www-data debian sh -c 'echo $(whoami) $(id -u) $(id -g)')"
t "--user www-data owns what it makes" equals "33:33" \
  "$(lichen run --rm --user www-data debian sh -c 'touch /tmp/f && stat -c %u:%g /tmp/f')"
t "perl and its modules" equals "42" "$(in_debian 'perl -MScalar::Util -e "print 42"')"
t "nothing is left" equals "" "$(lichen ps -aq)"
lichen rmi -af >/dev/null
done_
