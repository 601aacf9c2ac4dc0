/**
 * Tells which of several questions is the latest, for answers may come in another order. Each call is
 * a new question, or word of something newer, and returns whether it still is the latest.
 */
export function latest(): () => () => boolean {
  let asked = 0
  return () => {
    asked += 1
    const mine = asked
    return () => mine === asked
  }
}
