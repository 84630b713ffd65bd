import { COMMANDS, keySign } from './commands.ts'
import type { Controller } from './controller.ts'
import { toggleSingleKeys } from './preferences.ts'
import { Sheet } from './Sheet.tsx'
import { useSelected } from './store.ts'

/** Every key. */
export function HelpSheet({ controller }: { controller: Controller }) {
  const singleKeys = useSelected(controller.store, (state) => state.singleKeys)
  const groups = [...new Set(COMMANDS.map(({ group }) => group))]
  return (
    <Sheet title="Keys" wide close={() => controller.toggleSheet(undefined)}>
      <label className="check">
        <input type="checkbox" checked={singleKeys} onChange={() => toggleSingleKeys(controller)} />
        single keys do something
      </label>
      <div className="help-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group && command.keys.length > 0).map(
                ({ id, title, keys }) => (
                  <div key={id}>
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{keySign(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{title}</dd>
                  </div>
                ),
              )}
            </dl>
          </section>
        ))}
        <section>
          <h3>Pointer</h3>
          <dl>
            {POINTER.map(([how, what]) => (
              <div key={how}>
                <dt>{how}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Sheet>
  )
}

const POINTER: readonly (readonly [string, string])[] = [
  ['hover', 'what a record says, its causes and effects'],
  ['click', 'look at it in every pane'],
  ['drag', 'move along the axis'],
  ['Shift + drag', 'pick a range: its numbers, and zoom'],
  ['Alt + click', 'its lane alone, or all lanes again'],
  ['Ctrl + wheel', 'zoom at the pointer'],
  ['double click', 'show everything'],
  ['drag in the small picture', 'pick what is seen, or move it'],
  ['drag a fault', 'let it strike elsewhere, and run again'],
]
