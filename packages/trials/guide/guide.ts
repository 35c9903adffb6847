import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project folder, in which the guide's commands run. */
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

/** The code blocks of one language in a page of the guide. */
export const readBlocks = (page: string, language: string): readonly string[] => {
  const text = readFileSync(new URL(`../../../docs/guide/${page}`, import.meta.url), 'utf8');
  const fence = new RegExp(`^\`\`\`${language}\\n(?<code>[^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map((match) => match.groups?.['code'] ?? '');
};

/** Runs lines of the guide in a shell. Returns their output. */
export const paste = (
  lines: string,
  environment: Readonly<Record<string, string>>,
  folder: string = PROJECT,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    execFile('sh', ['-euc', lines], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${lines}\n${stderr}`, { cause: error }));
    });
  });
