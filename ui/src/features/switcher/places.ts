/** Where the quick switcher can go: conversations, and friends with whom there is none in the list yet. */
import { namesMatch, namesOf, type Named } from '@/i18n/names'
import type { ConversationItem, FriendView } from '@/platform'

/** A place to go to. */
export interface Place extends Named {
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
}

/** How many are shown: whoever does not see theirs writes one more letter. */
const MOST = 40

/** Returns all places, in the order of the list, then friends in that of the contacts. */
export function places(conversations: readonly ConversationItem[], friends: readonly FriendView[]): Place[] {
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
      names: namesOf(item.title, peer),
      spelling: item.spelling,
    }
  })
  const others = friends
    .filter(({ friend }) => !listed.has(friend.conversation_id))
    .map(({ friend, name, spelling }): Place => {
      const { id, username } = friend.user
      return {
        key: `person-${String(id)}`,
        conversationId: friend.conversation_id,
        seed: id,
        name,
        note: username,
        unread: 0,
        mutedUntil: null,
        peerId: id,
        names: namesOf(name, friend.user),
        spelling,
      }
    })
  return [...talks, ...others]
}

/**
 * Returns what fits, the best first. With nothing to look for, the conversation that one is in comes
 * last, for that is where one is.
 */
export function find(all: readonly Place[], query: string, here: number | undefined): Place[] {
  if (query.trim() === '') {
    const others = all.filter(({ conversationId }) => conversationId !== here)
    return [...others, ...all.filter(({ conversationId }) => conversationId === here)].slice(0, MOST)
  }
  return all
    .map((place) => ({ place, rank: namesMatch(place, query) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MOST)
    .map(({ place }) => place)
}
