import type { Workspace } from '../../sim/index.ts'
import type { Controller } from './controller.ts'
import { openAddress } from './share.ts'

/** Brings in what the page is to show: what a report carries in itself, else what the server offers. */
export async function loadContent(controller: Controller): Promise<void> {
  try {
    const workspace = await workspaceOf()
    await controller.begin(workspace)
    if (await openAddress(controller)) return
    const { opened } = workspace
    const trace = embeddedTrace()
    const system = workspace.systems.find(({ scenarios }) => scenarios.some(({ file }) => file === opened))
    if (opened === undefined || system === undefined) return
    if (trace === undefined) await controller.open(system.name, opened)
    else await controller.openRecorded(system.name, opened, trace)
  } catch (error) {
    controller.fail(error instanceof Error ? error.message : String(error))
  }
}

async function workspaceOf(): Promise<Workspace> {
  const embedded = document.getElementById('faultline-workspace')?.textContent
  if (embedded) return JSON.parse(embedded) as Workspace
  const answer = await fetch('workspace.json')
  if (!answer.ok) throw new Error(`The page has nothing to show: the server answered ${answer.status}.`)
  return (await answer.json()) as Workspace
}

/** The trace that a report carries, gzipped. */
function embeddedTrace(): Blob | undefined {
  const packed = document.getElementById('faultline-trace')?.textContent
  return packed ? new Blob([Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))]) : undefined
}
