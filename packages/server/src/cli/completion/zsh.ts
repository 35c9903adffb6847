import type { CompletedCommand } from './command-tree.ts';

/** A completion script for zsh, to be sourced after `compinit` or placed in `$fpath` as `_keyfob`. */
export const writeZsh = (commands: readonly CompletedCommand[]): string => `#compdef keyfob
# keyfob completion zsh
_keyfob() {
  local at='' word
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      (${commands.flatMap(({ path }) => (path.length === 0 ? [] : [`' ${path.join(' ')}'`])).join('|')})
        at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${commands.map(wordCase).join('\n')}
  esac
  _describe keyfob found
}
if [ "$funcstack[1]" = _keyfob ]; then _keyfob "$@"; else compdef _keyfob keyfob; fi
`;

const nameOf = ({ path }: CompletedCommand): string => path.map((word) => ` ${word}`).join('');

/** A candidate with its description. A colon in the name would end it. */
const candidate = (name: string, description: string): string =>
  `'${name}:${description.replaceAll(':', ' ')}'`;

const wordCase = (command: CompletedCommand): string => {
  const found = [
    ...command.below.map(({ name, summary }) => candidate(name, summary)),
    ...command.options.map(({ flag, description }) => candidate(flag, description)),
  ];
  return `    ('${nameOf(command)}') found=(${found.join(' ')}) ;;`;
};

const valueCases = (command: CompletedCommand): readonly string[] =>
  command.options.flatMap(({ flag, value }) => {
    if (value === 'none') return [];
    const at = `    ('${nameOf(command)} ${flag}')`;
    if (value === 'file') return [`${at} _files; return ;;`];
    return [
      value === 'text'
        ? `${at} return ;;`
        : `${at} found=(${value.join(' ')}); _describe value found; return ;;`,
    ];
  });
