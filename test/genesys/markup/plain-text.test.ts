import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { plainText } from '../../../src/genesys/markup/plain-text.ts'

const untouched = [
  '5 * 3 * 2',
  '5*3*2',
  '2*3=6 and 4*5=20',
  'price_list_2024',
  'a < b and c > d',
  'a <b and c> d',
  'x<y, R&D, AT&T;',
  'I <3 you </3',
  '1. Item\n2. Item\n\n\n3. Item',
  '  - one\n\t* two\n+ three\n1) four',
  '*required\nPrices* and Terms*',
  '** not bold **',
  'Order #5 #summer',
  '9:00~12:00, 13:00~18:00',
  'it`s and that`s',
  'f**k you s**t',
  '[see](below) and [name] and ![what](now)',
  'Dear {{name}}, <name> <order id>',
  String.raw`\\server\share and C:\temp`,
  'Title\n=====\n\n---\n***\n\n> quoted',
  'https://example.com/a_b_c?x=1&copy=2&lt=3',
  'info@example.com and www.example.com',
  '~~~ Welcome ~~~\nหมูปิ้ง 🍢~~ ありがとう~',
  'a | b\nc | d',
  '```\nnever closed',
  'สวัสดีค่ะ 👋🏽 ยินดี_ต้อนรับ\r\nいらっしゃいませ\n歡迎光臨\n환영합니다',
  '  spaces  \n\n\n at both ends  ',
]

test.each(untouched)('%j, in which nothing is markup, comes out as it was', (text) => {
  expect(plainText(text)).toBe(text)
  // Beside real markup the same words are looked at closely, and still keep their form.
  expect(plainText(`${text}\n\n**end**`)).toBe(`${text}\n\nend`)
})

const markdown: [string, string][] = [
  ['**bold** and __bold__ and ***both***', 'bold and bold and both'],
  ['*em* and _em_ and ~~gone~~', 'em and em and gone'],
  ['**two\nlines**', 'two\nlines'],
  ['これは**「重要」**です。**注意:**必ず', 'これは「重要」です。注意:必ず'],
  ['ราคา**พิเศษ**วันนี้', 'ราคาพิเศษวันนี้'],
  ['2**3**4 but **5**', '2**3**4 but 5'],
  ['# One\n## Two ##\ntext\n\n\n### Three', 'One\nTwo\ntext\n\n\nThree'],
  ['# **One**\r\ntext\r\n', 'One\r\ntext\r\n'],
  ['- **a**\n- b\n  1. *c*\n\n  2. `d`', '- a\n- b\n  1. c\n\n  2. d'],
  ['- 5*a\n- b*c **d**', '- 5*a\n- b*c d'],
  ['[our FAQ](https://example.com/faq?a=1&b=2)', 'our FAQ (https://example.com/faq?a=1&b=2)'],
  ['[**our** FAQ](/faq "Title")', 'our FAQ (/faq)'],
  ['[https://example.com](https://example.com)', 'https://example.com'],
  ['[](https://example.com)', 'https://example.com'],
  ['[a@b.example](mailto:a@b.example) [+6621](tel:+6621)', 'a@b.example +6621'],
  ['[top](#top) [run](javascript:alert) [pic](data:image/png;base64,AA)', 'top run pic'],
  ['<https://example.com/a_b_c> <a@b.example>', 'https://example.com/a_b_c a@b.example'],
  ['**see** https://example.com/a_b_c_d', 'see https://example.com/a_b_c_d'],
  [
    '![map](https://example.com/m.png) ![](https://example.com/n.png)',
    'map (https://example.com/m.png) https://example.com/n.png',
  ],
  ['[![map](https://example.com/m.png)](https://example.com)', 'map (https://example.com/m.png) (https://example.com)'],
  ['use `a_b` and ``c ` d``', 'use a_b and c ` d'],
  ['before\n```js\nconst **a** = `b`\n\n# c\n```\nafter', 'before\nconst **a** = `b`\n\n# c\nafter'],
  ['- step:\n  ````\n  ```\n  x\n  ````\ndone', '- step:\n  ```\n  x\ndone'],
  ['```x\n**a**\n```y\n**b**', '```x\n**a**\n```y\nb'],
  ['*one\ntwo* and 5*3 **b** 4*2', '*one\ntwo* and 5*3 b 4*2'],
  [String.raw`1\. Not \*em\* at \_all\_ ¯\_(ツ)_/¯`, '1. Not *em* at _all_ ¯_(ツ)_/¯'],
  ['hard\\\nbreak', 'hard\nbreak'],
  ['| Plan | Price |\n|:--|--:|\n| **A** | 5 |\n\nend', 'Plan | Price\nA | 5\n\nend'],
  ['a | b\n--- | ---\n1 | 2', 'a | b\n1 | 2'],
]

test.each(markdown)('the Markdown %j becomes %j', (text, expected) => {
  expect(plainText(text)).toBe(expected)
})

const html: [string, string][] = [
  ['<b>bold</b> <i>em</i><br>next<br/>\nlast<br><br>end', 'bold em\nnext\nlast\n\nend'],
  ['<p>One</p><p>Two</p>\n\n<div>Three</div>Four', 'One\n\nTwo\n\nThree\nFour'],
  ['Plain line\nline <span class="x">two</span>\n\nline three', 'Plain line\nline two\n\nline three'],
  ['Intro\n\n<ul>\n  <li>a</li>\n\n  <li><p>b</p><p>c</p></li><li></li>\n</ul>\n', 'Intro\n\n- a\n\n- b\nc'],
  ['<ol start="3"><li>a<ul><li>x</li></ul></li><li>b</li></ol>', '3. a\n  - x\n4. b'],
  ['<ol start="x"><li>a</li></ol><li>alone</li>', '1. a\n- alone'],
  ['<h1>Title</h1>text<hr>more', 'Title\n\ntext\n---\nmore'],
  ['<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>', 'a | b\n1 | 2'],
  ['See <a href="https://example.com?a=1&amp;b=2">our FAQ</a>.', 'See our FAQ (https://example.com?a=1&b=2).'],
  ['See<a href="https://example.com"> our FAQ</a>', 'See our FAQ (https://example.com)'],
  ['<a href="https://example.com">https://example.com</a> <a>bare</a>', 'https://example.com bare'],
  [
    '<a href="https://example.com"></a>|<a href="https://example.com"><p>x</p></a>',
    'https://example.com|\n\nx (https://example.com)',
  ],
  [
    '<img src="https://example.com/m.png" alt="map"> <img src="https://example.com/n.png"> <img>',
    'map (https://example.com/m.png) https://example.com/n.png ',
  ],
  ['a &lt;b&gt; &amp;amp; &#39;c&#39; &#x1F44B; &eacute;&nbsp;&unknown; R&D', "a <b> &amp; 'c' 👋 é &unknown; R&D"],
  ['<!-- note -->Hi<style>p{}</style><script>run("<b>")</script> you', 'Hi you'],
  ['Put it into <title> or <Script src="a">. <b>Try</b> it', 'Put it into <title> or <Script src="a">. Try it'],
  ['<title>Page</title>Then <script> is next', 'Then <script> is next'],
  ['<b>x</b> <name> a < b </3 <order id> </b>', 'x <name> a < b </3 <order id> '],
  ['<details open><summary>More</summary>text</details>', 'More\ntext'],
  [
    '<strong>**Both**</strong> `<br>` and [x](https://example.com?a&amp;b)',
    'Both <br> and x (https://example.com?a&b)',
  ],
  ['```\n<b>a</b> &amp;\n```\n<b>c</b>', '<b>a</b> &amp;\nc'],
  ['**a** \\<b> <i>c</i>', 'a <b> c'],
  ['<p>สวัสดี</p><p>你好 👋</p>', 'สวัสดี\n\n你好 👋'],
  ['<p> </p>', ''],
]

test.each(html)('the HTML %j becomes %j', (text, expected) => {
  expect(plainText(text)).toBe(expected)
})

test('a text without a character of markup comes out identical, whatever it is written in', () => {
  const character = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
  const harmless = character.filter((one) => !/[*_`~[\]<>&\\#|]/.test(one))
  const piece = fc.oneof(
    harmless,
    fc.constantFrom('\n', '\n\n', ' ', '\t', '\r\n', '1. ', '- ', '+ ', '---', '===', '() !'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      expect(plainText(text)).toBe(text)
    }),
    { numRuns: 1_000 },
  )
})

const word = fc.constantFrom(
  'one',
  'ราคา',
  '価格',
  '2024',
  '👋',
  'a_b_c',
  'x < y',
  '5 * 3',
  'R&D',
  '#5',
  'C:\\x',
  '9~12',
  'https://e.example/a_b?c&d',
)

test('words beside markup come through, in their order and on their lines', () => {
  const marked = fc.constantFrom(
    (text: string) => `**${text}**`,
    (text: string) => `<b>${text}</b>`,
    (text: string) => `# ${text}`,
    (text: string) => text,
  )
  const line = fc.tuple(fc.array(word, { minLength: 1, maxLength: 4 }), marked)
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (all) => {
      const plain = all.map(([words]) => words.join(' '))
      expect(plainText(all.map(([words, mark]) => mark(words.join(' '))).join('\n'))).toBe(plain.join('\n'))
    }),
    { numRuns: 500 },
  )
})

test('no text makes the reading throw or take long', () => {
  const part = fc.constantFrom(
    ...'* ** _ ` ``` ~~ [ ] ( ) ! < > </ <b> </b> <a href="x"> <li> <!-- --> & &amp; \\ # | --- | \n x'.split(/ (?=.)/),
    '\n',
    ' ',
    '\ud800',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      expect(typeof plainText(parts.join(''))).toBe('string')
    }),
    { numRuns: 1_000 },
  )
  const awkward = [
    '*a ',
    '[',
    '![',
    '`a',
    '<!--',
    '```x\n',
    '<a x=1 ',
    '<ul>',
    '<li>',
    '|-',
    '**a*',
    '_a ',
    '\\_',
    '# ',
  ]
  const half = 9_500
  const mixed = ['_*'.repeat(half), '_'.repeat(half) + '*_'.repeat(half / 2), '_*~'.repeat(6_000), '*'.repeat(19_000)]
  const nested = ['*a **b ', '~~a **b ', '_a *b ', '[a '].map(
    (mark) => mark.repeat(1_200) + [...mark].reverse().join('').repeat(1_200),
  )
  for (const text of [...awkward.map((part) => part.repeat(19_000 / part.length)), ...mixed, ...nested]) {
    const started = performance.now()
    plainText(text)
    // A few hundredths of a second; the bound only tells them from what grows with the square of the length.
    expect({ text: text.slice(0, 10), quick: performance.now() - started < 500 }).toMatchObject({ quick: true })
  }
})

test('a paragraph of nothing but marks is left as it is, and those beside it are not', () => {
  const marks = '*a **b '.repeat(200) + 'b** a* '.repeat(200)
  expect(plainText(`**x**\n\n${marks}\n\n**y**`)).toBe(`x\n\n${marks}\n\ny`)
})

test('lines that are drawn with marks do not keep the marks beside them', () => {
  const line = '_'.repeat(500)
  expect(plainText(`**a**\n${line}\n**b**`)).toBe(`a\n${line}\nb`)
})

test('lists within lists are not indented ever further', () => {
  const text = plainText('<ul><li>a'.repeat(2_000))
  expect(text.match(/a/g)).toHaveLength(2_000)
  expect(text.length).toBeLessThan(50_000)
})

test('a text longer than anybody reads is left as it is', () => {
  const long = `**a** ${'b'.repeat(20_000)}`
  expect(plainText(long)).toBe(long)
})

test('what reads markup is loaded only with the first text that has some', () => {
  const module = fileURLToPath(new URL('../../../src/genesys/markup/plain-text.ts', import.meta.url))
  const program = `
    import { createRequire } from 'node:module'
    import { plainText } from ${JSON.stringify(module)}
    const { cache, resolve } = createRequire(${JSON.stringify(module)})
    const loaded = () => ['marked', 'htmlparser2'].map((name) => resolve(name) in cache)
    const told = []
    for (const text of ['5 * 3, a_b, a < b, R&D #1 https://x.example/?a=1&b=2', '**a**', '<b>a</b>']) {
      plainText(text)
      told.push(loaded())
    }
    console.log(JSON.stringify(told))`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ])
})
