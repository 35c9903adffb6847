/** What a scripted browser of a suite does: each task at a page whose address fits, each command by a selector of CSS. */
export type SuiteTask = {
  readonly task: string;
  readonly match: string;
  readonly optional?: true;
  readonly commands: readonly (readonly (string | number)[])[];
};

/** What the browser does at an address that a test opens. */
export type SuiteVisit = {
  readonly match: string;
  /** How often, before the next one that fits. */
  readonly 'match-limit'?: number;
  readonly tasks: readonly SuiteTask[];
};

/** The part of a suite's configuration that moves its browser; by test where a test needs another one. */
export type SuiteBrowser = {
  readonly browser: readonly SuiteVisit[];
  readonly override: Readonly<Record<string, { readonly browser: readonly SuiteVisit[] }>>;
};

const OWNER = "button[name='owner'][value='1']";
const buttonOf = (action: string): string => `button[name='action'][value='${action}']`;

/**
 * Moves the browser of the suite of the OpenID Foundation through the owners' pages. An owner who is signed in already goes on to
 * the decision, and a page with a message is shown to the person who reviews the run.
 */
export const suiteBrowserOf = (issuer: string, redirectUri: string): SuiteBrowser => {
  const pages = `${issuer}/authorize*`;
  const press = (task: string, selector: string): SuiteTask => ({
    task,
    match: pages,
    optional: true,
    commands: [['click', 'css', selector, 'optional']],
  });
  const visit = (decision: SuiteTask): SuiteVisit => ({
    match: pages,
    tasks: [
      press('Sign in', OWNER),
      decision,
      {
        task: 'Show the message',
        match: pages,
        optional: true,
        commands: [['wait', 'css', '.message', 10, '.*', 'update-image-placeholder-optional']],
      },
      {
        task: 'Return to the client',
        match: `${redirectUri}*`,
        optional: true,
        commands: [['wait', 'id', 'submission_complete', 10]],
      },
    ],
  });
  const agree = visit(press('Agree', buttonOf('agree')));
  const look: SuiteVisit = {
    match: pages,
    'match-limit': 1,
    tasks: [{ task: 'Look and do nothing', match: pages, commands: [['wait', 'css', OWNER, 10]] }],
  };
  return {
    browser: [agree],
    override: {
      'fapi2-security-profile-final-user-rejects-authentication': {
        browser: [visit(press('Decline', buttonOf('decline')))],
      },
      'fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds': {
        browser: [look, agree],
      },
    },
  };
};
