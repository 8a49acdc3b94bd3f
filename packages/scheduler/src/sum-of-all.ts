/** Does each piece of work in turn, whatever befalls the others, and then throws what befell the first. Returns the sum of what they return. */
export async function sumOfAll(works: Iterable<() => Promise<number>>): Promise<number> {
  let sum = 0;
  const faults: unknown[] = [];
  for (const work of works) {
    try {
      sum += await work();
    } catch (fault) {
      faults.push(fault);
    }
  }
  if (faults.length > 0) throw faults[0];
  return sum;
}
