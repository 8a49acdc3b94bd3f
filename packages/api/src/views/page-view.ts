import { z } from "zod";

/** A part of a list as answers show it. */
export const pageView = <Item extends z.ZodType>(id: string, item: Item) =>
  z
    .object({
      items: z.array(item),
      nextCursor: z.string().nullable().meta({ description: 'Opaque; null at the end. `Link: <…>; rel="next"` says the same.' }),
    })
    .meta({ id });
