import { expect, test } from '@jest/globals'
import { startLine, startScript } from '../../bench/start-command.ts'

const script = 'NODE_COMPILE_CACHE=cache node --max-semi-space-size=4 src/main.ts'

test('The measured bridge runs with the variables and flags of npm start', () => {
  expect(startLine(script)).toBe('exec env NODE_COMPILE_CACHE=cache node --max-semi-space-size=4 src/main.ts')
})

test('What it is compared with gets the same ones', () => {
  expect(startLine(script, 'bench/bare/receiver.ts')).toBe(
    'exec env NODE_COMPILE_CACHE=cache node --max-semi-space-size=4 bench/bare/receiver.ts',
  )
})

test('Further flags stand before the program', () => {
  expect(startLine('node src/main.ts', undefined, ['--cpu-prof'])).toBe('exec env node --cpu-prof src/main.ts')
})

test.each(['node src/other.ts', 'node warm.ts && node src/main.ts', 'sh -c src/main.ts'])(
  'Refuses a start script that is no plain command: %s',
  (other) => {
    expect(() => startLine(other)).toThrow('no plain command')
  },
)

test('Understands the start script of this package', () => {
  expect(startLine(startScript())).toMatch(/^exec env .*node .*src\/main\.ts$/)
})
