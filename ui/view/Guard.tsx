import { Component, type ReactNode } from 'react'

interface Props {
  /** What is guarded, for people: "this pane". */
  readonly what: string
  /** When one of these changes, it is tried again. */
  readonly anew: readonly unknown[]
  readonly children: ReactNode
}

interface State {
  readonly problem: string | undefined
  readonly anew: readonly unknown[]
}

/** Keeps what is wrong in one part of the page from taking the others with it: a trace may hold anything. */
export class Guard extends Component<Props, State> {
  override state: State = { problem: undefined, anew: this.props.anew }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { problem: error instanceof Error ? error.message : String(error) }
  }

  static getDerivedStateFromProps({ anew }: Props, state: State): State {
    return anew.every((each, at) => each === state.anew[at]) ? state : { problem: undefined, anew }
  }

  override render(): ReactNode {
    const { what, children } = this.props
    const { problem } = this.state
    if (problem === undefined) return children
    return (
      <p className="empty" role="alert">
        {what} cannot be shown: there is something in it that it does not understand ({problem}).
      </p>
    )
  }
}
