/** The texts of the page of nodes, in both languages. */
export const NODES_EN = {
  title: 'Nodes',
  lead: 'The servers that run on this store. One that was killed, or cannot reach the store, is gone after a minute.',
  node: 'Node',
  state: 'State',
  version: 'Version',
  started: 'Started',
  seen: 'Seen',
  clock: 'Clock',
  url: 'Address',
  running: 'running',
  gone: 'gone',
  thisNode: 'this one',
  ahead: (ms: number) => (ms < 0 ? `${-ms} ms behind` : `${ms} ms ahead`),
  empty: 'None.',
};

export const NODES_KO: typeof NODES_EN = {
  title: '노드',
  lead: '이 저장소에서 실행 중인 서버입니다. 강제 종료되었거나 저장소에 연결할 수 없는 서버는 1분 뒤 사라진 것으로 표시됩니다.',
  node: '노드',
  state: '상태',
  version: '버전',
  started: '시작',
  seen: '마지막 확인',
  clock: '시계',
  url: '주소',
  running: '실행 중',
  gone: '사라짐',
  thisNode: '이 노드',
  ahead: (ms) => (ms < 0 ? `${-ms}ms 느림` : `${ms}ms 빠름`),
  empty: '없음.',
};
