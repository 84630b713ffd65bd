// JSON for people: what fits on a line is on one.

const WIDTH = 110

/**
 * The layout of the project's formatter.
 * @param {unknown} value
 * @param {string} [indent] of the line that it begins on
 * @param {number} [used] columns of that line that are taken by what is around it
 * @returns {string}
 */
export function text(value, indent = '', used = 0) {
  const line = oneLine(value)
  if (value === null || typeof value !== 'object' || used + line.length <= WIDTH) return line
  const inner = `${indent}  `
  const fields = Array.isArray(value)
    ? value.map((each) => ({ key: inner, each }))
    : Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => ({ key: `${inner}${JSON.stringify(name)}: `, each }))
  const parts = fields.map(({ key, each }, at) => {
    const comma = at < fields.length - 1 ? 1 : 0
    return key + text(each, inner, key.length + comma)
  })
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function oneLine(value) {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  if (fields.length === 0) return '{}'
  return `{ ${fields.map(([name, each]) => `${JSON.stringify(name)}: ${oneLine(each)}`).join(', ')} }`
}
