import type { Person, Relation, User } from '../bindings'
import type { Platform } from '../platform'
import { friendOf, me, request, spelling, strangers } from './people'
import { failure, type World } from './world'

type Part = Pick<
  Platform,
  'contacts' | 'presence' | 'searchPeople' | 'person' | 'requestFriend' | 'answerRequest' | 'setRemark' | 'removeFriend' | 'setBlocked'
>

const PAGE = 10

/** Friends, requests, blocks, search. */
export function contacts(world: World): Part {
  // Who is no friend any more is still somebody.
  const everybody = new Map([me, ...strangers].map((one) => [one.id, one]))
  function known(): User[] {
    world.contacts.friends.forEach(({ friend }) => everybody.set(friend.user.id, friend.user))
    return [...everybody.values()]
  }

  function find(id: number): User {
    const found = known().find((one) => one.id === id)
    if (found === undefined) {
      throw failure('user_not_found')
    }
    return found
  }

  function person(who: User): Person {
    return { user: who, relation: relation(who), blocked: world.contacts.blocked.some((b) => b.id === who.id) }
  }

  function relation(who: User): Relation {
    const { friends, received, sent } = world.contacts
    const friend = friends.find((f) => f.friend.user.id === who.id)?.friend
    const asks = received.find((r) => r.from.id === who.id && r.state === 'pending')
    const asked = sent.find((r) => r.to.id === who.id && r.state === 'pending')
    if (who.id === me.id) {
      return { relation: 'myself' }
    }
    if (friend !== undefined) {
      return { relation: 'friend', friend }
    }
    if (asks !== undefined) {
      return { relation: 'asks', request: asks }
    }
    return asked === undefined ? { relation: 'stranger' } : { relation: 'asked', request: asked }
  }

  /** Does `work`, which needs the server, and says that contacts changed. */
  function change(work: () => void): Promise<null> {
    return world.answer(() => {
      world.needServer()
      work()
      world.countPending()
      world.emit({ type: 'contacts' })
      return null
    })
  }

  function befriend(who: User): void {
    const friend = friendOf(who, '', world.now())
    const view = { friend, name: who.nickname, initial: /^[a-z]/i.exec(who.nickname)?.[0].toUpperCase() ?? '#', spelling: spelling(who.nickname) }
    world.contacts.friends.push(view)
    world.chats.push({
      id: friend.conversation_id, peer: who, title: who.nickname, messages: [], readSeq: 0,
      othersDelivered: 0, othersRead: 0, draft: null, closed: false, mutedUntil: null,
    })
    world.emit({ type: 'conversations', items: world.lines(), unread_total: world.unreadTotal() })
  }

  return {
    contacts: () => world.answer(() => world.contacts),
    presence: () => world.answer(() => [...world.presence.values()]),
    searchPeople: (query, cursor) =>
      world.answer(() => {
        world.needServer()
        const wanted = query.trim().toLowerCase()
        const hits = known().filter(
          (one) => String(one.id) === wanted || one.username.startsWith(wanted) || one.nickname.toLowerCase().includes(wanted),
        )
        const from = cursor === null ? 0 : Number(cursor)
        const next = from + PAGE < hits.length ? String(from + PAGE) : null
        return { items: hits.slice(from, from + PAGE).map(person), next }
      }),
    person: (id) => world.answer(() => person(find(id))),
    requestFriend: (id, message) =>
      change(() => {
        if (id === 10022) {
          throw failure('request_too_soon', 5 * 3_600_000)
        }
        world.contacts.sent.unshift(request(600 + id, me, find(id), message, world.now()))
      }),
    answerRequest: (id, answer) =>
      change(() => {
        const asked = world.contacts.received.find((one) => one.id === id)
        if (asked === undefined) {
          throw failure('request_not_found')
        }
        asked.state = answer === 'accept' ? 'accepted' : answer === 'reject' ? 'rejected' : 'ignored'
        if (answer === 'accept') {
          befriend(asked.from)
        }
      }),
    setRemark: (id, remark) =>
      change(() => {
        const view = world.contacts.friends.find((one) => one.friend.user.id === id)
        if (view !== undefined) {
          view.friend.remark = remark
          view.name = remark === '' ? view.friend.user.nickname : remark
        }
      }),
    removeFriend: (id) =>
      change(() => {
        world.contacts.friends = world.contacts.friends.filter((one) => one.friend.user.id !== id)
        world.chats.filter((chat) => chat.peer.id === id).forEach((chat) => (chat.closed = true))
      }),
    setBlocked: (id, blocked) =>
      change(() => {
        const others = world.contacts.blocked.filter((one) => one.id !== id)
        world.contacts.blocked = blocked ? [...others, find(id)] : others
      }),
  }
}
