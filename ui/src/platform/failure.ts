import type { Failure } from './bindings'

/** Reads what a call was rejected with; anything that is no failure counts as a fault of ours. */
export function toFailure(error: unknown): Failure {
  if (isFailure(error)) {
    return error
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message, retry_after_ms: null }
}

function isFailure(error: unknown): error is Failure {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error
  )
}
