# Sourced. maven LOG ARGUMENT…: runs Maven on $top; its output goes to LOG, and what it is at to stderr: one line, rewritten, on a terminal, else one that grows by the
# modules' names. maven_errors LOG COUNT: what a failed run has said.
maven() {
  maven_log=$1
  shift
  { mvn -B -ntp -Dstyle.color=never -f "$top/pom.xml" "$@" 2>&1 && echo MAVEN-OK; } | tee "$maven_log" | maven_progress "$maven_log"
  tail -n 1 "$maven_log" | grep -q "MAVEN-OK$"
}

maven_progress() { # LOG
  [ -t 2 ] || printf 'building lichen (log: %s):' "$1" >&2
  module=''
  while read -r line; do
    case $line in
      *Building*'['*']'*)
        module=${line#*Building }
        if [ -t 2 ]; then
          printf '\r\033[Kbuilding lichen: %s' "$module" >&2
        else
          printf ' %s' "${module%% *}" >&2
        fi
        ;;
      *Running*org.*) [ ! -t 2 ] || printf '\r\033[Kbuilding lichen: %s: %s' "${module%% *}" "${line##*.}" >&2 ;;
    esac
  done
  if [ -t 2 ]; then printf '\r\033[K' >&2; else echo >&2; fi
}

maven_errors() { # LOG COUNT
  maven_found=$(grep -E '^\[ERROR\]|error:' "$1" | head -n "$2")
  { [ -z "$maven_found" ] && tail -n "$2" "$1" || printf '%s\n' "$maven_found"; } >&2
}
