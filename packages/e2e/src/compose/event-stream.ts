/** Opens a stream of events and resolves, once it is open, with a promise of the first line that says what is looked for. */
export async function watchEvents(url: string, { text, withinMs }: { readonly text: string; readonly withinMs: number }) {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
  if (response.body === null || !response.ok) throw new Error(`${url} answered ${response.status}`);
  return { status: response.status, seen: firstLineWith(response.body, text) };
}

async function firstLineWith(body: ReadableStream<Uint8Array>, text: string): Promise<string> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    const found = lines.find((line) => line.includes(text));
    if (found !== undefined) return found; // Leaving the loop closes the stream.
  }
  throw new Error(`the stream ended before it said ${text}`);
}
