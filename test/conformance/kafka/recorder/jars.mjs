// Kafka's jars: fetched from Maven Central by Maven, checked against the lock file, compiled against.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const cache = fileURLToPath(new URL('../../../../node_modules/.cache/faultline/kafka', import.meta.url))
const lockFile = join(folder, 'jars.lock.json')

/** The version of Kafka that pom.xml names. */
export const kafkaVersion = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(
  readFileSync(join(folder, 'pom.xml'), 'utf8'),
)?.[1]

/**
 * The class path of Kafka and of the recorder's own classes, fetching and compiling what is missing.
 * @param {{ relock: boolean }} options relock: write the lock file anew instead of checking against it
 * @returns {string}
 */
export function classPath({ relock }) {
  const jars = join(cache, `jars-${kafkaVersion}`)
  if (!existsSync(jars)) fetch(jars)
  const found = Object.fromEntries(
    readdirSync(jars)
      .sort()
      .map((name) => [name, sha256(join(jars, name))]),
  )
  if (relock) writeFileSync(lockFile, `${JSON.stringify({ kafkaVersion, sha256: found }, null, 2)}\n`)
  const locked = JSON.parse(readFileSync(lockFile, 'utf8')).sha256
  const names = new Set([...Object.keys(found), ...Object.keys(locked)])
  const wrong = [...names].filter((name) => found[name] !== locked[name])
  if (wrong.length > 0) {
    throw new Error(`${wrong.join(', ')}: not as in jars.lock.json; delete ${jars}, or record with --relock`)
  }
  const classes = join(cache, 'classes')
  rmSync(classes, { recursive: true, force: true })
  mkdirSync(classes, { recursive: true })
  const sources = readdirSync(join(folder, 'recorder')).filter((name) => name.endsWith('.java'))
  execFileSync(
    'javac',
    [
      '-nowarn',
      '-Xlint:-removal',
      '-d',
      classes,
      '-cp',
      join(jars, '*'),
      ...sources.map((name) => join(folder, 'recorder', name)),
    ],
    {
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  )
  return [classes, join(jars, '*')].join(delimiter)
}

/**
 * Resolves pom.xml with Maven. MAVEN_REPOSITORY, if set, is the base address of a mirror of Maven Central.
 * @param {string} jars
 */
function fetch(jars) {
  const mirror = process.env.MAVEN_REPOSITORY
  const settings = join(cache, 'settings.xml')
  mkdirSync(cache, { recursive: true })
  const url = mirror?.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const mirrors = url
    ? `<mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>${url}</url></mirror></mirrors>`
    : ''
  writeFileSync(settings, `<settings>${mirrors}</settings>\n`)
  execFileSync(
    'mvn',
    [
      '-q',
      '-B',
      '-s',
      settings,
      '-f',
      join(folder, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${jars}`,
    ],
    { stdio: 'inherit' },
  )
}

/**
 * @param {string} path
 * @returns {string}
 */
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')
