// Two readings. With `--production` tests do not count: what only they use is dead. Without it they do: what nobody uses at all,
// also in `testing/`, and dependencies that nothing needs.
const production = process.argv.includes("--production");

/** A package's tests are entries of the second reading only; `!` marks what production starts from. */
const sources = { project: ["src/**/*.ts!", "!src/**/*.test.ts!"] };
const tests = ["src/**/*.test.ts"];

export default {
  includeEntryExports: true, // What a package exports is an entry, so without this no export of it would ever be unused.
  ignoreExportsUsedInFile: true,
  ignoreWorkspaces: production ? ["packages/e2e"] : [],
  ignore: production ? ["packages/shared/src/testing/**", "**/*.test-support.ts"] : [],
  treatConfigHintsAsErrors: false,
  workspaces: {
    ".": {
      entry: ["lint/*.js", "lint/*.test.ts", ".ci/*.mjs"],
      project: ["*.{js,mjs}", "lint/**", ".ci/*.mjs"],
      includeEntryExports: false,
      // Started by path, under run.mjs; zod: a file that jest.config.js names; tickline: what examples of handlers import.
      ignoreDependencies: ["jest", "oxfmt", "oxlint", "oxlint-tsgolint", "tickline", "zod"],
    },
    "packages/*": { entry: tests, ...sources },
    "packages/api": { entry: ["src/main.ts!", ...tests], ...sources, ignoreDependencies: ["swagger-ui-dist"] }, // Served from its folder.
    // What `npm run start:executor` and `npm run test:handlers` start, and what handler files import as `tickline` and `tickline/testing`.
    "packages/executor": {
      entry: ["src/main.ts!", "src/register-modules.ts!", "src/tickline.ts!", "src/tickline-testing.ts!", ...tests],
      ...sources,
    },
    // The writer of the Avro schemas is started by path. openssl makes a certificate for a test.
    "packages/shared": { entry: ["src/adapters/registry/write-avsc.ts!", ...tests], ...sources, ignoreBinaries: ["openssl"] },
    "packages/e2e": { entry: tests, ...sources, ignoreDependencies: ["@tickline/standalone"] }, // Started by path, in a process of its own.
    "packages/scheduler": { entry: ["src/main.ts!", ...tests], ...sources }, // Started by path, as are those of standalone.
    "packages/standalone": { entry: ["src/main.ts!", "src/write-config-docs.ts!", ...tests], ...sources },
    bench: {
      ignoreDependencies: ["autocannon"], // Started by path, in a process of its own.
      ignoreBinaries: ["redis-server"],
      entry: ["src/main.ts!", "src/sides/*.ts!", "src/profile-summary.ts!", ...tests],
      ...sources,
    },
  },
};
