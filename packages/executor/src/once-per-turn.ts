/** Any number of calls in one turn of the event loop do the work once, in the next. */
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
