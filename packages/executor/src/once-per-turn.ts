/** However often it is called in one turn of the event loop, the work is done once, in the next turn. */
export function oncePerTurn(work: () => void): () => void {
  let scheduled = false;
  function run(): void {
    scheduled = false;
    work();
  }
  return () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(run);
  };
}
