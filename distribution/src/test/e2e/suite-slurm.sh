# Slurm's commands called from containers, by the profile; and jobs that run containers.
. "$E2E/lib.sh"
. "$E2E/images.sh"
cluster() { [ -n "${SLURM_CONF:-}" ] || skip "no Slurm: ${LICHEN_SLURM_WHY:-}"; }
t "a Slurm of one node" cluster
(cluster >/dev/null) || {
  done_
  exit
}
t "import alpine" images_ready
here=$HOME/slurm
mkdir -p "$here"
for launcher in userns trap preload; do
  can() { lichen run --rm --launcher $launcher test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$launcher works here" can
  (can) >/dev/null 2>&1 || continue
  inside() { lichen run --rm --launcher $launcher -v "$here:/shared" -w /shared --host-profile slurm test/alpine "$@"; }
  t "$launcher: sinfo and squeue tell the same" eval 'equals "$(sinfo -h)" "$(inside sinfo -h)" && equals "$(squeue -h)" "$(inside squeue -h)"'
  t "$launcher: srun, its input, output and status" eval '
    equals "$(id -u)" "$(inside srun id -u)" && equals ABC "$(echo abc | lichen run -i --rm --launcher $launcher --host-profile slurm test/alpine srun tr a-c A-C)" && status 7 inside srun sh -c "exit 7"'
  job() {
    rm -f "$here"/*
    lichen plan -o "$here/plan" run --rm --launcher $launcher -v "$here:/shared" test/alpine sh -c 'cat /etc/alpine-release; echo "$SLURM_JOB_NAME" >/shared/name' >/dev/null || return 1
    printf '#!/bin/sh\npwd\nexec lichen run-plan plan\n' >"$here/job.sh"
    contains "$(inside sbatch --wait --job-name=inner --output=/shared/out -e /shared/err /shared/job.sh)" "Submitted batch job" || { cat "$here/err" && return 1; }
    equals "$here $(lichen run --rm test/alpine cat /etc/alpine-release)" "$(xargs <"$here/out")"
  }
  t "$launcher: sbatch of a script by its path in the container; the job runs a container, from a plan" job
  cancelled() {
    local id=$(inside sh -c 'sbatch --parsable --wrap "sleep 1000" --output=/dev/null && squeue -h -o %i' | head -n 1)
    contains "$(squeue -h -o %i)" "$id" && inside scancel "$id" && until_ 15 eval '! squeue -h -o %i | grep -qx '"$id"
  }
  t "$launcher: scancel" cancelled
done
t "what is no profile is told" eval 'status 125 lichen run --rm --host-profile nosuch test/alpine true && contains "$(cat "$TMPDIR/stderr")" "slurm" && status 125 lichen run --rm --host-profile lsf test/alpine true && contains "$(cat "$TMPDIR/stderr")" "none of its commands"'
own() {
  mkdir -p "$HOME/.config/lichen" && printf 'host-profiles:\n  ours:\n    commands: [uname, nosuch]\n    variables: [T_ONE]\n' >"$HOME/.config/lichen/config.yaml"
  local s=0
  equals "$(uname -a)" "$(lichen run --rm --host-profile ours test/alpine /usr/local/bin/uname -a)" || s=1
  rm "$HOME/.config/lichen/config.yaml"
  return $s
}
t "a profile of the user's own" own
done_
