import accounts from './en/accounts'
import chats from './en/chats'
import common from './en/common'
import contacts from './en/contacts'
import failures from './en/failures'
import links from './en/links'
import lock from './en/lock'
import settings from './en/settings'
import shell from './en/shell'
import shortcuts from './en/shortcuts'
import start from './en/start'
import switcher from './en/switcher'
import updates from './en/updates'

export const en = { accounts, chats, common, contacts, failures, links, lock, settings, shell, shortcuts, start, switcher, updates }

/** All words of one language. English is the measure; a missing or extra key does not compile. */
export type Messages = typeof en
