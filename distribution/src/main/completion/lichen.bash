# Completion of lichen for bash: source this file.
_lichen() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "$(lichen help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p')" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(lichen "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+')" -- "$word"))
  else
    case $command in
      start | stop | kill | exec | attach | logs | rm | wait)
        COMPREPLY=($(compgen -W "$(lichen ps -a --format '{{.Names}}' 2>/dev/null)" -- "$word")) ;;
      run | create | rmi | tag)
        COMPREPLY=($(compgen -W "$(lichen images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null)" -- "$word")) ;;
      set | unset | get)
        case $COMP_CWORD in
          2) COMPREPLY=($(compgen -W "$(lichen ps -a --format '{{.Names}}' 2>/dev/null)" -- "$word")) ;;
          3) COMPREPLY=($(compgen -W "$(lichen set --list 2>/dev/null | sed 's/:.*//')" -- "$word")) ;;
        esac ;;
      inspect)
        COMPREPLY=($(compgen -W "$(lichen ps -a --format '{{.Names}}' 2>/dev/null) $(lichen images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null)" -- "$word")) ;;
      *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
  fi
}
complete -F _lichen lichen
