/** How a text is coloured; the command line knows whether anybody can see it. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  doubtful(text: string): string
  quiet(text: string): string
  strong(text: string): string
}

const same = (text: string): string => text

/** No colours. */
export const plainPaint: Paint = { good: same, bad: same, doubtful: same, quiet: same, strong: same }

/** Breaks a text into lines of at most so many characters, at spaces where it can. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}
