/** The status of an answer by its first bytes, whatever else is in them; null: it is not to be seen. Answers of information (1xx) are passed over. */
export function statusOf(head: string): number | null {
  for (let rest = head; ;) {
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?=[ \r\n])/.exec(rest)?.[1];
    if (status === undefined) return null;
    if (!status.startsWith("1") || status === "101") return Number(status);
    const end = /\r?\n\r?\n/.exec(rest);
    if (end === null) return null;
    rest = rest.slice(end.index + end[0].length);
  }
}
