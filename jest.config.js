const suites = {
  extensionsToTreatAsEsm: [".ts"],
  transform: {}, // Node itself runs TypeScript.
  testEnvironmentOptions: { customExportConditions: ["@tickline/source", "node", "node-addons"] },
  // Each suite evaluates all that it imports. zod brings its messages in 60 languages, of which English is used.
  moduleNameMapper: { "^\\.\\./locales/index\\.js$": "<rootDir>/node_modules/zod/v4/locales/en.js" },
};

export default {
  testTimeout: 60_000, // Jest reads it here alone, in a run of several projects.
  projects: [
    {
      ...suites,
      displayName: "unit",
      testMatch: ["<rootDir>/packages/*/src/**/*.test.ts", "<rootDir>/bench/src/**/*.test.ts", "<rootDir>/lint/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "\\.(?:integration|properties)\\.test\\.ts$", "<rootDir>/packages/e2e/"],
    },
    {
      ...suites,
      displayName: "e2e",
      testMatch: ["<rootDir>/packages/e2e/src/**/*.test.ts", "<rootDir>/packages/*/src/**/*.{integration,properties}.test.ts"],
    },
  ],
};
