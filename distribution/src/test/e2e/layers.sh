# Sourced: an image of several layers, made by umoci in $TMPDIR/made:multi, and what must be seen of it.
# Four layers, each for one rule of the image specification ("Whiteouts", "Opaque Whiteout").
#   base        busybox
#   files       /d/{gone,kept,dir/x}  /o/{below,dir/x}  /l -> d
#   whiteouts   removes d/gone, d/dir, l; adds d/dir as a file
#   opaque      /o holds only "above"
make_layers() {
  local base bundle=$TMPDIR/bundle fs=$TMPDIR/bundle/rootfs image=$TMPDIR/made
  base=$(fixture busybox-glibc-amd64.oci) || skip "$base"
  have umoci && have skopeo
  rm -rf "$bundle" "$image" "$TMPDIR/above"
  repacked() {
    umoci repack --image "$image:multi" --refresh-bundle "$bundle"
  }
  skopeo copy -q "oci:$base" "oci:$image:multi" &&
    umoci unpack --rootless --image "$image:multi" "$bundle" &&
    mkdir -p "$fs/d/dir" "$fs/o/dir" && touch "$fs/d/gone" "$fs/d/kept" "$fs/d/dir/x" "$fs/o/below" "$fs/o/dir/x" &&
    ln -s d "$fs/l" && repacked &&
    rm -r "$fs/d/gone" "$fs/d/dir" "$fs/l" && echo file >"$fs/d/dir" && repacked &&
    mkdir -p "$TMPDIR/above" && touch "$TMPDIR/above/above" &&
    umoci insert --rootless --image "$image:multi" --opaque "$TMPDIR/above" /o
}

layers_hold() { # IMAGE
  lichen pull -q "$1" >/dev/null &&
    equals "dir kept file above" "$(lichen run --rm "$1" sh -c 'echo $(ls /d) $(cat /d/dir) $(ls -A /o)')" &&
    status 1 lichen run --rm "$1" test -L /l
}
