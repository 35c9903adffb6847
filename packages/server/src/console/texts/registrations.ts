/** The texts of the page of clients that wait for approval, in both languages. */
export const REGISTRATIONS_EN = {
  title: 'Waiting for approval',
  lead: 'Apps that registered themselves, or ask to become more than they are. Check the name, the addresses and the scope: owners will see and trust them.',
  empty: 'No client waits for approval.',
  isNew: 'new',
  asksMore: 'asks for more',
  registered: 'Registered',
  approve: 'Approve',
  approveHint: 'The client may do all this from its next request on.',
  refuse: 'Refuse',
  refuseHint: 'The client stays as it was.',
  refuseNewHint: 'The client is removed.',
  done: { approve: 'The client is approved.', refuse: 'The client is refused.' },
};

export const REGISTRATIONS_KO: typeof REGISTRATIONS_EN = {
  title: '승인 대기',
  lead: '스스로 등록했거나 더 많은 권한을 요청한 앱입니다. 이름, 주소, 범위를 확인하세요. 소유자가 보고 신뢰하게 됩니다.',
  empty: '승인을 기다리는 클라이언트가 없습니다.',
  isNew: '신규',
  asksMore: '추가 요청',
  registered: '등록',
  approve: '승인',
  approveHint: '클라이언트는 다음 요청부터 이 모든 것을 할 수 있습니다.',
  refuse: '거부',
  refuseHint: '클라이언트는 그대로 유지됩니다.',
  refuseNewHint: '클라이언트가 삭제됩니다.',
  done: { approve: '클라이언트를 승인했습니다.', refuse: '클라이언트를 거부했습니다.' },
};
