/** Why a connection works or stopped, and what to do next, in both languages. */
export const WHY_EN = {
  works: (since: string) => `Works. The client refreshed it ${since}.`,
  fresh: 'Works. The client has not refreshed it yet.',
  doubt: 'It has expired by this clock, which may be ahead.',
  replay: (generation: number, newest: number, after: string) =>
    `Stopped: refresh token ${generation} was presented ${after} after token ${newest} was made.`,
  replayAtUnknown: (generation: number, newest: number) =>
    `Stopped: refresh token ${generation} was presented, although token ${newest} was newer.`,
  replayUnknown: 'Stopped: an old refresh token was presented. Nothing more is stored about it.',
  refused: (generation: number, since: string) =>
    `Its newest token works, but the older token ${generation} was presented ${since} and refused.`,
  lostAnswer: 'The same program sent it, so it looks like a lost answer or a restored backup, not a theft.',
  theft: 'Another program sent it, so somebody else may hold a token.',
  otherAddress: 'A program of the same name sent it from another address, so somebody else may hold a token.',
  programUnknown: 'It is not known which programs these were, so somebody else may hold a token.',
  operator: 'Stopped by an operator.',
  codeReplay: 'Stopped: its authorization code was presented twice.',
  byClient: 'Stopped by the client, which revoked its own token.',
  byOwner: 'Stopped by the owner, who took the access back.',
  disconnected: 'Stopped: its last vehicle was disconnected.',
  idle: (days: string) => `Ended: the client did not refresh it for ${days}.`,
  lifetime: (at: string) =>
    `Ended ${at}: the policy of its client lets a connection last until then, however often it is refreshed.`,
  untilOfClient: (at: string) => `Ended ${at}: the client asked for access until then, and the owner agreed.`,
  untilOfOwner: (at: string) => `Ended ${at}: the owner chose this end.`,
  untilAsked: (at: string) => `The client had asked for access until ${at}.`,
  untilAskedNoEnd: 'The client had asked for access without an end.',
  untilFor: (purpose: string) => `It was for: ${purpose}`,
  keyEnded: 'Its tokens are refused: the key that made the newest one was withdrawn.',
  disabled: 'The connection itself is fine, but its client is disabled.',
  noSecret: 'The connection itself is fine, but no secret of its client is valid any more.',
  alsoDisabled: 'Its client is disabled as well.',
  alsoNoSecret: 'No secret of its client is valid any more, either.',
  observed: 'An old token was refused before that, and the connection went on.',
  blocked: 'Blocked',
};

export const ADVICE_EN = {
  reinstate: 'Putting it back is safe if the client now keeps its newest token.',
  careful: 'Ask the client before you put it back: somebody else may hold a token, and could go on.',
  consent: 'The owner has to give consent again.',
  pointless:
    'Putting it back would change nothing, because its newest token has ended since: the owner has to give consent again.',
  check:
    'Ask why before you put it back: the audit log, which operators read, says who did it and for what reason.',
  clock: 'Check the clocks under “Keys & store”. Nothing is lost in the meantime.',
  enable: 'Enable the client on its page: its connections then go on where they were.',
  secret: 'Add a secret on the page of the client, and give it to its developer.',
  newest:
    'The client must go on with its newest token. If it has lost that one, the owner has to give consent again.',
};

export const WHY_KO: typeof WHY_EN = {
  works: (since) => `정상입니다. 클라이언트가 ${since} 갱신했습니다.`,
  fresh: '정상입니다. 클라이언트가 아직 갱신하지 않았습니다.',
  doubt: '이 서버의 시계로는 만료되었지만 시계가 빠를 수 있습니다.',
  replay: (generation, newest, after) =>
    `중지됨: ${newest}세대 토큰이 만들어진 지 ${after} 뒤에 ${generation}세대 리프레시 토큰이 제시되었습니다.`,
  replayAtUnknown: (generation, newest) =>
    `중지됨: 더 새로운 ${newest}세대 토큰이 있는데 ${generation}세대 리프레시 토큰이 제시되었습니다.`,
  replayUnknown: '중지됨: 이전 리프레시 토큰이 제시되었습니다. 더 저장된 내용은 없습니다.',
  refused: (generation, since) =>
    `최신 토큰은 작동하지만, ${since} 이전 ${generation}세대 토큰이 제시되어 거부되었습니다.`,
  lostAnswer: '같은 프로그램이 보냈으므로 도난이 아니라 응답 유실이나 백업 복원으로 보입니다.',
  theft: '다른 프로그램이 보냈으므로 다른 사람이 토큰을 가지고 있을 수 있습니다.',
  otherAddress: '같은 이름의 프로그램이 다른 주소에서 보냈으므로 다른 사람이 토큰을 가지고 있을 수 있습니다.',
  programUnknown: '어떤 프로그램인지 알 수 없으므로 다른 사람이 토큰을 가지고 있을 수 있습니다.',
  operator: '운영자가 중지했습니다.',
  codeReplay: '중지됨: 인가 코드가 두 번 제시되었습니다.',
  byClient: '클라이언트가 자신의 토큰을 폐기했습니다.',
  byOwner: '소유자가 접근을 철회했습니다.',
  disconnected: '중지됨: 마지막 차량의 연결이 해제되었습니다.',
  idle: (days) => `만료됨: 클라이언트가 ${days} 동안 갱신하지 않았습니다.`,
  lifetime: (at) =>
    `${at} 만료됨: 클라이언트 정책이 정한 전체 유효 기간이 끝났습니다. 갱신 횟수와는 관계없습니다.`,
  untilOfClient: (at) => `${at} 만료됨: 클라이언트가 이때까지의 접근을 요청했고 소유자가 동의했습니다.`,
  untilOfOwner: (at) => `${at} 만료됨: 소유자가 이때를 끝으로 정했습니다.`,
  untilAsked: (at) => `클라이언트는 ${at}까지 요청했습니다.`,
  untilAskedNoEnd: '클라이언트는 기한 없이 요청했습니다.',
  untilFor: (purpose) => `용도: ${purpose}`,
  keyEnded: '토큰이 거부됩니다. 최신 토큰을 만든 키가 철회되었습니다.',
  disabled: '연결은 정상이지만 클라이언트가 비활성화되어 있습니다.',
  noSecret: '연결은 정상이지만 클라이언트에 유효한 시크릿이 없습니다.',
  alsoDisabled: '클라이언트도 비활성화되어 있습니다.',
  alsoNoSecret: '클라이언트에 유효한 시크릿도 없습니다.',
  observed: '그 전에 이전 토큰이 거부되었지만 연결은 유지되었습니다.',
  blocked: '막힘',
};

export const ADVICE_KO: typeof ADVICE_EN = {
  reinstate: '클라이언트가 이제 최신 토큰을 보관한다면 되돌려도 안전합니다.',
  careful: '되돌리기 전에 클라이언트에 확인하세요. 이전 토큰을 가진 쪽이 계속 쓸 수 있습니다.',
  consent: '소유자가 다시 동의해야 합니다.',
  pointless: '그사이 최신 토큰의 효력이 끝나 되돌려도 소용이 없습니다. 소유자가 다시 동의해야 합니다.',
  check: '되돌리기 전에 이유를 확인하세요. 누가 왜 했는지는 운영자가 볼 수 있는 감사 로그에 있습니다.',
  clock: '“키와 저장소”에서 시계를 확인하세요. 그동안 잃는 것은 없습니다.',
  enable: '클라이언트 페이지에서 활성화하세요. 연결이 그대로 이어집니다.',
  secret: '클라이언트 페이지에서 시크릿을 추가해 개발자에게 전달하세요.',
  newest: '클라이언트는 최신 토큰을 써야 합니다. 잃어버렸다면 소유자가 다시 동의해야 합니다.',
};
