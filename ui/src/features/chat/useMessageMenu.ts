/** The context menu of the messages: one for all, about the one that it was opened on. */
import { Copy, Link, RotateCcw, Trash2 } from '@lucide/vue'
import { computed, shallowRef, type ComputedRef, type Ref } from 'vue'
import { copyText } from '@/components/copy'
import type { MenuItem } from '@/components/menu'
import { t } from '@/i18n'
import { useToasts } from '@/stores/toasts'
import type { Row } from './rows'

interface Target {
  readonly row: Row
  readonly selection: string
  readonly link: string | undefined
}

export interface MessageMenu {
  readonly items: ComputedRef<MenuItem[]>
  readonly onContextMenu: (event: MouseEvent) => void
}

export function useMessageMenu(
  rows: Readonly<Ref<readonly Row[]>>,
  act: { retry: (id: string) => void; remove: (id: string) => void },
): MessageMenu {
  const target = shallowRef<Target>()

  function onContextMenu(event: MouseEvent): void {
    const element = event.target instanceof Element ? event.target : undefined
    const id = element?.closest<HTMLElement>('[data-id]')?.dataset.id
    const row = rows.value.find(({ message }) => message.id === id)
    target.value = row && {
      row,
      selection: selectionIn(element?.closest('[data-id]') ?? undefined),
      link: element?.closest('a')?.href,
    }
    // Neither beside a message nor on one with which nothing can be done.
    if (items.value.length === 0) {
      event.preventDefault()
      event.stopPropagation()
    }
  }

  function copy(text: string): void {
    void copyText(text).then((copied) => {
      if (!copied) {
        useToasts().show(t('chats.chat.copyFailed'), 'bad')
      }
    })
  }

  const items = computed((): MenuItem[] => {
    const { row, selection, link } = target.value ?? {}
    if (row === undefined) {
      return []
    }
    const { id, body, status } = row.message
    const text = body.kind === 'text' ? body.text : undefined
    const items: (MenuItem | false)[] = [
      selection !== undefined &&
        selection !== '' && {
          label: t('chats.chat.copySelection'),
          icon: Copy,
          select: () => copy(selection),
        },
      text !== undefined && {
        label: t('chats.chat.copy'),
        icon: Copy,
        testid: 'message-copy',
        select: () => copy(text),
      },
      link !== undefined && { label: t('chats.chat.copyLink'), icon: Link, select: () => copy(link) },
      status.status === 'failed' && {
        label: t('chats.chat.retry'),
        icon: RotateCcw,
        select: () => act.retry(id),
      },
      status.status !== 'stored' && {
        label: t('chats.chat.delete'),
        icon: Trash2,
        danger: true,
        select: () => act.remove(id),
      },
    ]
    return items.filter((item) => item !== false)
  })

  return { items, onContextMenu }
}

/** What is selected, where that touches the message. */
function selectionIn(element: Element | undefined): string {
  const selection = document.getSelection()
  if (element === undefined || selection === null || selection.isCollapsed) {
    return ''
  }
  return selection.containsNode(element, true) ? selection.toString().trim() : ''
}
