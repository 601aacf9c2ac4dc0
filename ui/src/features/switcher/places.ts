/** Where the quick switcher can go: conversations, and friends with whom there is none in the list yet. */
import type { ConversationItem, FriendView } from '@/platform'

/** A place to go to. */
export interface Place {
  readonly key: string
  readonly conversationId: number
  /** Whose picture, or which group's. */
  readonly seed: number
  readonly name: string
  /** What tells two of the same name apart. */
  readonly note: string
  readonly unread: number
  readonly mutedUntil: number | null
  readonly peerId: number | undefined
  /** What it is found by, the shown name first. */
  readonly names: readonly string[]
  /** The letter that it stands under among the contacts. */
  readonly initial: string
}

/** How many are shown: whoever does not see theirs writes one more letter. */
const MOST = 40

/** Returns all places, in the order of the list, then friends in that of the contacts. */
export function places(conversations: readonly ConversationItem[], friends: readonly FriendView[]): Place[] {
  const friendOf = new Map(friends.map((view) => [view.friend.conversation_id, view]))
  const listed = new Set(conversations.map(({ id }) => id))
  const talks = conversations.map((item): Place => {
    const { peer } = item
    return {
      key: `chat-${String(item.id)}`,
      conversationId: item.id,
      seed: peer?.id ?? item.id,
      name: item.title,
      note: peer?.username ?? '',
      unread: item.unread,
      mutedUntil: item.muted_until,
      peerId: peer?.id,
      names: [item.title, peer?.nickname ?? '', peer?.username ?? '', String(peer?.id ?? '')],
      initial: friendOf.get(item.id)?.initial ?? '',
    }
  })
  const others = friends
    .filter(({ friend }) => !listed.has(friend.conversation_id))
    .map(({ friend, name, initial }): Place => {
      const { id, username, nickname } = friend.user
      return {
        key: `person-${String(id)}`,
        conversationId: friend.conversation_id,
        seed: id,
        name,
        note: username,
        unread: 0,
        mutedUntil: null,
        peerId: id,
        names: [name, nickname, username, String(id)],
        initial,
      }
    })
  return [...talks, ...others]
}

/**
 * Returns what fits, the best first: names that begin so, then words that do, then anything that
 * holds it. A single letter also finds whoever stands under it. With nothing to look for, the
 * conversation that one is in comes last, for that is where one is.
 */
export function find(all: readonly Place[], query: string, here: number | undefined): Place[] {
  const wanted = query.trim().toLocaleLowerCase()
  if (wanted === '') {
    const others = all.filter(({ conversationId }) => conversationId !== here)
    return [...others, ...all.filter(({ conversationId }) => conversationId === here)].slice(0, MOST)
  }
  return all
    .map((place) => ({ place, rank: rank(place, wanted) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MOST)
    .map(({ place }) => place)
}

function rank({ names, initial }: Place, wanted: string): number {
  const each = names.map((name) => {
    const text = name.toLocaleLowerCase()
    if (text === '') {
      return 0
    }
    if (text.startsWith(wanted)) {
      return 4
    }
    if (text.split(/[\s._-]+/u).some((word) => word.startsWith(wanted))) {
      return 3
    }
    return text.includes(wanted) ? 1 : 0
  })
  return Math.max(...each, initial.toLocaleLowerCase() === wanted ? 2 : 0)
}
