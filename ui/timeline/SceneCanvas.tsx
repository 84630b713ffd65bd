import { useLayoutEffect, useRef } from 'react'
import { useTokens } from '../view/theme.ts'
import { heightOf, type Scene } from './scene.ts'
import type { Tokens } from './tokens.ts'

export type Paint = (pen: CanvasRenderingContext2D, tokens: Tokens) => void

/** A canvas that is painted again when its paint, its size or the theme has changed. */
export function SceneCanvas({ scene, paint }: { scene: Scene; paint: Paint }) {
  const ref = useRef<HTMLCanvasElement>(null)
  const tokens = useTokens()
  const height = heightOf(scene)
  useLayoutEffect(() => {
    const canvas = ref.current
    const pen = canvas?.getContext('2d')
    if (!canvas || !pen || scene.width === 0) return
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    const [wide, high] = [Math.round(scene.width * ratio), Math.round(height * ratio)]
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide
      canvas.height = high
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    paint(pen, tokens)
  }, [paint, tokens, scene.width, height])
  return <canvas ref={ref} aria-hidden="true" style={{ width: scene.width, height }} />
}
