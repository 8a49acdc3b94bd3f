import { z } from "zod";

const UnreadableView = z
  .object({ id: z.string(), reason: z.string() })
  .meta({ id: "Unreadable", description: "What stands in the list and cannot be read: its id, and why." });

/** A part of a list as answers show it. */
export const pageView = <Item extends z.ZodType>(id: string, item: Item) =>
  z
    .object({
      items: z.array(item),
      unreadable: z
        .array(UnreadableView)
        .optional()
        .meta({ description: "What of this part cannot be read, and so is not among the items. Mostly left out." }),
      nextCursor: z.string().nullable().meta({ description: 'Opaque; null at the end. `Link: <…>; rel="next"` says the same.' }),
    })
    .meta({ id });
