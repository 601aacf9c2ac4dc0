import type { MessageKey } from '@/i18n'
import type { LinkState } from '@/platform'

/** What the link's state is called. */
export function linkWord(link: LinkState | null): MessageKey {
  switch (link?.state) {
    case 'online':
      return 'shell.linkOnline'
    case 'connecting':
      return 'shell.linkConnecting'
    case 'syncing':
      return 'shell.linkSyncing'
    case 'signed_out':
      return 'shell.linkSignedOut'
    default:
      return 'shell.linkOffline'
  }
}
