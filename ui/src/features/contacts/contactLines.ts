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

/** Finds friends by a part of any of their names, or by their number. */
export function filterFriends(friends: FriendView[], wanted: string): FriendView[] {
  const part = wanted.trim().toLocaleLowerCase()
  return friends.filter(({ friend, name }) =>
    [name, friend.user.nickname, friend.user.username, String(friend.user.id)].some((text) =>
      text.toLocaleLowerCase().includes(part),
    ),
  )
}
