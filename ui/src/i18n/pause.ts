/** For how long nothing is told of, in words. */
import type { Pause } from '@/platform'
import { t, type MessageKey } from './index'
import { since } from './time'

/** From then on, a time stands for "until it is taken back"; it lies thousands of years ahead. */
const ALWAYS = 8.64e15 - 1

/** The choices for not being disturbed at all, in their order. */
export const pauses: readonly { pause: Pause; label: MessageKey }[] = [
  { pause: 'hour', label: 'common.pauseHour' },
  { pause: 'eight_hours', label: 'common.pauseEightHours' },
  { pause: 'tomorrow', label: 'common.pauseTomorrow' },
]

/** The choices for a conversation, in their order. */
export const mutes: readonly { pause: Pause; label: MessageKey }[] = [
  ...pauses,
  { pause: 'always', label: 'common.pauseAlways' },
]

/** Tells whether a pause is on. */
export function isPaused(until: number | null, now: number): until is number {
  return until !== null && until > now
}

/** Words until when a pause lasts. */
export function pauseText(until: number, now: number): string {
  return until > ALWAYS ? t('common.pausedAlways') : t('common.pausedUntil', { time: since(until, now) })
}
