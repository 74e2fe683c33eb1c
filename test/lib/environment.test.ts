import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { pathText, readTemplate } from '../../src/lib/environment.ts'
import { readYaml } from '../../src/lib/yaml.ts'

const folder = mkdtempSync(join(tmpdir(), 'bridge-environment-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** What becomes of a YAML text, and the faults as `path: message`. */
function fill(source: string, environment: Record<string, string> = {}): { tree: unknown; faults: string[] } {
  const template = readTemplate(source)
  const { tree, faults } = template.fill(readYaml(template.text), environment)
  return { tree, faults: faults.map((fault) => `${pathText(fault.path)}: ${fault.message}`) }
}

test.each([
  ['a variable', `k: \${A}`, { A: 'x' }, 'x'],
  ['a variable within a text', `k: http://\${A}:1/\${B}`, { A: 'x', B: 'y' }, 'http://x:1/y'],
  ['a variable in quotes', `k: "\${A}" `, { A: 'x' }, 'x'],
  ['a default for an unset variable', `k: \${A:-d}`, {}, 'd'],
  ['a default for an empty variable', `k: \${A:-d}`, { A: '' }, 'd'],
  ['an empty default', `k: \${A:-}`, {}, ''],
  ['an unused default', `k: \${A:-d}`, { A: 'x' }, 'x'],
  ['a default full of YAML', `k: \${A:-http://h:1/#x, "y": [z}`, {}, 'http://h:1/#x, "y": [z'],
  ['a variable that is set, but empty', `k: \${A}`, { A: '' }, ''],
  ['an escaped variable', `k: $\${A}`, { A: 'x' }, `\${A}`],
  ['an escape without an end', `k: a$\${b`, {}, `a\${b`],
  ['an escape after a dollar sign', `k: $$\${A}`, { A: 'x' }, `$\${A}`],
  ['a dollar sign of no meaning', 'k: 5$ $A {', { A: 'x' }, '5$ $A {'],
  ['a block of text', `k: |\n  one\n  \${A}\n`, { A: 'two' }, 'one\ntwo\n'],
])('%s', (_, source, environment, expected) => {
  expect(fill(source, environment as Record<string, string>)).toEqual({ tree: { k: expected }, faults: [] })
})

test.each([
  'x: y',
  '# no comment',
  '[1, 2]',
  '"',
  "'",
  '\n- a\n- b',
  '{a: b}',
  '&a',
  '*a',
  '!t',
  '|',
  `\${B}`,
  '$&',
  '$1',
])('a value cannot change the structure: %j', (value) => {
  const source = `{ plain: \${A}, quoted: "\${A}", list: [\${A}, \${A:-d}] }\n`
  expect(fill(source, { A: value })).toEqual({
    tree: { plain: value, quoted: value, list: [value, value] },
    faults: [],
  })
})

test('variables need no quotes between braces', () => {
  const { tree } = fill(`alerts: { url: \${URL:-}, secret: \${SECRET:-} }`, { URL: 'https://x' })
  expect(tree).toEqual({ alerts: { url: 'https://x', secret: '' } })
})

test('keys and comments are left as they are', () => {
  expect(fill(`# \${A} \${\n\${A}: 1 # \${B}\n`, { A: 'x' })).toEqual({ tree: JSON.parse(`{"\${A}":1}`), faults: [] })
})

test('NAME_FILE gives the content of a file, without one newline at its end', () => {
  const environment = {
    A_FILE: file('one', 'secret\n'),
    B_FILE: file('two', 'secret\r\n'),
    C_FILE: file('three', ' s\n\n'),
  }
  expect(fill(`[\${A}, \${B:-d}, \${C}]`, environment).tree).toEqual(['secret', 'secret', ' s\n'])
})

test('the variable goes before its file, a file before the default, and an empty variable counts as none', () => {
  const path = file('four', 'from the file')
  expect(fill(`\${A}`, { A: 'from the variable', A_FILE: path }).tree).toBe('from the variable')
  expect(fill(`\${A:-d}`, { A: '', A_FILE: path }).tree).toBe('from the file')
})

test('every fault is told with the path of its key, none with a value', () => {
  const source = [
    `a: { b: \${UNSET} }`,
    'c:',
    `  - d: x`,
    `  - d: \${GONE}`,
    `e: secret\${not a name}secret`,
    `f: "\${A:-\${SECRET}"`,
    `g: \${SECRET}\${UNSET}`,
  ].join('\n')
  const { tree, faults } = fill(source, { GONE_FILE: join(folder, 'gone'), SECRET: 'secret' })
  expect(faults).toEqual([
    'a.b: the environment variable UNSET is not set',
    'c[1].d: the file named by GONE_FILE cannot be read (ENOENT)',
    expect.stringMatching(/^e: holds \$\{ that is not followed by a NAME/),
    'f: the default of A holds a variable',
    'g: the environment variable UNSET is not set',
  ])
  expect(faults.join()).not.toContain('secret')
  expect(tree).toEqual({ a: {}, c: [{ d: 'x' }, {}] })
})
