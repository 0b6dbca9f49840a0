# Plugins come, change and go while containers run.
. "$E2E/lib.sh"
. "$E2E/images.sh"
bundles=$(dirname "$(command -v lichen)")/../lib/bundles
jars=$TMPDIR/jars
mkdir -p "$jars"

have_zip() { have zip && have unzip; }
newer() { # BUNDLE VERSION [PROGRAM]: a copy of a bundle of the distribution with another version, and a longer program
  local scratch=$jars/scratch
  rm -rf "$scratch" && mkdir -p "$scratch"
  cp "$bundles/$1"-[0-9]*.jar "$jars/$1-$2.jar" && chmod u+w "$jars/$1-$2.jar"
  (cd "$scratch" && unzip -qo "$jars/$1-$2.jar" META-INF/MANIFEST.MF ${3:+"native/*/$3"} &&
    sed -i "s/^Bundle-Version: .*/Bundle-Version: $2\r/" META-INF/MANIFEST.MF &&
    { [ -z "${3:-}" ] || printf '\n' >>native/*/"$3"; } && zip -qr "$jars/$1-$2.jar" .)
}
version() { lichen plugin info --format '{{.Version}} {{.Origin}} {{.State}}' "$1"; }
programs() { ls -d "$HOME"/.local/share/lichen/native/*/"$1" | wc -l; }
lives() { equals alive "$(lichen exec runs echo alive)" && equals running "$(lichen inspect --format '{{.State.Status}}' runs)"; }

t "import alpine" images_ready
t "zip is here" have_zip
t "list shows the distribution's" contains "$(lichen plugin list)" "org.lichen.launcher-userns"
t "a container runs" eval 'lichen run -d --name runs test/alpine sleep 1000 >/dev/null && lives'

# Each kind of plugin that a running container came from is replaced under it.
for bundle in image-format-docker fs-uufs fs-extract launcher-userns; do
  case $bundle in launcher-userns) program=lichen-userns ;; fs-extract) program=lichen-extract ;; *) program= ;; esac
  case $bundle in fs-uufs) strategy=uufs ;; fs-extract) strategy=extract ;; *) strategy= ;; esac
  update() {
    local before
    before=$(programs "${program:-none}" 2>/dev/null)
    newer $bundle 0.9.0 $program && lichen plugin update "$jars/$bundle-0.9.0.jar" &&
      equals "0.9.0 user active" "$(version $bundle)" && lives &&
      equals new "$(lichen run --rm ${strategy:+--strategy "$strategy"} test/alpine echo new)" &&
      { [ -z "$program" ] || equals $((before + 1)) "$(programs $program)"; } && lives
  }
  t "update $bundle while a container runs: it goes on, the next start uses the new one" update
done
t "the new program is the one in the plan's place" eval '
  cat "$HOME"/.local/share/lichen/native/*/lichen-userns | wc -c >"$TMPDIR/sizes"; [ -s "$TMPDIR/sizes" ]'
for bundle in image-format-docker fs-uufs fs-extract launcher-userns; do
  case $bundle in fs-uufs) strategy=uufs ;; fs-extract) strategy=extract ;; *) strategy= ;; esac
  back() {
    lichen plugin remove $bundle && equals "0.1.0 distribution active" "$(version $bundle)" && lives &&
      equals old "$(lichen run --rm ${strategy:+--strategy "$strategy"} test/alpine echo old)"
  }
  t "remove $bundle: the distribution's comes back" back
done
t "what belongs to the distribution stays" eval '
  status 125 lichen plugin remove launcher-userns && contains "$(cat "$TMPDIR/stderr")" "belongs to the distribution"'
t "after all of that the container can be entered, stopped and started" eval '
  lives && lichen stop -t 1 runs >/dev/null && lichen start runs >/dev/null && lives; lichen rm -f runs >/dev/null'

# Third parties' plugins.
sample() { echo "$E2E/samples/$1.jar"; }
t "command" eval '
  lichen plugin install "$(sample greet)" && equals "Hello you!" "$(lichen greet --loud you)" && status 3 lichen greet &&
  contains "$(lichen help)" "Greet people"'
t "command removed" eval 'lichen plugin remove greet && status 125 lichen greet you'
t "plain Gogo command" eval 'lichen plugin install "$(sample gogo)" && equals WORD "$(lichen shout word)"'
t "facts" eval 'lichen plugin install "$(sample lustre)" && contains "$(lichen doctor --format json)" lustre'
t "launch contributor" eval '
  lichen plugin install "$(sample banner)" && equals "welcome to example" "$(lichen run --rm test/alpine cat /etc/banner)" &&
  equals example "$(lichen run --rm test/alpine sh -c "echo \$SITE")" && equals "of mine" "$(lichen run --rm --banner "of mine" test/alpine cat /etc/banner)" && contains "$(lichen create --help)" "--banner=TEXT" &&
  lichen plugin remove banner && status 125 lichen run --rm --banner x test/alpine true &&
  equals "" "$(lichen run --rm test/alpine sh -c "echo \$SITE")"'
t "image format" eval '
  hello=$E2E/samples/hello && lichen plugin install "$(sample tiny)" &&
  { printf "tiny-image 1\ncommand /hello\nfile 755 %s hello\n" "$(stat -c %s "$hello")"; cat "$hello"; } >"$TMPDIR/hello.tiny" &&
  contains "$(lichen run --rm "tiny:$TMPDIR/hello.tiny")" "Hello from inside a container"'
t "a truncated tiny image is refused" eval '
  head -c 2000 "$TMPDIR/hello.tiny" >"$TMPDIR/short.tiny"
  status 125 lichen run --rm "tiny:$TMPDIR/short.tiny" && contains "$(cat "$TMPDIR/stderr")" "cannot read tiny:"'
t "image format removed: the image stays, new ones are refused" eval '
  lichen plugin remove tiny && status 125 lichen run --rm "tiny:$TMPDIR/hello.tiny"'
t "strategy in pure Java" eval '
  lichen plugin install "$(sample copy)" &&
  lichen run -d --name copied --strategy copy test/alpine sleep 1000 >/dev/null && equals hi "$(lichen exec copied echo hi)"'
t "strategy removed while its container runs: it goes on, the next is refused" eval '
  lichen plugin remove copy && equals hi "$(lichen exec copied echo hi)" &&
  status 125 lichen create --strategy copy test/alpine true && contains "$(cat "$TMPDIR/stderr")" "strategy"
  lichen rm -f copied >/dev/null'
musl="lib/ld-musl-x86_64.so.1 --library-path lib bin/busybox" # in the root filesystem, whose programs are not static
t "launcher that is a script" eval '
  lichen plugin install "$(sample direct)" &&
  lichen run -d --name plain --launcher direct --identity single test/alpine $musl sleep 1000 >/dev/null &&
  equals "it is" "$(lichen exec plain $musl echo "it is")" && equals bin "$(lichen exec plain $musl ls -d bin)"'
t "it refuses what it does not guarantee" eval '
  status 125 lichen run --rm --launcher direct --identity single --network none test/alpine true &&
  contains "$(cat "$TMPDIR/stderr")" "cannot guarantee no-network"'
t "launcher removed while its container runs: it goes on, the next start is refused" eval '
  lichen plugin remove direct && equals running "$(lichen inspect --format "{{.State.Status}}" plain)" &&
  equals still "$(lichen exec plain $musl echo still)" &&
  lichen stop -t 1 plain >/dev/null && status 125 lichen start plain && contains "$(cat "$TMPDIR/stderr")" "no launcher"
  lichen rm -f plain >/dev/null'

# What is refused changes nothing.
t "a bundle that throws on start is refused with its reason" eval '
  status 125 lichen plugin install "$(sample broken)" && contains "$(cat "$TMPDIR/stderr")" "broken on purpose" &&
  ! lichen plugin info broken 2>/dev/null && ! ls "$HOME"/.local/share/lichen/plugins/*broken* 2>/dev/null &&
  equals ok "$(lichen run --rm test/alpine echo ok)"'
t "wrong digest" eval '
  status 125 lichen plugin install --digest "sha256:$(printf %064d 0)" "$(sample greet)" && contains "$(cat "$TMPDIR/stderr")" "has digest"'
t "right digest" eval 'lichen plugin install --digest "sha256:$(sha256sum "$(sample greet)" | cut -d" " -f1)" "$(sample greet)"'
t "no jar" eval 'echo x >"$TMPDIR/x.jar"; status 125 lichen plugin install "$TMPDIR/x.jar" && contains "$(cat "$TMPDIR/stderr")" "no jar"'
t "a jar put into the folder by another hand is noticed, and when it goes" eval '
  cp "$HOME"/.local/share/lichen/plugins/org.example.lichen.greet.jar "$TMPDIR/" && rm "$HOME"/.local/share/lichen/plugins/org.example.lichen.greet.jar &&
  status 125 lichen greet you && cp "$TMPDIR/org.example.lichen.greet.jar" "$HOME"/.local/share/lichen/plugins/ && equals "Hello you." "$(lichen greet you)"'
t "plugins are there after a restart of the runtime" eval 'pkill -u "$(id -u)" java; sleep 1; equals "Hello you." "$(lichen greet you)"'
t "nothing of ours is left" equals "" "$(lichen ps -aq)"
done_
