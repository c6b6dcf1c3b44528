/** Something that need not be done again before the event loop has gone on. */
export function onceATurn(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    queueMicrotask(() => {
      isDone = false;
    });
    act();
  };
}
