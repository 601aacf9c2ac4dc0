import type { Messages } from './en'
import chats from './zh-CN/chats'
import common from './zh-CN/common'
import contacts from './zh-CN/contacts'
import failures from './zh-CN/failures'
import lock from './zh-CN/lock'
import settings from './zh-CN/settings'
import shell from './zh-CN/shell'
import shortcuts from './zh-CN/shortcuts'
import start from './zh-CN/start'
import switcher from './zh-CN/switcher'

export const zhCN: Messages = { chats, common, contacts, failures, lock, settings, shell, shortcuts, start, switcher }
