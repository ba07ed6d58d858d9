/** The answer of a handler's `once`. It knows whether anybody has waited for it: `if (order.once(…))` is always true. */
export class OnceAnswer extends Promise<boolean> {
  /** What `then` gives is a promise as any other. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #isAwaited = false;
  #hasEnded = false;

  /** Of a promise. */
  static of(answer: Promise<boolean>): OnceAnswer {
    const made = new OnceAnswer((resolve) => resolve(answer));
    const end = () => {
      made.#hasEnded = true;
    };
    // Not through `then`. And where nobody waits for it, an error is told with the handler's end, and ends no process.
    Promise.prototype.then.call(made, end, end);
    return made;
  }

  /** Whether somebody has waited for it, and got it. */
  get isTaken(): boolean {
    return this.#isAwaited && this.#hasEnded;
  }

  // biome-ignore lint/suspicious/noThenProperty: this is a promise
  override then<A = boolean, B = never>(
    onAnswer?: ((isNew: boolean) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return super.then(onAnswer, onError);
  }
}
