# The launcher "preload" with its other engine: a library that the guest's dynamic linker loads.
. "$E2E/lib.sh"
launcher=preload fact=preload-symbols engine=symbols
. "$E2E/engine.sh"

t "nothing is left" nothing_left
done_
