import type { Workspace } from '../../sim/index.ts'
import type { Controller } from './controller.ts'

/** Brings in what the page is to show: what a report carries in itself, else what the server offers. */
export async function loadContent(controller: Controller): Promise<void> {
  try {
    const workspace = await workspaceOf()
    await controller.begin(workspace)
    const { opened } = workspace
    const system = workspace.systems.find(({ scenarios }) => scenarios.some(({ file }) => file === opened))
    if (opened !== undefined && system !== undefined) await controller.open(system.name, opened)
  } catch (error) {
    controller.fail(`The page has nothing to show: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function workspaceOf(): Promise<Workspace> {
  const embedded = document.getElementById('faultline-workspace')?.textContent
  if (embedded) return JSON.parse(embedded) as Workspace
  const answer = await fetch('workspace.json')
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return (await answer.json()) as Workspace
}
