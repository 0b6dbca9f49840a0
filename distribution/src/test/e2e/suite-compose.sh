# Tools of several containers put together: what LPMX's README shows, line by line, with images of Debian's packages from a registry; and pipelines whose results are those of the host's own tools,
# byte for byte.
. "$E2E/lib.sh"
. "$E2E/calls.sh"
. "$E2E/registry.sh"
trap registries_stop EXIT
share=$HOME/share host=$HOME/host layout=$TMPDIR/layout
own='' old=''
for each in $LICHEN_DEBIAN; do
  case $each in
    own=*) own=${each#*=} ;;
    old=*) old=${each#*=} ;;
  esac
done
version() { sed -n "s/^$2 \([^-+]*\).*/\1/p" "$1/versions"; } # DIRECTORY TOOL: upstream's

needed() {
  have docker-registry && have skopeo && have umoci && have make && have minimap2 && have bwa && have samtools
  [ -n "$own" ] && [ -n "$old" ] || skip "no Debian with tools: ${LICHEN_DEBIAN_WHY:-}"
  [ "$(samtools --version | head -n 1)" = "samtools $(version "$own" samtools)" ] || skip "the host's own samtools is another version than $(version "$own" samtools)"
}
t "tools of Debian, here and as layers, and a registry" needed
(needed >/dev/null) || {
  done_
  exit
}
registry_start compose
registry=127.0.0.1:$port

base() { # TAG DIRECTORY
  umoci new --image "$layout:$1" && umoci raw add-layer --image "$layout:$1" "$2/base.tar" &&
    umoci config --image "$layout:$1" --config.cmd /bin/bash --config.env PATH=/usr/local/bin:/usr/bin:/bin
}
image() { # BASE NAME LAYER…: of the base and one layer more each; pushed
  local from=$1 name=$2 tag
  shift 2
  for layer; do
    tag=$(echo "$name-$layer" | tr -c 'a-z0-9.\n' -)
    umoci raw add-layer --image "$layout:$from" --tag "$tag" "$layer" && from=$tag || return 1
  done
  skopeo copy -q --dest-tls-verify=false "oci:$layout:$from" "docker://$registry/$name"
}
images() {
  local tool
  umoci init --layout "$layout" && base new "$own" && base old "$old" && image new debian:new && image old debian:old || return 1
  for tool in minimap2 samtools bwa; do image new "$tool:$(version "$own" $tool)" "$own/$tool.tar" || return 1; done
  image old "samtools:$(version "$old" samtools)" "$old/samtools.tar" && image old example:1 "$old/minimap2.tar" "$old/samtools.tar"
}
t "images of packages, pushed to a registry" images
natively() { PATH=${PATH#"$commands":} "$@"; }
truth() {
  mkdir -p "$share" "$host" && python3 "$E2E/compose/genome.py" "$share" && cp "$share"/* "$host" && cd "$host" && natively bash "$E2E/compose/pipeline.sh" &&
    natively make -s -j 2 -f "$E2E/compose/Makefile" && contains "$(cat "$host/flagstat")" "2400 + 0 mapped"
}
t "what the host's own tools make of it" truth
same() { # DIRECTORY: all that the host has made is there, the same
  (cd "$host" && sha256sum -- *) | (cd "$1" && sha256sum -c --quiet -)
}
without_itself() { grep -v ^@PG; } # it tells paths

for launcher in userns trap preload; do
  can() { lichen run --rm --launcher $launcher "$registry/debian:new" true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$launcher works here" can
  (can) >/dev/null 2>&1 || continue
  run() { lichen run --rm --launcher $launcher "$@"; }
  create() { lichen create -q --launcher $launcher "$@" >/dev/null; }
  new=$registry/minimap2:$(version "$own" minimap2)

  # The quick run.
  t "$launcher: init; pull an image, and say hello" eval 'contains "$(lichen init)" "$commands" && lichen pull -q "$registry/debian:old" >/dev/null && equals "hello world" "$(run "$registry/debian:old" sh -c "echo \"hello world\"")"'
  aligned() {
    lichen pull -q "$new" >/dev/null && run -v "$share:/share" "$new" sh -c "minimap2 -a /share/ref.fa /share/long.fq >/share/minimap2.sam 2>/dev/null" &&
      cmp <(without_itself <"$share/minimap2.sam") <(natively minimap2 -a "$share/ref.fa" "$share/long.fq" 2>/dev/null | without_itself)
  }
  t "$launcher: minimap2 in its container" aligned
  t "$launcher: the image with the old tools tells their versions" eval '
    lichen pull -q "$registry/example:1" >/dev/null && contains "$(run "$registry/example:1" minimap2 --version)" "$(version "$old" minimap2)" &&
    equals "samtools $(version "$old" samtools)" "$(run "$registry/example:1" samtools --version | sed 1q)"'
  replaced() {
    local id
    create --name minimap2 -v "$share:/share" "$new" && id=$(lichen ps -a --filter name=minimap2 --format '{{.ID}}') && [ -n "$id" ] &&
      equals "$commands/minimap2" "$(lichen expose -n minimap2 "$id" /usr/bin/minimap2)" && example=(-v "$share:/share" --host-command "$commands/minimap2=/usr/bin/minimap2" "$registry/example:1") &&
      contains "$(run "${example[@]}" minimap2 --version)" "$(version "$own" minimap2)" &&
      run "${example[@]}" sh -c 'minimap2 -a /share/ref.fa /share/long.fq >/share/test.sam 2>/dev/null && samtools view -S -b /share/test.sam >/share/test.bam' &&
      cmp <(without_itself <"$share/test.sam") <(without_itself <"$share/minimap2.sam") && cmp <(natively samtools view "$share/test.bam") <(natively samtools view "$share/test.sam")
  }
  t "$launcher: the new minimap2 of one container in the place of the old one of another, beside its samtools" replaced
  life() {
    until_ 10 eval 'equals exited "$(lichen ps -a --filter name=minimap2 --format "{{.State}}")"' && create --name life "$registry/debian:new" sleep 1000 && lichen start life >/dev/null && equals here "$(lichen exec life sh -c 'echo here >/root/file; cat /root/file')" &&
      lichen stop -t 1 life >/dev/null && contains "$(lichen ps -a --filter name=life --format '{{.Status}}')" Exited && lichen start life >/dev/null &&
      equals here "$(lichen exec life cat /root/file)" && lichen rm -f life >/dev/null && equals "" "$(lichen ps -a --filter name=life -q)" && lichen unexpose minimap2 >/dev/null && lichen rm minimap2 >/dev/null
  }
  t "$launcher: list, start, exec, stop, start again, remove" life

  # Each tool in a container of its own, also twice.
  exposed() {
    local tool
    for tool in minimap2 samtools bwa; do
      create --name $tool -v "$share:/share" "$registry/$tool:$(version "$own" $tool)" && lichen expose $tool $tool >/dev/null || return 1
    done
    create --name older -v "$share:/share" "$registry/samtools:$(version "$old" samtools)" && lichen expose -n samtools-old older samtools >/dev/null && lichen expose -n samtools-new samtools samtools >/dev/null
  }
  t "$launcher: each tool as a command" exposed
  t "$launcher: two versions of a tool beside each other" eval '
    equals "samtools $(version "$old" samtools)" "$(samtools-old --version | sed 1q)" && equals "samtools $(version "$own" samtools)" "$(samtools-new --version | sed 1q)" && [ "$(samtools-old --version | sed 1q)" != "$(samtools --version | sed 1q)" ] &&
    samtools-old view - <"$host/short.bam" | cmp - <(natively samtools view "$host/short.bam")'
  fresh() { rm -rf "$1" && mkdir "$1" && cp "$share"/*.f[aq] "$1" && cd "$1"; } # DIRECTORY
  pipeline() { fresh "$share/outside" && bash "$E2E/compose/pipeline.sh" && make -s -j 8 -f "$E2E/compose/Makefile" && same "$share/outside"; }
  t "$launcher: a pipeline over three containers, and a make of eight at once: the host's own bytes" pipeline
  at_once() {
    fresh "$share/at-once" && bwa index ref.fa 2>/dev/null && ls part*.fq | xargs -P 8 -I{} sh -c 'bwa mem ref.fa {} 2>/dev/null | samtools sort -O sam - >{}.sam' &&
      for part in part*.fq; do cmp <(without_itself <"$part.sam") <(natively samtools view -h "$host/${part%.fq}.bam" | without_itself) || return 1; done
  }
  t "$launcher: eight pipelines at once by xargs" at_once
  # A container that has none of the tools: all come from others, gzip from the host; the directory has another name in it.
  inside() {
    fresh "$share/inside" && ! run "$registry/debian:new" sh -c 'command -v bwa gzip' &&
      run -v "$share:/work" -v "$E2E/compose:/scripts:ro" -w /work/inside --host-command "$commands/minimap2,$commands/samtools,$commands/bwa,gzip,make" "$registry/debian:new" bash -c '
        bash /scripts/pipeline.sh && cd /work/inside && i=0 && for part in part*.fq; do (bwa mem ref.fa $part 2>/dev/null | samtools sort -O bam -o ${part%.fq}.bam -) & done; wait && samtools merge -s 1 -f all.bam part*.bam' &&
      same "$share/inside"
  }
  t "$launcher: the same in a fourth container that calls the three and the host" inside
  # Nested: a script of one container is itself a command, which another calls.
  nested() {
    fresh "$share/nested" && cp "$E2E/compose/pipeline.sh" . && create --name pipe -v "$share:/work" --host-command "$commands/minimap2,$commands/samtools,$commands/bwa,gzip" "$registry/debian:new" && lichen expose -n pipe pipe bash -- pipeline.sh >/dev/null &&
      run -v "$share:/data" -w /data/nested --host-command "$commands/pipe" "$registry/debian:old" pipe && make -s -j 3 -f "$E2E/compose/Makefile" && rm pipeline.sh && same "$share/nested"
  }
  t "$launcher: nested, a container that calls another that calls the others" nested
  # Into a container that runs already, while a program of it waits for the tool.
  injected() {
    fresh "$share/injected" && lichen run -d -q --name late --launcher $launcher "$registry/debian:new" sh -c 'until command -v samtools && [ -e /late/in.bam ]; do sleep 0.05; done; cd /late && samtools view in.bam >out.sam && echo done >end; sleep 1000' >/dev/null &&
      ! lichen exec late sh -c 'command -v samtools' && lichen set late add_exec /usr/local/bin/samtools "$commands/samtools" && lichen set late add_map /late "$share/injected" && cp "$host/short.bam" in.bam && until_ 20 test -e end &&
      cmp out.sam <(natively samtools view "$host/short.bam") && lichen rm -f late >/dev/null
  }
  t "$launcher: a tool of another container for one that runs already" injected
  smi() { # LPMX's way to a GPU: the host's own program; with libraries and nodes, see the suite `devices`
    mkdir -p "$TMPDIR/smi" && printf '#!/bin/sh\necho "GPU of the host $*"\n' >"$TMPDIR/smi/nvidia-smi" && chmod +x "$TMPDIR/smi/nvidia-smi" &&
      equals "GPU of the host -L" "$(run --host-command "$TMPDIR/smi/nvidia-smi=/usr/bin/nvidia-smi" "$registry/debian:old" nvidia-smi -L)"
  }
  t "$launcher: the host's nvidia-smi" smi
  t "$launcher: nothing is left" eval 'until_ 10 eval "lichen rm -fa >/dev/null" && equals "" "$(lichen expose --list)" && rm -rf "$share"/*.?am "$share"/*/'
done
done_
