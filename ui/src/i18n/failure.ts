import { en } from '@/locales/en'
import type { Failure, FailureCode } from '@/platform'
import { t } from './index'
import { duration } from './time'

/** Every code has words; this line does not compile when one is missing. */
const worded: Record<FailureCode | 'unknown', string> = en.failures

/** Words a failure, with the way out. A code without words is worded as unknown. */
export function failureText(failure: Pick<Failure, 'code'> & Partial<Failure>): string {
  const code: FailureCode | 'unknown' = failure.code in worded ? failure.code : 'unknown'
  return t(`failures.${code}`, { wait: duration(failure.retry_after_ms ?? 60_000) })
}
