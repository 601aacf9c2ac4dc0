import { expect, it } from 'vitest'
import { releaseNotes } from './releaseNotes'

it('reads what changelogs are written in', () => {
  const markdown = `### Added

- Search finds **Chinese** names; see
  [the manual](https://example.org).
- 语音消息可以
  边写边听。

### Fixed
* \`magpie://\` links.

Thanks to all.
<b>Nothing</b> becomes HTML.`
  expect(releaseNotes(markdown)).toEqual([
    { kind: 'heading', text: 'Added' },
    { kind: 'list', items: ['Search finds Chinese names; see the manual.', '语音消息可以边写边听。'] },
    { kind: 'heading', text: 'Fixed' },
    { kind: 'list', items: ['magpie:// links.'] },
    { kind: 'text', text: 'Thanks to all. <b>Nothing</b> becomes HTML.' },
  ])
  expect(releaseNotes(' \n')).toEqual([])
})
