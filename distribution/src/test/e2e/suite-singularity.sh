# Singularity images: run, exec, shell and test with Apptainer's meaning, what they say about themselves, and damaged ones.
. "$E2E/lib.sh"
busybox=$TMPDIR/busybox.sif tree=$TMPDIR/tree made=$TMPDIR/made.sqsh
cp "$(fixture lpmx-testcontainer.sif)" "$busybox" 2>/dev/null && chmod u+w "$busybox" || busybox=''

needs_busybox() {
  [ -n "$busybox" ] || skip "no fixture lpmx-testcontainer.sif"
}

runs() {
  needs_busybox
  equals Hi "$(lichen run --rm "sif:$busybox" echo Hi)"
}
t "run executes the run script" runs
executes() {
  needs_busybox
  equals "x|a|b c||" "$(lichen exec "sif:$busybox" sh -c 'printf "%s|" "$0" "$@"' x a 'b c' '')" &&
    status 7 lichen exec "sif:$busybox" sh -c 'exit 7' && status 127 lichen exec "sif:$busybox" nosuchprogram
}
t "exec runs a program in it, with any words and its status" executes
shell() {
  needs_busybox
  equals "in busybox" "$(echo 'echo in $(busybox | head -n 1 | grep -oi ^busybox | tr B b)' | lichen shell "sif:$busybox")"
}
t "shell reads commands" shell
reads_once() {
  needs_busybox
  local first
  first=$(lichen inspect --format '{{.Id}}' "sif:$busybox") && lichen run --rm "sif:$busybox" >/dev/null &&
    (cd "$TMPDIR" && equals "$first" "$(lichen inspect --format '{{.Id}}' sif:busybox.sif)") &&
    equals 1 "$(lichen images -n | grep -c busybox.sif)"
}
t "the same file is read once, by whatever path" reads_once
without_java() {
  needs_busybox
  lichen run --rm "sif:$busybox" echo Hi >/dev/null && no_java &&
    equals Hi "$(lichen run --rm "sif:$busybox" echo Hi)" && ! pgrep -u "$(id -u)" java >/dev/null
}
t "run --rm once more needs no Java" without_java
loads() {
  needs_busybox
  contains "$(lichen load -q -i "$busybox")" "localhost/busybox:latest" && equals Hi "$(lichen run --rm localhost/busybox echo Hi)" &&
    contains "$(lichen load -q <"$busybox")" "Loaded image: sha256:"
}
t "load, from a file and from standard input" loads
kept() {
  needs_busybox
  lichen create --name kept "sif:$busybox" echo Hi >/dev/null && equals Hi "$(lichen start -a kept)" &&
    equals Hi "$(lichen start -a kept)" && lichen rm kept >/dev/null
}
t "a container that is kept starts again" kept
on_a_copy() {
  needs_busybox
  equals Hi "$(lichen run --rm --strategy extract "sif:$busybox" echo Hi)"
}
t "on the strategy extract" on_a_copy
every_launcher() {
  needs_busybox
  local launcher
  for launcher in userns trap preload; do
    lichen plan --explain run --launcher "$launcher" "sif:$busybox" echo 2>/dev/null | grep -q chosen || continue
    equals "Hi $launcher" "$(lichen run --rm --launcher "$launcher" --action exec "sif:$busybox" sh -c "echo Hi; sed -n 's/^launcher=//p' /run/.containerenv" | tr -d '"' | xargs)" || return
  done
}
t "under every launcher that works here" every_launcher
sections() {
  needs_busybox
  contains "$(lichen inspect --deffile "sif:$busybox")" "Bootstrap: docker" &&
    contains "$(lichen inspect --runscript "sif:$busybox")" 'exec $SINGULARITY_OCI_RUN' &&
    equals "{ }" "$(lichen inspect --labels "sif:$busybox")" &&
    equals "" "$(lichen inspect --list-apps "sif:$busybox")" && status 125 lichen inspect --test hello
}
t "inspect shows the sections of the definition" sections

# The same root with scripts of our own: environment, test, start, an app.
make_tree() {
  needs_busybox && have unsquashfs && have mksquashfs
  rm -rf "$tree" "$made"
  local d=$tree/.singularity.d app=$tree/scif/apps/greet/scif
  unsquashfs -q -n -no-xattrs -o 1048576 -d "$tree" "$busybox" >/dev/null && mkdir -p "$d/env" "$app" &&
    printf '#!/bin/sh\nexport FROM_IMAGE=image BOTH=image\n' >"$d/env/90-environment.sh" &&
    printf '#!/bin/sh\necho "run:$FROM_IMAGE:$BOTH:$1:$2"\n' >"$d/runscript" &&
    printf '#!/bin/sh\necho "test:$FROM_IMAGE"; exit 3\n' >"$d/test" &&
    printf '#!/bin/sh\necho "start:$1"\n' >"$d/startscript" && echo '{"maker": "me", "number": 7}' >"$d/labels.json" &&
    printf '#!/bin/sh\necho "app:$APPTAINER_APPNAME:$1"\n' >"$app/runscript" &&
    chmod 755 "$d/runscript" "$d/test" "$d/startscript" "$app/runscript" &&
    mksquashfs "$tree" "$made" -noappend -quiet -no-progress -all-root "$@" >/dev/null
}
environment() {
  make_tree || return
  equals "run:image:image:a b:c" "$(lichen run --rm "sif:$made" 'a b' c)" &&
    equals "run:image:old::" "$(SINGULARITYENV_BOTH=old lichen run --rm "sif:$made")" &&
    equals "run:image:new::" "$(SINGULARITYENV_BOTH=old APPTAINERENV_BOTH=new lichen run --rm "sif:$made")" &&
    equals "run:image:it's \$x \`y\`::" "$(lichen run --rm -e "BOTH=it's \$x \`y\`" "sif:$made")" &&
    equals "image /extra:/bin" "$(APPTAINERENV_PREPEND_PATH=/extra lichen exec -e PATH=/bin "sif:$made" sh -c 'echo $FROM_IMAGE $PATH')" &&
    contains "$(lichen inspect --environment "sif:$made")" "export FROM_IMAGE=image"
}
t "the environment's scripts are read; SINGULARITYENV_, APPTAINERENV_ and -e win" environment
actions() {
  make_tree || return
  local found=0 output
  output=$(lichen test "sif:$made") || found=$?
  equals 3 "$found" && equals test:image "$output" && equals start:x "$(lichen run --rm --action start "sif:$made" x)" &&
    equals greet "$(lichen inspect --list-apps "sif:$made")" &&
    contains "$(lichen inspect --labels "sif:$made")" '"maker" : "me"'  && equals app:greet:y "$(lichen run --rm --app greet "sif:$made" y)" &&
    status 125 lichen run --rm --app nothing "sif:$made" && status 125 lichen run --rm --action dance "sif:$made" &&
    status 125 lichen run --rm --action run hello
}
t "test, start and apps" actions
changed() {
  make_tree && lichen run --rm "sif:$made" >/dev/null && sleep 0.1 || return
  echo 'echo changed' >>"$tree/.singularity.d/runscript"
  rm "$made" && mksquashfs "$tree" "$made" -noappend -quiet -no-progress -all-root -comp xz >/dev/null &&
    contains "$(lichen run --rm "sif:$made")" changed
}
t "a file that has changed is read anew" changed
compressions() {
  local comp
  for comp in gzip xz zstd lz4 lzo; do
    make_tree -comp $comp && contains "$(lichen run --rm "sif:$made")" run:image || return
  done
}
t "every compression runs" compressions
compatible() {
  make_tree && mkdir -p "$HOME/work" && echo mine >"$HOME/work/file" || return
  (cd "$HOME/work" && equals "$HOME/work mine $HOME" "$(lichen exec "sif:$made" true && OF_HOST=x lichen run --rm --action exec --apptainer-compat "sif:$made" sh -c 'echo $(pwd) $(cat file) $HOME')" &&
    equals "x $(id -u)" "$(OF_HOST=x lichen run --rm --action exec --apptainer-compat "sif:$made" sh -c 'echo $OF_HOST $(id -u)')" &&
    status 1 lichen run --rm --action exec --apptainer-compat "sif:$made" touch /etc/new &&
    status 0 lichen run --rm --action exec --apptainer-compat --writable-tmpfs "sif:$made" touch /etc/new &&
    lichen run --rm --action exec --apptainer-compat "sif:$made" touch here && [ -e here ] &&
    equals " / 0" "$(OF_HOST=x lichen exec "sif:$made" sh -c 'echo "$OF_HOST $(pwd) $(id -u)"')")
}
t "--apptainer-compat: home, working directory, environment and ids are the host's; else a container's" compatible

# A root of one static program; its scripts could be read by nobody.
no_shell() {
  have mksquashfs && needs_busybox && [ -x "$E2E/samples/hello" ] || return
  local d=$TMPDIR/noshell/.singularity.d made=$TMPDIR/noshell.sqsh
  rm -rf "$TMPDIR/noshell" "$made"
  mkdir -p "$d/env" "$TMPDIR/noshell/"{bin,proc,dev,sys,tmp} && lichen exec "sif:$busybox" cat /bin/busybox >"$TMPDIR/noshell/bin/env" && chmod 755 "$TMPDIR/noshell/bin/env" &&
    ln -s /bin/env "$d/runscript" && printf '#!/bin/sh\nexport FROM_IMAGE=image BOTH="${BOTH:-"image"}"\nexport NOT=$(date)\n' >"$d/env/90-environment.sh" &&
    mksquashfs "$TMPDIR/noshell" "$made" -noappend -quiet -no-progress -all-root >/dev/null || return
  local all
  all=$(lichen exec "sif:$made" env) && contains "$all" FROM_IMAGE=image && contains "$all" BOTH=image && ! contains "$all" NOT= >/dev/null &&
    contains "$(BOTH=host SINGULARITYENV_FROM_IMAGE=mine lichen run --rm --apptainer-compat --action exec "sif:$made" env)" BOTH=host &&
    contains "$(SINGULARITYENV_FROM_IMAGE=mine lichen exec "sif:$made" env)" FROM_IMAGE=mine && contains "$(lichen exec -e BOTH=option "sif:$made" env)" BOTH=option &&
    status 125 lichen shell "sif:$made"
}
t "an image without a shell has the environment of its scripts" no_shell
caller() {
  make_tree || return
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$tree/etc/passwd" && printf 'root:x:0:\n' >"$tree/etc/group" && rm "$made" &&
    mksquashfs "$tree" "$made" -noappend -quiet -no-progress -all-root >/dev/null || return
  local launcher
  for launcher in userns trap preload; do
    lichen plan --explain run --launcher "$launcher" "sif:$made" echo 2>/dev/null | grep -q chosen || continue
    equals "$(id -u):$(id -g):$HOME $(id -un 2>/dev/null)" \
      "$(lichen run --rm --launcher "$launcher" --action exec --apptainer-compat "sif:$made" sh -c "echo \$(grep :$(id -u): /etc/passwd | cut -d: -f 3,4,6) \$(id -un)")" &&
      equals "root:x:0:0:root:/root:/bin/sh" "$(lichen run --rm --launcher "$launcher" --action exec "sif:$made" cat /etc/passwd)" || return
  done
}
t "--apptainer-compat: programs find the caller in passwd" caller

layers() { ls "$HOME/.local/share/lichen/layers" | wc -l; }
servers() { pgrep -u "$(id -u)" -r S,R,D -c squashfuse; }
mounts() {
  case $(lichen doctor | grep squashfuse) in
    *"+ squashfuse: yes") ;;
    *) skip "squashfuse or /dev/fuse is not there for us" ;;
  esac
}
mounted() {
  mounts && make_tree && echo one >"$tree/fresh" && chmod 600 "$tree/fresh" || return
  rm "$made" && mksquashfs "$tree" "$made" -noappend -quiet -no-progress -force-uid 42 >/dev/null || return # nobody whom a single id knows
  local before output
  before=$(layers)
  output=$(lichen run --rm --action exec "sif:$made" sh -c 'cat /fresh; echo two >/fresh; cat /fresh; rm -r /.singularity.d; ls -d /.s*; stat -c %u:%g /fresh; echo 3 >/bin/new && cat /bin/new' 2>/dev/null) &&
    equals "one two 0:0 3" "$(echo $output)" &&
    lichen create --name m --action exec "sif:$made" sh -c 'cat /fresh; echo more >>/fresh' >/dev/null &&
    equals "userns on uufs (the image's file mounted)" "$(lichen inspect --format '{{.Lichen.Way}}' m)" &&
    equals one "$(lichen start -a m)" && equals "one more" "$(echo $(lichen start -a m))" && lichen rm m >/dev/null &&
    lichen run -d --name m --action exec "sif:$made" sleep 100 >/dev/null && equals one "$(lichen exec m cat /fresh)" && equals 1 "$(servers)" &&
    equals "$before" "$(layers)"
  local s=$?
  lichen rm -f m >/dev/null 2>&1
  return $s
}
t "where squashfuse is there the image's file is mounted, and nothing is unpacked" mounted
gone() {
  mounts
  local i
  for i in $(seq 50); do [ "$(servers)" != 0 ] || return 0; sleep 0.1; done
  pgrep -u "$(id -u)" -r S,R,D -a squashfuse
  return 1
}
t "what serves it ends with the container" gone
unpacked() {
  mounts && make_tree || return
  echo unpacked >"$tree/fresh" && rm "$made" && mksquashfs "$tree" "$made" -noappend -quiet -no-progress -all-root >/dev/null || return
  local before
  before=$(layers)
  lichen create --name u --action exec "sif:$made" sh -c 'cat /fresh; echo mine >/fresh' >/dev/null && equals unpacked "$(lichen start -a u)" && equals "$before" "$(layers)" &&
    equals unpacked "$(lichen run --rm --strategy extract --action exec "sif:$made" cat /fresh)" && equals $((before + 1)) "$(layers)" &&
    equals mine "$(lichen start -a u)" && equals "userns on uufs" "$(lichen inspect --format '{{.Lichen.Way}}' u)" &&
    equals unpacked "$(lichen run --rm --action exec "sif:$made" cat /fresh)"
  local s=$?
  lichen rm -f u >/dev/null 2>&1
  return $s
}
t "a strategy that copies unpacks it, and containers go on with what is unpacked" unpacked

refused() { # NAME PART: why it is refused
  local output
  output=$(lichen run --rm --strategy extract "sif:$1" 2>&1) && return 1
  contains "$output" "$2"
}
damaged() {
  needs_busybox
  head -c 1000000 "$busybox" >"$TMPDIR/short.sif" && refused "$TMPDIR/short.sif" "it is cut off" &&
    cp "$busybox" "$TMPDIR/damaged.sif" &&
    printf 'XXXXXXXXXXXXXXXX' | dd of="$TMPDIR/damaged.sif" bs=1 seek=1050000 conv=notrunc 2>/dev/null &&
    refused "$TMPDIR/damaged.sif" "squashfs at byte" &&
    echo nonsense >"$TMPDIR/nonsense.sif" && refused "$TMPDIR/nonsense.sif" "neither a SIF nor a squashfs" &&
    refused "$TMPDIR/nothing.sif" "no such file" &&
    refused "$(fixture sif/empty.sif)" "no primary partition"
}
t "what is damaged is refused, with offset and field" damaged

keys=$LICHEN_FIXTURES/keys
lists() {
  needs_busybox
  contains "$(lichen sif list "$busybox")" "2    |1       |NONE    |1048576-1753088           |FS (Squashfs/*System/amd64)" &&
    contains "$(lichen sif info 1 "$busybox")" "Name:             busybox.deffile" &&
    contains "$(lichen sif dump 1 "$busybox")" "From: busybox:latest" &&
    lichen sif dump 2 "$busybox" | cmp - <(tail -c +1048577 "$busybox" | head -c 704512) &&
    status 125 lichen sif info 3 "$busybox" && status 125 lichen sif dance "$busybox" && status 125 lichen sif list "$TMPDIR/nothing.sif"
}
t "sif list, info, dump" lists
verified() { # KEY NAME PART OPTION…
  local output key=$keys/$1 file part=$3
  file=$(fixture "sif/$2")
  shift 3
  output=$(lichen sif verify --key "$key" "$@" "$file") || { echo "$output" && return 1; }
  contains "$output" "$part"
}
verifies() {
  [ -d "$keys" ] || skip "no fixture keys"
  verified pgp-public.asc one-group-signed-pgp.sif 12045C8C0B1004D058DE4BEDA20C27EE7FF7BA84 &&
    verified pgp-public.asc one-group-signed-legacy.sif 12045C8C0B1004D058DE4BEDA20C27EE7FF7BA84 --object 2 &&
    status 1 lichen sif verify --key "$keys/pgp-public.asc" "$(fixture sif/one-group-signed-legacy.sif)" &&
    verified ed25519-public.pem one-group-signed-dsse.sif SHA256: && verified rsa-public.pem one-group-signed-dsse.sif SHA256: &&
    status 1 lichen sif verify --key "$keys/ecdsa-public.pem" "$(fixture sif/one-group-signed-pgp.sif)" &&
    status 1 lichen sif verify --key "$keys/pgp-public.asc" "$(fixture sif/one-group.sif)"
}
t "sif verify: PGP, its old form, DSSE" verifies
forged() {
  [ -d "$keys" ] || skip "no fixture keys"
  local at
  for at in 50 36900 32769 4170; do # id, root file system, the other object, descriptor
    cp "$(fixture sif/one-group-signed-pgp.sif)" "$TMPDIR/forged.sif" && chmod u+w "$TMPDIR/forged.sif" &&
      printf X | dd of="$TMPDIR/forged.sif" bs=1 seek=$at conv=notrunc 2>/dev/null &&
      status 1 lichen sif verify --key "$keys/pgp-public.asc" "$TMPDIR/forged.sif" || return
  done
}
t "sif verify notices any change" forged
policy() {
  [ -d "$keys" ] || skip "no fixture keys"
  needs_busybox
  local config=$HOME/.config/lichen/config.yaml status=0
  mkdir -p "$HOME/.config/lichen" && printf 'singularity:\n  require-signed: true\n  keys: %s\n' "$keys/pgp-public.asc" >"$config"
  cp "$busybox" "$TMPDIR/unsigned.sif"
  refused "$TMPDIR/unsigned.sif" "it is not signed" && refused "$TMPDIR/forged.sif" "require-signed is set" && {
    cp "$(fixture sif/one-group-signed-pgp.sif)" "$TMPDIR/signed.sif" && lichen pull -q "sif:$TMPDIR/signed.sif" >/dev/null
  } || status=1
  rm "$config"
  return $status
}
t "require-signed refuses what nobody trusted has signed" policy
. "$E2E/images.sh"
. "$E2E/layers.sh"
saves() {
  images_ready && have unsquashfs || return
  local file=$TMPDIR/alpine.sif
  lichen save -q --format sif test/alpine "$file" && [ -x "$file" ] &&
    contains "$(lichen sif list "$file")" "FS (Squashfs/*System/amd64)" &&
    unsquashfs -s -o "$(lichen sif info 3 "$file" | sed -n 's/^Offset: *//p')" "$file" | grep -q "Compression gzip" &&
    equals "$(lichen run --rm test/alpine sh -c 'find / -xdev -type f -path "/[bel]*" ! -path "/etc/host*" | sort | xargs md5sum | md5sum; stat -c "%a %u %g" /tmp /etc/shadow /bin/busybox')" \
      "$(lichen exec "sif:$file" sh -c 'find / -xdev -type f -path "/[bel]*" ! -path "/etc/host*" | sort | xargs md5sum | md5sum; stat -c "%a %u %g" /tmp /etc/shadow /bin/busybox')" &&
    lichen save -q --format sif test/alpine >"$TMPDIR/again.sif" && cmp "$file" "$TMPDIR/again.sif" &&
    lichen save -q --format sif --compression zstd test/alpine "$TMPDIR/zstd.sif" && equals zstd "$(lichen exec "sif:$TMPDIR/zstd.sif" echo zstd)" &&
    status 125 lichen save --format nothing test/alpine "$TMPDIR/x" && status 125 lichen save --format sif --compression lzma test/alpine "$TMPDIR/x" &&
    status 125 lichen save --format sif test/alpine "$TMPDIR/no/such/directory.sif" && equals "" "$(ls -A "$TMPDIR" | grep '^[.]lichen')"
}
t "save --format sif: the same files, and the same bytes each time" saves
for_the_kernel() { # run.sh has it mounted
  images_ready || return
  local at=$TMPDIR/for-the-kernel comp
  mkdir -p "$at" && lichen run -d --name many test/alpine sh -ec 'mkdir /many /h; i=0; while [ $i -lt 3000 ]; do echo $i >/many/a-name-that-is-rather-long-$i; i=$((i + 1)); done
    ln /many/a-name-that-is-rather-long-7 /h/seven; ln -s ../many /h/link; dd if=/dev/zero of=/h/holes bs=1 count=1 seek=500000000 2>/dev/null; echo end >>/h/holes; mkfifo /h/fifo; chmod 4711 /h/seven; touch -d 1980-01-02 /h/link /h
    head -c 300001 /dev/urandom >/h/noise; touch /ready; sleep 100' >/dev/null && until_ 60 lichen exec many test -e /ready || return
  for comp in gzip zstd; do
    lichen save -q --format sif --compression $comp test/alpine "$TMPDIR/k.sif" && lichen sif dump 3 "$TMPDIR/k.sif" >"$at/$comp.sqsh" &&
      lichen save -q --format sif --compression $comp many "$TMPDIR/k.sif" && lichen sif dump 3 "$TMPDIR/k.sif" >"$at/many-$comp.sqsh" || return
  done
  lichen rm -f many >/dev/null
}
t "save --format sif: images with links, holes, large directories" for_the_kernel
rights() {
  images_ready || return
  local mask
  for mask in 022 077 027; do
    (umask $mask && lichen save -q --format sif test/alpine "$TMPDIR/rights$mask.sif") || return
  done
  equals "755 700 750" "$(echo $(stat -c %a "$TMPDIR"/rights022.sif "$TMPDIR"/rights077.sif "$TMPDIR"/rights027.sif))"
}
t "save --format sif: the caller's umask holds" rights
listing() { unsquashfs -lln -UTC -o "$1" "$2" | sed -E 's/^(d[^ ]* [^ ]*) +[0-9]+/\1/; s/ .* squashfs-root$/ squashfs-root/' | sort; } # how large a directory is, is the packer's affair; and mksquashfs 4.5 gives the root to its caller
saves_by_mksquashfs() {
  images_ready && have mksquashfs && have unsquashfs || return
  local file=$TMPDIR/mk.sif offset comp
  for comp in gzip zstd; do
    lichen save -q --format sif --mksquashfs --compression $comp test/alpine "$file" && lichen save -q --format sif --compression $comp test/alpine "$TMPDIR/ours.sif" || return
    offset=$(lichen sif info 3 "$file" | sed -n 's/^Offset: *//p')
    unsquashfs -s -o "$offset" "$file" | grep -q "Compression $comp" && ! cmp -s "$file" "$TMPDIR/ours.sif" &&
      diff <(listing "$offset" "$TMPDIR/ours.sif") <(listing "$offset" "$file") &&
      rm -rf "$TMPDIR/theirs" && unsquashfs -q -n -no-xattrs -o "$offset" -d "$TMPDIR/theirs" "$file" >/dev/null && [ -x "$TMPDIR/theirs/bin/busybox" ] &&
      equals $comp "$(lichen exec "sif:$file" echo $comp)" || return
  done
  printf '#!/bin/sh\necho not today; exit 3\n' >"$TMPDIR/mksquashfs" && chmod 755 "$TMPDIR/mksquashfs" && PATH=$TMPDIR:$PATH status 125 lichen save --format sif --mksquashfs test/alpine "$TMPDIR/x" &&
    contains "$(cat "$TMPDIR/stderr")" "not today" && equals "" "$(ls -A "$TMPDIR" | grep '^[.]lichen')"
}
t "save --format sif --mksquashfs: the same tree, packed by mksquashfs" saves_by_mksquashfs
saves_layers() {
  make_layers && lichen pull -q "oci:$TMPDIR/made:multi" >/dev/null && lichen save -q --format sif "oci:$TMPDIR/made:multi" "$TMPDIR/multi.sif" &&
    equals "dir kept file above" "$(lichen exec "sif:$TMPDIR/multi.sif" sh -c 'echo $(ls /d) $(cat /d/dir) $(ls -A /o)')" &&
    status 1 lichen exec "sif:$TMPDIR/multi.sif" test -L /l
}
t "save --format sif: layers are merged, whiteouts and opaque directories too" saves_layers
saves_meaning() {
  images_ready || return
  lichen import -q -c 'ENTRYPOINT ["printf","%s|"]' -c 'CMD ["a b","it'"'"'s"]' -c 'ENV ONE=1' -c 'ENV TWO=two words' -c 'WORKDIR /usr' "$alpine" test/meaning >/dev/null &&
    lichen save -q --format sif test/meaning "$TMPDIR/meaning.sif" && equals "a b|it's|" "$(lichen run --rm "sif:$TMPDIR/meaning.sif")" &&
    equals "x|" "$(lichen run --rm "sif:$TMPDIR/meaning.sif" x)" && equals "1 two words /usr" "$(lichen exec "sif:$TMPDIR/meaning.sif" sh -c 'echo $ONE $TWO $(pwd)')" &&
    contains "$(lichen inspect --deffile "sif:$TMPDIR/meaning.sif")" "bootstrap: docker"
}
t "save --format sif: entrypoint, command, environment and directory are the image's" saves_meaning
saves_container() { # OPTION…: how it is made
  images_ready || return
  rm -f "$TMPDIR"/c.sif
  local used status=0
  used=$(du -sk "$HOME/.local/share/lichen/store" | cut -f1)
  lichen run -d --name saved "$@" test/alpine sh -ec 'echo new >/new; rm /etc/motd; rm -r /etc/apk; mkdir /etc/apk; echo only >/etc/apk/only; chmod 0 /new; ln /new /again; ln -s new /link
    mkdir -p /deep/dir; chmod 1777 /deep/dir; echo changed >>/etc/issue; touch /ready; sleep 100' >/dev/null
  until lichen exec saved test -e /ready; do sleep 0.1; done
  lichen save -q --format sif saved "$TMPDIR/c.sif" && lichen rm -f saved >/dev/null &&
    equals "new new only 1777 changed 0" "$(lichen exec "sif:$TMPDIR/c.sif" sh -c 'cd /; echo $(cat link again) $(ls /etc/apk) $(stat -c %a /deep/dir) $(tail -n 1 /etc/issue) $(ls /etc/motd /dev/.lichen* /.w* 2>/dev/null | wc -l)')" &&
    equals "" "$(lichen images -q --filter dangling=true 2>/dev/null)" || status=$?
  lichen rm -f saved >/dev/null 2>&1
  lichen rmi "sif:$TMPDIR/c.sif" >/dev/null 2>&1
  [ "$(du -sk "$HOME/.local/share/lichen/store" | cut -f1)" -le $((used + 100)) ] || { echo "something stays in the store" && status=1; }
  return $status
}
t "save --format sif CONTAINER: its union as it is, while it runs" saves_container
t "the same of a tree of its own" saves_container --strategy extract
t "the same where root is emulated" saves_container --strategy extract --identity full
saves_stopped() {
  images_ready || return
  lichen create --name saved test/alpine true >/dev/null && lichen save -q --format sif saved "$TMPDIR/fresh.sif" && lichen save -q --format sif test/alpine "$TMPDIR/same.sif" &&
    equals "$(lichen sif dump 3 "$TMPDIR/same.sif" | sha256sum)" "$(lichen sif dump 3 "$TMPDIR/fresh.sif" | sha256sum)" && lichen rm saved >/dev/null &&
    lichen run --name saved "sif:$TMPDIR/same.sif" sh -c 'echo kept >/kept' && lichen save -q --format sif saved >"$TMPDIR/kept.sif" && lichen rm saved >/dev/null &&
    equals kept "$(lichen exec "sif:$TMPDIR/kept.sif" cat /kept)" && status 125 lichen save --format sif nosuchcontainer:x "$TMPDIR/x"
}
t "the same of one that was never started, and of one of a SIF" saves_stopped
done_
