# Types the first argument and Tab into a zsh that somebody might use, until it shows the second.
zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; print RE""ADY'
zpty -r shell shown '*READY*' || exit 1
zpty -w -n shell "$1"$'\t'
zpty -r shell shown "*$2*"
