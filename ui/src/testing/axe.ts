import axe from 'axe-core'

/**
 * Returns what a reader of the accessibility tree would stumble over, as `rule: element`. Colours and
 * sizes are not looked at: nothing is painted here.
 */
export async function stumbles(root: Element = document.body): Promise<string[]> {
  const { violations } = await axe.run(root, {
    rules: { 'color-contrast': { enabled: false }, 'target-size': { enabled: false }, region: { enabled: false } },
  })
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
