import { LineCounter, parseDocument } from 'yaml'

/**
 * Thrown for a text that is not YAML. Each line says where and what, and quotes nothing of the text, which may hold
 * secrets.
 */
export class YamlFaults extends Error {
  override readonly name = 'YamlFaults'
  readonly faults: readonly { readonly line: number; readonly what: string }[]
  constructor(faults: YamlFaults['faults']) {
    super('not valid YAML')
    this.faults = faults
  }
}

/**
 * Parses one YAML 1.2 document into plain values.
 * @throws {YamlFaults} for every fault of syntax, a key that stands twice, an unknown tag or alias
 */
export function readYaml(text: string): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  // The parser's messages quote the text around a fault; its codes say as much and quote nothing.
  const faults = [...document.errors, ...document.warnings].map((fault) => ({
    line: lines.linePos(fault.pos[0]).line,
    what: fault.code.toLowerCase().replaceAll('_', ' '),
  }))
  if (faults.length > 0) throw new YamlFaults(faults)
  try {
    return document.toJS()
  } catch {
    throw new YamlFaults([{ line: 1, what: 'an alias that leads nowhere, or too many of them' }])
  }
}
