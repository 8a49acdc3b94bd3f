// Habits of the house that no ready-made rule knows.
import path from "node:path";

/** Names that say nothing of what is in a file, and barrels. */
const EMPTY_NAMES = /^(utils?|helpers?|types|interfaces|constants|common|misc|index)(\.test)?\.ts$/;
const DIRECTIVE = /^\s*(?:oxlint|eslint)-disable/;
const REASON = /\s--\s+\S/;

export default {
  meta: { name: "house" },
  rules: {
    /** One concept, one file, named after it. */
    "telling-file-name": {
      create: (context) => ({
        Program(node) {
          const name = path.basename(context.filename);
          if (EMPTY_NAMES.test(name)) context.report({ node, message: `name the file after the concept in it, not ${name}` });
        },
      }),
    },
    /** A disabled rule carries its reason on the same line. */
    "reasoned-disable": {
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            if (DIRECTIVE.test(comment.value) && !REASON.test(comment.value))
              context.report({ node: comment, message: "say why after --, on the same line" });
          }
        },
      }),
    },
  },
};
