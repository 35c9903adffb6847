import type { CompletedCommand, CompletedOption } from './command-tree.ts';

/** A completion script for fish. */
export const writeFish = (commands: readonly CompletedCommand[]): string => `# keyfob completion fish
function __keyfob_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${commands.flatMap(({ path }) => (path.length === 0 ? [] : [`' ${path.join(' ')}'`])).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c keyfob -f
${commands.flatMap(linesOf).join('\n')}
`;

const linesOf = ({ path, below, options }: CompletedCommand): readonly string[] => {
  const at = path.map((word) => ` ${word}`).join('');
  const start = `complete -c keyfob -n '__keyfob_at "${at}"'`;
  return [
    ...below.map(({ name, summary }) => `${start} -a ${name} -d '${summary}'`),
    ...options.map(
      (option) => `${start} -l ${option.flag.slice(2)}${valueOf(option)} -d '${option.description}'`,
    ),
  ];
};

const valueOf = ({ value }: CompletedOption): string => {
  if (value === 'none') return '';
  if (value === 'file') return ' -r -F';
  return value === 'text' ? ' -x' : ` -x -a '${value.join(' ')}'`;
};
