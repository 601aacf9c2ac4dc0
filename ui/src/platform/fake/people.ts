import type { Account, Friend, FriendRequest, FriendView, Presence, User } from '../bindings'

const MINUTE = 60_000
const DAY = 86_400_000

/** A user with the fields that matter; the rest as most people leave it. */
export function user(id: number, username: string, nickname: string, more: Partial<User> = {}): User {
  return { id, username, nickname, signature: '', gender: 'unspecified', region: '', ...more }
}

export const me: User = user(10001, 'ming.li', '李明', {
  signature: 'Ship it, then sleep.',
  gender: 'male',
  region: '杭州',
})

export function myAccount(now: number): Account {
  return {
    user: { ...me },
    email: 'ming.li@example.com',
    birthday: '1994-06-18',
    created_at: now - 40 * DAY,
  }
}

/** Friends with the letter they stand under, sorted as the core would sort them. */
const circle: [User, string, string][] = [
  [user(10002, 'alice', 'Alice Zhang', { signature: 'Coffee first.', gender: 'female', region: 'Shanghai' }), '', 'A'],
  [user(10003, 'bob_w', 'Bob Winter', { region: 'Berlin' }), '', 'B'],
  [user(10009, 'chen.jing', '陈静', { signature: '慢慢来，比较快。', gender: 'female', region: '成都' }), '', 'C'],
  [user(10004, 'carol', 'Carol Núñez', { signature: 'On a train, probably.' }), '', 'C'],
  [
    user(10005, 'maximilian', 'Maximilian-Alexander von und zu Hohenstein-Waldburg the Third', {
      signature: 'A name is a promise, mine is a rather long one, and this line is no shorter than that.',
    }),
    '',
    'M',
  ],
  [user(10006, 'mum', 'Li Hua', { gender: 'female' }), '妈妈', 'M'],
  [user(10007, 'wang_lei', '王磊', { signature: '代码写累了就去爬山', gender: 'male', region: '北京' }), '', 'W'],
  [user(10008, 'zoe', 'Zoë 🌿', { signature: '🌱🌿🌳' }), '', 'Z'],
  [user(10010, 'x_2049', '⌘ 2049'), '', '#'],
]

const spellings: Record<string, string> = { 李明: 'li ming', 陈静: 'chen jing', 妈妈: 'ma ma', 王磊: 'wang lei' }

/** Spells a name as the core would. */
export function spelling(name: string): string {
  return spellings[name] ?? ''
}

export function friends(now: number): FriendView[] {
  return circle.map(([person, remark, initial], index) => {
    const name = remark === '' ? person.nickname : remark
    return { friend: friendOf(person, remark, now - (index + 2) * DAY), name, initial, spelling: spelling(name) }
  })
}

/** Who is there, and when others were; of some nothing is known. */
export function presence(now: number): Presence[] {
  const seen = (user_id: number, ago: number): Presence => ({ user_id, online: false, last_seen_at: now - ago })
  return [
    { user_id: 10002, online: true },
    { user_id: 10007, online: true },
    seen(10003, 5 * MINUTE),
    seen(10009, 26 * 60 * MINUTE),
    seen(10004, 40 * DAY),
  ]
}

export function friendOf(person: User, remark: string, since: number): Friend {
  return { user: person, remark, since, conversation_id: person.id - 9_000, deleted: false }
}

/** People who are no friends: for the search, for requests, for the list of the blocked. */
export const strangers: User[] = [
  user(10021, 'dora', 'Dora Ito', { signature: 'Ask me about bread.', region: 'Kyoto' }),
  user(10022, 'liu_yang', '刘洋', { signature: '跑步 / 摄影' }),
  user(10023, 'erik', 'Erik Sørensen'),
  user(10024, 'spam.king', 'Cheap Watches'),
  ...Array.from({ length: 24 }, (_, i) => user(10100 + i, `lin_${String(i + 1)}`, `林小${'一二三四五六七八九十'[i % 10] ?? ''}`)),
]

export function requests(now: number): { received: FriendRequest[]; sent: FriendRequest[] } {
  const [dora, liu, erik] = strangers
  if (dora === undefined || liu === undefined || erik === undefined) {
    return { received: [], sent: [] }
  }
  return {
    received: [
      request(501, dora, me, 'Hi! We met at the bakery course, I am the one with the rye.', now - 3_600_000),
      request(502, liu, me, '你好，我是王磊的同事，想请教一下同步的问题。', now - 2 * DAY),
    ],
    sent: [request(503, me, erik, 'Hej Erik, Ming from the conference.', now - DAY)],
  }
}

export function request(id: number, from: User, to: User, message: string, at: number): FriendRequest {
  return { id, from, to, message, state: 'pending', created_at: at, expires_at: at + 7 * DAY }
}
