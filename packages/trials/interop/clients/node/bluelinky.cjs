// Refreshes tokens with an unmodified bluelinky, for a trial: the calls of makers.py, one JSON object per line.
// The argument is the folder in which it is installed.
const { createInterface } = require('node:readline');
const { createRequire } = require('node:module');

const { BlueLinky } = createRequire(`${process.argv[2]}/`)('bluelinky');

let client;
const calls = {
  begin({ refreshToken }) {
    client = new BlueLinky({
      region: 'AU',
      brand: 'hyundai',
      username: 'owner-1',
      password: '',
      autoLogin: false,
      pin: '',
    });
    client.getSession().refreshToken = refreshToken;
    return '';
  },
  async refresh() {
    const session = client.getSession();
    session.tokenExpiresAt = 0;
    const text = await client.refreshAccessToken();
    if (text !== 'Token refreshed') throw Object.assign(new Error(text), { name: 'returned' });
    return session.refreshToken;
  },
};

const answer = async (ask) => {
  try {
    return { refreshTokens: [await calls[ask.call](ask)] };
  } catch (error) {
    return {
      error: { type: error.name, error: null, description: error.message, status: null, retryAfter: null },
    };
  }
};

void (async () => {
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
})();
