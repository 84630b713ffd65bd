import { createContext, useContext, useLayoutEffect, useState } from 'react'
import { type Tokens, tokensOf } from '../timeline/tokens.ts'
import type { ViewState } from './state.ts'

const TokensContext = createContext<Tokens>(tokensOf(document.documentElement))

/** Gives canvases the colours of the present theme. */
export const TokensProvider = TokensContext.Provider

/** The colours of the present theme. */
export function useTokens(): Tokens {
  return useContext(TokensContext)
}

const DARK = '(prefers-color-scheme: dark)'

/** Puts a theme on the page and reads its colours: first the one, then the other, or canvases would keep the old ones. */
export function useThemeTokens(theme: ViewState['theme']): Tokens {
  const [tokens, setTokens] = useState(() => tokensOf(document.documentElement))
  useLayoutEffect(() => {
    const queries = [DARK, '(forced-colors: active)'].map((query) => window.matchMedia(query))
    const apply = (): void => {
      const root = document.documentElement
      const dark = theme === 'system' ? window.matchMedia(DARK).matches : theme === 'dark'
      root.dataset.theme = dark ? 'dark' : 'light'
      setTokens(tokensOf(root))
    }
    apply()
    for (const query of queries) query.addEventListener('change', apply)
    return () => {
      for (const query of queries) query.removeEventListener('change', apply)
    }
  }, [theme])
  return tokens
}
