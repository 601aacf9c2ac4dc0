import { describe, expect, it } from 'vitest'
import { friends } from '@/platform/fake/people'
import { contactLines, filterFriends } from './contactLines'

describe('the list of friends', () => {
  const all = friends(Date.now())

  it('puts each letter once before its friends, in the given order', () => {
    const lines = contactLines(all)
    const letters = lines.flatMap((line) => ('letter' in line ? [line.letter] : []))
    expect(letters).toEqual(['A', 'B', 'C', 'M', 'W', 'Z', '#'])
    expect(lines.filter((line) => 'friend' in line).map((line) => line.key)).toEqual(
      all.map((one) => `friend-${String(one.friend.user.id)}`),
    )
    expect(new Set(lines.map((line) => line.key)).size).toBe(lines.length)
  })

  it('is filtered by remark, nickname, user name and number', () => {
    const found = (text: string) => filterFriends(all, text).map((one) => one.friend.user.id)
    expect(found('妈')).toEqual([10006])
    expect(found('li hua')).toEqual([10006])
    expect(found('WANG_')).toEqual([10007])
    expect(found('10009')).toEqual([10009])
    expect(found('cj')).toEqual([10009])
    expect(found('wanglei')).toEqual([10007])
    expect(found('nobody')).toEqual([])
    expect(found(' ')).toHaveLength(all.length)
  })
})
