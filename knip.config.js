// Two readings. With `--production` tests do not count: what only they use is dead. Without it they do: what nobody uses at all,
// also in `testing/`, and dependencies that nothing needs.
const production = process.argv.includes("--production");

/** A package's tests are entries of the second reading only; `!` marks what production starts from. */
const sources = { project: ["src/**/*.ts!", "!src/**/*.test.ts!"] };
const tests = ["src/**/*.test.ts"];

export default {
  includeEntryExports: true, // Packages export "./*", so without this nothing would ever be unused.
  ignoreExportsUsedInFile: true,
  ignoreWorkspaces: production ? ["packages/e2e"] : [],
  ignore: production ? ["packages/shared/src/testing/**", "**/*.test-support.ts"] : [],
  treatConfigHintsAsErrors: false,
  workspaces: {
    ".": {
      entry: ["lint/*.js", "lint/*.test.ts", ".ci/*.mjs"],
      project: ["*.{js,mjs}", "lint/**", ".ci/*.mjs"],
      includeEntryExports: false,
      ignoreDependencies: ["jest", "oxfmt", "oxlint", "oxlint-tsgolint", "zod"], // Started by path, under run.mjs; zod: a file that jest.config.js names.
    },
    "packages/*": { entry: tests, ...sources },
    "packages/api": { entry: tests, ...sources, ignoreDependencies: ["swagger-ui-dist"] }, // Served from its folder.
    "packages/shared": { entry: tests, ...sources, ignoreBinaries: ["openssl"] }, // Makes a certificate for a test.
    "packages/e2e": { entry: tests, ...sources, ignoreDependencies: ["@tickline/standalone"] }, // Started by path, in a process of its own.
    "packages/standalone": { entry: tests, ...sources }, // What it starts with is found in the scripts of package.json.
    bench: {
      ignoreDependencies: ["autocannon"], // Started by path, in a process of its own.
      ignoreBinaries: ["redis-server"],
      entry: ["src/main.ts!", "src/sides/*.ts!", "src/profile-summary.ts!", ...tests],
      ...sources,
    },
  },
};
