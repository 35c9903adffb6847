import type { CompletedCommand } from './command-tree.ts';

/** A completion script for bash. Every word in it is of letters, digits and dashes, so nothing needs quotes. */
export const writeBash = (commands: readonly CompletedCommand[]): string => `# keyfob completion bash
_keyfob() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${commands.flatMap(({ path }) => (path.length === 0 ? [] : [`' ${path.join(' ')}'`])).join('|')})
        at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${commands.map(wordCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _keyfob keyfob
`;

const nameOf = ({ path }: CompletedCommand): string => path.map((word) => ` ${word}`).join('');

const wordCase = (command: CompletedCommand): string => {
  const words = [...command.below.map(({ name }) => name), ...command.options.map(({ flag }) => flag)];
  return `    '${nameOf(command)}') words='${words.join(' ')}' ;;`;
};

const valueCases = (command: CompletedCommand): readonly string[] =>
  command.options.flatMap(({ flag, value }) => {
    if (value === 'none') return [];
    const at = `    '${nameOf(command)} ${flag}')`;
    if (value === 'file') return [`${at} COMPREPLY=($(compgen -f -- "$cur")); return ;;`];
    return [
      value === 'text'
        ? `${at} return ;;`
        : `${at} COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur")); return ;;`,
    ];
  });
