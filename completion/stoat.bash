# SPDX-License-Identifier: Apache-2.0
# bash completion for stoat, which says itself what can stand where (stoat complete). Installed as
# share/bash-completion/completions/stoat; without that package: source it.

# A word as the command will get it: quotes, backslashes and a leading ~ taken away.
_stoat_plain() {
	local word=$1
	case $word in
	\'*) word=${word#\'} word=${word%\'} ;;
	\"*) word=${word#\"} word=${word%\"} word=${word//\\/} ;;
	*)
		word=${word//\\/}
		[[ $word == \~/* ]] && word=$HOME/${word:2}
		;;
	esac
	REPLY=$word
}

# What the user sees as one word and bash has split at ':' and '=' is put together again. The part
# in front of the last one of them stays as it is in $skip: candidates are told without it.
_stoat_words() {
	local i part glue='' before=''
	words=() skip=''
	for ((i = 1; i <= COMP_CWORD; i++)); do
		part=${COMP_WORDS[i]}
		if [[ $part =~ ^[:=]+$ && ${#words[@]} -gt 0 ]] || [[ $glue ]]; then
			before=${words[-1]}
			[[ $part =~ ^[:=]+$ ]] && before+=$part
			_stoat_plain "$part"
			words[-1]+=$REPLY
			skip=$before
		else
			_stoat_plain "$part"
			words+=("$REPLY")
			skip=''
		fi
		[[ $part =~ ^[:=]+$ ]] && glue=yes || glue=''
	done
	[[ $COMP_CWORD -gt 0 && ${#words[@]} -gt 0 ]] || words=('')
}

_stoat() {
	local words skip word line has_files='' has_dirs='' IFS=$'\n'
	_stoat_words
	word=${words[-1]}
	COMPREPLY=()
	while IFS=$'\t' read -r line _; do
		case $line in
		:files) has_files=yes ;;
		:dirs) has_dirs=yes ;;
		:nospace) compopt -o nospace ;;
		:replace) ;;
		*) COMPREPLY+=("${line#"$skip"}") ;;
		esac
	done < <("$1" complete "${words[@]}" 2>/dev/null)
	# Names are quoted as those of files are.
	[[ $word == -* ]] || compopt -o filenames
	# shellcheck disable=SC2207  # a line each, see IFS
	[[ $has_files ]] && COMPREPLY+=($(compgen -f -- "$word"))
	# shellcheck disable=SC2207
	[[ $has_dirs ]] && COMPREPLY+=($(compgen -d -- "$word"))
	return 0
}

complete -F _stoat stoat
