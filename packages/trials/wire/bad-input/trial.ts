import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeRequest } from '../../support/raw-request.ts';
import type { RawResponse, RequestParts } from '../../support/raw-request.ts';
import { serveGrant } from '../../support/served-grant.ts';
import type { DialectName } from '../../support/dialect-name.ts';
import type { ServedGrant } from '../../support/served-grant.ts';

/** Changes to a good request, by name of the case. */
export type Cases = Readonly<Record<string, (served: ServedGrant) => RequestParts>>;

/** A separate server for one dialect, and the checks that run on it. */
export type BadInputTrial = {
  served(): ServedGrant;
  /**
   * Each case gets this refusal in full: for Smartcar, status and error (`401 invalid_client`); for Pleos, status, code and
   * the fields of the details (`400 4002 clientId Brand`). No case changes a grant.
   */
  refuses(answer: string, title: string, cases: Cases): void;
  /** Each case is unusual but valid, and refreshes. */
  accepts(title: string, cases: Cases): void;
};

/** Checks every member and header of a refusal. Returns its short form, as in `refuses`. */
export const readRefusal: Readonly<Record<DialectName, (response: RawResponse) => string>> = {
  smartcar({ status, headers, body }) {
    const refusal = JSON.parse(body) as { error: string; error_description: string };
    assert.deepEqual(Object.keys(refusal), ['error', 'error_description']);
    assert.notEqual(refusal.error_description, '');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['pragma'], 'no-cache');
    assert.match(headers['sc-request-id'] ?? '', /^[0-9a-f-]{36}$/);
    return `${status} ${refusal.error}`;
  },
  pleos({ status, headers, body }) {
    const refusal = JSON.parse(body) as {
      error: { code: string; details: { field: string }[]; requestId: string };
    };
    assert.deepEqual(Object.keys(refusal), ['error']);
    const { error } = refusal;
    assert.deepEqual(Object.keys(error), ['code', 'message', 'details', 'timestamp', 'requestId']);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-request-id'], error.requestId);
    return [status, error.code, ...error.details.map(({ field }) => field)].join(' ');
  },
};

/** Defines the trials of one dialect. At the end, searches the log for every secret that was sent. */
export const tryBadInput = (
  title: string,
  dialect: DialectName,
  define: (trial: BadInputTrial) => void,
  environment: Readonly<Record<string, string>> = {},
): void => {
  void describe(title, { timeout: 120_000 }, () => {
    let served: ServedGrant;
    before(async () => {
      served = await serveGrant(dialect, environment);
    });
    after(() => served.server.kill());

    const refuse = async (change: RequestParts, answer: string): Promise<void> => {
      const response = await served.exchange(writeRequest(served.parts(change)));
      // A case that is accepted by mistake must not make later cases fail.
      if (response.status === 200) served.acceptTokens(response);
      assert.equal(response.status === 200 ? '200' : readRefusal[dialect](response), answer);
    };

    define({
      served: () => served,
      refuses(answer, about, cases) {
        void describe(`${about}: ${answer}`, () => {
          for (const [name, change] of Object.entries(cases))
            it(name, async () => refuse(change(served), answer));
          it('no grant changed, and the good token still refreshes', async () => served.assertUnchanged());
        });
      },
      accepts(about, cases) {
        void describe(about, () => {
          for (const [name, change] of Object.entries(cases))
            it(name, async () => {
              await served.refresh(change(served));
            });
          it('each of them refreshes exactly once', async () => served.assertUnchanged());
        });
      },
    });

    it('the log contains none of the secrets, tokens and credentials that were used', async () =>
      served.stopAndReadLog());
  });
};
