# The identity "ranges", as a user with subordinate ids: every id of the guest is a real one.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/layers.sh"
. "$E2E/killed.sh"
me=$(id -un 2>/dev/null || id -u)

able() {
  have newuidmap
  grep -q "^\($me\|$(id -u)\):" /etc/subuid || skip "the user $me has no subordinate ids"
  grep -q "^\($me\|$(id -u)\):" /etc/subgid || skip "the user $me has no subordinate gids"
}
t "newuidmap and ranges are here" able
(able >/dev/null) || {
  done_
  exit
}
t "import alpine" images_ready

ranges() { lichen run --rm --identity ranges test/alpine sh -ec "$1"; }
t "ids are mapped" eval '[ "$(ranges "wc -l </proc/self/uid_map")" -gt 1 ] && equals 0 "$(ranges "id -u")"'
t "it is the default here" equals "$(ranges 'cat /proc/self/uid_map')" "$(lichen run --rm test/alpine cat /proc/self/uid_map)"

owners() {
  mkdir -p "$TMPDIR/owned/root" && cd "$TMPDIR" && python3 - "$alpine" "$TMPDIR/owned.tar.gz" <<'PY'
import io, sys, tarfile
source, out = tarfile.open(sys.argv[1]), tarfile.open(sys.argv[2], "w:gz")
for member in source:
    out.addfile(member, source.extractfile(member) if member.isreg() else None)
def add(name, uid, gid, mode, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.uid, info.gid, info.mode, info.type = uid, gid, mode, kind
    out.addfile(info, io.BytesIO() if kind == tarfile.REGTYPE else None)
add("var/mail", 0, 8, 0o2775, tarfile.DIRTYPE)
add("srv/www", 33, 33, 0o700, tarfile.DIRTYPE)
add("srv/www/secret", 33, 34, 0o640)
add("srv/setuid", 0, 33, 0o4750)
out.close()
PY
  lichen import -q owned.tar.gz test/owned >/dev/null &&
    equals "0:8:2775 33:33:700 33:34:640 0:33:4750" "$(lichen run --rm --identity ranges test/owned sh -c \
      'echo $(stat -c %u:%g:%a /var/mail /srv/www /srv/www/secret /srv/setuid)')"
}
t "owners and modes of the image are real" owners
t "chown is real" equals "33:33" "$(ranges 'touch /f && chown 33:33 /f && stat -c %u:%g /f')"
t "only the owner may read" status 1 ranges 'mkdir -m 700 /x && chown 33:33 /x && su -s /bin/sh guest -c "ls /x"'
t "su, and what it makes" equals "405:100" "$(ranges 'su -s /bin/sh guest -c "touch /tmp/f" && stat -c %u:%g /tmp/f')"
t "--user NAME" contains "$(lichen run --rm --identity ranges --user guest test/alpine id)" "uid=405(guest)"
t "adduser" equals "1000" "$(ranges 'adduser -D u && su u -c "id -u"')"

container_dir() { lichen inspect --format '{{.Lichen.Directory}}' "$1"; }
removed() {
  local dir
  lichen run --name r --identity ranges test/alpine sh -ec \
    'mkdir -m 700 /a /a/b && touch /a/b/f && chown -R 33:33 /a && chmod 000 /a/b && ln -s /nosuch /a/l && mkfifo /a/p' &&
    dir=$(container_dir r) && [ -d "$dir" ] && lichen start r >/dev/null 2>&1
  lichen wait r >/dev/null 2>&1
  lichen rm -f r >/dev/null && ! [ -e "$dir" ]
}
t "rm removes files of mapped ids in directories of mode 0700 and 0000" removed

home=$HOME/.local/share/lichen
t "it stands on shared layers" contains "$(ranges 'cat /run/.containerenv')" 'strategy="uufs"'
copies() { find "$home/layers" -mindepth 2 -maxdepth 2 -name 'owned-*' -type d ! -name '*.new'; }
once() {
  local before after
  ranges true && before=$(copies | xargs ls -di) && ranges true && after=$(copies | xargs ls -di) && [ -n "$before" ] && equals "$before" "$after"
}
t "the copies with real owners are made once" once
t "layers are made" make_layers
t "whiteouts and opaque directories hold in the copies" layers_hold "oci:$TMPDIR/made:multi"
same() {
  local multi seen='cd / && find bin d home root tmp usr var ! -type d | sort | while read -r f; do [ -L "$f" ] && readlink "$f" || sha256sum "$f"; done; stat -c "%n %a %h %Y %s" bin/* d/* o/*'
  multi=$(lichen images --format '{{.Repository}}:{{.Tag}}' | grep multi | head -n 1)
  lichen run --rm --identity ranges "$multi" sh -c "$seen" >"$TMPDIR/ranges" && lichen run --rm --identity single "$multi" sh -c "$seen" >"$TMPDIR/single" &&
    [ "$(wc -l <"$TMPDIR/single")" -gt 100 ] && diff "$TMPDIR/single" "$TMPDIR/ranges"
}
t "the copies have content, links, modes and times of the layers" same
many_files() { # NAME: Alpine and 3000 files of uid 33
  python3 - "$alpine" "$TMPDIR/files.tar" "$1" <<'PY'
import gzip, io, shutil, sys, tarfile
with gzip.open(sys.argv[1]) as source, open(sys.argv[2], "wb") as out: shutil.copyfileobj(source, out)
with tarfile.open(sys.argv[2], "a") as out:
    for i in range(3000):
        info = tarfile.TarInfo("many/%d/%d" % (i % 50, i)); info.size, info.uid, info.gid, info.mode = 9, 33, 34, 0o640
        out.addfile(info, io.BytesIO(b"%9s" % sys.argv[3].encode()))
PY
  lichen import -q "$TMPDIR/files.tar" "test/$1" >/dev/null
}
eight() {
  local i pids=()
  many_files eight || return 1
  for i in 1 2 3 4 5 6 7 8; do
    lichen run --rm test/eight stat -c %u:%g:%a /many/7/7 >"$TMPDIR/eight$i" 2>&1 &
    pids+=($!)
  done
  for i in 1 2 3 4 5 6 7 8; do wait "${pids[i - 1]}" && equals 33:34:640 "$(cat "$TMPDIR/eight$i")" || return 1; done
  equals "" "$(find "$home/layers" -mindepth 2 -maxdepth 2 -name 'owned-*.new')"
}
t "eight at once on an image that nobody has run yet" eight
kills() {
  local i
  many_files kills || return 1
  for i in 1 2 3 4 5 6 7 8 9 10; do killed $((RANDOM % 300)) lichen run --rm test/kills true; done
  equals "3000 33:34" "$(lichen run --rm test/kills sh -c 'echo $(find /many -type f -user 33 -group 34 | wc -l) $(stat -c %u:%g /many/49/2999)')" &&
    equals "" "$(find "$home/layers" -mindepth 2 -maxdepth 2 -name 'owned-*.new')"
}
t "kill -9 while copies are made, 10 times" kills
lichen rm -fa >/dev/null
t "run --rm leaves nothing" eval '
  ranges "mkdir -m 700 /a && touch /a/f && chown -R 1234:1234 /a" && equals "" "$(ls -A "$home/containers")" && equals "" "$(lichen ps -aq)"'
live() {
  mkdir -p "$HOME/live" && echo seen >"$HOME/live/file" && lichen run -d -q --name live --identity ranges test/alpine sleep 1000 >/dev/null && lichen set live add_map /data "$HOME/live" && equals seen "$(lichen exec live cat /data/file)" &&
    lichen exec live sh -c 'echo own >/data/own && chown 33:33 /data/own' && equals 33:33 "$(lichen exec live stat -c %u:%g /data/own)" && lichen set live add_map /data "$HOME/live:ro" && status 1 lichen exec live rm /data/own &&
    lichen unset live add_map /data && status 1 lichen exec live ls -d /data && lichen set live add_map "$HOME/live" "$HOME/live" && lichen exec live rm "$HOME/live/own" && lichen rm -f live >/dev/null
}
t "a map while it runs: owners, read-only, gone again" live
t "exec into it" eval '
  lichen run -d --name e --identity ranges test/alpine sleep 1000 >/dev/null &&
    equals 33:33 "$(lichen exec e sh -c "touch /e && chown 33:33 /e && stat -c %u:%g /e")"; r=$?; lichen rm -f e >/dev/null; exit $r'
t "rmi removes layers with foreign owners" eval '
  lichen rmi -af >/dev/null && equals "" "$(find "$home/layers" -mindepth 1 -maxdepth 1 ! -name staging)" &&
    equals "" "$(find "$home" ! -user "$(id -u)" 2>&1)"'
done_
