import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runAll } from '../interop/clients/install.ts';
import { findProgram } from '../support/find-program.ts';
import { WORKSPACE } from './manifests.ts';

/** The schemas of Kubernetes, as a package of some ten thousand files, which take minutes to install on a busy machine. */
const SCHEMAS = 'kubernetes-validate==1.37.0';
const VERSION = '1.37.0';

describe('Kubernetes', () => {
  const PROGRAM = `import sys, yaml, kubernetes_validate
for path in sys.argv[2:]:
  for one in yaml.safe_load_all(open(path) if path != '-' else sys.stdin):
    kubernetes_validate.validate(one, sys.argv[1], strict=True)
    print(one['kind'])`;

  test('accepts every manifest by its strict schemas, also as kustomize builds them', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'keyfob-manifests-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const python = join(folder, 'venv', 'bin', 'python3');
    const failed = await runAll(
      [
        ['python3', '-m', 'venv', 'venv'],
        [python, '-m', 'pip', 'install', '--quiet', SCHEMAS],
      ],
      folder,
    );
    if (failed !== undefined) return t.skip(failed.skipped);
    const validate = (files: readonly string[], input = '') => {
      const options = { cwd: WORKSPACE, encoding: 'utf8', input } as const;
      return spawnSync(python, ['-c', PROGRAM, VERSION, ...files], options);
    };
    const listed = ['deployment', 'migrate-job', 'network-policy', 'pod-disruption-budget', 'service'].map(
      (name) => `deploy/kubernetes/${name}.yaml`,
    );
    const ofKeeper = [
      'config-map',
      'network-policy',
      'nodes-service',
      'pod-disruption-budget',
      'service',
      'stateful-set',
    ].map((name) => `deploy/keeper/kubernetes/${name}.yaml`);
    const { status, stdout, stderr } = validate([...listed, ...ofKeeper]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim().split('\n').length, listed.length + ofKeeper.length);
    const wrong = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {port: 1}';
    assert.match(validate(['-'], wrong).stderr, /ValidationError/);
    if (findProgram('kubectl') === undefined)
      return t.diagnostic('SKIPPED kustomize: kubectl is not installed');
    const built = spawnSync('kubectl', ['kustomize', 'deploy/kubernetes'], {
      cwd: WORKSPACE,
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stderr);
    const whole = validate(['-'], built.stdout);
    assert.equal(whole.status, 0, whole.stderr);
  });
});
