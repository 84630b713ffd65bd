import { createRoot } from 'react-dom/client'
import { App } from './view/App.tsx'
import { keepAddress } from './view/address.ts'
import { loadContent } from './view/content.ts'
import { Controller } from './view/controller.ts'
import { Store } from './view/store.ts'
import './style/tokens.css'
import './style/base.css'
import './style/page.css'
import './style/sheet.css'
import './style/media.css'
import './style/timeline.css'
import './style/both-runs.css'
import './style/fault-track.css'
import './style/story.css'
import './style/dock.css'
import './style/tables.css'
import './style/offsets.css'
import './style/log.css'
import './style/charts.css'
import './style/setup.css'
import './style/player.css'
import './style/narrow.css'
import './style/marks.css'

const controller = new Controller(new Store())
const root = document.getElementById('root')
// What goes wrong in a part of the page is told there.
if (root !== null) createRoot(root, { onCaughtError: () => {} }).render(<App controller={controller} />)
void loadContent(controller).then(() => keepAddress(controller))
