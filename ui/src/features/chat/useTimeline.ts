/** An opened conversation: its messages as the core tells them, and what can be done with them. */
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue'

import {
  platform,
  toFailure,
  type Failure,
  type FailureCode,
  type MessageView,
  type OpenAt,
  type TimelineMarks,
  type User,
} from '@/platform'
import { onEvent } from '@/stores/events'
import { toRows, type Row } from './rows'
import {
  applyChange,
  applyNewer,
  applyOlder,
  applySent,
  fromSnapshot,
  isBehind,
  visible,
  type Timeline,
  type TimelineChange,
} from './timeline'

export interface OpenTimeline {
  /** How often it was opened: after each time, the list begins anew. */
  readonly openings: Ref<number>
  readonly opened: ComputedRef<boolean>
  readonly title: Ref<string>
  readonly peer: Ref<User | null>
  readonly draft: Ref<string | null>
  readonly closed: Ref<FailureCode | null>
  readonly rows: ComputedRef<readonly Row[]>
  readonly marks: ComputedRef<TimelineMarks | undefined>
  readonly hasOlder: ComputedRef<boolean>
  /** The rows do not reach the end of the conversation. */
  readonly hasNewer: ComputedRef<boolean>
  readonly loading: Ref<boolean>
  /** Why it could not be opened. */
  readonly failure: Ref<Failure | undefined>
  /** Why more could not be loaded. */
  readonly loadFailure: Ref<Failure | undefined>
  /** The newest message of somebody else that came while it was open. */
  readonly incoming: Ref<MessageView | undefined>
  readonly open: (at: OpenAt) => Promise<void>
  readonly loadOlder: () => Promise<void>
  readonly loadNewer: () => Promise<void>
  /** Tries once more what could not be loaded. */
  readonly loadAgain: () => void
  /** Loads until a message is among the rows; tells whether it came to be. */
  readonly reach: (id: string) => Promise<boolean>
  readonly send: (text: string) => Promise<void>
  readonly retry: (id: string) => Promise<void>
  readonly remove: (id: string) => Promise<void>
  readonly markRead: (seq: number) => Promise<void>
}

/** How many pages are looked through for a message that somebody linked to. */
const REACH_PAGES = 100

/**
 * Holds a conversation open until the scope ends.
 *
 * @param id the conversation
 * @param isSeen whether a message that comes now at the end is seen at once; where it is not, the
 *   line above new messages is drawn
 */
export function useTimeline(id: number, isSeen: () => boolean): OpenTimeline {
  const timeline = shallowRef<Timeline>()
  const openings = ref(0)
  /** The opening under way, or the last one. */
  let generation = 0
  let failedLoad: (() => Promise<void>) | undefined
  const title = ref('')
  const peer = shallowRef<User | null>(null)
  const draft = ref<string | null>(null)
  const closed = ref<FailureCode | null>(null)
  const unreadAfter = ref<number | null>(null)
  const loading = ref(false)
  const failure = shallowRef<Failure>()
  const loadFailure = shallowRef<Failure>()
  const incoming = shallowRef<MessageView>()
  /** Events that came while the conversation was being opened; they are applied on top. */
  let meanwhile: TimelineChange[] | undefined
  /** Where the core had nothing newer although the marks say that there is. */
  let nothingAfter: string | undefined
  let disposed = false

  const stops = [
    onEvent('timeline', (event) => {
      if (event.conversation_id === id) {
        meanwhile?.push(event)
        take(event)
      }
    }),
    onEvent('contacts', () => void refreshHead()),
    onEvent('resync', () => void open('unread')),
  ]
  onScopeDispose(() => {
    disposed = true
    stops.forEach((stop) => stop())
  })

  async function open(at: OpenAt): Promise<void> {
    generation += 1
    const wanted = generation
    loading.value = true
    failure.value = undefined
    loadFailure.value = undefined
    const changes: TimelineChange[] = []
    meanwhile = changes
    try {
      const snapshot = await platform().openTimeline(id, at)
      if (generation !== wanted || disposed) {
        return
      }
      openings.value = wanted
      timeline.value = changes.reduce(applyChange, fromSnapshot(snapshot))
      title.value = snapshot.title
      peer.value = snapshot.peer
      draft.value = snapshot.draft
      closed.value = snapshot.closed
      unreadAfter.value = snapshot.marks.unread > 0 ? snapshot.marks.read_seq : null
    } catch (error) {
      if (generation === wanted) {
        failure.value = toFailure(error)
      }
    } finally {
      if (generation === wanted) {
        loading.value = false
        meanwhile = undefined
      }
    }
  }

  function take(change: TimelineChange): void {
    const before = timeline.value
    if (before === undefined) {
      return
    }
    const fresh = change.messages.findLast(
      ({ mine, seq, body }) =>
        !mine && body.kind !== 'system' && seq !== null && seq > before.marks.last_seq,
    )
    if (fresh !== undefined) {
      incoming.value = fresh
      if (before.marks.unread === 0 && !isSeen()) {
        unreadAfter.value = before.marks.last_seq
      }
    }
    timeline.value = applyChange(before, change)
  }

  /** Friends come and go while a conversation is open, and with them the right to write. */
  async function refreshHead(): Promise<void> {
    try {
      const snapshot = await platform().openTimeline(id, 'unread')
      title.value = snapshot.title
      peer.value = snapshot.peer
      closed.value = snapshot.closed
    } catch (error) {
      // The messages stand; the next event or opening brings the head.
      console.error(error)
    }
  }

  async function load(page: (held: Timeline) => Promise<(now: Timeline) => Timeline>): Promise<void> {
    const held = timeline.value
    const wanted = generation
    if (held === undefined || loading.value) {
      return
    }
    loading.value = true
    loadFailure.value = undefined
    try {
      const apply = await page(held)
      if (generation === wanted && timeline.value !== undefined) {
        timeline.value = apply(timeline.value)
      }
    } catch (error) {
      if (generation === wanted) {
        loadFailure.value = toFailure(error)
      }
    } finally {
      if (generation === wanted) {
        loading.value = false
      }
    }
  }

  async function loadOlder(): Promise<void> {
    failedLoad = loadOlder
    await load(async ({ stored, hasOlder }) => {
      const first = stored[0]
      if (first === undefined || !hasOlder) {
        return (now) => now
      }
      const page = await platform().older(id, first.seq)
      return (now) => applyOlder(now, page)
    })
  }

  async function loadNewer(): Promise<void> {
    failedLoad = loadNewer
    await load(async (held) => {
      const last = held.stored.at(-1)?.seq ?? 0
      const place = `${String(last)}/${String(held.marks.last_seq)}`
      if (!isBehind(held) || place === nothingAfter) {
        return (now) => now
      }
      const page = await platform().newer(id, last)
      nothingAfter = page.messages.length === 0 ? place : undefined
      return (now) => applyNewer(now, page)
    })
  }

  async function reach(wanted: string): Promise<boolean> {
    if (timeline.value !== undefined && isBehind(timeline.value)) {
      await open('latest')
    }
    const here = generation
    for (let page = 0; page < REACH_PAGES; page += 1) {
      const held = timeline.value
      if (held === undefined || generation !== here || disposed) {
        return false
      }
      if (visible(held).some((message) => message.id === wanted)) {
        return true
      }
      if (!held.hasOlder) {
        return false
      }
      await loadOlder()
      if (timeline.value === held) {
        return false
      }
    }
    return false
  }

  async function send(text: string): Promise<void> {
    unreadAfter.value = null
    const message = await platform().sendText(id, text)
    if (timeline.value?.hasNewer === true) {
      await open('latest')
    } else if (timeline.value !== undefined) {
      timeline.value = applySent(timeline.value, message)
    }
  }

  return {
    openings,
    opened: computed(() => timeline.value !== undefined),
    title,
    peer,
    draft,
    closed,
    rows: computed(() =>
      timeline.value === undefined ? [] : toRows(visible(timeline.value), unreadAfter.value),
    ),
    marks: computed(() => timeline.value?.marks),
    hasOlder: computed(() => timeline.value?.hasOlder ?? false),
    hasNewer: computed(() => timeline.value !== undefined && isBehind(timeline.value)),
    loading,
    failure,
    loadFailure,
    incoming,
    open,
    loadOlder,
    loadNewer,
    loadAgain: () => {
      loadFailure.value = undefined
      void failedLoad?.()
    },
    reach,
    send,
    retry: async (message) => {
      await platform().retryMessage(message)
    },
    remove: async (message) => {
      await platform().deleteUnsent(message)
    },
    markRead: async (seq) => {
      await platform().markRead(id, seq)
    },
  }
}
