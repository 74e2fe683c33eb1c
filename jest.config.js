import { availableParallelism } from 'node:os'

// The programs that the tests start take from here what was compiled when the packages were installed, as `npm start` does.
process.env.NODE_COMPILE_CACHE ??= new URL('node_modules/.cache/node', import.meta.url).pathname

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'esnext', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testTimeout: 20_000,
  // Most of the time the tests wait for servers and clocks, so there are more workers than cores.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
}
