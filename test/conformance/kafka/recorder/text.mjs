// JSON for people: what fits on a line is on one.

const WIDTH = 110

/**
 * @param {unknown} value
 * @param {string} [indent]
 * @returns {string}
 */
export function text(value, indent = '') {
  const line = oneLine(value)
  if (value === null || typeof value !== 'object' || indent.length + line.length <= WIDTH) return line
  const inner = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((each) => inner + text(each, inner))
    : Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => `${inner}${JSON.stringify(name)}: ${text(each, inner)}`)
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
