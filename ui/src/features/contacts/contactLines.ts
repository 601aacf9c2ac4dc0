import { namesMatch, namesOf } from '@/i18n/names'
import type { FriendView } from '@/platform'

/** A line of the list of friends: a letter, or a friend. */
export type ContactLine = { key: string; letter: string } | { key: string; friend: FriendView }

/** Puts a letter before the friends that stand under it. The order is the platform's. */
export function contactLines(friends: FriendView[]): ContactLine[] {
  return friends.flatMap((view, i): ContactLine[] => {
    const own: ContactLine = { key: `friend-${String(view.friend.user.id)}`, friend: view }
    const first = view.initial !== friends[i - 1]?.initial
    return first ? [{ key: `letter-${view.initial}`, letter: view.initial }, own] : [own]
  })
}

/** Finds friends by a part of any of their names, or by their number. The order stays. */
export function filterFriends(friends: FriendView[], wanted: string): FriendView[] {
  return friends.filter(
    ({ friend, name, spelling }) => namesMatch({ names: namesOf(name, friend.user), spelling }, wanted) > 0,
  )
}
